"""The parts of the list of scenarios: its rows, what is told about one of them, and the bars around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.strip import Strip

from mailsim.lessons.ui import Words
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.library import Entry, Problem
from mailsim.views.tui.memory import Memory
from mailsim.views.tui.painted import Painted, Rolling
from mailsim.views.tui.text import Line, Piece, cut, hung, strip, width_of

if TYPE_CHECKING:
    from mailsim.views.tui.picker import Picker


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the list: a heading, or a scenario."""

    heading: str = ""
    entry: Entry | None = None


class EntryList(Rolling):
    """The scenarios that fit the filter, under headings."""

    def __init__(self, picker: Picker) -> None:
        super().__init__(id="entries")
        self._picker = picker

    def show_rows(self) -> None:
        rows = self._picker.rows
        self.set_row_count(len(rows))
        chosen = self._picker.chosen_row
        self.reveal(max(0, chosen - 1), chosen)
        self.forget()

    def on_resize(self) -> None:
        self.show_rows()

    def on_click(self, event: events.Click) -> None:
        index = event.y + round(self.scroll_offset.y)
        rows = self._picker.rows
        if index < len(rows) and rows[index].entry is not None:
            already = index == self._picker.chosen_row
            self._picker.choose_row(index)
            if already:
                self._picker.action_open()

    def row(self, index: int, width: int) -> Strip:
        row = self._picker.rows[index]
        if row.entry is None:
            return strip([Piece(f" {row.heading}", Ink.HEADING, bold=True)], self.palette, width)
        chosen = index == self._picker.chosen_row
        mark = Piece("►", ground=Ground.NOW) if chosen else Piece(" ")
        right = self._picker.state_of(row.entry)
        room = width - width_of(right) - 4
        title = cut(row.entry.title(self._picker.words.language), room)
        ink = Ink.FAILED if row.entry.problems else Ink.TEXT
        line = [mark, Piece(f" {title}{' ' * max(1, room - len(title) + 1)}", ink, bold=chosen), *right]
        return strip(line, self.palette, width, Ground.CURSOR if chosen else Ground.PAGE)


class Details(Rolling):
    """Everything about the chosen scenario."""

    def __init__(self, picker: Picker) -> None:
        super().__init__(id="details")
        self._picker = picker
        self._lines: list[Line] = []

    def show_entry(self) -> None:
        width = max(1, self.content_region.width - 1)
        self._lines = hung(self._picker.details(), width)
        self.set_row_count(max(1, len(self._lines)))
        self.scroll_to(y=0, animate=False, force=True)
        self.forget()

    def on_resize(self) -> None:
        self.show_entry()

    def row(self, index: int, width: int) -> Strip:
        return strip(self._lines[index] if index < len(self._lines) else (), self.palette, width)


class Bar(Painted):
    """One row that the picker writes."""

    def __init__(self, picker: Picker, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._picker = picker

    def paint(self, width: int) -> list[Strip]:
        return [strip(self._picker.bar(self.id or "", width), self.palette, width, Ground.BAR)]

    def on_click(self, event: events.Click) -> None:
        if self.id == "picker-keys":
            self._picker.click_keys(event.x)


def state_of(entry: Entry, memory: Memory, words: Words) -> Line:
    """What stands at the right end of a row: length and progress, or how many mistakes."""
    if entry.problems:
        return [Piece(words("picker.problems", n=len(entry.problems)), Ink.FAILED)]
    length, place = memory.lengths.get(entry.key), memory.places.get(entry.key)
    steps = words("picker.steps", n=length) if length is not None else ""
    if place is None:
        progress = words("picker.new")
    elif place.is_done:
        progress = words("picker.done")
    else:
        progress = words("picker.at", i=place.position, n=place.steps)
    return [Piece(f"{steps:>10}  ", Ink.DIM), Piece(f"{progress:<13}", Ink.REPLY if place else Ink.DIM)]


def about(entry: Entry, words: Words) -> Sequence[Line]:
    """Everything about a scenario; why it cannot be read, when it cannot."""
    language = words.language
    lines: list[Line] = [[Piece(entry.title(language), Ink.HEADING, bold=True)]]
    if entry.objective(language):
        lines += [[], [Piece(f"{words('explain.objective')} ", Ink.DIM), Piece(entry.objective(language))]]
    for problem in entry.problems:
        lines += [[], *_mistake(problem, words)]
    lines += [[], [Piece(entry.key, Ink.DIM)]]
    return lines


def _mistake(problem: Problem, words: Words) -> Iterator[Line]:
    language = words.language
    place = words("picker.place", file=problem.file, line=problem.line, column=problem.column)
    yield [Piece(place if problem.line else problem.file, Ink.DIM)]
    yield [Piece(problem.message.get(language, ""), Ink.FAILED)]
    if problem.source:
        yield [Piece(f"  {problem.source}")]
        yield [Piece(" " * (problem.column + 1) + "^", Ink.LATER)]
    if problem.hint.get(language):
        yield [Piece(words("picker.hint", hint=problem.hint[language]))]
