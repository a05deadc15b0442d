"""A host on the simulated network: its addresses, its TCP and UDP, its scripts, and what its firewall does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsim.agents.operations import Script
from mailsim.net.packets import PROTOCOL_TCP, PROTOCOL_UDP
from mailsim.net.tcp import Tcp
from mailsim.net.udp import Udp
from mailsim.net.way import Arrivals, Loss, Way
from mailsim.trace.events import ACK, LOST, SYN, Packet, Segment
from mailsim.trace.facts import PacketDropped

if TYPE_CHECKING:
    from mailsim.net.driver import Task
    from mailsim.net.faults import Filter
    from mailsim.net.network import Network

LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")


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
        "_ways",
        "addresses",
        "arrivals",
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
        self.arrivals: Arrivals = {PROTOCOL_TCP: [self.tcp.arrived], PROTOCOL_UDP: [self.udp.arrived]}
        self._ways: dict[str, Way] = {}

    # --- packets that go ------------------------------------------------------------------------

    def way_to(self, destination: str) -> Way:
        """The way that packets take from here to an address."""
        way = self._ways.get(destination)
        if way is None:
            way = self._ways[destination] = Way(self, destination)
        return way

    def source_for(self, destination: str) -> str | None:
        """Our address to use towards a destination: of its family; the loopback one for ourselves."""
        if destination in LOOPBACK_ADDRESSES or destination in self.addresses:
            return destination
        is_ipv6 = ":" in destination
        return next((address for address in self.addresses if (":" in address) == is_ipv6), None)

    def find_ways(self) -> None:
        """The network has changed: look again for each destination."""
        for way in self._ways.values():
            way.find()

    def look_for_troubles(self) -> None:
        """Faults have come or gone: find out whether packets need a closer look."""
        rules = (*self.filters, *self.filters_out, *self.refusals)
        self.is_troubled = self.is_down or bool(rules) or bool(self.network.link_faults)
        for way in self._ways.values():
            way.look_for_troubles()

    def hinders(self, packet: Packet) -> Loss | None:
        """Why a packet does not even leave this host, if it does not."""
        if self.is_down:
            return "host-down", tuple(self.downs)
        rule = _rule(self.filters_out, packet, packet.destination)
        return None if rule is None else (rule.reason, (rule.seq,))

    def drop(self, packet: Packet, reason: str, because: tuple[int, ...] = ()) -> None:
        """Note that a packet is lost here, and why; `because` are the faults that did it."""
        fact = PacketDropped(reason, packet.seq, packet.source, packet.destination, packet.destination_port)
        seq = self.network.note(self.name, fact, tuple(sorted({packet.seq, *because})))
        if because:
            self.network.silenced[packet.conn] = seq

    # --- packets that come ----------------------------------------------------------------------

    def keeps_out(self, packet: Packet) -> bool:
        """Whether a fault of this host keeps a packet from its TCP and UDP; the trace then says so."""
        if self.is_down:
            self._lose(packet, "host-down", tuple(self.downs))
        elif rule := _rule(self.filters, packet, packet.source):
            self._lose(packet, rule.reason, (rule.seq,))
        elif (
            isinstance(packet, Segment)
            and packet.flags & (SYN | ACK) == SYN
            and (rule := _rule(self.refusals, packet, packet.source))
        ):
            self.tcp.refuse(packet, rule.seq)
        else:
            return False
        return True

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
