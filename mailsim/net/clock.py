"""Simulated time on SimPy's event queue: integer microseconds, callbacks, and alarms that cost nothing when moved."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, cast

import simpy
from simpy.events import NORMAL

OFF, NEVER = -1, 1 << 62
"""The time of an alarm that is not set, and one that lies after all others."""


class Due:
    """Something to happen at a moment: the least that SimPy's event loop asks of an event.

    SimPy takes the `callbacks` of whatever is due and calls them with it; a slotted object with a list of
    callbacks is all that is needed, and several times cheaper than a process (design, section 8). `at` is the moment.
    """

    __slots__ = ("at", "callbacks")
    _ok = True

    def __init__(self, at_us: int, callback: Callable[[Any], None]) -> None:
        self.at = at_us
        self.callbacks: list[Callable[[Any], None]] | None = [callback]


def _nothing(_: object) -> None:
    """What happens at the end of `advance`."""


class Clock:
    """The simulated time, and the queue of what is due.

    Attributes:
        now_us: microseconds since the start of the run. Everything that SimPy calls sets it first, from the moment
            for which it was scheduled; that is cheaper than asking SimPy several times a packet.
        schedule: SimPy's own: lets a `due` (anything with `callbacks` and `_ok`) happen, with a priority (`NORMAL`),
            after a delay in microseconds.
    """

    __slots__ = ("environment", "now_us", "schedule")

    def __init__(self) -> None:
        self.environment = simpy.Environment(initial_time=0)
        self.schedule: Callable[[Any, Any, int], None] = self.environment.schedule
        self.now_us = 0

    def call(self, delay_us: int, action: Callable[[], None]) -> None:
        """Call `action` after `delay_us`."""

        def happen(due: Due) -> None:
            self.now_us = due.at
            action()

        self.schedule(Due(self.now_us + delay_us, happen), NORMAL, delay_us)

    @property
    def next_due_us(self) -> int | None:
        """When the next thing is due; None when nothing is."""
        due = self.environment.peek()
        return None if due == inf else cast("int", due)

    def step(self) -> None:
        """Let the next thing happen that is due, whenever that is."""
        self.environment.step()
        self.now_us = cast("int", self.environment.now)

    def advance(self, to_us: int) -> None:
        """Let everything happen that is due up to `to_us`, and make it that late.

        Unlike `run`, which SimPy stops by an event that stays in the queue, this may be done again and again.
        """
        environment = self.environment
        self.schedule(Due(to_us, _nothing), NORMAL, to_us - cast("int", environment.now))
        while environment.now < to_us:
            environment.step()
        self.now_us = to_us

    def run(self, until_us: int | None = None) -> None:
        """Let everything happen that is due up to `until_us` (None: until nothing is due)."""
        self.environment.run(until=until_us)
        self.now_us = cast("int", self.environment.now)


class Alarm:
    """A deadline that is moved often and reached rarely: timeouts, retransmission, delayed ACKs.

    Moving it later costs one attribute: the pending SimPy event finds on firing that it came too
    early and goes back to sleep. So a session with a hundred timeouts schedules one event, not a hundred.
    """

    __slots__ = ("_action", "_clock", "_pending_at", "at")

    def __init__(self, clock: Clock, action: Callable[[], None]) -> None:
        self._clock = clock
        self._action: Callable[[], None] | None = action
        self._pending_at = NEVER
        self.at = OFF

    def set(self, at_us: int) -> None:
        """Go off at `at_us`, instead of whenever it was set to before."""
        self.at = at_us
        if at_us < self._pending_at:
            self._schedule(at_us)

    def clear(self) -> None:
        """Do not go off."""
        self.at = OFF

    def drop(self) -> None:
        """Never go off again, and let go of whoever owns it."""
        self.at = OFF
        self._action = None

    def _schedule(self, at_us: int) -> None:
        self._pending_at = at_us
        clock = self._clock
        clock.schedule(Due(at_us, self._fire), NORMAL, at_us - clock.now_us)

    def _fire(self, due: Due) -> None:
        now = self._clock.now_us = due.at
        if now != self._pending_at:
            return
        self._pending_at = NEVER
        if self.at < 0 or self._action is None:
            return
        if self.at > now:
            self._schedule(self.at)
        else:
            self.at = OFF
            self._action()
