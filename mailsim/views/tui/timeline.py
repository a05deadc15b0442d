"""The timeline: stages above, below a rail with the position, faults and bookmarks; click or drag seeks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable

from textual import events
from textual.strip import Strip

from mailsim.views.tui.chrome import stage_title
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.lens import Lens
from mailsim.views.tui.painted import Chosen, Painted
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece, cut, strip

CURSOR = "[●]"


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
        return [
            strip(self._names(width), self.palette, width),
            strip(self._rail(width), self.palette, width),
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

    def _names(self, width: int) -> Line:
        """The names of the stages at their first step; one that has no room is cut, its number stays."""
        stepper = self._stepper
        stages = stepper.score.shown_stages(stepper.lens)
        places = self._mark_columns(width)
        pieces: list[Piece] = []
        x = 0
        for index, (stage, mark) in enumerate(zip(stages, places, strict=True)):
            place = max(mark, x)
            end = places[index + 1] if index + 1 < len(places) else width
            room = min(max(end, place) - place - 1, width - place)
            number = f"{stage + 1}"
            name = f"{number} {stage_title(stepper, stage)}"
            if stepper.asking and stage > stepper.stage_number:
                name = number
            text = name[:room] if room >= len(number) else number
            if place + len(text) > width:
                break
            text = cut(name, room) if room >= len(number) + 4 else number[: width - place]
            pieces.append(Piece(" " * (place - x)))
            now = stage == stepper.stage_number
            pieces.append(Piece(text, Ink.CHOSEN if now else Ink.DIM, underlined=now))
            x = place + len(text)
            pieces.append(Piece(" "))
            x += 1
        return pieces

    def _rail(self, width: int) -> Line:
        stepper = self._stepper
        here = self.column(stepper.position, width)
        cells = [Piece("━", Ink.COMMAND) if x <= here else Piece("─", Ink.LINE) for x in range(width - 1)]
        cells[0] = Piece(" ")
        for x in dict.fromkeys(self._mark_columns(width)):
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
