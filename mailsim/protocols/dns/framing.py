"""Messages out of a TCP stream: each has two bytes of length in front (RFC 1035 section 4.2.2, RFC 7766)."""

from __future__ import annotations

from mailsim.protocols.lines import LineBuffer


class Frames:
    """Bytes that arrived on one TCP connection; `next_message` gives the messages, one at a time."""

    __slots__ = ("_buffer", "_length")

    def __init__(self) -> None:
        self._buffer = LineBuffer()
        self._length: int | None = None

    def receive(self, data: bytes) -> None:
        """Take what has arrived, in whatever pieces."""
        self._buffer.feed(data)

    def next_message(self) -> bytes | None:
        """The next whole message, or None until its last byte is here."""
        if self._length is None:
            prefix = self._buffer.take(2)
            if prefix is None:
                return None
            self._length = int.from_bytes(prefix, "big")
        message = self._buffer.take(self._length)
        if message is not None:
            self._length = None
        return message
