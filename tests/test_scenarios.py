"""The scenarios that we ship, run for real: golden traces, determinism, conservation, what the curriculum asks."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from mailsim.mail.header import count
from mailsim.scenario.build import Simulation, build
from mailsim.scenario.emit import to_yaml
from mailsim.scenario.expand import expand
from mailsim.scenario.loader import open_scenario, read, shipped
from mailsim.scenario.source import Source
from mailsim.trace.conservation import conservation
from mailsim.trace.events import Event, Noted, Said
from mailsim.trace.facts import MessageShown, QueueDone, RouteDecided, TcpConnectStarted
from mailsim.trace.trace import Trace
from mailsim.views import jsonl
from tests.faults.test_lessons_of_failure import ALL as LESSONS_OF_FAILURE

NAMES = ("cross-domain", "first-mail", "first-mail@b", "mx-failover")
READING = {"imap-two-clients", "pop3-two-devices", "slow-link"}
"""These have a file of their own: `test_reading_scenarios`."""
GOLDEN = Path(__file__).parent / "golden"


@cache
def simulated(name: str) -> tuple[Simulation, Trace]:
    simulation = build(open_scenario(name))
    return simulation, simulation.run()


def trace_of(name: str) -> Trace:
    return simulated(name)[1]


def of_kind(name: str, kind: str, **fields: object) -> list[Event]:
    events = (event for event in trace_of(name).events if event.kind == kind)
    return [event for event in events if all(event.fields().get(key) == value for key, value in fields.items())]


def facts(name: str, fact: type) -> list[object]:
    return [event.fact for event in trace_of(name).events if isinstance(event, Noted) and isinstance(event.fact, fact)]


def test_all_shipped_scenarios_are_here() -> None:
    """Those with a test of their own elsewhere are in `tests/faults`."""
    assert set(shipped()) == {name.partition("@")[0] for name in (*NAMES, "equal-mx", *LESSONS_OF_FAILURE)} | READING


@pytest.mark.parametrize("name", NAMES)
def test_golden_trace(name: str) -> None:
    """To accept a change on purpose: MAILSIM_ACCEPT=1 python -m pytest tests/test_scenarios.py."""
    made = "".join(f"{line}\n" for line in jsonl.lines(trace_of(name)))
    file = GOLDEN / f"{name.replace('@', '-')}.jsonl"
    if os.environ.get("MAILSIM_ACCEPT"):
        file.write_text(made, "utf-8", newline="\n")
    assert made.splitlines() == file.read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_accepted_is_lost_and_causes_lie_before_effects(name: str) -> None:
    trace = trace_of(name)
    assert list(conservation(trace)) == []
    assert [event.seq for event in trace.events] == list(range(len(trace.events)))
    assert all(cause < event.seq for event in trace.events for cause in event.causes)
    assert all(a.at <= b.at for a, b in zip(trace.events, trace.events[1:], strict=False))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", NAMES)
def test_conservation_holds_for_other_seeds(name: str, seed: int) -> None:
    assert list(conservation(build(open_scenario(name), seed).run())) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_full_form_runs_to_the_same_trace(name: str) -> None:
    scenario = open_scenario(name)
    assert expand(scenario) == scenario
    again, mistakes = read(Source("expanded.yaml", to_yaml(scenario)))
    assert mistakes == []
    assert again is not None
    assert [e.record() for e in build(again).run().events] == [e.record() for e in trace_of(name).events]


def test_first_mail_asks_no_mx_and_crosses_the_network_once_by_smtp() -> None:
    assert of_kind("first-mail", "dns.query", qtype="MX") == []
    assert len(of_kind("first-mail", "smtp.data")) == 1
    protocols = {event.protocol for event in trace_of("first-mail").events if isinstance(event, Said)}
    assert protocols == {"smtp", "lmtp", "dns", "imap"}
    [route] = facts("first-mail", RouteDecided)
    assert isinstance(route, RouteDecided)
    assert route.how == "local"
    assert len(facts("first-mail", MessageShown)) == 1


def test_delivery_needs_no_imap_server() -> None:
    [delivered] = of_kind("first-mail@b", "mda.deliver")
    [shown] = of_kind("first-mail@b", "mua.show")
    assert delivered.at < 2_000_000
    assert shown.at > 60_000_000
    assert of_kind("first-mail@b", "tcp.refused")


def test_cross_domain_goes_by_mx_and_not_to_the_web_server() -> None:
    questions = [e.fields()["qname"] for e in of_kind("cross-domain", "dns.query", qtype="MX")]
    assert set(questions) == {"firma.example."}
    relays = [fact for fact in facts("cross-domain", TcpConnectStarted) if getattr(fact, "port", 0) == 25]
    assert [getattr(fact, "peer", "") for fact in relays] == ["mx1.firma.example"]
    [host] = [host for host in simulated("cross-domain")[0].hosts.values() if host.name == "mx1.firma.example"]
    assert host.store is not None
    account = host.store.account("borek@firma.example")
    assert account is not None
    [message] = list(account.inbox)
    assert count(message.content, "Received") == 2
    assert message.content.startswith(b"Return-Path: <alena@skola.example>\r\n")


def test_the_backup_queues_and_delivers_when_the_primary_returns() -> None:
    taken = [e.node for e in of_kind("mx-failover", "queue.add")]
    assert taken == ["mail.skola.example", "mx2.zaloha.example", "mx1.firma.example"]
    [delivered] = of_kind("mx-failover", "mda.deliver")
    assert delivered.at > 90 * 60 * 1_000_000
    deferred = of_kind("mx-failover", "queue.defer")
    assert {event.node for event in deferred} == {"mx2.zaloha.example"}
    at_backup = [
        event.fact
        for event in trace_of("mx-failover").events
        if event.node == "mx2.zaloha.example" and isinstance(event, Noted) and isinstance(event.fact, RouteDecided)
    ]
    assert {c.rule for fact in at_backup for c in fact.candidates if not c.chosen} == {"not-better-than-me"}
    assert [fact.fate for fact in facts("mx-failover", QueueDone) if isinstance(fact, QueueDone)][-1] == "relayed"
    assert of_kind("mx-failover", "dsn.make") == []
