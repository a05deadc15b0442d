"""A sheet of cells to draw boxes, lines and text on, which turns into strips for the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from mailsim.views.tui.box import LIGHT, STEPS, UP, Arms, arrow, glyph, opposite
from mailsim.views.tui.inks import Ground, Ink, Palette

Point: TypeAlias = tuple[int, int]
Paint: TypeAlias = tuple[Ink, Ground, bool]
_EMPTY: Paint = (Ink.TEXT, Ground.PAGE, False)


class Canvas:
    """`width` x `height` cells; whatever lies outside is not drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._text: dict[Point, str] = {}
        self._arms: dict[Point, list[int]] = {}
        self._paint: dict[Point, Paint] = {}

    def text(self, x: int, y: int, text: str, ink: Ink, ground: Ground = Ground.PAGE, bold: bool = False) -> None:
        """Write one line of text over what is there."""
        for character in text:
            self._put(x, y, character, (ink, ground, bold))
            x += max(1, cell_len(character))

    def line(self, path: Sequence[Point], ink: Ink, weight: int = LIGHT, head: bool = False) -> None:
        """Draw through neighbouring cells, joining what is there; `head` makes the last cell an arrow's head."""
        for here, there in pairwise(path):
            side = STEPS.index((there[0] - here[0], there[1] - here[1]))
            self._arm(here, side, weight, ink)
            self._arm(there, opposite(side), weight, ink)
            if head and there == path[-1]:
                self._put(*there, arrow(side), (ink, Ground.PAGE, True))

    def box(self, x: int, y: int, width: int, height: int, ink: Ink, weight: int = LIGHT) -> None:
        """Draw a frame; the outside size is given."""
        right, bottom = x + width - 1, y + height - 1
        around = [(column, y) for column in range(x, right + 1)]
        around += [(right, row) for row in range(y + 1, bottom + 1)]
        around += [(column, bottom) for column in range(right - 1, x - 1, -1)]
        around += [(x, row) for row in range(bottom - 1, y - 1, -1)]
        self.line(around, ink, weight)

    def join(self, point: Point, side: int, weight: int, ink: Ink | None = None) -> None:
        """Give a cell one more arm and leave its ink, if it has one: where a line meets a frame."""
        arms = self._arms.setdefault(point, [0, 0, 0, 0])
        arms[side] = max(arms[side], weight)
        if ink is not None:
            self._paint.setdefault(point, (ink, Ground.PAGE, False))

    def strips(self, palette: Palette) -> list[Strip]:
        """One strip for each row."""
        places: list[list[int]] = [[] for _ in range(self.height)]
        for x, y in sorted(self._paint):
            places[y].append(x)
        return [self._row(y, places[y], palette) for y in range(self.height)]

    def _put(self, x: int, y: int, character: str, paint: Paint) -> None:
        if 0 <= x < self.width and 0 <= y < self.height:
            self._text[x, y] = character
            self._paint[x, y] = paint

    def _arm(self, point: Point, side: int, weight: int, ink: Ink) -> None:
        if not (0 <= point[0] < self.width and 0 <= point[1] < self.height):
            return
        arms = self._arms.setdefault(point, [0, 0, 0, 0])
        arms[side] = max(arms[side], weight)
        if point not in self._text:
            self._paint[point] = (ink, Ground.PAGE, False)

    def _row(self, y: int, places: Iterable[int], palette: Palette) -> Strip:
        """A row from the cells that are not empty, in order; one that a wide character covers is left out."""
        cells: list[tuple[str, Paint]] = []
        end = 0
        for x in places:
            if x < end:
                continue
            if x > end:
                cells.append((" " * (x - end), _EMPTY))
            character = self._character((x, y))
            cells.append((character, self._paint[x, y]))
            end = x + max(1, cell_len(character))
        if end < self.width:
            cells.append((" " * (self.width - end), _EMPTY))
        return Strip(_merged(cells, palette), max(end, self.width)).crop(0, self.width)

    def _character(self, point: Point) -> str:
        written = self._text.get(point)
        if written is not None:
            return written
        arms = self._arms.get(point)
        return " " if arms is None else glyph(_frozen(arms))


def _frozen(arms: Sequence[int]) -> Arms:
    return arms[UP], arms[1], arms[2], arms[3]


def _merged(cells: Iterable[tuple[str, Paint]], palette: Palette) -> list[Segment]:
    """Neighbours of one style become one segment: shorter escape sequences."""
    segments: list[Segment] = []
    styles: dict[Paint, Style] = {}
    style: Style | None = None
    text: list[str] = []
    on: Ground | None = None
    for character, paint in cells:
        its = styles.get(paint)
        if its is None:
            its = styles[paint] = palette.style(*paint)
        ground = paint[1]
        if character.isspace() and ground is on and style is not None:
            its = style
        on = ground
        if its is not style and text:
            segments.append(Segment("".join(text), style))
            text = []
        style = its
        text.append(character)
    if text:
        segments.append(Segment("".join(text), style))
    return segments
