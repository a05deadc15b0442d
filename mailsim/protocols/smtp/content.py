"""The content of a message on its way: dots doubled, and a line with one dot at the end (RFC 5321 section 4.5.2).

The end is the five octets CR LF . CR LF and nothing else, where the first CRLF may be the one that ended
the DATA command. A receiver that also takes LF . LF, or LF . CR LF, for the end can be fooled: what one
server thinks is text of a message, the next one takes for commands, and a forged second message is born
("SMTP smuggling"). So nothing but the real end ends the content, and a message that holds a CR or an LF
alone, which RFC 5321 section 2.3.8 forbids, is refused as a whole when its real end has come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from mailsim.protocols.pdu import Json, printable
from mailsim.protocols.smtp import replies
from mailsim.protocols.smtp.commands import Command
from mailsim.protocols.smtp.replies import Reply

END = b"\r\n.\r\n"


@dataclass(frozen=True, slots=True)
class Content(Command):
    """The message itself, as it is without the dots that only the wire knows.

    Its last line gets the CRLF that it lacks. `message_id` is for the trace and does not go over the wire.
    """

    data: bytes
    message_id: str = ""
    role: ClassVar[str] = "data"

    def _encode(self) -> bytes:
        """The content with its dots doubled, and the line with a dot that ends it."""
        wire = self.data.replace(b"\r\n.", b"\r\n..")
        if wire.startswith(b"."):
            wire = b"." + wire
        wire += b"." + b"\r\n" if not wire or wire.endswith(b"\r\n") else b"\r\n.\r\n"
        object.__setattr__(self, "_wire", wire)
        return wire

    @property
    def size(self) -> int:
        """Octets that the receiver will have."""
        return size_of(self.data)

    def __str__(self) -> str:
        first = printable(self.data[:200].partition(b"\r\n")[0])
        return f"{first} ... ({self.size} octets)"

    def fields(self) -> Mapping[str, Json]:
        return {"msg": self.message_id, "bytes_wire": len(self.to_bytes()), "bytes_content": self.size}


@dataclass(frozen=True, slots=True)
class Arrived:
    """A content that is complete; `problem` is the reply that refuses it, `rest` what came behind it."""

    data: bytes
    wire_size: int
    problem: Reply | None
    rest: bytes


class ContentReader:
    """Collects one content; memory stays within `size_limit` (0: none), time linear in the octets."""

    __slots__ = ("_counted", "_data", "_dots", "_scanned", "_size_limit", "_text_line_limit", "_thrown_away")

    def __init__(self, size_limit: int, text_line_limit: int) -> None:
        self._size_limit, self._text_line_limit = size_limit, text_line_limit
        self._data = bytearray(b"\r\n")  # the CRLF that ended the DATA command
        self._scanned = 0
        self._counted = 0
        self._dots = 0
        self._thrown_away = 0

    def feed(self, data: bytes) -> None:
        """Append what has arrived."""
        self._data += data

    def take(self) -> Arrived | None:
        """The content, or None until its end has come."""
        data = self._data
        end = data.find(END, self._scanned)
        if end < 0:
            self._scanned = max(0, len(data) - len(END) + 1)
            self._stay_within_limit()
            return None
        wire_size = self._thrown_away + end + len(END) - 2
        rest = bytes(memoryview(data)[end + len(END) :])
        if self._thrown_away:
            return Arrived(b"", wire_size, replies.TOO_BIG, rest)
        content = bytes(memoryview(data)[: end + 2]).replace(b"\r\n.", b"\r\n")[2:]
        return Arrived(content, wire_size, self._judge(content), rest)

    def _judge(self, content: bytes) -> Reply | None:
        if self._size_limit and len(content) > self._size_limit:
            return replies.TOO_BIG
        if has_bare_line_end(content):
            return replies.BARE_IN_CONTENT
        if has_long_line(content, self._text_line_limit):
            return replies.LONG_TEXT_LINE
        return None

    def _stay_within_limit(self) -> None:
        """Throw the content away once it is certainly too big; its end must still be found."""
        data = self._data
        if not self._size_limit or len(data) - 2 - self._dots <= self._size_limit + len(END):
            return
        if not self._thrown_away:
            self._dots += data.count(b"\r\n.", max(0, self._counted - 2))
            self._counted = len(data)
            if len(data) - 2 - self._dots <= self._size_limit + len(END):
                return
        keep = len(END) - 1
        self._thrown_away += len(data) - keep
        del data[:-keep]
        self._scanned = self._dots = 0


def size_of(data: bytes) -> int:
    """Octets that the receiver of a message will have: no dots of the wire (RFC 1870 section 5)."""
    return len(data) + (2 if data and not data.endswith(b"\r\n") else 0)


def has_bare_line_end(data: bytes) -> bool:
    """Whether a CR or an LF stands without the other (RFC 5321 section 2.3.8)."""
    pairs = data.count(b"\r\n")
    return data.count(b"\r") != pairs or data.count(b"\n") != pairs


def has_long_line(data: bytes, limit: int) -> bool:
    """Whether a line with its CRLF is longer than `limit` octets; looks at a few octets of every `limit`."""
    start, last_start = 0, len(data) - limit
    while start < last_start:
        end = data.rfind(b"\r\n", start, start + limit)
        if end < 0:
            return True
        start = end + 2
    return False
