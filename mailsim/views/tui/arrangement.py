"""Which pane stands where, for any size of the terminal: three layouts, and a zoomed one.

- *small* (the projector: a teacher who zooms has fewer cells): one big pane, hops above, explanation below;
- *medium*, from 110 x 30: map over ladder at the left, explanation over a pane with tabs at the right;
- *large*, from 170 x 45: a third column with mail, DNS and queues.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from textual.geometry import Region

MIN_WIDTH, MIN_HEIGHT = 60, 18
BIG_PANES = ("map", "ladder", "wire", "mail", "dns", "queues", "mailboxes", "bytes", "code")
"""Panes that a small screen shows one of."""
TAB_PANES = ("wire", "mail", "dns", "queues", "mailboxes", "bytes", "code")
"""Panes behind tabs on a medium screen."""
COLUMN_PANES = ("mail", "dns", "queues")
"""Panes of the third column."""


class Layout(Enum):
    """How much there is room for."""

    TOO_SMALL = "too-small"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"

    @staticmethod
    def of(width: int, height: int) -> Layout:
        """The layout for a terminal of that size."""
        if width < MIN_WIDTH or height < MIN_HEIGHT:
            return Layout.TOO_SMALL
        if width >= 170 and height >= 45:
            return Layout.LARGE
        return Layout.MEDIUM if width >= 110 and height >= 30 else Layout.SMALL


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Region of each visible widget by its id; `framed` ones have a border inside their region."""

    layout: Layout
    regions: dict[str, Region]
    framed: frozenset[str] = frozenset()


def arrange(width: int, height: int, big: str, tab: str, zoomed: bool, sheet: bool = False) -> Arrangement:
    """The arrangement for a size; `big` is the pane asked for last, `tab` the last of `TAB_PANES`.

    A `sheet` over the explanation gets more room on a small screen.
    """
    layout = Layout.of(width, height)
    match layout:
        case Layout.TOO_SMALL:
            return Arrangement(layout, {"too-small": Region(0, 0, width, height)})
        case Layout.SMALL:
            return _small(width, height, big, zoomed, sheet)
    if zoomed:
        return _zoomed(layout, width, height, big)
    return _medium(width, height, tab) if layout is Layout.MEDIUM else _large(width, height, tab)


def _small(width: int, height: int, big: str, zoomed: bool, sheet: bool) -> Arrangement:
    regions = {"header": Region(0, 0, width, 1), "now": Region(0, 1, width, 1)}
    top = 2
    if big != "map":  # the map says it all
        regions["hops"] = Region(0, top, width, 2)
        top += 2
    regions["tabs"] = Region(0, top, width, 1)
    top += 1
    explanation = 0 if zoomed else max(5, min(8, height - 23))
    if sheet:
        explanation = max(explanation, min(9, height - top - 5))
    bottom = height - 3
    regions[big] = Region(0, top, width, bottom - explanation - top)
    if explanation:
        regions["explain"] = Region(0, bottom - explanation, width, explanation)
    regions |= _foot(width, height)
    return Arrangement(Layout.SMALL, regions)


def _foot(width: int, height: int) -> dict[str, Region]:
    return {"timeline": Region(0, height - 3, width, 2), "keys": Region(0, height - 1, width, 1)}


def _zoomed(layout: Layout, width: int, height: int, big: str) -> Arrangement:
    now = 3 if layout is Layout.LARGE else 1
    regions = {"header": Region(0, 0, width, 1), "now": Region(0, 1, width, now)}
    body = height - 4 - now
    if big in TAB_PANES:
        regions["tabs"] = Region(1, 2 + now, width - 2, 1)
        regions["frame"] = Region(0, 1 + now, width, body)
        regions[big] = Region(1, 3 + now, width - 2, body - 3)
        framed = frozenset(("frame",))
    else:
        regions[big] = Region(0, 1 + now, width, body)
        framed = frozenset((big,))
    return Arrangement(layout, regions | _foot(width, height), framed)


def _medium(width: int, height: int, tab: str) -> Arrangement:
    regions = {"header": Region(0, 0, width, 1), "now": Region(0, 1, width, 1)}
    regions |= _foot(width, height)
    left = max(60, width * 54 // 100 + 1)
    framed = _two_columns(regions, Region(0, 2, left, height - 5), Region(left, 2, width - left, height - 5), tab)
    return Arrangement(Layout.MEDIUM, regions, framed)


def _large(width: int, height: int, tab: str) -> Arrangement:
    regions = {"header": Region(0, 0, width, 1), "now": Region(0, 1, width, 3)}
    regions |= _foot(width, height)
    body = height - 7
    left, right = width * 40 // 100, width * 26 // 100
    middle = width - left - right
    framed = _two_columns(regions, Region(0, 4, left, body), Region(left, 4, middle, body), tab)
    heights = (body * 45 // 100, body * 30 // 100)
    y = 4
    for name, rows in zip(COLUMN_PANES, (*heights, body - sum(heights)), strict=True):
        regions[f"side-{name}"] = Region(left + middle, y, right, rows)
        y += rows
    return Arrangement(Layout.LARGE, regions, framed | {f"side-{name}" for name in COLUMN_PANES})


def _two_columns(regions: dict[str, Region], left: Region, right: Region, tab: str) -> frozenset[str]:
    map_rows = max(11, min(left.height * 45 // 100, 19))
    regions["map"] = Region(left.x, left.y, left.width, map_rows)
    regions["ladder"] = Region(left.x, left.y + map_rows, left.width, left.height - map_rows)
    explain_rows = max(12, min(right.height * 38 // 100, 16))
    regions["explain"] = Region(right.x, right.y, right.width, explain_rows)
    frame = Region(right.x, right.y + explain_rows, right.width, right.height - explain_rows)
    regions["frame"] = frame
    regions["tabs"] = Region(frame.x + 1, frame.y + 1, frame.width - 2, 1)
    regions[tab] = Region(frame.x + 1, frame.y + 2, frame.width - 2, frame.height - 3)
    return frozenset(("map", "ladder", "explain", "frame"))
