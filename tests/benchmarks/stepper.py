"""How fast the stepper is on a terminal: `python -m tests.benchmarks.stepper [events ...]`.

Measured through a pseudo-terminal of 120 x 36, from the key to the last painted byte, with real runs of about so
many events; and how long it takes until the first screen stands. Linux and macOS only.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.terminal import QUIET_S, Terminal

EVENTS_PER_MAIL = 190
FIRST_SCREEN, WHOLE_SCREEN = 600, 12_000
"""Bytes of the first thing that is seen, and of the main screen."""
GOAL_MS, GOAL_KIB, GOAL_START_S = 50.0, 15.0, 1.5


def scenario(mails: int) -> str:
    """Two domains and so many mails between them."""
    head = "id: many\ndomains:\n  skola.example: {users: [alena]}\n  firma.example: {users: [borek]}\nsteps:\n"
    row = "  - {{at: {at}s, user: alena@skola.example, send: {{to: borek@firma.example, subject: Mail {i}}}}}\n"
    return head + "".join(row.format(at=5 + 2 * i, i=i) for i in range(mails))


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` of all do not exceed."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def measure(events: int, presses: int = 60) -> None:
    """Step through a run of about so many events, at several places, and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "many.yaml"
        file.write_text(scenario(max(1, events // EVENTS_PER_MAIL)))
        settings = {"MAILSIM_SETTINGS": f"{folder}/settings.json", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        command = [sys.executable, "-m", "mailsim", "step", str(file), "--detail", "packet", "--lang", "en"]
        terminal = Terminal(command, settings)
        try:
            terminal.wait(WHOLE_SCREEN)
            times, sizes = [], []
            began = terminal.cpu_s
            for jump in (b"g", b"G", b":5000\r"):
                terminal.press(jump)
                terminal.read(QUIET_S)
                for number in range(presses // 3):
                    seconds, count = terminal.press(b"p" if jump == b"G" else b"n")
                    if number:  # the first one after a jump fills caches
                        times.append(seconds * 1000)
                        sizes.append(count / 1024)
            print(f"{events} events, {len(times)} steps, memory {terminal.memory_mib:.0f} MiB")
            row("a step, processor time, ms", (terminal.cpu_s - began) * 1000 / (len(times) + 6))
            row("a step, median, ms", percentile(times, 0.5))
            row("a step, 95 of 100, ms", percentile(times, 0.95), GOAL_MS)
            row("a step, 95 of 100, KiB", percentile(sizes, 0.95), GOAL_KIB)
        finally:
            terminal.end()


def measure_start(arguments: Sequence[str], turns: int = 3) -> None:
    """Time until the first screen stands."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"MAILSIM_SETTINGS": f"{folder}/settings.json", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        found, work = [], []
        for _ in range(turns):
            terminal = Terminal([sys.executable, "-m", "mailsim", *arguments], settings)
            try:
                found.append(terminal.wait(FIRST_SCREEN) - terminal.began)
                work.append(terminal.cpu_s)
            finally:
                terminal.end()
    row(f"start of `mailsim {' '.join(arguments)}`, s", min(found), GOAL_START_S)
    row("  processor time of it, s", min(work))


def row(name: str, value: float, goal: float | None = None) -> None:
    """One figure, and whether it is as good as we want."""
    verdict = "" if goal is None else f"  goal <= {goal:<5}{'met' if value <= goal else 'NOT MET'}"
    print(f"  {name:<44}{value:8.2f}{verdict}", flush=True)


def main() -> None:
    """Measure with the numbers of events that were asked for."""
    measure_start(["step", "first-mail", "--lang", "en"])
    measure_start(["--lang", "en"])
    for events in map(int, sys.argv[1:] or ("10000", "100000")):
        measure(events)


if __name__ == "__main__":
    main()
