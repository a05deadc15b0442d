"""The stepper over every scenario that we ship: back is the inverse of next, the ends stop, keys and sizes are safe."""

from __future__ import annotations

import os
import random
from functools import cache
from itertools import pairwise

import pytest

from mailsim.scenario.build import build
from mailsim.scenario.loader import open_scenario, shipped
from mailsim.trace.levels import Level
from mailsim.trace.recorder import Recorder
from mailsim.trace.snapshot import Fold
from mailsim.trace.trace import Trace
from mailsim.views.tui.app import StepperApp
from mailsim.views.tui.ladder import MIN_TEXT, Ladder, LadderHead, lanes_for
from mailsim.views.tui.lens import Lens
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.timeline import Timeline
from tests.views.tui import clock
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

    return clock.run(play())


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


FEW_KEYS = 140
KEYS = int(os.environ.get("MAILSIM_MONKEY_KEYS", FEW_KEYS))
MONKEYS = ("mx-failover", "first-mail") if KEYS <= FEW_KEYS else tuple(shipped())


@pytest.mark.parametrize(("seed", "name"), list(enumerate(MONKEYS)))
def test_a_monkey_at_the_keyboard_breaks_nothing(name: str, seed: int) -> None:
    """With MAILSIM_MONKEY_KEYS more keys, and every scenario; or `python -m tests.views.tui.monkey`."""
    assert clock.run(play_monkey(name, trace_of(name), seed, KEYS // len(MONKEYS))) == []


@pytest.mark.parametrize("width", [80, 120])
def test_many_hosts_and_stages_leave_room(width: int) -> None:
    """Names on the timeline do not touch, the current stage has one; the ladder has room for its text."""

    async def play() -> None:
        app = StepperApp(trace_of("ttl-migration"), "en", "dark", None, False)
        async with app.run_test(size=(width, 36)) as pilot:
            await pilot.pause()
            stepper, timeline = app.stepper, app.screen.query_one(Timeline)
            for position in (1, stepper.last // 3, stepper.last // 2, stepper.last - 1, stepper.last):
                stepper.move_to(position)
                labels = timeline._labels(width)
                assert sum(label.now for label in labels) == 1
                assert all(one.place + len(one.text) < other.place for one, other in pairwise(labels))
                assert labels[-1].place + len(labels[-1].text) <= width
            ladder = app.screen.query_one(Ladder).columns
            lanes = lanes_for(stepper, stepper.lens, ladder)
            assert ladder - lanes.right >= MIN_TEXT - 2
            assert "more" in "".join(app.screen.query_one(LadderHead).render_line(row).text for row in range(3))

    clock.run(play())
