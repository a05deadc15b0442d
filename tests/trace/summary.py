"""A run of a shipped scenario in a few lines: every journey, and how many events there are of each kind.

python -m tests.trace.summary     prints those of all scenarios, each with a digest of its trace
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from pathlib import Path

from mailsim.scenario.build import build
from mailsim.scenario.loader import open_scenario, shipped
from mailsim.trace.journey import Journey, journeys
from mailsim.trace.trace import Trace
from mailsim.views import jsonl

FOLDER = Path(__file__).parent.parent / "golden" / "runs"
OFTEN = 3
"""What a user of a scenario does again and again is done so often here: the rest would show nothing new."""


def run(name: str) -> Trace:
    """A run of a scenario."""
    scenario = open_scenario(name)
    steps = tuple(step.model_copy(update={"repeat": min(step.repeat, OFTEN)}) for step in scenario.steps)
    return build(scenario.model_copy(update={"steps": steps})).run()


def summary(trace: Trace) -> str:
    """What one would see at once if the run became another one."""
    kinds = Counter(event.kind for event in trace.events)
    lines = [_journey(journey) for journey in journeys(trace)]
    lines += [f"{count:6} {kind}" for kind, count in sorted(kinds.items())]
    return "\n".join([*lines, ""])


def digest(trace: Trace) -> str:
    """The same for the same events, byte for byte."""
    found = hashlib.sha256()
    for line in jsonl.lines(trace):
        found.update(line.encode() + b"\n")
    return found.hexdigest()


def _journey(journey: Journey) -> str:
    hops = " ".join(f"{hop.node}:{hop.outcome}" + (f"({hop.tries})" if hop.tries > 1 else "") for hop in journey.hops)
    seconds = journey.duration_us / 1_000_000
    return f"{journey.sender or '<>'} to {journey.rcpt}: {journey.fate}, {seconds:.0f} s: {hops}"


def main() -> int:
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    for name in shipped():
        trace = run(name)
        print(f"{name}\n{summary(trace)}{digest(trace)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
