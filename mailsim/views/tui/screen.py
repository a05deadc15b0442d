"""The main screen: it owns the stepper, hands every key and click to `do_<action>`, and shows the result everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.geometry import Offset, Size, Spacing
from textual.layout import ArrangeResult, WidgetPlacement
from textual.layout import Layout as TextualLayout
from textual.screen import Screen
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from mailsim.lessons.ui import LANGUAGES, Words
from mailsim.views.tui.actions import ACTIONS, BY_NAME, PANE_KEYS, Action
from mailsim.views.tui.arrangement import BIG_PANES, COLUMN_PANES, TAB_PANES, Arrangement, Layout, arrange
from mailsim.views.tui.bytes_pane import Bytes
from mailsim.views.tui.chrome import Header, KeyBar, NowBar, Tabs, TooSmall
from mailsim.views.tui.dns_pane import Dns
from mailsim.views.tui.document import Document
from mailsim.views.tui.explain import Explain
from mailsim.views.tui.help import Help
from mailsim.views.tui.inks import PALETTES
from mailsim.views.tui.ladder import Ladder, LadderHead
from mailsim.views.tui.mail_pane import Mail
from mailsim.views.tui.map_pane import Hops, Map, NodeChosen
from mailsim.views.tui.painted import Chosen, Painted, Pressed, Rolling, blank
from mailsim.views.tui.queues_pane import Queues
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

    def __init__(self, screen: MainScreen) -> None:
        super().__init__(id="body")
        self._by_arrangement = _ByArrangement(screen.arrangement)

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

    def paint(self, width: int) -> list[Strip]:
        return [blank(width, self.palette)]


class MainScreen(Screen[None]):
    """Everything that a reader of a trace sees."""

    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), f"do('{action.name}')", action.name, show=False)
        for action in ACTIONS
        if action.name != "palette"
    ]

    def __init__(self, stepper: Stepper, folder: Path) -> None:
        super().__init__()
        self.stepper = stepper
        self._folder = folder
        self._big = "ladder"
        self._tab = "wire"
        self._zoomed = False
        self._asking = ""
        self._quit_asked = False
        self._timer: Timer | None = None
        self._placed: tuple[Size, str, str, bool] | None = None
        self._arrangement = arrange(0, 0, self._big, self._tab, self._zoomed)

    # --- what is where ---

    def compose(self) -> ComposeResult:
        stepper = self.stepper
        with Body(self):
            yield Header(stepper)
            yield NowBar(stepper)
            yield Hops(stepper)
            yield Frame("frame")
            yield Tabs(stepper)
            yield Map(stepper)
            yield LadderPane(stepper)
            yield Explain(stepper)
            yield Wire(stepper)
            yield Mail(stepper, "mail")
            yield Dns(stepper, "dns")
            yield Queues(stepper, "queues")
            yield Bytes(stepper)
            yield Mail(stepper, "side-mail")
            yield Dns(stepper, "side-dns")
            yield Queues(stepper, "side-queues")
            yield Timeline(stepper)
            yield KeyBar(stepper, self.works)
            yield Input(id="prompt", compact=True, select_on_focus=False)
            yield TooSmall(stepper)

    def arrangement(self, size: Size) -> Arrangement:
        """The arrangement for a size and what was chosen; remembered until one of them changes."""
        wanted = (size, self._big, self._tab, self._zoomed)
        if wanted != self._placed:
            self._placed = wanted
            self._arrangement = arrange(size.width, size.height, self._big, self._tab, self._zoomed)
        return self._arrangement

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.call_after_refresh(self.restyle))
        self._rearrange()

    def on_resize(self) -> None:
        self._rearrange()

    def _rearrange(self) -> None:
        """Show and frame what the arrangement has, then paint all of it."""
        arrangement = self.arrangement(self.app.size)
        prompt = self.query_one("#prompt", Input)
        for child in self.query_one(Body).children:
            child.display = child.id in arrangement.regions
            child.set_class(child.id in arrangement.framed, "framed")
        if arrangement.layout is not Layout.TOO_SMALL:
            arrangement.regions["prompt"] = arrangement.regions["keys"]
            prompt.display = bool(self._asking)
            self.query_one(KeyBar).display = not self._asking
        tabs = self.query_one(Tabs)
        tabs.names = BIG_PANES if arrangement.layout is Layout.SMALL else TAB_PANES
        tabs.current = self._big if arrangement.layout is Layout.SMALL or self._zoomed else self._tab
        self._title_panes()
        self._size_ladder_head()
        self.query_one(Body).refresh(layout=True)
        self.call_after_refresh(self.show_step)

    def _size_ladder_head(self) -> None:
        """One or two rows for the names, whichever this level and width need."""
        arrangement = self.arrangement(self.app.size)
        region = arrangement.regions.get("ladder")
        if region is not None:
            head = self.query_one(LadderHead)
            head.styles.height = head.rows(region.width - (2 if "ladder" in arrangement.framed else 0))

    def _title_panes(self) -> None:
        """The names of the panes in their borders, with their keys."""
        words = self.stepper.words
        for name in ("map", "ladder"):
            self.query_one(f"#{name}").border_title = f"{PANE_KEYS[name]} {words(f'pane.{name}')}"
        for name in COLUMN_PANES:
            self.query_one(f"#side-{name}").border_title = words(f"pane.{name}")
        explain = self.query_one(Explain)
        explain.border_title = words("pane.why" if explain.chain else "pane.explain")

    def _panes(self) -> Iterator[Widget]:
        return (child for child in self.query("Painted, Rolling").results(Widget) if child.display)

    def show_step(self) -> None:
        """Let every visible pane show the current step; each repaints only what changed."""
        for pane in self._panes():
            match pane:
                case Ladder() | Wire() | Document():
                    pane.show_step()
                case Painted():
                    pane.repaint()

    def restyle(self) -> None:
        """Another theme or language: nothing that was painted is right any more."""
        for pane in self._panes():
            if isinstance(pane, Rolling):
                pane.forget()
        self._title_panes()
        self.show_step()

    # --- keys and clicks ---

    def works(self, action: Action) -> bool:
        """Whether an action makes sense now: the key bar shows only these."""
        stepper = self.stepper
        match action.name:
            case "next" | "end":
                return stepper.position < stepper.last
            case "back" | "start":
                return stepper.position > 0
            case "play":
                return stepper.playing or stepper.position < stepper.last
            case "why":
                return stepper.position > 0
            case "jump" | "escape":
                return bool(self.query_one(Explain).chain)
        return True

    def action_do(self, name: str) -> None:
        """Do an action of the registry; a message of the last one goes."""
        bar = self.query_one(KeyBar)
        bar.message = ""
        again, self._quit_asked = self._quit_asked, False
        if name == "quit" and again:
            self.app.exit()
            return
        if name in PANE_KEYS:
            self.choose_pane(name)
        else:
            getattr(self, f"do_{name}")()
        self.show_step()

    def say(self, message: str) -> None:
        """A message in the bottom row, until the next key."""
        self.query_one(KeyBar).message = message
        self.query_one(KeyBar).repaint()

    @on(Pressed)
    def _pressed(self, message: Pressed) -> None:
        self.action_do(message.action)

    @on(Chosen)
    def _chosen(self, message: Chosen) -> None:
        self._close_why()
        self.stepper.move_to(message.position)
        self.query_one(KeyBar).message = ""
        self.show_step()

    @on(NodeChosen)
    def _node_chosen(self, message: NodeChosen) -> None:
        nodes = [self.stepper.score.atlas.nodes[name] for name in message.names]
        if len(nodes) > 1:
            self.say(", ".join(node.name for node in nodes))
            return
        roles = "+".join(role.upper() for role in nodes[0].roles)
        self.say(f"{nodes[0].name}  {' '.join(nodes[0].addresses)}  {roles}")

    # --- stepping ---

    def _moved(self, moved: bool, otherwise: str) -> None:
        self._close_why()
        if not moved:
            self.say(self.stepper.words(otherwise))

    def do_next(self) -> None:
        self._moved(self.stepper.next(), "end.last")

    def do_back(self) -> None:
        self._moved(self.stepper.back(), "end.first")

    def do_next_stage(self) -> None:
        self._moved(self.stepper.next_stage(), "end.stage.last")

    def do_previous_stage(self) -> None:
        self._moved(self.stepper.previous_stage(), "end.stage.first")

    def do_start(self) -> None:
        self._moved(self.stepper.move_to(0), "end.first")

    def do_end(self) -> None:
        self._moved(self.stepper.move_to(self.stepper.last), "end.last")

    def do_play(self) -> None:
        self._play(not self.stepper.playing)

    def do_faster(self) -> None:
        self._change_speed(1)

    def do_slower(self) -> None:
        self._change_speed(-1)

    def _change_speed(self, by: int) -> None:
        self.stepper.change_speed(by)
        if self.stepper.playing:
            self._play(True)
        self.say(self.stepper.words("speed.now", speed=f"{self.stepper.speed:g}x"))

    def _play(self, playing: bool) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if playing and self.stepper.position == self.stepper.last:
            playing = False
            self.say(self.stepper.words("end.last"))
        self.stepper.playing = playing
        if playing:
            self._timer = self.set_interval(1 / self.stepper.speed, self._tick)

    def _tick(self) -> None:
        if not self.stepper.next():
            self._play(False)
            self.say(self.stepper.words("end.last"))
        self.show_step()

    # --- finding ---

    def do_goto(self) -> None:
        self._ask("goto")

    def do_find(self) -> None:
        self._ask("find")

    def _ask(self, what: str) -> None:
        """Open the prompt in the bottom row."""
        words = self.stepper.words
        self._play(False)
        self._asking = what
        prompt = self.query_one("#prompt", Input)
        prompt.value = ""
        prompt.placeholder = f"{words(f'{what}.prompt')}{words(f'{what}.hint')}"
        self._rearrange()
        prompt.focus()

    def _close_prompt(self) -> None:
        self._asking = ""
        self.set_focus(None)
        self._rearrange()

    @on(Input.Submitted, "#prompt")
    def _answered(self, message: Input.Submitted) -> None:
        asked, what = self._asking, message.value
        self._close_prompt()
        if not what.strip():
            return
        if asked == "goto":
            if not self.stepper.go_to(what):
                self.say(self.stepper.words("goto.none", what=what))
        else:
            self._find(what, forward=True)
        self._close_why()
        self.show_step()

    def _find(self, what: str, forward: bool) -> None:
        found = self.stepper.find(what, forward)
        if found is None:
            self.say(self.stepper.words("find.none", what=what))
            return
        self._close_why()
        self.stepper.move_to(found.position)
        if found.wrapped:
            self.say(self.stepper.words("find.wrapped", what=what))

    def do_next_match(self) -> None:
        self._again(forward=True)

    def do_previous_match(self) -> None:
        self._again(forward=False)

    def _again(self, forward: bool) -> None:
        if self.stepper.wanted:
            self._find(self.stepper.wanted, forward)
        else:
            self.say(self.stepper.words("find.first"))

    def do_bookmark(self) -> None:
        key = "bookmark.set" if self.stepper.toggle_bookmark() else "bookmark.gone"
        self.say(self.stepper.words(key, i=self.stepper.position))
        self.query_one(Ladder).forget()

    def do_next_bookmark(self) -> None:
        self._moved(self.stepper.next_bookmark(), "bookmark.none")

    def do_why(self) -> None:
        explain = self.query_one(Explain)
        if explain.chain or self.stepper.position == 0:
            self._close_why()
            return
        explain.chain = self.stepper.score.causes(self.stepper.seq, self.stepper.level)
        explain.chosen = max(0, len(explain.chain) - 2)
        self._title_panes()
        explain.show_step()
        explain.reveal_chosen()

    def _close_why(self) -> None:
        explain = self.query_one(Explain)
        if explain.chain:
            explain.chain = ()
            self._title_panes()

    def do_jump(self) -> None:
        """To the chosen cause."""
        explain = self.query_one(Explain)
        if explain.chain:
            seq = explain.chain[explain.chosen]
            self._close_why()
            self.stepper.to_event(seq)

    # --- view ---

    def choose_pane(self, name: str) -> None:
        """Make a pane the big one, and the one behind the tabs."""
        self._big = name
        if name in TAB_PANES:
            self._tab = name
        self._rearrange()

    def do_zoom_pane(self) -> None:
        self._zoomed = not self._zoomed
        self._rearrange()

    def do_zoom_level(self) -> None:
        self.stepper.zoom_level()
        level = self.stepper.words(f"level.{self.stepper.level.name.lower()}")
        self.say(self.stepper.words("level.now", level=level))
        self._size_ladder_head()
        self._forget_rows()

    def do_future(self) -> None:
        self.stepper.future = not self.stepper.future
        self.say(self.stepper.words("future.on" if self.stepper.future else "future.off"))
        self._forget_rows()

    def _forget_rows(self) -> None:
        for pane in self.query(Rolling).results(Rolling):
            pane.forget()

    def do_scroll_up(self) -> None:
        self._scroll(-1)

    def do_scroll_down(self) -> None:
        self._scroll(1)

    def _scroll(self, rows: int) -> None:
        """Choose a cause while the chain is open; else scroll the explanation, or else the pane chosen last."""
        explain = self.query_one(Explain)
        if explain.chain:
            explain.chosen = max(0, min(explain.chosen + rows, len(explain.chain) - 1))
            explain.show_step()
            explain.reveal_chosen()
            return
        name = {"ladder": "ladder-rows"}.get(self._big, self._big)
        pane = self.query_one(f"#{name}")
        if not isinstance(pane, Rolling) or not pane.display:
            pane = explain
        pane.scroll_relative(y=rows, animate=False, force=True)

    def do_explain_up(self) -> None:
        self.query_one(Explain).scroll_relative(y=-1, animate=False, force=True)

    def do_explain_down(self) -> None:
        self.query_one(Explain).scroll_relative(y=1, animate=False, force=True)

    # --- the rest ---

    def do_language(self) -> None:
        language = LANGUAGES[(LANGUAGES.index(self.stepper.words.language) + 1) % len(LANGUAGES)]
        self.stepper.words = Words(language)
        self.say(self.stepper.words("language.now"))
        self.restyle()

    def do_theme(self) -> None:
        names = [palette.name for palette in PALETTES]
        self.app.theme = names[(names.index(self.app.theme) + 1) % len(names)]
        self.say(self.stepper.words("theme.now", theme=self.stepper.words(f"theme.{self.app.theme}")))

    def do_copy(self) -> None:
        lines = self.stepper.telling(self.stepper.position).lines if self.stepper.position else ()
        if not lines:
            self.say(self.stepper.words("copied.nothing"))
            return
        self.app.copy_to_clipboard("\n".join(lines))
        self.say(self.stepper.words("copied", n=len(lines)))

    def do_screenshot(self) -> None:
        name = f"mailsim-{self.stepper.score.world.scenario}-{self.stepper.position}.svg"
        path = self._folder / name
        try:
            path.write_text(self.app.export_screenshot(), encoding="utf-8")
        except OSError as problem:
            self.say(self.stepper.words("save.failed", problem=problem.strerror or str(problem)))
        else:
            self.say(self.stepper.words("saved", path=path))

    def do_help(self) -> None:
        self._play(False)
        self.app.push_screen(Help(self.stepper))

    def do_escape(self) -> None:
        """One level back: prompt, chain, zoom, playing; at the bottom, how to quit."""
        if self._asking:
            self._close_prompt()
        elif self.query_one(Explain).chain:
            self._close_why()
        elif self._zoomed:
            self.do_zoom_pane()
        elif self.stepper.playing:
            self._play(False)
        else:
            self.say(self.stepper.words("quit.how"))

    def do_quit(self) -> None:
        self._quit_asked = True
        self.say(self.stepper.words("quit.again"))

    def on_key(self, event: events.Key) -> None:
        """A stray key between two q makes them two first ones."""
        if event.key not in BY_NAME["quit"].keys:
            self._quit_asked = False
