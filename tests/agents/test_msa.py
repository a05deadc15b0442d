"""The submission server: who may come in, in whose name, and what it completes."""

from __future__ import annotations

import base64

from mailsim.agents.policy import MsaPolicy
from mailsim.mail import header
from mailsim.mail.trace_fields import received_lines
from mailsim.protocols.smtp.config import SmtpServerConfig
from mailsim.trace.facts import AuthFailed, AuthSucceeded, PolicyVerdict, QueueAdded
from tests.agents.site import MAIL, PC, Site
from tests.agents.stage import Stage
from tests.agents.test_mta import answers

ALENA = b"AUTH PLAIN " + base64.b64encode(b"\0alena@skola.example\0heslo")
FROM_ALENA = b"MAIL FROM:<alena@skola.example>"
TO_DAN = b"RCPT TO:<dan@skola.example>"


def submit(site: Site, *lines: bytes) -> list[str]:
    return answers(site, *lines, client=PC, port=587)


def test_who_has_not_logged_in_is_told_530() -> None:
    assert submit(Site(Stage()), FROM_ALENA) == ["530 5.7.0 Authentication required"]


def test_a_wrong_password() -> None:
    site = Site(Stage())
    said = submit(site, b"AUTH PLAIN " + base64.b64encode(b"\0alena@skola.example\0spatne"), FROM_ALENA)
    assert said == ["535 5.7.8 Authentication credentials invalid", "530 5.7.0 Authentication required"]
    assert [fact.user for fact in site.stage.facts(AuthFailed)] == ["alena@skola.example"]


def test_auth_login_asks_twice() -> None:
    site = Site(Stage())
    said = submit(site, b"AUTH LOGIN", base64.b64encode(b"alena"), base64.b64encode(b"heslo"))
    assert [line[:3] for line in said] == ["334", "334", "235"]
    assert [fact.mech for fact in site.stage.facts(AuthSucceeded)] == ["LOGIN"]


def test_the_sender_must_be_the_user() -> None:
    site = Site(Stage())
    assert submit(site, ALENA, b"MAIL FROM:<dan@skola.example>")[1] == "550 5.7.1 The sender address is not yours"
    assert site.stage.facts(PolicyVerdict)[0].check == "sender"


def test_an_alias_that_leads_to_the_user_alone_is_the_user() -> None:
    aliases = {
        "reditelka@skola.example": ("alena@skola.example",),
        "vsichni": ("alena@skola.example", "dan@skola.example"),
    }
    site = Site(Stage(), aliases=aliases)
    assert submit(site, ALENA, b"MAIL FROM:<reditelka@skola.example>")[1].startswith("250")
    assert submit(site, ALENA, b"MAIL FROM:<vsichni@skola.example>")[1].startswith("550")


def test_sender_rights_any() -> None:
    site = Site(Stage(), msa_policy=MsaPolicy(sender_rights="any"))
    assert submit(site, ALENA, b"MAIL FROM:<kdokoli@jinde.example>")[1].startswith("250")


def test_recipients_that_are_known_to_be_wrong_are_refused_at_once() -> None:
    said = submit(Site(Stage()), ALENA, FROM_ALENA, b"RCPT TO:<x@skola.example>", b"RCPT TO:<x@firma>", TO_DAN)
    assert said[2:] == [
        "550 5.1.1 No such user here",
        "550 5.1.2 The recipient's domain is not fully qualified",
        "250 2.1.5 Recipient ok",
    ]


def test_anybody_else_may_be_written_to() -> None:
    assert submit(Site(Stage()), ALENA, FROM_ALENA, b"RCPT TO:<cecilie@posta.example>")[2].startswith("250")


def test_missing_fields_are_added_and_received_says_esmtpa() -> None:
    site = Site(Stage())
    body = b"From: alena@skola.example\r\nSubject: Ahoj\r\n\r\nText\r\n."
    assert submit(site, ALENA, FROM_ALENA, TO_DAN, b"DATA", body)[-1].startswith("250")
    site.stage.run()
    (content,) = site.inbox("dan@skola.example")
    (line,) = received_lines(content)
    assert line.with_protocol == "ESMTPA"
    assert header.field(content, "Date") == b"Mon, 01 Sep 2025 12:00:00 +0200"
    assert header.field(content, "Message-ID") == f"<{line.id}@mail.skola.example>".encode()


def test_what_is_there_stays_as_it_is() -> None:
    site = Site(Stage())
    submit(site, ALENA, FROM_ALENA, TO_DAN, b"DATA", MAIL[:-6] + b".")
    site.stage.run()
    assert site.inbox("dan@skola.example")[0].endswith(MAIL[:-6])


def test_nothing_is_added_when_policy_says_so() -> None:
    site = Site(Stage(), msa_policy=MsaPolicy(add_date=False, add_message_id=False))
    submit(site, ALENA, FROM_ALENA, TO_DAN, b"DATA", b"From: alena@skola.example\r\n\r\nText\r\n.")
    site.stage.run()
    (content,) = site.inbox("dan@skola.example")
    assert header.field(content, "Date") is None
    assert header.field(content, "Message-ID") is None


def test_belief_m21_rset_ends_the_connection() -> None:
    site = Site(Stage(), msa_policy=MsaPolicy(rset_closes=True))
    said = submit(site, ALENA, b"RSET")
    assert [line[:3] for line in said[1:]] == ["250", "421"]


def test_rset_keeps_the_login() -> None:
    assert submit(Site(Stage()), ALENA, FROM_ALENA, b"RSET", FROM_ALENA)[-1].startswith("250")


def test_without_require_auth_anybody_may_submit() -> None:
    site = Site(Stage(), msa_policy=MsaPolicy(require_auth=False))
    assert submit(site, FROM_ALENA, TO_DAN)[-1].startswith("250")


def test_too_many_recipients_are_put_off() -> None:
    site = Site(Stage(), msa_policy=MsaPolicy(max_recipients=1))
    said = submit(site, ALENA, FROM_ALENA, TO_DAN, b"RCPT TO:<alena@skola.example>")
    assert said[-1][:9] == "452 4.5.3"
    assert SmtpServerConfig(hostname="x.example").max_recipients == 100


def test_bcc_is_in_the_envelope_only() -> None:
    site = Site(Stage())
    submit(site, ALENA, FROM_ALENA, TO_DAN, b"RCPT TO:<alena@skola.example>", b"DATA", MAIL[:-6] + b".")
    site.stage.run()
    assert {fact.rcpt for fact in site.stage.facts(QueueAdded)} == {"dan@skola.example", "alena@skola.example"}
    assert b"dan@" not in site.inbox("alena@skola.example")[0]
