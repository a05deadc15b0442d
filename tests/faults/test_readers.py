"""Faults between people and their mailboxes: what an IMAP or POP3 client does, and what its user is told."""

from __future__ import annotations

from functools import cache

import pytest

from mailsim.trace.events import Said
from mailsim.trace.facts import MessageShown, PolicyVerdict
from tests.faults.world import Run

MINUTE = 60_000_000
SERVER = "mail.firma.example"
WORLD = """\
id: readers
title: Readers
ipv6: false
domains:
  firma.example:
    tls: {tls}
    users:
      borek:
        client: {{access: {protocol}{client}}}
        mailbox: [{{sender: alena@skola.example, subject: Ahoj, text: "Ahoj!"}}]
hosts:
  mail.firma.example: {{{host}}}
faults:
{faults}
steps:
{steps}
until: 2h
"""
READ = "{at: 10s, user: borek@firma.example, read: }"


@cache
def reading(
    *faults: str,
    protocol: str = "imap",
    client: str = "",
    host: str = "",
    tls: bool = False,
    steps: tuple[str, ...] = (READ,),
) -> Run:
    """Borek, his mailbox with one mail in it, and these faults."""
    lines = "".join(f"  - {{{fault}}}\n" for fault in faults) or "  []"
    todo = "\n".join(f"  - {step}" for step in steps)
    parts = {"client": f", {client}" if client else "", "host": host, "tls": str(tls).lower()}
    return Run(WORLD.format(protocol=protocol, faults=lines, steps=todo, **parts))


def told(run: Run) -> list[str]:
    """What the client tells its user of trouble."""
    return [fact.detail for fact in run.facts(PolicyVerdict) if fact.result == "failed"]


def said(run: Run, node: str = SERVER, protocol: str = "imap") -> list[str]:
    return [
        str(event)
        for event in run.trace.events
        if isinstance(event, Said) and (event.node, event.protocol) == (node, protocol)
    ]


# --- the maildrop lock -------------------------------------------------------------------------


@pytest.mark.parametrize("outage", ["kind: down", "kind: stopped, service: pop3"])
def test_a_lock_dies_with_the_server_that_holds_it(outage: str) -> None:
    twice = (READ, "{at: 20m, user: borek@firma.example, read: }")
    (login,) = reading(protocol="pop3").events("auth.ok")
    world = reading(f"at: {login.at + 1}us, for: 1m, host: {SERVER}, {outage}", protocol="pop3", steps=twice)
    assert [event.at // MINUTE for event in world.events("auth.ok")] == [0, 20]
    assert told(world) != []
    assert len(world.facts(MessageShown)) == 1
    assert not any("IN-USE" in line for line in said(world, protocol="pop"))


# --- certificates that nobody vouches for ------------------------------------------------------


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_bad_certificate_is_for_the_user_to_decide(protocol: str) -> None:
    """RFC 8314 section 5: the user is told, and the client does not try again by itself."""
    world = reading(protocol=protocol, tls=True, host="certificate: expired", client="reconnect_tries: 5")
    assert told(world) == ["451 4.7.5 TLS failed: expired"]
    assert len(world.events("tcp.connect", port=993 if protocol == "imap" else 995)) == 1
    assert world.facts(MessageShown) == []


def test_a_mail_stays_with_its_writer_where_the_certificate_is_bad() -> None:
    send = "{at: 10s, user: borek@firma.example, send: {to: borek@firma.example, subject: Ja}}"
    world = reading(tls=True, host="certificate: self-signed", steps=(send,))
    assert told(world) == ["554 5.7.5 TLS failed: self-signed"]
    assert len(world.events("tcp.connect", port=587)) == 1


def test_a_server_that_is_away_is_tried_again() -> None:
    world = reading(f"at: 0s, for: 1m, kind: refused, host: {SERVER}, port: 143", client="reconnect_tries: 5")
    assert told(world) == ["451 4.4.1 Connection refused"] * 2
    assert len(world.facts(MessageShown)) == 1
