"""Every command of SMTP at which a scenario may let a fault strike: it does."""

from __future__ import annotations

from base64 import b64encode

import pytest

from mailsim.agents.operations import Close, Connect, Receive, Send
from mailsim.agents.policy import MINUTE_US, Reception
from mailsim.agents.troubles import Kind, Trouble
from mailsim.errors import ConnectionLost
from mailsim.protocols.pdu import Raw
from mailsim.protocols.smtp import Reply
from mailsim.scenario.fault_words import SMTP
from mailsim.trace.facts import FaultHit, QueueAdded
from tests.agents.site import MX1, Site
from tests.agents.stage import Stage

HELLO, MAIL, RCPT = "EHLO mx1.firma.example", "MAIL FROM:<borek@firma.example>", "RCPT TO:<dan@skola.example>"
LOGIN = "AUTH PLAIN " + b64encode(b"\0alena@skola.example\0heslo").decode()
UNTIL: dict[str, tuple[str, ...]] = {
    "CONNECT": (),
    "EHLO": (HELLO,),
    "AUTH": (HELLO, LOGIN),
    "MAIL": (HELLO, MAIL),
    "RCPT": (HELLO, MAIL, RCPT),
    "DATA": (HELLO, MAIL, RCPT, "DATA"),
    "CONTENT": (HELLO, MAIL, RCPT, "DATA", "Subject: x\r\n\r\nx\r\n."),
    "RSET": (HELLO, "RSET"),
    "NOOP": (HELLO, "NOOP"),
    "VRFY": (HELLO, "VRFY dan@skola.example"),
    "EXPN": (HELLO, "EXPN info@skola.example"),
    "QUIT": (HELLO, "QUIT"),
}
"""What a client says up to a command. STARTTLS needs a network with TLS: it is in `faults/test_failover_table`."""


def replies(command: str, kind: Kind, reply: Reply | None = None) -> tuple[Site, list[str]]:
    """What a server with this trouble says, up to the command; "" when it closes the connection instead."""
    site = Site(Stage(), aliases={"info": ("dan@skola.example",)}, reception=Reception(expn="answer"))
    service, port = ("msa", 587) if command == "AUTH" else ("mta", 25)
    site.host.troubles.active.append(Trouble(kind, 0, service, command, reply=reply))
    heard: list[str] = []

    async def talk() -> None:
        connection = await Connect(site.address, port, MINUTE_US)
        try:
            heard.append((await Receive(connection, MINUTE_US)).decode())
            for line in UNTIL[command]:
                await Send(connection, "smtp", [Raw(line.encode() + b"\r\n")])
                heard.append((await Receive(connection, MINUTE_US)).decode())
        except ConnectionLost:
            heard.append("")
        await Close(connection)

    site.stage.play(MX1, talk(), 10 * MINUTE_US)
    return site, heard


def test_every_command_is_here() -> None:
    assert {*UNTIL, "STARTTLS"} == set(SMTP)


@pytest.mark.parametrize("command", UNTIL)
@pytest.mark.parametrize("reply", ["451 4.3.0 Later", "550 5.7.1 Never"])
def test_it_says_something_else(command: str, reply: str) -> None:
    code, enhanced, text = reply.split(" ")
    site, heard = replies(command, "reply", Reply.of(int(code), enhanced, text))
    assert len(heard) == len(UNTIL[command]) + 1
    assert heard[-1].startswith(code)
    assert all(said[0] in "23" for said in heard[:-1])
    assert len(site.stage.facts(FaultHit)) == 1


@pytest.mark.parametrize("command", UNTIL)
def test_it_closes_instead_of_obeying(command: str) -> None:
    site, heard = replies(command, "closed")
    assert heard[-1] == ""
    assert len(site.stage.facts(FaultHit)) == 1
    assert site.stage.facts(QueueAdded) == []


@pytest.mark.parametrize("command", UNTIL)
def test_it_obeys_and_the_reply_is_lost(command: str) -> None:
    site, heard = replies(command, "reply_lost")
    assert heard[-1] == ""
    assert len(site.stage.facts(FaultHit)) == 1
    assert len(site.stage.facts(QueueAdded)) == (command == "CONTENT")
