"""Cuts what a client sends into command lines, and refuses what is no line (RFC 5321 section 2.3.8).

A line ends with CRLF and with nothing else. One that is too long, or that holds a CR or LF alone, is
reported once, as soon as that is certain, and the rest is skipped up to its CRLF: were a bare LF an end,
the text behind it would be a command that another server had taken for an argument.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.protocols.lines import LineBuffer

QUOTED = 100


@dataclass(frozen=True, slots=True)
class BadLine:
    """What arrived instead of a line; `line` is its beginning."""

    line: bytes
    is_too_long: bool


class CommandLines(LineBuffer):
    """Octets in, lines with their CRLF out; holds no more than `limit` octets of a line without an end."""

    __slots__ = ("_limit", "_skipping")

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit
        self._skipping = False

    def clear(self) -> int:
        """Throw everything away; returns how many octets were lost."""
        self._skipping = False
        return super().clear()

    def take_rest(self) -> bytes:
        """All that has arrived and is no line yet: it belongs to the content."""
        return self.take_up_to(len(self)) if self._data else b""

    def take_command(self) -> bytes | BadLine | None:
        """The next line, or None until one is complete."""
        while self._data:
            line = self.take_line()
            if line is None:
                return self._drop_the_endless()
            if not self._skipping:
                is_good = line[-2:] == b"\r\n" and line.count(b"\r") == 1 and len(line) <= self._limit
                return line if is_good else self._bad(line)
            self._skipping = line[-2:] != b"\r\n"
        return None

    def _drop_the_endless(self) -> BadLine | None:
        if len(self) < self._limit:
            return None
        line = self.take_up_to(len(self) - 1)  # the last octet may be half of its CRLF
        return None if self._skipping else self._bad(line)

    def _bad(self, line: bytes) -> BadLine:
        self._skipping = line[-2:] != b"\r\n"
        # Without an LF, what was taken is all but the last octet of something that reached the limit.
        is_too_long = len(line) > self._limit or line[-1:] != b"\n"
        return BadLine(line[:QUOTED], is_too_long)
