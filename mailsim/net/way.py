"""The way from a host to an address: found once, taken by every packet that goes there.

A packet is not moved hop by hop by the event queue: when it leaves its host, the time at which it will arrive is
computed along all links, and only its arrival is scheduled. Each direction of a link remembers when it will be free;
a packet waits for that, occupies the link for its length, and is one latency later at the far end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from simpy.events import NORMAL

from mailsim.net.attacker import on_the_way
from mailsim.net.packets import ETHERNET, IPV4, IPV6
from mailsim.trace.events import LOST, Packet

if TYPE_CHECKING:
    from mailsim.net.host import HostNode
    from mailsim.net.link import Direction

LOOPBACK_US = 20
"""Time for a packet to a program on the same host."""

Arrivals: TypeAlias = dict[int, list[Callable[[Any], None]]]
"""What SimPy calls when a packet has come to a host: number of the protocol (`Packet.protocol`) -> the callbacks."""
Loss: TypeAlias = tuple[str, tuple[int, ...]]
"""Why a packet is lost (`loss`, `cut`, `filtered`, ...), and the seqs of the faults that did it."""


class Way:
    """How packets get from a host to an address.

    Attributes:
        source: the host's own address that goes with it, None when it has none of that family.
        destination: the address. peer: name of the host that has it ("" if none).
    """

    __slots__ = (
        "_arrivals",
        "_clock",
        "_directions",
        "_host",
        "_inside_us",
        "_is_smooth",
        "_lower_headers",
        "_recorder",
        "_schedule",
        "destination",
        "peer",
        "source",
    )

    def __init__(self, host: HostNode, destination: str) -> None:
        self._host, self.destination = host, destination
        self._recorder, self._clock = host.network.recorder, host.network.clock
        self._schedule = self._clock.schedule
        self._lower_headers = ETHERNET + (IPV6 if ":" in destination else IPV4)
        self.source = host.source_for(destination)
        self.find()

    def find(self) -> None:
        """Look for the host and the links to it: the network has changed."""
        network = self._host.network
        target = network.host_with(self.destination, self._host)
        self.peer = target.name if target is not None else ""
        self._directions = network.topology.route(self._host.name, target.name) if target is not None else None
        self._arrivals: Arrivals = target.arrivals if target is not None else {}
        self._inside_us = LOOPBACK_US if target is self._host else 0
        self.look_for_troubles()

    def look_for_troubles(self) -> None:
        """Faults have come or gone: find out whether packets need a closer look."""
        directions = self._directions
        is_lossy = directions is None or any(direction.loss for direction in directions)
        self._is_smooth = not (is_lossy or self._host.is_troubled)

    def send(self, packet: Any, causes: tuple[int, ...], octets: int) -> None:
        """Give a packet its place in the trace and send it off; `octets` is its length above IP."""
        recorder = self._recorder
        seq = packet.seq = recorder.next_seq
        recorder.next_seq = seq + 1
        now = packet.at = self._clock.now_us
        if recorder.keep:
            packet.node, packet.causes = self._host.name, causes
            recorder.events.append(packet)
        if self._is_smooth:
            time = now + self._inside_us
            bits = (octets + self._lower_headers) * -8_000_000  # negative, because // shall round up
            for direction in self._directions:  # type: ignore[union-attr]  # a smooth way leads somewhere
                if direction.free_at > time:
                    time = direction.free_at
                direction.free_at = time = time - bits // direction.bandwidth_bps
                time += direction.latency_us
        else:
            time, (reason, because) = self._travel_in_trouble(packet, now, octets)
            packet.arrives_at = LOST if reason else time
            if reason:
                self._host.drop(packet, reason, because)
                return
            packet = on_the_way(self._host.network, self._directions or (), packet)
        packet.arrives_at = time
        packet.callbacks = self._arrivals[packet.protocol]
        self._schedule(packet, NORMAL, time - now)

    def _travel_in_trouble(self, packet: Packet, time: int, octets: int) -> tuple[int, Loss]:
        """The same with a look at loss and faults; gives when the packet arrives, or why it does not."""
        if self._directions is None:
            return time, ("no-route", ())
        if hindrance := self._host.hinders(packet):
            return time, hindrance
        time += self._inside_us
        bits = (octets + self._lower_headers) * 8_000_000
        for direction in self._directions:
            troubles = direction.troubles
            bandwidth = min([direction.bandwidth_bps, *(t.bandwidth_bps for t in troubles if t.bandwidth_bps)])
            time = direction.free_at = max(direction.free_at, time) + -(-bits // bandwidth)
            time += direction.latency_us + sum(t.extra_latency_us for t in troubles)
            if loss := _loss(direction, packet):
                return time, loss
        return time, ("", ())


def _loss(direction: Direction, packet: Packet) -> Loss | None:
    """Why a packet is lost on a link, if it is."""
    for trouble in direction.troubles:
        if trouble.is_cut:
            return "cut", (trouble.seq,)
        if trouble.rule is not None and trouble.rule.stops(packet, packet.destination):
            return "filtered", (trouble.seq,)
        if trouble.loss and direction.random.random() < trouble.loss:
            return "loss", (trouble.seq,)
    if direction.loss and direction.random.random() < direction.loss:
        return "loss", ()
    return None
