"""The wire: every line that went over it, as the RFCs quote a session, with the number of its step.

Long lines wrap under themselves; which row a step begins at is the business of `mailsim.views.tui.row_index`.
"""

from __future__ import annotations

from collections.abc import Hashable

from textual import events
from textual.strip import Strip

from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.lens import Lens
from mailsim.views.tui.painted import Chosen, Rolling
from mailsim.views.tui.row_index import RowIndex
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.telling import Shape, Telling, line_count, parts
from mailsim.views.tui.text import Line, Piece, strip

NUMBER_WIDTH = 7
MARK_WIDTH = 3


class Wire(Rolling):
    """The lines of all steps up to the current one (and after it, when the future is shown)."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(id="wire")
        self._stepper = stepper
        self._index = RowIndex((), lambda _: 1)
        self._made_for: tuple[Lens, int, str] | None = None
        self._rows: dict[int, list[Line]] = {}

    def show_step(self) -> None:
        """Follow the stepper."""
        self.prepare(self.columns)
        position = self._stepper.position
        if position:
            first = self._index.first_row(position)
            last = first + len(self._wrapped(position)) - 1
            self.set_row_count(self._index.total)
            self.reveal(first, last)
        else:
            self.set_row_count(self._index.total)
            self.reveal(0, 0)
        self.repaint()

    def on_resize(self) -> None:
        self.forget()
        self.show_step()

    def first_row(self, position: int) -> int:
        """The row where the step at a position (from 1) begins."""
        return self._index.first_row(position)

    def on_click(self, event: events.Click) -> None:
        position = self._index.position_at(event.y + round(self.scroll_offset.y))
        if position is not None and (self._stepper.future or position <= self._stepper.position):
            self.post_message(Chosen(position))

    def looks(self, index: int) -> Hashable:
        position = self._index.position_at(index)
        if position is None or (position > self._stepper.position and not self._stepper.future):
            return "later"
        return position, index - self.first_row(position), position == self._stepper.position

    def row(self, index: int, width: int) -> Strip:
        position = self._index.position_at(index)
        stepper = self._stepper
        if position is None or (position > stepper.position and not stepper.future):
            return strip([], self.palette, width)
        now = position == stepper.position
        lines = self._wrapped(position)
        line = lines[min(index - self.first_row(position), len(lines) - 1)]
        made = strip([Piece(" "), *line], self.palette, width, Ground.CURSOR if now else Ground.PAGE)
        return Strip.join([strip([Piece(" ")], self.palette, 1, Ground.NOW), made.crop(1)]) if now else made

    # --- inside ---

    def prepare(self, width: int) -> None:
        """The rows of this lens, width and language."""
        stepper = self._stepper
        wanted = (stepper.lens, width, stepper.words.language)
        if wanted != self._made_for:
            self._made_for = wanted
            self._rows.clear()
            self._made.clear()
            events = stepper.score.trace.events
            guesses = [line_count(events[seq]) for seq in stepper.score.steps(stepper.lens)]
            self._index = RowIndex(guesses, lambda position: len(self._wrapped(position)))

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
