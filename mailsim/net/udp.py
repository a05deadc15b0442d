"""UDP (RFC 768): datagrams that arrive whole or not at all."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from mailsim.agents.operations import Arrived, ReceiveDatagram, SendDatagram, Socket
from mailsim.errors import HostUnreachable
from mailsim.net.driver import BLOCKED, Task
from mailsim.net.packets import UDP, FlyingDatagram
from mailsim.net.tcp import FIRST_EPHEMERAL_PORT
from mailsim.trace.events import Datagram, Path, Said

if TYPE_CHECKING:
    from mailsim.net.host import HostNode


class Port(Socket):
    """A UDP port of a host.

    Attributes:
        inbox: what has come and nobody took. reader: who waits for it.
        flows: names (`u1`, ...) of the conversations that it began, by the name (or address) and port of the other end.
    """

    __slots__ = ("flows", "inbox", "reader", "service")

    def __init__(self, name: str, port: int, service: str) -> None:
        self.id, self.port, self.service = name, port, service
        self.inbox: deque[Datagram] = deque()
        self.reader: Task | None = None
        self.flows: dict[tuple[str, int], str] = {}


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
        self.ports.pop(socket.port, None)

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
        host, address, port = self.host, operation.address, operation.port
        socket: Any = operation.socket
        our_port = socket.port
        way = host.way_to(address)
        source, peer = way.source, way.peer
        if source is None:
            raise HostUnreachable(f"{host.name} has no address of the family of {address}")
        begun = self._begun_by(peer, port, our_port)
        flow = begun or self._flow_from(socket, peer or address, port)
        recorder = host.network.recorder
        seq = recorder.next_seq
        recorder.next_seq = seq + 1
        pdu = operation.pdu
        if recorder.keep:
            at, is_client = self._clock.now_us, begun is None
            server_port = port if is_client else our_port
            place = (flow, peer, operation.protocol, server_port, is_client, False)
            recorder.events.append(Said(seq, at, host.name, task.causes, *place, pdu))
        task.causes = causes = (seq,)
        data = pdu.to_bytes()
        path = Path(flow, source, our_port, address, port, peer)
        way.send(FlyingDatagram(path, data), causes, UDP + len(data))
        return seq

    def _flow_from(self, socket: Port, peer: str, port: int) -> str:
        """The name of a conversation that we have begun, or begin now."""
        flow = socket.flows.get((peer, port))
        if flow is None:
            flow = socket.flows[peer, port] = self.host.network.flow_id()
        return flow

    def _begun_by(self, peer: str, port: int, our_port: int) -> str | None:
        """The name of a conversation that the other end has begun."""
        host = self.host.network.hosts.get(peer)
        far = host.udp.ports.get(port) if host is not None else None
        return far.flows.get((self.host.name, our_port)) if far is not None else None

    def _why_silent(self, socket: Port) -> int:
        """The last loss, by a fault, of a datagram that this port has sent; -1 when there was none."""
        silenced = self.host.network.silenced
        return max((silenced.pop(flow, -1) for flow in socket.flows.values()), default=-1)

    def receive(self, task: Task, operation: ReceiveDatagram) -> Any:
        """The next datagram, or wait for it."""
        socket: Any = operation.socket
        if socket.inbox:
            datagram = socket.inbox.popleft()
            task.also_because_of(datagram.seq)
            return _arrived(datagram)
        socket.reader = task
        if operation.timeout_us is not None:
            task.patience(operation.timeout_us, partial(self._give_up, task, socket))
        return BLOCKED

    def _give_up(self, task: Task, socket: Port) -> None:
        socket.reader = None
        task.also_because_of(self._why_silent(socket))
        task.give_up(socket.id)

    def arrived(self, datagram: Datagram) -> None:
        """A datagram for this host has come."""
        self._clock.now_us = datagram.arrives_at
        if self.host.is_troubled and self.host.keeps_out(datagram):
            return
        port = self.ports.get(datagram.path.destination_port)
        if port is None:
            self.host.drop(datagram, "no-listener")
        elif port.reader is not None:
            reader, port.reader = port.reader, None
            reader.woken(datagram.seq, _arrived(datagram))
        else:
            port.inbox.append(datagram)


def _arrived(datagram: Datagram) -> Arrived:
    """What a script is told of a datagram."""
    path = datagram.path
    return Arrived(datagram.payload, path.source, path.source_port)
