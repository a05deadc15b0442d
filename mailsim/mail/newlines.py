"""Line ends of a mail at rest: CR LF, whoever brought it (RFC 5322 section 2.3)."""

from __future__ import annotations

import re

_BARE = re.compile(rb"(?<!\r)\n")


def with_crlf(content: bytes) -> bytes:
    """The mail with CR LF where it has a bare LF; a mail that has none is given back as it is."""
    if content.count(b"\n") == content.count(b"\r\n"):
        return content
    return _BARE.sub(b"\r\n", content)
