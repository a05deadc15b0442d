"""A monkey at the keyboard: seeded keys, clicks and sizes, and after them the state is what a fresh fold gives.

`python -m tests.views.tui.monkey [keys] [seed] [scenario]` plays longer than the suite has time for.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from pathlib import Path

from mailsim.cli.switchboard import Telephone
from mailsim.trace.snapshot import Fold
from mailsim.trace.trace import Trace
from mailsim.views.tui.actions import ACTIONS
from mailsim.views.tui.app import StepperApp
from mailsim.views.tui.help import Help
from mailsim.views.tui.score import Score
from mailsim.views.tui.screen import MainScreen

KEYS = [key for action in ACTIONS for key in action.keys if action.name not in ("palette", "quit")]
OTHERS = ["enter", "escape", "tab", "a", "7", "backspace", "space", "ctrl+c", "question_mark", "q", "n", "p", "N", "v"]
OTHERS += ["H", "f4", "f5", "f9", "enter", "enter", "escape", "E", "H", "L", "O", "space", "x", "tab", "enter"]
SMALLEST, LARGEST = (20, 5), (220, 60)


async def play_monkey(name: str, trace: Trace, seed: int, keys: int) -> list[str]:
    """Let it play with the run of a scenario, and type to its servers; gives what is wrong, [] when nothing is."""
    chance = random.Random(seed)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        language = chance.choice(["en", "cs"])
        app = StepperApp(trace, language, "dark", None, False, Path(folder), key=name, switchboard=Telephone())
        async with app.run_test(size=(120, 36)) as pilot:
            last = ""
            for number in range(keys):
                what = chance.random()
                if what < 0.06:
                    size = chance.randint(SMALLEST[0], LARGEST[0]), chance.randint(SMALLEST[1], LARGEST[1])
                    await pilot.resize_terminal(*size)
                elif what < 0.14:
                    place = chance.randrange(app.size.width), chance.randrange(app.size.height)
                    await pilot.click(offset=place)
                else:
                    key = chance.choice(OTHERS if chance.random() < 0.3 else KEYS)
                    if key == last == "q":
                        continue
                    last = key
                    await pilot.press(key)
                if number % 20 == 19:
                    wrong += [f"seed {seed}, key {number}: {problem}" for problem in _problems(app)]
            await pilot.press("escape", "escape", "escape")
            if isinstance(app.screen, Help):
                wrong.append("the help does not close")
    return wrong


def _problems(app: StepperApp) -> list[str]:
    """How the state differs from what the position alone says; what was typed by hand is a run of its own."""
    stepper = app.stepper
    trace = stepper.score.trace
    found = []
    if not 0 <= stepper.position <= stepper.last:
        found.append(f"position {stepper.position} of {stepper.last}")
    if stepper.score.snapshot(stepper.seq) != Fold(trace).at(stepper.seq + 1):
        found.append(f"the state at {stepper.seq} is not that of a fresh fold")
    if list(stepper.score.steps(stepper.lens)) != list(Score(trace).steps(stepper.lens)):
        found.append(f"other steps under {stepper.lens}")
    if isinstance(app.screen, MainScreen) and app.screen.sheet is None and stepper.asking:
        found.append("a question that is not there")
    return found


def main() -> None:
    """Play for a while and say what was wrong."""
    from mailsim.scenario.build import build
    from mailsim.scenario.loader import open_scenario, shipped

    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    names = sys.argv[3:] or sorted(shipped())
    for number, name in enumerate(names):
        trace = build(open_scenario(name)).run()
        wrong = asyncio.run(play_monkey(name, trace, seed + number, keys // len(names)))
        print(name, keys // len(names), "keys:", *(wrong or ["nothing wrong"]), sep="\n  ", flush=True)


if __name__ == "__main__":
    main()
