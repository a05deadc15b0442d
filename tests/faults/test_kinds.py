"""Every kind of fault: what it does, that it ends, and that it is the cause of what follows."""

from __future__ import annotations

import pytest

from mailsim.trace.facts import FaultEnded, FaultHit, FaultStarted, MdaDelivered, PacketDropped, QueueDeferred
from tests.faults.world import MX1, SKOLA, Run, run

M = 60_000_000
HALF_AN_HOUR = f"at: 0s, for: 20m, host: {MX1}"
KINDS = {
    f"{HALF_AN_HOUR}, kind: down": "timed out",
    f"{HALF_AN_HOUR}, kind: stopped, service: mta": "refused",
    f"{HALF_AN_HOUR}, kind: refused, port: 25": "refused",
    f"{HALF_AN_HOUR}, kind: refused, network: 192.0.2.0/24": "refused",
    f"{HALF_AN_HOUR}, kind: filtered, port: 25": "timed out",
    f"{HALF_AN_HOUR}, kind: filtered, direction: out": "timed out",
    f"{HALF_AN_HOUR}, kind: filtered, network: 192.0.2.25/32": "timed out",
    "at: 0s, for: 20m, kind: filtered, link: [gw.skola.example, internet], port: 25, direction: out": "timed out",
    f"{HALF_AN_HOUR}, kind: cut": "timed out",
    "at: 0s, for: 20m, kind: cut, link: [gw.firma.example, mx1.firma.example], direction: out": "timed out",
    "at: 0s, for: 20m, kind: dns_silent, host: dns.skola.example, zone: firma.example": "DNS",
    "at: 0s, for: 20m, kind: dns_servfail, host: ns1.firma.example": "DNS",
    f"{HALF_AN_HOUR}, kind: closed, service: mta, command: CONNECT": "Lost connection",
    f"{HALF_AN_HOUR}, kind: closed, service: mta, command: RCPT": "Lost connection",
    f"{HALF_AN_HOUR}, kind: closed, service: mta, command: CONTENT": "Lost connection",
    f"{HALF_AN_HOUR}, kind: reply, service: mta, command: CONNECT, reply: 421 4.3.2 Closing": "Closing",
    f"{HALF_AN_HOUR}, kind: reply, service: mta, command: EHLO, reply: 451 Not now": "Not now",
    f"{HALF_AN_HOUR}, kind: reply, command: RCPT, address: borek@firma.example, reply: 450 4.2.1 Busy": "Busy",
    f"{HALF_AN_HOUR}, kind: reply, service: mda, command: CONTENT, reply: 451 4.2.0 Locked": "Locked",
    f"{HALF_AN_HOUR}, kind: disk_full, service: mta": "storage",
    "at: 0s, for: 20m, kind: over_quota, mailbox: borek@firma.example": "full",
}


@pytest.mark.parametrize("fault", KINDS)
def test_a_fault_defers_the_mail_and_is_the_cause(fault: str) -> None:
    world = run(fault)
    (started,) = world.events("fault.start")
    (ended,) = world.events("fault.end")
    assert (started.at, ended.at) == (0, 20 * M)
    deferred = [event for event in world.events("queue.defer") if event.at < 20 * M]
    assert deferred
    assert KINDS[fault] in str(deferred[0].fields()["reason"])
    if "out" not in fault:  # nobody can see why an answer does not come: only its drop says it
        assert started.seq in world.causes_of(deferred[0])
    assert len(world.facts(MdaDelivered)) == 1
    (delivered,) = world.events("mda.deliver")
    assert delivered.at > 20 * M


def test_without_a_fault_it_takes_a_second() -> None:
    (delivered,) = run().events("mda.deliver")
    assert delivered.at < 2_000_000


@pytest.mark.parametrize(
    "fault",
    [
        "at: 0s, kind: slow, link: [gw.skola.example, internet], bandwidth: 8kbit/s",
        "at: 0s, kind: delayed, link: [internet, gw.skola.example], delay: 300ms",
        f"at: 0s, kind: lossy, host: {MX1}, loss: 0.3",
    ],
)
def test_a_bad_link_costs_time_and_no_mail(fault: str) -> None:
    (good,), (bad,) = run().events("mda.deliver"), run(fault).events("mda.deliver")
    assert bad.at > good.at + 1_000_000
    assert run(fault).facts(QueueDeferred) == []


def test_a_lossy_link_is_the_cause_of_its_losses() -> None:
    world = run(f"at: 0s, kind: lossy, host: {MX1}, loss: 0.3")
    (started,) = world.events("fault.start")
    lost = world.events("net.drop", reason="loss")
    assert lost
    assert all(started.seq in event.causes for event in lost)


def test_times_counts_the_commands_that_are_hit() -> None:
    world = run(f"at: 0s, kind: reply, host: {MX1}, service: mta, command: RCPT, reply: 451 4.3.0 Later, times: 2")
    assert len(world.facts(FaultHit)) == len(world.facts(QueueDeferred)) == 2
    assert len(world.facts(MdaDelivered)) == 1


def test_a_fault_comes_again_and_again() -> None:
    world = run(f"at: 10m, for: 1m, every: 30m, repeat: 3, kind: filtered, host: {MX1}")
    assert [event.at // M for event in world.events("fault.start")] == [10, 40, 70]
    assert [event.at // M for event in world.events("fault.end")] == [11, 41, 71]
    endless = run(f"at: 10m, for: 1m, every: 30m, kind: filtered, host: {MX1}")
    assert [event.at // M for event in endless.events("fault.start")] == [10, 40, 70, 100]


def test_chance_decides_and_the_seed_decides_chance() -> None:
    fault = f"at: 0s, for: 10s, every: 1m, repeat: 100, probability: 0.5, kind: filtered, host: {MX1}"
    counts = [len(run(fault, seed=seed).facts(FaultStarted)) for seed in (1, 1, 2, 3)]
    assert counts[0] == counts[1]
    assert len(set(counts)) > 1
    assert all(30 < count < 70 for count in counts)


def test_a_single_command_is_hit_by_chance() -> None:
    fault = f"at: 0s, kind: reply, host: {MX1}, service: mta, command: MAIL, reply: 451 4.3.0 Later, probability: 0.7"
    tries = [len(run(fault, seed=seed, until="1d").facts(QueueDeferred)) for seed in range(4)]
    assert len(set(tries)) > 1


def test_a_host_that_boots_has_its_queue_and_its_mailboxes() -> None:
    world = run(f"at: 0s, for: 20m, kind: filtered, host: {MX1}", f"at: 10m, for: 5m, kind: down, host: {SKOLA}")
    assert len(world.facts(MdaDelivered)) == 1
    gone = [event.fields()["reason"] for event in world.events("net.drop", reason="host-down")]
    assert gone == []
    after = run(f"at: 10m, for: 1m, kind: down, host: {MX1}")
    assert len(after.inbox("borek@firma.example")) == 1


def test_the_disk_knows_when_to_try_again() -> None:
    """A breakdown of the sender between two attempts changes nothing; one over an attempt only makes it late."""
    outage = f"at: 0s, for: 100m, kind: filtered, host: {MX1}, port: 25"
    tries = [event.at // M for event in run(outage).events("queue.try", n=2)]
    between = run(outage, f"at: 10m, for: 5m, kind: down, host: {SKOLA}")
    assert [event.at // M for event in between.events("queue.try", n=2)] == tries
    over = run(outage, f"at: 25m, for: 20m, kind: down, host: {SKOLA}")
    assert [event.at // M for event in over.events("queue.try", n=2)] == [45]
    assert len(over.facts(MdaDelivered)) == 1


def test_a_service_that_is_stopped_closes_its_connections() -> None:
    (greeted,) = [event for event in run().events("smtp.greet") if event.node == MX1]
    world = run(f"at: {greeted.at + 1}us, for: 10m, kind: stopped, service: mta, host: {MX1}")
    (started,) = world.events("fault.start")
    closed = [event for event in world.events("tcp.close") if started.seq in event.causes]
    assert [event.node for event in closed] == [MX1]
    assert len(world.facts(MdaDelivered)) == 1


def test_the_msa_takes_mail_while_the_mta_is_stopped() -> None:
    world = run(f"at: 0s, for: 30m, kind: stopped, service: mta, host: {SKOLA}")
    (added, *_) = world.events("queue.add")
    assert added.at < 2_000_000
    (delivered,) = world.events("mda.deliver")
    assert delivered.at >= 30 * M


def test_a_reply_that_is_lost_after_the_content_makes_two_mails_and_the_trace_says_why() -> None:
    world = run(f"at: 0s, kind: reply_lost, host: {MX1}, service: mta, command: CONTENT, times: 1")
    assert len(world.inbox("borek@firma.example")) == 2
    (hit,) = world.events("fault.hit")
    _, second = world.events("mda.deliver")
    assert hit.seq in world.causes_of(second)


def test_overlapping_faults_end_one_by_one() -> None:
    world = run(
        f"at: 0s, for: 10m, kind: filtered, host: {MX1}",
        f"at: 5m, for: 40m, kind: filtered, host: {MX1}",
        f"at: 50m, for: 10m, kind: down, host: {MX1}",
        f"at: 55m, for: 20m, kind: down, host: {MX1}",
    )
    assert len(world.facts(FaultStarted)) == len(world.facts(FaultEnded)) == 4
    (delivered,) = world.events("mda.deliver")
    assert delivered.at > 45 * M


def test_a_drop_names_its_fault() -> None:
    world: Run = run(f"{HALF_AN_HOUR}, kind: filtered, port: 25")
    (started,) = world.events("fault.start")
    drops = world.events("net.drop")
    assert drops
    assert all(started.seq in event.causes for event in drops)
    assert {fact.reason for fact in world.facts(PacketDropped)} == {"filtered"}
