"""The failover table, row by row and action by action, in worlds where faults bring the row about.

A mail for firma.example should go to `mx1`, where something is wrong; `mx2` is well. The verdict is what the trace
says: whom the school's server spoke to, and where the mail then was.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest

from mailsim.agents.policy import FAILOVER, Action, Situation
from mailsim.trace.facts import DsnMade, MdaDelivered, RouteFailed
from tests.faults.world import MX1, SKOLA, Run

MX2 = "mx2.firma.example"
MINUTE_US, DAY_US = 60_000_000, 24 * 3600_000_000
SCENARIO = """\
id: table
title: The table
ipv6: %(ipv6)s
domains:
  skola.example: {users: [alena], web: false, tls: %(tls)s%(skola)s}
  firma.example: {tls: %(tls)s, mail: mx1.firma.example, mx: [%(mx)s], users: [borek], web: false}
hosts:
  mail.skola.example: {roles: {mta: {%(mta)s}}}
  mx1.firma.example: {addresses: [198.51.100.25, "2001:db8:f::25"]}
  mx2.firma.example: {certificate: %(certificate)s}
faults:
%(faults)s
steps:
  - {at: 1s, user: alena@skola.example, send: {to: ["%(to)s"], subject: Ahoj}}
until: %(until)s
"""
TWO = "{host: mx1, preference: 10}, {host: mx2, preference: 20}"
ACTIONS: tuple[Action, ...] = ("next_address", "next_mx", "queue", "bounce")
HERE = f"host: {MX1}"


def says(command: str, reply: str) -> str:
    return f"kind: reply, {HERE}, service: mta, command: {command}, reply: {reply}"


def closes(command: str) -> str:
    return f"kind: closed, {HERE}, service: mta, command: {command}"


IN_A_MAIL = ("MAIL", "RCPT", "DATA", "CONTENT")
WAYS: dict[Situation, tuple[str, ...]] = {
    "refused": (f"kind: stopped, {HERE}, service: mta", f"kind: refused, {HERE}, port: 25"),
    "timeout": (f"kind: filtered, {HERE}, port: 25", f"kind: down, {HERE}", f"kind: cut, {HERE}"),
    "tls": (
        says("STARTTLS", "454 4.7.0 Not now"),
        "kind: starttls_stripped, link: [gw.skola.example, internet], network: 198.51.100.25/32",
        f"kind: certificate_expired, {HERE}",
    ),
    "no_address": ("kind: dns_silent, host: ns1.firma.example, zone: mx1.firma.example",),
    "greeting_4yz": (says("CONNECT", "421 4.3.2 Busy"), says("EHLO", "451 4.3.0 Later"), says("EHLO", "421 4.3.2 Bye")),
    "greeting_5yz": (says("CONNECT", "554 5.3.2 Never"), says("EHLO", "550 5.7.1 Not you")),
    "dropped": tuple(map(closes, ("CONNECT", "EHLO", *IN_A_MAIL))),
    "reply_4yz": tuple(says(command, reply) for command in IN_A_MAIL for reply in ("451 4.3.0 Later", "421 4.3.2 Bye")),
    "reply_5yz": tuple(says(command, "550 5.7.1 Never") for command in IN_A_MAIL),
}
"""Row of the table -> faults that lead there. `unreachable` needs a sender without the family of an address."""
EVERY_WAY = [(row, fault) for row, faults in WAYS.items() for fault in faults]


@cache
def run(*faults: str, mta: str = "", mx: str = TWO, until: str = "10m", ipv6: bool = False, to: str = "") -> Run:
    return Run(
        SCENARIO
        % {
            "ipv6": str(ipv6).lower(),
            "skola": ", ipv6: false" if to else "",
            "tls": str("relay_tls" in mta).lower(),
            "certificate": "valid" if "relay_tls" in mta else "none",
            "mx": mx,
            "mta": mta,
            "faults": "".join(f"  - {{at: 0s, {fault}}}\n" for fault in faults) or "  []",
            "to": to or "borek@firma.example",
            "until": until,
        }
    )


def settings(row: Situation, action: Action) -> str:
    """Of the sender's MTA: one row of its table, and TLS that it insists on where the row is about that."""
    return f"failover: {{{row}: {action}}}" + (", relay_tls: required, check_certificate: true" if row == "tls" else "")


def spoken_to(world: Run) -> list[str]:
    """Whose port 25 the sender's MTA wanted to reach, in this order."""
    return [str(event.fields()["peer"]) for event in world.events("tcp.connect", port=25) if event.node == SKOLA]


def failures(world: Run) -> list[tuple[Situation, Action]]:
    return [(fact.situation, fact.action) for fact in world.facts(RouteFailed, SKOLA)]


def ends(world: Run) -> list[str]:
    """What the sender's queue did with the mail: the fate, or that it waits."""
    return [
        str(event.fields().get("fate", "queued"))
        for event in world.trace.events
        if event.kind in ("queue.done", "queue.defer")
        and event.node == SKOLA
        and event.fields()["rcpt"] != "alena@skola.example"
    ]


# --- every row -----------------------------------------------------------------------------------


def test_the_table_is_whole() -> None:
    assert {*WAYS, "unreachable"} == set(FAILOVER)


@pytest.mark.parametrize(("row", "fault"), EVERY_WAY)
def test_each_way_into_a_row_ends_as_the_default_table_says(row: Situation, fault: str) -> None:
    world = run(fault, mta=settings(row, FAILOVER[row]))
    assert failures(world) == [(row, FAILOVER[row])]
    if FAILOVER[row] == "bounce":
        assert (spoken_to(world), ends(world)) == ([MX1], ["bounced"])
        assert [fact.to for fact in world.facts(DsnMade)] == ["alena@skola.example"]
    else:
        assert spoken_to(world) == ([MX2] if row == "no_address" else [MX1, MX2])
        assert ends(world) == ["relayed"]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("row", WAYS)
def test_every_action_in_every_row(row: Situation, action: Action) -> None:
    fault = WAYS[row][0]
    world = run(fault, mta=settings(row, action))
    assert failures(world) == [(row, action)]
    visited = [] if row == "no_address" else [MX1]
    match action:
        case "queue":
            assert (spoken_to(world), ends(world)) == (visited, ["queued"])
        case "bounce":
            assert (spoken_to(world), ends(world)) == (visited, ["bounced"])
            assert len(world.inbox("alena@skola.example")) == 1
        case _:
            assert (spoken_to(world), ends(world)) == ([*visited, MX2], ["relayed"])


@pytest.mark.parametrize("row", WAYS)
def test_the_fault_is_a_cause_of_what_the_table_decides(row: Situation) -> None:
    world = run(WAYS[row][0], mta=settings(row, FAILOVER[row]))
    (started,) = world.events("fault.start")
    (failed,) = [event for event in world.events("route.failover") if event.node == SKOLA]
    assert started.seq in world.causes_of(failed)


@pytest.mark.parametrize("action", ACTIONS)
def test_an_address_of_a_family_that_the_sender_lacks(action: Action) -> None:
    """The row `unreachable`: there is one address, so going on means to wait."""
    world = run(to="borek@[IPv6:2001:db8:f::25]", mta=settings("unreachable", action))
    assert failures(world) == [("unreachable", action)]
    assert spoken_to(world) == []
    assert ends(world) == ["bounced" if action == "bounce" else "queued"]


# --- what the actions mean -----------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "row"), [("refused", "refused"), ("filtered", "timeout")])
def test_next_address_and_next_mx_part_at_a_host_with_two_addresses(kind: str, row: Situation) -> None:
    """Only by IPv6, which is tried first, `mx1` cannot be reached."""
    fault = f'kind: {kind}, {HERE}, network: "2001:db8::/32"'
    address = run(fault, mta=settings(row, "next_address"), ipv6=True)
    assert spoken_to(address) == [MX1, MX1]
    host = run(fault, mta=settings(row, "next_mx"), ipv6=True)
    assert spoken_to(host) == [MX1, MX2]
    for world in (address, host):
        assert failures(world)[0][0] == row
        assert ends(world) == ["relayed"]


ONE = "{host: mx1, preference: 10}"
TEMPORARY = [row for row in WAYS if row not in ("reply_5yz", "no_address")]


@pytest.mark.parametrize("row", TEMPORARY)
def test_when_nobody_is_left_the_mail_waits_half_an_hour_and_comes_through_when_it_is_over(row: Situation) -> None:
    world = run(f"for: 80m, {WAYS[row][0]}", mta=settings(row, FAILOVER[row]), mx=ONE, until="3h")
    deferred = [event for event in world.events("queue.defer") if event.node == SKOLA]
    begun = [event.at for event in world.events("queue.try") if event.node == SKOLA]
    assert len(deferred) == 3
    assert [later - earlier for earlier, later in pairwise(begun)] == [30 * MINUTE_US] * 3
    (delivered,) = world.events("mda.deliver")
    assert 80 * MINUTE_US < delivered.at < 95 * MINUTE_US
    assert world.facts(DsnMade) == []


@pytest.mark.parametrize("row", TEMPORARY)
def test_after_five_days_the_mail_goes_back(row: Situation) -> None:
    world = run(WAYS[row][0], mta=settings(row, FAILOVER[row]) + ", retry_interval: 12h", mx=ONE, until="6d")
    assert [fact.action for fact in world.facts(DsnMade, SKOLA)] == ["delayed", "failed"]
    (expired,) = world.events("queue.expire")
    assert 5 * DAY_US <= expired.at < 5 * DAY_US + 10 * MINUTE_US
    assert ends(world) == [*["queued"] * 10, "bounced"]
    assert world.facts(MdaDelivered)[-1].rcpt == "alena@skola.example"


# --- beliefs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", TEMPORARY)
def test_who_believes_that_4yz_is_the_end_gives_back_at_once(row: Situation) -> None:
    world = run(WAYS[row][0], mta=settings(row, FAILOVER[row]) + ", retry: false", mx=ONE)
    assert ends(world) == ["bounced"]


@pytest.mark.parametrize("fault", WAYS["reply_5yz"])
def test_who_believes_that_5yz_may_be_tried_again_waits(fault: str) -> None:
    world = run(fault, mta="retry_5xx: true", until="2h")
    assert set(ends(world)) == {"queued"}
    assert set(spoken_to(world)) == {MX1}
    assert len(ends(world)) == 4


@pytest.mark.parametrize("fault", WAYS["reply_5yz"])
def test_who_believes_that_any_error_moves_on_finds_somebody(fault: str) -> None:
    world = run(fault, mta="failover: {reply_5yz: next_mx}")
    assert (spoken_to(world), ends(world)) == ([MX1, MX2], ["relayed"])
