"""The strings of IMAP as octets: atom, quoted or literal, whichever is the plainest that can carry them.

A command is built as a list of `bytes` and `Literal`s, because a client may have to stop before a
literal and wait until the server invites it (RFC 9051 section 4.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from mailsim.protocols.imap._tokens import bytes_of
from mailsim.protocols.imap.mailbox_names import encode_mailbox

_PLAIN = re.compile(rb"[A-Za-z0-9!#$&'+,./:;<=>?@^_`|~\]\[-]+")
_QUOTABLE = re.compile(rb"[ -~\t]{0,1000}")


@dataclass(frozen=True, slots=True)
class Literal:
    """Octets that go over the wire behind their count."""

    octets: bytes


Piece: TypeAlias = bytes | Literal


def string(text: str) -> Piece:
    """A quoted string, or a literal when quoting cannot carry it."""
    raw = bytes_of(text)
    return _quoted(raw) if _QUOTABLE.fullmatch(raw) else Literal(raw)


def astring(text: str) -> Piece:
    """An atom where possible, but never one that reads as NIL."""
    raw = bytes_of(text)
    if _PLAIN.fullmatch(raw) and raw.upper() != b"NIL":
        return raw
    return string(text)


def mailbox(name: str, utf8: bool = False) -> Piece:
    """A mailbox name in modified UTF-7, or in UTF-8 for who has enabled IMAP4rev2 (RFC 9051 section 5.1)."""
    if not utf8 or name.isascii():
        return astring(name if utf8 else encode_mailbox(name))
    return _quoted(bytes_of(name))


def id_parameters(parameters: tuple[tuple[str, str | None], ...] | None) -> tuple[Piece, ...]:
    """`("name" "mailsim" "version" NIL)`, or NIL (RFC 2971)."""
    if parameters is None:
        return (b"NIL",)
    pieces: list[Piece] = [b"("]
    for index, (field, value) in enumerate(parameters):
        pieces += [b" " if index else b"", string(field), b" ", b"NIL" if value is None else string(value)]
    return (*pieces, b")")


def flag_list(flags: tuple[str, ...]) -> bytes:
    """`(\\Seen \\Flagged)`."""
    return f"({' '.join(flags)})".encode("ascii")


def inline(piece: Piece) -> bytes:
    """A piece as a server sends it: literals need no invitation in that direction."""
    return piece if isinstance(piece, bytes) else b"{%d}\r\n%b" % (len(piece.octets), piece.octets)


def server_string(text: str | None) -> bytes:
    """An nstring of a response."""
    return b"NIL" if text is None else inline(string(text))


def _quoted(raw: bytes) -> bytes:
    if b"\\" in raw or b'"' in raw:
        raw = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b'"%b"' % raw
