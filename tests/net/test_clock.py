"""The clock: alarms wake their owners in time or too early, and leave nothing behind."""

from __future__ import annotations

import pytest

from mailsim.net.clock import FORGOTTEN_TOLERATED, NEVER, Alarm, Clock


class Sleeper:
    """Notes when it was woken."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.woken = clock, list[int]()
        self.alarm = Alarm(clock, self.wake)

    def wake(self) -> None:
        self.woken.append(self.clock.now_us)


def test_an_alarm_wakes_once() -> None:
    sleeper = Sleeper(Clock())
    sleeper.alarm.wake_by(500)
    sleeper.clock.run()
    assert sleeper.woken == [500]
    assert sleeper.alarm.wakes_at == NEVER


def test_the_earliest_wish_counts() -> None:
    sleeper = Sleeper(Clock())
    for at in (500, 300, 900, 400):
        sleeper.alarm.wake_by(at)
    sleeper.clock.run()
    assert sleeper.woken == [300]


def test_it_may_be_set_again_when_it_rings() -> None:
    clock = Clock()
    woken: list[int] = []

    def wake() -> None:
        woken.append(clock.now_us)
        if len(woken) < 3:
            alarm.wake_by(clock.now_us + 10)

    alarm = Alarm(clock, wake)
    alarm.wake_by(7)
    clock.run()
    assert woken == [7, 17, 27]


def test_a_dropped_alarm_stays_silent() -> None:
    sleeper = Sleeper(Clock())
    sleeper.alarm.wake_by(500)
    sleeper.alarm.drop()
    sleeper.alarm.wake_by(600)
    sleeper.clock.run()
    assert sleeper.woken == []


@pytest.mark.parametrize("count", [10, 1_000])
def test_dropped_alarms_do_not_pile_up_in_the_queue(count: int) -> None:
    clock = Clock()
    stays = [Sleeper(clock) for _ in range(20)]
    for number, sleeper in enumerate(stays):
        sleeper.alarm.wake_by(1_000_000 + number // 2)
    for _ in range(count):
        sleeper = Sleeper(clock)
        sleeper.alarm.wake_by(2_000_000)
        sleeper.alarm.drop()
    assert len(clock.environment._queue) <= len(stays) + FORGOTTEN_TOLERATED + 1
    order: list[int] = []
    for number, sleeper in enumerate(stays):
        sleeper.alarm._action = lambda number=number: order.append(number)
    clock.run()
    assert order == list(range(20)), "what is left happens in the order in which it would have"
