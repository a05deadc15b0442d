"""The TCP of one host: its listeners, its connections, and what it answers to everybody else."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from mailsim.agents.operations import Connection, Listener
from mailsim.errors import HostUnreachable
from mailsim.net.driver import BLOCKED, Task
from mailsim.net.endpoint import Endpoint
from mailsim.net.packets import TCP, FlyingSegment
from mailsim.trace.events import ACK, FIN, RST, SYN, Path, Segment

if TYPE_CHECKING:
    from mailsim.net.host import HostNode
    from mailsim.net.way import Way

FIRST_EPHEMERAL_PORT = 49152


class ListeningPort(Listener):
    """A port with connections that nobody has accepted yet, and scripts that wait for one."""

    __slots__ = ("backlog", "service", "waiting")

    def __init__(self, port: int, service: str) -> None:
        self.port, self.service = port, service
        self.backlog: deque[tuple[Connection, int]] = deque()
        self.waiting: deque[Task] = deque()


class Tcp:
    """The TCP of one host: its listeners and its connections."""

    __slots__ = ("_clock", "_next_port", "connections", "host", "listeners")

    def __init__(self, host: HostNode) -> None:
        self.host, self._clock = host, host.network.clock
        self.listeners: dict[int, ListeningPort] = {}
        self.connections: dict[tuple[str, int, int], Endpoint] = {}
        self._next_port = FIRST_EPHEMERAL_PORT

    def listen(self, port: int, service: str = "") -> ListeningPort:
        """Start to listen on behalf of a service. Raises: ValueError when the port is taken."""
        if port in self.listeners:
            raise ValueError(f"{self.host.name}: port {port} is already in use")
        listener = self.listeners[port] = ListeningPort(port, service)
        return listener

    def stop_listening(self, port: int) -> None:
        """The service on this port stops; connections that are open stay."""
        self.listeners.pop(port, None)

    def connect(self, task: Task, address: str, port: int, timeout_us: int) -> None:
        """Send a SYN; the task is resumed with the connection or an error."""
        host = self.host
        way = host.way_to(address)
        if way.source is None:
            raise HostUnreachable(f"{host.name} has no address of the family of {address}")
        source_port = self._free_port(address, port)
        path = Path(host.network.connection_id(), way.source, source_port, address, port, way.peer)
        endpoint = self.connections[address, port, source_port] = Endpoint(host, way, path, True, task.service)
        endpoint.open(task, timeout_us)

    def accept(self, task: Task, listener: Listener) -> Any:
        """The next connection of the listener, or wait for it."""
        assert isinstance(listener, ListeningPort)
        if listener.backlog:
            endpoint, cause = listener.backlog.popleft()
            task.causes = (cause,)
            return endpoint
        listener.waiting.append(task)
        return BLOCKED

    def offer(self, connection: Connection, cause: int) -> None:
        """A handshake is complete: give the connection to whoever accepts."""
        listener = self.listeners.get(connection.local_port)
        if listener is None:
            return
        if listener.waiting:
            listener.waiting.popleft().woken(cause, connection)
        else:
            listener.backlog.append((connection, cause))

    def arrived(self, segment: Segment) -> None:
        """A segment for this host has come."""
        self._clock.now_us = segment.arrives_at
        if self.host.is_troubled and self.host.keeps_out(segment):
            return
        endpoint = self.connections.get(segment.path.key)
        if endpoint is not None:
            endpoint.arrived(segment)
        elif segment.flags & (SYN | ACK) == SYN and segment.destination_port in self.listeners:
            self._welcome(segment)
        elif not segment.flags & RST:
            self.refuse(segment, *self._why_closed(segment))

    def _why_closed(self, segment: Segment) -> tuple[int, ...]:
        """The fault because of which nobody listens here."""
        stopped = self.host.closed_ports.get(segment.destination_port)
        return () if stopped is None else (stopped[1],)

    def _welcome(self, segment: Segment) -> None:
        path, way = self._back(segment)
        service = self.listeners[segment.destination_port].service
        endpoint = self.connections[segment.path.key] = Endpoint(self.host, way, path, False, service)
        endpoint.welcome(segment)

    def _back(self, segment: Segment) -> tuple[Path, Way]:
        """Where an answer to a segment goes."""
        way, path = self.host.way_to(segment.source), segment.path
        here, there = (path.destination, path.destination_port), (path.source, path.source_port)
        return Path(path.conn, *here, *there, way.peer), way

    def refuse(self, segment: Segment, *because: int) -> None:
        """Nothing here wants this segment: RST (RFC 9293 section 3.5.2); `because` are faults that did it."""
        length = len(segment.payload) + (1 if segment.flags & (SYN | FIN) else 0)
        has_ack = segment.flags & ACK
        back, way = self._back(segment)
        answer = FlyingSegment(
            back,
            b"",
            RST if has_ack else RST | ACK,
            segment.acknowledgment if has_ack else 0,
            0 if has_ack else (segment.sequence + length) & 0xFFFFFFFF,
            0,
            0,
            False,
        )
        way.send(answer, tuple(sorted((segment.seq, *because))), TCP)

    def vanish(self) -> None:
        """The host has lost its power: whoever was connected will find out alone."""
        for endpoint in list(self.connections.values()):
            endpoint.vanish()
        self.connections.clear()
        self.listeners.clear()

    def close_service(self, service: str, seq: int) -> list[int]:
        """The programs of a service are dead (event `seq`): close what was theirs; gives the ports they listened on."""
        ports = [port for port, listener in self.listeners.items() if listener.service == service]
        for port in ports:
            del self.listeners[port]
        for endpoint in [endpoint for endpoint in self.connections.values() if endpoint.service == service]:
            endpoint.abandon(seq)
        return ports

    def forget(self, connection: Connection) -> None:
        """The connection is over."""
        self.connections.pop((connection.peer_address, connection.peer_port, connection.local_port), None)

    def _free_port(self, address: str, port: int) -> int:
        """The next ephemeral port that is not in use towards this peer (RFC 6335 section 6 range)."""
        for _ in range(65536 - FIRST_EPHEMERAL_PORT):
            candidate = self._next_port
            self._next_port = candidate + 1 if candidate < 65535 else FIRST_EPHEMERAL_PORT
            if (address, port, candidate) not in self.connections:
                return candidate
        raise HostUnreachable(f"{self.host.name} has no free port towards {address}")
