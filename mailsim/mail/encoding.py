"""Puts text of any language into header fields of ASCII (RFC 2047, RFC 2231) and folds them (RFC 5322 2.2.3).

The standard library could do it, but each of its releases folds some headers differently (spaces between
encoded words, commas in names), and a trace must be the same on every Python. So the few rules stand here,
and the tests let the standard library read what comes out.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

from mailsim.mail.address import Mailbox, is_atom_character, quoted

LINE_WIDTH = 76
_WORD_FRAME = len("=?utf-8?q??=")
_WORD_ROOM = 75 - _WORD_FRAME  # RFC 2047 section 2
_Q_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")
_Q = tuple("_" if b == 32 else chr(b) if b in _Q_SAFE else f"={b:02X}" for b in range(256))

_BEYOND_ASCII = bytes(range(128, 256))


def text_field(name: str, text: str) -> bytes:
    """A header field with free text, such as Subject; raises ValueError for control characters in it."""
    _refuse_controls(name, text)
    words = encoded_words(text, len(name) + 2) if _needs_encoding(text) else text.split(" ")
    return fold(name, words)


def address_field(name: str, mailboxes: Iterable[Mailbox]) -> bytes:
    """A header field with addresses, such as To; raises ValueError for control characters in it."""
    words: list[str] = []
    for mailbox in mailboxes:
        _refuse_controls(name, mailbox.name + mailbox.address)
        if words:
            words[-1] += ","
        words += _mailbox_words(mailbox, 0 if words else len(name) + 2)
    return fold(name, words)


def parameter(name: str, value: str) -> list[str]:
    """A MIME parameter such as a file name, as words of a field; RFC 2231 when it is not ASCII or long."""
    if value.isascii() and value.isprintable() and len(value) < LINE_WIDTH - len(name) - 4:
        return [f"{name}={quoted(value)}"]
    encoded = quote(value, safe="!#$&+-.^_`{}~")
    room = LINE_WIDTH - len(name) - len("*99*=utf-8'';  ")
    if len(encoded) <= room:
        return [f"{name}*=utf-8''{encoded}"]
    pieces = _percent_pieces(encoded, room)
    first = f"{name}*0*=utf-8''{pieces[0]}"
    words = [first, *(f"{name}*{number}*={piece}" for number, piece in enumerate(pieces[1:], 1))]
    return [word + ";" for word in words[:-1]] + words[-1:]


def fold(name: str, words: Iterable[str]) -> bytes:
    """`Name: word word...` in lines of at most 76 characters where the words allow it, CRLF at the end."""
    words = list(words)
    whole = f"{name}: {' '.join(words)}"
    if len(whole) <= LINE_WIDTH and words:
        return (whole + "\r\n").encode()
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > LINE_WIDTH and lines[-1].strip() and word:
            lines.append("")
        lines[-1] += " " + word
    return ("\r\n".join(lines) + "\r\n").encode()


def encoded_words(text: str, used: int = 0) -> list[str]:
    """Text as encoded words, Q or B as `is_mostly_ascii` says (RFC 2047).

    No character is cut in two (section 5), and the first word fits on a line that has `used` characters.
    """
    room = min(_WORD_ROOM, LINE_WIDTH - used - _WORD_FRAME)
    if is_mostly_ascii(text.encode()):
        letters = [_q(character) for character in text]
        groups = _cut([len(letter) for letter in letters], room, _WORD_ROOM)
        return [f"=?utf-8?q?{''.join(letters[group])}?=" for group in groups]
    octets = [character.encode() for character in text]
    groups = _cut([len(octet) for octet in octets], room // 4 * 3, _WORD_ROOM // 4 * 3)
    return [f"=?utf-8?b?{_base64(b''.join(octets[group]))}?=" for group in groups]


def is_mostly_ascii(data: bytes) -> bool:
    """Do the escapes of quoted-printable leave this readable? So for Czech, not for Cyrillic, nor for a picture."""
    return len(data.translate(None, _BEYOND_ASCII)) * 3 >= len(data)


@lru_cache(maxsize=4096)
def _q(character: str) -> str:
    return "".join(_Q[byte] for byte in character.encode())


def _base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode()


def _cut(sizes: list[int], room: int, later_room: int) -> list[slice]:
    """Groups of neighbours that fit into `room` together; after the first, into `later_room`."""
    groups: list[slice] = []
    start = filled = 0
    for at, size in enumerate(sizes):
        if filled + size > room and at > start:
            groups.append(slice(start, at))
            start, filled, room = at, 0, later_room
        filled += size
    return [*groups, slice(start, len(sizes))]


def _percent_pieces(encoded: str, room: int) -> list[str]:
    """Cuts percent-encoded text without cutting a `%C5`."""
    pieces: list[str] = []
    while len(encoded) > room:
        cut = room
        while "%" in encoded[cut - 2 : cut]:
            cut -= 1
        pieces.append(encoded[:cut])
        encoded = encoded[cut:]
    return [*pieces, encoded]


@lru_cache(maxsize=1024)  # people write more than one mail
def _mailbox_words(mailbox: Mailbox, used: int) -> tuple[str, ...]:
    name = mailbox.name
    if not name:
        return (mailbox.address,)
    if _needs_encoding(name):
        return (*encoded_words(name, used), f"<{mailbox.address}>")
    if all(c == " " or is_atom_character(c) for c in name):
        return (*name.split(" "), f"<{mailbox.address}>")
    return (*quoted(name).split(" "), f"<{mailbox.address}>")


def _needs_encoding(text: str) -> bool:
    """Is it not ASCII, or would it not come back as it was (spaces at the ends or in a row, `=?`, endless words)?"""
    return (
        not text.isascii()
        or "=?" in text
        or "  " in text
        or text != text.strip()
        or (len(text) > 10 * LINE_WIDTH and any(len(word) > 10 * LINE_WIDTH for word in text.split(" ")))
    )


def _refuse_controls(name: str, text: str) -> None:
    if not text.isprintable() and any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError(f"a control character in {name}")
