"""Why did this happen? The chain of causes of an event, back to its root, as short as it can be told.

An event may have several causes: a server speaks because a segment came, and also because of what it did
before. Of all chains from a root (an event that nothing caused) to the event, the shortest one in steps of
the wanted level is the most readable; among equals, one that begins with a fault, because that is what was not as
always, and then the one whose causes are later, because what came last is what was waited for.
"""

from __future__ import annotations

from collections.abc import Sequence

from mailsim.trace.events import Event, Noted
from mailsim.trace.facts import FaultStarted
from mailsim.trace.levels import Level, Levels
from mailsim.trace.trace import Trace


def why(trace: Trace, seq: int, level: Level = Level.DIALOGUE, levels: Levels | None = None) -> list[Event]:
    """The chain of causes from a root to the event `seq`, which is always its last member.

    Events below `level` are left out, but the chain goes through them. Raises: IndexError when there is no such
    event.
    """
    if not 0 <= seq < len(trace.events):
        raise IndexError(seq)
    known = levels or Levels(trace)
    chain = _shortest(trace.events, seq, known, level)
    return [event for event in chain if event.seq == seq or known.of(event.seq) <= level]


def _shortest(events: Sequence[Event], seq: int, levels: Levels, level: Level) -> list[Event]:
    """The chain with the fewest visible members. Causes have smaller numbers, so one pass upwards is enough."""
    length: dict[int, int] = {}
    best: dict[int, int] = {}
    for number in sorted(ancestors(events, seq)):
        causes = events[number].causes
        cause = min(causes, key=lambda c: (length[c], not _is_fault(events[c]), -c), default=None)
        if cause is not None:
            best[number] = cause
        before = 0 if cause is None else length[cause]
        length[number] = before + (levels.of(number) <= level)
    chain = [seq]
    while chain[-1] in best:
        chain.append(best[chain[-1]])
    return [events[number] for number in reversed(chain)]


def _is_fault(event: Event) -> bool:
    return isinstance(event, Noted) and isinstance(event.fact, FaultStarted)


def ancestors(events: Sequence[Event], seq: int) -> set[int]:
    """The seqs of everything that the event `seq` follows from, itself included."""
    found = {seq}
    todo = [seq]
    while todo:
        for cause in events[todo.pop()].causes:
            if cause not in found:
                found.add(cause)
                todo.append(cause)
    return found
