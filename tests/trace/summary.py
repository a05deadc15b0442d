"""A run of a shipped scenario in a few lines: every journey, how many events there are of each kind, and a digest.

python -m tests.trace.summary     prints those of all scenarios: no run depends on the process that it is in
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
OFTEN = 5
"""What a user of a scenario does again and again is done so often here: the rest would show nothing new."""


def run(name: str) -> Trace:
    """A run of a scenario."""
    scenario = open_scenario(name)
    steps = tuple(step.model_copy(update={"repeat": min(step.repeat, OFTEN)}) for step in scenario.steps)
    return build(scenario.model_copy(update={"steps": steps})).run()


def summary(trace: Trace) -> str:
    """What one would see at once if the run became another one."""
    digest = hashlib.sha256()
    for line in jsonl.lines(trace):
        digest.update(line.encode() + b"\n")
    kinds = Counter(event.kind for event in trace.events)
    lines = [_journey(journey) for journey in journeys(trace)]
    lines += [f"{count:6} {kind}" for kind, count in sorted(kinds.items())]
    return "\n".join([*lines, f"sha256 {digest.hexdigest()}", ""])


def _journey(journey: Journey) -> str:
    hops = " ".join(f"{hop.node}:{hop.outcome}" + (f"({hop.tries})" if hop.tries > 1 else "") for hop in journey.hops)
    seconds = journey.duration_us / 1_000_000
    return f"{journey.sender or '<>'} to {journey.rcpt}: {journey.fate}, {seconds:.3f} s: {hops}"


def main() -> int:
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    for name in shipped():
        print(f"== {name}\n{summary(run(name))}", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
