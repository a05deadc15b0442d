"""What an SMTP client does when a server is slow, gone, or says something strange (RFC 5321 section 4.5.3.2)."""

from __future__ import annotations

from typing import Any

import pytest

from mailsim.agents.policy import HOUR_US, MINUTE_US, SmtpTimeouts
from mailsim.agents.smtp_client import SmtpClient
from mailsim.errors import ConnectionLost, ConnectionTimedOut, RemoteProtocolError
from mailsim.mail.envelope import Envelope
from mailsim.protocols.smtp import Reply
from mailsim.trace.facts import QueueAdded, QueueDone
from tests.agents.site import MAIL, MX1, PC, Site
from tests.agents.stage import FakeServer, Stage

DAN, EVA = "dan@firma.example", "eva@firma.example"


class Visit:
    """One mail for two people; `lost` is what ended the dialogue, `lasted_us` how long it took."""

    def __init__(self, server: FakeServer, *, pipelining: bool = False, protocol: Any = "smtp") -> None:
        self.server = server
        self.replies: dict[str, Reply] = {}
        self.lost: Exception | None = None
        self.lasted_us = 0
        stage = Stage()
        stage.start(MX1, server.serve())

        async def visit() -> None:
            smtp = await SmtpClient.connect(MX1, server.port, SmtpTimeouts(), protocol=protocol, pipelining=pipelining)
            try:
                await smtp.greet()
                await smtp.hello("mail.skola.example")
                await smtp.transact(Envelope("alena@skola.example", (DAN, EVA)), MAIL, self.replies)
            except (ConnectionLost, RemoteProtocolError) as error:
                self.lost, self.lasted_us = error, stage.now_us
            await smtp.quit()

        stage.play(PC, visit(), HOUR_US)

    @property
    def codes(self) -> list[int]:
        return [self.replies[name].code for name in (DAN, EVA) if name in self.replies]


@pytest.mark.parametrize(
    ("server", "minutes"),
    [
        (FakeServer(""), 5),
        (FakeServer(EHLO=[""]), 5),
        (FakeServer(MAIL=[""]), 5),
        (FakeServer(RCPT=["250 ok", ""]), 5),
        (FakeServer(DATA=[""]), 2),
        (FakeServer(**{".": [""]}), 10),
    ],
    ids=["greeting", "EHLO", "MAIL", "RCPT", "DATA", "content"],
)
def test_how_long_it_waits_for_each_reply(server: FakeServer, minutes: int) -> None:
    visit = Visit(server)
    assert isinstance(visit.lost, ConnectionTimedOut)
    assert visit.lasted_us == minutes * MINUTE_US
    assert "QUIT" not in server.said, "a server that does not answer is left alone"


def test_a_server_that_does_not_answer_quit_keeps_nobody_waiting_for_long() -> None:
    visit = Visit(FakeServer(QUIT=[""]))
    assert (visit.codes, visit.lost) == ([250, 250], None)


PIPELINING = "250-mx\r\n250-PIPELINING\r\n250 HELP"


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("pipelining", [True, False])
def test_421_at_any_time_ends_the_dialogue(verb: str, pipelining: bool) -> None:
    server = FakeServer(**{"EHLO": [PIPELINING], verb: ["421 4.3.2 going down"]})  # type: ignore[arg-type]
    visit = Visit(server, pipelining=pipelining)
    assert visit.codes == [421, 421]
    assert "QUIT" not in server.said, "nothing is said after 421"


def test_421_between_two_recipients_leaves_nobody_accepted() -> None:
    visit = Visit(FakeServer(RCPT=["250 ok", "421 4.3.2 going down"]))
    assert visit.codes == [421, 421], "who was accepted by RCPT has no mail yet"


@pytest.mark.parametrize(
    "reply",
    [
        "what?",
        "25 ok",
        "250ok",
        "250-a\r\n251 b",
        "99 bottles",
        "600 no such digit",
        "250-" + "x" * 20_000,
        "250 " + "x" * 20_000,
        "\r\n".join(["250-again"] * 2000),
        "250 ok\n250 ok",
        "",
    ],
    ids=range(11),
)
def test_what_is_no_reply(reply: str) -> None:
    visit = Visit(FakeServer(MAIL=[reply]))
    assert visit.lost is not None
    assert visit.codes == []


def test_replies_of_many_lines() -> None:
    many = "\r\n".join([f"250-line {number}" for number in range(90)] + ["250 end"])
    visit = Visit(FakeServer(MAIL=[many], RCPT=["250-one\r\n250 two"], **{".": ["250-2.0.0 a\r\n250 2.0.0 b"]}))
    assert visit.codes == [250, 250]


def test_a_reply_without_text() -> None:
    assert Visit(FakeServer(MAIL=["250"], RCPT=["250 "])).codes == [250, 250]


def test_the_first_digit_decides() -> None:
    assert Visit(FakeServer(RCPT=["259 odd", "599 odd"])).codes == [250, 599]


def test_lmtp_has_a_reply_for_each() -> None:
    server = FakeServer(port=24, **{".": ["250 2.1.5 ok\r\n452 4.2.2 full"]})
    visit = Visit(server, protocol="lmtp")
    assert visit.codes == [250, 452]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
def test_whoever_hangs_up_has_decided_about_nobody(verb: str) -> None:
    server = FakeServer(**{verb: [None]})  # type: ignore[arg-type]
    visit = Visit(server)
    assert isinstance(visit.lost, ConnectionLost)
    assert visit.codes == []


def test_a_connection_that_ends_after_the_content_makes_two_mails_of_one() -> None:
    """RFC 5321 section 4.5.4.1: better twice than never. The server has it, and the client cannot know."""
    stage = Stage()
    site = Site(stage, routes={"firma.example": MX1})
    server = FakeServer(**{".": [None, "250 ok"]})
    stage.start(MX1, server.serve())
    stage.start(site.address, site.queue.add(site.queue.next_id(), Envelope("alena@skola.example", (DAN,)), MAIL))
    stage.run(HOUR_US)
    assert len(server.mails) == 2
    assert server.mails[0] == server.mails[1]
    assert len(stage.facts(QueueAdded)) == 1
    assert [fact.fate for fact in stage.facts(QueueDone)] == ["relayed"]
