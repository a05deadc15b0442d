"""The commands with a screen: `step`, and `mailsim` alone, which lets the reader choose a scenario first."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.complaints import complaining, refuse
from mailsim.cli.options import Detail, Lang, ScenarioName, Seed, default_language
from mailsim.cli.watching import trace_of

if TYPE_CHECKING:
    from mailsim.views.tui.memory import Memory


class Look(StrEnum):
    """The colours of the screen."""

    DARK = "dark"
    LIGHT = "light"
    CONTRAST = "contrast"


class Colours(StrEnum):
    """How many colours the terminal has."""

    AUTO = "auto"
    SIXTEEN = "16"


StepDetail = Annotated[Detail | None, typer.Option(help="How closely to look; by default as the scenario says.")]
ScreenLanguage = Annotated[
    Lang | None,
    typer.Option("--lang", help="Language of the screen; by default that of the last time, or of the system."),
]
Theme = Annotated[Look | None, typer.Option(help="Colours of the screen; by default those of the last time.")]
Plain = Annotated[bool, typer.Option("--plain", help="Sentences instead of a screen: Enter, b, q. For screen readers.")]
NoMotion = Annotated[bool, typer.Option("--no-motion", help="Nothing glides on the screen.")]
NoMouse = Annotated[bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal, which then selects text.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII alone.")]
HowManyColours = Annotated[Colours, typer.Option("--colors", help="Use only the sixteen colours of every terminal.")]
Reset = Annotated[bool, typer.Option("--reset", help="Forget language, theme and places of the last time.")]
Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="A folder of your own scenarios; it is remembered."),
]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(step)
    app.command()(compare)


def add_callback_to(app: typer.Typer) -> None:
    """Register what `mailsim` without a command does."""
    app.callback(invoke_without_command=True)(choose)


def choose(
    context: typer.Context,
    lang: ScreenLanguage = None,
    theme: Theme = None,
    folder: Folder = None,
    no_motion: NoMotion = False,
    no_mouse: NoMouse = False,
    ascii_only: Ascii = False,
    colours: HowManyColours = Colours.AUTO,
    reset: Reset = False,
) -> None:
    """A small Internet in one process: see how e-mail works, byte by byte, hop by hop, forwards and back.

    Without a command: choose a scenario and step through it.
    """
    if context.invoked_subcommand is not None:
        return
    if not _is_in_browser() and not (sys.stdout.isatty() and sys.stdin.isatty()):
        typer.echo(context.get_help())
        return
    from mailsim.cli.shelf import Shelf
    from mailsim.cli.switchboard import Telephone
    from mailsim.views.tui import run

    _ask_the_terminal()
    memory = _memory(reset)
    own = _own_folder(folder, memory)
    run(
        None,
        lang or memory.language or default_language(),
        theme or memory.theme or Look.DARK,
        None,
        motion=not no_motion,
        mouse=not no_mouse,
        library=Shelf(own),
        switchboard=Telephone(),
        memory=memory,
        ascii_only=ascii_only or _writes_only_ascii(),
        colours=16 if colours is Colours.SIXTEEN else 0,
    )


def step(
    scenario: ScenarioName,
    lang: ScreenLanguage = None,
    detail: StepDetail = None,
    seed: Seed = None,
    theme: Theme = None,
    plain: Plain = False,
    no_motion: NoMotion = False,
    no_mouse: NoMouse = False,
    ascii_only: Ascii = False,
    colours: HowManyColours = Colours.AUTO,
    reset: Reset = False,
) -> None:
    """Run a scenario and step through it, forwards and back."""
    from mailsim.trace.levels import Level

    memory = _memory(reset)
    language = lang or memory.language or default_language()
    level = None if detail is None else Level.of(detail)
    with complaining(language):
        if plain:
            from mailsim.views.tui.plain import run_plain

            run_plain(trace_of(scenario, seed, code=True), sys.stdin, sys.stdout, language, level)
            return
        from mailsim.cli.switchboard import Telephone
        from mailsim.trace.recording import is_recording
        from mailsim.views.tui import run

        _ask_the_terminal()
        run(
            lambda: trace_of(scenario, seed, code=True),
            language,
            theme or memory.theme or Look.DARK,
            level,
            motion=not no_motion,
            mouse=not no_mouse,
            switchboard=None if is_recording(Path(scenario)) else Telephone(seed),
            memory=memory,
            key=str(Path(scenario).resolve()) if Path(scenario).exists() else scenario,
            ascii_only=ascii_only or _writes_only_ascii(),
            colours=16 if colours is Colours.SIXTEEN else 0,
        )


def compare(
    left: ScenarioName,
    right: ScenarioName,
    lang: ScreenLanguage = None,
    detail: StepDetail = None,
    theme: Theme = None,
    plain: Plain = False,
    ascii_only: Ascii = False,
    colours: HowManyColours = Colours.AUTO,
) -> None:
    """Show two runs side by side, and where they part: a scenario and its variant, say."""
    from mailsim.trace.levels import Level
    from mailsim.views.tui.compare import write_comparison
    from mailsim.views.tui.score import Score
    from mailsim.views.tui.stepper import Stepper

    memory = _memory(False)
    language = lang or memory.language or default_language()
    with complaining(language):
        traces = [trace_of(name, None) for name in (left, right)]
    level = Level.of(detail or traces[0].world.detail)
    one, other = (Stepper(Score(trace), language, level) for trace in traces)
    if plain or not sys.stdout.isatty():
        write_comparison(one, other, sys.stdout)
        return
    from mailsim.views.tui.side_by_side import CompareApp

    _ask_the_terminal()
    few = colours is Colours.SIXTEEN
    look = theme or memory.theme or Look.DARK
    CompareApp(one, other, look, ascii_only or _writes_only_ascii(), 16 if few else 0).run()


def _is_in_browser() -> bool:
    """Is the screen the one of `mailsim web`?"""
    return "TEXTUAL_DRIVER" in os.environ


def _ask_the_terminal() -> None:
    """Let the terminal say its size: a size that the shell exports stands still when the window changes."""
    if not _is_in_browser():
        for variable in ("COLUMNS", "LINES"):
            os.environ.pop(variable, None)


def _memory(reset: bool) -> Memory:
    """What is remembered of the last time."""
    import platformdirs

    from mailsim.views.tui.memory import Memory

    place = os.environ.get("MAILSIM_SETTINGS")
    path = Path(place) if place else platformdirs.user_state_path("mailsim", appauthor=False) / "settings.json"
    memory = Memory.load(path)
    if reset:
        memory.forget()
    return memory


def _own_folder(folder: Path | None, memory: Memory) -> Path | None:
    """The folder that was named now, or the last time."""
    if folder is not None:
        if not folder.is_dir():
            refuse(f"{folder}: not a folder")
        memory.folder = str(folder.resolve())
        memory.save()
    return Path(memory.folder) if memory.folder else None


def _writes_only_ascii() -> bool:
    """Whether the terminal's encoding has no lines and arrows."""
    try:
        "─►●".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False
