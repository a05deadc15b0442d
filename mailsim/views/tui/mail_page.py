"""The mail as it is on the wire at this step: its envelope, its header and what each hop did to it, its body."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from functools import lru_cache
from typing import NamedTuple, cast

from mailsim.lessons.ui import Words
from mailsim.trace.events import Said
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.telling import printable_line
from mailsim.views.tui.text import Line, Piece

MAX_BODY_LINES = 400
_READERS_FIELDS = ("To", "Cc")


class Field(NamedTuple):
    """A header field; `hop` is the host that added it, "" for who composed the message; `gone` if a hop took it out."""

    name: str
    value: str
    hop: str
    gone: bool = False


class MailPage:
    """The message that was transferred last, as far as the current step."""

    def __init__(self, score: Score) -> None:
        self._score = score
        said = [e for e in score.trace.events if isinstance(e, Said) and e.protocol in ("smtp", "lmtp")]
        self._commands = [event.seq for event in said if event.from_client]
        self._contents = [event.seq for event in said if event.pdu.role == "data"]
        self._transfers: dict[object, list[Said]] = {}
        for event in said:
            if event.pdu.role == "data":
                self._transfers.setdefault(event.pdu.fields().get("msg"), []).append(event)

    def __call__(self, stepper: Stepper, _: int) -> Sequence[Line]:
        words, seq = stepper.words, stepper.seq
        envelope, content = self._envelope(seq), self._content(seq)
        if not envelope and content is None:
            return [[Piece(words("mail.none"), Ink.DIM)]]
        message = None if content is None else parsed(data_of(content))
        lines: list[Line] = [_heading(words, "envelope"), *_envelope_lines(envelope, message, words)]
        if content is None or message is None:
            return lines
        lines += [[], _heading(words, "header"), *self._header_lines(content, words)]
        return [*lines, [], [Piece(f" {words('mail.body')} ", ground=Ground.CHIP, bold=True)], *_body(message, words)]

    def header(self, seq: int) -> list[Field]:
        """The fields of the message that was transferred last, and what hops did to them; [] when there is none."""
        content = self._content(seq)
        return [] if content is None else self._fields(content)

    def by_key(self, key: str) -> EmailMessage | None:
        """A message by its key, as it was when it was transferred first."""
        transfers = self._transfers.get(key)
        return None if transfers is None else parsed(data_of(transfers[0]))

    # --- inside ---

    def _said(self, seq: int) -> Said:
        return cast("Said", self._score.trace.events[seq])

    def _envelope(self, seq: int) -> list[tuple[str, str]]:
        """MAIL and RCPT of the transaction that was talked about last."""
        number = bisect_right(self._commands, seq) - 1
        if number < 0:
            return []
        found: list[tuple[str, str]] = []
        for event in self._score.conversations.of(self._said(self._commands[number]).conn):
            if event.seq > seq:
                break
            fields = event.pdu.fields()
            verb, path = fields.get("verb"), str(fields.get("arg", "")).partition("<")[2].partition(">")[0]
            if event.from_client and verb == "MAIL":
                found = [("MAIL FROM", path)]
            elif event.from_client and verb == "RCPT":
                found.append(("RCPT TO", path))
        return found

    def _content(self, seq: int) -> Said | None:
        number = bisect_right(self._contents, seq) - 1
        return None if number < 0 else self._said(self._contents[number])

    def _earlier(self, content: Said) -> list[Said]:
        """The transfers of the same message before this one."""
        transfers = self._transfers[content.pdu.fields().get("msg")]
        return transfers[: bisect_left(transfers, content.seq, key=lambda said: said.seq)]

    def _fields(self, content: Said) -> list[Field]:
        """Each field with who added it: the sender of the first transfer in which it stands.

        What stood there when this host got the message and does not any more, comes last.
        """
        earlier = self._earlier(content)
        added_by: dict[tuple[str, str], str] = {}
        for number, said in enumerate([*earlier, content]):
            for field in raw_fields(data_of(said)):
                added_by.setdefault(field, said.node if number else "")
        now = raw_fields(data_of(content))
        fields = [Field(name, value, added_by[name, value]) for name, value in now]
        received = next((said for said in reversed(earlier) if said.peer == content.node), None)
        before = [] if received is None else raw_fields(data_of(received))
        gone = [Field(name, value, content.node, True) for name, value in before if (name, value) not in now]
        return [*fields, *gone]

    def _header_lines(self, content: Said, words: Words) -> Iterator[Line]:
        """The fields; servers add theirs at the top."""
        label = self._score.atlas.label
        hops = False
        for field in self._fields(content):
            hops = hops or bool(field.hop)
            mark = ("- " if field.gone else "+ ") if field.hop else "  "
            ink = Ink.TEXT if not field.hop else Ink.LATER if field.gone else Ink.REPLY
            line = [Piece(f"{mark}{field.name}: ", ink, bold=not field.hop), Piece(field.value)]
            yield [*line, Piece(f"  ({label(field.hop)})", Ink.DIM)] if field.hop else line
        if hops:
            yield [Piece(f"  {words('mail.added')}", Ink.DIM)]


def data_of(content: Said) -> bytes:
    """The bytes of a message in transfer, without the dots that hide dots."""
    data: object = getattr(content.pdu, "data", b"")
    return data if isinstance(data, bytes) else b""


@lru_cache(maxsize=512)
def parsed(data: bytes) -> EmailMessage:
    """The message as stdlib reads it."""
    return message_from_bytes(data, policy=policy.default)


@lru_cache(maxsize=256)
def raw_fields(data: bytes) -> tuple[tuple[str, str], ...]:
    """Names and readable values of the header fields, in order."""
    found = []
    for name, value in parsed(data).items():
        found.append((name, printable_line(" ".join(str(value).split()))))
    return tuple(found)


def _addresses(message: EmailMessage, *names: str) -> set[str]:
    values = [str(value) for name in names for value in message.get_all(name, [])]
    return {address.casefold() for _, address in getaddresses(values) if address}


def _envelope_lines(
    envelope: Sequence[tuple[str, str]], message: EmailMessage | None, words: Words
) -> Iterator[list[Piece]]:
    """The paths, each with a remark where the header tells its reader something else."""
    for verb, path in envelope:
        line = [Piece(f"  {verb}:", bold=True), Piece(f"<{path}>")]
        remark = "" if message is None else _difference(verb, path, message, words)
        yield [*line, Piece(f"  ! {remark}", Ink.LATER)] if remark else line
    if message is not None and envelope:
        named = _addresses(message, *_READERS_FIELDS)
        others = named - {path.casefold() for verb, path in envelope if verb == "RCPT TO"}
        for address in sorted(others):
            yield [Piece(f"    {words('mail.elsewhere', address=address)}", Ink.DIM)]


def _difference(verb: str, path: str, message: EmailMessage, words: Words) -> str:
    if verb == "RCPT TO":
        return "" if path.casefold() in _addresses(message, *_READERS_FIELDS) else words("mail.hidden")
    authors = _addresses(message, "From", "Sender")
    if path.casefold() in authors:
        return ""
    return words("mail.null") if not path else words("mail.other-from", author=", ".join(sorted(authors)) or "-")


def _heading(words: Words, part: str) -> Line:
    title = Piece(f" {words(f'mail.{part}')} ", ground=Ground.CHIP, bold=True)
    return [title, Piece(f" {words(f'mail.{part}.note')}", Ink.DIM)]


def _body(message: EmailMessage, words: Words) -> Iterator[Line]:
    for part in message.walk():
        if part.is_multipart():
            continue
        raw = cast("bytes", part.get_payload(decode=True)) or b""
        if part.get_content_maintype() != "text" or part.get_filename():
            yield [Piece(words("mail.part", kind=part.get_content_type(), n=len(raw)), Ink.DIM)]
            continue
        lines = _decoded(raw, part.get_content_charset("utf-8")).splitlines()
        yield from ([Piece(printable_line(line))] for line in lines[:MAX_BODY_LINES])
        if len(lines) > MAX_BODY_LINES:
            yield [Piece(words("map.hidden", n=len(lines) - MAX_BODY_LINES), Ink.DIM)]


def _decoded(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset, "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")
