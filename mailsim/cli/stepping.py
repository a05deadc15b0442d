"""The command that steps through a run: `step`, on the whole terminal or, with `--plain`, line by line."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from mailsim.cli.complaints import complaining
from mailsim.cli.options import Detail, Language, ScenarioName, Seed
from mailsim.cli.watching import trace_of


class Look(StrEnum):
    """The colours of the screen."""

    DARK = "dark"
    LIGHT = "light"
    CONTRAST = "contrast"


StepDetail = Annotated[Detail | None, typer.Option(help="How closely to look; by default as the scenario says.")]
Theme = Annotated[Look, typer.Option(help="Colours of the screen.")]
Plain = Annotated[bool, typer.Option("--plain", help="Sentences instead of a screen: Enter, b, q. For screen readers.")]
NoMotion = Annotated[bool, typer.Option("--no-motion", help="Nothing glides on the screen.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(step)


def step(
    scenario: ScenarioName,
    lang: Language,
    detail: StepDetail = None,
    seed: Seed = None,
    theme: Theme = Look.DARK,
    plain: Plain = False,
    no_motion: NoMotion = False,
) -> None:
    """Run a scenario and step through it, forwards and back."""
    from mailsim.trace.levels import Level

    with complaining(lang):
        trace = trace_of(scenario, seed)
    level = None if detail is None else Level.of(detail)
    if plain:
        from mailsim.views.tui.plain import run_plain

        run_plain(trace, sys.stdin, sys.stdout, lang, level)
        return
    from mailsim.views.tui import run

    run(trace, lang, theme, level, motion=not no_motion)
