"""Scenarios E07 to E16, and E20: what the curriculum asks about each of them, answered from the trace."""

from __future__ import annotations

from email import message_from_bytes, policy
from functools import cache
from typing import Any

import pytest

from mailsim.mail import header
from mailsim.mail.trace_fields import received_lines
from mailsim.scenario.build import Simulation, build
from mailsim.scenario.loader import open_scenario
from mailsim.trace.conservation import conservation
from mailsim.trace.conversations import Conversations
from mailsim.trace.events import Event, Noted
from mailsim.trace.facts import (
    DsnMade,
    MdaDelivered,
    MessageShown,
    QueueDeferred,
    QueueDone,
    QueueTried,
    RouteDecided,
    TcpConnectStarted,
)
from mailsim.trace.topic_list import ALL_TOPICS
from mailsim.trace.trace import Trace
from mailsim.views.text.sentence import sentence

SKOLA, MX1, MX2 = "mail.skola.example", "mx1.firma.example", "mx2.zaloha.example"
MINUTE = 60_000_000
ALL = {
    "implicit-mx": "bc",
    "reject-is-final": "b",
    "dual-stack": "bc",
    "dead-domains": "bc",
    "mx-mistakes": "bc",
    "4xx-5xx-bounce": "b",
    "partial-recipients": "bc",
    "ttl-migration": "bc",
    "mx-failover": "bc",
    "starttls-stripping": "bcd",
}
NAMES = [name + variant for name, variants in ALL.items() for variant in ("", *(f"@{v}" for v in variants))]


class Lesson:
    """A scenario that has run."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.trace: Trace = simulation.run()

    def noted(self, kind: type[Any], node: str = "") -> list[tuple[int, str, Any]]:
        return [
            (event.at, event.node, event.fact)
            for event in self.trace.events
            if isinstance(event, Noted) and isinstance(event.fact, kind) and node in ("", event.node)
        ]

    def facts(self, kind: type[Any], node: str = "") -> list[Any]:
        return [fact for _, _, fact in self.noted(kind, node)]

    def events(self, kind: str, **fields: object) -> list[Event]:
        found = [event for event in self.trace.events if event.kind == kind]
        return [event for event in found if all(event.fields().get(k) == v for k, v in fields.items())]

    def connections(self, node: str, **fields: object) -> list[TcpConnectStarted]:
        """Connections of a host to port 25 of others."""
        made = self.facts(TcpConnectStarted, node)
        return [fact for fact in made if fact.port == 25 and all(getattr(fact, k) == v for k, v in fields.items())]

    def fates(self) -> dict[str, str]:
        """Recipient -> the last that any queue knows of the mail that a user has sent to him; `queued` if it waits."""
        reports = {fact.msg for fact in self.facts(DsnMade)}
        fates: dict[str, str] = {}
        for event in self.trace.events:
            fact = event.fact if isinstance(event, Noted) else None
            if event.kind == "queue.add" and event.fields()["msg"] not in reports:
                fates[str(event.fields()["rcpt"])] = "queued"
            elif isinstance(fact, QueueDone) and fact.msg not in reports and fact.fate != "relayed":
                fates[fact.rcpt] = fact.fate
        return fates

    def inbox(self, user: str) -> list[bytes]:
        for host in self.simulation.hosts.values():
            account = host.store.account(user) if host.store else None
            if account is not None:
                return [message.content for message in account.inbox]
        raise KeyError(user)


@cache
def lesson(name: str) -> Lesson:
    return Lesson(build(open_scenario(name)))


# --- all of them --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_and_everything_is_explained(name: str) -> None:
    trace = lesson(name).trace
    assert conservation(trace) == []
    conversations = Conversations(trace.events)
    by_topic: dict[str, Event] = {}
    for event in trace.events:
        by_topic.setdefault(conversations.topic(event), event)
    assert "other" not in by_topic
    assert set(by_topic) <= set(ALL_TOPICS)
    for event in by_topic.values():
        for lang in ("en", "cs"):
            assert sentence(event, trace, lang)


@pytest.mark.parametrize("name", ["equal-mx", *ALL])
def test_explanations_are_about_what_happens(name: str) -> None:
    """Every event that the scenario explains in words of its own happens in it, or in one of its variants."""
    runs = [fewer("equal-mx", 3), fewer("equal-mx@d", 120)] if name == "equal-mx" else []
    runs += [lesson(run) for run in NAMES if run.partition("@")[0] == name]
    happened: set[str] = set()
    for run in runs:
        happened |= set(map(Conversations(run.trace.events).topic, run.trace.events))
    explained = {key.removeprefix("explain.") for key in open_scenario(name).texts["en"] if key.startswith("explain.")}
    assert explained <= happened


@pytest.mark.parametrize("name", ["equal-mx", *ALL])
def test_variants_have_a_title_and_a_story_of_their_own(name: str) -> None:
    base = open_scenario(name).texts
    for variant in "bcd" if name == "equal-mx" else ALL[name]:
        told = open_scenario(f"{name}@{variant}").texts
        for lang in ("en", "cs"):
            assert told[lang]["title"] != base[lang]["title"]
            assert told[lang]["story"] != base[lang]["story"]
            assert told[lang]["objective"] == base[lang]["objective"]


# --- E07 ----------------------------------------------------------------------------------------


def test_implicit_mx() -> None:
    run = lesson("implicit-mx")
    questions = [e.fields()["qtype"] for e in run.events("dns.query", qname="maly.example.") if e.node == SKOLA]
    assert questions == ["MX", "A"]
    assert [fact.dst for fact in run.connections(SKOLA)] == ["198.51.100.90"]
    assert [fact.how for fact in run.facts(RouteDecided, SKOLA)] == ["implicit_mx"]
    assert run.fates() == {"jana@maly.example": "delivered"}


def test_implicit_mx_is_not_for_a_domain_with_an_mx() -> None:
    run = lesson("implicit-mx@b")
    assert run.connections(SKOLA, dst="198.51.100.90") == []
    assert {fact.dst for fact in run.connections(SKOLA)} == {"198.51.100.91"}
    assert run.fates() == {"jana@maly.example": "queued"}


def test_a_domain_with_a_web_server_only_keeps_senders_waiting() -> None:
    run = lesson("implicit-mx@c")
    assert {fact.dst for fact in run.connections(SKOLA)} == {"198.51.100.80"}
    assert run.fates() == {"info@jenweb.example": "queued"}


# --- E08 ----------------------------------------------------------------------------------------


def test_swapped_preferences_send_everything_to_the_backup() -> None:
    run = lesson("mx-failover@b")
    assert [fact.peer for fact in run.connections(SKOLA)] == [MX2] * 3
    assert len(run.facts(MdaDelivered)) == 3
    assert [len(received_lines(content)) for content in run.inbox("borek@firma.example")] == [3] * 3


def test_a_backup_that_does_not_know_itself_loops_until_the_received_lines_stop_it() -> None:
    run = lesson("mx-failover@c")
    assert len([fact for fact in run.connections(MX2) if fact.peer == MX2]) > 90
    (verdict, *_) = run.events("policy.verdict", check="loop")
    assert verdict.fields()["result"] == "reject"
    (report,) = run.facts(DsnMade)
    assert (report.status, report.to) == ("5.4.6", "alena@skola.example")


# --- E09 ----------------------------------------------------------------------------------------


def test_only_a_refusal_is_final() -> None:
    """The table of the lesson: for each mail the connections to mx2, and where it is a minute later."""
    run = lesson("reject-is-final")
    table = []
    for number, subject_at in enumerate((10, 20, 30, 40)):
        start, end = subject_at * MINUTE, (subject_at + 1) * MINUTE
        to_backup = [1 for at, node, fact in run.noted(TcpConnectStarted) if start <= at < end and fact.peer == MX2]
        ended = [
            f.fate for at, _, f in run.noted(QueueDone, SKOLA) if start <= at < end and f.rcpt.endswith("firma.example")
        ]
        deferred = [node for at, node, _ in run.noted(QueueDeferred) if start <= at < end]
        table.append((number + 1, len(to_backup), ended, deferred))
    assert table == [
        (1, 0, ["bounced"], []),
        (2, 1, ["relayed"], [MX2]),
        (3, 1, ["relayed"], [MX2]),
        (4, 1, ["relayed"], [MX2]),
    ]
    assert [node for _, node, _ in run.noted(DsnMade)] == [SKOLA]
    assert len(run.inbox("borek@firma.example")) == 3


def test_who_goes_on_after_a_refusal_makes_the_backup_write_the_bounce() -> None:
    run = lesson("reject-is-final@b")
    ((_, node, fact),) = run.noted(DsnMade)
    assert (node, fact.rcpt, fact.to) == (MX2, "broek@firma.example", "alena@skola.example")


# --- E10 ----------------------------------------------------------------------------------------


@cache
def fewer(name: str, mails: int) -> Lesson:
    """The same scenario with fewer mails: what it shows does not need all of them."""
    scenario = open_scenario(name)
    steps = tuple(step.model_copy(update={"repeat": mails}) for step in scenario.steps)
    return Lesson(build(scenario.model_copy(update={"steps": steps})))


def shares(run: Lesson) -> dict[str, int]:
    """Which host took how many mails from the school."""
    taken = [fact.next_hop for fact in run.facts(QueueDone, SKOLA) if fact.fate == "relayed"]
    return {host: taken.count(host) for host in sorted(set(taken))}


def test_equal_preferences_share_the_load() -> None:
    run = lesson("equal-mx")
    share = shares(run)
    assert sum(share.values()) == 200
    assert 80 <= share[MX1] <= 120
    assert len(run.facts(MdaDelivered)) == 200


def test_a_higher_number_gets_nothing_while_the_lower_one_works() -> None:
    assert shares(fewer("equal-mx@b", 25)) == {MX1: 25}


def test_one_name_with_two_addresses_is_one_host_to_the_sender() -> None:
    run = fewer("equal-mx@c", 25)
    assert {c.host for fact in run.facts(RouteDecided, SKOLA) for c in fact.candidates} == {"mx.firma.example"}
    addresses = [fact.dst for fact in run.connections(SKOLA)]
    assert set(addresses) == {"198.51.100.25", "198.51.100.26"}


def test_when_one_of_two_equals_breaks_down_nothing_is_lost() -> None:
    run = fewer("equal-mx@d", 120)
    assert len(run.facts(MdaDelivered)) == 120
    after = [f.next_hop for at, _, f in run.noted(QueueDone, SKOLA) if f.fate == "relayed" and at > 2035 * 1_000_000]
    assert set(after) == {"mx2.firma.example"}


# --- E11 ----------------------------------------------------------------------------------------


def test_ipv6_is_tried_first_and_stands_in_received() -> None:
    run = lesson("dual-stack")
    assert [(fact.dst, fact.ipv) for fact in run.connections(SKOLA)] == [("2001:db8:f::25", 6)]
    (content,) = run.inbox("borek@firma.example")
    assert b"[IPv6:2001:db8:1::25]" in content


def test_a_stale_aaaa_costs_time_and_no_mail() -> None:
    run = lesson("dual-stack@b")
    first, second = run.connections(SKOLA)
    assert (first.dst, second.dst) == ("2001:db8:f::99", "198.51.100.25")
    started = run.noted(TcpConnectStarted, SKOLA)
    begun = [at for at, _, fact in started if fact.port == 25]
    assert begun[1] - begun[0] == 30_000_000
    assert run.fates() == {"borek@firma.example": "delivered"}


def test_families_that_do_not_meet() -> None:
    run = lesson("dual-stack@c")
    assert run.connections(SKOLA) == []
    assert run.fates() == {"borek@firma.example": "bounced"}
    assert [fact.status for fact in run.facts(DsnMade)] == ["5.4.4"]


# --- E12 ----------------------------------------------------------------------------------------

CHANGE = 90 * MINUTE
OLD = "old.firma.example"


def to_old(run: Lesson) -> list[int]:
    """When mails came to the old server."""
    return [at for at, node, _ in run.noted(QueueDone) if node == OLD]


def test_the_cache_decides_when_the_old_server_is_rid_of_mail() -> None:
    run = lesson("ttl-migration")
    (changed,) = run.events("zone.change")
    assert changed.at == CHANGE
    last = max(to_old(run))
    asked = [e.at for e in run.events("dns.query", qname="firma.example.", qtype="MX", server="ns1.firma.example")]
    assert CHANGE < last < CHANGE + 3600 * 1_000_000
    cached = [e for e in run.events("dns.answer") if e.node == "dns.skola.example" and e.fields().get("cache")]
    assert len(cached) > 5 * max(1, len(asked))
    assert len(run.inbox("borek@firma.example")) == 6 * 13 + 1


def test_a_name_that_was_not_there_stays_away_for_the_negative_ttl() -> None:
    run = lesson("ttl-migration")
    fates = [
        (fact.fate, at // MINUTE)
        for at, _, fact in run.noted(QueueDone, SKOLA)
        if fact.rcpt == "info@akce.firma.example"
    ]
    assert fates == [("bounced", 88), ("bounced", 92), ("relayed", 95)]


def test_a_planned_move_has_no_late_mail() -> None:
    run = lesson("ttl-migration@b")
    assert max(to_old(run)) < CHANGE + 300 * 1_000_000
    assert run.facts(QueueDeferred, SKOLA) == []
    assert len(run.inbox("borek@firma.example")) == 6 * 13 + 1


def test_switched_off_too_early_nothing_is_lost_but_late() -> None:
    run = lesson("ttl-migration@c")
    assert len(run.facts(QueueDeferred)) > 5
    assert len(run.inbox("borek@firma.example")) == 6 * 13 + 1


# --- E13 ----------------------------------------------------------------------------------------


def test_four_answers_of_dns_and_four_fates() -> None:
    run = lesson("dead-domains")
    after_five = {fact.rcpt: fact.fate for at, _, fact in run.noted(QueueDone, SKOLA) if at < 15 * MINUTE}
    assert {rcpt: fate for rcpt, fate in after_five.items() if not rcpt.startswith("alena")} == {
        "borek@frima.example": "bounced",
        "info@txtonly.example": "bounced",
        "info@nomail.example": "bounced",
    }
    assert {fact.rcpt: fact.status for fact in run.facts(DsnMade)} == {
        "borek@frima.example": "5.1.2",
        "info@txtonly.example": "5.4.4",
        "info@nomail.example": "5.1.10",
    }
    assert run.connections(SKOLA, dst="198.51.100.80") == []
    ((delivered, _, _),) = [noted for noted in run.noted(MdaDelivered) if noted[2].rcpt == "info@broken.example"]
    assert 45 * MINUTE < delivered < 75 * MINUTE
    assert {fact.reason.split(" ")[1] for fact in run.facts(QueueDeferred)} == {"4.4.3"}


def test_without_the_null_mx_the_bad_news_takes_days() -> None:
    run = lesson("dead-domains@b")
    at = {fact.rcpt: at for at, _, fact in run.noted(DsnMade) if fact.action == "failed"}
    assert at["info@nomail.example"] > 5 * 24 * 60 * MINUTE
    assert at["borek@frima.example"] < 6 * MINUTE


def test_mail_from_a_domain_that_takes_none_is_refused() -> None:
    (report,) = lesson("dead-domains@c").facts(DsnMade)
    assert (report.status, report.to) == ("5.7.27", "robot@nomail.example")


# --- E14 ----------------------------------------------------------------------------------------


def test_the_strict_sender_bounces_where_the_tolerant_one_delivers() -> None:
    run = lesson("mx-mistakes")
    rules = {
        node: [candidate.rule for candidate in fact.candidates]
        for _, node, fact in run.noted(RouteDecided)
        if fact.rcpt == "borek@firma.example" and node != MX1
    }
    assert rules[SKOLA] == ["alias", "no-address", "no-address"]
    assert rules["mail.posta.example"] == ["best", "no-address", "no-address"]
    names = {str(event.fields()["qname"]) for event in run.events("dns.query")}
    assert {"mx1.firma.example.firma.example.", "198.51.100.25."} <= names
    assert [fact.to for fact in run.facts(DsnMade)] == ["alena@skola.example"]
    assert len(run.facts(MdaDelivered)) == 2  # the mail of the tolerant sender, and the bounce to the other


def test_an_address_that_nobody_can_reach_only_delays() -> None:
    run = lesson("mx-mistakes@b")
    assert run.facts(DsnMade) == []
    assert run.fates() == {"borek@firma.example": "queued"}
    assert {fact.dst for fact in run.connections(SKOLA)} == {"10.0.0.5"}


def test_the_mended_zone_serves_both() -> None:
    assert len(lesson("mx-mistakes@c").facts(MdaDelivered)) == 2


# --- E15 ----------------------------------------------------------------------------------------


def test_the_first_digit_decides() -> None:
    run = lesson("4xx-5xx-bounce")
    tries = dict.fromkeys(("adam", "berta", "cyril", "dana"), 0)
    for fact in run.facts(QueueTried, SKOLA):
        name = fact.rcpt.partition("@")[0]
        if name in tries:
            tries[name] = max(tries[name], fact.n)
    assert tries == {"adam": 3, "berta": 1, "cyril": 17, "dana": 1}  # it waits half as long again each time
    reports = [(node, fact.rcpt.partition("@")[0], fact.action, fact.status) for _, node, fact in run.noted(DsnMade)]
    assert reports == [
        (SKOLA, "berta", "failed", "5.1.1"),
        (MX1, "dana", "failed", "5.2.2"),
        (SKOLA, "cyril", "delayed", "4.3.0"),
        (SKOLA, "cyril", "failed", "4.3.0"),
    ]
    at = {(fact.rcpt[:5], fact.action): at for at, _, fact in run.noted(DsnMade)}
    assert 4 * 60 * MINUTE <= at["cyril", "delayed"] - 7 * MINUTE < 4 * 60 * MINUTE + 30 * MINUTE
    assert 0 <= at["cyril", "failed"] - 5 * 24 * 60 * MINUTE - 7 * MINUTE < MINUTE


def test_a_report_is_a_mail_that_the_sender_sees() -> None:
    run = lesson("4xx-5xx-bounce")
    reports = [message_from_bytes(content, policy=policy.default) for content in run.inbox("alena@skola.example")]
    assert len(reports) == 4
    for report in reports:
        assert report.get_content_type() == "multipart/report"
        assert report.get_param("report-type") == "delivery-status"
        assert report["Return-Path"] == "<>"
        kinds = [part.get_content_type() for part in report.iter_parts()]
        assert kinds[:2] == ["text/plain", "message/delivery-status"]
        assert kinds[2] in ("message/rfc822", "text/rfc822-headers")
    null_senders = [e for e in run.events("smtp.cmd", verb="MAIL") if str(e.fields()["arg"]).startswith("FROM:<>")]
    assert [event.node for event in null_senders] == [MX1]
    assert len([fact for fact in run.facts(MessageShown) if "MAILER-DAEMON" in fact.from_]) == 4


def test_a_bounce_that_cannot_be_delivered_makes_no_other() -> None:
    run = lesson("4xx-5xx-bounce@b")
    assert len(run.facts(DsnMade)) == 1
    assert [fact.fate for fact in run.facts(QueueDone)] == ["bounced", "discarded"]


# --- E16 ----------------------------------------------------------------------------------------


def test_five_recipients_have_three_outcomes() -> None:
    run = lesson("partial-recipients")
    assert len([fact for at, _, fact in run.noted(MdaDelivered) if at < 10 * MINUTE and "alena" not in fact.rcpt]) == 2
    assert [fact.rcpt.partition("@")[0] for fact in run.facts(QueueDeferred, SKOLA)] == ["dana", "emil"]
    assert [fact.rcpt.partition("@")[0] for fact in run.facts(DsnMade)] == ["cyril"]
    replies = [str(e)[:3] for e in run.events("smtp.reply") if e.node == MX1 and str(e)[:3] in ("450", "452", "550")]
    assert replies == ["550", "450", "452"]
    assert sorted(run.fates().values()) == ["bounced", *["delivered"] * 4]
    assert len([e for e in run.events("smtp.data") if e.node == SKOLA]) == 2


def test_all_five_refused() -> None:
    run = lesson("partial-recipients@b")
    answers = [str(event)[:3] for event in run.events("smtp.reply") if event.node == MX1]
    assert answers.count("550") == 5
    assert {"503", "554"} & set(answers)
    assert len(run.inbox("alena@skola.example")) == 1
    assert len(run.facts(DsnMade)) == 5


def test_a_hundred_and_thirty_recipients_take_two_transactions() -> None:
    run = lesson("partial-recipients@c")
    refused = [e for e in run.events("smtp.reply") if e.node == MX1 and str(e).startswith("452 4.5.3")]
    assert len(refused) == 30
    sent = [e for e in run.events("smtp.data") if e.node == SKOLA]
    assert len(sent) == 2
    accepted, sizes = 0, []
    for event in run.trace.events:
        if event.kind == "smtp.reply" and event.node == MX1 and str(event).startswith("250 2.1.5"):
            accepted += 1
        if event.kind == "smtp.data" and event.node == SKOLA:
            sizes.append(accepted)
            accepted = 0
    assert sizes == [100, 30]
    assert run.facts(QueueDeferred) == []
    assert header.field(run.inbox("kniha@firma.example")[0], "Subject")
