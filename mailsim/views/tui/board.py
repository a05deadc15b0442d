"""The board: every pane of the main screen once, each where the arrangement for the size and the choices says."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Offset, Region, Size, Spacing
from textual.layout import ArrangeResult, WidgetPlacement
from textual.layout import Layout as TextualLayout
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from mailsim.views.tui.actions import PANE_KEYS, Action
from mailsim.views.tui.arrangement import BIG_PANES, COLUMN_PANES, TAB_PANES, Arrangement, Layout, arrange
from mailsim.views.tui.chrome import Header, KeyBar, NowBar, Tabs, TooSmall
from mailsim.views.tui.document import Document
from mailsim.views.tui.explain import Explain
from mailsim.views.tui.ladder import Ladder, LadderHead
from mailsim.views.tui.map_pane import Hops, Map
from mailsim.views.tui.pages import PAGES, Pages
from mailsim.views.tui.painted import Painted, Rolling, blank, text_as
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.timeline import Timeline
from mailsim.views.tui.wire import Wire


class _ByArrangement(TextualLayout):
    """Places the children of the main screen where `arrange` says."""

    name = "arrangement"

    def __init__(self, regions: Callable[[Size], Arrangement]) -> None:
        self._arrangement = regions

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:  # noqa: ARG002 (Textual's signature)
        regions = self._arrangement(size).regions
        return [
            WidgetPlacement(regions[child.id], Offset(), Spacing(), child)
            for child in children
            if child.id is not None and child.id in regions
        ]


class Body(Container):
    """Holds every pane once; which are shown, and where, changes with size and choice."""

    BLANK = True

    def __init__(self, board: Board) -> None:
        super().__init__(id="body")
        self._by_arrangement = _ByArrangement(board.arrangement)

    @property
    def layout(self) -> TextualLayout:
        """Ours."""
        return self._by_arrangement


class LadderPane(Container):
    """The ladder's names above its rows."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(LadderHead(stepper), Ladder(stepper), id="ladder")


class Frame(Painted):
    """An empty border around tabs and their pane."""

    def looks(self) -> Hashable:
        return "empty"

    def paint(self, width: int) -> list[Strip]:
        return [blank(width, self.palette)]


class Board(Screen[None]):
    """The panes, and which of them are seen.

    Attributes:
        stepper: where the reader is; pages: what the panes of text show.
    """

    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    BLANK = True

    def __init__(self, stepper: Stepper) -> None:
        super().__init__()
        self.stepper = stepper
        self.pages = Pages(stepper.score)
        self._body = Body(self)
        self._big = "ladder"
        self._tab = "wire"
        self._zoomed = False
        self._asking = ""
        self._has_sheet = self._is_arranging = False
        self._placed: tuple[Size, str, str, bool, bool] | None = None
        self._arrangement = arrange(0, 0, self._big, self._tab, self._zoomed)

    def compose(self) -> ComposeResult:
        stepper = self.stepper
        with self._body:
            yield Header(stepper)
            yield NowBar(stepper)
            yield Hops(stepper)
            yield Frame("frame")
            yield Tabs(stepper)
            yield Map(stepper)
            yield LadderPane(stepper)
            yield Explain(stepper)
            yield Wire(stepper)
            yield from (Document(stepper, name, self.pages[name]) for name in PAGES)
            yield from (Document(stepper, f"side-{name}", self.pages[name]) for name in COLUMN_PANES)
            yield Timeline(stepper)
            yield KeyBar(self.bar_label, self.works)
            yield Input(id="prompt", compact=True, select_on_focus=False)
            yield TooSmall(stepper)

    def bar_label(self, action: Action) -> str:
        """What the key bar calls an action now."""
        is_pause = action.name == "play" and self.stepper.playing
        return self.stepper.words("bar.pause" if is_pause else action.bar_label)

    def works(self, action: Action) -> bool:
        """Whether an action makes sense now: the key bar shows only these."""
        raise NotImplementedError

    def arrangement(self, size: Size) -> Arrangement:
        """The arrangement for a size and what was chosen; remembered until one of them changes."""
        wanted = (size, self._big, self._tab, self._zoomed, self._has_sheet)
        if wanted != self._placed:
            self._placed = wanted
            self._arrangement = arrange(size.width, size.height, *wanted[1:])
        return self._arrangement

    @property
    def explanation(self) -> Explain:
        """The pane that explains."""
        return self.query_one(Explain)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.call_after_refresh(self.restyle))
        self.rearrange()

    def on_resize(self) -> None:
        self.rearrange()

    def rearrange(self) -> None:
        """Show and frame what the arrangement has, then paint all of it."""
        self._is_arranging = True
        arrangement = self.arrangement(self.app.size)
        prompt = self.query_one("#prompt", Input)
        for child in self._body.children:
            child.display = child.id in arrangement.regions
            child.set_class(child.id in arrangement.framed, "framed")
        if arrangement.layout is not Layout.TOO_SMALL:
            self._place_prompt(arrangement)
            prompt.display = bool(self._asking)
        tabs = self.query_one(Tabs)
        tabs.names = BIG_PANES if arrangement.layout is Layout.SMALL else TAB_PANES
        tabs.current = self._big if arrangement.layout is Layout.SMALL or self._zoomed else self._tab
        self.title_panes()
        self._size_ladder_head()
        self.query_one(Header).refresh(layout=True)  # a child's wish makes the body forget where its children were
        self.call_after_refresh(self._arranged)

    def _place_prompt(self, arrangement: Arrangement) -> None:
        """The prompt has the bottom row, behind what it asks for; the keys have it else."""
        width, height = self.app.size
        asks = min(cell_len(self.query_one(KeyBar).message) + 2, width // 2) if self._asking else width
        arrangement.regions["keys"] = Region(0, height - 1, asks, 1)
        arrangement.regions["prompt"] = Region(asks % width, height - 1, width - asks % width, 1)

    def _arranged(self) -> None:
        self.show_step()
        self._is_arranging = False

    def _size_ladder_head(self) -> None:
        """One or two rows for the names, whichever this lens and width need."""
        arrangement = self.arrangement(self.app.size)
        region = arrangement.regions.get("ladder")
        if region is not None:
            head = self.query_one(LadderHead)
            head.styles.height = head.rows(region.width - (2 if "ladder" in arrangement.framed else 0))

    def title_panes(self) -> None:
        """The names of the panes in their borders, with their keys."""
        words = self.stepper.words
        for name in ("map", "ladder"):
            self.query_one(f"#{name}").border_title = self._titled(f"{PANE_KEYS[name]} {words(f'pane.{name}')}")
        for name in COLUMN_PANES:
            self.query_one(f"#side-{name}").border_title = self._titled(words(f"pane.{name}"))
        sheet = self.explanation.sheet
        self.explanation.border_title = self._titled(words("pane.explain" if sheet is None else sheet.title))

    def _titled(self, text: str) -> str:
        return text_as(self.app, text)

    def show_step(self) -> None:
        """Let every visible pane show the current step; each repaints only what changed."""
        for pane in self._panes():
            match pane:
                case Ladder() | Wire() | Document():
                    pane.show_step()
                case Painted():
                    pane.repaint()
        self._paint_at_once()

    def _paint_at_once(self) -> None:
        """Send what has changed to the terminal in one piece.

        Left to itself, Textual sends what the first pane has changed at once, and what the others have a frame later.
        Where panes are about to get other places, that is what it must do.
        """
        if self._is_arranging:
            return
        panes = list(self._panes())
        bars = [pane.vertical_scrollbar for pane in panes if isinstance(pane, Rolling)]
        self._dirty_widgets.update(panes, bars)
        self._on_timer_update()

    def _panes(self) -> Iterator[Painted | Rolling]:
        """The widgets that are seen and paint themselves."""
        seen = [child for child in self._body.children if child.display]
        for child in seen:
            parts = child.children if isinstance(child, LadderPane) else (child,)
            yield from (part for part in parts if isinstance(part, Painted | Rolling))

    def restyle(self) -> None:
        """Another theme or language: nothing that was painted is right any more."""
        for pane in self.query("Painted, Rolling"):
            if isinstance(pane, Painted | Rolling):
                pane.forget()
        self.title_panes()
        self.show_step()

    def forget_rows(self) -> None:
        """Other steps under another lens: nothing that rolls is right any more."""
        for pane in self.query(Rolling).results(Rolling):
            pane.forget()

    def say(self, message: str) -> None:
        """A message in the bottom row, until the next key."""
        self.query_one(KeyBar).message = message
        self.query_one(KeyBar).repaint()

    def tell(self, key: str, **values: object) -> None:
        """Say a message of the catalogue."""
        self.say(self.stepper.words(key, **values))

    def choose_pane(self, name: str) -> None:
        """Make a pane the big one, and the one behind the tabs."""
        self._big = name
        if name in TAB_PANES:
            self._tab = name
        self.rearrange()
