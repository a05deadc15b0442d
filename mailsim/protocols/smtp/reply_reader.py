"""Puts the lines of a reply together, and refuses what is no reply (RFC 5321 sections 4.2 and 4.2.1)."""

from __future__ import annotations

from mailsim.errors import RemoteProtocolError
from mailsim.protocols.lines import LineBuffer

MAX_LINE = 12288
"""More than the 512 octets of RFC 5321 section 4.5.3.1.5: a challenge may be as long (RFC 4954 section 4)."""
MAX_LINES = 1000


class ReplyReader:
    """Octets in, (code, texts) out; memory is bounded, whatever a server sends."""

    __slots__ = ("_code", "_lines", "_texts")

    def __init__(self) -> None:
        self._lines = LineBuffer()
        self._code = 0
        self._texts: list[str] = []

    def feed(self, data: bytes) -> None:
        """Append what has arrived."""
        self._lines.feed(data)

    def clear(self) -> int:
        """Throw everything away; returns how many octets were lost."""
        self._texts.clear()
        return self._lines.clear()

    def take(self) -> tuple[int, tuple[str, ...]] | None:
        """The next whole reply, or None; raises RemoteProtocolError for garbage and for too much."""
        while (line := self._lines.take_line()) is not None:
            if len(line) > MAX_LINE:
                raise RemoteProtocolError("a reply line is too long")
            is_last = self._take_line(line)
            if is_last:
                texts = tuple(self._texts)
                self._texts.clear()
                return self._code, texts
        if len(self._lines) >= MAX_LINE:
            raise RemoteProtocolError("a reply line is too long")
        return None

    def _take_line(self, line: bytes) -> bool:
        """Add one line; tell whether it is the last of its reply. A code may stand alone (section 4.2)."""
        code, separator = line[:3], line[3:4]
        if line[-2:] != b"\r\n" or line.find(b"\r", 0, -2) >= 0 or separator not in (b" ", b"-", b"\r"):
            raise RemoteProtocolError(f"this is no reply: {line[:100]!r}")
        if not code.isdigit() or not b"200" <= code <= b"599":
            raise RemoteProtocolError(f"this is no reply code: {code!r}")
        if self._texts and int(code) != self._code:
            raise RemoteProtocolError(f"one reply with two codes, {self._code} and {int(code)}")
        if len(self._texts) == MAX_LINES:
            raise RemoteProtocolError("a reply of too many lines")
        self._code = int(code)
        self._texts.append(line[4:-2].decode("utf-8", "backslashreplace"))
        return separator != b"-"
