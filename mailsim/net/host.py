"""A host on the simulated network: its addresses, its TCP and UDP, its scripts, and what its firewall does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from simpy.events import NORMAL

from mailsim.agents.operations import Script
from mailsim.net.link import Route
from mailsim.net.packets import FlyingDatagram, FlyingSegment
from mailsim.net.tcp import Tcp
from mailsim.net.udp import Udp
from mailsim.trace.events import ACK, LOST, SYN, Packet, Segment
from mailsim.trace.facts import PacketDropped

if TYPE_CHECKING:
    from mailsim.net.driver import Task
    from mailsim.net.faults import Filter
    from mailsim.net.network import Network

LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")


Arrivals: TypeAlias = "dict[type[Packet], list[Callable[[Any], None]]]"


class Way:
    """How packets get to a destination, and what SimPy calls when they are there."""

    __slots__ = ("arrivals", "route", "travel")

    def __init__(self, route: Route, arrivals: Arrivals) -> None:
        self.route, self.travel, self.arrivals = route, route.travel, arrivals


@dataclass(frozen=True, slots=True)
class Program:
    """Something that runs on a host from boot on; `start` makes its script anew."""

    service: str
    name: str
    start: Callable[[], Script]


class HostNode:
    """A host.

    Attributes:
        addresses: IP addresses as text, IPv4 and IPv6, in order of preference.
        programs: what it starts when it boots.
        is_troubled: whether any fault may concern its packets, so that they need a closer look.
        is_down: whether it has no power: what comes is lost, and nothing goes out.
        closed_ports: TCP ports of stopped services -> the service, and the fault that stopped it.
        downs: the faults that keep it so. stopped: services that are not running, each with the faults that stopped it.
        filters, filters_out, refusals: rules by which packets to it, and from it, are silently dropped, or connections
            are answered with RST.
    """

    __slots__ = (
        "_arrivals",
        "_clock",
        "_recorder",
        "_sources",
        "_ways",
        "addresses",
        "closed_ports",
        "downs",
        "filters",
        "filters_out",
        "is_down",
        "is_troubled",
        "name",
        "network",
        "programs",
        "refusals",
        "stopped",
        "tasks",
        "tcp",
        "udp",
    )

    def __init__(self, network: Network, name: str, addresses: Sequence[str]) -> None:
        self.network, self.name, self.addresses = network, name, tuple(addresses)
        self._clock, self._recorder = network.clock, network.recorder
        self.tcp, self.udp = Tcp(self), Udp(self)
        self.tasks: dict[Task, None] = {}
        self.programs: list[Program] = []
        self.is_down = self.is_troubled = False
        self.downs: list[int] = []
        self.closed_ports: dict[int, tuple[str, int]] = {}
        self.stopped: dict[str, list[int]] = {}
        self.filters: list[Filter] = []
        self.filters_out: list[Filter] = []
        self.refusals: list[Filter] = []
        self._arrivals: Arrivals = {
            FlyingSegment: [self._segment_arrived],
            FlyingDatagram: [self._datagram_arrived],
        }
        self._ways: dict[str, Way] = {}
        self._sources: dict[str, str | None] = {}

    def source_for(self, destination: str) -> str | None:
        """Our address to use towards a destination: of its family; the loopback one for ourselves."""
        if destination not in self._sources:
            self._sources[destination] = self._choose_source(destination)
        return self._sources[destination]

    def _choose_source(self, destination: str) -> str | None:
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
        if recorder.keep:
            packet.at, packet.node, packet.causes = now, self.name, causes
            recorder.events.append(packet)
        destination = packet.path.destination
        way = self._ways.get(destination) or self._find_way(destination)
        if way is None:
            self.drop(packet, "no-route")
            return
        if self.is_troubled:
            arrives_at, (reason, because) = self._travel_in_trouble(packet, way, now, octets)
            if reason:
                self.drop(packet, reason, because)
                return
        else:
            arrives_at = way.travel(now, octets)
            if arrives_at == LOST:
                self.drop(packet, "loss")
                return
        packet.arrives_at = arrives_at
        packet.callbacks = way.arrivals[type(packet)]
        clock.schedule(packet, NORMAL, arrives_at - now)

    def _travel_in_trouble(
        self, packet: Packet, way: Way, now: int, octets: int
    ) -> tuple[int, tuple[str, tuple[int, ...]]]:
        """Like the usual way, but with a look at the faults of this host and of the links."""
        if self.is_down:
            return now, ("host-down", tuple(self.downs))
        if rule := _rule(self.filters_out, packet, packet.destination):
            return now, (rule.reason, (rule.seq,))
        return way.route.travel_in_trouble(now, packet, octets)

    def look_for_troubles(self) -> None:
        """Faults have come or gone: find out whether packets need a closer look."""
        rules = (*self.filters, *self.filters_out, *self.refusals)
        self.is_troubled = self.is_down or bool(rules) or bool(self.network.link_faults)

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

    def drop(self, packet: Packet, reason: str, because: tuple[int, ...] = ()) -> None:
        """Note that a packet is lost here, and why; `because` are the faults that did it."""
        fact = PacketDropped(reason, packet.seq, packet.source, packet.destination, packet.destination_port)
        seq = self.network.note(self.name, fact, tuple(sorted({packet.seq, *because})))
        if because:
            self.network.silenced[packet.conn] = seq

    def _segment_arrived(self, segment: Segment) -> None:
        self._clock.now_us = segment.arrives_at
        if self.is_troubled:
            self._segment_at_a_faulty_host(segment)
            return
        endpoint = self.tcp.connections.get(segment.path.key)
        if endpoint is not None:
            endpoint.arrived(segment)
        else:
            self.tcp.arrived(segment)

    def _segment_at_a_faulty_host(self, segment: Segment) -> None:
        if self.is_down:
            self._lose(segment, "host-down", tuple(self.downs))
        elif self.filters and (rule := _rule(self.filters, segment, segment.source)):
            self._lose(segment, rule.reason, (rule.seq,))
        elif (
            self.refusals
            and segment.flags & (SYN | ACK) == SYN
            and (rule := _rule(self.refusals, segment, segment.source))
        ):
            self.tcp.refuse(segment, rule.seq)
        else:
            self.tcp.arrived(segment)

    def _datagram_arrived(self, datagram: FlyingDatagram) -> None:
        self._clock.now_us = datagram.arrives_at
        if self.is_down:
            self._lose(datagram, "host-down", tuple(self.downs))
        elif self.filters and (rule := _rule(self.filters, datagram, datagram.source)):
            self._lose(datagram, rule.reason, (rule.seq,))
        else:
            self.udp.arrived(datagram)

    def _lose(self, packet: Packet, reason: str, because: tuple[int, ...]) -> None:
        packet.arrives_at = LOST
        self.drop(packet, reason, because)

    # --- power and services ---------------------------------------------------------------------

    def crash(self, seq: int) -> None:
        """No power: all programs and connections are gone in silence; what is on disk stays."""
        self.downs.append(seq)
        if self.is_down:
            return
        self.is_down = True
        self.look_for_troubles()
        for task in list(self.tasks):
            task.kill()
        self.tcp.vanish()
        self.udp.vanish()

    def boot(self, seq: int) -> None:
        """Power again: all programs start, but for those of services that are stopped."""
        self.downs.pop(0)
        if self.downs:
            return
        self.is_down = False
        self.look_for_troubles()
        for program in self.programs:
            if not self.stopped.get(program.service):
                self.network.start_task(self, program.name, program.start(), (seq,), program.service)

    def stop_service(self, service: str, seq: int) -> None:
        """Kill the programs of a service; the operating system closes their connections."""
        self.stopped.setdefault(service, []).append(seq)
        for task in [task for task in self.tasks if task.service == service]:
            task.kill()
        self.closed_ports |= dict.fromkeys(self.tcp.close_service(service, seq), (service, seq))
        self.udp.close_service(service)

    def start_service(self, service: str, seq: int) -> None:
        """Start the programs of a service again."""
        self.stopped[service].pop(0)
        if self.stopped[service] or self.is_down:
            return
        self.closed_ports = {port: by for port, by in self.closed_ports.items() if by[0] != service}
        for program in self.programs:
            if program.service == service:
                self.network.start_task(self, program.name, program.start(), (seq,), service)


def _rule(rules: list[Filter], packet: Packet, far_end: str) -> Filter | None:
    """The first rule that stops a packet."""
    return next((rule for rule in rules if rule.stops(packet, far_end)), None)
