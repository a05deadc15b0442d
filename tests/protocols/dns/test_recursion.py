"""Resolutions as transcripts: whom the resolver asks for what, in which order, and what comes of it.

`Internet` plays all the servers: it answers a step out of real zones, or stays silent.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dns.rcode import Rcode

from mailsim.errors import LocalProtocolError
from mailsim.protocols.dns import (
    Answer,
    Ask,
    AskTcp,
    Cache,
    Delegation,
    Done,
    Query,
    Question,
    RecursionLimits,
    Resolution,
    ZoneSet,
)

from .zones import CIZI, EXAMPLE, FIRMA, ROOT, ZALOHA, server_of

S = 1_000_000
ROOTS = Delegation.root({"a.root.example": ["192.0.2.53"]})


class Internet:
    """Servers by address, a clock, and the transcript of what was asked."""

    def __init__(self, **changed: ZoneSet | Callable[[Query], Answer] | None) -> None:
        self.servers: dict[str, ZoneSet | Callable[[Query], Answer] | None] = {
            "192.0.2.53": server_of(ROOT),
            "192.0.2.54": server_of(EXAMPLE),
            "198.51.100.53": server_of(FIRMA, ZALOHA),
            "203.0.113.53": server_of(CIZI),
        }
        self.servers.update({address.replace("_", ".").lstrip("."): s for address, s in changed.items()})
        self.cache = Cache()
        self.now_us = 0
        self.log: list[str] = []

    def resolve(self, name: str, rdtype: str, limits: RecursionLimits | None = None) -> Done:
        """Play one resolution to its end; each question costs 10 ms, silence its timeout."""
        self.log.clear()
        resolution = Resolution(Question.of(name, rdtype), self.cache, ROOTS, limits)
        step = resolution.begin(self.now_us)
        while not isinstance(step, Done):
            self.log.append(f"{step.address}{' tcp' if isinstance(step, AskTcp) else ''}: {step.question}")
            answer = self._answer(step)
            self.now_us += step.timeout_us if answer is None else 10_000
            step = resolution.no_answer(self.now_us) if answer is None else resolution.receive(answer, self.now_us)
        assert step.asked == len(self.log)
        return step

    def _answer(self, step: Ask | AskTcp) -> Answer | None:
        query = Query.ask(step.question, 1, recursion_desired=False, framed=isinstance(step, AskTcp))
        server = self.servers.get(step.address)
        if isinstance(server, ZoneSet):
            return server.answer(query)
        return server(query) if server is not None else None


def texts(done: Done) -> list[str]:
    return [str(rrset) for rrset in done.answer]


def refuse(query: Query) -> Answer:
    return query.reply(Rcode.REFUSED)


def test_from_the_root_down():
    world = Internet()
    done = world.resolve("firma.example", "MX")
    assert world.log == [
        "192.0.2.53: firma.example. IN MX",
        "192.0.2.54: firma.example. IN MX",
        "198.51.100.53: firma.example. IN MX",
    ]
    assert done.rcode == Rcode.NOERROR
    assert texts(done) == ["firma.example. MX 10 mx1.firma.example., MX 20 mx2.zaloha.example."]
    assert not done.from_cache


def test_the_second_time_nobody_is_asked_until_the_ttl_ends():
    world = Internet()
    world.resolve("firma.example", "MX")
    asked_at = world.now_us
    world.now_us += 100 * S
    done = world.resolve("firma.example", "MX")
    assert world.log == []
    assert done.from_cache
    assert done.answer[0].ttl == 3500
    world.now_us = asked_at + 3600 * S
    world.resolve("firma.example", "MX")
    assert world.log == ["198.51.100.53: firma.example. IN MX"]


def test_a_known_delegation_is_a_short_cut():
    world = Internet()
    world.resolve("firma.example", "MX")
    world.resolve("mx1.firma.example", "A")
    assert world.log == ["198.51.100.53: mx1.firma.example. IN A"]
    world.resolve("neni.example", "A")
    assert world.log == ["192.0.2.54: neni.example. IN A"]


def test_a_server_without_glue_has_its_address_looked_up_first():
    world = Internet()
    done = world.resolve("cizi.example", "MX")
    assert world.log == [
        "192.0.2.53: cizi.example. IN MX",
        "192.0.2.54: cizi.example. IN MX",
        "192.0.2.54: ns.zaloha.example. IN A",
        "198.51.100.53: ns.zaloha.example. IN A",
        "203.0.113.53: cizi.example. IN MX",
    ]
    assert texts(done) == ["cizi.example. MX 10 mail.cizi.example."]


def test_an_alias_into_another_domain_is_followed():
    world = Internet()
    done = world.resolve("mail.cizi.example", "A")
    assert texts(done) == [
        "mail.cizi.example. CNAME mx1.firma.example.",
        "mx1.firma.example. A 198.51.100.25",
    ]
    assert world.log[-1] == "198.51.100.53: mx1.firma.example. IN A"
    world.resolve("mail.cizi.example", "AAAA")
    assert world.log == ["198.51.100.53: mx1.firma.example. IN AAAA"]


def test_nxdomain_and_nodata_are_remembered():
    world = Internet()
    for name, rcode in (("neni.firma.example", Rcode.NXDOMAIN), ("ns1.firma.example", Rcode.NOERROR)):
        done = world.resolve(name, "MX")
        assert (done.rcode, done.answer) == (rcode, ())
        assert done.authority[0].ttl == 300
        world.now_us += 299 * S
        assert world.resolve(name, "MX").from_cache
        world.now_us += S
        assert not world.resolve(name, "MX").from_cache


def test_nxdomain_at_the_end_of_an_alias_is_about_its_target():
    world = Internet()
    done = world.resolve("mrtvy.cizi.example", "A")
    assert done.rcode == Rcode.NXDOMAIN
    assert texts(done) == ["mrtvy.cizi.example. CNAME neni.firma.example."]
    assert world.resolve("neni.firma.example", "A").from_cache
    assert world.resolve("nikam.firma.example", "A").rcode == Rcode.NXDOMAIN
    assert world.resolve("nikam.firma.example", "A").from_cache


def test_a_silent_server_is_asked_twice_and_then_the_next():
    world = Internet(_198_51_100_53=None)
    done = world.resolve("firma.example", "MX")
    assert done.rcode == Rcode.SERVFAIL
    assert world.log[2:] == [
        "198.51.100.53: firma.example. IN MX",
        "2001:db8:f::53: firma.example. IN MX",
        "198.51.100.53: firma.example. IN MX",
        "2001:db8:f::53: firma.example. IN MX",
    ]
    assert world.now_us == 2 * 10_000 + 2 * 500_000 + 2 * 1_500_000


def test_a_failure_is_not_repeated_at_once_but_later():
    world = Internet(_198_51_100_53=None)
    world.resolve("firma.example", "MX")
    assert world.resolve("firma.example", "MX").rcode == Rcode.SERVFAIL
    assert world.log == []
    world.servers["198.51.100.53"] = server_of(FIRMA)
    world.now_us += 5 * S
    assert world.resolve("firma.example", "MX").rcode == Rcode.NOERROR


def test_the_other_address_of_a_server_helps():
    world = Internet(_198_51_100_53=None)
    world.servers["2001:db8:f::53"] = server_of(FIRMA)
    assert world.resolve("firma.example", "MX").rcode == Rcode.NOERROR
    assert world.log[-1] == "2001:db8:f::53: firma.example. IN MX"


@pytest.mark.parametrize(
    "lame",
    [
        refuse,
        lambda query: query.reply(Rcode.SERVFAIL),
        lambda _: Answer(b"\x00\x01\x80\x00" + b"\xff" * 20),
        lambda query: server_of(ROOT).answer(query),  # a referral, and not downwards
        lambda query: query.reply(),  # neither authoritative nor a referral
    ],
)
def test_a_lame_server_is_passed_over(lame):
    world = Internet(_198_51_100_53=lame)
    world.servers["2001:db8:f::53"] = server_of(FIRMA)
    assert world.resolve("firma.example", "MX").rcode == Rcode.NOERROR
    assert len(world.log) == 4


def test_a_truncated_answer_is_asked_for_again_over_tcp():
    long = FIRMA + "".join(f'dlouhy TXT "{n} {"x" * 200}"\n' for n in range(9))
    world = Internet(_198_51_100_53=server_of(long))
    done = world.resolve("dlouhy.firma.example", "TXT")
    assert world.log[2:] == [
        "198.51.100.53: dlouhy.firma.example. IN TXT",
        "198.51.100.53 tcp: dlouhy.firma.example. IN TXT",
    ]
    assert len(done.answer[0].data) == 9


@pytest.mark.parametrize("name", ["smycka1.firma.example", "kruh.cizi.example"])
def test_an_alias_loop_fails(name):
    circle = FIRMA + "kruh2 CNAME kruh.cizi.example.\n"
    world = Internet(_198_51_100_53=server_of(circle, ZALOHA))
    assert world.resolve(name, "A").rcode == Rcode.SERVFAIL
    assert len(world.log) < 30


def test_servers_that_can_only_be_found_through_each_other_fail():
    circle = EXAMPLE + "jedna NS ns.dva.example.\ndva NS ns.jedna.example.\n"
    world = Internet(_192_0_2_54=server_of(circle))
    assert world.resolve("jedna.example", "MX").rcode == Rcode.SERVFAIL
    assert len(world.log) < 10


def test_a_zone_cannot_keep_the_resolver_busy():
    """A referral to many servers in domains that do not answer: an amplification attack."""
    many = EXAMPLE + "".join(f"past NS ns.d{n}.firma.example.\n" for n in range(200))
    world = Internet(_192_0_2_54=server_of(many), _198_51_100_53=None)
    assert world.resolve("past.example", "MX", RecursionLimits(asks=20)).rcode == Rcode.SERVFAIL
    assert len(world.log) == 20


def test_nobody_poisons_the_cache_for_a_foreign_name():
    """The server of cizi answers with an address for firma's mail host, which is none of its business."""
    poison = server_of("$ORIGIN .\n$TTL 99999\n@ SOA a. b. 1 1 1 1 1\n@ NS a.\nmx1.firma.example. A 203.0.113.66\n")
    evil = poison.zones[0].nodes

    def lie(query: Query) -> Answer:
        honest = server_of(CIZI).answer(query).content
        false = [rrset for node in evil.values() for rrset in node.values() if rrset.type.name == "A"]
        return query.reply(answer=[*honest.answer, *false], additional=false, authoritative=True)

    world = Internet(_203_0_113_53=lie)
    assert "A 203.0.113.66" not in "".join(texts(world.resolve("mail.cizi.example", "A")))
    assert texts(world.resolve("mx1.firma.example", "A")) == ["mx1.firma.example. A 198.51.100.25"]


def test_records_with_ttl_zero_serve_the_one_who_asked():
    world = Internet(_198_51_100_53=server_of(FIRMA.replace("mx1  60 IN A ", "mx1 0 IN A "), ZALOHA))
    assert world.resolve("mail.cizi.example", "A").answer[1].ttl == 0
    assert not world.resolve("mail.cizi.example", "A").from_cache


def test_glue_that_ended_before_the_delegation_sends_us_to_the_parent():
    world = Internet(
        _192_0_2_54=server_of(
            EXAMPLE.replace("ns1.firma IN A ", "ns1.firma 50 IN A ").replace(
                "ns1.firma IN AAAA", "ns1.firma 50 IN AAAA"
            )
        )
    )
    world.resolve("firma.example", "MX")
    world.now_us += 60 * S
    assert world.resolve("firma.example", "TXT").rcode == Rcode.NOERROR
    assert world.log == ["192.0.2.54: firma.example. IN TXT", "198.51.100.53: firma.example. IN TXT"]


def test_wrong_use_is_told():
    resolution = Resolution(Question.of("firma.example", "MX"), Cache(), ROOTS)
    with pytest.raises(LocalProtocolError):
        resolution.no_answer(0)


def test_the_alias_that_a_known_dname_makes_is_an_answer_to_a_question_for_aliases() -> None:
    internet = Internet(_198_51_100_53=server_of(FIRMA + "stare IN DNAME zaloha.example.\n", ZALOHA))
    internet.resolve("mx2.stare.firma.example", "A")
    done = internet.resolve("jiny.stare.firma.example", "CNAME")
    assert (done.rcode, done.authority, internet.log) == (Rcode.NOERROR, (), [])
    assert [rrset.type.name for rrset in done.answer] == ["DNAME", "CNAME"]


def test_a_failure_has_no_half_of_an_answer() -> None:
    internet = Internet()
    assert texts(internet.resolve("smycka1.firma.example", "CNAME"))
    for _ in range(2):
        done = internet.resolve("smycka1.firma.example", "A")
        assert (done.rcode, done.answer) == (Rcode.SERVFAIL, ())
