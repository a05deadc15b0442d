"""How long each command takes from the start of its process: `python -m tests.benchmarks.start [turns]`.

`serve` counts until its table stands and until the first mail program has been greeted; commands with a screen, until
the first screen stands; the others, until they end. A machine with other work makes all of this slower, so what is
measured is measured in turns with two floors: a Python that does nothing, and one that only loads the libraries we
cannot do without. The ratio to these means the same on every machine. As on a reader's computer, Python has compiled
its modules before: the first turn does that, and does not count. Linux and macOS only.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.benchmarks.stepper import FIRST_SCREEN, GOAL_START_S, Terminal

LIBRARIES = "import typer, pydantic.types, ruamel.yaml, dns.zone, simpy, ssl, asyncio"
SCREEN = "import textual.app"
GOAL_SERVE_S = 1.0
PORT_BASE = 23000
DOORS = {"SMTP": 25, "submission": 587, "IMAP": 143, "POP3": 110}

Measure = Callable[[], float]


class Starts:
    """The ways to start, each a function that gives seconds.

    Args: folder: where the settings of the reader are kept meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
            "MAILSIM_SETTINGS": str(folder / "settings.json"),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }

    def all(self) -> Mapping[str, tuple[Measure, float | None]]:
        """What is measured: name -> how, and the goal in seconds."""
        return {
            "python -c pass": (lambda: self.until_end("-c", "pass"), None),
            "only our libraries": (lambda: self.until_end("-c", LIBRARIES), None),
            "only textual": (lambda: self.until_end("-c", SCREEN), None),
            "mailsim --help": (lambda: self.mailsim("--help"), None),
            "mailsim list": (lambda: self.mailsim("list"), None),
            "mailsim run first-mail": (lambda: self.mailsim("run", "first-mail"), None),
            "mailsim serve first-mail": (self.serve, GOAL_SERVE_S),
            **{f"  until {name} has greeted": (self.greeting(port), None) for name, port in DOORS.items()},
            "mailsim step first-mail": (lambda: self.screen("step", "first-mail"), GOAL_START_S),
            "mailsim": (self.screen, GOAL_START_S),
        }

    def until_end(self, *arguments: str) -> float:
        """A Python from its start to its end."""
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], env=self.environment, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began

    def mailsim(self, *arguments: str) -> float:
        """A command from its start to its end."""
        return self.until_end("-m", "mailsim", *arguments)

    def serve(self) -> float:
        """From the start until the table is there."""
        with self._serving() as seconds:
            return seconds

    def greeting(self, port: int) -> Measure:
        """Measures from the start until the server behind this port has greeted the first client."""

        def measure() -> float:
            began = time.perf_counter()
            with self._serving(), socket.create_connection(("127.0.0.1", PORT_BASE + port)) as connection:
                assert connection.recv(1024)
                return time.perf_counter() - began

        return measure

    def screen(self, *arguments: str) -> float:
        """From the start until the first screen stands."""
        terminal = Terminal([sys.executable, "-m", "mailsim", *arguments, "--lang", "en"], self.environment)
        try:
            return terminal.wait(FIRST_SCREEN) - terminal.began
        finally:
            terminal.end()

    @contextmanager
    def _serving(self) -> Iterator[float]:
        """A gateway that is ready; gives how long that took."""
        command = [sys.executable, "-m", "mailsim", "serve", "first-mail", "--json", "--port-base", str(PORT_BASE)]
        began = time.perf_counter()
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline()
                yield time.perf_counter() - began
            finally:
                process.terminate()


def measured(turns: int) -> dict[str, list[float]]:
    """Seconds of each way to start, measured in turns."""
    with tempfile.TemporaryDirectory() as folder:
        ways = Starts(Path(folder)).all()
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(1 + turns):
            for name, (measure, _) in ways.items():
                found[name].append(measure())
    return {name: seconds[1:] for name, seconds in found.items()}


def main() -> None:
    """Measure so many turns, by default ten."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    found = measured(turns)
    goals = {name: goal for name, (_, goal) in Starts(Path()).all().items()}
    floor = min(found["only our libraries"])
    print(f"seconds, {turns} turns{'':<26}   least  median   / our libraries")
    for name, seconds in found.items():
        least, middle, goal = min(seconds), median(seconds), goals[name]
        verdict = "" if goal is None else f"  goal <= {goal:<4}{'met' if middle <= goal else 'NOT MET'}"
        print(f"  {name:<40}{least:8.2f}{middle:8.2f}{least / floor:10.2f}{verdict}", flush=True)


if __name__ == "__main__":
    main()
