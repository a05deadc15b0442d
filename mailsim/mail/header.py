"""One header field out of raw bytes, without reading the whole message (RFC 5322 section 2.2).

A mail of ten megabytes passes a dozen hops, and most of them want one field of it. So nothing here
looks past the empty line that ends the header, and nothing copies the body but `split`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from functools import lru_cache

_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.MULTILINE)
_VALUE = re.compile(rb"[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")


def header_end(content: bytes) -> int:
    """Where the header ends: the offset of the empty line (the length, if there is none)."""
    if content.startswith(b"\r\n"):
        return 0
    end = content.find(b"\r\n\r\n")
    return len(content) if end < 0 else end + 2


def split(content: bytes) -> tuple[bytes, bytes]:
    """The header with its last CRLF, and the body without the empty line between the two."""
    end = header_end(content)
    return content[:end], content[end + 2 :]


def fields(content: bytes) -> tuple[tuple[str, bytes], ...]:
    """All header fields from the top down: name as written, value unfolded and stripped."""
    found = _FIELD.finditer(content, 0, header_end(content))
    return tuple((match[1].decode("ascii"), unfold(match[2])) for match in found)


def field(content: bytes, name: str) -> bytes | None:
    """The unfolded value of the first field called `name` (in any case), or None."""
    return next(map(unfold, _values(content, name)), None)


def field_all(content: bytes, name: str) -> tuple[bytes, ...]:
    """The unfolded values of every field called `name`, from the top down."""
    return tuple(map(unfold, _values(content, name)))


def count(content: bytes, name: str) -> int:
    """How many fields are called `name`."""
    return sum(1 for _ in _values(content, name))


def _values(content: bytes, name: str) -> Iterator[bytes]:
    """The values of the fields called `name`, folded as they are.

    The name is looked for at the beginnings of lines with `find`, which is ten times as fast as an expression.
    """
    end = header_end(content)
    header, wanted = b"\n" + content[:end].lower(), _line_start(name)
    start = header.find(wanted)
    while start >= 0:
        value = _VALUE.match(content, start + len(wanted) - 1, end)
        if value is not None:
            yield value[1]
        start = header.find(wanted, start + 1)


@lru_cache(maxsize=256)
def _line_start(name: str) -> bytes:
    return b"\n" + name.lower().encode()


def text(content: bytes, name: str) -> str | None:
    """The first field called `name` as a person reads it: encoded words decoded (RFC 2047)."""
    value = field(content, name)
    return None if value is None else decoded(value)


def decoded(value: bytes) -> str:
    """An unfolded value with its encoded words decoded; what cannot be decoded stays as it is."""
    raw = value.decode("utf-8", "replace")
    if "=?" not in raw:
        return raw
    try:
        return str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return raw


def unfold(value: bytes) -> bytes:
    """A field's value on one line (RFC 5322 section 2.2.3), without the white space around it."""
    if b"\n" in value:
        value = _FOLD.sub(b"", value)
    return value.strip(b" \t\r\n")
