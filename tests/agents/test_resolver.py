"""The recursive resolver and its clients on the simulated network: who asks whom, and what is remembered."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from mailsim.agents.dns_exchange import ask_tcp, ask_udp
from mailsim.agents.operations import Close, Connect, Receive, Send, Sleep
from mailsim.agents.resolver import ResolverPolicy
from mailsim.agents.stub import Found, MailExchanger, NoData, NxDomain, StubResolver, TryAgain
from mailsim.protocols.dns import Answer, Frames, Query, Question
from tests.protocols.dns.zones import asked

from .dns_world import HOSTS, LONG_TEXTS, DnsWorld, S

RESOLVER = HOSTS["resolver"][0]


def test_a_lookup_from_the_client_to_the_root_and_back():
    world = DnsWorld()
    outcome = world.run(world.stub.lookup_mx("firma.example"))
    exchangers = (MailExchanger(10, "mx1.firma.example"), MailExchanger(20, "mx2.zaloha.example"))
    assert outcome == Found(exchangers, "firma.example")
    assert world.dialogue() == [
        "pc > resolver: firma.example. IN MX ?",
        "resolver > root: firma.example. IN MX ?",
        "root > resolver: REFERRAL example. NS ns.nic.example.",
        "resolver > tld: firma.example. IN MX ?",
        "tld > resolver: REFERRAL firma.example. NS ns1.firma.example.",
        "resolver > ns1: firma.example. IN MX ?",
        "ns1 > resolver: MX 10 mx1.firma.example., MX 20 mx2.zaloha.example.",
        "resolver > pc: MX 10 mx1.firma.example., MX 20 mx2.zaloha.example.",
    ]
    asked_by_client, asked_by_resolver = world.said()[0].fields(), world.said()[1].fields()
    assert (asked_by_client["rd"], asked_by_resolver["rd"]) == (True, False)
    final = world.said()[-1].fields()
    assert (final["ra"], final["aa"], final["cache"], final["server"]) == (True, False, False, "resolver")


def test_every_message_follows_from_the_one_before():
    world = DnsWorld()
    world.run(world.stub.lookup_mx("firma.example"))
    events = {event.seq: event for event in world.network.recorder.events}
    said = world.said()
    for earlier, later in itertools.pairwise(said):
        seen, todo = set(), [later.seq]
        while todo:
            seq = todo.pop()
            if seq not in seen:
                seen.add(seq)
                todo.extend(events[seq].causes)
        assert earlier.seq in seen


def test_the_second_question_is_answered_from_the_cache_with_the_ttl_that_is_left():
    world = DnsWorld()
    world.run(world.stub.lookup_mx("firma.example"), for_us=100 * S)
    start = world.mark()
    world.run(world.stub.lookup_mx("firma.example"))
    assert world.dialogue(start) == [
        "pc > resolver: firma.example. IN MX ?",
        "resolver > pc: MX 10 mx1.firma.example., MX 20 mx2.zaloha.example.",
    ]
    fields = world.said(start)[-1].fields()
    assert fields["cache"] is True
    assert fields["ttl"] == 3500


def test_after_the_ttl_the_question_goes_out_again_but_not_to_the_root():
    world = DnsWorld()
    world.run(world.stub.lookup_mx("firma.example"), for_us=3700 * S)
    start = world.mark()
    world.run(world.stub.lookup_mx("firma.example"))
    assert [line.split(":")[0] for line in world.dialogue(start)] == [
        "pc > resolver",
        "resolver > ns1",
        "ns1 > resolver",
        "resolver > pc",
    ]


def test_a_resolver_that_believes_m11_asks_every_time():
    world = DnsWorld(ResolverPolicy(cache=False))
    for _ in range(3):
        world.run(world.stub.lookup_mx("firma.example"))
    to_firma = [line for line in world.dialogue() if line.startswith("resolver > ns1")]
    assert len(to_firma) == 3
    assert not any(event.fields().get("cache") for event in world.said())


def test_addresses_of_both_families_in_the_order_wanted():
    world = DnsWorld()
    assert world.run(world.stub.lookup_addresses("mx1.firma.example")) == Found(
        ("2001:db8:f::25", "198.51.100.25"), "mx1.firma.example"
    )
    assert world.run(world.stub.lookup_addresses("mx1.firma.example", ["ipv4"])) == Found(
        ("198.51.100.25",), "mx1.firma.example"
    )
    assert world.run(world.stub.lookup_addresses("mx2.zaloha.example")).records == ("203.0.113.25",)
    assert world.run(world.stub.lookup_addresses("venku.cizi.example")) == NxDomain()


def test_an_alias_is_followed_and_told():
    world = DnsWorld()
    outcome = world.run(world.stub.lookup_addresses("mail.cizi.example", ["ipv4"]))
    assert outcome == Found(("198.51.100.25",), "mx1.firma.example", is_alias=True)


def test_what_is_not_there():
    world = DnsWorld()
    assert world.run(world.stub.lookup_mx("mx1.firma.example")) == NoData()
    assert world.run(world.stub.lookup_mx("frima.example")) == NxDomain()
    assert world.run(world.stub.lookup_mx("a..b")) == NxDomain()
    assert world.run(world.stub.lookup_mx("x" * 64 + ".example")) == NxDomain()
    assert world.run(world.stub.lookup_addresses("dole.firma.example")) == NxDomain()


def test_servers_that_do_not_answer_are_a_reason_to_wait():
    world = DnsWorld()
    world.network.schedule_fault(0, 100 * S, "filtered", "ns1")
    assert world.run(world.stub.lookup_mx("firma.example"), for_us=200 * S) == TryAgain("SERVFAIL")
    assert isinstance(world.run(world.stub.lookup_mx("firma.example")), Found)


def test_a_resolver_that_does_not_answer_is_asked_twice():
    world = DnsWorld()
    world.network.schedule_fault(0, None, "filtered", "resolver", 53)
    assert world.run(world.stub.lookup_mx("firma.example")) == TryAgain("timeout")
    assert len(world.dialogue()) == 2
    assert world.run(StubResolver([], Random(1)).lookup_mx("firma.example")) == TryAgain("timeout")


def test_the_second_resolver_helps():
    world = DnsWorld()
    stub = StubResolver([HOSTS["ns2"][0], RESOLVER], Random(1))  # the first is no resolver: REFUSED
    assert isinstance(world.run(stub.lookup_mx("firma.example")), Found)


def test_what_is_too_long_for_udp_comes_over_tcp():
    world = DnsWorld(ns1=LONG_TEXTS)
    outcome = world.run(world.stub.lookup("dlouhy.firma.example", "TXT"))
    assert len(outcome.records) == 9
    kinds = [event.kind for event in world.network.recorder.events]
    assert kinds.count("tcp.established") == 2  # resolver to name server, client to resolver
    start = world.mark()
    world.run(world.stub.lookup("dlouhy.firma.example", "TXT"))
    assert world.dialogue(start)[1].startswith("resolver > pc: TRUNCATED")
    assert len(world.dialogue(start)) == 4  # all from the cache


def test_two_who_ask_at_once_are_served_by_one_resolution():
    world = DnsWorld()
    for delay_us in (0, 1_000, 30_000):

        async def later(delay_us: int = delay_us) -> None:
            await Sleep(delay_us)
            assert isinstance(await world.stub.lookup_mx("firma.example"), Found)

        world.network.start("pc", "client", later())
    world.network.run(10 * S)
    lines = world.dialogue()
    assert len([line for line in lines if line.startswith("resolver > root")]) == 1
    assert len([line for line in lines if line.startswith("resolver > pc: MX")]) == 3


def test_a_resolver_does_not_walk_for_who_does_not_ask_it_to():
    world = DnsWorld()
    answer = world.run(ask_udp(asked("firma.example", "MX", recursion_desired=False), RESOLVER, S))
    assert str(answer) == "REFUSED"
    assert str(world.run(ask_udp(asked("firma.example", "AXFR"), RESOLVER, S))) == "REFUSED"
    assert str(world.run(ask_udp(asked("firma.example", "ANY"), RESOLVER, S))) == 'HINFO "RFC8482" ""'
    assert len(world.dialogue()) == 6


def test_the_resolver_over_tcp():
    world = DnsWorld()
    answer = world.run(ask_tcp(asked("firma.example", "A", framed=True), RESOLVER, 5 * S))
    assert str(answer) == "A 198.51.100.80"


def test_over_tcp_a_quick_answer_overtakes_a_slow_one_and_none_is_forgotten():
    """RFC 7766 sections 6.2.1.1 and 6.2.4: also after the client has said that it will ask nothing more."""
    world = DnsWorld()
    world.run(ask_udp(asked("firma.example", "A"), RESOLVER, S))
    world.network.schedule_fault(60 * S, 100 * S, "down", "ns2")

    async def both() -> list[str]:
        connection = await Connect(RESOLVER, 53, S)
        slow = Query.ask(Question.of("cizi.example", "A"), 1, framed=True)
        quick = Query.ask(Question.of("firma.example", "A"), 2, framed=True)
        await Send(connection, "dns", [slow, quick])
        frames, answers = Frames(), []
        while len(answers) < 2:
            frames.receive(await Receive(connection, 60 * S))
            while (message := frames.next_message()) is not None:
                answers.append(f"{Answer(message).id} {Answer(message)}")
        await Close(connection)
        return answers

    assert world.run(both()) == ["2 A 198.51.100.80", "1 SERVFAIL"]


@pytest.mark.parametrize("name", ["firma.example", "mail.cizi.example", "neni.firma.example"])
def test_the_same_seed_gives_the_same_bytes(name):
    runs = []
    for seed in (1, 1, 2):
        world = DnsWorld(seed=seed)
        world.run(world.stub.query(Question.of(name, "A")))
        runs.append([event.pdu.to_bytes() for event in world.said()])
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert [wire[2:] for wire in runs[0]] == [wire[2:] for wire in runs[2]]  # the ids differ, nothing else
