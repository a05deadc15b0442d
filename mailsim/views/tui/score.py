"""What the screens need of a trace beside its events, computed once: steps, stages, the graph of hosts.

A *position* is how many steps of the current level are done: 0 is before the first one, and the step
at position i is number i - 1 of the level. Everything that a screen shows at a position is a function of
the trace up to that step, so going back needs no undo.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from mailsim.trace.conversations import Conversations
from mailsim.trace.events import Event, Noted, Packet, Said
from mailsim.trace.facts import FaultEnded, FaultStarted, TcpFact
from mailsim.trace.levels import Level, Levels
from mailsim.trace.snapshot import Fold, Snapshot
from mailsim.trace.stages import Stage, stages
from mailsim.trace.trace import Trace
from mailsim.trace.why import why
from mailsim.views.tui.atlas import Atlas


@dataclass(frozen=True, slots=True)
class Fault:
    """When a planned fault begins or ends."""

    seq: int
    begins: bool


class Score:
    """A trace with its indexes."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.world = trace, trace.world
        self.conversations = Conversations(trace.events)
        self.levels = Levels(trace, self.conversations)
        self._snapshot: Snapshot | None = None
        self._marks: dict[Level, tuple[tuple[int, int], ...]] = {}
        self._hosts: dict[Level, frozenset[str]] = {}

    @cached_property
    def atlas(self) -> Atlas:
        """Who talks to whom."""
        return Atlas.of(self.trace)

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """Planned faults, in order."""
        found = (event for event in self.trace.events if isinstance(event, Noted))
        facts = ((event.seq, event.fact) for event in found)
        return tuple(
            Fault(seq, isinstance(fact, FaultStarted))
            for seq, fact in facts
            if isinstance(fact, FaultStarted | FaultEnded)
        )

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The parts of the run, in order."""
        return tuple(stages(self.trace))

    @cached_property
    def _stage_starts(self) -> list[int]:
        return [stage.first for stage in self.stages]

    def stage_index(self, seq: int) -> int:
        """The stage of an event; -1 before the first."""
        return bisect_right(self._stage_starts, seq) - 1

    def _stage_marks(self, level: Level) -> tuple[tuple[int, int], ...]:
        """(stage, position of its first step) for each stage that has a step at the level."""
        known = self._marks.get(level)
        if known is None:
            spans = ((self.position(level, s.first - 1), self.position(level, s.end - 1)) for s in self.stages)
            marks = ((number, before + 1) for number, (before, last) in enumerate(spans) if last > before)
            known = self._marks[level] = tuple(marks)
        return known

    def shown_stages(self, level: Level) -> tuple[int, ...]:
        """The stages that have a step at a level."""
        return tuple(stage for stage, _ in self._stage_marks(level))

    def stage_positions(self, level: Level) -> tuple[int, ...]:
        """The position of the first step of each of `shown_stages`."""
        return tuple(position for _, position in self._stage_marks(level))

    def hosts(self, level: Level) -> frozenset[str]:
        """The hosts that take part in a step of a level."""
        known = self._hosts.get(level)
        if known is None:
            events = (self.trace.events[seq] for seq in self.steps(level))
            known = self._hosts[level] = (
                frozenset(host for event in events for host in _hosts(event)) & self.atlas.nodes.keys()
            )
        return known

    @cached_property
    def _fold(self) -> Fold:
        return Fold(self.trace, self.conversations)

    def snapshot(self, seq: int) -> Snapshot:
        """The state of the world just after an event; -1 is before the first."""
        if self._snapshot is None or self._snapshot.count != seq + 1:
            self._snapshot = self._fold.at(seq + 1)
        return self._snapshot

    def responsible(self, seq: int) -> tuple[str, ...]:
        """The hosts that answer for some mail just after an event."""
        return tuple(dict.fromkeys(holder.node for holder in self.snapshot(seq).responsible))

    def is_delivered(self, seq: int) -> bool:
        """Whether some mail has reached a mailbox."""
        return bool(self.snapshot(seq).delivered)

    def causes(self, seq: int, level: Level) -> tuple[int, ...]:
        """The chain of causes from the beginning to an event, in steps of a level."""
        return tuple(event.seq for event in why(self.trace, seq, level, self.levels))

    def steps(self, level: Level) -> Sequence[int]:
        """The sequence numbers of the steps of a level."""
        return self.levels.steps(level)

    def position(self, level: Level, seq: int) -> int:
        """The position at an event, or at the last step before it."""
        return bisect_right(self.steps(level), seq)

    def position_at(self, level: Level, at: int) -> int:
        """The position at a time: after all steps up to then."""
        return bisect_right(self.steps(level), at, key=lambda seq: self.trace.events[seq].at)

    def next_of_kind(self, kind: str, after: int) -> int | None:
        """The next event of a kind (`smtp.cmd`, or only `smtp`), else the first of all; None when there is none."""
        wanted = kind.casefold()
        found = [e.seq for e in self.trace.events if e.kind == wanted or e.kind.startswith(f"{wanted}.")]
        if not wanted or not found:
            return None
        return next((seq for seq in found if seq > after), found[0])


def _hosts(event: Event) -> Iterator[str]:
    yield event.node
    match event:
        case Said(peer=peer) | Packet(peer=peer):
            yield peer
        case Noted(fact=TcpFact(peer=peer)):
            yield peer
