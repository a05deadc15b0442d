"""Header fields as they stand in the bytes of a mail, and their values (RFC 5322 section 2.2, RFC 2045, RFC 2047).

An IMAP server answers with the *original* bytes of a header: a parser that builds a header and prints
it again changes folding, case or broken encodings. So a field here is a range of the content, and
everything else is computed from that range on demand. Text is UTF-8 with `surrogateescape`: bytes of a
broken mail survive the way through `str` unchanged.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

_FIELD = re.compile(rb"(?=[^\r\n])(?:([!-9;-~]++)[ \t]*(:))?[^\n]*(?:\n|\Z)(?:[ \t][^\n]*(?:\n|\Z))*", re.DOTALL)
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;"(]*))', re.DOTALL)
_MEDIA = re.compile(r"\s*([^\s/;()<>@,\\\"\[\]?=]+)\s*/\s*([^\s/;()<>@,\\\"\[\]?=]+)\s*(?=;|\(|$|\s)")
_TOKEN = re.compile(r"\s*([^\s;()<>@,\\\"\[\]?=]+)")
_ENCODED_WORD = re.compile(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([BbQq])\?([^?\s]*)\?=")
_BETWEEN_ENCODED_WORDS = re.compile(r"(=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=)\s+(?==\?[^?\s]+\?[BbQq]\?[^?\s]*\?=)")


class Field(NamedTuple):
    """One header field: its lower-case name ("" for a line that is no field) and its range, CRLF included.

    A tuple, because a mailbox of a hundred thousand mails has millions of them.
    """

    name: str
    start: int
    end: int
    value: int


@dataclass(frozen=True, slots=True)
class Header:
    """A header block inside `content`: the fields, where the blank line ends and so the body begins."""

    content: bytes
    start: int
    fields_end: int
    end: int
    fields: tuple[Field, ...]

    def first(self, name: str) -> str | None:
        """The unfolded value of the first field with this (lower-case) name, or None."""
        for field in self.fields:
            if field.name == name:
                return self.value(field)
        return None

    def all(self, name: str) -> Iterator[str]:
        """The unfolded values of every field with this (lower-case) name."""
        return (self.value(field) for field in self.fields if field.name == name)

    def value(self, field: Field) -> str:
        """What stands after the colon, unfolded and stripped, otherwise as it was sent."""
        raw = self.content[field.value : field.end].strip()
        if b"\n" in raw:
            raw = raw.replace(b"\r\n", b"").replace(b"\n", b"")
        return text_of(raw)


def text_of(raw: bytes) -> str:
    """Bytes as text; `bytes_of` gives exactly the same bytes back."""
    return raw.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """The inverse of `text_of`."""
    return text.encode("utf-8", "surrogateescape")


def header_at(content: bytes, start: int = 0, limit: int | None = None) -> Header:
    """The header block that begins at `start`: up to and with the first blank line, at most to `limit`."""
    limit = len(content) if limit is None else limit
    fields_end, end = _blank_line(content, start, limit)
    fields = tuple(
        Field((match[1] or b"").decode("ascii").lower(), *match.span(), max(match.start(), match.end(2)))
        for match in _FIELD.finditer(content, start, fields_end)
    )
    return Header(content, start, fields_end, end, fields)


def _blank_line(content: bytes, start: int, limit: int) -> tuple[int, int]:
    """Where the blank line begins and ends; (limit, limit) when the block has none."""
    if content.startswith(b"\r\n", start, limit):
        return start, start + 2
    if content.startswith(b"\n", start, limit):
        return start, start + 1
    with_cr = content.find(b"\n\r\n", start, limit)
    bare = content.find(b"\n\n", start, limit if with_cr < 0 else with_cr + 1)
    if bare >= 0:
        return bare + 1, bare + 2
    if with_cr >= 0:
        return with_cr + 1, with_cr + 3
    return limit, limit


Parameters = tuple[tuple[str, str], ...]


def media_type(value: str | None) -> tuple[str, str, Parameters] | None:
    """Type, subtype (upper-case) and parameters of a Content-Type value; None when it is not one."""
    match = _MEDIA.match(value or "")
    if match is None or value is None:
        return None
    return match[1].upper(), match[2].upper(), parameters(value)


def token_and_parameters(value: str) -> tuple[str, Parameters] | None:
    """A value such as Content-Disposition's: a token, then parameters (RFC 2183 section 2)."""
    match = _TOKEN.match(value)
    return None if match is None else (match[1], parameters(value))


def parameters(value: str) -> Parameters:
    """The `;name=value` pairs, names upper-case, quoting removed, continued values put together (RFC 2231 section 3).

    A value with a charset keeps its percent escapes and the `*` behind its name: decoding is the client's.
    """
    pairs = []
    for name, quoted, plain in _PARAMETER.findall(value):
        text = re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) if quoted else plain.strip()
        pairs.append((name.upper(), text))
    return _joined(pairs) if any("*" in name for name, _ in pairs) else tuple(pairs)


def _joined(pairs: list[tuple[str, str]]) -> Parameters:
    """`NAME*0`, `NAME*1*`, ... as one `NAME`, or `NAME*` if a piece is escaped; pieces after a gap stay alone."""
    given = dict(reversed(pairs))
    found: dict[str, str] = {}
    for name, value in pairs:
        base, star, number = name.partition("*")
        if not star or not base or number.removesuffix("*") != "0":
            found.setdefault(name, value)
            continue
        pieces = _pieces(base, given)
        is_escaped = any(piece.endswith("*") for piece in pieces)
        text = "".join(given[p] if p.endswith("*") or not is_escaped else quote(given[p], safe="") for p in pieces)
        found.setdefault(f"{base}*" if is_escaped else base, text)
    used = {piece for name in given for piece in _pieces(name.partition("*")[0], given)}
    return tuple((name, value) for name, value in found.items() if name not in used)


def _pieces(base: str, given: Mapping[str, str]) -> list[str]:
    """The names of the pieces of a continued parameter, 0 and up without a gap."""
    pieces: list[str] = []
    while True:
        name = f"{base}*{len(pieces)}"
        match = next((one for one in (name, f"{name}*") if one in given), None)
        if match is None:
            return pieces
        pieces.append(match)


def decode_words(value: str) -> str:
    """A header value with its encoded words decoded (RFC 2047 section 6.2), for people and for SEARCH."""
    if "=?" not in value:
        return value
    joined = _BETWEEN_ENCODED_WORDS.sub(r"\1", value)
    return _ENCODED_WORD.sub(_decode_word, joined)


def _decode_word(match: re.Match[str]) -> str:
    charset, encoding, text = match.groups()
    raw = bytes_of(text)
    decoded = decode_base64(raw) if encoding in "Bb" else binascii.a2b_qp(raw, header=True)
    return decode_charset(decoded, charset)


def decode_base64(raw: bytes) -> bytes:
    """Base64 as mails really have it: foreign bytes are skipped, missing padding is added."""
    clean = re.sub(rb"[^A-Za-z0-9+/]+", b"", raw)
    if len(clean) % 4 == 1:
        clean = clean[:-1]
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def decode_charset(raw: bytes, charset: str) -> str:
    """Bytes in a named charset as text; what cannot be decoded becomes U+FFFD.

    UTF-8 stands in for ASCII, of which it is a superset, and for what is no charset of a mail.
    """
    name = charset.lower()
    if name in {"us-ascii", "ascii"} or any(word in name for word in _NOT_FOR_MAIL):
        name = "utf-8"
    try:
        return raw.decode(name, "replace")
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return raw.decode("utf-8", "replace")


_NOT_FOR_MAIL = ("escape", "punycode", "idna")
"""Python calls these codecs too; what they do with hostile bytes is nobody's charset."""
