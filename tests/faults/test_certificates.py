"""A certificate runs out in the middle of a run: who minds, who does not, and that it is the cause of what follows."""

from __future__ import annotations

import pytest

from mailsim.trace.events import Said
from mailsim.trace.facts import MdaDelivered, TlsFailed
from tests.faults.test_readers import AGAIN, READ, SERVER, reading, told
from tests.faults.world import MX1, SKOLA, run

M = 60_000_000
CHECKS = "relay_tls: required, check_certificate: true, retry_interval: 10m"
EXPIRED = f"at: 0s, for: 25m, kind: certificate_expired, host: {MX1}"


def test_a_server_that_does_not_check_goes_on() -> None:
    world = run(EXPIRED)
    (started,) = world.events("fault.start")
    (relay,) = world.events("tls.established", side="client", port=25)
    assert (relay.fields()["cert_ok"], relay.fields()["problem"]) == (False, "expired")
    assert started.seq in relay.causes
    (delivered,) = world.events("mda.deliver")
    assert delivered.at < 3_000_000


def test_a_server_that_checks_keeps_the_mail_until_it_is_renewed() -> None:
    world = run(EXPIRED, mta=CHECKS)
    started, ended = world.events("fault.start")[0], world.events("fault.end")[0]
    refused = world.events("tls.fail", side="client")
    assert {event.fields()["reason"] for event in refused} == {"expired"}
    assert all(started.seq in event.causes for event in refused)
    deferred = world.events("queue.defer")
    assert "4.7.5 TLS failed: expired" in str(deferred[0].fields()["reason"])
    assert all(started.seq in world.causes_of(event) for event in deferred)
    assert len(world.facts(MdaDelivered)) == 1
    (relay,) = world.events("tls.established", side="client", port=25)
    assert ended.at < relay.at
    assert relay.fields()["cert_ok"] is True


def test_the_server_gets_the_alert_that_tells_why() -> None:
    """RFC 8446 section 6.2: certificate_expired, and nothing of the mail was said."""
    world = run(EXPIRED, mta=CHECKS)
    alerts = world.facts(TlsFailed, MX1)
    assert {(fact.side, fact.reason, fact.detail) for fact in alerts} == {("server", "alert", "certificate expired")}
    before = [event for event in world.trace.events if isinstance(event, Said) and event.at < 20 * M]
    assert [str(event) for event in before if (event.node, event.peer) == (SKOLA, MX1)][-1] == "STARTTLS"


def test_it_is_good_until_the_moment_itself() -> None:
    world = run(f"at: 10m, kind: certificate_expired, host: {MX1}", mta=CHECKS)
    assert len(world.facts(MdaDelivered)) == 1
    assert world.facts(TlsFailed) == []


@pytest.mark.parametrize(("times", "expected"), [("at: 5m, for: 20m, every: 1h, repeat: 2", [5, 65]), ("at: 0s", [0])])
def test_it_expires_again_if_nobody_learns(times: str, expected: list[int]) -> None:
    read_often = tuple(f"{{at: {minute}m, user: borek@firma.example, read: }}" for minute in range(1, 100, 10))
    world = reading(f"{times}, kind: certificate_expired, host: {SERVER}", tls=True, steps=read_often)
    assert [event.at // M for event in world.events("fault.start")] == expected
    refused = {event.at // M for event in world.events("tls.fail", side="client")}
    is_bad = {m for m in range(1, 100, 10) if any(begin <= m < (begin + 20 if begin else 200) for begin in expected)}
    assert refused == is_bad


def test_chance_may_spare_it() -> None:
    fault = f"at: 0s, for: 1m, every: 2m, repeat: 20, probability: 0.5, kind: certificate_expired, host: {SERVER}"
    read_often = tuple(f"{{at: {minute}m, user: borek@firma.example, read: }}" for minute in range(40))
    world = reading(fault, tls=True, steps=read_often)
    began = {event.at // M for event in world.events("fault.start")}
    assert 3 < len(began) < 17
    assert {event.at // M for event in world.events("tls.fail", side="client")} == began


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_reader_asks_the_user(protocol: str) -> None:
    world = reading(
        f"at: 0s, for: 30m, kind: certificate_expired, host: {SERVER}",
        protocol=protocol,
        tls=True,
        client="reconnect_tries: 4",
        steps=(READ, AGAIN),
    )
    (started,) = world.events("fault.start")
    assert told(world) == ["TLS failed: expired"]
    (verdict,) = [event for event in world.events("policy.verdict") if event.fields()["check"] == "inbox"]
    assert started.seq in world.causes_of(verdict)
    assert [event.at // M for event in world.events("mua.show")] == [60]
