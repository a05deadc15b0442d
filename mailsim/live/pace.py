"""Lets simulated time pass as the wall clock does: the same world, run in small turns between real events.

A turn runs everything that is due by now, and a little of what is due next (`LEAD_S`): the round trip inside a
simulated building is shorter than what a timer of the operating system can tell apart, so without the lead every
command of a real client would wait for a timer twice. With nothing due, nothing runs: the loop sleeps until the next
simulated event or the next real one.

A world that cannot keep up (a large `speed`, a slow computer) is not driven on without end: what it has missed is
dropped, and its time passes more slowly.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from mailsim.net.network import Network

LEAD_S = 0.005
"""How far, in seconds of real time, the simulation may run ahead."""
TURN_S = 0.02
"""How long one turn may take, so that real sockets are never kept waiting for long."""
LAG_S = 1.0
"""By how much the simulation may fall behind before it gives up catching up."""
LOOK_AT_CLOCK_EVERY = 32


class Pace:
    """Drives a network by the wall clock.

    Args:
        network: the world; it is run by nobody else.
        speed: simulated seconds in a real one.
        after_turn: called after each turn, to pass on what it brought.
        failed: called with whatever a script of the world raised that it should not have.

    Attributes: turns: how many were taken; it does not grow while nothing happens.
    """

    def __init__(
        self, network: Network, speed: float, after_turn: Callable[[], None], failed: Callable[[Exception], None]
    ) -> None:
        self.network, self.speed = network, speed
        self._after_turn, self._failed = after_turn, failed
        self._loop = asyncio.get_running_loop()
        self._us_per_s = speed * 1_000_000
        self._began_at = time.monotonic() - network.clock.now_us / self._us_per_s
        self._wake: asyncio.Handle | None = None
        self._wakes_at = 0.0
        self.is_stopped = False
        self.turns = 0

    def catch_up(self) -> None:
        """Bring the simulated clock to this moment, before something from outside happens in it."""
        self._run(self._wall_us())

    def soon(self) -> None:
        """Something has happened: take a turn as soon as the loop can."""
        self._schedule(0.0)

    def run_on(self, duration_us: int) -> None:
        """Let the world run ahead of the clock on the wall: for the end, when nothing comes from outside any more."""
        clock = self.network.clock
        end_us = clock.now_us + duration_us
        while (due_us := clock.next_due_us) is not None and due_us <= end_us:
            self._step()
        clock.advance(end_us)

    def stop(self) -> None:
        """Take no more turns."""
        self.is_stopped = True
        if self._wake is not None:
            self._wake.cancel()

    def _wall_us(self) -> int:
        return int((time.monotonic() - self._began_at) * self._us_per_s)

    def _turn(self) -> None:
        self._wake = None
        if self.is_stopped:
            return
        self.turns += 1
        kept_up = self._run(self._wall_us(), int(LEAD_S * self._us_per_s))
        self._after_turn()
        due_us = self.network.clock.next_due_us
        if not kept_up:
            self._schedule(0.0)
        elif due_us is not None:
            self._schedule((due_us - self._wall_us()) / self._us_per_s - LEAD_S)

    def _schedule(self, delay_s: float) -> None:
        """Take the next turn in that time, or earlier if one is due earlier already."""
        at = time.monotonic() + max(delay_s, 0.0)
        if self.is_stopped or (self._wake is not None and self._wakes_at <= at):
            return
        if self._wake is not None:
            self._wake.cancel()
        self._wakes_at = at
        self._wake = self._loop.call_soon(self._turn) if delay_s <= 0 else self._loop.call_later(delay_s, self._turn)

    def _run(self, now_us: int, lead_us: int = 0) -> bool:
        """Let everything happen that is due until then; gives False when there was no time for all of it."""
        clock, horizon = self.network.clock, now_us + lead_us
        give_up_at = time.monotonic() + TURN_S
        steps = 0
        while (due_us := clock.next_due_us) is not None and due_us <= horizon:
            self._step()
            steps += 1
            if steps % LOOK_AT_CLOCK_EVERY == 0 and time.monotonic() > give_up_at:
                self._give_up_some(now_us)
                return False
        if now_us > clock.now_us:
            clock.advance(now_us)
        return True

    def _step(self) -> None:
        try:
            self.network.clock.step()
        except Exception as error:
            self._failed(error)

    def _give_up_some(self, now_us: int) -> None:
        """Drop the time that a world too slow has missed."""
        missed_s = (now_us - self.network.clock.now_us) / self._us_per_s - LAG_S
        if missed_s > 0:
            self._began_at += missed_s
