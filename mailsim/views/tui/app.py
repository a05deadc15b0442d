"""The terminal application: themes, the command palette, and what holds for every screen."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.segment import Segment, Segments
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.types import AnimationLevel

from mailsim.lessons.ui import LANGUAGES
from mailsim.trace.levels import Level
from mailsim.trace.trace import Trace
from mailsim.views.tui.actions import ACTIONS
from mailsim.views.tui.inks import DARK, PALETTES
from mailsim.views.tui.score import Score
from mailsim.views.tui.screen import MainScreen
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.themes import themes

THEMES = tuple(palette.name.removeprefix("mailsim-") for palette in PALETTES)
"""`dark`, `light`, `contrast`."""


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
        screen = self.screen
        if not isinstance(screen, MainScreen):
            return []
        words = screen.stepper.words
        named = [
            (f"{words(f'do.{action.name}')}  ({action.shown})", partial(screen.action_do, action.name))
            for action in ACTIONS
            if action.name not in ("palette", "escape", "jump") and screen.works(action)
        ]
        looks = [
            (words("theme.now", theme=words(f"theme.{palette.name}")), partial(self._wear, palette.name))
            for palette in PALETTES
        ]
        return [*named, *looks]

    def _wear(self, theme: str) -> None:
        self.app.theme = theme


class StepperApp(App[None]):
    """Steps through one trace.

    Args:
        trace: the finished run.
        language: `en` or `cs`; theme: one of `THEMES`; level: None for the scenario's own.
        motion: whether anything may glide; folder: where screenshots go.
    """

    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Commands}
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "how_to_quit", show=False, priority=True)]
    TITLE = "mailsim"
    CSS_PATH = "screen.tcss"

    def __init__(
        self,
        trace: Trace,
        language: str = LANGUAGES[0],
        theme: str = "dark",
        level: Level | None = None,
        motion: bool = True,
        folder: Path | None = None,
    ) -> None:
        super().__init__()
        for made in themes():
            self.register_theme(made)
        self.theme = f"mailsim-{theme}" if theme in THEMES else DARK.name
        if not motion:
            self.animation_level: AnimationLevel = "none"
        self._main = MainScreen(Stepper(Score(trace), language, level), folder or Path())

    def get_default_screen(self) -> MainScreen:
        return self._main

    @property
    def stepper(self) -> Stepper:
        """Where the reader is."""
        return self._main.stepper

    def _fatal_error(self) -> None:
        """A crash tells the class that it happened and where the report is; values of variables stay out of both."""
        report = Path(tempfile.gettempdir()) / f"mailsim-crash-{os.getpid()}.txt"
        words = self.stepper.words
        try:
            report.write_text(traceback.format_exc(), encoding="utf-8")
            said = words("crash", path=report)
        except OSError as problem:
            said = words("save.failed", problem=problem.strerror or str(problem))
        self._exit_renderables.append(Segments([Segment(f"{said}\n")]))
        self._close_messages_no_wait()

    def action_how_to_quit(self) -> None:
        """Ctrl+C ends no lesson by mistake: it says how to quit."""
        if isinstance(self.screen, CommandPalette):
            self.screen.dismiss()
        self._main.say(self.stepper.words("quit.how"))
