"""The terminal application: the list of scenarios, the steps of one, themes, and what holds for every screen."""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment, Segments
from textual import events, on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.types import AnimationLevel
from textual.widgets import Static

from mailsim.lessons.ui import LANGUAGES, Words
from mailsim.trace.trace import Trace
from mailsim.views.tui.actions import ACTIONS, Action
from mailsim.views.tui.hand.parts import Keyed
from mailsim.views.tui.hand.switchboard import Switchboard
from mailsim.views.tui.inks import PALETTES, themes_of
from mailsim.views.tui.library import Library
from mailsim.views.tui.memory import Memory
from mailsim.views.tui.picker import HandWanted, Picker, ScenarioRun
from mailsim.views.tui.themes import themes

if TYPE_CHECKING:
    from mailsim.trace.levels import Level
    from mailsim.views.tui.screen import MainScreen
    from mailsim.views.tui.stepper import Stepper

SETTLED_S = 0.1
"""So long after a new size, every screen knows it."""
THEMES = tuple(palette.name.removeprefix("mailsim-") for palette in PALETTES)
"""`dark`, `light`, `contrast`."""


def settle_memory() -> None:
    """A trace stays: looking through it again and again for garbage would cost a third of each step."""
    gc.collect()
    gc.freeze()


class SquareBar(ScrollBarRender):
    """A scroll bar of whole cells."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8


class Commands(Provider):
    """The actions of the registry and the themes, for the command palette."""

    async def discover(self) -> Hits:
        for text, run in self._commands():
            yield DiscoveryHit(text, run)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for text, run in self._commands():
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, matcher.highlight(text), run)

    def _commands(self) -> list[tuple[str, Callable[[], None]]]:
        from mailsim.views.tui.screen import MainScreen

        actions: Sequence[Action] = ACTIONS
        match self.screen:
            case MainScreen() as screen:
                words, actions = screen.stepper.words, ACTIONS
            case Keyed() as screen:
                words, actions = screen.words, screen.ACTIONS
            case Picker() as picker:
                return [*picker.commands(), *self._looks(picker.words)]
            case _:
                return []
        named = [
            (f"{words(f'do.{action.name}')}  ({action.shown})", partial(screen.action_do, action.name))
            for action in actions
            if action.name not in ("palette", "escape", "jump") and screen.works(action)
        ]
        return [*named, *self._looks(words)]

    def _looks(self, words: Words) -> list[tuple[str, Callable[[], None]]]:
        return [
            (words("theme.now", theme=words(f"theme.{name.removesuffix('-16')}")), partial(self._wear, name))
            for name in themes_of(self.app.theme)
        ]

    def _wear(self, theme: str) -> None:
        self.app.theme = theme


class Worn(App[None]):
    """An application in our themes."""

    CSS_PATH = "screen.tcss"
    TITLE = "mailsim"

    def wear(self, theme: str, ascii_only: bool, colours: int) -> None:
        """Put on a theme: one of `THEMES`, with `colours` 16 if the terminal has no more, or ASCII alone."""
        for made in themes():
            self.register_theme(made)
        self.theme = f"mailsim-{theme if theme in THEMES else 'dark'}{'-16' if colours == 16 else ''}"
        self.set_class(ascii_only, "-ascii")
        ScrollBar.renderer = SquareBar if ascii_only else ScrollBarRender

    def on_resize(self) -> None:
        """Look again a moment later.

        Textual tells its screens of a new size by a timer of a few milliseconds, which ends without a word if the
        machine is so busy that its time is over before it waits; then no later size is told either.
        """
        asyncio.get_running_loop().call_later(SETTLED_S, self._tell_size)

    def _tell_size(self) -> None:
        if self.is_running and self.screen_stack and self.screen.outer_size != self.size:
            self.screen.post_message(events.Resize(self.size, self.size))


class Loading(Screen[None]):
    """What is seen while the scenario runs."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._words = words

    def compose(self) -> ComposeResult:
        yield Static(self._words("loading"), markup=False)


class StepperApp(Worn):
    """Steps through a trace, or through those that are chosen from a library.

    Args:
        trace: the finished run, or what runs it while a screen is there already; None to choose one.
        library: what there is to choose from. switchboard: connects who wants to type to a server; None: nobody does.
        language: `en` or `cs`; theme: one of `THEMES`; level: None for the scenario's own.
        motion: whether anything may glide; folder: where screenshots go.
        ascii_only: draw with ASCII alone; colours: 16, or 0 for as many as the terminal has.
        memory: what is known from the last time. key: what a place in `trace` is remembered under.
    """

    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Commands}
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "how_to_quit", show=False, priority=True)]

    def __init__(
        self,
        trace: Trace | Callable[[], Trace] | None,
        language: str = LANGUAGES[0],
        theme: str = "dark",
        level: Level | None = None,
        motion: bool = True,
        folder: Path | None = None,
        *,
        library: Library | None = None,
        switchboard: Switchboard | None = None,
        memory: Memory | None = None,
        key: str = "",
        ascii_only: bool = False,
        colours: int = 0,
    ) -> None:
        super().__init__()
        self._switchboard = switchboard
        self.wear(theme, ascii_only, colours)
        if not motion:
            self.animation_level: AnimationLevel = "none"
        self._memory = memory or Memory()
        self._folder = folder or Path()
        self._key = key
        self._language = language
        self._picker = None if library is None else Picker(library, self._memory, language)
        self._level = level
        self._load = trace if callable(trace) else None
        self._main = self._make_main(trace, level) if isinstance(trace, Trace) else None
        self.problem: Exception | None = None

    def get_default_screen(self) -> Screen[None]:
        return self._main or self._picker or Loading(Words(self._language))

    def on_mount(self) -> None:
        if self._load is not None:
            self._run_loader(self._load)

    @work(thread=True)
    def _run_loader(self, load: Callable[[], Trace]) -> None:
        """Run the scenario; what goes wrong with it is for whoever started us."""
        try:
            trace = load()
        except Exception as problem:
            self.problem = problem
            self.call_from_thread(self.exit)
            return
        self.call_from_thread(self._loaded, trace)

    def _loaded(self, trace: Trace) -> None:
        self._main = self._make_main(trace, self._level)
        settle_memory()
        self.push_screen(self._main)  # a switch would leave a moment without any screen, in which a key is fatal
        self._say_where(self._main)

    @property
    def stepper(self) -> Stepper:
        """Where the reader is. Raises: AssertionError while none is chosen."""
        assert self._main is not None
        return self._main.stepper

    @property
    def picker(self) -> Picker | None:
        """The list from which the scenario was chosen, if it was."""
        return self._picker

    @property
    def words(self) -> Words:
        """The language that is spoken now."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Keyed):
                return screen.words
        if self._main is not None:
            return self._main.stepper.words
        return Words(self._language) if self._picker is None else self._picker.words

    # --- from the list to the steps and back ---

    def _make_main(self, trace: Trace, level: Level | None) -> MainScreen:
        """The screen of a trace; its parts are loaded now, so that the first screen is there before them."""
        from mailsim.views.tui.score import Score
        from mailsim.views.tui.screen import MainScreen
        from mailsim.views.tui.stepper import Stepper

        stepper = Stepper(Score(trace), self._language, level)
        place = self._memory.places.get(self._key)
        if place is not None and level is None and place.steps:
            stepper.restore(place)
        hand = self._hand_at if self._switchboard is not None and self._key else None
        return MainScreen(stepper, self._folder, hand, leads_back=self._picker is not None)

    @on(ScenarioRun)
    def _run_chosen(self, message: ScenarioRun) -> None:
        self._key = message.entry.key
        assert self._picker is not None
        self._language = self._picker.words.language
        self._main = self._make_main(message.trace, None)
        settle_memory()
        self.push_screen(self._main, lambda _: self._left())
        self._say_where(self._main)

    # --- typing by hand ---

    def _hand_at(self, at_us: int) -> None:
        """Type to a server of the world that is stepped through, as it is at that time, or at its start."""
        world, stepper = self.stepper.score.world, self.stepper
        titles = {language: texts.get("title", world.scenario) for language, texts in world.texts.items()}
        self._open_hand(self._key, titles, stepper.words, (at_us, 0))

    @on(HandWanted)
    def _hand_wanted(self, message: HandWanted) -> None:
        """Type to a server of a scenario that is in the list."""
        assert self._picker is not None
        self._open_hand(message.entry.key, message.entry.titles, self._picker.words, (0,))

    def _open_hand(self, key: str, titles: Mapping[str, str], words: Words, times: Sequence[int]) -> None:
        from mailsim.views.tui.hand.services import ServicesScreen

        if self._switchboard is not None:
            screen = ServicesScreen(self._switchboard, key, titles, words, self._folder, times)
            self.push_screen(screen, self._hand_done)

    def _hand_done(self, words: Words | None) -> None:
        """Go on in the language that was spoken last."""
        if words is not None and self._main is not None:
            self._main.stepper.words = words
            self._main.rearrange()
            self._main.restyle()
        elif words is not None and self._picker is not None:
            self._picker.words = words
            self._picker.show()

    def _say_where(self, main: MainScreen) -> None:
        """Who comes back is told where the steps go on."""
        if main.stepper.position:
            self.call_after_refresh(main.tell, "picker.again", i=main.stepper.position)

    def _left(self) -> None:
        self.remember()
        if self._picker is not None:
            self._picker.words = self.words
            self._language = self.words.language
            self._picker.show()
        self._main = None
        gc.unfreeze()

    def remember(self) -> None:
        """Keep language, theme and place for the next time."""
        memory = self._memory
        memory.language = self.words.language
        memory.theme = self.theme.removeprefix("mailsim-").removesuffix("-16")
        if self._main is not None and self._key:
            stepper = self._main.stepper
            memory.keep(self._key, stepper.place())
            if stepper.is_at_own_level:
                memory.lengths[self._key] = stepper.last
        memory.save()

    def exit(self, *args: object, **kwargs: object) -> None:
        """End, and remember where."""
        self.remember()
        super().exit(*args, **kwargs)  # type: ignore[arg-type]

    # --- mistakes ---

    def _fatal_error(self) -> None:
        """A crash tells the class that it happened and where the report is; values of variables stay out of both."""
        report = Path(tempfile.gettempdir()) / f"mailsim-crash-{os.getpid()}.txt"
        try:
            report.write_text(traceback.format_exc(), encoding="utf-8")
            said = self.words("crash", path=report)
        except OSError as problem:
            said = self.words("save.failed", problem=problem.strerror or str(problem))
        self._exit_renderables.append(Segments([Segment(f"{said}\n")]))
        self._close_messages_no_wait()

    def on_key(self, event: events.Key) -> None:
        """Keys that were under way when the prompt opened are for the prompt."""
        if self._main is self.screen and self._main is not None and self._main.typed(event):
            event.stop()
            event.prevent_default()

    def action_command_palette(self) -> None:
        """The palette of Textual, in our language."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder=self.words("palette.hint"), id="--command-palette"))

    def action_how_to_quit(self) -> None:
        """Ctrl+C ends no lesson by mistake: it says how to quit."""
        from mailsim.views.tui.screen import MainScreen

        if isinstance(self.screen, CommandPalette):
            self.screen.dismiss()
        match self.screen:
            case Picker() as picker:
                picker.action_escape()
            case Keyed() as screen:
                screen.tell("hand.quit")
            case MainScreen() as screen:
                screen.tell("quit.how")
            case _ if self._main is not None:
                self._main.tell("quit.how")
