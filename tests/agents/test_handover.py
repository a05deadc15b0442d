"""What a client makes of what a server offers: size, eight bits, UTF-8, notifications, limits of recipients, chunks."""

from __future__ import annotations

from typing import Any

import pytest

from mailsim.agents.policy import MINUTE_US, SmtpTimeouts, Transfer
from mailsim.agents.smtp_client import SmtpClient
from mailsim.mail.envelope import Envelope, Wish
from mailsim.protocols.smtp import Reply
from mailsim.trace.facts import DsnMade, QueueDone
from tests.agents.site import MAIL, MX1, PC, Site
from tests.agents.stage import FakeServer, Stage

ALL = "PIPELINING|SIZE 10000|8BITMIME|SMTPUTF8|DSN|CHUNKING|ENHANCEDSTATUSCODES"
CZECH = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nSubject: x\r\n\r\nkůň\r\n".encode()
UTF8_HEADER = "Subject: kůň\r\n\r\nx\r\n".encode()
DAN, EVA = "dan@firma.example", "eva@firma.example"


def offer(*extensions: str) -> list[str | None]:
    return ["\r\n".join(f"250-{line}" for line in ("mx", *extensions[:-1])) + f"\r\n250 {extensions[-1]}"]


class Visit:
    """A client hands one mail over to a server that the test plays."""

    def __init__(
        self,
        extensions: str = "HELP",
        *recipients: str,
        content: bytes = MAIL,
        sender: str = "alena@skola.example",
        wishes: dict[str, Wish] | None = None,
        envelope: dict[str, Any] | None = None,
        policy: dict[str, Any] | None = None,
        pipelining: bool = True,
        **answers: list[str | None],
    ) -> None:
        self.stage = Stage()
        self.server = FakeServer(**{"EHLO": offer(*extensions.split("|")), **answers})
        self.stage.start(MX1, self.server.serve())
        self.replies: dict[str, Reply] = {}
        mail = Envelope(sender, recipients or (DAN,), wishes=wishes or {}, **(envelope or {}))

        async def visit() -> None:
            smtp = await SmtpClient.connect(MX1, 25, SmtpTimeouts(), pipelining=pipelining)
            await smtp.greet()
            await smtp.hello("mail.skola.example")
            await smtp.transact(mail, content, self.replies, Transfer(**(policy or {})))
            await smtp.quit()

        self.stage.play(PC, visit(), MINUTE_US)

    @property
    def said(self) -> list[str]:
        """What the client said between EHLO and QUIT."""
        return self.server.said[1:-1]

    @property
    def codes(self) -> dict[str, str]:
        return {name: f"{reply.code} {reply.enhanced}" for name, reply in self.replies.items()}


def test_a_mail_that_is_too_big_is_not_even_begun() -> None:
    visit = Visit("SIZE 100|HELP")
    assert (visit.said, visit.codes) == ([], {DAN: "552 5.3.4"})
    assert Visit("SIZE 0|HELP").codes == {DAN: "250 "}
    unchecked = Visit("SIZE 100|HELP", policy={"check_size": False})
    assert unchecked.said[0] == f"MAIL FROM:<alena@skola.example> SIZE={len(MAIL)}"


def test_eight_bits_to_a_server_that_takes_them() -> None:
    visit = Visit("8BITMIME|HELP", content=CZECH)
    assert visit.said[0] == "MAIL FROM:<alena@skola.example> BODY=8BITMIME"
    assert visit.server.mails == [CZECH]


def test_eight_bits_to_a_server_that_does_not() -> None:
    visit = Visit("SIZE 0|HELP", content=CZECH)
    (received,) = visit.server.mails
    assert b"Content-Transfer-Encoding: quoted-printable\r\n\r\nk=C5=AF=C5=88\r\n" in received
    assert visit.said[0] == f"MAIL FROM:<alena@skola.example> SIZE={len(received)}"
    assert Visit(content=CZECH, policy={"eight_bit": "bounce"}).codes == {DAN: "554 5.6.3"}
    assert Visit(content=CZECH[19:]).codes == {DAN: "554 5.6.3"}, "no MIME-Version"


@pytest.mark.parametrize(
    ("sender", "recipient", "content", "said"),
    [
        ("alena@skola.example", "jiří@firma.example", MAIL, "<alena@skola.example> SMTPUTF8|<jiří@firma.example>"),
        ("jiří@žluť.example", DAN, MAIL, f"<jiří@žluť.example> SMTPUTF8|<{DAN}>"),
        ("alena@skola.example", DAN, UTF8_HEADER, f"<alena@skola.example> BODY=8BITMIME SMTPUTF8|<{DAN}>"),
        ("alena@skola.example", DAN, MAIL, f"<alena@skola.example>|<{DAN}>"),
    ],
)
def test_utf8_is_asked_for_only_when_it_is_needed(sender: str, recipient: str, content: bytes, said: str) -> None:
    visit = Visit("8BITMIME|SMTPUTF8", recipient, sender=sender, content=content, envelope={"smtputf8": True})
    mail, rcpt = said.split("|")
    assert visit.said[:2] == [f"MAIL FROM:{mail}", f"RCPT TO:{rcpt}"]


def test_utf8_to_a_server_that_does_not_take_it() -> None:
    assert Visit("8BITMIME", "jiří@firma.example", DAN).codes == {"jiří@firma.example": "553 5.6.7", DAN: "250 "}
    assert Visit("8BITMIME", sender="jiří@a.example").codes == {DAN: "550 5.6.7"}
    assert Visit("8BITMIME", content=UTF8_HEADER, envelope={"smtputf8": True}).codes == {DAN: "554 5.6.9"}


def test_a_domain_beyond_ascii_has_another_name() -> None:
    visit = Visit("8BITMIME", "dan@žluť.example", sender="a@žluť.example")
    assert visit.said[:2] == ["MAIL FROM:<a@xn--lu-yta1h.example>", "RCPT TO:<dan@xn--lu-yta1h.example>"]
    assert visit.codes == {"dan@žluť.example": "250 "}


WISHES = {DAN: Wish(frozenset({"DELAY", "SUCCESS"}), "rfc822;d+2Bn@x"), EVA: Wish(frozenset())}


def test_wishes_are_passed_on_as_they_came() -> None:
    visit = Visit("DSN", DAN, EVA, "f@firma.example", wishes=WISHES, envelope={"ret": "HDRS", "envid": "a+2Bb"})
    assert visit.said[:4] == [
        "MAIL FROM:<alena@skola.example> RET=HDRS ENVID=a+2Bb",
        f"RCPT TO:<{DAN}> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;d+2Bn@x",
        f"RCPT TO:<{EVA}> NOTIFY=NEVER",
        "RCPT TO:<f@firma.example>",
    ]


@pytest.mark.parametrize(("extensions", "policy"), [("HELP", {}), ("DSN", {"dsn": False})])
def test_wishes_are_not_told_to_who_does_not_know_them(extensions: str, policy: dict[str, Any]) -> None:
    visit = Visit(extensions, DAN, wishes=WISHES, envelope={"ret": "HDRS", "envid": "x"}, policy=policy)
    assert visit.said[:2] == ["MAIL FROM:<alena@skola.example>", f"RCPT TO:<{DAN}>"]


def test_an_original_recipient_beyond_ascii() -> None:
    wishes = {DAN: Wish(None, "utf-8;jiří@x")}
    assert Visit("DSN", wishes=wishes).said[1] == f"RCPT TO:<{DAN}> ORCPT=utf-8;ji\\x{{159}}\\x{{ED}}@x"


@pytest.mark.parametrize("pipelining", [True, False])
def test_many_recipients_are_split(pipelining: bool) -> None:
    people = tuple(f"u{number}@firma.example" for number in range(5))
    visit = Visit("PIPELINING", *people, policy={"max_recipients": 2}, pipelining=pipelining)
    assert [line[:4] for line in visit.said] == ["MAIL", "RCPT", "RCPT", "DATA"] * 2 + ["MAIL", "RCPT", "DATA"]
    assert len(visit.server.mails) == 3
    assert set(visit.codes.values()) == {"250 "}


@pytest.mark.parametrize("code", ["452 4.5.3", "452", "552"])
@pytest.mark.parametrize("pipelining", [True, False])
def test_who_did_not_fit_in_gets_the_next_transaction(code: str, pipelining: bool) -> None:
    rcpt: list[str | None] = ["250 ok", f"{code} too many", "250 ok"]
    extensions = "PIPELINING|ENHANCEDSTATUSCODES"
    visit = Visit(extensions, DAN, EVA, RCPT=rcpt, pipelining=pipelining)
    assert [line for line in visit.said if line.startswith("RCPT")] == [f"RCPT TO:<{x}>" for x in (DAN, EVA, EVA)]
    assert len(visit.server.mails) == 2
    assert [reply.code for reply in visit.replies.values()] == [250, 250]


def test_a_full_mailbox_is_not_too_many_recipients() -> None:
    visit = Visit("ENHANCEDSTATUSCODES", DAN, EVA, RCPT=["250 ok", "452 4.2.2 full", "250 ok"])
    assert visit.codes == {DAN: "250 2.0.0", EVA: "452 4.2.2"}


def test_a_server_that_takes_nobody_is_asked_once() -> None:
    visit = Visit("HELP", DAN, EVA, RCPT=["452 too many"])
    assert len([line for line in visit.said if line.startswith("RCPT")]) == 2
    assert [reply.code for reply in visit.replies.values()] == [452, 452]


def test_goodbye_between_two_transactions() -> None:
    visit = Visit("HELP", DAN, EVA, policy={"max_recipients": 1}, **{".": ["421 bye"]})
    assert [reply.code for reply in visit.replies.values()] == [421, 451]


def chunked(content: bytes, size: int, **policy: Any) -> tuple[Stage, Site]:
    """Two sites; the first one relays by BDAT."""
    stage = Stage()
    first = Site(stage, transfer=Transfer(chunking=True, chunk_size=size), routes={"firma.example": MX1}, **policy)
    second = Site(stage, "mx1.firma.example", MX1, (DAN, EVA), local_domains=("firma.example",))
    envelope = Envelope("", (DAN, EVA, "nikdo@firma.example"))
    stage.start(first.address, first.queue.add(first.queue.next_id(), envelope, content))
    stage.run(MINUTE_US)
    return stage, second


@pytest.mark.parametrize("size", [1, 50, 100_000])
@pytest.mark.parametrize("pipelining", [True, False])
def test_the_content_in_chunks(size: int, pipelining: bool) -> None:
    stage, second = chunked(MAIL, size, pipelining=pipelining)
    for person in (DAN, EVA):
        assert second.inbox(person)[0].endswith(MAIL)
    said = [line for line in stage.dialogue if "BDAT" in line]
    assert len(said) == -(-len(MAIL) // size)
    assert said[-1].endswith(" LAST")
    fates = {fact.rcpt: fact.fate for fact in stage.facts(QueueDone) if fact.fate != "delivered"}
    assert (fates[DAN], fates[EVA], fates["nikdo@firma.example"]) == ("relayed", "relayed", "discarded")


def test_nothing_is_quoted_that_no_server_has_said() -> None:
    stage = Stage()
    site = Site(stage, routes={"firma.example": MX1})
    server = FakeServer(EHLO=offer("SIZE 100", "HELP"))
    stage.start(MX1, server.serve())
    queue = site.queue
    stage.start(site.address, queue.add(queue.next_id(), Envelope("alena@skola.example", (DAN,)), MAIL))
    stage.run(MINUTE_US)
    assert [(made.action, made.status) for made in stage.facts(DsnMade)] == [("failed", "5.3.4")]
    (notification,) = site.inbox("alena@skola.example")
    assert b"Remote-MTA" not in notification
    assert b"said:" not in notification
