"""Two bases for all our widgets: one that paints its rows itself, and one that scrolls over many rows.

Both repaint only rows that changed: a step touches few rows, and a terminal over a slow line shows the
difference. Neither ever asks for a layout: sizes are given by the screen (`mailsim.views.tui.arrangement`).
"""

from __future__ import annotations

from rich.segment import Segment
from textual.app import App
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from mailsim.views.tui.ascii import in_ascii, plain
from mailsim.views.tui.inks import Ground, Ink, Palette, palette_named


def shown_as(app: App[object], row: Strip) -> Strip:
    """The row as this terminal can show it: in ASCII when it has nothing else."""
    return in_ascii(row) if "-ascii" in app.classes else row


def text_as(app: App[object], text: str) -> str:
    """The same for text that Textual itself draws."""
    return plain(text) if "-ascii" in app.classes else text


class Painted(Widget, can_focus=False):
    """A widget of a fixed size that paints all its rows in `paint`."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Painted { width: 1fr; height: 1fr; }
    """

    def __init__(self, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._rows: list[Strip] = []

    @property
    def palette(self) -> Palette:
        """The colours of the current theme."""
        return palette_named(self.app.theme)

    def paint(self, width: int) -> list[Strip]:
        """The rows, each of that width; missing ones stay empty."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Paint again and refresh the rows that differ."""
        width, height = self.size
        if not width or not height:
            return
        rows = self.paint(width)
        rows += [blank(width, self.palette)] * (height - len(rows))
        old, self._rows = self._rows, rows
        for y, row in enumerate(rows):
            if y >= len(old) or old[y] != row:
                self.refresh(Region(0, y, width, 1))

    def on_resize(self) -> None:
        """A new size is a new picture."""
        self.repaint()

    def render_line(self, y: int) -> Strip:
        if y < len(self._rows):
            return shown_as(self.app, self._rows[y].crop_extend(0, self.size.width, self.palette.style()))
        return blank(self.size.width, self.palette)


class Rolling(ScrollView, can_focus=False):
    """A widget over many rows of which `row` makes one when it is seen."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Rolling { width: 1fr; height: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """

    def __init__(self, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._shown: dict[int, Strip] = {}

    @property
    def palette(self) -> Palette:
        """The colours of the current theme."""
        return palette_named(self.app.theme)

    @property
    def columns(self) -> int:
        """The width of a row, without the scroll bar."""
        return max(0, self.scrollable_content_region.width)

    @property
    def lines(self) -> int:
        """How many rows are in view."""
        return max(0, self.scrollable_content_region.height)

    def row(self, index: int, width: int) -> Strip:
        """The strip of a row, at most `width` cells."""
        raise NotImplementedError

    def set_row_count(self, count: int) -> None:
        """Say how many rows there are; nothing happens when that is no news.

        Only a scroll bar that comes or goes needs a layout of everything, which costs as much as a step.
        """
        size, known, room = Size(self.columns, count), self.virtual_size, self.lines
        if size == known:
            return
        if size.width != known.width or (count > room) != (known.height > room):
            self.virtual_size = size
            return
        self.set_reactive(Widget.virtual_size, size)
        self.vertical_scrollbar.window_virtual_size = count
        if self.scroll_offset.y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)

    def reveal(self, first: int, last: int) -> None:
        """Scroll so that these rows are seen, the first one before all others.

        The view turns by half pages, so most steps move nothing, at least half a page of what went before stays in
        sight, and the place depends on the rows alone: stepping back shows the same picture again.
        """
        half = max(1, self.lines // 2)
        top = min(first, max(0, (last // half - 1) * half))
        if top != round(self.scroll_offset.y):
            self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def repaint(self) -> None:
        """Refresh the rows in view that differ from what was shown."""
        width, top = self.columns, round(self.scroll_offset.y)
        old, self._shown = self._shown, {}
        for y in range(top, top + self.lines):
            strip = self._shown[y] = self._make(y, width)
            if old.get(y) != strip:
                self.refresh_line(y)

    def _make(self, index: int, width: int) -> Strip:
        if index >= self.virtual_size.height:
            return blank(width, self.palette)
        return self.row(index, width).crop_extend(0, width, self.palette.style())

    def render_line(self, y: int) -> Strip:
        index, width = y + round(self.scroll_offset.y), self.columns
        strip = self._shown.get(index)
        if strip is None or strip.cell_length != width:
            strip = self._shown[index] = self._make(index, width)
        return shown_as(self.app, strip)

    def forget(self) -> None:
        """Throw shown rows away: theme, language or width changed."""
        self._shown.clear()
        self.refresh()


class Chosen(Message):
    """A click chose a position of the trace."""

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position


class Pressed(Message):
    """A click pressed an action of the registry."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action = action


def blank(width: int, palette: Palette, ground: Ground = Ground.PAGE) -> Strip:
    """An empty row."""
    return Strip([Segment(" " * width, palette.style(Ink.TEXT, ground))], width)
