"""Two runs side by side: the same steps on the same row, and where they part.

Steps are the same when the same hosts do the same kind of thing; what is said may then differ (another reply, a
later time), and is shown as a change. Queue ids and numbers that differ in every run are no change.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import ClassVar, TextIO

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.strip import Strip

from mailsim.lessons.ui import LANGUAGES, Words
from mailsim.views.tui.chrome import title_of
from mailsim.views.tui.inks import Ground, Ink, themes_of
from mailsim.views.tui.painted import Painted, Rolling
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece, cut, hung, strip, width_of

_CHANCE = re.compile(r"\b[0-9A-Z]{10,}\b|<[^<>@ ]{8,}@|\d+")
"""Queue ids, Message-IDs and numbers: another run has others."""
SIGNS = {"same": " ", "changed": "~", "left": "<", "right": ">"}
INKS = {"same": Ink.DIM, "changed": Ink.LATER, "left": Ink.FAILED, "right": Ink.REPLY}


@dataclass(frozen=True, slots=True)
class Pair:
    """A row: a position (from 1) of each run, None where a run has no such step.

    sign: `same`, `changed` (what is said differs), `left` or `right` (only that run has it).
    """

    left: int | None
    right: int | None
    sign: str


def align(left: Stepper, right: Stepper) -> tuple[Pair, ...]:
    """The rows, in order of both runs."""
    keys = [[_key(stepper, position) for position in _positions(stepper)] for stepper in (left, right)]
    pairs: list[Pair] = []
    for tag, i, i_end, j, j_end in SequenceMatcher(a=keys[0], b=keys[1], autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += (_pair(left, right, i + n + 1, j + n + 1) for n in range(i_end - i))
            continue
        pairs += (Pair(n + 1, None, "left") for n in range(i, i_end))
        pairs += (Pair(None, n + 1, "right") for n in range(j, j_end))
    return tuple(pairs)


def _positions(stepper: Stepper) -> range:
    return range(1, stepper.last + 1)


def _key(stepper: Stepper, position: int) -> tuple[str, str, str]:
    telling = stepper.telling(position)
    event = stepper.score.trace.events[stepper.seq_at(position)]
    topic = stepper.score.conversations.topic(event)
    return telling.source, telling.target, topic.split(".reply.")[0]


def _pair(left: Stepper, right: Stepper, i: int, j: int) -> Pair:
    said = [_CHANCE.sub("#", stepper.telling(n).text) for stepper, n in ((left, i), (right, j))]
    classes = [stepper.telling(n).sign for stepper, n in ((left, i), (right, j))]
    same = said[0] == said[1] and classes[0] == classes[1]
    return Pair(i, j, "same" if same else "changed")


def said(stepper: Stepper, position: int) -> str:
    """A step in one line: who to whom, and what."""
    telling, label = stepper.telling(position), stepper.score.atlas.label
    hosts = label(telling.source) + (f" ► {label(telling.target)}" if telling.target else "")
    return f"{hosts}: {telling.text}"


def write_comparison(left: Stepper, right: Stepper, out: TextIO) -> None:
    """The rows as lines: `<` only the first run, `>` only the second, `~` both but different."""
    pairs = align(left, right)
    out.writelines(f"{line}\n" for line in summary(left, right, pairs))
    for pair in pairs:
        if pair.left is not None:
            out.write(f"{SIGNS[pair.sign]} {pair.left:>4}  {said(left, pair.left)}\n")
        if pair.right is not None and pair.sign in ("changed", "right"):
            out.write(f"{SIGNS[pair.sign]} {pair.right:>4}  {said(right, pair.right)}\n")


def summary(left: Stepper, right: Stepper, pairs: Sequence[Pair]) -> Iterator[str]:
    """Both titles, and how many rows differ."""
    yield f"< {_named(left)}"
    yield f"> {_named(right)}"
    yield left.words("compare.count", n=sum(pair.sign != "same" for pair in pairs))


def _named(stepper: Stepper, room: int = sys.maxsize) -> str:
    """Title and id of a run; without room for both the title is cut, for the id tells which variant it is."""
    name = f" ({stepper.score.world.scenario})"
    return cut(title_of(stepper), max(1, room - len(name))) + name


class CompareRows(Rolling):
    """The rows of both runs."""

    def __init__(self, screen: CompareScreen) -> None:
        super().__init__(id="compare-rows")
        self._compare = screen

    def show_rows(self) -> None:
        self.set_row_count(len(self._compare.pairs))
        self.reveal(self._compare.chosen, self._compare.chosen)
        self.forget()

    def on_resize(self) -> None:
        self.show_rows()

    def on_click(self, event: events.Click) -> None:
        self._compare.choose(event.y + round(self.scroll_offset.y))

    def row(self, index: int, width: int) -> Strip:
        if index >= len(self._compare.pairs):
            return strip([], self.palette, width)
        pair = self._compare.pairs[index]
        half = (width - 5) // 2
        now = index == self._compare.chosen
        mark = Piece("►", ground=Ground.NOW) if now else Piece(" ")
        sign = Piece(f" {SIGNS[pair.sign]} ", INKS[pair.sign], bold=True)
        left, right = self._compare.left, self._compare.right
        line = [mark, *self._half(left, pair.left, pair, half), sign, *self._half(right, pair.right, pair, half)]
        return strip(line, self.palette, width, Ground.CURSOR if now else Ground.PAGE)

    def _half(self, stepper: Stepper, position: int | None, pair: Pair, width: int) -> Line:
        if position is None:
            return [Piece(" " * width)]
        text = cut(f"{position:>4} {said(stepper, position)}", width)
        ink = Ink.DIM if pair.sign == "same" else stepper.telling(position).ink
        return [Piece(text + " " * (width - width_of([Piece(text)])), ink, bold=pair.sign != "same")]


class CompareDetails(Rolling):
    """The whole of the chosen row: what each run says there."""

    def __init__(self, screen: CompareScreen) -> None:
        super().__init__(id="compare-details")
        self._compare = screen
        self._lines: list[Line] = []

    def show_rows(self) -> None:
        self._lines = hung(self._compare.details(), max(1, self.content_region.width - 1))
        self.set_row_count(max(1, len(self._lines)))
        self.forget()

    def on_resize(self) -> None:
        self.show_rows()

    def row(self, index: int, width: int) -> Strip:
        return strip(self._lines[index] if index < len(self._lines) else (), self.palette, width)


class CompareBar(Painted):
    """Titles above, keys below."""

    def __init__(self, screen: CompareScreen, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._compare = screen

    def paint(self, width: int) -> list[Strip]:
        line = self._compare.titles(width) if self.id == "compare-titles" else self._compare.keys()
        return [strip(line, self.palette, width, Ground.BAR)]


class CompareScreen(Screen[None]):
    """Two runs side by side."""

    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,right,down,full_stop", "move(1)", show=False),
        Binding("p,left,up,comma", "move(-1)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("g,home", "move(-99999999)", show=False),
        Binding("G,end", "move(99999999)", show=False),
        Binding("N", "difference(1)", show=False),
        Binding("P", "difference(-1)", show=False),
        Binding("v", "zoom_level", show=False),
        Binding("L", "language", show=False),
        Binding("T", "theme", show=False),
        Binding("q,escape", "leave", show=False),
    ]

    def __init__(self, left: Stepper, right: Stepper) -> None:
        super().__init__()
        self.left, self.right = left, right
        self.pairs = align(left, right)
        self.chosen = 0
        self._message = ""
        self._leaving = False

    def compose(self) -> ComposeResult:
        yield CompareBar(self, "compare-titles")
        yield CompareRows(self)
        yield CompareDetails(self)
        yield CompareBar(self, "compare-keys")

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.call_after_refresh(self.show))

    @property
    def words(self) -> Words:
        """The language of both."""
        return self.left.words

    def show(self) -> None:
        """Paint everything again."""
        self.query_one(CompareRows).show_rows()
        self.query_one(CompareDetails).show_rows()
        for bar in self.query(CompareBar):
            bar.repaint()

    def titles(self, width: int) -> Line:
        """Both titles over their halves, and how much differs."""
        count = self.words("compare.count", n=sum(pair.sign != "same" for pair in self.pairs))
        half = (width - 5) // 2 + 4
        rooms = max(1, half - 3), max(1, width - half - len(count) - 3)
        names = [_named(stepper, room) for stepper, room in zip((self.left, self.right), rooms, strict=True)]
        gap = " " * max(1, width - half - cell_len(names[1]) - len(count) - 1)
        return [Piece(f" {names[0]:<{half - 1}}{names[1]}", bold=True), Piece(f"{gap}{count} ")]

    def keys(self) -> Line:
        """The keys, or a message."""
        if self._message:
            return [Piece(f" {self._message}", bold=True)]
        pieces: list[Piece] = []
        for key, label in (("n/p", "step"), ("N/P", "difference"), ("v", "zoom"), ("L", "language"), ("q", "leave")):
            pieces += [Piece(f" {key} ", ground=Ground.CHIP, bold=True)]
            pieces += [Piece(f" {self.words(f'compare.{label}')} ", bold=True)]
        return pieces

    def details(self) -> Sequence[Line]:
        """What each run has on the chosen row, whole."""
        if not self.pairs:
            return [[Piece(self.words("compare.empty"), Ink.DIM)]]
        pair = self.pairs[self.chosen]
        lines: list[Line] = [[Piece(self.words(f"compare.{pair.sign}"), Ink.HEADING, bold=True)]]
        for sign, stepper, position in (("<", self.left, pair.left), (">", self.right, pair.right)):
            if position is None:
                continue
            telling, at = stepper.telling(position), stepper.score.trace.events[stepper.seq_at(position)].at
            lines.append([Piece(f"{sign} {position}  {stepper.words.duration(at)}  ", Ink.DIM)])
            lines += [[Piece(f"  {line}", telling.ink)] for line in telling.lines[:8]]
        return lines

    def choose(self, row: int) -> None:
        """Go to a row, or the nearest there is."""
        self.chosen = max(0, min(row, len(self.pairs) - 1))
        self._say("")

    def action_move(self, by: int) -> None:
        self.choose(self.chosen + by)

    def action_difference(self, step: int) -> None:
        """The next or previous row where the runs differ and the one before did not."""
        row = self.chosen + step
        while 0 <= row < len(self.pairs):
            begins = row == 0 or self.pairs[row - 1].sign == "same"
            if self.pairs[row].sign != "same" and begins:
                self.choose(row)
                return
            row += step
        self._say(self.words("compare.none"))

    def action_zoom_level(self) -> None:
        for stepper in (self.left, self.right):
            stepper.zoom_level()
        self.pairs = align(self.left, self.right)
        self.choose(self.chosen)
        self._say(self.words("level.now", level=self.words(f"level.{self.left.level.name.lower()}")))

    def action_language(self) -> None:
        language = LANGUAGES[(LANGUAGES.index(self.words.language) + 1) % len(LANGUAGES)]
        self.left.words = self.right.words = Words(language)
        self._say("")

    def action_theme(self) -> None:
        names = themes_of(self.app.theme)
        self.app.theme = names[(names.index(self.app.theme) + 1) % len(names)]

    def action_leave(self) -> None:
        if self._leaving:
            self.app.exit()
            return
        self._say(self.words("compare.again"))
        self._leaving = True

    def _say(self, message: str) -> None:
        self._message, self._leaving = message, False
        self.show()
