"""The timeline: stages above, below a rail with the position, faults and bookmarks; click or drag seeks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from textual import events
from textual.strip import Strip

from mailsim.views.tui.chrome import stage_title
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.lens import Lens
from mailsim.views.tui.painted import Chosen, Painted
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece, cut, strip

CURSOR = "[●]"
SLIP = 2
"""So many cells beside its mark may a label stand."""


class Label(NamedTuple):
    """What stands over the rail: column and text, whether it is the current stage, and its column on the rail."""

    place: int
    text: str
    now: bool
    mark: int


class Timeline(Painted):
    """All steps of the level on one row: equal distances, because simulated time has gaps of hours."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(id="timeline")
        self._stepper = stepper
        self._dragging = False
        self._columns: tuple[tuple[Lens, int], tuple[int, ...]] | None = None

    def looks(self) -> Hashable:
        stepper, faults = self._stepper, self._stepper.score.faults
        seen = len(faults) if stepper.future else bisect_right(faults, stepper.seq, key=lambda fault: fault.seq)
        place = self.column(stepper.position, self.size.width), stepper.stage_number, seen
        return stepper.lens, place, stepper.asking, frozenset(stepper.bookmarks)

    def paint(self, width: int) -> list[Strip]:
        labels = self._labels(width)
        return [
            strip(self._names(labels), self.palette, width),
            strip(self._rail(labels, width), self.palette, width),
        ]

    def column(self, position: int, width: int) -> int:
        """The column of a position."""
        return 1 + (width - 3) * position // max(1, self._stepper.last)

    def position_at(self, x: int) -> int:
        """The position of a column."""
        last = self._stepper.last
        width = max(1, self.size.width - 3)
        return max(0, min(last, round((x - 1) * last / width)))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._dragging = True
        self.capture_mouse()
        self.post_message(Chosen(self.position_at(event.x)))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragging:
            self.post_message(Chosen(self.position_at(event.x)))

    def on_mouse_up(self) -> None:
        if self._dragging:
            self._dragging = False
            self.release_mouse()

    # --- inside ---

    def _mark_columns(self, width: int) -> tuple[int, ...]:
        """The column where each stage begins; the same until lens or width changes."""
        key = (self._stepper.lens, width)
        if self._columns is None or self._columns[0] != key:
            marks = self._stepper.score.stage_positions(self._stepper.lens)
            self._columns = key, tuple(self.column(mark, width) for mark in marks)
        return self._columns[1]

    def _labels(self, width: int) -> list[Label]:
        """Names of stages at their first step. One that has no room is cut to its number; where stages are closer
        than that, only some have a label: the current one always, the others as they come."""
        stepper = self._stepper
        stages, marks = stepper.score.shown_stages(stepper.lens), self._mark_columns(width)
        last = width - len(str(stepper.stage_number + 1)) - 1
        here = next((mark for stage, mark in zip(stages, marks, strict=True) if stage == stepper.stage_number), width)
        labels: list[Label] = []
        free = 0
        for index, (stage, mark) in enumerate(zip(stages, marks, strict=True)):
            now, number = stage == stepper.stage_number, f"{stage + 1}"
            place = min(max(mark, free), width - len(number) - 1)
            hides_current = mark <= here and place + len(number) + 1 > min(here, last)
            if not now and (hides_current or not free <= place <= mark + SLIP):
                continue
            end = marks[index + 1] if index + 1 < len(marks) else width
            room = min(max(end, place) - place - 1, width - place)
            name = number if stepper.asking and stage > stepper.stage_number else stage_title(stepper, stage)
            has_room = room >= len(number) + 4 and name != number
            labels.append(Label(place, cut(f"{number} {name}", room) if has_room else number, now, mark))
            free = place + len(labels[-1].text) + 1
        return labels

    def _names(self, labels: Sequence[Label]) -> Line:
        pieces: list[Piece] = []
        x = 0
        for label in labels:
            pieces.append(Piece(" " * (label.place - x)))
            pieces.append(Piece(label.text, Ink.CHOSEN if label.now else Ink.DIM, underlined=label.now))
            x = label.place + len(label.text)
        return pieces

    def _rail(self, labels: Sequence[Label], width: int) -> Line:
        stepper = self._stepper
        here = self.column(stepper.position, width)
        cells = [Piece("━", Ink.COMMAND) if x <= here else Piece("─", Ink.LINE) for x in range(width - 1)]
        cells[0] = Piece(" ")
        for x in (label.mark for label in labels):
            cells[x] = Piece("╋" if x <= here else "┼", Ink.COMMAND if x <= here else Ink.LINE)
        for fault in stepper.score.faults:
            x = self.column(stepper.score.position(stepper.lens, fault.seq), width)
            if stepper.future or fault.seq <= stepper.seq:
                cells[x] = Piece("!" if fault.begins else "=", Ink.LATER, bold=True)
        for seq in stepper.bookmarks:
            cells[self.column(stepper.score.position(stepper.lens, seq), width)] = Piece("*", Ink.HEADING, bold=True)
        left = max(0, min(here - 1, width - 1 - len(CURSOR)))
        for offset, character in enumerate(CURSOR):
            cells[left + offset] = Piece(character, Ink.TEXT, Ground.NOW, bold=True)
        return cells
