"""UDP (RFC 768): datagrams that arrive whole or not at all."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from mailsim.agents.operations import Arrived, SendDatagram, Socket
from mailsim.errors import HostUnreachable
from mailsim.net.driver import BLOCKED, Task
from mailsim.net.packets import UDP, FlyingDatagram
from mailsim.net.tcp import FIRST_EPHEMERAL_PORT
from mailsim.trace.events import Datagram, Path, Said

if TYPE_CHECKING:
    from mailsim.net.host import HostNode


class Port(Socket):
    """A UDP port of a host: what has come and nobody took, and who waits for it."""

    __slots__ = ("inbox", "reader", "service")

    def __init__(self, name: str, port: int, service: str) -> None:
        self.id, self.port, self.service = name, port, service
        self.inbox: deque[Datagram] = deque()
        self.reader: Task | None = None


class Udp:
    """The UDP of one host."""

    __slots__ = ("_clock", "_next_port", "host", "ports")

    def __init__(self, host: HostNode) -> None:
        self.host, self._clock = host, host.network.clock
        self.ports: dict[int, Port] = {}
        self._next_port = FIRST_EPHEMERAL_PORT

    def open(self, port: int, service: str = "") -> Port:
        """Open a port on behalf of a service; 0 takes the next free one. Raises: ValueError when it is taken."""
        if port == 0:
            while self._next_port in self.ports:
                self._advance()
            port = self._next_port
            self._advance()
        if port in self.ports:
            raise ValueError(f"{self.host.name}: UDP port {port} is already in use")
        opened = self.ports[port] = Port(self.host.network.socket_id(), port, service)
        return opened

    def _advance(self) -> None:
        self._next_port = self._next_port + 1 if self._next_port < 65535 else FIRST_EPHEMERAL_PORT

    def close(self, socket: Socket) -> None:
        """Give the port back."""
        if self.ports.pop(socket.port, None) is not None and socket.port >= FIRST_EPHEMERAL_PORT:
            self.host.network.flows.forget(self.host.name, socket.port)

    def vanish(self) -> None:
        """The host has lost its power."""
        for port in list(self.ports.values()):
            self.close(port)

    def close_service(self, service: str) -> None:
        """The programs of a service are dead: give their ports back."""
        for port in [port for port in self.ports.values() if port.service == service]:
            self.close(port)

    def send(self, task: Task, operation: SendDatagram) -> int:
        """Send one datagram: an event for the PDU, and the datagram caused by it."""
        host, network, socket = self.host, self.host.network, operation.socket
        address = operation.address
        way = host.way_to(address)
        source, peer = way.source, way.peer
        if source is None:
            raise HostUnreachable(f"{host.name} has no address of the family of {address}")
        here, there = (host.name, socket.port), (peer or address, operation.port)
        flow, is_client = network.flows.find(here, there)
        recorder = network.recorder
        seq = recorder.next_seq
        recorder.next_seq = seq + 1
        if recorder.keep:
            port = operation.port if is_client else socket.port
            at, protocol, pdu = network.clock.now_us, operation.protocol, operation.pdu
            recorder.events.append(
                Said(seq, at, host.name, task.causes, flow, peer, protocol, port, is_client, False, pdu)
            )
        task.causes = causes = (seq,)
        data = operation.pdu.to_bytes()
        path = Path(flow, source, socket.port, address, operation.port, peer)
        way.send(FlyingDatagram(path, data), causes, UDP + len(data))
        return seq

    def receive(self, task: Task, socket: Socket, timeout_us: int | None) -> Any:
        """The next datagram, or wait for it."""
        assert isinstance(socket, Port)
        if socket.inbox:
            datagram = socket.inbox.popleft()
            task.also_because_of(datagram.seq)
            return Arrived(datagram.payload, datagram.source, datagram.source_port)
        socket.reader = task

        def too_late() -> None:
            socket.reader = None
            task.also_because_of(self.host.network.why_silent(self.host.name, socket.port))
            task.give_up(socket.id)

        if timeout_us is not None:
            task.patience(timeout_us, too_late)
        return BLOCKED

    def arrived(self, datagram: Datagram) -> None:
        """A datagram for this host has come."""
        self._clock.now_us = datagram.arrives_at
        if self.host.is_troubled and self.host.keeps_out(datagram):
            return
        port = self.ports.get(datagram.destination_port)
        if port is None:
            self.host.drop(datagram, "no-listener")
        elif port.reader is not None:
            reader, port.reader = port.reader, None
            reader.woken(datagram.seq, Arrived(datagram.payload, datagram.source, datagram.source_port))
        else:
            port.inbox.append(datagram)


class Flows:
    """Names for UDP conversations (`u1`, `u2`, ...): the same on both sides, client is who spoke first."""

    __slots__ = ("_count", "_names")

    def __init__(self) -> None:
        self._names: dict[tuple[str, int], dict[tuple[str, int], str]] = {}
        self._count = 0

    def find(self, here: tuple[str, int], there: tuple[str, int]) -> tuple[str, bool]:
        """The name of the conversation between two (host, port) pairs, and whether `here` began it."""
        name = self._names.get(here, {}).get(there)
        if name is not None:
            return name, True
        name = self._names.get(there, {}).get(here)
        if name is not None:
            return name, False
        self._count += 1
        name = self._names.setdefault(here, {})[there] = f"u{self._count}"
        return name, True

    def names(self, host: str, port: int) -> list[str]:
        """The conversations that a port has begun."""
        return list(self._names.get((host, port), {}).values())

    def forget(self, host: str, port: int) -> None:
        """The port was closed: its conversations are over."""
        self._names.pop((host, port), None)
