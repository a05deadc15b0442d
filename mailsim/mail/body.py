"""MIME bodies: which transfer encoding a text needs, and parts inside one another (RFC 2045, RFC 2046)."""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from mailsim.mail.encoding import fold, is_mostly_ascii, parameter

TEXT_WIDTH = 78
BASE64_OCTETS = 57  # of which base64 makes the 76 characters of one line (RFC 2045 section 6.8)


@dataclass(frozen=True, slots=True)
class Part:
    """One MIME entity: its Content-* fields, and its body as it goes over the wire (lines end in CRLF)."""

    fields: bytes
    body: bytes

    def to_bytes(self) -> bytes:
        return b"\r\n".join((self.fields, self.body))


def text_part(text: str, subtype: str = "plain") -> Part:
    """Text in the encoding that it needs: 7bit if it can, else quoted-printable if one can read that, else base64."""
    data = _crlf(text).encode()
    if data.isascii() and b"\0" not in data and max(map(len, data.split(b"\r\n"))) <= TEXT_WIDTH:
        charset, encoding, body = "us-ascii", "7bit", data
    elif is_mostly_ascii(data):
        charset, encoding, body = "utf-8", "quoted-printable", binascii.b2a_qp(data)
    else:
        charset, encoding, body = "utf-8", "base64", base64_lines(data)
    return Part(_content_fields((f"text/{subtype};", f'charset="{charset}"'), encoding), body)


def attachment_part(filename: str, content_type: str, data: bytes) -> Part:
    """A file: base64, but a message stays as it is (RFC 2046 section 5.2.1)."""
    is_message = content_type.lower().startswith("message/")
    encoding = ("7bit" if data.isascii() else "8bit") if is_message else "base64"
    disposition = fold("Content-Disposition", ["attachment;", *parameter("filename", filename)])
    fields = _content_fields((content_type,), encoding) + disposition
    return Part(fields, data if is_message else base64_lines(data))


def multipart(subtype: str, parts: Sequence[Part], seed: str, parameters: str = "") -> Part:
    """Parts in one, divided by a boundary that follows from `seed` and is in none of them."""
    inside = [part.to_bytes() for part in parts]
    boundary = _boundary(seed, inside)
    words = [f"multipart/{subtype};", *([parameters + ";"] if parameters else []), f'boundary="{boundary}"']
    line = f"--{boundary}".encode()
    body = b"".join(line + b"\r\n" + part + b"\r\n" for part in inside) + line + b"--\r\n"
    fields = fold("Content-Type", words)
    if not body.isascii():  # what is inside must be announced outside (RFC 2045 section 6.4)
        fields += fold("Content-Transfer-Encoding", ["8bit"])
    return Part(fields, body)


def base64_lines(data: bytes) -> bytes:
    """Base64 in lines of 76 characters: four characters for three octets, and a CRLF for each line."""
    starts = range(0, len(data), BASE64_OCTETS)
    lines = (binascii.b2a_base64(data[at : at + BASE64_OCTETS], newline=False) for at in starts)
    return b"".join(line + b"\r\n" for line in lines)


@lru_cache(maxsize=256)
def _content_fields(content_type: tuple[str, ...], encoding: str) -> bytes:
    return fold("Content-Type", content_type) + fold("Content-Transfer-Encoding", [encoding])


def _boundary(seed: str, inside: Sequence[bytes]) -> str:
    """`=_` can be in no base64 and no quoted-printable; other text may hold anything, so look."""
    for attempt in range(len(inside) + 100):
        digest = hashlib.sha256(f"{seed}/{attempt}".encode()).hexdigest()
        boundary = f"=_{digest[:24]}"
        if not any(boundary.encode() in part for part in inside):
            return boundary
    raise ValueError("somebody took every boundary")


def _crlf(text: str) -> str:
    """Lines end in CRLF, the last one too."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    return lines.replace("\n", "\r\n") + "\r\n" if lines else ""
