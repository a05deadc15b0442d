"""One real program's connection: a loopback socket on this side, a simulated TCP connection on the other.

Bytes are carried, never changed; those of TLS too, and the simulated server at the far end decrypts them. When the run
is recorded, an `Ear` writes what the program says into the trace.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from typing import TYPE_CHECKING, cast

from mailsim.agents.operations import Close, Connect, Receive
from mailsim.errors import ConnectionLost
from mailsim.live.doors import Door
from mailsim.net.driver import Task
from mailsim.net.endpoint import Endpoint
from mailsim.net.sending import NUMBERS

if TYPE_CHECKING:
    from mailsim.live.ear import Ear
    from mailsim.live.gateway import Gateway

CONNECT_TIMEOUT_US = 60_000_000
RESET_ON_CLOSE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class Visit(asyncio.Protocol):
    """A connection from a real program; the gateway makes one for each."""

    def __init__(self, gateway: Gateway, door: Door) -> None:
        self.gateway, self.door = gateway, door
        self.transport: asyncio.Transport | None = None
        self.endpoint: Endpoint | None = None
        self.task: Task | None = None
        self.ear: Ear | None = None
        self.last_at = time.monotonic()
        self._early: list[bytes] = []
        self._out: list[bytes] = []
        self._server: Endpoint | None = None
        self._octets = self._given = 0
        self._has_ended = self._is_full = self._is_paused = False
        self._first_sequence = 0

    # --- the real side ----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if not peer or not self.gateway.admit(self):
            self.transport.abort()
            return
        node = self.gateway.network.hosts[self.door.node]
        address = self.door.address_for(str(peer[0]), node.addresses)
        self.task = self.gateway.start(node, f"visit of {self.door.service}", self._carry(address))

    def data_received(self, data: bytes) -> None:
        self.last_at = time.monotonic()
        if not self._count(len(data)):
            return
        if self.endpoint is None:
            self._early.append(data)
            self._hold(sum(map(len, self._early)) > self.gateway.limits.backlog)
            return
        self.gateway.pace.catch_up()
        self._pass_on(data)
        self.gateway.pace.soon()
        self.check_backlog()

    def eof_received(self) -> bool:
        self._has_ended = True
        if self.endpoint is not None:
            self.gateway.pace.catch_up()
            self._finish()
            self.gateway.pace.soon()
        return True

    def pause_writing(self) -> None:
        """The program does not read what it asked for, so it may not ask for more."""
        self._is_full = True
        self.check_backlog()

    def resume_writing(self) -> None:
        self._is_full = False
        self.check_backlog()

    def connection_lost(self, error: Exception | None) -> None:
        self.gateway.forget(self)
        if self.ear is not None:
            self.ear.close()
        task, self.task = self.task, None
        if task is None or task.script is None:
            return
        self.gateway.pace.catch_up()
        if self.endpoint is not None:
            if error is None:
                self.endpoint.close(task)
            else:
                self.endpoint.abort(task)
        task.kill()
        self.gateway.pace.soon()

    # --- the simulated side -------------------------------------------------------------------------

    async def _carry(self, address: str) -> None:
        """The script of this visit in the simulated world: connect, and carry what the server says."""
        try:
            connection = await Connect(address, self.door.inner_port, CONNECT_TIMEOUT_US)
        except ConnectionLost:
            self.hang_up()
            return
        assert isinstance(connection, Endpoint)
        self._opened(connection)
        try:
            while data := await Receive(connection):
                self._deliver(data)
        except ConnectionLost:
            self.hang_up()
            return
        self.gateway.has_news(self, closes=True)
        await Close(connection)

    def _opened(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._first_sequence = endpoint.send_next
        self._server = endpoint.other
        if self.gateway.is_recorded and self._server is not None:
            from mailsim.live.ear import Ear

            self.ear = self._server.ear = Ear(endpoint, self.door.protocol)
        early, self._early = self._early, []
        for data in early:
            self._pass_on(data)
        if self._has_ended:
            self._finish()
        self._hold(False)

    def _deliver(self, data: bytes) -> None:
        """Bytes of the server, for the real program."""
        if self.ear is not None and not self._is_encrypted:
            self.ear.hear_server(data)
        self._out.append(data)
        self.gateway.has_news(self)

    def _pass_on(self, data: bytes) -> None:
        """Bytes of the real program, for the server."""
        endpoint, task = self.endpoint, self.task
        if endpoint is None or task is None or not endpoint.is_open:
            return
        self._given += len(data)
        causes = task.causes
        if self.ear is not None and not self._is_encrypted:
            data, causes = self.ear.hear_client(data, causes)
            task.causes = causes[-1:]
        if data:
            endpoint.write(data, causes)

    @property
    def _is_encrypted(self) -> bool:
        """Whether the server has begun TLS, so that the bytes say nothing here."""
        return self._server is not None and self._server.layer is not None

    def _finish(self) -> None:
        if self.endpoint is not None and self.task is not None:
            self.endpoint.finish(self.task)

    # --- bounds ---------------------------------------------------------------------------------------

    def check_backlog(self) -> None:
        """Let the real program send only while there is room."""
        if self.endpoint is None:
            return
        arrived = (self.endpoint.send_unacknowledged - self._first_sequence) & NUMBERS
        self._hold(self._is_full or self._given - arrived > self.gateway.limits.backlog)

    def _hold(self, is_too_much: bool) -> None:
        if self.transport is None or is_too_much == self._is_paused or self.transport.is_closing():
            return
        self._is_paused = is_too_much
        if is_too_much:
            self.transport.pause_reading()
            self.gateway.held.add(self)
        else:
            self.transport.resume_reading()
            self.gateway.held.discard(self)

    def _count(self, octets: int) -> bool:
        self._octets += octets
        self.gateway.octets += octets
        if self._octets > self.gateway.limits.octets:
            self.hang_up()
            return False
        return True

    # --- the end --------------------------------------------------------------------------------------

    @property
    def is_served(self) -> bool:
        """Whether something may still come from the server."""
        return self.task is not None and self.task.script is not None

    def dismiss(self) -> None:
        """The gateway closes: let the server say its last word."""
        if self._server is not None:
            self._server.end_service()

    def flush(self, closes: bool) -> None:
        """Give the real program what has come for it; close when nothing more will."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if self._out:
            data = b"".join(self._out)
            self._out.clear()
            self.last_at = time.monotonic()
            if not self._count(len(data)):
                return
            transport.write(data)
            if transport.get_write_buffer_size() > self.gateway.limits.unsent:
                self.hang_up()
                return
        if closes:
            transport.close()

    def hang_up(self) -> None:
        """Throw the connection away: RST for the real program, and for the server."""
        transport = self.transport
        if transport is None:
            return
        link = transport.get_extra_info("socket")
        if link is not None:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        transport.abort()
