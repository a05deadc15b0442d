"""The whole way of a mail on the simulated network: same domain, another domain, outage of an MX."""

from __future__ import annotations

import json

from mailsim.agents.mua import ReadMail, SendMail
from mailsim.agents.policy import HOUR_US, MINUTE_US, SECOND_US, MtaPolicy
from mailsim.mail.trace_fields import received_lines
from mailsim.trace.events import Segment
from mailsim.trace.facts import (
    MdaDelivered,
    MessageShown,
    QueueAdded,
    QueueDeferred,
    QueueDone,
    RouteDecided,
    RouteFailed,
    TcpConnectStarted,
)
from tests.agents.internet import ALENA, BOREK, DAN, MX1, MX2, SKOLA, Internet

MAIL = SendMail((BOREK,), subject="Objednávka č. 7", text="Dobrý den,\n.\n")


def conserved(world: Internet) -> bool:
    """Accepted = ended + still queued, for every recipient of every queue."""
    added = [(fact.qid, fact.rcpt) for _, _, fact in world.facts(QueueAdded)]
    ended = [(fact.qid, fact.rcpt) for _, _, fact in world.facts(QueueDone)]
    return sorted(added) == sorted(ended + world.still_queued())


def test_same_domain_asks_for_no_mx() -> None:
    world = Internet()
    world.do(ALENA, SECOND_US, SendMail((DAN,), subject="Ahoj"))
    world.do(DAN, MINUTE_US, ReadMail())
    world.run(HOUR_US)
    assert [fact.how for _, _, fact in world.facts(RouteDecided)] == ["local"]
    assert not [event for event in world.said("dns.query") if " MX" in str(event)]
    assert len(world.said("smtp.data")) == 1
    assert [fact.subject for _, _, fact in world.facts(MessageShown)] == ["Ahoj"]
    assert conserved(world)


def test_another_domain_by_its_mx() -> None:
    world = Internet()
    world.do(ALENA, SECOND_US, MAIL)
    world.do(BOREK, MINUTE_US, ReadMail("pop3"))
    world.run(HOUR_US)
    (route,) = [fact for _, node, fact in world.facts(RouteDecided) if node == SKOLA]
    assert [(c.host, c.chosen) for c in route.candidates] == [(MX1, True), (MX2, False)]
    relays = [fact for _, node, fact in world.facts(TcpConnectStarted) if node == SKOLA and fact.port == 25]
    assert [(fact.dst, fact.ipv) for fact in relays] == [("2001:db8:2::25", 6)]
    (content,) = world.inbox(BOREK)
    assert [(line.by, line.with_protocol) for line in received_lines(content)] == [(MX1, "ESMTP"), (SKOLA, "ESMTPA")]
    assert content.startswith(b"Return-Path: <alena@skola.example>\r\n")
    assert [fact.subject for _, _, fact in world.facts(MessageShown)] == ["Objednávka č. 7"]
    assert sorted(fact.fate for _, _, fact in world.facts(QueueDone)) == ["delivered", "relayed"]
    assert conserved(world)


def outage(**mta: object) -> Internet:
    """mx1 filtered from minute 0 to 90, a mail at minute 5."""
    policy = MtaPolicy(local_domains=("skola.example",), address_families=("ipv4",), **mta)  # type: ignore[arg-type]
    world = Internet(skola=policy)
    world.network.schedule_fault(0, 90 * MINUTE_US, "filtered", MX1)
    world.do(ALENA, 5 * MINUTE_US, MAIL)
    return world.run(3 * HOUR_US)


def test_a_backup_keeps_the_mail_until_the_primary_is_back() -> None:
    world = outage()
    failed = [(node, fact.host, fact.situation) for _, node, fact in world.facts(RouteFailed)]
    assert failed[0] == (SKOLA, MX1, "timeout")
    assert set(failed[1:]) == {(MX2, MX1, "timeout")}
    deferred = [at // MINUTE_US for at, node, _ in world.facts(QueueDeferred) if node == MX2]
    assert deferred == [6, 36, 66]
    ((delivered_at, node, _),) = world.facts(MdaDelivered)
    assert (node, delivered_at // MINUTE_US) == (MX1, 95)
    (content,) = world.inbox(BOREK)
    assert [line.by for line in received_lines(content)] == [MX1, MX2, SKOLA]
    passed_over = [c for _, node, fact in world.facts(RouteDecided) if node == MX2 for c in fact.candidates]
    assert {(c.host, c.rule) for c in passed_over} == {(MX1, "best"), (MX2, "not-better-than-me")}
    assert conserved(world)


def test_the_responsibility_moves_with_the_250_and_not_with_quit() -> None:
    world = Internet()
    world.do(ALENA, SECOND_US, MAIL)
    world.run(HOUR_US)
    ((done_at, _, _),) = [noted for noted in world.facts(QueueDone) if noted[2].fate == "relayed"]
    (quit_at,) = [said.at for said in world.said("smtp.cmd") if str(said) == "QUIT" and said.node == SKOLA]
    (accepted_at,) = [said.at for said in world.said("smtp.reply") if "queued as" in str(said) and said.node == MX1]
    assert accepted_at < done_at <= quit_at


def test_belief_m06_sends_to_the_backup_first() -> None:
    world = outage(mx_order="descending")
    first = next(fact for _, node, fact in world.facts(TcpConnectStarted) if node == SKOLA and fact.port == 25)
    assert first.peer == MX2
    assert conserved(world)


def test_belief_m08_knocks_at_the_web_server() -> None:
    world = outage(use_domain_a=True)
    refused = [(fact.host, fact.address, fact.situation) for _, _, fact in world.facts(RouteFailed)]
    assert set(refused) == {("firma.example", "198.51.100.80", "refused")}
    assert world.still_queued()
    assert conserved(world)


def test_a_reset_in_the_middle_loses_nothing() -> None:
    """The receiving host goes away for a while at every moment of the dialogue; the mail arrives in the end."""
    for offset_ms in range(0, 400, 23):
        world = Internet()
        world.network.schedule_fault(SECOND_US + offset_ms * 1000, 5 * MINUTE_US, "down", MX1)
        world.do(ALENA, SECOND_US, MAIL)
        world.run(2 * HOUR_US)
        assert world.inbox(BOREK), offset_ms
        assert conserved(world), offset_ms


def test_causes_reach_from_the_mailbox_back_to_the_user() -> None:
    world = Internet()
    world.do(ALENA, SECOND_US, MAIL)
    world.run(HOUR_US)
    events = world.network.recorder.events
    (delivered,) = [event.seq for event in events if event.kind == "mda.deliver"]
    (sent,) = [event.seq for event in events if event.kind == "user.action"]
    reached, waiting = {delivered}, [delivered]
    while waiting:
        new = set(events[waiting.pop()].causes) - reached
        reached |= new
        waiting += sorted(new)
    assert sent in reached
    assert {events[seq].kind for seq in reached} >= {"smtp.data", "queue.add", "route.decide", "dns.answer", "auth.ok"}


def test_the_same_seed_gives_the_same_trace() -> None:
    def record() -> str:
        world = outage()
        return json.dumps([event.record() for event in world.network.recorder.events])

    assert record() == record()


def test_no_connection_is_left_open() -> None:
    world = Internet()
    world.do(ALENA, SECOND_US, MAIL)
    world.do(BOREK, MINUTE_US, ReadMail())
    world.run(2 * HOUR_US)
    opened = {fact.conn for _, _, fact in world.facts(TcpConnectStarted)}
    closed = {e.conn for e in world.network.recorder.events if isinstance(e, Segment) and e.flags & 1}
    assert opened == closed & opened
