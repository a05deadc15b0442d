"""Turns a byte stream into lines and counted blocks, in linear time however the bytes were chopped."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

Match: TypeAlias = "Callable[[bytes | bytearray, int], re.Match[bytes] | None]"
"""The method `match` of a compiled expression."""


class LineBuffer:
    """Bytes that have arrived and were not yet taken.

    TCP keeps no boundaries: a line may come in ten pieces or ten lines in one. Searching the whole
    buffer again for each piece would be quadratic, so the search goes on where it stopped.
    """

    __slots__ = ("_data", "_scanned", "_start")

    def __init__(self) -> None:
        self._data: bytes | bytearray = b""
        self._start = 0
        self._scanned = 0  # never before _start

    def __len__(self) -> int:
        return len(self._data) - self._start

    def feed(self, data: bytes) -> None:
        """Append what has arrived."""
        if not self._data:
            # Nothing is left, the usual case: keep what came as it is. A line that came whole is never copied.
            self._data = bytes(data)
            return
        if not isinstance(self._data, bytearray):
            self._data = bytearray(self._data)
        elif self._start > 65536 and self._start * 2 > len(self._data):
            del self._data[: self._start]
            self._scanned -= self._start
            self._start = 0
        self._data += data

    def take_line(self) -> bytes | None:
        """The next line with its LF (and CR, if there), or None until one is complete."""
        data = self._data
        end = data.find(b"\n", self._scanned) + 1
        if not end:
            self._scanned = len(data)
            return None
        start = self._start
        if end < len(data):
            self._start = self._scanned = end
        else:
            self._data = b""
            self._start = self._scanned = 0
        return bytes(data[start:end])

    def take_match(self, match: Match) -> bytes | None:
        """What a compiled expression finds right where the next line begins, or None: then take line by line.

        It is tried only where no line has been looked for yet, so that time stays linear.
        """
        data, start = self._data, self._start
        if self._scanned != start or (found := match(data, start)) is None:
            return None
        end = found.end()
        if end < len(data):
            self._start = self._scanned = end
        else:
            self._data = b""
            self._start = self._scanned = 0
        return bytes(found[0])

    def take(self, count: int) -> bytes | None:
        """Exactly `count` bytes, or None until they are there."""
        if len(self) < count:
            return None
        return self.take_up_to(count)

    def take_up_to(self, count: int) -> bytes:
        """At most `count` bytes, whatever is there."""
        end = min(self._start + count, len(self._data))
        block = bytes(memoryview(self._data)[self._start : end])
        if end == len(self._data):
            self._data = b""
            end = 0
        self._start = self._scanned = end
        return block

    def clear(self) -> int:
        """Throw everything away (RFC 3207 section 4.2, before TLS); returns how many bytes were lost."""
        lost = len(self)
        self._data = b""
        self._start = self._scanned = 0
        return lost
