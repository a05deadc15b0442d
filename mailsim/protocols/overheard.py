"""Cuts what a program says on a connection into commands and contents, by listening to both sides.

A simulated agent hands over typed commands one by one; of a real program there are only bytes, in any pieces. To
know what they are one has to listen to the answers too: the lines after DATA are a message only once the server has
said 354 (RFC 5321 section 4.1.1.4), a literal of IMAP comes only when it was invited (RFC 3501 section 4.3), the line
after a challenge is no command (RFC 4422 section 4). Nothing is judged here, and but for DNS nothing is held back: each
byte comes out in the piece that it belongs to, and the piece tells what it is once its end has come.

    overheard = SmtpOverheard()
    overheard.client(b"EHLO a.exa")      # [Piece(b"EHLO a.exa", True, None)]
    overheard.client(b"mple\\r\\nMAIL")  # [Piece(b"mple\\r\\n", False, Raw(...)), Piece(b"MAIL", True, None)]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailsim.mail.identity import message_key
from mailsim.protocols.dns import Frames, Query
from mailsim.protocols.lines import LineBuffer
from mailsim.protocols.pdu import Json, Pdu, Plain, Raw, printable
from mailsim.protocols.smtp.content import END, Content

LONGEST_KEPT = 64 * 1024 * 1024
"""Of something longer the trace keeps the beginning."""
LONGEST_REPLY_LINE = 65536


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of one command or content; `begins` with its first, `pdu` with its last (before that None)."""

    data: bytes
    begins: bool
    pdu: Pdu | None


class Overheard:
    """What all protocols have in common; subclasses say where a command ends and what a reply changes.

    A subclass overrides `_line` and `_reply`, and sets `_octets` for bytes that are counted.
    """

    def __init__(self) -> None:
        self._kept = bytearray()
        self._begins = True
        self._octets = 0
        self._replies = LineBuffer()

    def client(self, data: bytes) -> list[Piece]:
        """What the client has said, in pieces; together they are `data`."""
        pieces: list[Piece] = []
        start = 0
        while start < len(data):
            stop, ends = self._cut(data, start)
            chunk = data[start:stop]
            if len(self._kept) < LONGEST_KEPT:
                self._kept += chunk
            pdu = self._finished() if ends else None
            pieces.append(Piece(chunk, self._begins, pdu))
            self._begins = ends
            start = stop
        return pieces

    @property
    def unfinished(self) -> bytes:
        """What was said of a command whose end has not come."""
        return bytes(self._kept)

    @property
    def octets_due(self) -> int:
        """How many octets of a literal or chunk are still to come."""
        return self._octets

    def server(self, data: bytes) -> None:
        """What the server has said."""
        self._replies.feed(data)
        while (line := self._replies.take_line()) is not None:
            self._reply(line)
        if len(self._replies) > LONGEST_REPLY_LINE:
            self._replies.clear()

    def _cut(self, data: bytes, start: int) -> tuple[int, bool]:
        """Where the piece that begins at `start` stops, and whether the command ends there."""
        if self._octets:
            stop = min(start + self._octets, len(data))
            self._octets -= stop - start
            return stop, self._octets == 0 and self._counted()
        end = data.find(b"\n", start) + 1
        if not end:
            return len(data), False
        return end, self._line_goes_on(bytes(self._kept[-1024:]) + data[max(start, end - 1024) : end])

    def _line_goes_on(self, line: bytes) -> bool:  # noqa: ARG002
        """Whether the command ends with this line (its last octets)."""
        return True

    def _counted(self) -> bool:
        """Whether the command ends with the counted octets."""
        return True

    def _finished(self) -> Pdu:
        data, self._kept = bytes(self._kept), bytearray()
        return self._pdu(data)

    def _pdu(self, data: bytes) -> Pdu:
        return Raw(data)

    def _reply(self, line: bytes) -> None:
        """A line of the server."""


class SmtpOverheard(Overheard):
    """SMTP and LMTP: commands, lines of AUTH, the content after 354, chunks after BDAT (RFC 3030)."""

    def __init__(self) -> None:
        super().__init__()
        self._is_content = self._is_response = False
        self._tail = b""
        self._chunk = 0

    def _cut(self, data: bytes, start: int) -> tuple[int, bool]:
        if not self._is_content:
            return super()._cut(data, start)
        tail = self._tail
        across = (tail + data[start : start + len(END)]).find(END)
        found = data.find(END, start) if across < 0 else start + across - len(tail)
        if across >= 0 or found >= 0:
            return found + len(END), True
        self._tail = (tail + data[start:])[-len(END) + 1 :]
        return len(data), False

    def _pdu(self, data: bytes) -> Pdu:
        if self._is_content:
            self._is_content = False
            content = data.removesuffix(b".\r\n")
            content = content.replace(b"\r\n.", b"\r\n").removeprefix(b".")
            return Content(content, message_key(content))
        if self._chunk:
            self._chunk = 0
            return Plain("data", data, f"({len(data)} octets)", {"msg": "", "bytes_content": len(data)}, data)
        if self._is_response:
            self._is_response = False
            return response(data)
        words = data.split()
        if len(words) >= 2 and words[0].upper() == b"BDAT" and words[1].isdigit() and len(words[1]) < 12:
            self._octets = self._chunk = int(words[1])
        return Raw(data)

    def _reply(self, line: bytes) -> None:
        if line.startswith(b"354"):
            self._is_content, self._tail = self._begins, b"\r\n"
        elif line.startswith(b"334"):
            self._is_response = True
        elif line[:1] in (b"2", b"5"):
            self._is_response = False


class Pop3Overheard(Overheard):
    """POP3: commands and lines of AUTH (RFC 5034)."""

    def __init__(self) -> None:
        super().__init__()
        self._is_response = False

    def _pdu(self, data: bytes) -> Pdu:
        if self._is_response:
            self._is_response = False
            return response(data)
        return Raw(data)

    def _reply(self, line: bytes) -> None:
        self._is_response = line.startswith(b"+ ")


_LITERAL: Final = re.compile(rb"\{(\d{1,10})(\+?)\}\r?\n\Z")


class ImapOverheard(Overheard):
    """IMAP: commands with their literals, lines of AUTHENTICATE, DONE.

    An uninvited literal (RFC 7888) belongs to its command; one that is waited for is a piece of its own.
    """

    def __init__(self) -> None:
        super().__init__()
        self._tag = ""
        self._literal = 0
        self._is_more = self._is_sasl = self._invited = False

    def _line_goes_on(self, line: bytes) -> bool:
        found = _LITERAL.search(line)
        if found is None:
            return True
        size = int(found[1])
        if found[2]:
            self._octets = size
            return False
        self._literal = size
        return True

    def _counted(self) -> bool:
        return False  # what stands behind a literal, if only the line's end, is part of the command

    def _pdu(self, data: bytes) -> Pdu:
        if self._is_more:
            self._is_more = self._literal > 0
            return Plain("data", data, f"({len(data)} octets)", {"tag": self._tag, "bytes": len(data)}, data)
        if self._is_sasl and self._invited:
            self._invited = False
            return response(data, tag="")
        return self._command(data)

    def _command(self, data: bytes) -> Pdu:
        text = printable(data.partition(b"\r\n")[0].rstrip(b"\n"))
        tag, _, rest = text.partition(" ")
        verb, _, argument = rest.partition(" ")
        if text.upper() == "DONE":
            return Plain("cmd", data, text, {"tag": "", "verb": "DONE", "arg": ""})
        verb = verb.upper()
        if verb == "UID":
            second, _, argument = argument.partition(" ")
            verb = f"UID {second.upper()}"
        self._tag, self._is_sasl, self._invited = tag, verb == "AUTHENTICATE", False
        return Plain("cmd", data, text, {"tag": tag, "verb": verb, "arg": argument})

    def _reply(self, line: bytes) -> None:
        if line.startswith(b"+"):
            self._invited = True
            if self._literal:
                self._octets, self._literal, self._is_more = self._literal, 0, True
        elif self._tag and line.startswith(self._tag.encode() + b" "):
            self._literal, self._is_more, self._is_sasl = 0, False, False


class DnsOverheard(Overheard):
    """DNS over TCP: messages with their length in front (RFC 1035 section 4.2.2)."""

    def __init__(self) -> None:
        super().__init__()
        self._frames = Frames()

    def client(self, data: bytes) -> list[Piece]:
        """Each message as a piece of its own, when its last byte has come."""
        pieces: list[Piece] = []
        self._frames.receive(data)
        while (wire := self._frames.next_message()) is not None:
            pieces.append(Piece(len(wire).to_bytes(2, "big") + wire, True, Query(wire, framed=True)))
        return pieces

    def server(self, data: bytes) -> None:
        """Nothing that a server says changes what a client's message is."""


def response(data: bytes, **fields: Json) -> Pdu:
    """A client's line inside a SASL exchange: no verb (RFC 4422 section 4)."""
    text = printable(data.rstrip(b"\r\n"))
    values: Mapping[str, Json] = {**fields, "verb": "", "arg": text}
    return Plain("cmd", data, text, values)


OVERHEARD: Final[Mapping[str, type[Overheard]]] = {
    "smtp": SmtpOverheard,
    "lmtp": SmtpOverheard,
    "imap": ImapOverheard,
    "pop": Pop3Overheard,
    "dns": DnsOverheard,
}
"""By the protocol's name in the trace."""
