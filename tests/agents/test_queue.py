"""The queue over days: schedules, warnings, lanes with several mails, breakdowns; and every kind of notification."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

import pytest

from mailsim.agents.policy import DAY_US, HOUR_US, MINUTE_US, MtaPolicy
from mailsim.agents.queued_mail import next_try
from mailsim.mail import header
from mailsim.mail.envelope import Envelope, Wish
from mailsim.trace.facts import DsnMade, QueueDeferred, QueueDone, QueueTried
from tests.agents.site import MAIL, Site
from tests.agents.stage import FakeServer, Stage
from tests.agents.test_delivery import BOREK, JANA, PAVEL, Relay, never

ALENA, DAN = "alena@skola.example", "dan@skola.example"


def with_wishes(relay: Relay, ret: Any = "", envid: str = "", until_us: int = MINUTE_US, **wishes: Wish) -> Relay:
    """A mail to the recipients named by their local parts, with what the sender wants to hear."""
    recipients = {f"{name}@firma.example": wish for name, wish in wishes.items()}
    queue = relay.site.queue
    envelope = Envelope(ALENA, tuple(recipients), ret, envid, recipients)
    relay.stage.start(relay.site.address, queue.add(queue.next_id(), envelope, MAIL))
    relay.stage.run(until_us)
    return relay


def notify(*events: str, orcpt: str = "") -> Wish:
    return Wish(frozenset(events), orcpt)


# --- when it is tried ---------------------------------------------------------------------------


def schedule(**policy: Any) -> list[int]:
    """Minutes after arrival of the attempts, each of which takes no time."""
    mta, chance, at_us, minutes = MtaPolicy(**policy), Random(1), 0, [0]
    while at_us < mta.expire_us:
        at_us = next_try(mta, 0, len(minutes), at_us, at_us, chance)
        minutes.append(at_us // MINUTE_US)
    return minutes


def test_the_usual_schedule_is_every_half_hour_and_ends_with_the_expiry() -> None:
    assert schedule(expire_us=100 * MINUTE_US) == [0, 30, 60, 90, 100]


def test_backoff_doubles_up_to_the_longest_interval() -> None:
    assert schedule(retry_backoff=2.0, expire_us=DAY_US)[:7] == [0, 30, 90, 210, 450, 690, 930]


def test_jitter_only_adds() -> None:
    minutes = schedule(retry_jitter=0.5, expire_us=DAY_US)[:-1]
    gaps = [b - a for a, b in itertools.pairwise(minutes)]
    assert all(30 <= gap <= 45 for gap in gaps)
    assert len(set(gaps)) > 3


def test_jitter_is_the_same_for_the_same_seed() -> None:
    times = [
        [fact.next for fact in never(retry_jitter=0.5).send(until_us=DAY_US).stage.facts(QueueDeferred)]
        for _ in range(2)
    ]
    assert times[0] == times[1]
    assert len(times[0]) > 20


def test_five_days_of_retries() -> None:
    relay = never().send(until_us=6 * DAY_US)
    assert len(relay.stage.facts(QueueTried)) == 241 + 2  # and the two notifications, which arrive at once


# --- several mails, one connection --------------------------------------------------------------


def many(count: int, mx1: FakeServer | None = None, **policy: Any) -> Relay:
    relay = Relay(mx1, **policy)
    queue = relay.site.queue
    for number in range(count):
        content = MAIL.replace(b"<1@", b"<m%d@" % number)
        relay.stage.start(relay.site.address, queue.add(queue.next_id(), Envelope(ALENA, (BOREK,)), content))
    relay.stage.run(MINUTE_US)
    return relay


def test_mails_for_one_destination_wait_for_a_lane_and_share_its_connection() -> None:
    relay = many(6, destination_concurrency=2)
    assert len(relay.mx1.mails) == 6
    assert relay.visited == ["mx1", "mx1"]
    assert relay.mx1.said.count("QUIT") == 2
    assert relay.mx1.said.count("EHLO mail.skola.example") == 2


def test_without_a_crowd_each_mail_has_its_own_connection() -> None:
    assert len(many(6).visited) == 6


def test_a_connection_carries_no_more_than_its_number_of_mails() -> None:
    relay = many(7, destination_concurrency=1, mails_per_connection=3)
    assert len(relay.mx1.mails) == 7
    assert relay.visited == ["mx1"] * 3


def test_a_refused_mail_leaves_the_connection_to_the_next() -> None:
    relay = many(3, FakeServer(RCPT=["550 5.1.1 no", "250 ok"]), destination_concurrency=1)
    assert len(relay.mx1.mails) == 2
    assert relay.visited == ["mx1"]
    assert sorted(fact.fate for fact in relay.stage.facts(QueueDone)) == ["bounced", "delivered", "relayed", "relayed"]


def test_a_lane_that_leads_into_a_wall_lets_the_next_one_try() -> None:
    relay = many(3, FakeServer(MAIL=[None]), destination_concurrency=1)
    assert len(relay.mx1.mails) + len(relay.mx2.mails) == 3


# --- notifications ------------------------------------------------------------------------------


def test_a_late_mail_is_told_once_and_says_until_when() -> None:
    relay = never().send(until_us=10 * HOUR_US)
    (late,) = relay.stage.facts(DsnMade)
    assert late.action == "delayed"
    (content,) = relay.site.inbox(ALENA)
    assert b"Action: delayed" in content
    assert b"Will-Retry-Until:" in content
    assert b"text/rfc822-headers" in content
    assert header.text(content, "Subject") == "Delayed mail"


def test_no_warning_by_policy_or_for_who_does_not_want_it() -> None:
    assert never(delay_warning_us=0).send(until_us=DAY_US).stage.facts(DsnMade) == []
    assert with_wishes(never(), borek=notify("FAILURE"), until_us=DAY_US).stage.facts(DsnMade) == []
    (late,) = with_wishes(never(), borek=notify("DELAY"), pavel=notify("SUCCESS"), until_us=DAY_US).stage.facts(DsnMade)
    assert late.rcpt == BOREK


def refusing(**policy: Any) -> Relay:
    return Relay(FakeServer(RCPT=["550 5.1.1 no such user"]), **policy)


def test_never_means_that_nobody_is_told() -> None:
    relay = with_wishes(refusing(), borek=notify(), pavel=notify("FAILURE"))
    assert relay.fates == {BOREK: "discarded", PAVEL: "bounced"}
    (told,) = relay.stage.facts(DsnMade)
    assert told.rcpt == PAVEL


@pytest.mark.parametrize(
    ("ret", "policy", "kind"),
    [
        ("", {}, b"message/rfc822"),
        ("FULL", {"dsn_returns": "headers"}, b"message/rfc822"),
        ("HDRS", {}, b"text/rfc822-headers"),
        ("", {"dsn_returns": "headers"}, b"text/rfc822-headers"),
    ],
)
def test_ret_says_how_much_comes_back(ret: str, policy: dict[str, Any], kind: bytes) -> None:
    relay = with_wishes(refusing(**policy), ret=ret, borek=Wish())
    (content,) = relay.site.inbox(ALENA)
    assert b"Content-Type: " + kind in content


def test_envid_and_orcpt_come_back_decoded() -> None:
    wish = notify("FAILURE", orcpt="rfc822;bor+2Bek@old.example")
    relay = with_wishes(refusing(), envid="QQ+2B314", borek=wish)
    (content,) = relay.site.inbox(ALENA)
    assert b"Original-Envelope-Id: QQ+314" in content
    assert b"Original-Recipient: rfc822; bor+ek@old.example" in content
    assert b"Final-Recipient: rfc822; borek@firma.example" in content


def test_a_server_that_does_not_report_is_reported_for() -> None:
    relay = with_wishes(Relay(), borek=notify("SUCCESS"), pavel=Wish(), jana=notify("SUCCESS", "FAILURE"))
    assert {(fact.rcpt, fact.action, fact.status[0]) for fact in relay.stage.facts(DsnMade)} == {
        (BOREK, "relayed", "2"),
        (JANA, "relayed", "2"),
    }
    assert len(relay.site.inbox(ALENA)) == 1


def test_a_server_with_dsn_reports_itself() -> None:
    relay = with_wishes(Relay(FakeServer(EHLO=["250-mx\r\n250 DSN"])), borek=notify("SUCCESS"))
    assert relay.stage.facts(DsnMade) == []


def all_of_them(wish: Wish, **aliases: tuple[str, ...]) -> Site:
    """A mail to an alias of the school, and what the sender wants to hear of it."""
    stage = Stage()
    site = Site(stage, aliases=aliases)
    to = f"{next(iter(aliases))}@skola.example"
    envelope = Envelope(ALENA, (to,), "", "", {to: wish})
    stage.start(site.address, site.queue.add(site.queue.next_id(), envelope, MAIL))
    stage.run(MINUTE_US)
    return site


def test_an_alias_of_several_is_reported_as_expanded_and_its_members_are_not() -> None:
    site = all_of_them(notify("SUCCESS"), vsichni=(ALENA, DAN))
    assert [(fact.rcpt, fact.action) for fact in site.stage.facts(DsnMade)] == [("vsichni@skola.example", "expanded")]
    assert len(site.inbox(DAN)) == 1
    (report,) = [content for content in site.inbox(ALENA) if b"multipart/report" in content]
    assert b"Action: expanded\r\nStatus: 2.1.5" in report
    assert b"Diagnostic-Code" not in report


def test_an_alias_of_one_is_reported_as_he_is() -> None:
    site = all_of_them(notify("SUCCESS"), sekretariat=(DAN,))
    assert [(fact.rcpt, fact.action) for fact in site.stage.facts(DsnMade)] == [(DAN, "delivered")]


def test_an_alias_is_not_reported_to_who_did_not_ask() -> None:
    for wish in (Wish(), notify("FAILURE"), notify()):
        assert all_of_them(wish, vsichni=(ALENA, DAN)).stage.facts(DsnMade) == []


def test_the_postmaster_gets_a_copy_of_the_header() -> None:
    relay = refusing(tell_postmaster=("bounce",)).send()
    assert [fact.to for fact in relay.stage.facts(DsnMade)] == [ALENA, "postmaster@skola.example"]
    contents = relay.site.inbox(ALENA)  # the first user reads what is for the postmaster
    assert [b"text/rfc822-headers" in content for content in contents].count(True) == 1


def test_a_bounce_that_cannot_be_delivered_may_be_told_to_the_postmaster() -> None:
    relay = refusing(tell_postmaster=("double_bounce",)).send(sender="")
    assert [fact.to for fact in relay.stage.facts(DsnMade)] == ["postmaster@skola.example"]
    assert relay.fates[BOREK] == "discarded"


def test_no_notification_about_a_notification() -> None:
    relay = never().send(sender="", until_us=6 * DAY_US)
    assert relay.stage.facts(DsnMade) == []
    assert relay.fates == {BOREK: "discarded"}
