"""The wire: every line that went over it, as the RFCs quote a session, with the number of its step.

Long lines wrap under themselves. Which row a step begins at is a prefix sum over the lines of all steps; it is
computed once for each level and width.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from textual import events
from textual.strip import Strip

from mailsim.trace.levels import Level
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.painted import Chosen, Rolling
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.telling import Shape, Telling, parts
from mailsim.views.tui.text import Line, Piece, strip

NUMBER_WIDTH = 7
MARK_WIDTH = 3


class Wire(Rolling):
    """The lines of all steps up to the current one (and after it, when the future is shown)."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(id="wire")
        self._stepper = stepper
        self._ends: list[int] = []
        self._made_for: tuple[Level, int, str] | None = None
        self._rows: dict[int, list[Line]] = {}

    def show_step(self) -> None:
        """Follow the stepper."""
        self._prepare()
        position = self._stepper.position
        self.set_row_count(self._ends[-1] if self._ends else 0)
        if position:
            first = self.first_row(position)
            self.reveal(first, self._ends[position - 1] - 1)
        else:
            self.reveal(0, 0)
        self.repaint()

    def on_resize(self) -> None:
        self.forget()
        self.show_step()

    def first_row(self, position: int) -> int:
        """The row where the step at a position (from 1) begins."""
        return self._ends[position - 2] if position > 1 else 0

    def on_click(self, event: events.Click) -> None:
        position = bisect_right(self._ends, event.y + round(self.scroll_offset.y)) + 1
        if position <= self._stepper.last and (self._stepper.future or position <= self._stepper.position):
            self.post_message(Chosen(position))

    def row(self, index: int, width: int) -> Strip:
        self._prepare()
        position = bisect_right(self._ends, index) + 1
        stepper = self._stepper
        if position > stepper.last or (position > stepper.position and not stepper.future):
            return strip([], self.palette, width)
        now = position == stepper.position
        lines = self._wrapped(position)
        line = lines[index - self.first_row(position)]
        mark = Piece("▌", Ink.TEXT) if now else Piece(" ")
        return self._cursor(strip([mark, *line], self.palette, width, Ground.CURSOR if now else Ground.PAGE), now)

    # --- inside ---

    def _cursor(self, made: Strip, now: bool) -> Strip:
        """The bar at the left of the current step, yellow because it is now."""
        if not now:
            return made
        bar = strip([Piece(" ")], self.palette, 1, Ground.NOW)
        return Strip.join([bar, made.crop(1)])

    def _prepare(self) -> None:
        wanted = (self._stepper.level, self.columns, self._stepper.words.language)
        if wanted != self._made_for:
            self._made_for = wanted
            self._rows.clear()
            stepper = self._stepper
            self._ends = list(accumulate(stepper.score.row_counts(stepper.level, self.text_width, stepper.tell)))

    @property
    def text_width(self) -> int:
        """Columns for the text of a line."""
        return max(1, self.columns - NUMBER_WIDTH - MARK_WIDTH - 1)

    def _wrapped(self, position: int) -> list[Line]:
        known = self._rows.get(position)
        if known is None:
            if len(self._rows) > 4000:
                self._rows.clear()
            known = self._rows[position] = wire_lines(self._stepper.telling(position), position, self.text_width)
        return known


def wire_lines(telling: Telling, position: int, width: int) -> list[Line]:
    """The rows of one step: its number on the first, then mark and text, wrapped at `width` cells."""
    bold = telling.shape in (Shape.SOLID, Shape.DOUBLE) and telling.mark == "C:"
    ink = Ink.DIM if telling.mark == "--" and telling.ink is Ink.TEXT else telling.ink
    rows: list[Line] = []
    for text in telling.lines:
        for part, rest in enumerate(parts(telling, text, width)):
            number = f"{position:>5} " if not rows else " " * 6
            mark = f"{telling.mark} " if part == 0 else "   "
            rows.append([Piece(number, Ink.DIM), Piece(mark, ink, bold=bold), Piece(rest, ink, bold=bold)])
    return rows
