"""The terminal application: the list of scenarios, the steps of one, themes, and what holds for every screen."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen
from textual.types import AnimationLevel
from textual.widgets import Static

from mailsim.errors import MailsimError
from mailsim.lessons.ui import LANGUAGES, Words
from mailsim.trace.trace import Trace
from mailsim.views.tui.actions import ACTIONS, Action
from mailsim.views.tui.hand.parts import Keyed
from mailsim.views.tui.hand.switchboard import Switchboard
from mailsim.views.tui.inks import themes_of
from mailsim.views.tui.library import Library
from mailsim.views.tui.memory import Memory
from mailsim.views.tui.picker import HandWanted, Picker, ScenarioRun
from mailsim.views.tui.worn import Worn

if TYPE_CHECKING:
    from mailsim.trace.levels import Level
    from mailsim.views.tui.screen import MainScreen
    from mailsim.views.tui.stepper import Stepper


def settle_memory() -> None:
    """A trace stays: looking through it again and again for garbage would cost a third of each step."""
    gc.collect()
    gc.freeze()


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
        """Run the scenario; what the reader has to mend about it, is for whoever started us to say."""
        try:
            trace = load()
        except (MailsimError, OSError) as problem:
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

    # --- keys ---

    def where(self) -> str:
        """The step at which one was, for who has to come back to it."""
        position = self._main.stepper.position if self._main is not None else 0
        return self.words("crash.step", i=position) if position else ""

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
