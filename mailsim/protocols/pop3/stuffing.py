"""Lines of a multi-line reply: byte-stuffed, and ended by a line with a single dot (RFC 1939 section 3)."""

from __future__ import annotations

from mailsim.errors import RemoteProtocolError
from mailsim.protocols.lines import LineBuffer

END = b".\r\n"
LINE_LIMIT = 512  # octets of the first line with CRLF, RFC 2449 section 4


def stuff(body: bytes) -> bytes:
    """The body as it goes over the wire: a dot more before each dot that begins a line, then the end."""
    if b"\r\n." in body:
        body = body.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    return b"".join((body, missing_line_end(body), END))


def unstuff(wire: bytes) -> bytes:
    """The body as it was before; `wire` comes without the end."""
    if wire.startswith(b"."):
        wire = wire[1:]
    return wire.replace(b"\r\n.", b"\r\n") if b"\r\n." in wire else wire


def missing_line_end(body: bytes) -> bytes:
    """CRLF, when the last line lacks one: over POP3 every line has it."""
    return b"" if not body or body.endswith(b"\r\n") else b"\r\n"


def message_size(content: bytes) -> int:
    """The octets of a message as LIST tells them: without stuffing, with its last CRLF (RFC 1939 section 11)."""
    return len(content) + len(missing_line_end(content))


class ReplyBuffer(LineBuffer):
    """A line buffer that also takes everything up to the line with the single dot, in linear time."""

    __slots__ = ()

    def take_first_line(self) -> bytes | None:
        """The first line of a reply, or None until it is there. Raises: RemoteProtocolError when it is too long."""
        if not self._data:
            return None
        line = self.take_line()
        if len(self if line is None else line) > LINE_LIMIT:
            raise RemoteProtocolError("the first line of a reply has at most 512 octets")
        return line

    def take_stuffed(self) -> bytes | None:
        """The body of a multi-line reply, unstuffed, or None until its end is there."""
        data, start = self._data, self._start
        if data.startswith(END, start):
            self.take_up_to(len(END))
            return b""
        end = data.find(b"\r\n.\r\n", max(self._scanned - 4, start))
        if end < 0:
            self._scanned = len(data)
            return None
        return unstuff(self.take_up_to(end + 2 + len(END) - start)[: -len(END)])


def top(message: bytes, lines: int) -> bytes:
    """Header, empty line, and the first `lines` lines of the body (RFC 1939 section 7)."""
    end = message.find(b"\r\n\r\n")
    if end < 0:
        return message
    end += 4
    for _ in range(lines):
        line_end = message.find(b"\n", end)
        if line_end < 0:
            return message
        end = line_end + 1
    return message[:end]
