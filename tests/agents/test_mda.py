"""Final delivery: Return-Path, one reply for each recipient, quota, aliases."""

from __future__ import annotations

from mailsim.agents.policy import MINUTE_US, MdaPolicy
from mailsim.mail import header
from mailsim.mail.envelope import Envelope
from mailsim.trace.facts import MdaDelivered, MdaRejected, QueueDeferred, QueueDone, StoreAdded
from tests.agents.site import MAIL, Site
from tests.agents.stage import Stage

ALENA, DAN = "alena@skola.example", "dan@skola.example"


def deliver(site: Site, *recipients: str, sender: str = "borek@firma.example", content: bytes = MAIL) -> Site:
    queue = site.queue
    site.stage.start(site.address, queue.add(queue.next_id(), Envelope(sender, recipients), content))
    site.stage.run(MINUTE_US)
    return site


def test_the_dialogue() -> None:
    site = deliver(Site(Stage()), DAN)
    assert [line for line in site.stage.dialogue if line.startswith(">>")] == [
        ">> LHLO mail.skola.example",
        f">> MAIL FROM:<borek@firma.example> SIZE={len(MAIL)}",
        ">> RCPT TO:<dan@skola.example>",
        ">> DATA",
        f">> From: Alena <alena@skola.example> ... ({len(MAIL)} octets)",
        ">> QUIT",
    ]
    (delivered,), (added,) = site.stage.facts(MdaDelivered), site.stage.facts(StoreAdded)
    assert (delivered.mailbox, delivered.folder, delivered.msg) == (DAN, "INBOX", "<1@skola.example>")
    assert (added.uid, added.bytes) == (1, len(site.inbox(DAN)[0]))


def test_return_path_is_the_envelope_and_there_is_only_one() -> None:
    site = deliver(Site(Stage()), DAN, content=b"Return-Path: <lez@utocnik.example>\r\n" + MAIL)
    (content,) = site.inbox(DAN)
    assert header.field_all(content, "Return-Path") == (b"<borek@firma.example>",)


def test_a_full_mailbox_and_the_other_recipient_gets_the_mail() -> None:
    site = Site(Stage(), quota=400)
    account = site.store.account(ALENA)
    assert account
    account.append("INBOX", b"x" * 300, 0)
    deliver(site, ALENA, DAN)
    assert len(site.inbox(DAN)) == 1
    assert [(fact.rcpt, fact.code, fact.reason) for fact in site.stage.facts(MdaRejected)] == [
        (ALENA, 452, "over-quota")
    ]
    assert [fact.rcpt for fact in site.stage.facts(QueueDeferred)] == [ALENA]
    assert [fact.rcpt for fact in site.stage.facts(QueueDone)] == [DAN]


def test_a_full_mailbox_for_good() -> None:
    site = Site(Stage(), quota=100, mda_policy=MdaPolicy(over_quota="reject"))
    deliver(site, DAN, sender="")
    assert [fact.fate for fact in site.stage.facts(QueueDone)] == ["discarded"]


def test_aliases_are_expanded_once() -> None:
    aliases = {"ucitele@skola.example": (ALENA, "zastup@skola.example"), "zastup@skola.example": (DAN, ALENA)}
    site = deliver(Site(Stage(), aliases=aliases), "ucitele@skola.example", DAN)
    assert (len(site.inbox(ALENA)), len(site.inbox(DAN))) == (1, 1)


def test_an_alias_that_leads_to_itself_ends() -> None:
    aliases = {"a@skola.example": ("b@skola.example",), "b@skola.example": ("a@skola.example", DAN)}
    assert len(deliver(Site(Stage(), aliases=aliases), "a@skola.example").inbox(DAN)) == 1


def test_an_mda_that_is_away_loses_nothing() -> None:
    site = Site(Stage(), lmtp_port=9)
    deliver(site, DAN)
    assert [fact.reason for fact in site.stage.facts(QueueDeferred)] == ["451 4.4.1 Connection refused"]
    assert site.queue.mails
