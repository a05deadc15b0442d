"""Commands that run a scenario and show what happened: `run`, `why`, `pcap`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.complaints import complaining, refuse
from mailsim.cli.options import Detail, Language, ScenarioName, Seed

if TYPE_CHECKING:
    from rich.console import Console

    from mailsim.trace.trace import Trace

PIPE_WIDTH = 100
MAX_WIDTH = 120
"""Longer lines are hard to read, however wide the terminal is."""

RunDetail = Annotated[Detail | None, typer.Option(help="How closely to look; by default as the scenario says.")]
WhyDetail = Annotated[Detail, typer.Option(help="Which of the causes to tell.")]
EventsFile = Annotated[
    Path | None,
    typer.Option("--events", metavar="FILE.jsonl", help="Write every event there, as JSON lines; - is stdout."),
]
SaveFile = Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Record the run into this file.")]
CaptureFile = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE.pcapng", help="Where the capture goes; - is stdout.")
]
EventNumber = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the event, as `run` prints it.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    for command in (run, why, pcap):
        app.command()(command)


def run(
    scenario: ScenarioName,
    lang: Language,
    detail: RunDetail = None,
    seed: Seed = None,
    events: EventsFile = None,
    save: SaveFile = None,
) -> None:
    """Run a scenario and tell what happened, with explanations."""
    from mailsim.trace.levels import Level
    from mailsim.views.text.lines import write
    from mailsim.views.text.run import run_lines

    with complaining(lang):
        trace = trace_of(scenario, seed)
        if events is not None:
            _export(trace, events)
        if save is not None:
            from mailsim.trace.recording import write_recording

            write_recording(trace, save)
        if events is None or str(events) != "-":
            console, width = console_and_width()
            write(run_lines(trace, Level.of(detail or trace.world.detail), lang, width), console)


def why(
    scenario: ScenarioName,
    number: EventNumber,
    lang: Language,
    detail: WhyDetail = Detail.STORY,
    seed: Seed = None,
) -> None:
    """Tell why an event happened: its causes, from the beginning on."""
    from mailsim.lessons.telling import say
    from mailsim.trace.levels import Level
    from mailsim.views.text.lines import write
    from mailsim.views.text.why import why_lines

    with complaining(lang):
        trace = trace_of(scenario, seed)
        if not 0 <= number < len(trace.events):
            refuse(say("why.no-event", lang, seq=number, last=len(trace.events) - 1))
        console, width = console_and_width()
        write(why_lines(trace, number, lang, width, Level.of(detail)), console)


def pcap(
    scenario: ScenarioName,
    output: CaptureFile,
    lang: Language,
    seed: Seed = None,
) -> None:
    """Write every packet of a run into a file for Wireshark."""
    from mailsim.lessons.telling import say
    from mailsim.views.pcapng import to_pcapng, write_pcapng

    with complaining(lang):
        trace = trace_of(scenario, seed)
        if str(output) == "-":
            sys.stdout.buffer.write(to_pcapng(trace))
            return
        with output.open("wb") as stream:
            count = write_pcapng(trace, stream)
        typer.echo(say("pcap.written", lang, n=count, file=output))


def trace_of(scenario: str, seed: int | None, code: bool = False) -> Trace:
    """Run the scenario with this id, file or folder, or read a recording; `code` records the lines of scripts.

    Raises: ScenarioErrors, RecordingError.
    """
    from mailsim.trace.recording import is_recording, read_recording

    if is_recording(Path(scenario)):
        return read_recording(Path(scenario))
    from mailsim.scenario.build import build
    from mailsim.scenario.loader import open_scenario
    from mailsim.trace.recorder import Recorder

    return build(open_scenario(scenario), seed, Recorder(code=code)).run()


def _export(trace: Trace, file: Path) -> None:
    from mailsim.views.jsonl import write_jsonl

    if str(file) == "-":
        write_jsonl(trace, sys.stdout.buffer)
        return
    with file.open("wb") as stream:
        write_jsonl(trace, stream)


def console_and_width() -> tuple[Console, int]:
    """Where to print, and how wide: as the terminal is; into a pipe, as COLUMNS says."""
    from rich.console import Console

    console = Console()
    if console.is_terminal:
        return console, min(console.width, MAX_WIDTH)
    columns = os.environ.get("COLUMNS", "")
    return console, int(columns) if columns.isdecimal() else PIPE_WIDTH
