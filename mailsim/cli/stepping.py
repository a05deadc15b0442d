"""The commands with a screen: `step`, `compare`, and `mailsim` alone, which lets the reader choose a scenario first."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.complaints import complaining, refuse
from mailsim.cli.options import Detail, ScenarioName, Seed
from mailsim.cli.screens import ScreenOptions, ask_the_terminal, is_in_browser, with_screen_options
from mailsim.cli.watching import trace_of

if TYPE_CHECKING:
    from mailsim.views.tui.memory import Memory

StepDetail = Annotated[Detail | None, typer.Option(help="How closely to look; by default as the scenario says.")]
Plain = Annotated[bool, typer.Option("--plain", help="Sentences instead of a screen: Enter, b, q. For screen readers.")]
Lines = Annotated[bool, typer.Option("--plain", help="Lines instead of a screen, as into a file.")]
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


def has_a_screen() -> bool:
    """Can a person see what is drawn, and press keys? Not in a pipe, and not with the output in a file."""
    return is_in_browser() or (sys.stdout.isatty() and sys.stdin.isatty())


@with_screen_options
def choose(context: typer.Context, screen: ScreenOptions, folder: Folder = None) -> None:
    """A small Internet in one process: see how e-mail works, byte by byte, hop by hop, forwards and back.

    Without a command: choose a scenario and step through it.
    """
    if context.invoked_subcommand is not None:
        return
    if not has_a_screen():
        typer.echo(context.get_help())
        return
    from mailsim.cli.shelf import Shelf
    from mailsim.cli.switchboard import Telephone
    from mailsim.views.tui import run

    ask_the_terminal()
    memory = screen.memory()
    run(
        None,
        screen.language(memory),
        screen.looks(memory),
        library=Shelf(_own_folder(folder, memory)),
        switchboard=Telephone(),
        memory=memory,
    )


@with_screen_options
def step(
    scenario: ScenarioName,
    screen: ScreenOptions,
    detail: StepDetail = None,
    seed: Seed = None,
    plain: Plain = False,
) -> None:
    """Run a scenario and step through it, forwards and back."""
    from mailsim.trace.levels import Level

    memory = screen.memory()
    language = screen.language(memory)
    level = None if detail is None else Level.of(detail)
    with complaining(language):
        if plain:
            from mailsim.views.tui.plain import run_plain

            run_plain(trace_of(scenario, seed, code=True), sys.stdin, sys.stdout, language, level)
            return
        if not has_a_screen():
            from mailsim.lessons.telling import say

            refuse(say("step.no-screen", language))
        from mailsim.cli.switchboard import Telephone
        from mailsim.trace.recording import is_recording
        from mailsim.views.tui import run

        ask_the_terminal()
        run(
            lambda: trace_of(scenario, seed, code=True),
            language,
            screen.looks(memory),
            level,
            switchboard=None if is_recording(Path(scenario)) else Telephone(seed),
            memory=memory,
            key=str(Path(scenario).resolve()) if Path(scenario).exists() else scenario,
        )


@with_screen_options
def compare(
    left: ScenarioName,
    right: ScenarioName,
    screen: ScreenOptions,
    detail: StepDetail = None,
    plain: Lines = False,
) -> None:
    """Show two runs side by side, and where they part: a scenario and its variant, say."""
    from mailsim.trace.levels import Level
    from mailsim.views.tui.compare import write_comparison
    from mailsim.views.tui.score import Score
    from mailsim.views.tui.stepper import Stepper

    memory = screen.memory()
    language = screen.language(memory)
    with complaining(language):
        traces = [trace_of(name, None) for name in (left, right)]
    level = Level.of(detail or traces[0].world.detail)
    one, other = (Stepper(Score(trace), language, level) for trace in traces)
    if plain or not sys.stdout.isatty():
        write_comparison(one, other, sys.stdout)
        return
    from mailsim.views.tui import show_side_by_side

    ask_the_terminal()
    show_side_by_side(one, other, screen.looks(memory))


def _own_folder(folder: Path | None, memory: Memory) -> Path | None:
    """The folder that was named now, or the last time."""
    if folder is not None:
        if not folder.is_dir():
            refuse(f"{folder}: not a folder")
        memory.folder = str(folder.resolve())
        memory.save()
    return Path(memory.folder) if memory.folder else None
