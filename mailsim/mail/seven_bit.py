"""Makes a mail fit for a server that takes no eight-bit octets (RFC 6152 section 3, RFC 2045 section 6).

Only bodies can be written otherwise: each leaf with octets beyond ASCII becomes quoted-printable or base64, and
what stands around it loses its `8bit`. A reader who decodes the new mail gets exactly the old octets.
Header fields have no such way out; those need SMTPUTF8.
"""

from __future__ import annotations

import binascii
from base64 import encodebytes
from collections.abc import Iterator

from mailsim.mail import header, mime
from mailsim.mail.encoding import is_mostly_ascii
from mailsim.mail.mime import Part

ENCODING = "content-transfer-encoding"
_PLAIN_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})

_Edit = tuple[int, int, bytes]
"""Octets from, to, and what stands there instead."""


class NotConvertible(ValueError):
    """The mail cannot be written in seven bits without losing something; `str()` says why."""


def has_header_beyond_ascii(content: bytes) -> bool:
    """Has a header on any level, the mail's own or one inside, octets beyond ASCII (RFC 6531 section 3.2)?"""
    if content.isascii():
        return False
    if not content[: header.header_end(content)].isascii():
        return True
    return any(not content[part.header.start : part.header.end].isascii() for part in mime.parse(content).walk())


def to_seven_bit(content: bytes) -> bytes:
    """The same mail in ASCII; raises NotConvertible."""
    if content.isascii():
        return content
    if header.field(content, "MIME-Version") is None:
        raise NotConvertible("no MIME-Version: nothing says what the octets mean")
    converted = _edited(content, sorted(_edits(mime.parse(content))))
    if not converted.isascii():
        raise NotConvertible("octets beyond ASCII outside of the bodies")
    return converted


def _edits(part: Part) -> Iterator[_Edit]:
    body = part.body
    if body.isascii():
        return
    encoding = (part.header.first(ENCODING) or "").lower()
    if part.children or part.message:
        if encoding in ("8bit", "binary"):
            yield _new_encoding(part, "7bit")
        for inner in (*part.children, *((part.message,) if part.message else ())):
            yield from _edits(inner)
        return
    if part.type in ("MULTIPART", "MESSAGE"):  # RFC 2046 section 5.2: message/partial and its kin are seven bits
        raise NotConvertible(f"no encoding is allowed for {part.type.lower()}/{part.subtype.lower()}")
    if encoding not in _PLAIN_ENCODINGS:
        raise NotConvertible(f"octets beyond ASCII in {encoding}")
    readable = part.type == "TEXT" and is_mostly_ascii(body)
    yield _new_encoding(part, "quoted-printable" if readable else "base64")
    yield part.header.end, part.end, _quoted_printable(body) if readable else _base64(body)


def _new_encoding(part: Part, encoding: str) -> _Edit:
    """The field in the place of the old one, or as the last of the header."""
    field = f"Content-Transfer-Encoding: {encoding}\r\n".encode()
    old = next((field for field in part.header.fields if field.name == ENCODING), None)
    return (part.header.fields_end, part.header.fields_end, field) if old is None else (old.start, old.end, field)


def _quoted_printable(body: bytes) -> bytes:
    """RFC 2045 section 6.7; what did not end with a line break does not end with one now."""
    return binascii.b2a_qp(body.replace(b"\r\n", b"\n"), istext=True).replace(b"\n", b"\r\n")


def _base64(body: bytes) -> bytes:
    encoded = encodebytes(body).replace(b"\n", b"\r\n")
    return encoded if body.endswith(b"\r\n") else encoded.removesuffix(b"\r\n")


def _edited(content: bytes, edits: list[_Edit]) -> bytes:
    pieces: list[bytes] = []
    position = 0
    for start, end, replacement in edits:
        pieces += content[position:start], replacement
        position = end
    return b"".join((*pieces, content[position:]))
