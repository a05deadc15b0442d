"""Puts the lines of a reply together, and refuses what is no reply (RFC 5321 sections 4.2 and 4.2.1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from mailsim.errors import RemoteProtocolError
from mailsim.protocols.lines import LineBuffer
from mailsim.protocols.smtp.content import has_bare_line_end
from mailsim.protocols.smtp.replies import Reply, split_enhanced

MAX_LINE = 12288
"""More than the 512 octets of RFC 5321 section 4.5.3.1.5: a challenge may be as long (RFC 4954 section 4)."""
MAX_LINES = 1000
REMEMBERED_LENGTH = 1024
_rest_of_reply = re.compile(rb"(?:[0-9]{3}-[^\n]*+\n){0,999}+[0-9]{3}(?!-)[^\n]*+\n").match
"""What follows the first of several lines, when all of it has come; nearly always it has."""


class ReplyReader(LineBuffer):
    """Octets in, replies out; memory is bounded, whatever a server sends."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[bytes] = []

    def clear(self) -> int:
        """Throw everything away; returns how many octets were lost."""
        lost = sum(map(len, self._lines)) + super().clear()
        self._lines.clear()
        return lost

    def take_reply(self) -> bytes | None:
        """The octets of the next reply, all its lines, or None; `parse_reply` reads them.

        Raises RemoteProtocolError for too much.
        """
        if not self._data:
            return None
        line = self.take_line()
        if line is None or self._lines or line.startswith(b"-", 3):
            return self._take_lines(line)
        return line  # nearly every reply is one line

    def _take_lines(self, line: bytes | None) -> bytes | None:
        """The same for several lines, of which this is the first, or the next one."""
        while line is not None:
            lines = self._lines
            lines.append(line)
            # A line that cannot belong to this reply ends it: whoever parses it will find that out.
            is_end = line[3:4] != b"-" or line[:3] != lines[0][:3]
            if not is_end and len(lines) == 1 and (rest := self.take_match(_rest_of_reply)) is not None:
                lines.append(rest)
                is_end = True
            if is_end:
                self._lines = []
                return b"".join(lines)
            if len(line) > MAX_LINE or len(lines) > MAX_LINES:
                raise RemoteProtocolError("a reply is too long")
            line = self.take_line()
        if len(self) >= MAX_LINE:
            raise RemoteProtocolError("a reply line is too long")
        return None


def parse_reply(wire: bytes, is_enhanced: bool, kind: Callable[..., Reply] = Reply) -> Reply:
    """Read all lines of one reply, which is of this `kind`; raises RemoteProtocolError.

    Servers say the same replies again and again, so what they mean is remembered.
    """
    return _remembered(wire, is_enhanced, kind) if len(wire) <= REMEMBERED_LENGTH else _parse(wire, is_enhanced, kind)


def _parse(wire: bytes, is_enhanced: bool, kind: Callable[..., Reply]) -> Reply:
    code = wire[:3]
    if not code.isdigit() or not b"200" <= code <= b"599":
        raise RemoteProtocolError(f"this is no reply: {wire[:100]!r}")
    lines = wire.split(b"\r\n")
    if lines.pop() != b"" or has_bare_line_end(wire):
        raise RemoteProtocolError(f"a line of a reply ends with CR LF: {wire[:100]!r}")
    texts = tuple(_text(line, code, is_last=index == len(lines)) for index, line in enumerate(lines, 1))
    if not is_enhanced:
        return kind(int(code), texts)
    enhanced, texts = split_enhanced(int(code), texts)
    return kind(int(code), texts, enhanced)


def _text(line: bytes, code: bytes, is_last: bool) -> str:
    """The text of one line. A code may stand alone, without a space behind it (RFC 5321 section 4.2)."""
    if len(line) + 2 > MAX_LINE:
        raise RemoteProtocolError("a reply line is too long")
    if line[:3] != code:
        raise RemoteProtocolError(f"one reply with two codes: {line[:100]!r} after {code!r}")
    if (line[3:4] == b"-") is is_last or line[3:4] not in (b"", b" ", b"-"):
        raise RemoteProtocolError(f"this is no reply: {line[:100]!r}")
    return line[4:].decode("utf-8", "backslashreplace")


_remembered = lru_cache(maxsize=4096)(_parse)
