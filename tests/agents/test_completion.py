"""What an MSA makes complete, and what a relay leaves alone (RFC 6409 sections 4.2 and 8, RFC 5321 section 6.4)."""

from __future__ import annotations

import pytest

from mailsim.agents.completion import complete_header, completed, missing_fields
from mailsim.agents.policy import MsaPolicy
from mailsim.mail.trace_fields import received_lines
from tests.agents.site import MX1, Site
from tests.agents.stage import Stage
from tests.agents.test_mta import answers

LOCAL = ("skola.example", "firma.example")
LOGIN = b"AUTH PLAIN AGFsZW5hQHNrb2xhLmV4YW1wbGUAaGVzbG8="


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("dan@skola", "dan@skola.example"),
        ("dan@FIRMA", "dan@firma.example"),
        ("dan@pc", "dan@pc.skola.example"),
        ("dan@skola.example", "dan@skola.example"),
        ("dan@[192.0.2.1]", "dan@[192.0.2.1]"),
        ("dan", "dan"),
    ],
)
def test_addresses(address: str, whole: str) -> None:
    assert completed(address, LOCAL) == whole


def test_headers() -> None:
    content = (
        b'From: "x@skola" <alena@skola> (at @firma)\r\nTo: dan@firma, eva@posta.example,\r\n borek@pc\r\n'
        b"Subject: write to dan@skola\r\nCc: c@skola\r\n\r\nTo: dan@skola\r\n"
    )
    assert complete_header(content, LOCAL) == (
        b'From: "x@skola" <alena@skola.example> (at @firma)\r\nTo: dan@firma.example, eva@posta.example,\r\n'
        b" borek@pc.skola.example\r\nSubject: write to dan@skola\r\nCc: c@skola.example\r\n\r\nTo: dan@skola\r\n"
    )


@pytest.mark.parametrize(
    ("header", "added"),
    [
        (b"", b"Date|Message-ID|Sender"),
        (b"Date: x\r\n", b"Message-ID|Sender"),
        (b"DATE: x\r\nmessage-id: <y>\r\nFrom: Alena <Alena@skola.example>\r\n", b""),
        (b"Date: x\r\nMessage-ID: <y>\r\nFrom: Dan <dan@skola.example>\r\n", b"Sender"),
        (b"Date: x\r\nMessage-ID: <y>\r\nSender: a@b.example\r\n", b""),
    ],
)
def test_fields(header: bytes, added: bytes) -> None:
    fields = missing_fields(
        header + b"\r\nx\r\n",
        MsaPolicy(add_sender=True),
        user="alena@skola.example",
        message_id="<1@x.example>",
        date_us=0,
        utc_offset_minutes=0,
    )
    assert b"|".join(field.partition(b":")[0] for field in fields) == added


def submit(site: Site, sender: bytes, recipient: bytes, content: bytes) -> list[str]:
    return answers(
        site, LOGIN, b"MAIL FROM:<" + sender + b">", b"RCPT TO:<" + recipient + b">", b"DATA", content + b".", port=587
    )


def test_a_msa_completes_domains_if_it_may() -> None:
    site = Site(Stage(), msa_policy=MsaPolicy(complete_domains=True))
    assert submit(site, b"alena@skola", b"dan@skola", b"From: alena@skola\r\n\r\nx\r\n")[-1][:3] == "250"
    site.stage.run()
    (content,) = site.inbox("dan@skola.example")
    assert content.startswith(b"Return-Path: <alena@skola.example>\r\n")
    assert b"\r\nFrom: alena@skola.example\r\n\r\nx\r\n" in content


def test_a_msa_that_may_not_refuses() -> None:
    said = answers(Site(Stage()), LOGIN, b"MAIL FROM:<alena@skola>", port=587)
    assert said[-1] == "550 5.1.8 The sender's domain is not fully qualified"
    said = answers(Site(Stage()), LOGIN, b"MAIL FROM:<alena@skola.example>", b"RCPT TO:<dan@skola>", port=587)
    assert said[-1] == "550 5.1.2 The recipient's domain is not fully qualified"


def test_nobody_submits_who_has_not_logged_in() -> None:
    said = answers(Site(Stage()), b"MAIL FROM:<alena@skola.example>", b"VRFY dan", b"NOOP", b"RSET", port=587)
    assert [line[:9] for line in said] == ["530 5.7.0", "530 5.7.0", "250 2.0.0", "250 2.0.0"]


def test_a_relay_changes_nothing_but_trace_fields() -> None:
    site = Site(Stage())
    content = b"from: x@y\r\nSubject:  odd \t spacing \r\n\r\nno Date, no Message-ID\r\n"
    said = answers(site, b"MAIL FROM:<a@b>", b"RCPT TO:<dan@skola.example>", b"DATA", content + b".", client=MX1)
    assert said[-1][:3] == "250"
    site.stage.run()
    (received,) = site.inbox("dan@skola.example")
    assert received.endswith(content)
    assert len(received_lines(received)) == 1


def test_the_protocol_in_received_tells_of_utf8() -> None:
    site = Site(Stage(), users=("jiří@skola.example",))
    mail, rcpt = "MAIL FROM:<é@b.example> SMTPUTF8".encode(), "RCPT TO:<jiří@skola.example>".encode()
    said = answers(site, mail, rcpt, b"DATA", "Subject: ž\r\n\r\nx\r\n.".encode())
    assert said[-1][:3] == "250"
    site.stage.run()
    (received,) = site.inbox("jiří@skola.example")
    assert [line.with_protocol for line in received_lines(received)] == ["UTF8SMTP"]
    assert "for <jiří@skola.example>".encode() in received
