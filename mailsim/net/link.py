"""Links: latency, bandwidth shared by arithmetic, and loss.

A packet is not moved hop by hop by the event queue: when it leaves its host, the time at which it will
arrive is computed along the whole route. Each direction of a link remembers when it will be free; a
packet waits for that, occupies the link for its length, and is one latency later at the far end.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

from mailsim.trace.events import LOST, Packet

if TYPE_CHECKING:
    from mailsim.net.faults import LinkTrouble

LOOPBACK_US = 20
"""Time for a packet to a program on the same host."""


class Direction:
    """One direction of a link; latency in microseconds, bandwidth in bits a second, loss a probability.

    `troubles` is what faults do to it at the moment.
    """

    __slots__ = ("bandwidth_bps", "free_at", "latency_us", "loss", "name", "random", "troubles")

    def __init__(self, name: str, latency_us: int, bandwidth_bps: int, loss: float, random: Random) -> None:
        self.name = name
        self.latency_us, self.bandwidth_bps, self.loss = latency_us, bandwidth_bps, loss
        self.random = random
        self.free_at = 0
        self.troubles: tuple[LinkTrouble, ...] = ()


class Route:
    """The links from one host to another, in order; no links means: the same host."""

    __slots__ = ("directions",)

    def __init__(self, directions: Sequence[Direction]) -> None:
        self.directions = tuple(directions)

    def travel(self, now_us: int, octets: int) -> int:
        """Send a packet of that many octets off at `now_us`. Gives when it arrives, `LOST` when chance wills it so."""
        if not self.directions:
            return now_us + LOOPBACK_US
        time = now_us
        bits = octets * -8_000_000  # negative, because // shall round up
        for direction in self.directions:
            free_at = direction.free_at
            if free_at > time:
                time = free_at
            time -= bits // direction.bandwidth_bps
            direction.free_at = time
            if direction.loss and direction.random.random() < direction.loss:
                return LOST
            time += direction.latency_us
        return time

    def travel_in_trouble(self, now_us: int, packet: Packet, octets: int) -> tuple[int, tuple[str, tuple[int, ...]]]:
        """The same, on a way where faults are.

        Returns: the time of arrival, and why the packet is lost (`cut`, `filtered`, `loss` or "" if it arrives), with
        the seqs of the faults that did it.
        """
        if not self.directions:
            return now_us + LOOPBACK_US, ("", ())
        time, bits = now_us, octets * 8_000_000
        for direction in self.directions:
            troubles = direction.troubles
            bandwidth = min([direction.bandwidth_bps, *(t.bandwidth_bps for t in troubles if t.bandwidth_bps)])
            time = direction.free_at = max(direction.free_at, time) + -(-bits // bandwidth)
            time += direction.latency_us + sum(t.extra_latency_us for t in troubles)
            for trouble in troubles:
                if trouble.is_cut:
                    return time, ("cut", (trouble.seq,))
                if trouble.rule is not None and trouble.rule.stops(packet, packet.destination):
                    return time, ("filtered", (trouble.seq,))
                if trouble.loss and direction.random.random() < trouble.loss:
                    return time, ("loss", (trouble.seq,))
            if direction.loss and direction.random.random() < direction.loss:
                return time, ("loss", ())
        return time, ("", ())
