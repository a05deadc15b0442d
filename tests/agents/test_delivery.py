"""The failover table, row by row; partial success; what the queue does next; expiry; bounces."""

from __future__ import annotations

from typing import Any

import pytest

from mailsim.agents.policy import DAY_US, FAILOVER, MINUTE_US, Action, Situation
from mailsim.errors import ConnectionLost, ConnectionRefused, ConnectionTimedOut, HostUnreachable
from mailsim.mail import header
from mailsim.mail.envelope import Envelope
from mailsim.trace.facts import (
    DsnMade,
    QueueAdded,
    QueueDeferred,
    QueueDone,
    QueueExpired,
    QueueTried,
    RouteFailed,
)
from tests.agents.site import MAIL, MX1, MX2, Site
from tests.agents.stage import FakeServer, Stage

BOREK, PAVEL, JANA = "borek@firma.example", "pavel@firma.example", "jana@firma.example"


class Relay:
    """A school's server with a mail for a company that has two MX hosts, both of which the test plays."""

    def __init__(self, mx1: FakeServer | None = None, mx2: FakeServer | None = None, **policy: Any) -> None:
        self.stage = Stage()
        self.site = Site(self.stage, **policy)
        dns = self.site.dns
        dns.mx("firma.example", (20, "mx2.zaloha.example"), (10, "mx1.firma.example"))
        dns.host("mx1.firma.example", MX1)
        dns.host("mx2.zaloha.example", MX2)
        dns.host("firma.example", "198.51.100.80")
        self.mx1, self.mx2 = mx1 or FakeServer(), mx2 or FakeServer()
        for address, server in ((MX1, self.mx1), (MX2, self.mx2)):
            self.stage.start(address, server.serve())
        self.stage.run(0)

    def send(self, *recipients: str, sender: str = "alena@skola.example", until_us: int = MINUTE_US) -> Relay:
        queue = self.site.queue
        envelope = Envelope(sender, recipients or (BOREK,))
        self.stage.start(self.site.address, queue.add(queue.next_id(), envelope, MAIL))
        self.stage.run(until_us)
        return self

    @property
    def visited(self) -> list[str]:
        names = {f"{MX1}:25": "mx1", f"{MX2}:25": "mx2"}
        return [names[visit] for visit in self.stage.connects if visit in names]

    @property
    def fates(self) -> dict[str, str]:
        """Of the mail that was sent."""
        return {fact.rcpt: fact.fate for fact in self.stage.facts(QueueDone) if fact.msg == "<1@skola.example>"}

    @property
    def failed(self) -> list[tuple[Situation, Action]]:
        return [(fact.situation, fact.action) for fact in self.stage.facts(RouteFailed)]


def test_the_better_mx_gets_the_mail() -> None:
    relay = Relay().send()
    assert relay.visited == ["mx1"]
    assert relay.fates == {BOREK: "relayed"}
    assert relay.mx1.said == [
        "EHLO mail.skola.example",
        "MAIL FROM:<alena@skola.example>",
        "RCPT TO:<borek@firma.example>",
        "DATA",
        "QUIT",
    ]
    assert relay.mx1.mails == [MAIL.replace(b"\r\n.", b"\r\n..")]


ROWS: dict[Situation, FakeServer | ConnectionLost | None] = {
    "refused": ConnectionRefused("rst"),
    "timeout": ConnectionTimedOut("silence"),
    "unreachable": HostUnreachable("no route"),
    "no_address": None,
    "greeting_4yz": FakeServer("421 4.3.2 too busy"),
    "greeting_5yz": FakeServer("554 no service"),
    "dropped": FakeServer(MAIL=[None]),
    "reply_4yz": FakeServer(RCPT=["451 4.3.0 not now"]),
    "reply_5yz": FakeServer(RCPT=["550 5.1.1 no such user"]),
}


def in_situation(situation: Situation, **policy: Any) -> Relay:
    """A world where mx1 is in this situation and mx2 is fine."""
    cause = ROWS[situation]
    server = cause if isinstance(cause, FakeServer) else FakeServer()
    fresh = FakeServer(server.answers.get("greeting") or "220 mx ESMTP")  # never share state between tests
    fresh.greeting, fresh.answers = server.greeting, {k: list(v) for k, v in server.answers.items()}
    relay = Relay(fresh, **policy)
    if isinstance(cause, ConnectionLost):
        relay.stage.unreachable[MX1] = cause
    if cause is None:
        del relay.site.dns.records["mx1.firma.example A"]
    return relay


@pytest.mark.parametrize("situation", ROWS)
def test_each_row_of_the_default_table(situation: Situation) -> None:
    relay = in_situation(situation).send()
    assert relay.failed == [(situation, FAILOVER[situation])]
    if situation == "reply_5yz":
        assert "mx2" not in relay.visited
        assert relay.fates[BOREK] == "bounced"
    else:
        assert relay.visited[-1] == "mx2"
        assert relay.fates[BOREK] == "relayed"


@pytest.mark.parametrize("situation", [row for row in ROWS if row != "no_address"])
@pytest.mark.parametrize("action", ["queue", "bounce", "next_mx", "next_address"])
def test_every_action_in_every_row(situation: Situation, action: Action) -> None:
    relay = in_situation(situation, failover={**FAILOVER, situation: action}).send()
    assert relay.failed == [(situation, action)]
    deferred = [fact.rcpt for fact in relay.stage.facts(QueueDeferred)]
    match action:
        case "queue":
            assert "mx2" not in relay.visited
            assert deferred == [BOREK]
        case "bounce":
            assert "mx2" not in relay.visited
            assert relay.fates[BOREK] == "bounced"
        case _:
            assert relay.visited[-1] == "mx2"
            assert relay.fates[BOREK] == "relayed"


@pytest.mark.parametrize("situation", [row for row in ROWS if row not in ("reply_5yz", "no_address")])
def test_when_no_mx_is_left_the_mail_stays_in_the_queue(situation: Situation) -> None:
    relay = in_situation(situation)
    del relay.site.dns.records["mx2.zaloha.example A"]
    relay.send()
    (deferred,) = relay.stage.facts(QueueDeferred)
    assert (deferred.n, deferred.next) == (1, 30 * MINUTE_US)
    assert list(relay.site.queue.mails)


def test_next_address_tries_the_other_addresses_of_a_host_first() -> None:
    relay = Relay()
    relay.site.dns.host("mx1.firma.example", "198.51.100.9", MX1)
    relay.stage.unreachable["198.51.100.9"] = ConnectionRefused("rst")
    relay.send()
    assert relay.visited == ["mx1"]
    assert [(f.address, f.action) for f in relay.stage.facts(RouteFailed)] == [("198.51.100.9", "next_address")]


def test_next_mx_skips_the_other_addresses_of_a_host() -> None:
    relay = Relay(FakeServer("421 busy"))
    relay.site.dns.host("mx1.firma.example", MX1, "198.51.100.9")
    relay.send()
    assert relay.visited == ["mx1", "mx2"]


def test_belief_m07_any_error_moves_on() -> None:
    relay = in_situation("reply_5yz", failover={**FAILOVER, "reply_5yz": "next_mx"}).send()
    assert relay.visited == ["mx1", "mx2"]
    assert relay.fates[BOREK] == "relayed"


# --- recipients ---------------------------------------------------------------------------------


def five() -> FakeServer:
    return FakeServer(RCPT=["250 ok", "550 5.1.1 unknown", "451 4.3.0 later"], EHLO=["250-mx\r\n250 PIPELINING"])


@pytest.mark.parametrize("pipelining", [True, False])
def test_recipients_have_fates_of_their_own(pipelining: bool) -> None:
    relay = Relay(five(), FakeServer(RCPT=["451 4.3.0 later"]), pipelining=pipelining).send(BOREK, PAVEL, JANA)
    assert relay.fates == {BOREK: "relayed", PAVEL: "bounced"}
    assert [fact.rcpt for fact in relay.stage.facts(QueueDeferred)] == [JANA]
    assert len(relay.mx1.mails) == 1
    assert relay.mx2.said.count("RCPT TO:<jana@firma.example>") == 1
    assert not relay.mx2.mails
    (mail,) = (mail for mail in relay.site.queue.mails.values() if mail.envelope.reverse_path)
    assert mail.waiting == (JANA,)


def test_who_was_taken_is_done_before_the_others_are_tried_elsewhere() -> None:
    relay = Relay(five())
    relay.stage.unreachable[MX2] = ConnectionTimedOut("silence")
    relay.send(BOREK, PAVEL, JANA)
    notes = relay.stage.notes
    done = next(i for i, fact in enumerate(notes) if isinstance(fact, QueueDone))
    elsewhere = next(i for i, fact in enumerate(notes) if isinstance(fact, RouteFailed) and fact.situation == "timeout")
    assert done < elsewhere


def test_belief_m27_one_bad_recipient_fails_the_whole_mail() -> None:
    relay = Relay(five(), all_or_nothing=True).send(BOREK, PAVEL, JANA)
    assert set(relay.fates.values()) == {"bounced"}
    assert not relay.mx1.mails


def test_all_recipients_of_a_domain_share_a_transaction() -> None:
    relay = Relay().send(BOREK, PAVEL, "dan@skola.example")
    assert relay.visited == ["mx1"]
    assert relay.mx1.said.count("DATA") == 1
    assert relay.fates == {BOREK: "relayed", PAVEL: "relayed", "dan@skola.example": "delivered"}


def test_when_every_recipient_is_refused_a_pipelining_client_still_ends_what_354_began() -> None:
    mx1 = FakeServer(EHLO=["250-mx\r\n250 PIPELINING"], RCPT=["550 no"], **{".": ["554 5.5.1 no recipients"]})
    relay = Relay(mx1).send()
    assert relay.fates[BOREK] == "bounced"
    assert relay.mx1.mails == [b""]


def test_a_server_that_refuses_ehlo_gets_helo() -> None:
    relay = Relay(FakeServer(EHLO=["502 5.5.1 what?"])).send()
    assert relay.mx1.said[:2] == ["EHLO mail.skola.example", "HELO mail.skola.example"]
    assert relay.fates == {BOREK: "relayed"}


def test_eight_bit_mail_is_not_sent_to_a_server_that_does_not_take_it() -> None:
    relay = Relay(FakeServer(EHLO=["250 mx"]))
    queue = relay.site.queue
    content = MAIL + "ř\r\n".encode()
    relay.stage.start(relay.site.address, queue.add(queue.next_id(), Envelope("a@skola.example", (BOREK,)), content))
    relay.stage.run(MINUTE_US)
    assert relay.stage.facts(DsnMade)[0].status == "5.6.3"


@pytest.mark.parametrize("where", ["EHLO", "MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("reply", ["421 4.3.2 bye", None])
def test_wherever_the_server_goes_away_the_next_one_gets_the_mail(where: str, reply: str | None) -> None:
    for extensions in ("250 mx", "250-mx\r\n250 PIPELINING"):
        answers = {"EHLO": [extensions], where: [reply]}
        relay = Relay(FakeServer(**answers)).send()
        assert relay.fates == {BOREK: "relayed"}
        assert relay.mx2.mails


def test_garbage_from_a_server_counts_as_a_lost_connection() -> None:
    relay = Relay(FakeServer("hello there")).send()
    assert relay.failed[0][0] == "dropped"
    assert relay.fates == {BOREK: "relayed"}


# --- the queue ----------------------------------------------------------------------------------


def never(**policy: Any) -> Relay:
    return Relay(FakeServer(RCPT=["451 4.3.0 later"]), FakeServer(RCPT=["451 4.3.0 later"]), **policy)


def test_retry_every_half_hour_until_it_works() -> None:
    mx1 = FakeServer(RCPT=["451 4.3.0 no", "451 4.3.0 no", "250 ok"])
    relay = Relay(mx1, FakeServer("421 busy")).send(until_us=DAY_US)
    assert [fact.n for fact in relay.stage.facts(QueueTried)] == [1, 2, 3]
    assert [fact.next for fact in relay.stage.facts(QueueDeferred)] == [30 * MINUTE_US, 60 * MINUTE_US]
    assert relay.fates == {BOREK: "relayed"}


def test_expiry_after_five_days_and_who_is_told() -> None:
    relay = never().send(until_us=6 * DAY_US)
    (expired,) = relay.stage.facts(QueueExpired)
    assert expired.n == 241
    late, dsn = relay.stage.facts(DsnMade)
    assert (late.rcpt, late.status, late.to, late.action) == (BOREK, "4.3.0", "alena@skola.example", "delayed")
    assert (dsn.rcpt, dsn.status, dsn.to, dsn.action) == (BOREK, "4.3.0", "alena@skola.example", "failed")
    _, bounce = relay.site.inbox("alena@skola.example")
    assert header.field(bounce, "Return-Path") == b"<>"
    assert b"451 4.4.7 Delivery time expired; mx2.zaloha.example said: 451 4.3.0 later" in b"".join(
        bounce.split(b"=\r\n")
    )
    assert b"Status: 4.3.0" in bounce
    assert not relay.site.queue.mails


def test_a_server_is_quoted_as_it_spoke_whatever_we_make_of_it() -> None:
    """A greeting of 5yz does not make the failure final; yet it is what the server said."""
    relay = Relay(FakeServer("554 no service"), FakeServer("554 never here"), delay_warning_us=MINUTE_US)
    relay.send(until_us=DAY_US)
    (deferred, *_) = relay.stage.facts(QueueDeferred)
    assert deferred.reason == "554 never here"
    (late, *_) = relay.site.inbox("alena@skola.example")
    assert b"Diagnostic-Code: smtp; 554 never here" in late
    assert b"Status: 4.0.0" in late


def test_where_nobody_spoke_the_diagnosis_is_ours() -> None:
    relay = Relay(delay_warning_us=MINUTE_US)
    relay.stage.unreachable |= {MX1: ConnectionRefused("rst"), MX2: ConnectionRefused("rst")}
    relay.send(until_us=DAY_US)
    (late, *_) = relay.site.inbox("alena@skola.example")
    assert b"Diagnostic-Code: X-mailsim; mx2.zaloha.example: Connection refused" in late
    assert b"Remote-MTA" not in late


def test_the_failure_of_a_notification_is_told_to_nobody() -> None:
    relay = Relay(FakeServer(RCPT=["550 5.1.1 no"])).send(sender="")
    assert relay.fates == {BOREK: "discarded"}
    assert not relay.stage.facts(DsnMade)


def test_a_bounce_that_bounces_ends_there() -> None:
    relay = Relay(FakeServer(RCPT=["550 5.1.1 no"])).send(sender="nikdo@firma.example")
    assert [fact.fate for fact in relay.stage.facts(QueueDone)] == ["bounced", "discarded"]
    assert len(relay.stage.facts(DsnMade)) == 1


def test_the_bounce_quotes_the_server() -> None:
    relay = Relay(FakeServer(RCPT=["550 5.1.1 no such user"])).send(BOREK, PAVEL)
    (bounce,) = relay.site.inbox("alena@skola.example")
    assert b"mx1.firma.example said: 550 5.1.1 no such user" in bounce
    assert b"Final-Recipient: rfc822; borek@firma.example" in bounce
    assert b"Final-Recipient: rfc822; pavel@firma.example" in bounce
    assert b"Remote-MTA: dns; mx1.firma.example" in bounce
    assert header.field(bounce, "To") == b"alena@skola.example"


def test_belief_m26_the_bounce_goes_to_the_author() -> None:
    relay = Relay(FakeServer(RCPT=["550 no"]), dsn_to="header_from").send(sender="dan@skola.example")
    assert relay.site.inbox("alena@skola.example")
    assert not relay.site.inbox("dan@skola.example")


def test_belief_m23_4yz_is_the_end() -> None:
    relay = never(retry=False).send()
    assert relay.fates[BOREK] == "bounced"
    assert not relay.stage.facts(QueueDeferred)


def test_belief_m24_5yz_is_tried_again() -> None:
    relay = Relay(FakeServer(RCPT=["550 5.1.1 no"]), retry_5xx=True).send(until_us=3 * 60 * MINUTE_US)
    assert len(relay.stage.facts(QueueTried)) == 7
    assert not relay.fates


def test_belief_m05_servers_meet_on_port_587() -> None:
    relay = Relay(relay_port=587).send()
    assert relay.failed[0] == ("refused", "next_address")
    assert relay.stage.facts(QueueDeferred)


def test_nothing_is_lost_whatever_happens() -> None:
    """Accepted = relayed + delivered + bounced + discarded + still queued, for every recipient."""
    for situation in ROWS:
        relay = in_situation(situation, retry_interval_us=MINUTE_US).send(BOREK, PAVEL, "x@skola.example")
        ended = [(fact.qid, fact.rcpt) for fact in relay.stage.facts(QueueDone)]
        queued = [(mail.id, rcpt) for mail in relay.site.queue.mails.values() for rcpt in mail.waiting]
        added = [(fact.qid, fact.rcpt) for fact in relay.stage.facts(QueueAdded)]
        assert sorted(ended + queued) == sorted(added)
