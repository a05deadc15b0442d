"""Time against the size of a mail: one goes the whole way, and is read by POP3."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tests.benchmarks.measure import processor_seconds
from tests.benchmarks.world import SECOND_US, TEXT, Load, World

READ_AFTER_US = 600 * SECOND_US


def seconds_by_size(sizes: Sequence[int], turns: int) -> list[float]:
    """Seconds of processor time for a mail of each of these sizes in octets, the best of all turns."""
    seconds = [math.inf] * len(sizes)
    for _ in range(turns):
        seconds = [min(best, seconds_of(size)) for best, size in zip(seconds, sizes, strict=True)]
    return seconds


def seconds_of(size: int) -> float:
    """One run with one mail whose text has about so many octets."""
    text = TEXT * math.ceil(size / len(TEXT))
    world = World(Load(1, text=text, read_after_us=READ_AFTER_US))
    seconds = processor_seconds(world.run)
    assert world.taken >= size, "the mail did not arrive"
    return seconds
