"""Where a mail goes next: RFC 5321 section 5.1, case by case, and the beliefs about it."""

from __future__ import annotations

from typing import Any

import pytest

from mailsim.agents.calendar import Calendar
from mailsim.agents.host import Host
from mailsim.agents.policy import MtaPolicy
from mailsim.agents.routing import Route, decide, destination
from mailsim.protocols.smtp import Reply
from tests.agents.site import NO_ANSWER, DictDns
from tests.agents.stage import Stage


def host(name: str = "mail.skola.example", *addresses: str, seed: int = 7) -> Host:
    made = Host(name, addresses or ("192.0.2.25", "2001:db8:1::25"), Calendar(0), seed)
    dns = made.stub = DictDns()
    dns.mx("firma.example", (20, "mx2.zaloha.example"), (10, "mx1.firma.example"))
    dns.host("mx1.firma.example", "198.51.100.1", "2001:db8:f::1")
    dns.host("mx2.zaloha.example", "203.0.113.2")
    dns.host("firma.example", "198.51.100.80")
    return made


def route(of: Host, domain: str = "firma.example", **policy: Any) -> Route:
    return Stage().play("", decide(of, MtaPolicy(local_domains=("skola.example",), **policy), domain))


def tried(decided: Route) -> list[str]:
    return [hop.host for hop in decided.hops]


def asked(of: Host) -> list[str]:
    assert isinstance(of.stub, DictDns)
    return of.stub.asked


def dns(of: Host) -> DictDns:
    assert isinstance(of.stub, DictDns)
    return of.stub


def test_a_local_domain_needs_no_dns() -> None:
    here = host()
    assert route(here, "Skola.EXAMPLE").how == "local"
    assert asked(here) == []


def test_mx_then_the_addresses_of_each_host() -> None:
    here = host()
    decided = route(here)
    assert (decided.how, tried(decided)) == ("mx", ["mx1.firma.example", "mx2.zaloha.example"])
    assert decided.hops[0].addresses == ("2001:db8:f::1", "198.51.100.1")
    assert asked(here) == ["MX firma.example", "A mx1.firma.example", "A mx2.zaloha.example"]
    fact = decided.fact("<1@x>", "borek@firma.example")
    assert [(c.host, c.chosen, c.rule) for c in fact.candidates] == [
        ("mx1.firma.example", True, "best"),
        ("mx2.zaloha.example", False, "less-preferred"),
    ]


def test_addresses_of_a_family_that_we_lack_are_of_no_use() -> None:
    assert route(host("mail.skola.example", "192.0.2.25")).hops[0].addresses == ("198.51.100.1",)


def test_family_order_is_a_setting() -> None:
    assert route(host(), address_families=("ipv4", "ipv6")).hops[0].addresses[0] == "198.51.100.1"


def test_equal_preferences_are_shuffled_and_the_seed_decides() -> None:
    def orders(seed: int) -> list[str]:
        here = host(seed=seed)
        dns(here).mx("firma.example", (10, "mx1.firma.example"), (10, "mx2.zaloha.example"), (30, "mx3.firma.example"))
        return [tried(route(here))[0] for _ in range(60)]

    first = orders(7)
    assert first == orders(7)
    assert first != orders(8)
    assert 15 < first.count("mx1.firma.example") < 45


def test_equal_candidates_say_so() -> None:
    here = host()
    dns(here).mx("firma.example", (10, "mx1.firma.example"), (10, "mx2.zaloha.example"))
    assert [hop.rule for hop in route(here).hops] == ["best", "equal"]


def test_without_mx_the_domain_is_its_own_host() -> None:
    here = host()
    dns(here).host("maly.example", "198.51.100.90")
    decided = route(here, "maly.example")
    assert (decided.how, decided.hops[0].addresses) == ("implicit_mx", ("198.51.100.90",))


@pytest.mark.parametrize(
    ("domain", "reply", "reason"),
    [
        ("neni.example", Reply.of(550, "5.1.2", "The domain does not exist"), "nxdomain"),
        ("nomail.example", Reply.of(556, "5.1.10", "The domain accepts no mail (null MX)"), "null-mx"),
        ("textonly.example", Reply.of(550, "5.4.4", "No mail server of the domain has an address"), "no-address"),
        ("preklep.example", Reply.of(550, "5.4.4", "No mail server of the domain has an address"), "no-address"),
        ("rozbita.example", Reply.of(451, "4.4.3", "The DNS gave no answer"), "dns-failure"),
        ("polovina.example", Reply.of(451, "4.4.3", "The DNS gave no answer"), "dns-failure"),
    ],
)
def test_domains_without_a_way(domain: str, reply: Reply, reason: str) -> None:
    here = host()
    names = dns(here)
    names.mx("nomail.example", (0, "."))
    names.host("nomail.example", "198.51.100.70")
    names.records["textonly.example TXT"] = "x"
    names.mx("preklep.example", (10, "mail1.preklep.example"))
    names.outcome("rozbita.example MX", NO_ANSWER)
    names.mx("polovina.example", (10, "mx.polovina.example"))
    names.outcome("mx.polovina.example A", NO_ANSWER)
    decided = route(here, domain)
    assert (decided.how, decided.failure) == ("none", reply)
    assert decided.fact("m", "r").reason == reason


def test_an_mx_without_address_is_passed_over_for_the_next() -> None:
    here = host()
    del dns(here).records["mx1.firma.example A"]
    decided = route(here)
    fact = decided.fact("m", "r")
    assert [(c.host, c.chosen, c.rule) for c in fact.candidates] == [
        ("mx1.firma.example", False, "no-address"),
        ("mx2.zaloha.example", True, "less-preferred"),
    ]


# --- backups ------------------------------------------------------------------------------------


def test_a_backup_strikes_itself_and_whoever_is_not_better() -> None:
    here = host("mx2.zaloha.example", "203.0.113.2")
    dns(here).mx(
        "firma.example",
        (10, "mx1.firma.example"),
        (20, "MX2.zaloha.example"),
        (20, "mx3.cizi.example"),
        (30, "x.example"),
    )
    decided = route(here)
    assert tried(decided) == ["mx1.firma.example"]
    assert {(hop.host, hop.rule) for hop in decided.passed_over} == {
        ("mx2.zaloha.example", "not-better-than-me"),
        ("mx3.cizi.example", "not-better-than-me"),
        ("x.example", "not-better-than-me"),
    }


def test_the_best_mx_that_does_not_serve_the_domain_would_loop() -> None:
    decided = route(host("mx1.firma.example", "198.51.100.1"))
    assert decided.failure == Reply.of(
        554, "5.4.6", "The mail would come back to this server, which does not serve the domain"
    )


def test_a_backup_knows_itself_by_address_too() -> None:
    here = host("jinak.zaloha.example", "203.0.113.2")
    assert tried(route(here)) == ["mx1.firma.example"]
    assert tried(route(here, recognize_own_addresses=False)) == ["mx1.firma.example", "mx2.zaloha.example"]
    assert tried(route(here, recognize_own_addresses=False, hostname="mx2.zaloha.example")) == ["mx1.firma.example"]


# --- fixed ways and beliefs ---------------------------------------------------------------------


def test_smarthost_and_static_routes_ask_for_no_mx() -> None:
    here = host()
    dns(here).host("relay.isp.example", "203.0.113.9")
    decided = route(here, smarthost="relay.isp.example", routes={"firma.example": "198.51.100.7"})
    assert (decided.how, decided.hops[0].addresses) == ("static", ("198.51.100.7",))
    assert route(here, "posta.example", smarthost="relay.isp.example").how == "smarthost"
    assert not [question for question in asked(here) if question.startswith("MX")]


def test_recipients_of_one_destination_share_it() -> None:
    policy = MtaPolicy(smarthost="relay.isp.example", routes={"a.example": "x"}, local_domains=("skola.example",))
    assert [destination(policy, d) for d in ("b.example", "C.example", "a.example", "skola.example")] == [
        "relay.isp.example",
        "relay.isp.example",
        "x",
        "local",
    ]


@pytest.mark.parametrize(
    ("literal", "address"), [("[192.0.2.77]", "192.0.2.77"), ("[IPv6:2001:db8::7]", "2001:db8::7")]
)
def test_an_address_literal_is_its_own_way(literal: str, address: str) -> None:
    decided = route(host(), literal)
    assert (decided.how, decided.hops[0].addresses) == ("literal", (address,))


def test_belief_m06_the_higher_number_first() -> None:
    assert tried(route(host(), mx_order="descending")) == ["mx2.zaloha.example", "mx1.firma.example"]


def test_belief_m08_the_address_of_the_domain() -> None:
    here = host()
    decided = route(here, use_domain_a=True)
    assert decided.hops[0].addresses == ("198.51.100.80",)
    assert asked(here) == ["A firma.example"]


def test_belief_m09_the_domain_itself_when_no_mx_answers() -> None:
    decided = route(host(), fallback_a_when_mx_down=True)
    assert tried(decided)[-1] == "firma.example"
    assert decided.hops[-1].rule == "fallback-a"


def test_belief_m37_no_mx_no_mail() -> None:
    here = host()
    dns(here).host("maly.example", "198.51.100.90")
    assert route(here, "maly.example", implicit_mx=False).how == "none"
