"""Links: latency, bandwidth shared by arithmetic, and loss; `way` has the arithmetic."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailsim.net.faults import LinkTrouble


class Direction:
    """One direction of a link; latency in microseconds, bandwidth in bits a second, loss a probability.

    Attributes:
        free_at: when the last bit of what was sent so far is on the wire. troubles: what faults do to it at the moment.
    """

    __slots__ = ("bandwidth_bps", "free_at", "latency_us", "loss", "name", "random", "troubles")

    def __init__(self, name: str, latency_us: int, bandwidth_bps: int, loss: float, random: Random) -> None:
        self.name = name
        self.latency_us, self.bandwidth_bps, self.loss = latency_us, bandwidth_bps, loss
        self.random = random
        self.free_at = 0
        self.troubles: tuple[LinkTrouble, ...] = ()
