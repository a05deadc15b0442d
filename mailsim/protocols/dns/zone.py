"""One zone out of an ordinary zone file (RFC 1035 section 5), as its authoritative server holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import dns.exception
import dns.name
import dns.tokenizer
import dns.ttl
import dns.zone
import dns.zonefile
from dns.name import Name
from dns.rdata import Rdata
from dns.rdataclass import IN
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType

from mailsim.errors import LocalProtocolError, MailsimError
from mailsim.protocols.dns.values import RRset, name_of


class ZoneSyntaxError(MailsimError):
    """A zone file is wrong.

    Args: line (1-based, 0 when the whole file is meant), message.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(line, message)
        self.line, self.message = line, message

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone, immutable: to change a record, put another zone in its place.

    Attributes:
        origin: the name at its top.
        nodes: every name that exists, with its records; a name that only has names below it exists too
            and has none (an empty non-terminal, RFC 4592 section 2.2.2).
        lines: on which line of the file a record stands.
        outside: names that are not in this zone and have records in its file, with their lines; these records
            are passed over.
    """

    origin: Name
    nodes: Mapping[Name, Mapping[RdataType, RRset]]
    lines: Mapping[tuple[Name, Rdata], int]
    outside: tuple[tuple[Name, int], ...] = ()

    @staticmethod
    def parse(text: str, origin: str | None = None) -> Zone:
        """Read a zone file; without `origin` its `$ORIGIN` line tells the name.

        `$INCLUDE` and `$GENERATE` are refused: a scenario reads no other files and no million records.

        The same text is read only once: a scenario is looked at several times before it runs.

        Raises: ZoneSyntaxError.
        """
        return _parse(text, origin if origin is None or origin.endswith(".") else f"{origin}.")

    @property
    def soa(self) -> RRset:
        return self.nodes[self.origin][RdataType.SOA]

    def __iter__(self) -> Iterator[RRset]:
        """All record sets, in the order of the file."""
        for node in self.nodes.values():
            yield from node.values()


MOST_ERRORS = 20
"""More wrong lines of a zone are not looked for."""


def syntax_errors(text: str, origin: str | None = None) -> Iterator[ZoneSyntaxError]:
    """Every wrong line of a zone file, not only the first: each is passed over, and the rest is read again.

    What a wrong `$` line or a record over several lines would have said is not known, so there the search ends;
    that a record is missing is told only when no line is wrong.
    """
    lines = text.split("\n")
    for found in range(MOST_ERRORS):
        problem = _error_in("\n".join(lines), origin)
        if problem is None or (found and not problem.line):
            return
        yield problem
        if not 0 < problem.line <= len(lines) or not _stands_alone(lines, problem.line - 1):
            return
        lines[problem.line - 1] = ""


def _error_in(text: str, origin: str | None) -> ZoneSyntaxError | None:
    try:
        Zone.parse(text, origin)
    except ZoneSyntaxError as problem:
        return problem
    return None


def _stands_alone(lines: Sequence[str], number: int) -> bool:
    """Is the line a record of its own, on which no other line depends? Not `$TTL`, nor a part of what is in `( )`."""
    before, line = "".join(lines[:number]), lines[number]
    in_brackets = any(text.count("(") != text.count(")") for text in (before, line))
    return not in_brackets and not line.lstrip().startswith("$")


@lru_cache(maxsize=128)
def _parse(text: str, origin: str | None) -> Zone:
    tokenizer = _Tokenizer(text)
    lines: dict[tuple[Name, Rdata], int] = {}

    def remember_line(_transaction: Any, name: Name, rdataset: Rdataset) -> None:
        for rdata in rdataset:
            lines.setdefault((name, rdata), tokenizer.line)

    try:
        zone = dns.zone.Zone(None if origin is None else name_of(origin), IN, relativize=False)
        with zone.writer(True) as transaction:
            transaction.check_put_rdataset(remember_line)
            reader = _Reader(tokenizer, IN, transaction, allow_directives=("$ORIGIN", "$TTL"))
            reader.read()
    except dns.zonefile.UnknownOrigin as problem:
        raise ZoneSyntaxError(tokenizer.line, "no origin: start with $ORIGIN") from problem
    except (dns.exception.DNSException, LocalProtocolError, ValueError) as problem:
        raise ZoneSyntaxError(tokenizer.line, _plain(problem, tokenizer.word)) from problem
    return _checked(zone, lines, tuple(reader.outside))


def _checked(zone: dns.zone.Zone, lines: dict[tuple[Name, Rdata], int], outside: tuple[tuple[Name, int], ...]) -> Zone:
    origin = zone.origin
    if origin is None:
        raise ZoneSyntaxError(0, "no origin: start with $ORIGIN")
    nodes: dict[Name, dict[RdataType, RRset]] = {}
    for name, rdataset in zone.iterate_rdatasets():
        records = RRset(name, rdataset.rdtype, rdataset.ttl, tuple(rdataset))
        nodes.setdefault(name, {})[rdataset.rdtype] = records
    for needed in (RdataType.SOA, RdataType.NS):
        if needed not in nodes.get(origin, {}):
            raise ZoneSyntaxError(0, f"{origin.to_text()} has no {needed.name} record")
    for name in list(nodes):
        while name != origin and (name := name.parent()) not in nodes:
            nodes[name] = {}
    return Zone(origin, nodes, lines, outside)


def _plain(problem: Exception, word: str) -> str:
    """The library's message without its own `file:line:` in front, and the word where it stopped."""
    text = re.sub(r"^<string>:\d+: ", "", str(problem)).rstrip(".") or type(problem).__name__
    return text if not word or word in text else f"{text}, near {word!r}"


class _Reader(dns.zonefile.Reader):
    """Remembers what the library passes over without a word: records of names outside the zone."""

    def __init__(self, tokenizer: _Tokenizer, *arguments: Any, **options: Any) -> None:
        super().__init__(tokenizer, *arguments, **options)
        self.tokenizer = tokenizer
        self.outside: list[tuple[Name, int]] = []

    def _eat_line(self) -> None:
        if self.last_name is not None:
            self.outside.append((self.last_name, self.tokenizer.line))
        super()._eat_line()  # type: ignore[no-untyped-call]


class _Tokenizer(dns.tokenizer.Tokenizer):
    """Remembers the last word and its line; the library has often read the line's end already."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "<string>")
        self.line, self.word = 1, ""

    def get(self, want_leading: bool = False, want_comment: bool = False) -> dns.tokenizer.Token:
        start = self._here()
        try:
            token = super().get(want_leading, want_comment)
        except dns.exception.SyntaxError:
            self.line = start
            raise
        if not (token.is_eol_or_eof() or token.is_whitespace()):
            self.line, self.word = self._here(), token.value
        return token

    def _here(self) -> int:
        """The library counts a line's end as soon as it has seen it, even if it will be read once more."""
        return self.where()[1] - (self.ungotten_char == "\n")
