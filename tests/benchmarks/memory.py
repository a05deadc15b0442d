"""What stays in memory when the trace is not kept, against the number of mails: `python -m tests.benchmarks.memory`.

Mail is its users' own, and takes as much room as they keep of it: in their mailboxes, and what a client with POP3 took
from there. Ours throw it all away now and then, so that what else stays can be seen. Memory is counted by tracemalloc,
to the octet, from before the world was built; so a run takes longer than usual, and its time means nothing. The plan of
what users do is known from the beginning, and is in the peak.
"""

from __future__ import annotations

import argparse
import gc
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.__main__ import row
from tests.benchmarks.world import SECOND_US, Load, Reading, World

THROWN_AWAY_EVERY_US = 200 * SECOND_US


@dataclass(frozen=True, slots=True)
class Memory:
    """Octets of a run of so many mails: what users threw away, what was there at its end, and the most there was."""

    mails: int
    thrown_away: int
    left: int
    peak: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.memory", description=__doc__.partition("\n")[0])
    parser.add_argument("--mails", type=int, nargs="+", default=[250, 500, 1000], help="numbers of mails, ascending")
    sizes = parser.parse_args(arguments).mails
    readings: tuple[Reading, ...] = ("pop3", "never")
    for reading in readings:
        print_memory(reading, memories(sizes, reading))


def print_memory(reading: Reading, found: Sequence[Memory]) -> None:
    """The figures, and how much of it grows."""
    print(f"memory against mails, read by {reading}" if reading != "never" else "memory against mails, never read")
    for one in found:
        users = one.thrown_away / one.mails
        print(
            f"  {one.mails:>6} mails{one.left / 1000:9.0f} kB left, at most {one.peak / 1000:.0f} kB;"
            f" users threw away {users:.0f} octets a mail"
        )
    row("left of the most mails / of the fewest", found[-1].left / found[0].left, 1.05)


def memories(sizes: Sequence[int], reading: Reading) -> list[Memory]:
    """Measure runs of these numbers of mails, after a longest one that fills the caches."""
    gc.freeze()  # what was there before is not to be looked at each time
    tracemalloc.start()
    try:
        measured(Load(max(sizes), reading))
        return [measured(Load(size, reading)) for size in sizes]
    finally:
        tracemalloc.stop()
        gc.unfreeze()


def measured(load: Load) -> Memory:
    """One run, in pieces, after each of which the users throw their mail away."""
    before, thrown_away = in_use(), 0
    tracemalloc.reset_peak()
    world = World(load)
    for until_s in range(0, load.mails, THROWN_AWAY_EVERY_US // SECOND_US):
        world.network.run(until_s * SECOND_US + THROWN_AWAY_EVERY_US)
        thrown_away += emptied(world)
    world.run()
    peak = tracemalloc.get_traced_memory()[1]
    thrown_away += emptied(world)
    return Memory(load.mails, thrown_away, in_use() - before, peak - before)


def emptied(world: World) -> int:
    """Let the users throw their mail away; gives how many octets that was."""
    full = in_use()
    world.throw_away()
    return full - in_use()


def in_use() -> int:
    """Octets in use, without what is only waiting for the collector of cycles."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


if __name__ == "__main__":
    main()
