"""Prints the table of ratios with their goals: `python -m tests.benchmarks [--quick]`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tests.benchmarks.dialogue import cost_of_a_segment
from tests.benchmarks.mailbox import Growth, growths
from tests.benchmarks.measure import PathCost, exponent, growth, path_cost
from tests.benchmarks.secure import SessionCost, session_cost
from tests.benchmarks.size import seconds_by_size
from tests.benchmarks.world import Reading


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; `--quick` takes a minute and is less exact."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer mails and turns")
    parser.add_argument("--mails", type=int, nargs="+", help="numbers of mails for the growth of time")
    options = parser.parse_args(arguments)
    sizes = options.mails or ([250, 1000, 4000] if options.quick else [1000, 4000, 16000])
    turns = 1 if options.quick else 2
    tries = 3 if options.quick and options.mails else 25
    print_path_cost(path_cost(sizes[0], 2 * turns + 1), cost_of_a_segment(sizes[0], tries))
    print_session_cost(session_cost(10 if options.mails else 60, 5 if options.quick else 25))
    readings: tuple[Reading, ...] = ("pop3", "never")
    for reading in readings:
        print_growth(reading, sizes, growth(sizes, turns, reading))
    octets = [1_000, 10_000] if options.mails else [100_000, 1_000_000, 10_000_000]
    print_sizes(octets, seconds_by_size(octets, turns + 1))
    mailboxes = options.mails or ([1000, 10_000] if options.quick else [1000, 10_000, 100_000])
    print_mailboxes(mailboxes, growths(mailboxes, turns + 1))


def print_path_cost(cost: PathCost, segment: float) -> None:
    """The whole path: in bare SimPy events, and what the trace adds; what a segment costs by itself."""
    print(f"{cost.mails} mails, {cost.events / cost.mails:.1f} SimPy events a mail")
    for name, seconds in (
        ("bare events", cost.bare_s),
        ("trace off", cost.untraced_s),
        ("trace on", cost.traced_s),
    ):
        print(f"  {name:<12}{seconds / cost.mails * 1e6:9.0f} us a mail")
    row("whole path, trace off / bare SimPy events", cost.untraced_ratio, 5.0)
    row("whole path, trace on / bare SimPy events", cost.traced_ratio)
    row("trace on / trace off", cost.trace_ratio, 1.35)
    row("a segment by itself / bare SimPy event", segment, 6.0)


def print_session_cost(cost: SessionCost) -> None:
    """What TLS adds to a session."""
    print(f"{cost.sessions} sessions of five exchanges")
    for name, seconds in (
        ("in the clear", cost.clear_s),
        ("with TLS", cost.secure_s),
        ("handshakes", cost.handshakes_s),
    ):
        print(f"  {name:<12}{seconds / cost.sessions * 1e6:9.0f} us each")
    row("what TLS adds / a bare handshake", cost.extra_ratio, 1.5)


def print_growth(reading: Reading, sizes: Sequence[int], seconds: Sequence[float]) -> None:
    """Time against the number of mails."""
    print(f"mails against time, read by {reading}" if reading != "never" else "mails against time, never read")
    for size, second in zip(sizes, seconds, strict=True):
        print(f"  {size:>6} mails{second / size * 1e6:9.0f} us a mail")
    row("exponent", exponent(sizes, seconds), 1.05)


def print_sizes(sizes: Sequence[int], seconds: Sequence[float]) -> None:
    """Time against the size of a mail."""
    print("octets of a mail against time, read by pop3")
    for size, second in zip(sizes, seconds, strict=True):
        print(f"  {size:>10} octets{second / size * 1e6:9.3f} us each")
    row("exponent", exponent(sizes, seconds), 1.1)


def print_mailboxes(sizes: Sequence[int], found: Sequence[Growth]) -> None:
    """IMAP commands against the size of the mailbox: some look at everything, the others must not notice."""
    print(f"IMAP in a mailbox of {sizes[-1]} mails")
    for one in found:
        print(f"  {one.command.format(middle='n'):<44}{one.seconds[-1] * 1e3:9.2f} ms")
        if one.is_linear:
            row("  exponent", exponent(sizes, one.seconds), 1.1)
        else:
            row(f"  {sizes[-1]} mails / {sizes[0]} mails", one.seconds[-1] / one.seconds[0], 2.0)


def row(name: str, value: float, goal: float | None = None, at_least: bool = False) -> None:
    """One figure, and whether it is as good as we want."""
    print(f"  {name:<44}{value:6.2f}{'' if goal is None else verdict(value, goal, at_least)}", flush=True)


def verdict(value: float, goal: float, at_least: bool = False) -> str:
    """Is it small enough, or large enough?"""
    is_met = value >= goal if at_least else value <= goal
    return f"  goal {'>=' if at_least else '<='} {goal:<5}{'met' if is_met else 'NOT MET'}"


if __name__ == "__main__":
    main()
