"""Where the boxes of the map stand and how the lines between them run.

Boxes stand in a grid: mail nodes first, in the column of their hop, the helpers (resolvers, name
servers, silent hosts) in the free places nearest to who asks them. What finds no place is hidden, and the
map says how many. Lines are then routed one by one, the short ones first, by A* over the cells with a
price for each bend, for crossing a line, and for running inside another line (cheap when both lines
end at the same box: they part further on, as a cable does). All this happens only when the size changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count, pairwise
from typing import NamedTuple, TypeAlias

from mailsim.views.tui.atlas import Importance, pair
from mailsim.views.tui.box import DOWN, LEFT, RIGHT, STEPS, UP, opposite
from mailsim.views.tui.canvas import Point
from mailsim.views.tui.map_graph import MapGraph

MIN_BOX_WIDTH, MAX_BOX_WIDTH = 9, 17
MIN_GAP, MAX_GAP = 5, 16
MIN_ROW_GAP, MAX_ROW_GAP = 1, 3
_BEND, _CROSS, _SHARE, _TRUNK, _HUG = 6, 5, 30, 1, 1


class Box(NamedTuple):
    """A rectangle of cells."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, x: int, y: int) -> bool:
        """Whether a cell is inside or on the frame."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height

    def port(self, side: int) -> Point:
        """The cell of the frame where lines to that side begin; below and above, right of the title."""
        match side:
            case 1:
                return self.x + self.width - 1, self.y + 1
            case 3:
                return self.x, self.y + 1
            case 2:
                return self.x + self.width // 2 - 1, self.y + self.height - 1
        return self.x + self.width // 2 - 1, self.y


Edge: TypeAlias = tuple[str, str]
Route: TypeAlias = tuple[Point, ...]


@dataclass(slots=True)
class MapLayout:
    """Boxes by name, routes by edge (from the first name of the edge to the second), and who is hidden."""

    boxes: dict[str, Box] = field(default_factory=dict)
    routes: dict[Edge, Route] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()

    def route(self, source: str, target: str) -> Route:
        """The cells from one box to the other, frames included; empty when there is no line."""
        route = self.routes.get(pair(source, target), ())
        return route if source < target else route[::-1]


def lay_out(graph: MapGraph, width: int, height: int, widest: int = 12) -> MapLayout:
    """Place and connect what fits into `width` x `height` cells; `widest` is the longest text for a box."""
    shown = [name for name in graph.order if graph.importance[name] is Importance.MAIL]
    helpers = sorted(set(graph.order) - set(shown), key=lambda name: (graph.importance[name], graph.order.index(name)))
    columns = max((graph.columns[name] for name in shown), default=0) + 1
    grid = _Grid.fitting(width, height, columns, widest + 4)
    layout = MapLayout()
    if grid is None:
        layout.hidden = graph.order
        return layout
    slots = _place_mail(graph, shown, grid, has_helpers=bool(helpers))
    for name in helpers:
        _place_helper(graph, name, grid, slots)
    boxes = {name: grid.box(*slot) for slot, name in slots.items()}
    layout.boxes = {name: boxes[name] for name in graph.order if name in boxes}
    layout.hidden = tuple(name for name in graph.order if name not in boxes)
    layout.routes = _route_all(graph, layout.boxes, width, height)
    return layout


# --- the grid -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Grid:
    columns: int
    rows: int
    box_width: int
    box_height: int
    column_step: int
    row_step: int
    left: int
    top: int

    @staticmethod
    def fitting(width: int, height: int, columns: int, wanted: int) -> _Grid | None:
        """The roomiest grid for so many columns, folded when they are too many for the width."""
        columns = min(columns, (width + MIN_GAP) // (MIN_BOX_WIDTH + MIN_GAP))
        if columns < 1 or height < 3:
            return None
        widest = (width - (columns - 1) * MIN_GAP) // columns
        box_width = min(widest, max(MIN_BOX_WIDTH, min(wanted, MAX_BOX_WIDTH)))
        gap = min(MAX_GAP, (width - columns * box_width) // max(1, columns - 1))
        rows = (height + MIN_ROW_GAP) // (3 + MIN_ROW_GAP)
        row_gap = min(MAX_ROW_GAP, (height - rows * 3) // max(1, rows - 1)) if rows > 1 else 0
        left = (width - columns * box_width - (columns - 1) * gap) // 2
        top = (height - rows * 3 - (rows - 1) * row_gap) // 2
        return _Grid(columns, rows, box_width, 3, box_width + gap, 3 + row_gap, left, top)

    def box(self, column: int, row: int) -> Box:
        x, y = self.left + column * self.column_step, self.top + row * self.row_step
        return Box(x, y, self.box_width, self.box_height)


Slot: TypeAlias = tuple[int, int]


def _place_mail(graph: MapGraph, names: Sequence[str], grid: _Grid, has_helpers: bool) -> dict[Slot, str]:
    """The mail nodes: the first of a column on the main row, further ones below it, then above."""
    stack: dict[int, int] = {}
    for name in names:
        stack[graph.columns[name]] = stack.get(graph.columns[name], 0) + 1
    deepest = max(stack.values(), default=1)
    folded = max(stack, default=0) >= grid.columns
    main = 1 if has_helpers and grid.rows > deepest and not folded else 0
    slots: dict[Slot, str] = {}
    for name in names:
        fold, column = divmod(graph.columns[name], grid.columns)
        rows = [*range(main + fold * deepest, grid.rows), *range(main - 1, -1, -1)]
        free = [(column, row) for row in rows if (column, row) not in slots]
        if free:
            slots[free[0]] = name
    return slots


def _place_helper(graph: MapGraph, name: str, grid: _Grid, slots: dict[Slot, str]) -> None:
    """A helper: the free place with the shortest ways to those it talks to, the top row rather than the bottom."""
    free = [(c, r) for c in range(grid.columns) for r in range(grid.rows) if (c, r) not in slots]
    if not free:
        return
    friends = [slot for slot, other in slots.items() if graph.graph.has_edge(name, other)]
    wish = min(graph.columns[name], grid.columns - 1)

    def price(slot: Slot) -> tuple[float, int, int, int]:
        ways = sum((abs(slot[0] - c) + 1.5 * abs(slot[1] - r)) ** 2 for c, r in friends)
        return ways, abs(slot[0] - wish), slot[1], -slot[0]

    slots[min(free, key=price)] = name


# --- the lines ----------------------------------------------------------------------------------


def _route_all(graph: MapGraph, boxes: dict[str, Box], width: int, height: int) -> dict[Edge, Route]:
    edges = sorted(pair(*edge) for edge in graph.graph.edges if edge[0] in boxes and edge[1] in boxes)
    router = _Router(boxes, width, height)

    def length(edge: Edge) -> tuple[int, Edge]:
        one, other = boxes[edge[0]], boxes[edge[1]]
        return abs(one.x - other.x) + 3 * abs(one.y - other.y), edge

    routes = ((edge, router.route(*edge)) for edge in sorted(edges, key=length))
    return {edge: route for edge, route in routes if route}


class _Router:
    """Finds one way after the other and remembers which cells they took."""

    def __init__(self, boxes: dict[str, Box], width: int, height: int) -> None:
        self._boxes, self._width, self._height = boxes, width, height
        self._blocked = {point for box in boxes.values() for point in _cells(box)}
        near = ((x + dx, y + dy) for x, y in self._blocked for dx, dy in STEPS)
        self._near = set(near) - self._blocked
        self._taken: dict[Point, list[tuple[Edge, int]]] = {}

    def route(self, source: str, target: str) -> Route:
        """The cheapest way between two boxes; empty when there is none."""
        edge = pair(source, target)
        one, other = self._boxes[source], self._boxes[target]
        route = self._search(edge, one, other)
        for here, there in pairwise(route):
            axis = 0 if here[1] == there[1] else 1
            for point in (here, there):
                self._taken.setdefault(point, []).append((edge, axis))
        return route

    def _search(self, edge: Edge, one: Box, other: Box) -> Route:
        goals = {_beyond(other.port(side), side): side for side in (UP, RIGHT, DOWN, LEFT)}
        ticket = count()
        heap: list[tuple[float, int, float, Point, int]] = []
        came: dict[tuple[Point, int], tuple[Point, int] | None] = {}
        best: dict[tuple[Point, int], float] = {}
        for side in (UP, RIGHT, DOWN, LEFT):
            start = _beyond(one.port(side), side)
            if self._is_free(start):
                cost = 1 + self._price(edge, start, side)
                best[start, side] = cost
                came[start, side] = None
                heappush(heap, (cost + _distance(start, other), next(ticket), cost, start, side))
        while heap:
            _, _, cost, point, side = heappop(heap)
            if cost > best[point, side]:
                continue
            if goals.get(point) == opposite(side):
                return self._walk_back(came, (point, side), one, other)
            for turn in (UP, RIGHT, DOWN, LEFT):
                there = _beyond(point, turn)
                if turn == opposite(side) or not self._is_free(there):
                    continue
                price = cost + 1 + (_BEND if turn != side else 0) + self._price(edge, there, turn)
                if price < best.get((there, turn), float("inf")):
                    best[there, turn] = price
                    came[there, turn] = (point, side)
                    heappush(heap, (price + _distance(there, other), next(ticket), price, there, turn))
        return ()

    def _walk_back(
        self,
        came: dict[tuple[Point, int], tuple[Point, int] | None],
        end: tuple[Point, int],
        one: Box,
        other: Box,
    ) -> Route:
        points = [_beyond(end[0], end[1])]
        state: tuple[Point, int] | None = end
        while state is not None:
            points.append(state[0])
            last, state = state, came[state]
        points.append(_beyond(last[0], opposite(last[1])))
        assert one.holds(*points[-1])
        assert other.holds(*points[0])
        return tuple(reversed(points))

    def _is_free(self, point: Point) -> bool:
        return 0 <= point[0] < self._width and 0 <= point[1] < self._height and point not in self._blocked

    def _price(self, edge: Edge, point: Point, side: int) -> float:
        """What a cell costs beyond its length, for a line that enters it from that direction."""
        axis = 1 if side in (UP, DOWN) else 0
        price = _HUG if point in self._near else 0
        for other, its_axis in self._taken.get(point, ()):
            if set(other) & set(edge):
                price += _TRUNK
            else:
                price += _SHARE if its_axis == axis else _CROSS
        return price


def _beyond(point: Point, side: int) -> Point:
    dx, dy = STEPS[side]
    return point[0] + dx, point[1] + dy


def _cells(box: Box) -> Iterator[Point]:
    return ((x, y) for x in range(box.x, box.x + box.width) for y in range(box.y, box.y + box.height))


def _distance(point: Point, box: Box) -> int:
    """Steps to the box at least."""
    x, y = point
    return max(box.x - x, 0, x - box.x - box.width + 1) + max(box.y - y, 0, y - box.y - box.height + 1)


def overlaps(boxes: Iterable[Box]) -> bool:
    """Whether two boxes share a cell."""
    cells = [cell for box in boxes for cell in _cells(box)]
    return len(cells) != len(set(cells))
