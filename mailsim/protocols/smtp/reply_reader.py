"""Puts the lines of a reply together, and refuses what is no reply (RFC 5321 sections 4.2 and 4.2.1)."""

from __future__ import annotations

from functools import lru_cache

from mailsim.errors import RemoteProtocolError
from mailsim.protocols.lines import LineBuffer
from mailsim.protocols.smtp.content import has_bare_line_end
from mailsim.protocols.smtp.replies import Reply, split_enhanced

MAX_LINE = 12288
"""More than the 512 octets of RFC 5321 section 4.5.3.1.5: a challenge may be as long (RFC 4954 section 4)."""
MAX_LINES = 1000


REMEMBERED_LENGTH = 1024


class ReplyReader:
    """Octets in, replies out; memory is bounded, whatever a server sends."""

    __slots__ = ("_buffer", "_lines")

    def __init__(self) -> None:
        self._buffer = LineBuffer()
        self._lines: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Append what has arrived."""
        self._buffer.feed(data)

    def clear(self) -> int:
        """Throw everything away; returns how many octets were lost."""
        lost = sum(map(len, self._lines)) + self._buffer.clear()
        self._lines.clear()
        return lost

    def take(self, *, is_enhanced: bool) -> Reply | None:
        """The next whole reply, or None; `is_enhanced` takes the enhanced code off the text.

        Raises RemoteProtocolError for garbage and for too much.
        """
        while (line := self._buffer.take_line()) is not None:
            if not self._lines and (reply := _alone(line, is_enhanced)) is not None:
                return reply
            self._lines.append(line)
            # A line that cannot belong to this reply is parsed at once, and refused.
            if line[3:4] != b"-" or line[:3] != self._lines[0][:3]:
                wire = b"".join(self._lines)
                self._lines.clear()
                return parse_reply(wire, is_enhanced)
            if len(line) > MAX_LINE or len(self._lines) > MAX_LINES:
                raise RemoteProtocolError("a reply is too long")
        if len(self._buffer) >= MAX_LINE:
            raise RemoteProtocolError("a reply line is too long")
        return None


def _alone(line: bytes, is_enhanced: bool) -> Reply | None:
    """The reply that the line is, None if it is only one of several lines."""
    if len(line) <= REMEMBERED_LENGTH:
        return _remembered_alone(line, is_enhanced)
    return None if line[3:4] == b"-" else _parse(line, is_enhanced)


@lru_cache(maxsize=4096)
def _remembered_alone(line: bytes, is_enhanced: bool) -> Reply | None:
    return None if line[3:4] == b"-" else _parse(line, is_enhanced)


def parse_reply(wire: bytes, is_enhanced: bool) -> Reply:
    """Read all lines of one reply; raises RemoteProtocolError.

    Servers say the same replies again and again, so what they mean is remembered.
    """
    return _remembered(wire, is_enhanced) if len(wire) <= REMEMBERED_LENGTH else _parse(wire, is_enhanced)


def _parse(wire: bytes, is_enhanced: bool) -> Reply:
    code = wire[:3]
    if not code.isdigit() or not b"200" <= code <= b"599":
        raise RemoteProtocolError(f"this is no reply: {wire[:100]!r}")
    lines = wire.split(b"\r\n")
    if lines.pop() != b"" or has_bare_line_end(wire):
        raise RemoteProtocolError(f"a line of a reply ends with CR LF: {wire[:100]!r}")
    texts = tuple(_text(line, code, is_last=index == len(lines)) for index, line in enumerate(lines, 1))
    if not is_enhanced:
        return Reply(int(code), texts)
    enhanced, texts = split_enhanced(int(code), texts)
    return Reply(int(code), texts, enhanced)


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
