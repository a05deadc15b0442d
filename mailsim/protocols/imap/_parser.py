"""Turns the octets of one complete command into a value (RFC 9051 section 9, with the extensions we offer).

One small function per verb, found in one table. What the grammar refuses becomes `SyntaxProblem`
(the server answers BAD); what is well-formed but cannot be served becomes `Unservable` (NO with a code).
`utf8` is what a client gets by enabling IMAP4rev2: UTF-8 in quoted strings, names and texts of SEARCH.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from functools import lru_cache

from mailsim.protocols.imap import _parse_mailbox_commands as on_names
from mailsim.protocols.imap import _parse_message_commands as on_messages
from mailsim.protocols.imap import commands as c
from mailsim.protocols.imap._tokens import TAG, Scanner, SyntaxProblem, text_of
from mailsim.protocols.imap.requests import SaslResponse

REMEMBERED_OCTETS = 200
ID_LIMITS = (30, 30, 1024)
"""Pairs, octets of a field and of a value that ID may have (RFC 2971 section 3.3)."""
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_HEAD = re.compile(TAG.pattern + rb" (?:[Uu][Ii][Dd] )?([A-Za-z]+)")


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


def parse_command(unit: bytes, utf8: bool = False) -> tuple[str, c.Command]:
    """Tag and command of a complete command without its last CRLF."""
    match = TAG.match(unit)
    if match is None:
        raise SyntaxProblem("expected a tag")
    end = match.end()
    if unit[end : end + 1] != b" ":
        raise SyntaxProblem("expected a space")
    rest = unit[end + 1 :]
    command = _remembered(rest, utf8) if len(rest) <= REMEMBERED_OCTETS else _parse(rest, utf8)
    return match[0].decode("ascii"), command


def _parse(rest: bytes, utf8: bool) -> c.Command:
    """A command without its tag."""
    scanner = Scanner(rest, utf8)
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


def _enable(scanner: Scanner) -> c.Command:
    names = []
    while not scanner.at_end():
        scanner.expect(b" ")
        names.append(scanner.word())
    if not names:
        raise SyntaxProblem("expected a capability")
    return c.Enable(tuple(names))


def _id(scanner: Scanner) -> c.Command:
    scanner.expect(b" ")
    if scanner.take_nil():
        return c.Id()
    pairs, field_limit, value_limit = ID_LIMITS
    scanner.expect(b"(")
    found: list[tuple[str, str | None]] = []
    while not scanner.take(b")"):
        if found:
            scanner.expect(b" ")
        field = scanner.string()
        scanner.expect(b" ")
        value = scanner.nstring()
        if len(found) == pairs or len(field) > field_limit or len(value or b"") > value_limit:
            raise SyntaxProblem("ID has too much to say")
        found.append((text_of(field), None if value is None else text_of(value)))
    return c.Id(tuple(found))


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
    **{kind.verb: on_names.on_mailbox(kind) for kind in (c.Delete, c.Subscribe, c.Unsubscribe, c.GetQuotaRoot)},
    "ID": _id,
    "AUTHENTICATE": _authenticate,
    "LOGIN": _login,
    "ENABLE": _enable,
    "SELECT": on_names.opening(c.Select),
    "EXAMINE": on_names.opening(c.Examine),
    "CREATE": on_names.create,
    "RENAME": on_names.rename,
    "LIST": on_names.list_,
    "LSUB": on_names.lsub,
    "STATUS": on_names.status,
    "APPEND": on_names.append,
    "GETQUOTA": on_names.get_quota,
    "SETQUOTA": on_names.set_quota,
    "SEARCH": on_messages.search(False),
    "FETCH": on_messages.fetch(False),
    "STORE": on_messages.store(False),
    "COPY": on_messages.to_mailbox(c.Copy, False),
    "MOVE": on_messages.to_mailbox(c.Move, False),
}
_BY_UID: dict[str, Callable[[Scanner], c.Command]] = {
    "SEARCH": on_messages.search(True),
    "FETCH": on_messages.fetch(True),
    "STORE": on_messages.store(True),
    "COPY": on_messages.to_mailbox(c.Copy, True),
    "MOVE": on_messages.to_mailbox(c.Move, True),
    "EXPUNGE": on_messages.uid_expunge,
}
