"""The ladder: time runs down, one lane for each host, one row for each step, a separator for each stage.

Row numbers are arithmetic: a step's row is its position plus the separators before it, found by bisection, so a
trace of 100,000 steps costs no more than what is in view. Lanes that would leave too little room for
the text share one: the name servers first, at last the hosts with the least to do; a row then names its host.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.strip import Strip

from mailsim.views.tui.atlas import Importance
from mailsim.views.tui.box import LEFT, RIGHT, arrow
from mailsim.views.tui.chrome import stage_title
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.lens import Lens
from mailsim.views.tui.painted import Chosen, Painted, Rolling
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.telling import Shape, Telling
from mailsim.views.tui.text import Piece, cut, strip

MIN_NUMBER = 4
MIN_TEXT, GOOD_TEXT = 24, 32
MIN_LANE, MAX_LANE = 4, 11
SERVERS, OTHERS = "*servers", "*others"
"""Lanes of several hosts."""
_HELPERS = (Importance.RESOLVER, Importance.NAME_SERVER)
_RUNS = {Shape.SOLID: "─━", Shape.DASHED: "╌╍", Shape.DOUBLE: "══"}


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lanes from left to right, the width of each, the lane of each host, and the columns of the step numbers."""

    names: tuple[str, ...]
    width: int
    of_host: dict[str, int]
    left: int

    def sharing(self, name: str) -> int:
        """How many hosts share a lane, by its name."""
        return sum(self.names[lane] == name for lane in self.of_host.values())

    def middle(self, lane: int) -> int:
        """The column of a lifeline, from the left of the ladder."""
        return self.left + lane * self.width + self.width // 2

    @property
    def right(self) -> int:
        """The column behind the last lane."""
        return self.left + len(self.names) * self.width + 1


def lanes_for(stepper: Stepper, lens: Lens, width: int) -> Lanes:
    """Lanes for the hosts that take part under a lens, in so many columns."""
    atlas = stepper.score.atlas
    left = max(MIN_NUMBER, len(str(len(stepper.score.steps(lens))))) + 3
    hosts = [name for name in atlas.order if name in stepper.score.hosts(lens)]
    room = max(MIN_LANE, width - left - MIN_TEXT)
    lane_of = {name: name for name in hosts}
    servers = [name for name in hosts if atlas.importance(name) is Importance.NAME_SERVER]
    helpers = [name for name in hosts if atlas.importance(name) in _HELPERS]
    if len(servers) > 1 and len(hosts) * (MIN_LANE + 2) > room:
        lane_of |= dict.fromkeys(servers, SERVERS)
    if len(helpers) > 1 and len(set(lane_of.values())) * MIN_LANE > room:
        lane_of |= dict.fromkeys(helpers, SERVERS)
    lane_of |= dict.fromkeys(_quietest(stepper, lens, lane_of, room // MIN_LANE), OTHERS)
    names = tuple(dict.fromkeys(lane_of[name] for name in hosts))
    labels = max((len(atlas.label(name)) for name in names if name not in (SERVERS, OTHERS)), default=4)
    each = max(1, len(names))
    lane = max(MIN_LANE, min(MAX_LANE, labels + 1, max((width - left - GOOD_TEXT) // each, min(5, room // each))))
    return Lanes(names, lane, {name: names.index(lane_of[name]) for name in hosts}, left)


def _quietest(stepper: Stepper, lens: Lens, lane_of: dict[str, str], most: int) -> list[str]:
    """The hosts that must share one lane so that there are not more than `most`: those that have least to say."""
    alone = [name for name in lane_of if lane_of[name] == name]
    too_many = len(set(lane_of.values())) - most
    if too_many <= 0:
        return []
    return sorted(alone, key=lambda name: stepper.score.hosts(lens)[name])[: too_many + 1]


class LadderHead(Painted):
    """The names over the lanes; those who act now are bright. Narrow lanes have theirs on several rows in turn."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(id="ladder-head")
        self._stepper = stepper

    def rows(self, width: int) -> int:
        """How many rows the names need at a width: one if all fit over their lanes, and at most three."""
        lanes = lanes_for(self._stepper, self._stepper.lens, width)
        longest = max((cell_len(name) for name in self._names(lanes)), default=0)
        return min(3, longest // lanes.width + 1)

    def looks(self) -> Hashable:
        lanes = lanes_for(self._stepper, self._stepper.lens, self.size.width)
        return self._stepper.lens, frozenset(active_lanes(self._stepper, lanes))

    def paint(self, width: int) -> list[Strip]:
        lanes = lanes_for(self._stepper, self._stepper.lens, width)
        return [self._row(lanes, row, self.size.height, width) for row in range(self.size.height)]

    def _names(self, lanes: Lanes) -> list[str]:
        label, words = self._stepper.score.atlas.label, self._stepper.words
        titles = {SERVERS: "ladder.servers", OTHERS: "map.hidden"}
        return [words(titles[name], n=lanes.sharing(name)) if name in titles else label(name) for name in lanes.names]

    def _row(self, lanes: Lanes, row: int, rows: int, width: int) -> Strip:
        """Every `rows`-th name, each in the middle over its lane; on a second row, lines lead down to the lanes."""
        active = active_lanes(self._stepper, lanes)
        pieces: list[Piece] = []
        x = 0
        for index, name in enumerate(self._names(lanes)):
            if index % rows != row:
                if index % rows < row and lanes.middle(index) > x:
                    pieces += [Piece(" " * (lanes.middle(index) - x)), Piece("│", Ink.LINE)]
                    x = lanes.middle(index) + 1
                continue
            room = min(rows * lanes.width - 1, width)
            text = cut(name, room)
            left = max(x, min(lanes.middle(index) - len(text) // 2, width - len(text)))
            pieces.append(Piece(" " * (left - x)))
            pieces.append(Piece(text, Ink.CHOSEN if index in active else Ink.DIM))
            x = left + len(text)
        return strip(pieces, self.palette, width)


def active_lanes(stepper: Stepper, lanes: Lanes) -> set[int]:
    """The lanes of the hosts of the current step."""
    if stepper.position == 0:
        return set()
    telling = stepper.telling(stepper.position)
    return {lanes.of_host[host] for host in (telling.source, telling.target) if host in lanes.of_host}


class Ladder(Rolling):
    """The rows of the ladder."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(id="ladder-rows")
        self._stepper = stepper
        self._lanes: Lanes | None = None
        self._marks: tuple[int, ...] = ()
        self._separators: dict[int, int] = {}
        self._separator_rows: list[int] = []
        self._made_for: tuple[Lens, int] | None = None

    def show_step(self) -> None:
        """Follow the stepper."""
        stepper = self._stepper
        self.prepare(self.columns)
        self.set_row_count(stepper.last + len(self._marks))
        row = self.row_of(max(1, stepper.position))
        self.reveal(row - 1 if row - 1 in self._separators else row, row)
        self.repaint()

    def on_resize(self) -> None:
        self.forget()
        self.show_step()

    def row_of(self, position: int) -> int:
        """The row of the step at a position from 1."""
        return position - 1 + bisect_right(self._marks, position)

    def position_of(self, row: int) -> int | None:
        """The position of the step on a row; None for a separator or what lies below."""
        before = bisect_right(self._separator_rows, row)
        position = row + 1 - before
        is_separator = before > 0 and self._separator_rows[before - 1] == row
        return None if is_separator or not 0 < position <= self._stepper.last else position

    def on_click(self, event: events.Click) -> None:
        position = self.position_of(event.y + round(self.scroll_offset.y))
        if position is not None and (self._stepper.future or position <= self._stepper.position):
            self.post_message(Chosen(position))

    def looks(self, index: int) -> Hashable:
        stepper = self._stepper
        if index in self._separators:
            is_seen = stepper.future or self._marks[self._separators[index]] <= stepper.position
            return "separator", index if is_seen else None
        position = self.position_of(index)
        if position is None or (position > stepper.position and not stepper.future):
            return "later", position is None
        return position, position == stepper.position, stepper.seq_at(position) in stepper.bookmarks

    def row(self, index: int, width: int) -> Strip:
        assert self._lanes is not None
        position = self.position_of(index)
        if position is None:
            return self._separator(index, width)
        if position > self._stepper.position and not self._stepper.future:
            return strip(self._lifelines("╎"), self.palette, width)
        return self._step(position, width)

    # --- inside ---

    def prepare(self, width: int) -> None:
        """Lanes and separators for this lens and width."""
        wanted = (self._stepper.lens, width)
        if wanted != self._made_for:
            self._made_for = wanted
            self._made.clear()
            self._lanes = lanes_for(self._stepper, *wanted)
            self._marks = self._stepper.score.stage_positions(self._stepper.lens)
            self._separators = {self.row_of(mark) - 1: index for index, mark in enumerate(self._marks)}
            self._separator_rows = list(self._separators)

    def _separator(self, row: int, width: int) -> Strip:
        number = self._separators.get(row)
        if number is None:
            return strip([], self.palette, width)
        if self._marks[number] > self._stepper.position and not self._stepper.future:
            return strip(self._lifelines("╎"), self.palette, width)
        name = f" {self._stepper.score.shown_stages(self._stepper.lens)[number] + 1} "
        name += stage_title(self._stepper, self._stepper.score.shown_stages(self._stepper.lens)[number]) + " "
        name = cut(name, width - 6)
        return strip(
            [Piece("──", Ink.LINE), Piece(name, bold=True), Piece("─" * (width - 2 - len(name)), Ink.LINE)],
            self.palette,
            width,
        )

    def _step(self, position: int, width: int) -> Strip:
        stepper = self._stepper
        lanes = self._lanes
        assert lanes is not None
        now = position == stepper.position
        telling = stepper.telling(position)
        mark = Piece(arrow(RIGHT), ground=Ground.NOW) if now else Piece(" ")
        flag = "*" if stepper.seq_at(position) in stepper.bookmarks else " "
        number = Piece(f"{position:>{lanes.left - 3}}{flag} ", Ink.CHOSEN if now else Ink.DIM)
        text = self._text(telling)
        bold = now or telling.shape in (Shape.SOLID, Shape.DOUBLE)
        shown = Piece(" " + cut(text, width - lanes.right - 2), telling.ink, bold=bold)
        pieces = [mark, number, *self._drawing(telling, now), shown]
        return strip(pieces, self.palette, width, Ground.CURSOR if now else Ground.PAGE)

    def _text(self, telling: Telling) -> str:
        """The step's text, with the name of a server that has no lane of its own."""
        lanes = self._lanes
        assert lanes is not None
        hosts = [h for h in (telling.target, telling.source) if h in lanes.of_host]
        shared = [h for h in hosts if lanes.names[lanes.of_host[h]] in (SERVERS, OTHERS)]
        return f"{self._stepper.score.atlas.label(shared[0])}: {telling.text}" if shared else telling.text

    def _lifelines(self, character: str) -> list[Piece]:
        """A row of a step to come."""
        lanes = self._lanes
        assert lanes is not None
        left = lanes.width // 2
        lines = [Piece(" " * left + character + " " * (lanes.width - left - 1), Ink.LINE) for _ in lanes.names]
        return [Piece(" " * lanes.left), *lines]

    def _drawing(self, telling: Telling, now: bool) -> list[Piece]:
        """Lifelines with the arrow or dot of one step over them, exactly as wide as the lanes and one column."""
        lanes = self._lanes
        assert lanes is not None
        cells = [Piece(" ", Ink.LINE) for _ in range(lanes.right - lanes.left)]
        for lane in range(len(lanes.names)):
            cells[lanes.middle(lane) - lanes.left] = Piece("│", Ink.LINE)
        source, target = lanes.of_host.get(telling.source), lanes.of_host.get(telling.target)
        if source is None:
            return cells
        start = lanes.middle(source) - lanes.left
        if target is None or source == target:
            cells[start] = Piece("●", telling.ink, bold=True)
            return cells
        end = lanes.middle(target) - lanes.left
        step = 1 if end > start else -1
        run = _RUNS[telling.shape][1 if now else 0]
        for x in range(start + step, end, step):
            cells[x] = Piece(run, telling.ink)
        head = "x" if telling.lost else arrow(RIGHT if step > 0 else LEFT)
        cells[end - step] = Piece(head, telling.ink, bold=True)
        return cells
