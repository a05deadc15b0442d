"""What it is to wait: a script whose operation has no answer yet, and its place in the list of a signal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mailsim.agents.operations import Signal

if TYPE_CHECKING:
    from mailsim.net.driver import Task

BLOCKED: Any = object()
"""What a handler gives when the answer comes later."""


class Waiter:
    """A task in the list of a signal, until the task is resumed by whatever comes first."""

    __slots__ = ("signal", "task", "wake")

    def __init__(self, task: Task, signal: Signal, wake: Callable[[], None]) -> None:
        self.task, self.signal, self.wake = task, signal, wake

    def leave(self) -> None:
        """It waits no longer."""
        if self in self.signal.waiting:
            self.signal.waiting.remove(self)
