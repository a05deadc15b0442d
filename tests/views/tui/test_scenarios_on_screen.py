"""The stepper over every scenario that we ship: back is the inverse of next, the ends stop, keys and sizes are safe."""

from __future__ import annotations

import asyncio
import random
from functools import cache

import pytest

from mailsim.scenario.build import build
from mailsim.scenario.loader import open_scenario, shipped
from mailsim.trace.levels import Level
from mailsim.trace.recorder import Recorder
from mailsim.trace.snapshot import Fold
from mailsim.trace.trace import Trace
from mailsim.views.tui.app import StepperApp
from mailsim.views.tui.lens import Lens
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import Stepper
from tests.views.tui.monkey import play_monkey

LONG = {"4xx-5xx-bounce", "equal-mx", "ttl-migration"}
NAMES = tuple(name for name in shipped() if name not in LONG)


@cache
def trace_of(name: str) -> Trace:
    return build(open_scenario(name), recorder=Recorder(code=True)).run()


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("name", NAMES)
def test_back_is_the_inverse_of_next(name: str, level: Level) -> None:
    stepper = Stepper(Score(trace_of(name)), "en", level)
    seen = [stepper.seq]
    while stepper.next():
        seen.append(stepper.seq)
    assert stepper.position == stepper.last
    back = [stepper.seq]
    while stepper.back():
        back.append(stepper.seq)
    assert back == seen[::-1]


@pytest.mark.parametrize("name", NAMES)
def test_the_state_at_any_step_is_a_fresh_fold(name: str) -> None:
    trace = trace_of(name)
    fold = Fold(trace)
    chance = random.Random(1)
    for count in chance.sample(range(len(trace.events) + 1), 25):
        assert fold.at(count) == Fold(trace).at(count)


def pictures(name: str, size: tuple[int, int], language: str, keys: list[str]) -> list[str]:
    """The screen's text after each key."""

    async def play() -> list[str]:
        app = StepperApp(trace_of(name), language, "dark", None, False)
        shown = []
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
                shown.append("\n".join(strip.text for strip in app.screen._compositor.render_strips()))
        return shown

    return asyncio.run(play())


@pytest.mark.parametrize(("size", "language"), [((80, 24), "cs"), ((120, 36), "en")])
def test_steps_and_back_show_the_same_screen(size: tuple[int, int], language: str) -> None:
    there = pictures("cross-domain", size, language, ["n"] * 6 + ["p"] * 5)
    forwards, backwards = there[:5], there[6:]
    assert backwards == forwards[::-1]


def test_the_ends_stop_with_a_message() -> None:
    shown = pictures("first-mail", (120, 36), "en", ["p", "G", "n"])
    assert shown[0] != shown[1]
    assert "step 0/" in shown[0]
    steps = len(Score(trace_of("first-mail")).steps(Lens(Level.STORY)))
    assert f"step {steps}/{steps}" in shown[1]
    assert f"step {steps}/{steps}" in shown[2]


def test_a_terminal_that_is_too_small_says_so() -> None:
    small = pictures("first-mail", (50, 15), "en", ["n"])[0]
    assert "larger" in small


@pytest.mark.parametrize(("name", "seed"), [("mx-failover", 0), ("first-mail", 1)])
def test_a_monkey_at_the_keyboard_breaks_nothing(name: str, seed: int) -> None:
    """Thousands of keys: `python -m tests.views.tui.monkey`."""
    assert asyncio.run(play_monkey(trace_of(name), seed, 70)) == []
