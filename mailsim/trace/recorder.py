"""The recorder: the one place where events get their sequence numbers and join the trace."""

from __future__ import annotations

from mailsim.trace.code import Mark
from mailsim.trace.events import Event


class Recorder:
    """Keeps events in order. With `keep=False` it only counts (benchmarks, fast previews).

    With `code=True` it also keeps `marks`: on which line of its script each event was done.
    """

    __slots__ = ("events", "keep", "marks", "next_seq")

    def __init__(self, keep: bool = True, code: bool = False) -> None:
        self.keep = keep
        self.events: list[Event] = []
        self.marks: list[Mark] | None = [] if code else None
        self.next_seq = 0

    def take_seq(self) -> int:
        """The number for the next event; the caller must `add` the event with it before taking another."""
        seq = self.next_seq
        self.next_seq = seq + 1
        return seq

    def add(self, event: Event) -> None:
        """Append an event whose `seq` was just taken."""
        if self.keep:
            self.events.append(event)
