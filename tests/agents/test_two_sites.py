"""From one server to the next: what the sender asked for goes along, and what cannot be passed on comes back."""

from __future__ import annotations

from typing import Any

import pytest

from mailsim.agents.policy import Reception
from mailsim.mail import header
from mailsim.trace.facts import DsnMade, QueueDone
from tests.agents.site import MX1, PC, Site
from tests.agents.stage import Stage
from tests.agents.test_mta import answers


def relayed(
    *lines: str, content: str = "Subject: x\r\n\r\nx\r\n", **reception: Any
) -> tuple[Stage, Site, Site, list[str]]:
    """A mail from a client of skola.example to firma.example; gives what the two servers say to each other, too."""
    stage = Stage()
    first = Site(stage, routes={"firma.example": MX1}, relay_networks=(f"{PC}/32",))
    users = ("dan@firma.example", "jiří@firma.example")
    second = Site(
        stage, "mx1.firma.example", MX1, users, local_domains=("firma.example",), reception=Reception(**reception)
    )
    said = answers(first, *(line.encode() for line in lines), b"DATA", (content + ".").encode(), client=PC)
    assert said[-1].startswith("250"), said
    stage.run(stage.now_us + 60_000_000)
    begin = stage.dialogue.index(">> EHLO mail.skola.example")
    return stage, first, second, [line[3:] for line in stage.dialogue[begin:] if line.startswith(">> ")]


WISH = (
    "MAIL FROM:<alena@skola.example> RET=HDRS ENVID=QQ+2B1",
    "RCPT TO:<dan@firma.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Dan@x",
)


def test_the_wishes_of_the_sender_go_along_as_they_came() -> None:
    _, _, second, said = relayed(*WISH)
    mail, rcpt = next(line for line in said if line.startswith("MAIL")), next(x for x in said if x.startswith("RCPT"))
    assert mail.endswith(" RET=HDRS ENVID=QQ+2B1")
    assert rcpt == WISH[1]
    assert second.inbox("dan@firma.example")


def test_where_the_next_server_knows_nothing_of_wishes_we_report_that_it_was_relayed() -> None:
    stage, first, _, said = relayed(*WISH, dsn=False)
    assert "RCPT TO:<dan@firma.example>" in said
    assert [(made.rcpt, made.action) for made in stage.facts(DsnMade)] == [("dan@firma.example", "relayed")]
    (report,) = first.inbox("alena@skola.example")
    assert b"Original-Envelope-Id: QQ+1" in report


UTF8 = ("MAIL FROM:<alena@skola.example> SMTPUTF8", "RCPT TO:<jiří@firma.example>")


def test_addresses_and_header_in_utf8_from_end_to_end() -> None:
    _, _, second, said = relayed(*UTF8, content="Subject: žluť\r\n\r\nx\r\n")
    assert any(line.startswith("MAIL") and line.endswith(" SMTPUTF8") for line in said)
    (content,) = second.inbox("jiří@firma.example")
    assert header.field(content, "Subject") == "žluť".encode()


@pytest.mark.parametrize(
    ("recipient", "content", "status"),
    [
        ("jiří@firma.example", "Subject: x\r\n\r\nx\r\n", "5.6.7"),
        ("dan@firma.example", "Subject: žluť\r\n\r\nx\r\n", "5.6.9"),
    ],
)
def test_what_the_next_server_cannot_read_comes_back(recipient: str, content: str, status: str) -> None:
    stage, first, _, _ = relayed(UTF8[0], f"RCPT TO:<{recipient}>", content=content, smtputf8=False)
    assert [(made.rcpt, made.status) for made in stage.facts(DsnMade)] == [(recipient, status)]
    assert first.inbox("alena@skola.example")
    assert sorted(fact.fate for fact in stage.facts(QueueDone)) == ["bounced", "delivered"]


def test_eight_bits_are_converted_for_the_next_server() -> None:
    content = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPříliš\r\n"
    opening = ("MAIL FROM:<alena@skola.example> BODY=8BITMIME", "RCPT TO:<dan@firma.example>")
    _, _, second, _ = relayed(*opening, content=content, eight_bit_mime=False)
    assert second.inbox("dan@firma.example")[0].endswith(b"P=C5=99=C3=ADli=C5=A1\r\n")
    _, _, second, _ = relayed(*opening, content=content)
    assert second.inbox("dan@firma.example")[0].endswith("Příliš\r\n".encode())
