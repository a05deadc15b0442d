"""Parts of a mail without their transfer encoding, and mails made fit for a store without binary (RFC 3516).

A text part has CRLF line ends after decoding too (RFC 9051 section 7.5.2).
"""

from __future__ import annotations

import binascii
import re

from mailsim.mail.mime import Part, Section, find_part, parse, section_bytes
from mailsim.mail.mime_headers import decode_base64

IDENTITY = frozenset({"", "7bit", "8bit", "binary"})
_BARE_NEWLINE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_BASE64_LINE = 57


class UnknownEncoding(Exception):
    """A part has a transfer encoding that nobody here can take off: the response code UNKNOWN-CTE."""


def decoded_section(content: bytes, section: Section) -> bytes | None:
    """The octets of BINARY[section], or None when there is no such part. Raises: UnknownEncoding.

    A part that is made of others has no encoding of its own (RFC 2045 section 6.4), and a mail as a whole has none.
    """
    if section.text or not section.path:
        return section_bytes(content, section)
    part = find_part(parse(content), section.path)
    return None if part is None else decoded(part)


def decoded(part: Part) -> bytes:
    """The body of a part, decoded. Raises: UnknownEncoding."""
    if part.children or part.message:
        return part.body
    match encoding_of(part):
        case "base64":
            octets = decode_base64(part.body)
        case "quoted-printable":
            octets = binascii.a2b_qp(part.body)
        case encoding if encoding in IDENTITY:
            octets = part.body
        case _:
            raise UnknownEncoding
    return _BARE_NEWLINE.sub(b"\r\n", octets) if part.type == "TEXT" else octets


def encoding_of(part: Part) -> str:
    """The transfer encoding in lower case, "" when the part has none."""
    value = part.header.first("content-transfer-encoding") or ""
    return value.partition(";")[0].partition("(")[0].strip().lower()


def without_binary(content: bytes) -> bytes:
    """The mail with every binary part in base64: what a store that cannot hold NUL makes of it (RFC 3516 section 4)."""
    edits: list[tuple[int, int, bytes]] = []
    for part in parse(content).walk():
        if encoding_of(part) == "binary":
            edits += _edits(part)
    pieces, position = [], 0
    for start, end, new in sorted(edits):
        pieces += [content[position:start], new]
        position = end
    return b"".join([*pieces, content[position:]])


def _edits(part: Part) -> list[tuple[int, int, bytes]]:
    """Ranges of the mail and what comes in their places: the header field, and of a leaf the body."""
    is_leaf = not part.children and not part.message
    field = next(f for f in part.header.fields if f.name == "content-transfer-encoding")
    name = b"base64" if is_leaf else b"8bit"
    edits = [(field.start, field.end, b"Content-Transfer-Encoding: " + name + b"\r\n")]
    if is_leaf:
        edits.append((part.header.end, part.end, base64_lines(part.body)))
    return edits


def base64_lines(octets: bytes) -> bytes:
    """Base64 in lines of 76 characters (RFC 2045 section 6.8)."""
    rows = (octets[start : start + _BASE64_LINE] for start in range(0, len(octets), _BASE64_LINE))
    return b"".join(binascii.b2a_base64(row, newline=False) + b"\r\n" for row in rows)
