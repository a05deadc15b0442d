"""The MIME structure of a mail as ranges of its bytes, for BODYSTRUCTURE and BODY[section] (RFC 9051 section 6.4.5).

A mail is a tree: a multipart has children between its boundary lines, a `message/rfc822` part has a
whole mail inside. Nothing is decoded or printed again: every part knows where its header and its body
stand in the content, and a section is a slice. A multipart's range is cut by its own boundary first
and its children are looked at inside their pieces; so a part that forgot its closing line ends where its
parent's boundary stands, as RFC 2046 section 5.1.2 wants. Depth and number of parts are bounded, so
the work stays linear in the size of the mail whatever is sent.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from mailsim.mail.mime_envelope import Address, Envelope, envelope, envelope_of, parse_addresses
from mailsim.mail.mime_headers import (
    Header,
    Parameters,
    decode_base64,
    decode_charset,
    decode_words,
    header_at,
    media_type,
    token_and_parameters,
)

__all__ = [
    "Address",
    "BodyStructure",
    "Envelope",
    "Header",
    "Part",
    "Section",
    "body_structure",
    "decode_words",
    "envelope",
    "header_at",
    "parse",
    "parse_addresses",
    "section_bytes",
    "texts",
]

MAX_DEPTH = 50
MAX_PARTS = 10_000
_TEXT_PLAIN: tuple[str, str, Parameters] = ("TEXT", "PLAIN", (("CHARSET", "US-ASCII"),))


@dataclass(frozen=True, slots=True)
class Part:
    """One node of the tree: `content[header.start:header.end]` is its header, then the body to `end`."""

    header: Header
    end: int
    type: str
    subtype: str
    parameters: Parameters
    children: tuple[Part, ...] = ()
    message: Part | None = None

    @property
    def body(self) -> bytes:
        """The body as it stands in the mail, transfer encoding included."""
        return self.header.content[self.header.end : self.end]

    def parameter(self, name: str) -> str | None:
        """The value of a Content-Type parameter by its upper-case name."""
        return next((value for key, value in self.parameters if key == name), None)

    def walk(self) -> Iterator[Part]:
        """This part and all below it, in the order of the mail."""
        yield self
        for child in (*self.children, *((self.message,) if self.message else ())):
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Section:
    """What stands between the brackets of BODY[...]: part numbers, a text specifier, field names.

    `text` is "", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT" or "MIME".
    """

    path: tuple[int, ...] = ()
    text: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BodyStructure:
    """What BODYSTRUCTURE tells of one part; fields that a type does not have are None or ().

    `basic()` drops the extension data, as the answer to a FETCH of BODY does.
    """

    type: str
    subtype: str
    parameters: Parameters = ()
    content_id: str | None = None
    description: str | None = None
    encoding: str = "7BIT"
    octets: int = 0
    lines: int | None = None
    envelope: Envelope | None = None
    parts: tuple[BodyStructure, ...] = ()
    md5: str | None = None
    disposition: tuple[str, Parameters] | None = None
    language: tuple[str, ...] = ()
    location: str | None = None

    def basic(self) -> BodyStructure:
        """The non-extensible form, for the whole tree."""
        kept = () if self.type == "MULTIPART" else self.parameters
        parts = tuple(part.basic() for part in self.parts)
        return replace(self, parameters=kept, parts=parts, md5=None, disposition=None, language=(), location=None)


@lru_cache(maxsize=16)
def parse(content: bytes) -> Part:
    """The tree of a whole mail; remembered, because FETCH asks for one mail's parts again and again."""
    return _Parser(content).part(0, len(content), _TEXT_PLAIN, 0)


class _Parser:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.count = 0

    def part(self, start: int, end: int, default: tuple[str, str, Parameters], depth: int) -> Part:
        self.count += 1
        header = header_at(self.content, start, end)
        if depth > MAX_DEPTH:
            return Part(header, end, "APPLICATION", "OCTET-STREAM", ())
        kind, subtype, parameters = self._media(header, default)
        part = Part(header, end, kind, subtype, parameters)
        if kind == "MULTIPART":
            return replace(part, children=self._children(part, depth))
        if kind == "MESSAGE" and subtype in {"RFC822", "GLOBAL"}:  # RFC 6532 section 3.7
            return replace(part, message=self.part(header.end, end, _TEXT_PLAIN, depth + 1))
        return part

    def _media(self, header: Header, default: tuple[str, str, Parameters]) -> tuple[str, str, Parameters]:
        value = header.first("content-type")
        kind, subtype, parameters = media_type(value) or (_TEXT_PLAIN if value is not None else default)
        if kind == "TEXT" and not any(name == "CHARSET" for name, _ in parameters):
            parameters = (*parameters, ("CHARSET", "US-ASCII"))  # RFC 2046 section 4.1.2
        return kind, subtype, parameters

    def _children(self, part: Part, depth: int) -> tuple[Part, ...]:
        default = ("MESSAGE", "RFC822", ()) if part.subtype == "DIGEST" else _TEXT_PLAIN
        boundary = part.parameter("BOUNDARY")
        children = []
        for start, end in self._pieces(boundary, part.header.end, part.end) if boundary else ():
            if self.count >= MAX_PARTS:
                break
            children.append(self.part(start, end, default, depth + 1))
        # The grammar wants at least one part: a multipart without any shows an empty text.
        empty = Header(self.content, part.end, part.end, part.end, ())
        return tuple(children) or (Part(empty, part.end, *_TEXT_PLAIN),)

    def _pieces(self, boundary: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges between the boundary lines; the CRLF before a boundary belongs to the boundary."""
        mark = b"--" + boundary.rstrip(" \t").encode("utf-8", "surrogateescape")
        piece_start: int | None = None
        position = self.content.find(mark, start, end)
        while position >= 0:
            line_end = self.content.find(b"\n", position, end)
            line_end = end if line_end < 0 else line_end + 1
            tail = self.content[position + len(mark) : min(line_end, position + len(mark) + 80)].rstrip()
            starts_line = position == start or self.content[position - 1 : position] == b"\n"
            if starts_line and tail in {b"", b"--"}:
                if piece_start is not None:
                    yield piece_start, max(piece_start, self._before_line(position))
                piece_start = line_end
                if tail:
                    return
            position = self.content.find(mark, position + len(mark), end)
        if piece_start is not None:
            yield piece_start, end

    def _before_line(self, position: int) -> int:
        if self.content[position - 2 : position] == b"\r\n":
            return position - 2
        return position - 1


def body_structure(content: bytes) -> BodyStructure:
    """The BODYSTRUCTURE of a whole mail (RFC 9051 section 7.5.2)."""
    return _structure(parse(content))


def _structure(part: Part) -> BodyStructure:
    header, content = part.header, part.header.content
    disposition = header.first("content-disposition")
    language = (header.first("content-language") or "").split(",")
    is_multipart = part.type == "MULTIPART"
    message = part.message
    has_lines = part.type == "TEXT" or message is not None
    return BodyStructure(
        part.type,
        part.subtype,
        part.parameters,
        None if is_multipart else header.first("content-id"),
        None if is_multipart else header.first("content-description"),
        "7BIT" if is_multipart else (header.first("content-transfer-encoding") or "7BIT").upper(),
        0 if is_multipart else part.end - header.end,
        content.count(b"\n", header.end, part.end) if has_lines else None,
        envelope_of(message.header) if message else None,
        (_structure(message),) if message else tuple(map(_structure, part.children)),
        None if is_multipart else header.first("content-md5"),
        token_and_parameters(disposition) if disposition else None,
        tuple(tag.strip() for tag in language if tag.strip()),
        header.first("content-location"),
    )


def section_bytes(content: bytes, section: Section) -> bytes | None:
    """The bytes of BODY[section], or None when the mail has no such section."""
    if not section.path and not section.text:
        return content
    if not section.path and section.text.startswith("HEADER"):
        return _header_text(header_at(content), section)
    part = find_part(parse(content), section.path)
    if part is None or not section.text:
        return None if part is None else part.body
    if section.text == "MIME":
        return content[part.header.start : part.header.end]
    message = part.message if section.path else part
    if message is None:
        return None
    return message.body if section.text == "TEXT" else _header_text(message.header, section)


def find_part(message: Part, path: tuple[int, ...]) -> Part | None:
    """The part with this number: a mail that is no multipart has one part, 1, its body."""
    part, whole_message = message, True
    for number in path:
        if not whole_message and part.message:
            part, whole_message = part.message, True
        if part.children:
            if not 1 <= number <= len(part.children):
                return None
            part = part.children[number - 1]
        elif not whole_message or number != 1:
            return None
        whole_message = False
    return part


def _header_text(header: Header, section: Section) -> bytes:
    content = header.content
    if section.text == "HEADER":
        return content[header.start : header.end]
    wanted = {name.lower() for name in section.fields}
    keep = section.text == "HEADER.FIELDS"
    lines = [content[f.start : f.end] for f in header.fields if (f.name in wanted) is keep]
    return b"".join(lines) + content[header.fields_end : header.end]


def texts(content: bytes) -> Iterator[str]:
    """The text of every text part, decoded: what SEARCH BODY looks into."""
    for part in parse(content).walk():
        if part.type == "TEXT":
            yield decode_charset(_decoded(part), part.parameter("CHARSET") or "us-ascii")


def _decoded(part: Part) -> bytes:
    match (part.header.first("content-transfer-encoding") or "").lower():
        case "base64":
            return decode_base64(part.body)
        case "quoted-printable":
            return binascii.a2b_qp(part.body)
        case _:
            return part.body
