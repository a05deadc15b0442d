"""The command `step`: walks through a run on the terminal, forwards and back."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mailsim.cli.complaints import complaining
from mailsim.cli.options import Detail, Language, ScenarioName, Seed
from mailsim.cli.watching import trace_of

Plain = Annotated[bool, typer.Option("--plain", help="One sentence a step, for screen readers and pipes.")]
StepDetail = Annotated[Detail | None, typer.Option(help="How closely to look; by default as the scenario says.")]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(step)


def step(
    scenario: ScenarioName, lang: Language, detail: StepDetail = None, seed: Seed = None, plain: Plain = False
) -> None:
    """Step through a run on the terminal, forwards and back."""
    from mailsim.trace.levels import Level

    with complaining(lang):
        trace = trace_of(scenario, seed)
    level = Level.of(detail or trace.world.detail)
    if plain:
        from mailsim.views.text.stepping import step_plainly

        step_plainly(trace, level, lang, sys.stdin, sys.stdout)
        return
    from mailsim.views.tui.app import StepperApp

    StepperApp(trace, language=lang, level=level).run()
