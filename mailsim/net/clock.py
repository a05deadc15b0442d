"""Simulated time on SimPy's event queue: integer microseconds, callbacks, and deadlines that are moved for nothing."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify
from math import inf
from typing import Any, cast

import simpy
from simpy.events import NORMAL

FORGOTTEN_TOLERATED = 50
NEVER = 1 << 62
"""A time that lies after all others."""


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


def _nothing(*_: object) -> None:
    """What happens at the end of `advance`, and when an alarm rings that nobody wants any more."""


class Clock:
    """The simulated time, and the queue of what is due.

    Attributes:
        now_us: microseconds since the start of the run. Everything that SimPy calls sets it first, from the moment
            for which it was scheduled; that is cheaper than asking SimPy several times a packet.
        schedule: SimPy's own: lets a `due` (anything with `callbacks` and `_ok`) happen, with a priority (`NORMAL`),
            after a delay in microseconds.
    """

    __slots__ = ("_forgotten", "environment", "now_us", "schedule")

    def __init__(self) -> None:
        self.environment = simpy.Environment(initial_time=0)
        self._forgotten = 0
        self.schedule: Callable[[Any, Any, int], None] = self.environment.schedule
        self.now_us = 0

    def call(self, delay_us: int, action: Callable[[], None]) -> None:
        """Call `action` after `delay_us`."""

        def happen(due: Due) -> None:
            self.now_us = due.at
            action()

        self.schedule(Due(self.now_us + delay_us, happen), NORMAL, delay_us)

    def forget(self, due: Due) -> None:
        """Let something not happen after all.

        It stays in SimPy's queue until half of the queue is like it; then they are thrown out together (as asyncio does
        with its timers), so that a long run does not drag a timeout of every connection of the last minutes along.
        """
        due.callbacks = []
        self._forgotten += 1
        queue = self.environment._queue
        if self._forgotten > FORGOTTEN_TOLERATED and self._forgotten > len(queue) // 2:
            queue[:] = [entry for entry in queue if entry[3].callbacks]
            heapify(queue)
            self._forgotten = 0

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
    """Wakes its owner at a moment, or too early: the owner knows its deadline, and may ask to be woken again.

    Deadlines are moved often and reached rarely: timeouts, retransmission, delayed acknowledgments. As long as
    SimPy's queue has something for an earlier moment, moving one costs nothing here. So a session with a hundred
    timeouts schedules one event, not a hundred.

    Attributes:
        wakes_at: when it will, `NEVER` when nobody has asked.
    """

    __slots__ = ("_action", "_clock", "_due", "wakes_at")

    def __init__(self, clock: Clock, action: Callable[[], None]) -> None:
        self._clock = clock
        self._action = action
        self._due: Due | None = None
        self.wakes_at = NEVER

    def wake_by(self, at_us: int) -> None:
        """Call the action at `at_us`, or earlier."""
        if at_us < self.wakes_at:
            clock = self._clock
            if self._due is not None:
                clock.forget(self._due)
            due = self._due = Due(at_us, self._wake)
            self.wakes_at = at_us
            clock.schedule(due, NORMAL, at_us - clock.now_us)

    def drop(self) -> None:
        """Never wake again, and let go of the owner."""
        if self._due is not None:
            self._clock.forget(self._due)
            self._due = None
        self._action = _nothing

    def _wake(self, due: Due) -> None:
        self._clock.now_us = due.at
        self._due, self.wakes_at = None, NEVER
        self._action()
