"""Links: latency, bandwidth shared by arithmetic, and loss.

A packet is not moved hop by hop by the event queue: when it leaves its host, the time at which it will
arrive is computed along the whole route. Each direction of a link remembers when it will be free; a
packet waits for that, occupies the link for its length, and is one latency later at the far end.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

LOOPBACK_US = 20
"""Time for a packet to a program on the same host."""


class Direction:
    """One direction of a link; latency in microseconds, bandwidth in bits a second, loss a probability."""

    __slots__ = ("bandwidth_bps", "free_at", "is_cut", "latency_us", "loss", "name", "random")

    def __init__(self, name: str, latency_us: int, bandwidth_bps: int, loss: float, random: Random) -> None:
        self.name = name
        self.latency_us, self.bandwidth_bps, self.loss = latency_us, bandwidth_bps, loss
        self.random = random
        self.free_at = 0
        self.is_cut = False


class Route:
    """The links from one host to another, in order; no links means: the same host."""

    __slots__ = ("directions",)

    def __init__(self, directions: Sequence[Direction]) -> None:
        self.directions = tuple(directions)

    def travel(self, now_us: int, octets: int) -> tuple[int, Direction | None]:
        """Send a packet of that many octets off at `now_us`.

        Returns: the time of arrival, and the link that lost the packet (None: it arrives).
        """
        if not self.directions:
            return now_us + LOOPBACK_US, None
        time = now_us
        bits = octets * 8_000_000
        for direction in self.directions:
            free_at = direction.free_at
            if free_at > time:
                time = free_at
            time += -(-bits // direction.bandwidth_bps)
            direction.free_at = time
            time += direction.latency_us
            if direction.is_cut or (direction.loss and direction.random.random() < direction.loss):
                return time, direction
        return time, None
