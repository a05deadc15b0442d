"""The command `talk`: a telnet into the simulated world."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.complaints import complaining, refuse
from mailsim.cli.options import Language, ScenarioName, Seed

if TYPE_CHECKING:
    from mailsim.live.talk import Talk
    from mailsim.scenario.build import Simulation
    from mailsim.scenario.schema import Scenario
    from mailsim.trace.events import Event

PORTS: Mapping[str, int] = {
    "smtp": 25,
    "submission": 587,
    "submissions": 465,
    "imap": 143,
    "imaps": 993,
    "pop3": 110,
    "pop3s": 995,
}
WITH_TLS = (465, 993, 995)
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
    from mailsim.agents.talker import Talker
    from mailsim.live.talk import Talk
    from mailsim.scenario.build import build
    from mailsim.scenario.loader import open_scenario
    from mailsim.scenario.services import with_guest

    scenario = open_scenario(name)
    host, port = _place(scenario, where, lang)
    joined, node = with_guest(scenario, host)
    simulation = build(joined, seed)
    simulation.network.clock.advance(begin_us + 1)
    addresses = scenario.hosts[host].addresses
    own = joined.hosts[node].addresses
    address = next((a for a in addresses if (":" in a) in {":" in b for b in own}), addresses[0])
    talker = Talker(address, port, _protocol(scenario, host, port), host, tls or port in WITH_TLS)
    conversation = Talk(simulation.network, node, talker)
    conversation.settle()
    return conversation, simulation


def _place(scenario: Scenario, where: str, lang: str) -> tuple[str, int]:
    """The host and port that somebody means: by name, by first label, or by address."""
    from mailsim.scenario.mistakes import closest

    name, _, service = where.rpartition(":")
    port = PORTS.get(service.lower(), int(service) if service.isdecimal() else 0)
    if not name or not 0 < port < 65536:
        refuse(_say("talk.where", lang, where=where))
    name = name.strip("[]").rstrip(".").lower()
    by_label = [host for host in scenario.hosts if host.partition(".")[0] == name]
    by_address = [host for host, its in scenario.hosts.items() if name in its.addresses]
    found = [name] if name in scenario.hosts else by_address or by_label
    if len(found) == 1:
        return found[0], port
    if found:
        refuse(_say("talk.which-host", lang, name=name, hosts=", ".join(found)))
    known = closest(name, scenario.hosts) or ", ".join(list(scenario.hosts)[:10])
    refuse(_say("talk.no-host", lang, name=name, known=known))
    raise AssertionError


def _protocol(scenario: Scenario, host: str, port: int) -> str:
    """What is spoken at a port, as the trace calls it."""
    roles = scenario.hosts[host].roles
    if roles.imap is not None and port in (roles.imap.port, roles.imap.implicit_port):
        return "imap"
    if roles.pop3 is not None and port in (roles.pop3.port, roles.pop3.implicit_port):
        return "pop"
    if roles.mda is not None and port == roles.mda.port:
        return "lmtp"
    return {143: "imap", 993: "imap", 110: "pop", 995: "pop"}.get(port, "smtp")


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
        self.conversation, self.simulation, self.lang, self.explains = conversation, simulation, lang, explains
        self._explained = ""
        self.is_person = sys.stdin.isatty() and sys.stdout.isatty()

    def lines(self) -> Iterator[bytes]:
        """What is typed, line by line, without line ends."""
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
            typer.echo(_line("C", line + b"\r\n"))
            yield line

    def show(self) -> None:
        """What came, and what it means."""
        from mailsim.trace.conversations import Conversations
        from mailsim.trace.events import Said

        news = list(self.conversation.news())
        conversations = Conversations(self.simulation.network.recorder.events) if self.explains else None
        for event in news:
            if isinstance(event, Said) and not event.from_client:
                for line in event.pdu.to_bytes().splitlines(keepends=True):
                    typer.echo(_line("S", line))
            elif not isinstance(event, Said):
                self._remark(event)
            if conversations is not None:
                self._explain(conversations.topic(event))

    def farewell(self) -> None:
        """How it ended."""
        key = "talk.closed" if self.conversation.talker.problem is None else "talk.lost"
        typer.echo(f"-- {_say(key, self.lang)}")

    def _remark(self, event: Event) -> None:
        from mailsim.views.text.sentence import sentence

        typer.echo(f"-- {sentence(event, self.simulation.so_far(), self.lang)}")

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


def _line(who: str, wire: bytes) -> str:
    """A line of the wire with its end made visible."""
    from mailsim.protocols.pdu import printable

    text = wire.removesuffix(b"\n")
    end = "<LF>" if len(text) < len(wire) else ""
    if text.endswith(b"\r"):
        text, end = text[:-1], f"<CR>{end}" if not end else "<CRLF>"
    return f"{who}: {printable(text)}{end}"


def _say(key: str, lang: str, **values: object) -> str:
    from mailsim.lessons.telling import say

    return say(key, lang, **values)
