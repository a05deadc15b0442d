"""The command `web`: the stepper in a browser of this computer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mailsim.cli.complaints import complaining, refuse
from mailsim.cli.options import Language

Scenario = Annotated[
    str | None,
    typer.Argument(metavar="[SCENARIO]", help="Id, file, folder or recording; by default the list of scenarios."),
]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of this computer on which the browser finds it.")]


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(web)


def web(lang: Language, scenario: Scenario = None, port: Port = 8025) -> None:
    """Step through scenarios in a browser: only this computer comes in, and nothing is loaded from elsewhere."""
    command = [sys.executable, "-m", "mailsim"]
    if scenario is not None:
        with complaining(lang):
            _read(scenario)
        command += ["step", scenario]
    from mailsim.live import browser

    typer.echo(f"{browser.address(port)}/   (Ctrl+C)")
    try:
        browser.serve([*command, "--lang", lang], port)
    except ImportError:
        refuse("web: pip install 'mailsim[browser]'")
    except OSError as problem:
        refuse(f"web: {problem.strerror or problem}")


def _read(scenario: str) -> None:
    """Read it, so that mistakes are told here and not in an empty window. Raises: ScenarioErrors, RecordingError."""
    from mailsim.trace.recording import is_recording, read_recording

    if is_recording(Path(scenario)):
        read_recording(Path(scenario))
        return
    from mailsim.scenario.loader import open_scenario

    open_scenario(scenario)
