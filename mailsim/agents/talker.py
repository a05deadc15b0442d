"""Somebody who types a protocol by hand: a telnet that sends what it is given and hands over what comes."""

from __future__ import annotations

from collections import deque
from typing import Literal

from mailsim.agents.operations import Close, Connect, Connection, ReceiveOrSignal, Send, Signal, StartTls
from mailsim.errors import ConnectionLost
from mailsim.protocols.overheard import OVERHEARD
from mailsim.protocols.pdu import Pdu, Raw

CONNECT_TIMEOUT_US = 30_000_000
TLS_TIMEOUT_US = 30_000_000
CRLF = b"\r\n"


class Talker:
    """One connection of somebody who types.

    Attributes:
        typed: has to be raised after `type` or `hang_up`, so that the script notices.
        connection: None until it is open. problem: what ended or prevented it, None if nothing did.
        is_over: whether nothing more can be said.
    """

    def __init__(
        self, address: str, port: int, protocol: str, server_name: str = "", is_implicit: bool = False
    ) -> None:
        self.address, self.port, self.protocol = address, port, protocol
        self.server_name, self.is_implicit = server_name, is_implicit
        self.typed = Signal()
        self.connection: Connection | None = None
        self.problem: ConnectionLost | None = None
        self.is_over = False
        self._overheard = OVERHEARD[protocol]()
        self._ready: deque[Pdu] = deque()
        self._hangs_up = False
        self._wants_tls = b""

    @property
    def unfinished(self) -> bytes:
        """What was typed of a mail, literal or chunk whose end has not come."""
        return self._overheard.unfinished

    @property
    def octets_due(self) -> int:
        """How many octets of a literal or chunk are still to come."""
        return self._overheard.octets_due

    def type(self, line: bytes) -> None:
        """Type a line, without its end. The lines of a mail go off together, when its dot has been typed."""
        self._ready += (piece.pdu for piece in self._overheard.client(line + CRLF) if piece.pdu is not None)

    def hang_up(self) -> None:
        """Say what was begun, and close."""
        if self.unfinished:
            self._ready.append(Raw(self.unfinished))
        self._hangs_up = True

    async def run(self) -> None:
        """The script."""
        try:
            self.connection = await Connect(self.address, self.port, CONNECT_TIMEOUT_US)
            if self.is_implicit:
                await self._secure(self.connection, "implicit")
            await self._talk(self.connection)
        except ConnectionLost as lost:
            self.problem = lost
        self.is_over = True
        if self.connection is not None:
            await Close(self.connection)

    async def _talk(self, connection: Connection) -> None:
        while True:
            data = await ReceiveOrSignal(connection, self.typed)
            if data is None:
                await self._send(connection)
                if self._hangs_up:
                    return
            elif data:
                self._overheard.server(data)
                if self._wants_tls:
                    await self._answered(connection, data)
            else:
                return

    async def _send(self, connection: Connection) -> None:
        while self._ready:
            pdu = self._ready.popleft()
            self._wants_tls = _wish_for_tls(pdu, self.protocol)
            await Send(connection, self.protocol, [pdu])

    async def _answered(self, connection: Connection, data: bytes) -> None:
        """The answer to STARTTLS: if it is yes, the next thing is a handshake."""
        is_yes = data.upper().startswith(self._wants_tls.upper())
        self._wants_tls = b""
        if is_yes:
            await self._secure(connection, "starttls")

    async def _secure(self, connection: Connection, mode: Literal["implicit", "starttls"]) -> None:
        await StartTls(connection, mode, TLS_TIMEOUT_US, self.server_name)
        self._overheard = OVERHEARD[self.protocol]()


def _wish_for_tls(pdu: Pdu, protocol: str) -> bytes:
    """How a yes begins, if this asks for TLS (RFC 3207, RFC 9051 section 6.2.1, RFC 2595 section 4)."""
    words = str(pdu).upper().split()
    match protocol:
        case "imap" if words[1:] == ["STARTTLS"]:
            return f"{words[0]} OK".encode()
        case "pop" if words == ["STLS"]:
            return b"+OK"
        case "smtp" | "lmtp" if words == ["STARTTLS"]:
            return b"220"
    return b""
