"""Cuts a byte stream into complete commands or responses: lines, and the literals between them.

A line that ends in `{n}` is not the end: n octets follow, then the rest of the line, which may end so
again. A client that sends `{n}` waits for an invitation; `{n+}` comes without one and must be read
even when it is not wanted (RFC 7888 section 4). Nothing is kept beyond the limits: an overlong line or
an unwanted literal is passed over as it arrives, and refused once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailsim.protocols.imap._parse_responses import has_free_text
from mailsim.protocols.imap._tokens import LITERAL_AT_END, SyntaxProblem
from mailsim.protocols.imap.responses import Condition, Tagged
from mailsim.protocols.lines import LineBuffer

Refusal = Tagged | Condition
TAIL = 32
"""Octets of a skipped line that are remembered: enough to see a literal's count at its end."""


@dataclass(frozen=True, slots=True)
class Invited:
    """A synchronizing literal was announced and may come; the client waits for the continuation."""

    head: bytes
    octets: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A command that will not be parsed, and why."""

    head: bytes
    refusal: Refusal


class CommandReader:
    """The server's half. `admit(head, octets, synchronizing)` says None or why a literal may not come."""

    def __init__(
        self,
        line_limit: int,
        admit: Callable[[bytes, int, bool], Refusal | None],
        refuse_line: Callable[[bytes, str], Refusal],
    ) -> None:
        self.buffer = LineBuffer()
        self._line_limit, self._admit, self._refuse_line = line_limit, admit, refuse_line
        self._start_unit()

    def _start_unit(self) -> None:
        self._pieces: list[bytes] = []
        self._text_octets = 0
        self._literal: int | None = None
        self._unwanted = 0
        self._refusal: Refusal | None = None
        self._skipped_tail = b""

    @property
    def head(self) -> bytes:
        """The first line of the command that is being read."""
        return self._pieces[0] if self._pieces else b""

    def next(self) -> bytes | Invited | Rejected | None:
        """The next thing that is complete (a command without its last CRLF); None for more octets."""
        while True:
            if self._unwanted:
                self._unwanted -= len(self.buffer.take_up_to(self._unwanted))
                if self._unwanted:
                    return None
            if self._literal is not None:
                octets = self.buffer.take(self._literal)
                if octets is None:
                    return None
                self._pieces.append(octets)
                self._literal = None
            line = self.buffer.take_line()
            if line is None:
                self._watch_length()
                return None
            if not self._pieces and len(line) <= self._line_limit and line.endswith(b"\r\n") and line[-3:-2] != b"}":
                return line[:-2]  # nearly every command is one short line
            found = self._line(line)
            if found is not None:
                return found

    def _watch_length(self) -> None:
        """An unfinished line beyond the limit is thrown away as it comes."""
        if self._text_octets + len(self.buffer) <= self._line_limit:
            return
        begun = self.buffer.take_up_to(len(self.buffer))
        if not self._pieces:
            self._pieces.append(begun[: self._line_limit])
        self._skipped_tail = (self._skipped_tail + begun)[-TAIL:]
        self._text_octets = self._line_limit
        if self._refusal is None:
            self._refusal = self._refuse_line(self.head, "Command line too long")

    def _line(self, line: bytes) -> bytes | Invited | Rejected | None:
        self._text_octets += len(line)
        if self._refusal is None:
            if not self._pieces and self._text_octets > self._line_limit:
                self._pieces.append(line[: self._line_limit])
            else:
                self._pieces.append(line)
            if self._text_octets > self._line_limit:
                self._refusal = self._refuse_line(self.head, "Command line too long")
            elif not line.endswith(b"\r\n"):
                self._refusal = self._refuse_line(self.head, "Lines must end with CR LF")
        literal = LITERAL_AT_END.search(self._skipped_tail + line[-TAIL:])
        self._skipped_tail = b""
        if literal is None:
            return self._finish()
        return self._announced(int(literal[1]), not literal[2])

    def _announced(self, octets: int, synchronizing: bool) -> Invited | Rejected | None:
        if self._refusal is None:
            self._refusal = self._admit(self.head, octets, synchronizing)
        if self._refusal is None:
            self._literal = octets
            return Invited(self.head, octets) if synchronizing else None
        if synchronizing:  # it is not sent before it is invited: the command ends here
            return self._reject(self._refusal)
        self._unwanted = octets
        return None

    def _finish(self) -> bytes | Rejected:
        if self._refusal is not None:
            return self._reject(self._refusal)
        data = b"".join(self._pieces)[:-2]
        self._start_unit()
        return data

    def _reject(self, refusal: Refusal) -> Rejected:
        head = self.head
        self._start_unit()
        return Rejected(head, refusal)


class ResponseReader:
    """The client's half: everything is welcome, within limits."""

    def __init__(self, line_limit: int, literal_limit: int) -> None:
        self.buffer = LineBuffer()
        self._line_limit, self._literal_limit = line_limit, literal_limit
        self._pieces: list[bytes] = []
        self._text_octets = 0
        self._literal_octets = 0
        self._literal: int | None = None

    def next(self) -> bytes | None:
        """The next complete response without its last CRLF; raises SyntaxProblem beyond the limits."""
        while True:
            if self._literal is not None:
                octets = self.buffer.take(self._literal)
                if octets is None:
                    return None
                self._pieces.append(octets)
                self._literal = None
            line = self.buffer.take_line()
            if line is None:
                if self._text_octets + len(self.buffer) > self._line_limit:
                    raise SyntaxProblem("response line too long")
                return None
            self._line(line)
            if self._literal is None:
                return self._finish()

    def _line(self, line: bytes) -> None:
        self._text_octets += len(line)
        if self._text_octets > self._line_limit:
            raise SyntaxProblem("response line too long")
        if not line.endswith(b"\r\n"):
            raise SyntaxProblem("response line without CR LF")
        free_text = not self._pieces and has_free_text(line)
        self._pieces.append(line)
        literal = None if free_text else LITERAL_AT_END.search(line[-TAIL:])
        if literal is not None and not literal[2]:
            self._literal = int(literal[1])
            self._literal_octets += self._literal
            if self._literal_octets > self._literal_limit:
                raise SyntaxProblem("literal too large")

    def _finish(self) -> bytes:
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces, self._text_octets, self._literal_octets = [], 0, 0
        return data[:-2]
