"""Two bases for all our widgets: one that paints its rows itself, and one that scrolls over many rows.

Both repaint only rows that changed: a step touches few rows, and a terminal over a slow line shows the
difference. Neither ever asks for a layout: sizes are given by the screen (`mailsim.views.tui.arrangement`).
What has no border hands its rows to Textual as they are: its cache of styles would cost more than the painting.
"""

from __future__ import annotations

from collections.abc import Hashable

from rich.segment import Segment
from textual.app import App
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from mailsim.views.tui.ascii import in_ascii, plain
from mailsim.views.tui.inks import Ground, Ink, Palette, palette_named

MAX_MADE = 4000
"""So many rows are kept, because readers go back to what they saw."""


def shown_as(app: App[object], row: Strip) -> Strip:
    """The row as this terminal can show it: in ASCII when it has nothing else."""
    return in_ascii(row) if "-ascii" in app.classes else row


def text_as(app: App[object], text: str) -> str:
    """The same for text that Textual itself draws."""
    return plain(text) if "-ascii" in app.classes else text


def filtered(widget: Widget, rows: list[Strip]) -> list[Strip]:
    """The rows as the application's filters leave them: without colours, say."""
    for made in widget.get_line_filters():
        rows = [row.apply_filter(made, widget.styles.background) for row in rows]
    return rows


class Painted(Widget, can_focus=False):
    """A widget of a fixed size that paints all its rows in `paint`."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Painted { width: 1fr; height: 1fr; }
    """

    def __init__(self, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._rows: list[Strip] = []
        self._seen: Hashable = None

    @property
    def palette(self) -> Palette:
        """The colours of the current theme."""
        return palette_named(self.app.theme)

    def paint(self, width: int) -> list[Strip]:
        """The rows, each of that width; missing ones stay empty."""
        raise NotImplementedError

    def looks(self) -> Hashable:
        """All that the picture depends on beside size, theme and language; None when it must be painted to know."""
        return None

    def forget(self) -> None:
        """The language is another one, say."""
        self._seen = None

    def repaint(self) -> None:
        """Paint again and refresh the rows that differ."""
        width, height = self.size
        if not width or not height:
            return
        looks = self.looks()
        seen = None if looks is None else (looks, width, height, self.palette.name)
        if seen is not None and seen == self._seen:
            return
        self._seen = seen
        rows = self.paint(width)
        rows += [blank(width, self.palette)] * (height - len(rows))
        old, self._rows = self._rows, rows
        changed = [Region(0, y, width, 1) for y, row in enumerate(rows) if y >= len(old) or old[y] != row]
        if changed:
            self.refresh(*changed)

    def on_resize(self) -> None:
        """A new size is a new picture."""
        self.repaint()

    def render_line(self, y: int) -> Strip:
        if y < len(self._rows):
            return shown_as(self.app, self._rows[y].crop_extend(0, self.size.width, self.palette.style()))
        return blank(self.size.width, self.palette)

    def render_lines(self, crop: Region) -> list[Strip]:
        if self.styles.gutter or crop.width != self.size.width:
            return super().render_lines(crop)
        return filtered(self, [self.render_line(y) for y in crop.line_range])


class Rolling(ScrollView, can_focus=False):
    """A widget over many rows of which `row` makes one when it is seen."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Rolling { width: 1fr; height: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """

    def __init__(self, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._shown: dict[int, Strip] = {}
        self._made: dict[Hashable, Strip] = {}

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

    def looks(self, index: int) -> Hashable:  # noqa: ARG002 (for those that know)
        """What a row depends on until `forget`; None when it must be made to know."""
        return None

    def set_row_count(self, count: int) -> None:
        """Say how many rows there are; nothing happens when that is no news.

        The place of the scroll bar is always kept free, so that nothing needs a layout, which costs as much as a step.
        """
        size = Size(self.columns, count)
        if size == self.virtual_size:
            return
        if size.width != self.virtual_size.width:
            self.virtual_size = size
            return
        self.set_reactive(Widget.virtual_size, size)
        self.vertical_scrollbar.window_virtual_size = max(count, self.lines)  # an empty bar stays as it is
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
        room, top = self.scrollable_content_region, round(self.scroll_offset.y)
        self.prepare(room.width)
        old, self._shown = self._shown, {}
        changed = []
        for y in range(top, top + room.height):
            strip = self._shown[y] = self._make(y, room.width)
            if old.get(y) != strip:
                changed.append(Region(0, y - top, room.width, 1))
        if changed:
            self.refresh(*changed)

    def prepare(self, width: int) -> None:
        """Before rows of that width are asked for."""

    def _make(self, index: int, width: int) -> Strip:
        if index >= self.virtual_size.height:
            return blank(width, self.palette)
        looks = self.looks(index)
        known = None if looks is None else self._made.get((looks, width))
        if known is not None:
            return known
        made = self.row(index, width).crop_extend(0, width, self.palette.style())
        if looks is not None:
            if len(self._made) > MAX_MADE:
                self._made.clear()
            self._made[looks, width] = made
        return made

    def render_line(self, y: int) -> Strip:
        width = self.columns
        self.prepare(width)
        return self._shown_row(y + round(self.scroll_offset.y), width)

    def _shown_row(self, index: int, width: int) -> Strip:
        strip = self._shown.get(index)
        if strip is None or strip.cell_length != width:
            strip = self._shown[index] = self._make(index, width)
        return shown_as(self.app, strip)

    def render_lines(self, crop: Region) -> list[Strip]:
        if self.styles.gutter or crop.width != self.size.width:
            return super().render_lines(crop)
        width, top = self.columns, round(self.scroll_offset.y)
        self.prepare(width)
        style = self.palette.style()  # for the cell under the scroll bar
        rows = (self._shown_row(top + y, width) for y in crop.line_range)
        return filtered(self, [row.adjust_cell_length(crop.width, style) for row in rows])

    def forget(self) -> None:
        """Throw shown rows away: theme, language or width changed."""
        self._shown.clear()
        self._made.clear()
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
