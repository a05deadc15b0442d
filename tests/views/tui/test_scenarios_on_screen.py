"""The stepper over every scenario that we ship: back is the inverse of next, the ends stop, keys and sizes are safe."""

from __future__ import annotations

import asyncio
import random
from functools import cache

import pytest

from mailsim.scenario.build import build
from mailsim.scenario.loader import open_scenario
from mailsim.trace.levels import Level
from mailsim.trace.snapshot import Fold
from mailsim.trace.trace import Trace
from mailsim.views.tui.app import StepperApp
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import Stepper

NAMES = ("first-mail", "cross-domain", "mx-failover")
KEYS = ["n", "p", "N", "P", "g", "G", "m", "l", "w", "e", "d", "u", "h", "z", "v", "y", "f", "L", "b", "B", "plus", "?"]


@cache
def trace_of(name: str) -> Trace:
    return build(open_scenario(name)).run()


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


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
@pytest.mark.parametrize("language", ["en", "cs"])
def test_steps_and_back_show_the_same_screen(size: tuple[int, int], language: str) -> None:
    there = pictures("cross-domain", size, language, ["n"] * 12 + ["p"] * 11)
    forwards, backwards = there[:11], there[12:]
    assert backwards == forwards[::-1]


def test_the_ends_stop_with_a_message() -> None:
    shown = pictures("first-mail", (120, 36), "en", ["p", "G", "n"])
    assert shown[0] != shown[1]
    assert "step 0/" in shown[0]
    steps = len(Score(trace_of("first-mail")).steps(Level.STORY))
    assert f"step {steps}/{steps}" in shown[1]
    assert f"step {steps}/{steps}" in shown[2]


def test_a_terminal_that_is_too_small_says_so() -> None:
    small = pictures("first-mail", (50, 15), "en", ["n"])[0]
    assert "larger" in small


@pytest.mark.parametrize("seed", range(2))
def test_random_keys_and_sizes_break_nothing(seed: int) -> None:
    async def play() -> tuple[int, int]:
        chance = random.Random(seed)
        app = StepperApp(trace_of("mx-failover"), "cs", "light", None, False)
        async with app.run_test(size=(120, 36)) as pilot:
            for _ in range(60):
                if chance.random() < 0.15:
                    await pilot.resize_terminal(chance.randint(40, 200), chance.randint(10, 60))
                await pilot.press(chance.choice(KEYS))
            await pilot.press("escape", "escape", "escape")
            await pilot.pause()
            return app.stepper.position, app.stepper.last

    position, last = asyncio.run(play())
    assert 0 <= position <= last
