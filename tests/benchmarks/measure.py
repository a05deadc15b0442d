"""Processor time of a run, of the same number of bare SimPy events, and how time grows with the load.

Every figure is a ratio of two times of one process. What is compared is measured in turns, and the best of
several turns counts: other programs on the machine can make a run slower, never faster.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import simpy

from tests.benchmarks.world import Load, Reading, World


@dataclass(frozen=True, slots=True)
class PathCost:
    """The whole path of a mail, measured.

    Attributes:
        mails: how many were sent. events: how many events went through SimPy's queue, in all.
        bare_s, untraced_s, traced_s: seconds of processor time: that many bare SimPy events, the run without a
            trace, the run that keeps its trace.
    """

    mails: int
    events: int
    bare_s: float
    untraced_s: float
    traced_s: float

    @property
    def untraced_ratio(self) -> float:
        """The run without a trace, in bare SimPy events."""
        return self.untraced_s / self.bare_s

    @property
    def traced_ratio(self) -> float:
        """The run that keeps its trace, in bare SimPy events."""
        return self.traced_s / self.bare_s

    @property
    def trace_ratio(self) -> float:
        """What it costs to keep the trace."""
        return self.traced_s / self.untraced_s


def path_cost(mails: int, turns: int, reading: Reading = "pop3") -> PathCost:
    """Measure runs with and without a trace against bare SimPy events, in turns."""
    events = World(Load(mails, reading)).run()  # warms the caches, too
    bare_s = untraced_s = traced_s = math.inf
    for _ in range(turns):
        bare_s = min(bare_s, processor_seconds(lambda: bare(events)))
        untraced_s = min(untraced_s, run_seconds(Load(mails, reading)))
        traced_s = min(traced_s, run_seconds(Load(mails, reading, keep_trace=True)))
    return PathCost(mails, events, bare_s, untraced_s, traced_s)


def growth(sizes: Sequence[int], turns: int, reading: Reading) -> list[float]:
    """Seconds of processor time for each number of mails, the best of all turns."""
    seconds = [math.inf] * len(sizes)
    for _ in range(turns):
        seconds = [min(best, run_seconds(Load(size, reading))) for best, size in zip(seconds, sizes, strict=True)]
    return seconds


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """The k in `seconds ~ sizes ** k`: the slope of the straight line through the logarithms."""
    x, y = [math.log(size) for size in sizes], [math.log(second) for second in seconds]
    mean_x, mean_y = mean(x), mean(y)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return slope / sum((a - mean_x) ** 2 for a in x)


def run_seconds(load: Load) -> float:
    """Processor time of one run; building the world is not in it."""
    world = World(load)
    return processor_seconds(world.run)


def bare(events: int) -> None:
    """So many events of SimPy at which nothing happens."""

    def wait(environment: Any) -> Generator[Any, None, None]:
        for _ in range(events):
            yield environment.timeout(1)

    environment = simpy.Environment()
    environment.process(wait(environment))
    environment.run()


def processor_seconds(action: Callable[[], object]) -> float:
    """Processor time of an action."""
    gc.collect()
    began = time.process_time()
    action()
    return time.process_time() - began
