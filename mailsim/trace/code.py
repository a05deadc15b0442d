"""Which line of a script an event comes from: recorded only when somebody wants to see the code.

A mark says that from event number `seq` on (until the next mark) whatever a host does comes from these
places in its script. What the network does by itself (a segment, a connection that comes about) has the place
of what caused it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mailsim.trace.events import Event

_NETWORK = ("tcp.", "tls.", "net.", "fault.")
_BY_SCRIPTS = frozenset(("tcp.connect", "tls.start"))


class Place(NamedTuple):
    """A line of the program: `file` is relative to the package (`agents/mta.py`), `line` counts from 1."""

    file: str
    function: str
    line: int


class Mark(NamedTuple):
    """The places, outermost first, where a script stood when it did what the events from `seq` on tell."""

    seq: int
    node: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """The marks of a run, in order of `seq`; several may have the same one, of which the last counts."""

    marks: Sequence[Mark] = ()

    def places(self, event: Event, events: Sequence[Event]) -> tuple[Place, ...]:
        """Where an event comes from, outermost place first; () when that is not known."""
        while _is_of_the_network(event):
            if not event.causes:
                return ()
            event = events[event.causes[0]]
        number = bisect_right(self.marks, event.seq, key=lambda mark: mark.seq) - 1
        if number < 0 or self.marks[number].node != event.node:
            return ()
        return self.marks[number].places


def _is_of_the_network(event: Event) -> bool:
    return event.kind.startswith(_NETWORK) and event.kind not in _BY_SCRIPTS
