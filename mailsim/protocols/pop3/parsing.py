"""Reads a client's line: the command, or what is wrong with it (RFC 1939 section 3, RFC 2449 section 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from mailsim.protocols.pop3.commands import (
    Apop,
    Auth,
    Capa,
    Command,
    Dele,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    Stls,
    Top,
    Uidl,
    User,
    Utf8,
)

COMMAND_LIMIT = 255  # octets with CRLF, RFC 2449 section 4
NUMBER_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Mistake:
    """The line is no command; `text` is for the reply."""

    text: str


NO_ARGUMENT = Mistake("this command has no argument")
NEEDS_NUMBER = Mistake("a message number is missing or is not a number")
NEEDS_ONE = Mistake("this command has exactly one argument")
NEEDS_TWO = Mistake("this command has exactly two arguments")
UNKNOWN = Mistake("unknown command")
BAD_END = Mistake("a line ends in CR LF")
BAD_CHARACTER = Mistake("only printable ASCII is allowed")


def parse_text(line: bytes) -> str | Mistake:
    """A line without its CRLF, if it ends in one and holds nothing but printable ASCII."""
    if not line.endswith(b"\r\n"):
        return BAD_END
    try:
        text = line[:-2].decode("ascii")
    except UnicodeDecodeError:
        return BAD_CHARACTER
    return text if text.isprintable() else BAD_CHARACTER


def parse_command(line: bytes) -> Command | Mistake:
    """The command on a line, line end included. Short ones come again and again, and are remembered."""
    return _remembered(line) if len(line) <= COMMAND_LIMIT else _parse(line)


def _parse(line: bytes) -> Command | Mistake:
    text = parse_text(line)
    if isinstance(text, Mistake):
        return text
    keyword, space, argument = text.partition(" ")
    reader = READERS.get(keyword.upper())
    return reader(argument if space else None) if reader else UNKNOWN


_remembered = lru_cache(maxsize=4096)(_parse)

Reader = Callable[[str | None], Command | Mistake]


def _number(text: str) -> int | None:
    """A decimal number of a sane length; int() alone would take `+1`, `1_0` and a million digits."""
    return int(text) if text.isdigit() and len(text) <= NUMBER_DIGITS else None


def _bare(command: Command) -> Reader:
    return lambda argument: command if argument is None else NO_ARGUMENT


def _numbered(make: Callable[[int], Command]) -> Reader:
    def read(argument: str | None) -> Command | Mistake:
        number = _number(argument or "")
        return NEEDS_NUMBER if number is None else make(number)

    return read


def _maybe_numbered(all_of_them: Command, make: Callable[[int], Command]) -> Reader:
    one = _numbered(make)
    return lambda argument: all_of_them if argument is None else one(argument)


def _user(argument: str | None) -> Command | Mistake:
    return User(argument) if argument and " " not in argument else NEEDS_ONE


def _password(argument: str | None) -> Command | Mistake:
    return Pass(argument) if argument else NEEDS_ONE


def _apop(argument: str | None) -> Command | Mistake:
    words = (argument or "").split(" ")
    return Apop(words[0], words[1]) if len(words) == 2 and all(words) else NEEDS_TWO


def _auth(argument: str | None) -> Command | Mistake:
    words = (argument or "").split(" ")
    if len(words) > 2 or not all(words):
        return NEEDS_ONE
    return Auth(words[0].upper(), words[1] if len(words) == 2 else None)


def _top(argument: str | None) -> Command | Mistake:
    words = (argument or "").split(" ")
    if len(words) != 2:
        return NEEDS_TWO
    number, lines = _number(words[0]), _number(words[1])
    return NEEDS_NUMBER if number is None or lines is None else Top(number, lines)


READERS: dict[str, Reader] = {
    "USER": _user,
    "PASS": _password,
    "APOP": _apop,
    "AUTH": _auth,
    "STAT": _bare(Stat()),
    "LIST": _maybe_numbered(List(), List),
    "UIDL": _maybe_numbered(Uidl(), Uidl),
    "RETR": _numbered(Retr),
    "DELE": _numbered(Dele),
    "TOP": _top,
    "RSET": _bare(Rset()),
    "NOOP": _bare(Noop()),
    "CAPA": _bare(Capa()),
    "STLS": _bare(Stls()),
    "UTF8": _bare(Utf8()),
    "QUIT": _bare(Quit()),
}
