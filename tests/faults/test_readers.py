"""Faults between people and their mailboxes: what an IMAP or POP3 client does, and what its user is told."""

from __future__ import annotations

from functools import cache

import pytest

from mailsim.protocols.imap._states import VERBS
from mailsim.protocols.pop3.states import NEXT
from mailsim.scenario.fault_words import COMMANDS
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
    assert told(world) == ["TLS failed: expired"]
    assert len(world.events("tcp.connect", port=993 if protocol == "imap" else 995)) == 1
    assert world.facts(MessageShown) == []


def test_a_mail_stays_with_its_writer_where_the_certificate_is_bad() -> None:
    send = "{at: 10s, user: borek@firma.example, send: {to: borek@firma.example, subject: Ja}}"
    world = reading(tls=True, host="certificate: self-signed", steps=(send,))
    assert told(world) == ["554 5.7.5 TLS failed: self-signed"]
    assert len(world.events("tcp.connect", port=587)) == 1


def test_a_server_that_is_away_is_tried_again() -> None:
    world = reading(f"at: 0s, for: 1m, kind: refused, host: {SERVER}, port: 143", client="reconnect_tries: 5")
    assert told(world) == ["Connection refused"] * 2
    assert len(world.facts(MessageShown)) == 1


# --- what servers say, and what they leave unsaid -----------------------------------------------

NO = "NO [UNAVAILABLE] Not now"
IMAP_COMMANDS = ["LOGIN", "SELECT", "SEARCH", "FETCH"]
POP3_COMMANDS = ["USER", "PASS", "STAT", "LIST", "UIDL", "RETR", "QUIT"]
STAY = "{at: 10s, user: borek@firma.example, read: {stay: 10m}}"
AGAIN = "{at: 1h, user: borek@firma.example, read: }"
KEEP = "access_auth: password, reconnect_tries: 3"


@pytest.mark.parametrize("command", IMAP_COMMANDS)
def test_imap_says_no(command: str) -> None:
    fault = f"at: 0s, for: 30m, kind: reply, host: {SERVER}, command: {command}, reply: '{NO}'"
    world = reading(fault, client=KEEP, steps=(READ, AGAIN))
    (started,) = world.events("fault.start")
    answer = next(event for event in world.trace.events if str(event).endswith(NO))
    assert started.seq in world.causes_of(answer)
    assert "NO Not now" in told(world)
    shown = 0 if command == "SEARCH" else 60  # what is new can be seen without it
    assert [event.at // MINUTE for event in world.events("mua.show")] == [shown]
    assert len(world.events("tcp.connect", port=143)) == 2  # it was answered: there is nothing to connect again for


@pytest.mark.parametrize("command", POP3_COMMANDS)
def test_pop3_says_no(command: str) -> None:
    fault = f"at: 0s, for: 30m, kind: reply, host: {SERVER}, command: {command}, reply: '-ERR [SYS/TEMP] Not now'"
    world = reading(fault, protocol="pop3", client=KEEP, steps=(READ, AGAIN))
    (started,) = world.events("fault.start")
    assert "-ERR [SYS/TEMP] Not now" in said(world, protocol="pop")
    assert all(started.seq in world.causes_of(hit) for hit in world.events("fault.hit"))
    assert len(world.events("fault.hit")) >= 1
    assert told(world) == ([] if command == "STAT" else ["-ERR [SYS/TEMP] Not now"])
    shown = 60 if command in ("USER", "PASS", "LIST", "UIDL", "RETR") else 0
    assert [event.at // MINUTE for event in world.events("mua.show")] == [shown]


@pytest.mark.parametrize("kind", ["closed", "reply_lost"])
@pytest.mark.parametrize(
    ("protocol", "command"), [("imap", "FETCH"), ("imap", "LOGOUT"), ("pop3", "RETR"), ("pop3", "QUIT")]
)
def test_a_connection_that_ends_too_early_is_made_again(protocol: str, command: str, kind: str) -> None:
    fault = f"at: 0s, kind: {kind}, host: {SERVER}, command: {command}, service: {protocol}, times: 1"
    world = reading(fault, protocol=protocol, client=KEEP)
    (hit,) = world.events("fault.hit")
    lost = next(event for event in world.trace.events if event.kind == "tcp.lost")
    assert hit.seq in world.causes_of(lost)
    is_over = command in ("LOGOUT", "QUIT")
    assert told(world) == ([] if is_over else ["Lost connection"])
    assert len(world.events("mua.show")) == 1


@pytest.mark.parametrize(("protocol", "reply"), [("imap", "BYE [UNAVAILABLE] Full"), ("pop3", "-ERR [SYS/TEMP] Full")])
def test_a_server_turns_clients_away(protocol: str, reply: str) -> None:
    fault = f"at: 0s, kind: reply, host: {SERVER}, command: CONNECT, reply: '{reply}', times: 2"
    world = reading(fault, protocol=protocol, client=KEEP)
    assert told(world) == [reply.replace("[UNAVAILABLE] ", "")] * 2
    assert len(world.events("mua.show")) == 1


def test_imap_says_goodbye_in_the_middle() -> None:
    fault = f"at: 0s, kind: reply, host: {SERVER}, command: SELECT, reply: BYE Going down, times: 1"
    world = reading(fault, client=KEEP)
    assert "* BYE Going down" in said(world)
    assert told(world) == ["Lost connection"]
    assert len(world.events("mua.show")) == 1


def test_a_client_that_may_not_idle_asks_from_time_to_time() -> None:
    fault = f"at: 0s, kind: reply, host: {SERVER}, command: IDLE, reply: BAD Not here"
    world = reading(fault, client="poll: 1m", steps=(STAY,))
    noops = [line for line in said(world, "borek-pc.firma.example") if line.endswith("NOOP")]
    assert 8 <= len(noops) <= 12


def test_a_fault_may_be_about_one_user() -> None:
    fault = f"at: 0s, kind: reply, host: {SERVER}, command: SELECT, address: cecilie@firma.example, reply: '{NO}'"
    assert told(reading(fault)) == []
    assert told(reading(fault.replace("cecilie", "borek"))) == ["NO Not now"]


# --- a full disk --------------------------------------------------------------------------------

SEND = "{at: 10s, user: borek@firma.example, send: {to: borek@firma.example, subject: Ja}}"


def test_a_full_disk_takes_no_copy_of_what_was_sent() -> None:
    """The MDA has a trouble of its own with it; here it is about the upload into Sent."""
    world = reading(f"at: 0s, kind: disk_full, host: {SERVER}, service: imap", client="save_sent: true", steps=(SEND,))
    (hit,) = world.events("fault.hit", detail="APPEND")
    (answer,) = [line for line in said(world) if "NO [" in line]
    assert answer.split(" ", 1)[1] == "NO [UNAVAILABLE] Not enough disk space"
    assert world.events("store.add", folder="Sent") == []
    assert told(world) == ["NO Not enough disk space"]
    assert hit.causes


def test_a_mailbox_over_quota_takes_no_copy_either() -> None:
    fault = "at: 0s, kind: over_quota, mailbox: borek@firma.example"
    world = reading(fault, client="save_sent: true", steps=(SEND,))
    assert [line.split(" ", 1)[1] for line in said(world) if "NO [" in line] == ["NO [OVERQUOTA] Mailbox is full"]


def test_every_command_of_the_protocols_can_be_named() -> None:
    assert set(COMMANDS["imap"]) == {"CONNECT", *VERBS}
    assert set(COMMANDS["pop3"]) == {"CONNECT", *(kind.verb for _, kind in NEXT if kind.verb)}
