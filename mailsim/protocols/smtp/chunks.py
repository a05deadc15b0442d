"""The message in counted chunks: BDAT instead of DATA and the dot (RFC 3030).

The number in the command says how many octets belong to the message, so nothing in it is looked for and no dot is
doubled. A server has to take exactly as many octets off the stream whether it likes the command or not: what
it left there would be read as commands.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.protocols.smtp import replies
from mailsim.protocols.smtp.commands import Bdat
from mailsim.protocols.smtp.content import has_bare_line_end, has_long_line
from mailsim.protocols.smtp.replies import Reply


@dataclass(frozen=True, slots=True)
class ChunkArrived:
    """The octets of one command are there; `refusal` is the reply to a command that was refused anyway."""

    command: Bdat
    refusal: Reply | None
    rest: bytes


class ChunkReader:
    """Takes the octets of one BDAT off the stream, and keeps them in `into` unless that is None."""

    __slots__ = ("_command", "_into", "_missing", "_refusal", "_rest")

    def __init__(self, command: Bdat, refusal: Reply | None, into: ChunkedContent | None) -> None:
        self._command, self._refusal, self._into = command, refusal, into
        self._missing = command.size
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Append what has arrived."""
        if self._missing >= len(data):
            chunk = data
        else:
            chunk, rest = data[: self._missing], data[self._missing :]
            self._rest += rest
        self._missing -= len(chunk)
        if self._into is not None:
            self._into.add(chunk)

    def take(self) -> ChunkArrived | None:
        """The end of the chunk, or None until it has come."""
        return None if self._missing else ChunkArrived(self._command, self._refusal, self._rest)


class ChunkedContent:
    """The chunks of one transaction; memory stays within `size_limit` (0: none).

    `problem` is the reply that one of them was refused with: it stands for the rest of the transaction.
    """

    __slots__ = ("_data", "_size_limit", "_text_line_limit", "problem", "size")

    def __init__(self, size_limit: int, text_line_limit: int) -> None:
        self._size_limit, self._text_line_limit = size_limit, text_line_limit
        self._data: list[bytes] = []
        self.size = 0
        self.problem: Reply | None = None

    def add(self, octets: bytes) -> None:
        """Keep some octets, as long as they fit."""
        self.size += len(octets)
        if self._size_limit and self.size > self._size_limit:
            self.problem = self.problem or replies.TOO_BIG
        if self.problem:
            self._data.clear()
        else:
            self._data.append(octets)

    def whole(self) -> bytes:
        """The message; sets `problem` when it is none. A last line without CRLF gets one."""
        data = b"".join(self._data)
        if data and not data.endswith(b"\r\n"):
            data += b"\r\n"
        if self.problem is None and has_bare_line_end(data):
            self.problem = replies.BARE_IN_CONTENT
        if self.problem is None and has_long_line(data, self._text_line_limit):
            self.problem = replies.LONG_TEXT_LINE
        return data
