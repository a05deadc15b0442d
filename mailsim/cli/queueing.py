"""The command that looks into the queues of servers: `queue`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.complaints import complaining, refuse
from mailsim.cli.options import Language, ScenarioName, Seed
from mailsim.cli.watching import console_and_width, trace_of

if TYPE_CHECKING:
    from mailsim.trace.trace import Trace

At = Annotated[
    str | None,
    typer.Option(help="When to look: 30s after the start, or a time such as 10:05; by default at the end of the run."),
]
OnlyHost = Annotated[str | None, typer.Option("--host", metavar="HOST", help="Only the queue of this server.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(queue)


def queue(
    scenario: ScenarioName,
    lang: Language,
    at: At = None,
    host: OnlyHost = None,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Show the mail that waits in the queues of the servers at some moment, as their administrators see it."""
    from mailsim.lessons.telling import say
    from mailsim.views import queues
    from mailsim.views.text.lines import write
    from mailsim.views.text.queues import queue_lines

    with complaining(lang):
        trace = trace_of(scenario, seed)
    at_us = _moment(trace, at, lang)
    found = queues.queues_at(trace, at_us)
    if host is not None and host not in {one.host for one in found}:
        known = ", ".join(one.host for one in found)
        refuse(say("queue.no-host", lang, host=host, known=known))
    shown = [one for one in found if host in (None, one.host)]
    if as_json:
        typer.echo(json.dumps({"at": at_us, "queues": [queues.as_json(one) for one in shown]}, ensure_ascii=False))
        return
    console, width = console_and_width()
    write(queue_lines(trace.world, shown, at_us, lang, width), console)


def _moment(trace: Trace, at: str | None, lang: str) -> int:
    """Microseconds since the start of the run; a time of day is one of the first day."""
    from mailsim.lessons.telling import say
    from mailsim.scenario.mistakes import shown
    from mailsim.scenario.units import parse_moment
    from mailsim.views.text.clock import moment

    if at is None:
        return trace.end_us
    start = moment(trace.world, 0)
    try:
        at_us = parse_moment(at).since(((start.hour * 60 + start.minute) * 60 + start.second) * 1_000_000)
    except ValueError:
        refuse(say("dig.bad-moment", lang, moment=shown(at)))
    if at_us < 0:
        refuse(say("dig.too-early", lang, moment=shown(at), start=f"{start:%H:%M:%S}"))
    return at_us
