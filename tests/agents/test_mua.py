"""The mail client: what it composes, how it submits, and what it does when that fails."""

from __future__ import annotations

from typing import Any

from mailsim.agents import servers
from mailsim.agents.actions import DeleteMail, FlagMail, OpenMail, Which
from mailsim.agents.calendar import Calendar
from mailsim.agents.host import Host
from mailsim.agents.mua import Account, Action, Mua, ReadMail, SendMail
from mailsim.agents.policy import HOUR_US, MINUTE_US, AccessPolicy, MuaPolicy
from mailsim.errors import ConnectionTimedOut
from mailsim.mail import header
from mailsim.trace.facts import MessageShown, PolicyVerdict, QueueAdded, StoreExpunged, StoreFlagged, UserActed
from tests.agents.internet import WITHOUT_TLS
from tests.agents.site import PC, SKOLA, START_US, DictDns, Site
from tests.agents.stage import FakeServer, Stage

ALENA, DAN = "alena@skola.example", "dan@skola.example"
SERVER = "mail.skola.example"


class Office:
    """A mail server with everything, and a client for each of two users."""

    def __init__(self, *, password: str = "heslo", **policy: Any) -> None:
        self.stage = Stage()
        self.site = Site(self.stage)
        access = AccessPolicy()
        self.stage.start(SKOLA, servers.imap(self.site.host, access))
        self.stage.start(SKOLA, servers.pop3(self.site.host, access))
        self.stage.run(0)
        settings = MuaPolicy(**{**WITHOUT_TLS, **policy})
        self.clients = {
            user: Mua(self.pc(), Account(user, password, SERVER, SERVER, name), settings, {DAN: "Dan"})
            for user, name in ((ALENA, "Alena Nová"), (DAN, ""))
        }

    def pc(self) -> Host:
        host = Host("pc.skola.example", (PC,), Calendar(START_US, 120), 7)
        host.stub = dns = DictDns()
        dns.host(SERVER, SKOLA)
        return host

    def do(self, user: str, *actions: Action, until_us: int = HOUR_US) -> Office:
        self.stage.start(PC, self.clients[user].run([(self.stage.now_us, action) for action in actions]))
        self.stage.run(self.stage.now_us + until_us)
        return self

    def said(self, mark: str, *prefixes: str) -> list[str]:
        return [line[3:] for line in self.stage.dialogue if line.startswith(mark) and line[3:].startswith(prefixes)]


MAIL = SendMail((DAN,), subject="Úkol č. 3", text="Ahoj\n.\nkonec")


def test_submission_reads_like_rfc_6409() -> None:
    office = Office(pipelining=False).do(ALENA, MAIL)
    submission = office.stage.dialogue[: next(i for i, x in enumerate(office.stage.dialogue) if "QUIT" in x) + 2]
    assert [line[:12] for line in submission] == [
        "<< 220 mail.",
        ">> EHLO pc.s",
        "<< 250 mail.",
        ">> AUTH PLAI",
        "<< 235 2.7.0",
        ">> MAIL FROM",
        "<< 250 2.1.0",
        ">> RCPT TO:<",
        "<< 250 2.1.5",
        ">> DATA",
        "<< 354 Start",
        ">> Date: Mon",
        "<< 250 2.0.0",
        ">> QUIT",
        "<< 221 2.0.0",
    ]
    dns = office.clients[ALENA].host.stub
    assert isinstance(dns, DictDns)
    assert dns.asked == ["A mail.skola.example"]  # and never MX


def test_the_message_has_what_a_message_must_have() -> None:
    office = Office().do(ALENA, MAIL)
    (content,) = office.site.inbox(DAN)
    assert header.text(content, "From") == "Alena Nová <alena@skola.example>"
    assert header.text(content, "To") == "Dan <dan@skola.example>"
    assert header.text(content, "Subject") == "Úkol č. 3"
    assert header.field(content, "Date") == b"Mon, 01 Sep 2025 12:00:00 +0200"
    assert (header.field(content, "Message-ID") or b"").endswith(b"@skola.example>")
    assert content.endswith(b"\r\n.\r\nkonec\r\n")
    (acted,) = office.stage.facts(UserActed)
    assert (acted.user, acted.action, acted.detail) == (ALENA, "send", "Úkol č. 3")
    assert {acted.msg} == {fact.msg for fact in office.stage.facts(QueueAdded)}


def test_bcc_leaves_no_trace_unless_the_client_believes_m20() -> None:
    mail = SendMail((DAN,), bcc=(ALENA,), subject="x")
    office = Office().do(ALENA, mail)
    assert len(office.site.inbox(ALENA)) == 1
    assert header.field(office.site.inbox(DAN)[0], "Bcc") is None
    office = Office(keep_bcc=True).do(ALENA, mail)
    assert header.field(office.site.inbox(DAN)[0], "Bcc") == b"alena@skola.example"


def test_read_by_imap_shows_new_mail_once_and_marks_it_seen() -> None:
    office = Office().do(ALENA, MAIL).do(DAN, ReadMail()).do(DAN, ReadMail())
    (shown,) = office.stage.facts(MessageShown)
    assert (shown.user, shown.mailbox, shown.subject) == (DAN, DAN, "Úkol č. 3")
    assert shown.from_ == "Alena Nová <alena@skola.example>"
    assert shown.msg == office.stage.facts(UserActed)[0].msg
    assert [fact.flags for fact in office.stage.facts(StoreFlagged)] == [("\\Seen",)]


def test_peeking_leaves_the_flags_alone() -> None:
    office = Office(mark_seen=False).do(ALENA, MAIL).do(DAN, ReadMail())
    assert len(office.stage.facts(MessageShown)) == 1
    assert not office.stage.facts(StoreFlagged)


def test_read_by_pop3_keeps_the_mail_on_the_server_unless_told_otherwise() -> None:
    office = Office(access="pop3").do(ALENA, MAIL).do(DAN, ReadMail()).do(DAN, ReadMail())
    assert len(office.stage.facts(MessageShown)) == 1
    assert office.said(">>", "RETR", "DELE") == ["RETR 1"]
    assert len(office.site.inbox(DAN)) == 1
    office = Office(access="pop3", pop3_delete=True).do(ALENA, MAIL).do(DAN, ReadMail("pop3"))
    assert office.said(">>", "RETR", "DELE", "QUIT")[-3:] == ["RETR 1", "DELE 1", "QUIT"]
    assert not office.site.inbox(DAN)
    assert len(office.stage.facts(StoreExpunged)) == 1


def test_a_sent_mail_is_uploaded_a_second_time_into_sent() -> None:
    office = Office(save_sent=True).do(ALENA, MAIL)
    account = office.site.store.account(ALENA)
    assert account
    sent = account.folder("Sent")
    assert sent
    assert [sorted(message.flags) for message in sent] == [["\\Seen"]]


def test_a_wrong_password_is_told_to_the_user_and_tried_once() -> None:
    office = Office(password="spatne").do(ALENA, MAIL, ReadMail(), ReadMail("pop3"))
    verdicts = [(fact.check, fact.result) for fact in office.stage.facts(PolicyVerdict)]
    assert sorted(verdicts) == [("inbox", "failed"), ("inbox", "failed"), ("outbox", "failed")]
    assert len(office.said(">>", "EHLO")) == 1


def test_a_refused_recipient_does_not_stop_the_others() -> None:
    office = Office().do(ALENA, SendMail(("nikdo@skola.example", DAN)))
    (verdict,) = office.stage.facts(PolicyVerdict)
    assert (verdict.result, verdict.rcpt, verdict.detail) == (
        "failed",
        "nikdo@skola.example",
        "550 5.1.1 No such user here",
    )
    assert len(office.site.inbox(DAN)) == 1


def test_a_server_that_is_away_is_tried_again_and_then_given_up() -> None:
    office = Office()
    office.stage.unreachable[SKOLA] = ConnectionTimedOut("silence")
    office.do(ALENA, MAIL, ReadMail())
    outbox = [fact.result for fact in office.stage.facts(PolicyVerdict) if fact.check == "outbox"]
    assert outbox == ["later", "later", "failed"]


def test_a_server_that_comes_back_gets_the_mail() -> None:
    office = Office()
    office.stage.unreachable[SKOLA] = ConnectionTimedOut("silence")
    office.do(ALENA, MAIL, until_us=MINUTE_US)
    del office.stage.unreachable[SKOLA]
    office.do(DAN)
    assert len(office.site.inbox(DAN)) == 1


def test_without_auth_the_msa_says_530() -> None:
    office = Office(auth=False).do(ALENA, MAIL)
    assert office.stage.facts(PolicyVerdict)[0].detail == "530 5.7.0 Authentication required"


def test_belief_m10_the_client_looks_for_the_mx_itself() -> None:
    office = Office(lookup_mx=True)
    mx = FakeServer()
    office.stage.start("198.51.100.1", mx.serve())
    for client in office.clients.values():
        assert isinstance(client.host.stub, DictDns)
        client.host.stub.mx("firma.example", (20, "mx2.zaloha.example"), (10, "mx1.firma.example"))
        client.host.stub.host("mx1.firma.example", "198.51.100.1")
    office.do(ALENA, SendMail(("borek@firma.example",)))
    assert len(mx.mails) == 1
    assert not [line for line in mx.said if line.startswith("AUTH")]


def test_actions_wait_for_their_time() -> None:
    office = Office()
    office.stage.start(PC, office.clients[ALENA].run([(30 * MINUTE_US, MAIL)]))
    office.stage.run(29 * MINUTE_US)
    assert not office.stage.facts(UserActed)
    office.stage.run(31 * MINUTE_US)
    assert len(office.site.inbox(DAN)) == 1


def test_mail_is_left_on_the_server_for_some_time() -> None:
    office = Office(access="pop3", pop3_delete=True, pop3_delete_after_us=15 * MINUTE_US)
    office.do(ALENA, MAIL).do(DAN, ReadMail())
    assert len(office.site.inbox(DAN)) == 1
    office.do(DAN, ReadMail()).do(DAN, ReadMail())
    assert office.site.inbox(DAN) == []
    assert office.said(">>", "RETR") == ["RETR 1"]


def test_delete_moves_to_trash_and_a_flag_is_seen_by_the_server() -> None:
    which = Which((MAIL.subject,))
    office = Office().do(ALENA, MAIL).do(DAN, ReadMail(), FlagMail(which, ("\\Flagged",)), DeleteMail(which))
    account = office.site.host.store and office.site.host.store.account(DAN)
    assert account
    trash = account.folder("Trash")
    assert trash is not None
    assert [sorted(message.flags) for message in trash] == [["\\Flagged", "\\Seen"]]
    assert len(account.inbox) == 0


def test_a_preview_by_top_and_the_whole_mail_when_it_is_opened() -> None:
    office = Office(access="pop3", pop3_preview_lines=1).do(ALENA, MAIL).do(DAN, ReadMail())
    assert office.said(">>", "TOP", "RETR") == ["TOP 1 1"]
    office.do(DAN, OpenMail(Which((MAIL.subject,))))
    assert office.said(">>", "TOP", "RETR") == ["TOP 1 1", "RETR 1"]
