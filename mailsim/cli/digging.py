"""The command that asks a DNS question in the world of a scenario: `dig`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailsim.cli.complaints import complaining, refuse
from mailsim.cli.options import Language, ScenarioName, Seed
from mailsim.cli.watching import console_and_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailsim.protocols.dns import Answer, RRset
    from mailsim.scenario.digging import Finding
    from mailsim.trace.lookups import Exchange

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME [TYPE] [@SERVER] [+FLAG...]", help="The question, as dig takes it."),
]
At = Annotated[str, typer.Option(help="When it is asked: 30s after the start, or a time such as 10:05.")]
From = Annotated[str | None, typer.Option("--from", metavar="HOST", help="Who asks; by default somebody's computer.")]
Reverse = Annotated[
    str | None, typer.Option("--reverse", "-x", metavar="ADDRESS", help="Ask for the name of an address.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(dig)


def dig(
    scenario: ScenarioName,
    lang: Language,
    words: Words = None,
    at: At = "0s",
    host: From = None,
    reverse: Reverse = None,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Ask a DNS question in the world of a scenario; see the answer and every question that it took.

    Flags: +tcp, +norecurse, +noedns, +bufsize=N, +ignore, +short.
    """
    from mailsim.lessons.telling import say
    from mailsim.scenario.digging import DigError, ask, read_request
    from mailsim.scenario.loader import open_scenario
    from mailsim.trace.lookups import lookups
    from mailsim.views.text.dig import Shown, dig_lines, short_lines
    from mailsim.views.text.lines import write

    with complaining(lang):
        loaded = open_scenario(scenario)
    try:
        request = read_request(words or [], reverse)
        finding = ask(loaded, request, at=at, host=host, seed=seed)
    except DigError as error:
        hint = error.details.get("hint")
        message = say(error.key, lang, **error.details)
        refuse(f"{message}\n{say('dig.hint', lang, hint=hint)}" if hint else message)
        return
    exchanges = lookups(finding.trace.events, finding.asked)
    if as_json:
        typer.echo(json.dumps(_record(finding, exchanges), ensure_ascii=False, indent=2))
        return
    console, width = console_and_width()
    dug = finding.dug
    if request.short:
        write(short_lines(dug.answer), console)
        return
    shown = Shown(finding.trace.world, dug.answer, dug.address, finding.server, finding.asked_at, exchanges)
    command = " ".join([loaded.id, *(["-x", reverse] if reverse else []), *(words or [])])
    write(dig_lines(shown, command, lang, width), console)


def _record(finding: Finding, exchanges: list[Exchange]) -> dict[str, Any]:
    answer = finding.dug.answer
    return {
        "qname": finding.question.name.to_text(),
        "qtype": str(finding.question).rpartition(" ")[2],
        "host": finding.host,
        "server": finding.server,
        "address": finding.dug.address,
        "asked_at": finding.asked_at,
        "answer": None if answer is None else _message(answer),
        "queries": [exchange.record() for exchange in exchanges],
    }


def _message(answer: Answer) -> dict[str, Any]:
    content, fields = answer.content, answer.fields()
    sections = {"answer": content.answer, "authority": content.authority, "additional": content.additional}
    return {
        **{name: fields[name] for name in ("id", "rcode", "aa", "tc", "rd", "ra")},
        "over": "tcp" if answer.framed else "udp",
        "size": len(answer.wire),
        "edns_size": content.edns_size,
        **{name: [record for rrset in section for record in _records(rrset)] for name, section in sections.items()},
    }


def _records(rrset: RRset) -> Iterator[dict[str, Any]]:
    for text in rrset.texts():
        kind, _, data = text.partition(" ")
        yield {"name": rrset.name.to_text(), "ttl": rrset.ttl, "type": kind, "data": data}
