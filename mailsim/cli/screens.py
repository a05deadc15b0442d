"""What every command with a screen lets one choose about it; `with_screen_options` gives a command these options."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailsim.cli.options import Lang, default_language

if TYPE_CHECKING:
    from mailsim.views.tui import Looks
    from mailsim.views.tui.memory import Memory

FEW_COLOURS = ("standard", "windows")
"""Rich's names of terminals with sixteen colours."""


class Theme(StrEnum):
    """The colours of the screen."""

    DARK = "dark"
    LIGHT = "light"
    CONTRAST = "contrast"


class Colours(StrEnum):
    """How many colours the terminal has."""

    AUTO = "auto"
    SIXTEEN = "16"


ScreenLanguage = Annotated[
    Lang | None,
    typer.Option("--lang", help="Language of the screen; by default that of the last time, or of the system."),
]
WhichTheme = Annotated[Theme | None, typer.Option(help="Colours of the screen; by default those of the last time.")]
NoMotion = Annotated[bool, typer.Option("--no-motion", help="Nothing glides on the screen.")]
NoMouse = Annotated[bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal, which then selects text.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII alone.")]
HowManyColours = Annotated[Colours, typer.Option("--colors", help="Use only the sixteen colours of every terminal.")]
Reset = Annotated[bool, typer.Option("--reset", help="Forget language, theme and places of the last time.")]


@dataclass(frozen=True, slots=True)
class ScreenOptions:
    """The options of a screen, as they were given."""

    lang: ScreenLanguage = None
    theme: WhichTheme = None
    no_motion: NoMotion = False
    no_mouse: NoMouse = False
    ascii_only: Ascii = False
    colours: HowManyColours = Colours.AUTO
    reset: Reset = False

    def memory(self) -> Memory:
        """What is remembered of the last time."""
        import platformdirs

        from mailsim.views.tui.memory import Memory

        place = os.environ.get("MAILSIM_SETTINGS")
        path = Path(place) if place else platformdirs.user_state_path("mailsim", appauthor=False) / "settings.json"
        memory = Memory.load(path)
        if self.reset:
            memory.forget()
        return memory

    def language(self, memory: Memory) -> str:
        """The language that was asked for, else that of the last time, else the system's."""
        return self.lang or memory.language or default_language()

    def looks(self, memory: Memory) -> Looks:
        """How it is drawn, and whether the mouse is for it."""
        from mailsim.views.tui import Looks

        return Looks(
            theme=self.theme or memory.theme or Theme.DARK,
            motion=not self.no_motion,
            ascii_only=self.ascii_only or _writes_only_ascii(),
            colours=16 if self.colours is Colours.SIXTEEN or _has_few_colours() else 0,
            mouse=not self.no_mouse,
        )


def with_screen_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose parameter `screen` is given as the options of `ScreenOptions`."""

    @wraps(command)
    def spread(**values: Any) -> None:
        chosen = {field.name: values.pop(field.name) for field in fields(ScreenOptions)}
        command(**values, screen=ScreenOptions(**chosen))

    own = [p for p in signature(command, eval_str=True).parameters.values() if p.name != "screen"]
    options = signature(ScreenOptions, eval_str=True).parameters.values()
    together = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in (*own, *options)]
    spread.__signature__ = signature(command).replace(parameters=together)  # type: ignore[attr-defined]
    return spread


def is_in_browser() -> bool:
    """Is the screen the one of `mailsim web`?"""
    return "TEXTUAL_DRIVER" in os.environ


def ask_the_terminal() -> None:
    """Let the terminal say its size: a size that the shell exports stands still when the window changes."""
    if not is_in_browser():
        for variable in ("COLUMNS", "LINES"):
            os.environ.pop(variable, None)


def _has_few_colours() -> bool:
    from rich.console import Console

    return Console().color_system in FEW_COLOURS


def _writes_only_ascii() -> bool:
    """Whether the terminal's encoding has no lines and arrows."""
    try:
        "─►●".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False
