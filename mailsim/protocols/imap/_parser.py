"""Turns the octets of one complete command into a value (RFC 3501 section 9, with the extensions we offer).

One small function per verb, found in one table. What the grammar refuses becomes `SyntaxProblem`
(the server answers BAD); what is well-formed but cannot be served becomes `Unservable` (NO with a code).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from functools import lru_cache

from mailsim.protocols.imap import commands as c
from mailsim.protocols.imap._parse_items import fetch_items
from mailsim.protocols.imap._parse_keys import search_keys
from mailsim.protocols.imap._tokens import SEQUENCE, TAG, Scanner, SyntaxProblem, text_of
from mailsim.protocols.imap.dates import InternalDate
from mailsim.protocols.imap.mailbox_names import canonical_mailbox, decode_mailbox
from mailsim.protocols.imap.requests import SaslResponse
from mailsim.protocols.imap.sequence import SequenceSet, parse_sequence

STATUS_ITEMS = frozenset({"MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN"})
REMEMBERED_OCTETS = 200
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_HEAD = re.compile(TAG.pattern + rb" (?:[Uu][Ii][Dd] )?([A-Za-z]+)")


class Unservable(Exception):
    """Right by the grammar, but refused with NO and this response code; never leaves the package."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.code, self.text = code, text


def tag_of(head: bytes) -> str | None:
    """The tag at the beginning of a command, if there is a valid one with a space behind it."""
    match = TAG.match(head)
    if match is None or head[match.end() : match.end() + 1] not in {b" ", b"\r", b"\n", b""}:
        return None
    return match[0].decode("ascii")


def verb_of(head: bytes) -> str:
    """The verb of a command of which perhaps only the beginning has come; "" when there is none."""
    match = _HEAD.match(head)
    return match[1].decode("ascii").upper() if match else ""


def parse_command(unit: bytes) -> tuple[str, c.Command]:
    """Tag and command of a complete command without its last CRLF."""
    match = TAG.match(unit)
    if match is None:
        raise SyntaxProblem("expected a tag")
    end = match.end()
    if unit[end : end + 1] != b" ":
        raise SyntaxProblem("expected a space")
    rest = unit[end + 1 :]
    command = _remembered(rest) if len(rest) <= REMEMBERED_OCTETS else _parse(rest)
    return match[0].decode("ascii"), command


def _parse(rest: bytes) -> c.Command:
    """A command without its tag."""
    scanner = Scanner(rest)
    verb = scanner.word()
    by_uid = verb == "UID"
    if by_uid:
        scanner.expect(b" ")
        verb = scanner.word()
    read = (_BY_UID if by_uid else _PARSERS).get(verb)
    if read is None:
        raise SyntaxProblem(f"Unknown command {'UID ' if by_uid else ''}{verb[:40]}")
    command = read(scanner)
    scanner.end()
    return command


_remembered = lru_cache(maxsize=1024)(_parse)
"""Many clients say the same again and again, and a command is a value: it need not be read twice."""


def parse_sasl_line(line: bytes) -> SaslResponse:
    """A client's answer to a challenge, without CRLF."""
    return SaslResponse(None if line == b"*" else _base64(line))


def _base64(raw: bytes) -> bytes:
    if not _BASE64.fullmatch(raw):
        raise SyntaxProblem("not base64")
    return binascii.a2b_base64(raw)


def _mailbox(scanner: Scanner) -> str:
    return canonical_mailbox(_name(scanner.astring()))


def _name(raw: bytes) -> str:
    if not raw.isascii():
        raise SyntaxProblem("8-bit mailbox name")
    try:
        return decode_mailbox(raw.decode("ascii"))
    except ValueError as error:
        raise Unservable("CANNOT", "Mailbox name is not valid modified UTF-7") from error


def _on_mailbox(kind: Callable[[str], c.Command]) -> Callable[[Scanner], c.Command]:
    def read(scanner: Scanner) -> c.Command:
        scanner.expect(b" ")
        return kind(_mailbox(scanner))

    return read


def _without_arguments(command: c.Command) -> Callable[[Scanner], c.Command]:
    return lambda _: command


def _authenticate(scanner: Scanner) -> c.Command:
    scanner.expect(b" ")
    mechanism = scanner.word()
    if not scanner.take(b" "):
        return c.Authenticate(mechanism)
    initial = scanner.rest()
    return c.Authenticate(mechanism, b"" if initial == b"=" else _base64(initial))


def _login(scanner: Scanner) -> c.Command:
    scanner.expect(b" ")
    user = text_of(scanner.astring())
    scanner.expect(b" ")
    return c.Login(user, text_of(scanner.astring()))


def _rename(scanner: Scanner) -> c.Command:
    scanner.expect(b" ")
    old = _mailbox(scanner)
    scanner.expect(b" ")
    return c.Rename(old, _mailbox(scanner))


def _on_names(kind: Callable[[str, str], c.Command]) -> Callable[[Scanner], c.Command]:
    def read(scanner: Scanner) -> c.Command:
        scanner.expect(b" ")
        reference = _name(scanner.astring())
        scanner.expect(b" ")
        return kind(reference, _name(scanner.list_mailbox()))

    return read


def _status(scanner: Scanner) -> c.Command:
    scanner.expect(b" ")
    mailbox = _mailbox(scanner)
    scanner.expect(b" (")
    items = [scanner.word()]
    while scanner.take(b" "):
        items.append(scanner.word())
    scanner.expect(b")")
    if unknown := [item for item in items if item not in STATUS_ITEMS]:
        raise SyntaxProblem(f"Unknown status item {unknown[0][:40]}")
    return c.Status(mailbox, tuple(items))


def _append(scanner: Scanner) -> c.Command:
    scanner.expect(b" ")
    mailbox = _mailbox(scanner)
    scanner.expect(b" ")
    flags: tuple[str, ...] = ()
    moment = None
    if scanner.peek() == b"(":
        flags = _settable(scanner.flags())
        scanner.expect(b" ")
    if scanner.peek() == b'"':
        moment = _moment(scanner)
        scanner.expect(b" ")
    if scanner.peek() != b"{":
        raise SyntaxProblem("expected a literal")
    return c.Append(mailbox, scanner.string(), flags, moment)


def _moment(scanner: Scanner) -> InternalDate:
    try:
        return InternalDate.parse(text_of(scanner.string()))
    except ValueError as error:
        raise SyntaxProblem(str(error)) from error


def _settable(flags: tuple[str, ...]) -> tuple[str, ...]:
    if any(flag.lower() in {"\\recent", "\\*"} for flag in flags):
        raise SyntaxProblem("This flag cannot be set by a client")
    return flags


def _enable(scanner: Scanner) -> c.Command:
    names = []
    while not scanner.at_end():
        scanner.expect(b" ")
        names.append(scanner.word())
    if not names:
        raise SyntaxProblem("expected a capability")
    return c.Enable(tuple(names))


def _sequence(scanner: Scanner) -> SequenceSet:
    scanner.expect(b" ")
    return parse_sequence(scanner.match(SEQUENCE, "a sequence set"))


def _uid_expunge(scanner: Scanner) -> c.Command:
    return c.Expunge(_sequence(scanner))


def _fetch(by_uid: bool) -> Callable[[Scanner], c.Command]:
    def read(scanner: Scanner) -> c.Command:
        sequence = _sequence(scanner)
        scanner.expect(b" ")
        return c.Fetch(sequence, fetch_items(scanner), by_uid)

    return read


def _store(by_uid: bool) -> Callable[[Scanner], c.Command]:
    def read(scanner: Scanner) -> c.Command:
        sequence = _sequence(scanner)
        scanner.expect(b" ")
        how, _, suffix = scanner.word().partition(".")
        if how not in {mode.value for mode in c.StoreMode} or suffix not in {"", "SILENT"}:
            raise SyntaxProblem("expected FLAGS, +FLAGS or -FLAGS")
        scanner.expect(b" ")
        flags = _settable(_loose_flags(scanner))
        return c.Store(sequence, c.StoreMode(how), flags, suffix == "SILENT", by_uid)

    return read


def _loose_flags(scanner: Scanner) -> tuple[str, ...]:
    """STORE also takes flags without parentheses."""
    if scanner.peek() == b"(":
        return scanner.flags()
    flags = [scanner.flag()]
    while scanner.take(b" "):
        flags.append(scanner.flag())
    return tuple(flags)


def _to_mailbox(kind: Callable[[SequenceSet, str, bool], c.Command], by_uid: bool) -> Callable[[Scanner], c.Command]:
    def read(scanner: Scanner) -> c.Command:
        sequence = _sequence(scanner)
        scanner.expect(b" ")
        return kind(sequence, _mailbox(scanner), by_uid)

    return read


def _search(by_uid: bool) -> Callable[[Scanner], c.Command]:
    def read(scanner: Scanner) -> c.Command:
        scanner.expect(b" ")
        charset = "US-ASCII"
        if scanner.data[scanner.position : scanner.position + 8].upper() == b"CHARSET ":
            scanner.position += 8
            charset = scanner.astring().decode("ascii", "replace").upper()
            scanner.expect(b" ")
        if charset not in {"US-ASCII", "UTF-8"}:
            raise Unservable("BADCHARSET (US-ASCII UTF-8)", "This charset is not supported")
        return c.Search(search_keys(scanner, charset), by_uid)

    return read


_PARSERS: dict[str, Callable[[Scanner], c.Command]] = {
    **{
        kind.verb: _without_arguments(kind())
        for kind in (
            c.Capability,
            c.Noop,
            c.Logout,
            c.StartTls,
            c.Namespace,
            c.Idle,
            c.Check,
            c.Close,
            c.Unselect,
            c.Expunge,
        )
    },
    **{kind.verb: _on_mailbox(kind) for kind in (c.Select, c.Examine, c.Create, c.Delete, c.Subscribe, c.Unsubscribe)},
    "AUTHENTICATE": _authenticate,
    "LOGIN": _login,
    "RENAME": _rename,
    "LIST": _on_names(c.List),
    "LSUB": _on_names(c.Lsub),
    "STATUS": _status,
    "APPEND": _append,
    "ENABLE": _enable,
    "SEARCH": _search(False),
    "FETCH": _fetch(False),
    "STORE": _store(False),
    "COPY": _to_mailbox(c.Copy, False),
    "MOVE": _to_mailbox(c.Move, False),
}
_BY_UID: dict[str, Callable[[Scanner], c.Command]] = {
    "SEARCH": _search(True),
    "FETCH": _fetch(True),
    "STORE": _store(True),
    "COPY": _to_mailbox(c.Copy, True),
    "MOVE": _to_mailbox(c.Move, True),
    "EXPUNGE": _uid_expunge,
}
