"""Where the reader is in the trace: position, level, bookmarks, last search. No widget, no clock.

Moves return whether they moved; at the ends nothing happens, and the screen says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailsim.lessons.ui import Words
from mailsim.trace.events import Event
from mailsim.trace.levels import Level
from mailsim.trace.stages import Stage
from mailsim.views.tui.lens import FIRST_LOOK, Lens
from mailsim.views.tui.memory import Place
from mailsim.views.tui.score import Score
from mailsim.views.tui.telling import Telling, tell

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Steps a second."""


@dataclass(frozen=True, slots=True)
class Found:
    """Result of a search; `wrapped` when it went over the end."""

    position: int
    wrapped: bool


class Stepper:
    """A cursor over the steps of a trace.

    Attributes:
        score: the trace and its indexes; lens: which events are steps; position: how many steps are done.
        bookmarks: sequence numbers of marked events; future: whether steps to come are shown.
        asking: whether a question is open, which hides the future whatever else was chosen.
        words: the language; wanted: what was searched for last.
    """

    def __init__(self, score: Score, language: str, level: Level | None = None) -> None:
        self.score = score
        self.words = Words(language)
        wanted = level if level is not None else Level.of(score.world.detail)
        self._lens = Lens(wanted, everything=wanted is Level.PACKET)
        self.position = 0
        self.bookmarks: set[int] = set()
        self._future = False
        self.asking = False
        self.wanted = ""
        self.speed = 1.0
        self.answers = self.right_answers = 0
        self.playing = False
        self._anchor: int | None = None
        self._furthest = 0.0
        self._told: dict[tuple[int, str], Telling] = {}

    # --- what is here ---

    @property
    def lens(self) -> Lens:
        """Which events are steps."""
        return self._lens

    @property
    def level(self) -> Level:
        """The zoom level."""
        return self._lens.level

    @property
    def future(self) -> bool:
        """Whether steps to come are shown."""
        return self._future and not self.asking

    @future.setter
    def future(self, shown: bool) -> None:
        self._future = shown

    @property
    def last(self) -> int:
        """The last position, which is the number of steps."""
        return len(self.score.steps(self._lens))

    @property
    def seq(self) -> int:
        """The sequence number of the current event; -1 before the first step."""
        return self.seq_at(self.position)

    @property
    def event(self) -> Event | None:
        """The current event; None before the first step."""
        return None if self.position == 0 else self.score.trace.events[self.seq]

    @property
    def at(self) -> int:
        """Simulated time here, microseconds."""
        event = self.event
        return 0 if event is None else event.at

    @property
    def stage_number(self) -> int:
        """Index of the current stage; -1 before the first."""
        return self.score.stage_index(self.seq)

    @property
    def stage(self) -> Stage | None:
        """The current stage."""
        number = self.stage_number
        return None if number < 0 else self.score.stages[number]

    def seq_at(self, position: int) -> int:
        """The event of a position; -1 before the first step."""
        return -1 if position == 0 else self.score.steps(self._lens)[position - 1]

    def telling(self, position: int) -> Telling:
        """How the step at a position (from 1) is told."""
        return self.tell(self.seq_at(position))

    def tell(self, seq: int) -> Telling:
        """How an event is told in the current language."""
        key = (seq, self.words.language)
        known = self._told.get(key)
        if known is None:
            if len(self._told) > 20_000:
                self._told.clear()
            known = self._told[key] = tell(self.score.trace.events[seq], self.score.world, self.words)
        return known

    # --- moves ---

    def move_to(self, position: int) -> bool:
        """Go to a position, or to the nearer end."""
        position = max(0, min(position, self.last))
        self._anchor = None
        if position == self.position:
            return False
        self.position = position
        self._furthest = max(self._furthest, position / max(1, self.last))
        return True

    def next(self) -> bool:
        """One step on."""
        return self.move_to(self.position + 1)

    def back(self) -> bool:
        """One step back."""
        return self.move_to(self.position - 1)

    def next_stage(self) -> bool:
        """To the first step of the stage that follows."""
        return self._to_stage(self.stage_number + 1)

    def previous_stage(self) -> bool:
        """To the first step of this stage, or of the one before when already there."""
        number = self.stage_number
        if number >= 0 and self.position > self._stage_position(number):
            return self._to_stage(number)
        return self._to_stage(number - 1) if number > 0 else self.move_to(0)

    def to_event(self, seq: int) -> None:
        """To an event, under a lens that shows it: closer, or of all messages, when this one does not."""
        own = self.score.levels.of(seq)
        if own > self.level:
            self._lens = replace(self._lens, level=own)
        if not self._is_step(seq) and self._lens.message:
            self._lens = replace(self._lens, message="")
        if not self._is_step(seq):
            self._lens = replace(self._lens, everything=True)
        self.move_to(self.score.position(self._lens, seq))

    def _is_step(self, seq: int) -> bool:
        position = self.score.position(self._lens, seq)
        return position > 0 and self.seq_at(position) == seq

    def zoom_level(self) -> None:
        """The next level that has something to show, staying at the event."""
        self._look(replace(self._lens, level=self._next_level()))

    def _next_level(self) -> Level:
        """Packets come only when something has introduced them, or the reader wants everything."""
        hides_packets = self.score.world.level <= FIRST_LOOK and not self._lens.everything
        levels = [level for level in Level if level is not Level.PACKET or not hides_packets]
        return next((level for level in levels if level > self.level), levels[0])

    def follow(self, message: str) -> None:
        """Only the steps of one message, "" for all of them."""
        self._look(replace(self._lens, message=message))

    def follow_next(self) -> str:
        """Follow the next of the run's messages, after the last one all again; gives which."""
        keys = ("", *self.score.messages)
        self.follow(keys[(keys.index(self._lens.message) + 1) % len(keys)])
        return self._lens.message

    def show_everything(self, everything: bool) -> None:
        """Whether also what is not introduced yet is a step."""
        self._look(replace(self._lens, everything=everything))

    def _look(self, lens: Lens) -> None:
        """Change the lens and stay at the event: at the last step under the new lens that is not after it."""
        anchor = self.seq if self._anchor is None else self._anchor
        self._lens = lens
        self.position = 0 if anchor < 0 else self.score.position(lens, anchor)
        self._anchor = anchor

    def _stage_position(self, number: int) -> int:
        """The first step of a stage on this level."""
        return min(self.last, self.score.position(self._lens, self.score.stages[number].first - 1) + 1)

    def _to_stage(self, number: int) -> bool:
        return 0 <= number < len(self.score.stages) and self.move_to(self._stage_position(number))

    # --- from one time to the next ---

    @property
    def is_at_own_level(self) -> bool:
        """Whether all steps of the scenario's own level are steps now."""
        return self._lens == Lens(Level.of(self.score.world.detail))

    def place(self) -> Place:
        """What to remember of where the reader is."""
        last = self.last
        self._furthest = max(self._furthest, self.position / last if last else 1.0)
        marks = tuple(sorted(self.bookmarks))
        return Place(self.position, self.level.name.lower(), self._furthest, last, marks)

    def restore(self, place: Place) -> None:
        """Go where the reader was; as near as the run, which may be another one by now, allows."""
        if place.is_done and place.position >= place.steps:
            return  # who has seen the end begins anew
        self._lens = replace(self._lens, level=Level.of(place.level))
        self.bookmarks = {seq for seq in place.bookmarks if seq < len(self.score.trace.events)}
        self.position = min(place.position, self.last)

    # --- go to, find, bookmarks, speed ---

    def go_to(self, where: str) -> bool:
        """Go to `12` (a step), `t12.5` (seconds), `s3` (a stage) or the next event of a kind; False: no such place."""
        where = where.strip()
        if where.isdecimal():
            return self._go(int(where), int(where) <= self.last)
        if where[:1] == "s" and where[1:].isdecimal():
            number = int(where[1:]) - 1
            return 0 <= number < len(self.score.stages) and self._go(self._stage_position(number))
        seconds = _seconds(where)
        if seconds is not None:
            return self._go(self.score.position_at(self._lens, round(seconds * 1_000_000)))
        seq = self.score.next_of_kind(where, self.seq)
        if seq is None:
            return False
        self.to_event(seq)
        return True

    def _go(self, position: int, there_is: bool = True) -> bool:
        if there_is:
            self.move_to(position)
        return there_is

    def find(self, what: str, forward: bool = True) -> Found | None:
        """The next step whose kind, hosts or text has these words; searches on from the other end."""
        self.wanted = what
        needle = what.casefold().strip()
        count = self.last
        if not needle or not count:
            return None
        step = 1 if forward else -1
        for distance in range(1, count + 1):
            raw = self.position + step * distance
            position = (raw - 1) % count + 1
            if needle in self._searched(position):
                return Found(position, not 1 <= raw <= count)
        return None

    def _searched(self, position: int) -> str:
        seq = self.seq_at(position)
        telling, event = self.tell(seq), self.score.trace.events[seq]
        label = self.score.atlas.label
        hosts = f"{telling.source} {telling.target} {label(telling.source)} {label(telling.target)}"
        return f"{event.kind} {hosts} {telling.text} {' '.join(telling.lines)}".casefold()

    def toggle_bookmark(self) -> bool:
        """Set or remove a bookmark here; True when it is set now."""
        if self.seq in self.bookmarks:
            self.bookmarks.remove(self.seq)
            return False
        self.bookmarks.add(self.seq)
        return True

    def next_bookmark(self) -> bool:
        """To the next bookmark, round the end; False when there is none."""
        if not self.bookmarks:
            return False
        later = [seq for seq in self.bookmarks if seq > self.seq]
        target = min(later or self.bookmarks)
        if target < 0:
            self.move_to(0)
        else:
            self.to_event(target)
        return True

    def count_answer(self, is_right: bool) -> None:
        """Remember how a question was answered."""
        self.answers += 1
        self.right_answers += is_right

    def change_speed(self, by: int) -> None:
        """The next or previous of the `SPEEDS`."""
        index = SPEEDS.index(self.speed) + by
        self.speed = SPEEDS[max(0, min(index, len(SPEEDS) - 1))]


def _seconds(text: str) -> float | None:
    """`t12.5`, `t12,5` as seconds, `t1:30:05` as hours, minutes and seconds; None for anything else."""
    if text[:1] != "t":
        return None
    try:
        parts = [float(part) for part in text[1:].replace(",", ".").split(":")]
    except ValueError:
        return None
    if len(parts) > 3 or any(not 0 <= part < 1e9 for part in parts):
        return None
    total = 0.0
    for part in parts:
        total = total * 60 + part
    return total
