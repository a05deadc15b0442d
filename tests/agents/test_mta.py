"""The server on port 25: the relay rule, unknown users, loops, and that 250 means queued."""

from __future__ import annotations

import pytest

from mailsim.agents.operations import Close, Connect, Receive, Send
from mailsim.agents.policy import MINUTE_US, MtaPolicy
from mailsim.errors import ConnectionLost
from mailsim.mail import header
from mailsim.mail.trace_fields import received_lines
from mailsim.protocols.pdu import Raw
from mailsim.trace.facts import PolicyVerdict, QueueAdded, QueueDone
from tests.agents.site import MAIL, MX1, PC, Site
from tests.agents.stage import Stage

HELLO = [b"EHLO mx1.firma.example"]
MAIL_FROM = b"MAIL FROM:<borek@firma.example>"


async def talk(address: str, port: int, lines: list[bytes]) -> list[str]:
    """Say one line after the other, each after the reply to the one before; gives the lines of all replies."""
    connection = await Connect(address, port, MINUTE_US)
    said = b""
    for line in [None, *lines]:
        if line is not None:
            await Send(connection, "smtp", [Raw(line + b"\r\n")])
        said += await Receive(connection)
        while not said.endswith(b"\r\n") or said.splitlines()[-1][3:4] == b"-":
            said += await Receive(connection)
    await Close(connection)
    return said.decode().splitlines()


def answers(site: Site, *lines: bytes, client: str = MX1, port: int = 25) -> list[str]:
    """The replies to these lines, the greeting and EHLO's left out."""
    said = site.stage.play(client, talk(site.address, port, [*HELLO, *lines]), site.stage.now_us + 10_000_000)
    return [line for line in said if line[3:4] == " " and "HELP" not in line][1:]


def test_takes_mail_for_its_domain_and_delivers_it() -> None:
    stage = Stage()
    site = Site(stage)
    said = answers(site, MAIL_FROM, b"RCPT TO:<alena@SKOLA.example>", b"DATA", MAIL.replace(b"\r\n.", b"\r\n..") + b".")
    assert [line[:3] for line in said] == ["250", "250", "354", "250"]
    stage.run()
    (content,) = site.inbox("alena@skola.example")
    assert content.startswith(
        b"Return-Path: <borek@firma.example>\r\nReceived: from mx1.firma.example ([198.51.100.1])"
    )
    assert content.endswith(b"Text\r\n.dot\r\n")
    (line,) = received_lines(content)
    assert (line.with_protocol, line.for_recipient, line.by) == ("ESMTP", "alena@SKOLA.example", "mail.skola.example")
    assert line.id in said[-1]
    assert [fact.fate for fact in stage.facts(QueueDone)] == ["delivered"]
    assert not site.queue.mails


def test_unknown_user_is_refused_at_rcpt() -> None:
    assert answers(Site(Stage()), MAIL_FROM, b"RCPT TO:<nikdo@skola.example>")[1:] == ["550 5.1.1 No such user here"]


def test_it_is_no_open_relay() -> None:
    site = Site(Stage())
    assert answers(site, MAIL_FROM, b"RCPT TO:<cecilie@posta.example>")[1:] == ["550 5.7.1 Relaying denied"]
    assert [fact.result for fact in site.stage.facts(PolicyVerdict)] == ["reject"]


@pytest.mark.parametrize(
    ("policy", "client", "reason"),
    [
        ({"open_relay": True}, MX1, "open-relay"),
        ({"relay_domains": ("posta.example",)}, MX1, "relay-domain"),
        ({"relay_networks": ("198.51.100.0/24",)}, MX1, "relay-network"),
    ],
)
def test_who_may_relay(policy: dict[str, object], client: str, reason: str) -> None:
    site = Site(Stage(), **policy)  # type: ignore[arg-type]
    assert answers(site, MAIL_FROM, b"RCPT TO:<cecilie@posta.example>", client=client)[1][:3] == "250"
    assert site.stage.facts(PolicyVerdict)[0].detail == reason


def test_postmaster_always_exists() -> None:
    site = Site(Stage())
    assert answers(site, MAIL_FROM, b"RCPT TO:<Postmaster>", b"RCPT TO:<postmaster@skola.example>")[1:] == [
        "250 2.1.5 Recipient ok",
        "250 2.1.5 Recipient ok",
    ]


def test_a_mail_with_too_many_received_lines_is_in_a_loop() -> None:
    site = Site(Stage(), max_received=3)
    mail = b"Received: from a by b; Mon, 01 Sep 2025 12:00:00 +0200\r\n" * 3 + MAIL
    said = answers(site, MAIL_FROM, b"RCPT TO:<dan@skola.example>", b"DATA", mail + b".")
    assert said[-1] == "554 5.4.6 Too many hops, the mail is in a loop"
    assert not site.stage.facts(QueueAdded)


def test_pipelined_commands_are_answered_together_and_in_order() -> None:
    site = Site(Stage())
    lines = b"\r\n".join([MAIL_FROM, b"RCPT TO:<x@skola.example>", b"RCPT TO:<dan@skola.example>", b"DATA"])
    assert [line[:3] for line in answers(site, lines)] == ["250", "550", "250", "354"]


@pytest.mark.parametrize("chop", [0, 1, 7])
def test_a_dialogue_does_not_depend_on_how_the_bytes_were_cut(chop: int) -> None:
    stage = Stage(chop)
    site = Site(stage)
    said = answers(site, MAIL_FROM, b"RCPT TO:<dan@skola.example>", b"DATA", MAIL.replace(b"\r\n.", b"\r\n..") + b".")
    stage.run()
    assert said[-1].startswith("250")
    assert site.inbox("dan@skola.example")[0].endswith(MAIL)


def test_who_is_silent_is_told_so_and_put_out() -> None:
    stage = Stage()
    site = Site(stage)

    async def silent() -> bytes:
        connection = await Connect(site.address, 25, MINUTE_US)
        await Receive(connection)
        return await Receive(connection)

    assert stage.play(PC, silent()).startswith(b"421 4.4.2")
    assert stage.now_us == MtaPolicy().command_timeout_us


def test_a_client_that_leaves_in_the_middle_of_data_leaves_nothing_behind() -> None:
    site = Site(Stage())
    answers(site, MAIL_FROM, b"RCPT TO:<dan@skola.example>", b"DATA")
    site.stage.run()
    assert not site.queue.mails
    assert not site.stage.facts(QueueAdded)


def test_a_client_that_does_not_wait_for_250_does_not_lose_the_mail() -> None:
    stage = Stage()
    site = Site(stage)

    async def hasty() -> None:
        connection = await Connect(site.address, 25, MINUTE_US)
        rest = [*HELLO, MAIL_FROM, b"RCPT TO:<dan@skola.example>", b"DATA"]
        await Receive(connection)
        for line in rest:
            await Send(connection, "smtp", [Raw(line + b"\r\n")])
            await Receive(connection)
        await Send(connection, "smtp", [Raw(b"Subject: x\r\n\r\nx\r\n.\r\n")])
        await Close(connection)
        raise ConnectionLost("gone")

    stage.play(PC, hasty())
    stage.run()
    assert len(site.inbox("dan@skola.example")) == 1


def test_alias_to_another_host_is_sent_on_with_the_same_reverse_path() -> None:
    site = Site(Stage(), aliases={"cecilie@skola.example": ("cecilie@posta.example",)})
    answers(site, MAIL_FROM, b"RCPT TO:<cecilie@skola.example>", b"DATA", MAIL[:-6] + b".")
    added = site.stage.facts(QueueAdded)[0]
    assert (added.rcpt, added.sender) == ("cecilie@posta.example", "borek@firma.example")


def test_accept_first_and_bounce_later_is_what_check_recipients_prevents() -> None:
    site = Site(Stage(), check_recipients=False)
    site.dns.mx("firma.example", (10, "mx1.firma.example"))
    site.dns.host("mx1.firma.example", MX1)
    site.stage.unreachable[MX1] = ConnectionLost("off")
    answers(site, MAIL_FROM, b"RCPT TO:<nikdo@skola.example>", b"DATA", MAIL[:-6] + b".")
    site.stage.run(MINUTE_US)
    first, bounce = site.stage.facts(QueueAdded)
    assert (bounce.sender, bounce.rcpt) == ("", "borek@firma.example")
    assert [fact.fate for fact in site.stage.facts(QueueDone) if fact.msg == first.msg] == ["bounced"]
    (mail,) = site.queue.mails.values()
    assert header.text(mail.content, "To") == "borek@firma.example"


@pytest.mark.parametrize("recipient", [b"Dan@[192.0.2.25]", b"postmaster@[192.0.2.25]", b"PostMaster"])
def test_its_own_address_is_its_own_domain(recipient: bytes) -> None:
    site = Site(Stage())
    said = answers(site, MAIL_FROM, b"RCPT TO:<" + recipient + b">", b"DATA", MAIL.replace(b"\r\n.", b"\r\n..") + b".")
    assert said[-1][:3] == "250"
    site.stage.run()
    assert [fact.fate for fact in site.stage.facts(QueueDone)] == ["delivered"]


def test_the_address_of_another_host_is_relaying() -> None:
    assert answers(Site(Stage()), MAIL_FROM, b"RCPT TO:<dan@[192.0.2.26]>")[-1] == "550 5.7.1 Relaying denied"


def test_replies_that_a_client_has_to_wait_for_are_not_held_back() -> None:
    """RFC 2920 section 3.2: those to MAIL and RCPT go together, that to NOOP goes at once."""
    stage = Stage()
    site = Site(stage)
    writes: list[bytes] = []

    async def talk() -> None:
        connection = await Connect(site.address, 25, MINUTE_US)
        await Receive(connection)
        lines = (*HELLO, b"NOOP", MAIL_FROM, b"RCPT TO:<dan@skola.example>", b"NOOP", b"RSET", b"RSET")
        await Send(connection, "smtp", [Raw(b"".join(line + b"\r\n" for line in lines))])
        while sum(data.count(b"\r\n250 ") + data.startswith(b"250 ") for data in writes) < len(lines):
            writes.append(await Receive(connection))

    stage.play(MX1, talk(), stage.now_us)
    assert [data.count(b"250 2") for data in writes] == [0, 1, 3, 2]
