"""The map: a box for each host, lines for who talks to whom, the current step heavy, `[@]` where the mail is."""

from __future__ import annotations

from bisect import bisect_right

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.strip import Strip

from mailsim.views.tui.atlas import NEVER, shortened, title
from mailsim.views.tui.box import DOWN, HEAVY, LEFT, LIGHT, RIGHT, UP
from mailsim.views.tui.canvas import Canvas
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.map_graph import MapGraph
from mailsim.views.tui.map_layout import Box, MapLayout, Route, lay_out
from mailsim.views.tui.painted import Painted
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.telling import Shape, Telling
from mailsim.views.tui.text import Line, Piece, cut, strip, width_of

BADGE = "[@]"
MAX_PAINTED = 200
"""So many pictures of the map are kept."""


class NodeChosen(Message):
    """A click chose a box, with one host or several."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.names = names


class Map(Painted):
    """The map in the middle of things."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(id="map")
        self._stepper = stepper
        self._layouts: dict[tuple[int, int], MapLayout] = {}
        self._graph = MapGraph.of(stepper.score.atlas)
        atlas = stepper.score.atlas
        told = (seq for seq, _ in atlas.preferences.values())
        self._changes = sorted({*self._graph.first_seen.values(), *told})
        self._painted: dict[tuple[object, ...], list[Strip]] = {}

    @property
    def layout_now(self) -> MapLayout:
        """Boxes and routes for the current size; computed once for each size."""
        size = (self.size.width, self.size.height)
        known = self._layouts.get(size)
        if known is None:
            if len(self._layouts) > 20:
                self._layouts.clear()
            widest = max((len(text) for box in self._graph.order for text in self._texts(box, -1)), default=8)
            known = self._layouts[size] = lay_out(self._graph, *size, widest)
        return known

    def paint(self, width: int) -> list[Strip]:
        """The map; a picture that was painted before for the same hosts and the same knowledge is shown again."""
        stepper = self._stepper
        telling = stepper.telling(stepper.position) if stepper.position else None
        moving = (telling.source, telling.target, telling.ink, telling.lost) if telling else None
        known = bisect_right(self._changes, stepper.seq)
        looks = (self.size, self.palette.name, stepper.words.language)
        key = (*looks, known, moving, stepper.score.responsible(stepper.seq))
        if key not in self._painted:
            if len(self._painted) > MAX_PAINTED:
                self._painted.clear()
            self._painted[key] = self._paint(width, telling)
        return list(self._painted[key])

    def _paint(self, width: int, telling: Telling | None) -> list[Strip]:
        layout, stepper = self.layout_now, self._stepper
        height = self.size.height
        canvas = Canvas(width, height)
        if not layout.boxes:
            canvas.text(0, 0, cut(stepper.words("map.small"), width), Ink.DIM)
            return canvas.strips(self.palette)
        active = {self._graph.box_of.get(host, "") for host in (telling.source, telling.target)} if telling else set()
        self._draw_lines(canvas, layout)
        for name, box in layout.boxes.items():
            if name not in active:
                self._draw_box(canvas, name, box, Ink.TEXT if self._is_involved(name) else Ink.DIM, LIGHT)
        for name in layout.boxes.keys() & active:
            self._draw_box(canvas, name, layout.boxes[name], telling.ink if telling else Ink.TEXT, HEAVY)
        self._join_lines(canvas, layout)
        self._draw_arrow(canvas, layout, telling)
        self._draw_badges(canvas, layout)
        if layout.hidden:
            note = f" {stepper.words('map.hidden', n=len(layout.hidden))} "
            canvas.text(width - cell_len(note), self._row_for_note(layout, width - cell_len(note)), note, Ink.DIM)
        return canvas.strips(self.palette)

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        for name, box in self.layout_now.boxes.items():
            if place is not None and box.holds(*place):
                self.post_message(NodeChosen(self._graph.members[name]))

    # --- inside ---

    def _is_involved(self, key: str | tuple[str, str]) -> bool:
        return self._graph.first_seen.get(key, NEVER) <= self._stepper.seq

    def _row_for_note(self, layout: MapLayout, left: int) -> int:
        """The lowest row where the note hides no box."""
        rows = range(self.size.height - 1, -1, -1)
        free = (
            y
            for y in rows
            if not any(box.y <= y < box.y + box.height for box in layout.boxes.values() if box.x + box.width > left)
        )
        return next(free, self.size.height - 1)

    def _texts(self, box: str, seq: int) -> tuple[str, str]:
        """Title and label of a box; a shared one shows the host that acts at this event."""
        atlas, hosts = self._stepper.score.atlas, self._graph.members[box]
        if len(hosts) == 1:
            return title(atlas.nodes[hosts[0]], atlas.preference(hosts[0], seq)), atlas.label(hosts[0])
        telling = self._stepper.tell(seq) if seq >= 0 else None
        acting = [host for host in hosts if telling and host in (telling.source, telling.target)]
        labels = acting or hosts
        return self._stepper.words("ladder.servers", n=len(hosts)), ", ".join(atlas.label(host) for host in labels)

    def _draw_lines(self, canvas: Canvas, layout: MapLayout) -> None:
        for involved in (False, True):
            for edge, route in layout.routes.items():
                if self._is_involved(edge) == involved:
                    canvas.line(route[1:-1], Ink.TEXT if involved else Ink.LINE)

    def _join_lines(self, canvas: Canvas, layout: MapLayout) -> None:
        for edge, route in layout.routes.items():
            for frame, outside in ((route[0], route[1]), (route[-1], route[-2])):
                side = _side(frame, outside)
                ink = Ink.TEXT if self._is_involved(edge) else Ink.LINE
                canvas.join(frame, side, LIGHT)
                canvas.join(outside, (side + 2) % 4, LIGHT, ink)

    def _draw_box(self, canvas: Canvas, name: str, box: Box, ink: Ink, weight: int) -> None:
        role, label = self._texts(name, self._stepper.seq)
        bold = ink is not Ink.DIM
        canvas.box(*box, Ink.LINE if ink is Ink.DIM else ink, weight)
        if role:
            self._draw_title(canvas, role, box, ink, weight)
        inside = cut(label, box.width - 2)
        left = box.x + 1 + (box.width - 2 - cell_len(inside)) // 2
        canvas.text(left, box.y + 1, inside, Ink.TEXT if bold else Ink.DIM, bold=bold)

    def _draw_title(self, canvas: Canvas, role: str, box: Box, ink: Ink, weight: int) -> None:
        """The roles in the upper frame; a long title does without the gaps around it."""
        text = shortened(role, box.width - 2)
        if len(text) <= box.width - 4:
            text = f" {text} "
        left = box.x + (2 if len(text) < box.width - 3 else 1)
        canvas.text(left, box.y, text, ink, bold=weight == HEAVY)

    def _draw_arrow(self, canvas: Canvas, layout: MapLayout, telling: Telling | None) -> None:
        if telling is None or not telling.target:
            return
        box_of = self._graph.box_of
        route: Route = layout.route(box_of.get(telling.source, ""), box_of.get(telling.target, ""))
        if len(route) < 3:
            return
        canvas.line(route[1:-1], telling.ink, HEAVY)
        canvas.join(route[0], _side(route[0], route[1]), HEAVY)
        canvas.join(route[1], (_side(route[0], route[1]) + 2) % 4, HEAVY, telling.ink)
        head = "x" if telling.lost else "▲►▼◄"[_side(route[-2], route[-1])]
        canvas.text(*route[-2], head, telling.ink, bold=True)

    def _draw_badges(self, canvas: Canvas, layout: MapLayout) -> None:
        for name in self._stepper.score.responsible(self._stepper.seq):
            box = layout.boxes.get(self._graph.box_of.get(name, ""))
            if box is not None:
                canvas.text(box.x + box.width - 5, box.y + box.height - 1, BADGE, Ink.TEXT, Ground.NOW, bold=True)


def _side(here: tuple[int, int], there: tuple[int, int]) -> int:
    """Which way there is from here."""
    dx, dy = there[0] - here[0], there[1] - here[1]
    return {(0, -1): UP, (1, 0): RIGHT, (0, 1): DOWN, (-1, 0): LEFT}[dx, dy]


_STRIP_RUN = {Shape.SOLID: "━", Shape.DASHED: "╍", Shape.DOUBLE: "═"}


class Hops(Painted):
    """The map in two rows: the hosts in line, and what moves between them now."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(id="hops")
        self._stepper = stepper

    def paint(self, width: int) -> list[Strip]:
        stepper = self._stepper
        telling = stepper.telling(stepper.position) if stepper.position else None
        names = self._names(width, telling)
        lane = width // max(1, len(names))
        active = {telling.source, telling.target} if telling else set()
        labels: list[Piece] = []
        for name in names:
            label = stepper.score.atlas.label(name)
            shown = f"[{cut(label, lane - 3)}]" if name in active else cut(label, lane - 1)
            ink = Ink.CHOSEN if self._is_involved(name) else Ink.DIM
            labels.append(Piece(f"{shown:^{lane}}", ink))
        hidden = len(stepper.score.hosts(stepper.lens)) - len(names)
        if hidden > 0:
            note = stepper.words("map.hidden", n=hidden)
            if width - width_of(labels) > len(note):
                labels.append(Piece(f"{note:>{width - width_of(labels) - 1}}", Ink.DIM))
        return [strip(labels, self.palette, width), strip(self._rail(names, lane, telling), self.palette, width)]

    def _is_involved(self, name: str) -> bool:
        return self._stepper.score.atlas.first_seen.get(name, NEVER) <= self._stepper.seq

    def _names(self, width: int, telling: Telling | None) -> list[str]:
        """The hosts of this level from left to right; when there are too many, the least important leave."""
        stepper, atlas = self._stepper, self._stepper.score.atlas
        names = [name for name in atlas.order if name in stepper.score.hosts(stepper.lens)]
        room = max(2, (width - 10) // 9)
        keep = {telling.source, telling.target} if telling else set()
        for name in sorted(names, key=lambda n: (n not in keep, atlas.importance(n)), reverse=True):
            if len(names) <= room:
                break
            if name in keep and atlas.importance(name) == 0:
                continue
            hidden_first = [n for n in names if n not in keep]
            if not hidden_first:
                break
            names.remove(max(hidden_first, key=lambda n: (atlas.importance(n), atlas.order.index(n))))
        return names

    def _rail(self, names: list[str], lane: int, telling: Telling | None) -> Line:
        middles = {name: index * lane + lane // 2 for index, name in enumerate(names)}
        length = (max(middles.values()) if middles else 0) + 1
        cells = [Piece("─" if x >= min(middles.values(), default=0) else " ", Ink.LINE) for x in range(length)]
        for name, x in middles.items():
            cells[x] = Piece("┴", Ink.TEXT if self._is_involved(name) else Ink.LINE)
        if telling and telling.source in middles and telling.target in middles:
            self._arrow(cells, middles[telling.source], middles[telling.target], telling)
        cells += [Piece(" ")] * 3
        for name in self._stepper.score.responsible(self._stepper.seq):
            if name in middles:
                self._badge(cells, middles[name])
        return cells

    def _arrow(self, cells: list[Piece], start: int, end: int, telling: Telling) -> None:
        step = 1 if end > start else -1
        for x in range(start + step, end, step):
            cells[x] = Piece(_STRIP_RUN[telling.shape], telling.ink)
        head = "x" if telling.lost else ("►" if step > 0 else "◄")
        cells[end - 2 * step if abs(end - start) > 3 else end - step] = Piece(head, telling.ink, bold=True)

    def _badge(self, cells: list[Piece], x: int) -> None:
        for offset, character in enumerate(BADGE):
            cells[max(0, x - 1) + offset] = Piece(character, Ink.TEXT, Ground.NOW, bold=True)
