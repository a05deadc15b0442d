"""A clock for the screens that jumps: when nothing is left to do, it is at once as late as the next timer says.

After each key Textual's pilot sleeps some hundredths of a second, and again, until the program seems to be idle. Here
such a sleep takes no time, and ends only when the program *is* idle, however busy the computer is.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from unittest import mock

T = TypeVar("T")


class Selector(selectors.DefaultSelector):
    """Does not wait for what only time brings."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead_s = 0.0
        self.threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if not timeout or self.threads:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self.ahead_s += timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop whose time jumps; it is real while a thread works, since nobody knows when that will be done."""

    def __init__(self) -> None:
        self._patience = Selector()
        super().__init__(self._patience)

    def time(self) -> float:
        return super().time() + self._patience.ahead_s

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._patience.threads += 1
        future.add_done_callback(self._thread_is_done)
        return future

    def _thread_is_done(self, _: object) -> None:
        self._patience.threads -= 1


def run(play: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; Textual's timers go by the same clock."""
    with (
        asyncio.Runner(loop_factory=JumpingLoop) as runner,
        mock.patch("textual._time.get_time", runner.get_loop().time),
    ):
        return runner.run(play)
