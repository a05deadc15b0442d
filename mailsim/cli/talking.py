"""The command `talk`: a telnet into the simulated world."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.complaints import complaining, refuse
from mailsim.cli.options import Language, ScenarioName, Seed

if TYPE_CHECKING:
    from mailsim.live.talk import Talk
    from mailsim.scenario.build import Simulation
    from mailsim.scenario.schema import Scenario

BACK_TO_LINE_BEFORE = "\x1b[1A\r\x1b[K"
"""What a terminal does to write a line once more: here with its CRLF (ECMA-48: CUU, CR, EL)."""

Where = Annotated[str, typer.Argument(metavar="HOST:PORT", help="Host of the scenario, and port or service name.")]
Tls = Annotated[bool, typer.Option("--tls", help="TLS from the beginning; ports 465, 993 and 995 have it anyway.")]
Explain = Annotated[bool, typer.Option("--explain", help="Explain each reply.")]
At = Annotated[str, typer.Option(metavar="TIME", help="When to begin: what happens before, has happened then.")]
Pause = Annotated[str, typer.Option(metavar="TIME", help="Simulated time that passes before each line.")]
Save = Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Record everything into this file.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(talk)


def talk(
    scenario: ScenarioName,
    where: Where,
    lang: Language,
    tls: Tls = False,
    explain: Explain = False,
    at: At = "0s",
    pause: Pause = "0s",
    seed: Seed = None,
    save: Save = None,
) -> None:
    """Type a protocol by hand: connect to a server of a scenario, and talk to it."""
    with complaining(lang):
        begin_us, pause_us = (_duration(text, lang) for text in (at, pause))
        conversation, simulation = _connected(scenario, seed, where, tls, begin_us, lang)
        screen = _Screen(conversation, simulation, lang, explain)
        screen.show()
        for line in screen.lines():
            conversation.pause(pause_us)
            conversation.say(line)
            screen.show()
            if conversation.talker.is_over:
                break
        conversation.hang_up()
        screen.show()
        screen.farewell()
        if save is not None:
            from mailsim.trace.recording import write_recording

            write_recording(simulation.so_far(), save)


def _connected(name: str, seed: int | None, where: str, tls: bool, begin_us: int, lang: str) -> tuple[Talk, Simulation]:
    """The world at the moment when the talk begins, and the talk."""
    from mailsim.scenario.calling import connect, place_at
    from mailsim.scenario.loader import open_scenario

    scenario = open_scenario(name)
    host, port = _place(scenario, where, lang)
    return connect(scenario, place_at(scenario, host, port, tls), begin_us, seed)


def _place(scenario: Scenario, where: str, lang: str) -> tuple[str, int]:
    """The host and port that somebody means."""
    from mailsim.scenario.calling import USUAL_PORTS, hosts_named
    from mailsim.scenario.mistakes import closest

    name, _, service = where.rpartition(":")
    port = USUAL_PORTS.get(service.lower(), int(service) if service.isdecimal() else 0)
    if not name or not 0 < port < 65536:
        refuse(_say("talk.where", lang, where=where))
    found = hosts_named(scenario, name)
    if len(found) == 1:
        return found[0], port
    if found:
        refuse(_say("talk.which-host", lang, name=name, hosts=", ".join(found)))
    known = closest(name, scenario.hosts) or ", ".join(list(scenario.hosts)[:10])
    refuse(_say("talk.no-host", lang, name=name, known=known))
    raise AssertionError


def _duration(text: str, lang: str) -> int:
    from mailsim.scenario.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError:
        refuse(_say("talk.no-time", lang, text=text))
        raise AssertionError from None


class _Screen:
    """What the person at the keyboard sees."""

    def __init__(self, conversation: Talk, simulation: Simulation, lang: str, explains: bool) -> None:
        from mailsim.trace.conversations import Conversations

        self.conversation, self.simulation, self.lang, self.explains = conversation, simulation, lang, explains
        self.conversations = Conversations(simulation.network.recorder.events)
        self._explained = ""
        self.is_person = sys.stdin.isatty() and sys.stdout.isatty()

    def lines(self) -> Iterator[bytes]:
        """What is typed, line by line, without line ends."""
        from mailsim.views.text.transcript import typed

        while True:
            if self.is_person:
                typer.echo("C: ", nl=False)
            try:
                line = sys.stdin.buffer.readline()
            except KeyboardInterrupt:
                return
            if not line:
                return
            line = line.removesuffix(b"\n").removesuffix(b"\r")
            if self.is_person:
                typer.echo(BACK_TO_LINE_BEFORE, nl=False)
            typer.echo(typed(line))
            yield line

    def show(self) -> None:
        """What came, and what it means."""
        from mailsim.views.text.transcript import heard

        self.conversations.catch_up()
        for event in self.conversation.news():
            for row in heard(event, self.simulation.so_far(), self.lang):
                typer.echo(row)
            if self.explains:
                self._explain(self.conversations.topic(event))

    def farewell(self) -> None:
        """How it ended."""
        key = "talk.closed" if self.conversation.talker.problem is None else "talk.lost"
        typer.echo(f"-- {_say(key, self.lang)}")

    def _explain(self, topic: str) -> None:
        import textwrap

        from mailsim.lessons.explanations import explain

        if topic == self._explained:
            return
        self._explained = topic
        texts = self.simulation.world.texts.get(self.lang)
        found = explain(topic, self.lang, texts)
        cited = "; ".join(map(str, found.citations))
        whole = f"{found.title}: {found.text}" + (f" [{cited}]" if cited else "")
        for line in textwrap.wrap(whole, 96, break_long_words=False, break_on_hyphens=False):
            typer.echo(f"     | {line}")


def _say(key: str, lang: str, **values: object) -> str:
    from mailsim.lessons.telling import say

    return say(key, lang, **values)
