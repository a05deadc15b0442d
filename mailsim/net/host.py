"""A host on the simulated network: its addresses, its TCP and UDP, its scripts, and what its firewall does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from simpy.events import NORMAL

from mailsim.net.link import Route
from mailsim.net.packets import FlyingDatagram, FlyingSegment
from mailsim.net.tcp import Tcp
from mailsim.net.udp import Udp
from mailsim.trace.events import ACK, LOST, SYN, Packet, Segment
from mailsim.trace.facts import PacketDropped

if TYPE_CHECKING:
    from mailsim.net.driver import Task
    from mailsim.net.network import Network

LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")


Arrivals: TypeAlias = "dict[type[Packet], list[Callable[[Any], None]]]"


class Way:
    """How packets get to a destination, and what SimPy calls when they are there."""

    __slots__ = ("arrivals", "travel")

    def __init__(self, route: Route, arrivals: Arrivals) -> None:
        self.travel, self.arrivals = route.travel, arrivals


class HostNode:
    """A host.

    Attributes:
        addresses: IP addresses as text, IPv4 and IPv6, in order of preference.
        is_down: whether it is cut off: what comes is lost, and nothing goes out.
        filtered, refused: ports whose traffic is silently dropped, or answered with RST; None means every port.
    """

    __slots__ = (
        "_arrivals",
        "_clock",
        "_recorder",
        "_ways",
        "addresses",
        "filtered",
        "is_down",
        "name",
        "network",
        "refused",
        "tasks",
        "tcp",
        "udp",
    )

    def __init__(self, network: Network, name: str, addresses: Sequence[str]) -> None:
        self.network, self.name, self.addresses = network, name, tuple(addresses)
        self._clock, self._recorder = network.clock, network.recorder
        self.tcp, self.udp = Tcp(self), Udp(self)
        self.tasks: dict[Task, None] = {}
        self.is_down = False
        self.filtered: set[int | None] = set()
        self.refused: set[int | None] = set()
        self._arrivals: Arrivals = {
            FlyingSegment: [self._segment_arrived],
            FlyingDatagram: [self._datagram_arrived],
        }
        self._ways: dict[str, Way] = {}

    def source_for(self, destination: str) -> str | None:
        """Our address to use towards a destination: of its family; the loopback one for ourselves."""
        if destination in LOOPBACK_ADDRESSES or destination in self.addresses:
            return destination
        is_ipv6 = ":" in destination
        return next((address for address in self.addresses if (":" in address) == is_ipv6), None)

    def transmit(self, packet: Any, causes: tuple[int, ...], octets: int) -> None:
        """Give a packet its place in the trace and send it off; `octets` is its length with Ethernet."""
        recorder = self._recorder
        clock = self._clock
        now = clock.now_us
        seq = packet.seq = recorder.next_seq
        recorder.next_seq = seq + 1
        packet.at, packet.node, packet.causes = now, self.name, causes
        if recorder.keep:
            recorder.events.append(packet)
        if self.is_down:
            self.drop(packet, "host-down")
            return
        destination = packet.path.destination
        way = self._ways.get(destination) or self._find_way(destination)
        if way is None:
            self.drop(packet, "no-route")
            return
        arrives_at, lost_on = way.travel(now, octets)
        if lost_on is not None:
            self.drop(packet, "loss")
            return
        packet.arrives_at = arrives_at
        packet.callbacks = way.arrivals[type(packet)]
        clock.schedule(packet, NORMAL, arrives_at - now)

    def _find_way(self, destination: str) -> Way | None:
        target = self.network.host_with(destination, self)
        route = self.network.topology.route(self.name, target.name) if target is not None else None
        if target is None or route is None:
            return None
        way = self._ways[destination] = Way(route, target._arrivals)
        return way

    def forget_ways(self) -> None:
        """The network has changed: look again for each destination."""
        self._ways.clear()

    def drop(self, packet: Packet, reason: str) -> None:
        """Note that a packet is lost here, and why."""
        fact = PacketDropped(reason, packet.seq, packet.source, packet.destination, packet.destination_port)
        self.network.note(self.name, fact, (packet.seq,))

    def _segment_arrived(self, segment: Segment) -> None:
        self._clock.now_us = segment.arrives_at
        if self.is_down or self.filtered or self.refused:
            self._segment_at_a_faulty_host(segment)
            return
        endpoint = self.tcp.connections.get(segment.path.key)
        if endpoint is not None:
            endpoint.arrived(segment)
        else:
            self.tcp.arrived(segment)

    def _segment_at_a_faulty_host(self, segment: Segment) -> None:
        if self.is_down:
            self._lose(segment, "host-down")
        elif not self.filtered.isdisjoint((None, segment.destination_port)):
            self._lose(segment, "filtered")
        elif segment.flags & (SYN | ACK) == SYN and not self.refused.isdisjoint((None, segment.destination_port)):
            self.tcp.refuse(segment)
        else:
            self.tcp.arrived(segment)

    def _datagram_arrived(self, datagram: FlyingDatagram) -> None:
        self._clock.now_us = datagram.arrives_at
        if self.is_down:
            self._lose(datagram, "host-down")
        elif self.filtered and not self.filtered.isdisjoint((None, datagram.destination_port)):
            self._lose(datagram, "filtered")
        else:
            self.udp.arrived(datagram)

    def _lose(self, packet: Packet, reason: str) -> None:
        packet.arrives_at = LOST
        self.drop(packet, reason)
