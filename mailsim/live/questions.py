"""DNS over UDP: each real client has a port of its own on the simulated node, and answers find their way back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from mailsim.agents.operations import CloseSocket, OpenSocket, ReceiveDatagram, SendDatagram
from mailsim.errors import ConnectionLost
from mailsim.live.doors import Door
from mailsim.protocols.dns import Query

if TYPE_CHECKING:
    from mailsim.live.gateway import Gateway

PATIENCE_US = 15_000_000
"""How long a simulated resolver may take; real clients have given up before."""
SHORTEST_QUERY = 12


class Questions(asyncio.DatagramProtocol):
    """The UDP port of a door."""

    def __init__(self, gateway: Gateway, door: Door) -> None:
        self.gateway, self.door = gateway, door
        self.transport: asyncio.DatagramTransport | None = None
        self._waiting = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)  # no subclass of it on every event loop

    def datagram_received(self, data: bytes, address: tuple[Any, ...]) -> None:
        """A question of a real client; what is too short to be one has no id to answer to."""
        if len(data) < SHORTEST_QUERY or self._waiting >= self.gateway.limits.asking:
            return
        node = self.gateway.network.hosts[self.door.node]
        server = self.door.address_for(str(address[0]), node.addresses)
        self._waiting += 1
        self.gateway.start(node, "visit of dns", self._ask(data, server, address))

    def error_received(self, error: Exception) -> None:
        """A client that asked and went away; there is nothing to do."""

    async def _ask(self, data: bytes, server: str, client: tuple[Any, ...]) -> None:
        socket = await OpenSocket()
        try:
            await SendDatagram(socket, server, self.door.inner_port, "dns", Query(data, server))
            while True:
                answer = await ReceiveDatagram(socket, PATIENCE_US)
                if answer.address == server and answer.data[:2] == data[:2]:
                    break
            if self.transport is not None and not self.transport.is_closing():
                self.transport.sendto(answer.data, client)
        except ConnectionLost:
            pass
        finally:
            self._waiting -= 1
        await CloseSocket(socket)
