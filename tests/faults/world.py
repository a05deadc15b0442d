"""A small scenario with faults, run once: two domains, one mail, and a look into the trace."""

from __future__ import annotations

from functools import cache
from typing import Any

from mailsim.scenario.build import Simulation, build
from mailsim.scenario.loader import read
from mailsim.scenario.source import Source
from mailsim.trace.conservation import conservation
from mailsim.trace.events import Event, Noted
from mailsim.trace.trace import Trace

BASE = """\
id: small
title: Small
ipv6: false
start: 2026-11-23T10:00:00+01:00
domains:
  skola.example: {users: [alena]}
  firma.example:
    mail: mx1.firma.example
    users: [borek, cecilie]
    web: true
%(domain)s
  zaloha.example: {mail: mx2.zaloha.example}
%(more)s
steps:
  - {at: 1s, user: alena@skola.example, send: {to: [%(to)s], subject: Ahoj}}
until: %(until)s
"""
BACKUP = "    backup: {host: mx2.zaloha.example}\n"
SKOLA, MX1, MX2 = "mail.skola.example", "mx1.firma.example", "mx2.zaloha.example"


class Run:
    """A finished run, and questions about it."""

    def __init__(self, text: str, seed: int = 7) -> None:
        scenario, mistakes = read(Source("small.yaml", text))
        assert scenario is not None
        assert mistakes == [], [str(mistake) for mistake in mistakes]
        self.simulation: Simulation = build(scenario, seed)
        self.trace: Trace = self.simulation.run()
        assert conservation(self.trace) == []

    def events(self, kind: str, **fields: object) -> list[Event]:
        return [
            event
            for event in self.trace.events
            if event.kind == kind and all(event.fields().get(key) == value for key, value in fields.items())
        ]

    def facts(self, kind: type[Any], node: str = "") -> list[Any]:
        return [
            event.fact
            for event in self.trace.events
            if isinstance(event, Noted) and isinstance(event.fact, kind) and node in ("", event.node)
        ]

    def causes_of(self, event: Event) -> set[int]:
        """The seqs of everything that an event follows from."""
        found: set[int] = set()
        waiting = [event.seq]
        while waiting:
            new = set(self.trace.events[waiting.pop()].causes) - found
            found |= new
            waiting += new
        return found

    def inbox(self, user: str) -> list[bytes]:
        for host in self.simulation.hosts.values():
            account = host.store.account(user) if host.store else None
            if account is not None:
                return [message.content for message in account.inbox]
        raise KeyError(user)


@cache
def run(
    *faults: str, backup: bool = False, to: str = "borek@firma.example", mta: str = "", until: str = "2h", seed: int = 7
) -> Run:
    """The mail of Alena, with these faults and these settings of her server."""
    more = "faults:\n" + "".join(f"  - {{{fault}}}\n" for fault in faults) if faults else ""
    if mta:
        more += f"hosts:\n  {SKOLA}: {{roles: {{mta: {{{mta}}}}}}}\n"
    return Run(BASE % {"domain": BACKUP if backup else "", "more": more, "to": to, "until": until}, seed)
