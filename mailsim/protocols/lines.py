"""Turns a byte stream into lines and counted blocks, in linear time however the bytes were chopped."""

from __future__ import annotations


class LineBuffer:
    """Bytes that have arrived and were not yet taken.

    TCP keeps no boundaries: a line may come in ten pieces or ten lines in one. Searching the whole
    buffer again for each piece would be quadratic, so the search goes on where it stopped.
    """

    __slots__ = ("_data", "_scanned", "_start")

    def __init__(self) -> None:
        self._data = bytearray()
        self._start = 0
        self._scanned = 0

    def __len__(self) -> int:
        return len(self._data) - self._start

    def feed(self, data: bytes) -> None:
        """Append what has arrived."""
        if self._start > 65536 and self._start * 2 > len(self._data):
            del self._data[: self._start]
            self._scanned -= self._start
            self._start = 0
        self._data += data

    def take_line(self) -> bytes | None:
        """The next line with its LF (and CR, if there), or None until one is complete."""
        data = self._data
        end = data.find(b"\n", max(self._scanned, self._start))
        if end < 0:
            self._scanned = len(data)
            return None
        line = bytes(memoryview(data)[self._start : end + 1])
        self._start = self._scanned = end + 1
        return line

    def take(self, count: int) -> bytes | None:
        """Exactly `count` bytes, or None until they are there."""
        if len(self) < count:
            return None
        return self.take_up_to(count)

    def take_up_to(self, count: int) -> bytes:
        """At most `count` bytes, whatever is there."""
        end = min(self._start + count, len(self._data))
        block = bytes(memoryview(self._data)[self._start : end])
        self._start = self._scanned = end
        return block

    def clear(self) -> int:
        """Throw everything away (RFC 3207 section 4.2, before TLS); returns how many bytes were lost."""
        lost = len(self)
        self._data.clear()
        self._start = self._scanned = 0
        return lost
