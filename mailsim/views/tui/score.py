"""What the screens need of a trace beside its events, computed once: steps, stages, the graph of hosts.

A *position* is how many steps under the current lens are done: 0 is before the first one, and the step
at position i is number i - 1 of them. Everything that a screen shows at a position is a function of
the trace up to that step, so going back needs no undo.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mailsim.trace.conversations import Conversations
from mailsim.trace.events import Event, Noted, Packet, Said
from mailsim.trace.facts import FaultEnded, FaultStarted, TcpFact
from mailsim.trace.levels import Levels
from mailsim.trace.snapshot import Fold, Snapshot
from mailsim.trace.stages import Stage, stages
from mailsim.trace.trace import Trace
from mailsim.trace.why import why
from mailsim.views.tui.atlas import Atlas
from mailsim.views.tui.lens import FIRST_LOOK, Lens, is_introduced, messages, story_of, upgrades


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
        self._marks: dict[Lens, tuple[tuple[int, int], ...]] = {}
        self._hosts: dict[Lens, Mapping[str, int]] = {}
        self._steps: dict[Lens, Sequence[int]] = {}
        self._stories: dict[str, frozenset[int]] = {}

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

    def _stage_marks(self, lens: Lens) -> tuple[tuple[int, int], ...]:
        """(stage, position of its first step) for each stage that has a step under the lens."""
        known = self._marks.get(lens)
        if known is None:
            spans = ((self.position(lens, s.first - 1), self.position(lens, s.end - 1)) for s in self.stages)
            marks = ((number, before + 1) for number, (before, last) in enumerate(spans) if last > before)
            known = self._marks[lens] = tuple(marks)
        return known

    def shown_stages(self, lens: Lens) -> tuple[int, ...]:
        """The stages that have a step under a lens."""
        return tuple(stage for stage, _ in self._stage_marks(lens))

    def stage_positions(self, lens: Lens) -> tuple[int, ...]:
        """The position of the first step of each of `shown_stages`."""
        return tuple(position for _, position in self._stage_marks(lens))

    def hosts(self, lens: Lens) -> Mapping[str, int]:
        """The hosts that take part in a step under a lens, and how often each does."""
        known = self._hosts.get(lens)
        if known is None:
            events = (self.trace.events[seq] for seq in self.steps(lens))
            counted = Counter(host for event in events for host in _hosts(event))
            known = self._hosts[lens] = {name: n for name, n in counted.items() if name in self.atlas.nodes}
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

    def causes(self, seq: int, lens: Lens) -> tuple[int, ...]:
        """The chain of causes from the beginning to an event, in steps under a lens."""
        shown = set(self.steps(lens))
        chain = why(self.trace, seq, lens.level, self.levels)
        return tuple(event.seq for event in chain if event.seq == seq or event.seq in shown)

    def steps(self, lens: Lens) -> Sequence[int]:
        """The sequence numbers of the steps under a lens."""
        known = self._steps.get(lens)
        if known is None:
            known = self.levels.steps(lens.level)
            if not lens.everything and self.world.level <= FIRST_LOOK:
                events, hidden = self.trace.events, upgrades(self.trace.events)
                known = tuple(s for s in known if s not in hidden and is_introduced(events[s], self.world.level))
            if lens.message:
                story = self._story(lens.message)
                known = tuple(seq for seq in known if seq in story)
            self._steps[lens] = known
        return known

    @cached_property
    def messages(self) -> tuple[str, ...]:
        """The keys of all messages of the run."""
        return messages(self.trace)

    def _story(self, message: str) -> frozenset[int]:
        if message not in self._stories:
            self._stories[message] = story_of(self.trace, message)
        return self._stories[message]

    def position(self, lens: Lens, seq: int) -> int:
        """The position at an event, or at the last step before it."""
        return bisect_right(self.steps(lens), seq)

    def position_at(self, lens: Lens, at: int) -> int:
        """The position at a time: after all steps up to then."""
        return bisect_right(self.steps(lens), at, key=lambda seq: self.trace.events[seq].at)

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
