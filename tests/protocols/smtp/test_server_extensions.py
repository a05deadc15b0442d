"""The server's CHUNKING (RFC 3030), DSN (RFC 3461) and SMTPUTF8 (RFC 6531), in transcripts."""

from __future__ import annotations

import pytest

from mailsim.mail.envelope import Wish
from mailsim.protocols.smtp import Rcpt, Reply
from mailsim.protocols.smtp.parameters import envelope_of
from tests.protocols.smtp.small_world import SmallWorld, greeted, play

OPEN = """
    >> MAIL FROM:<alena@skola.example>
    << 250 2.1.0 Sender ok
    >> RCPT TO:<dan@firma.example>
    << 250 2.1.5 Recipient ok
"""


def test_a_message_in_chunks() -> None:
    world = greeted(
        OPEN
        + r"""
        >> BDAT 9
        >> Subject: \+
        << 250 2.0.0 9 octets received
        >> BDAT 13 LAST
        >> x\r\n\r\n.\r\nabc\r\n\+
        << 250 2.0.0 Message accepted
        >> NOOP
        << 250 2.0.0 Ok
        """
    )
    assert world.mails == [("alena@skola.example", ["dan@firma.example"], b"Subject: x\r\n\r\n.\r\nabc\r\n")]


def test_chunks_may_be_pipelined_with_all_that_goes_before() -> None:
    world = greeted(
        r"""
        >> MAIL FROM:<>
        >> RCPT TO:<dan@firma.example>
        >> BDAT 2
        >> a\r\+
        >> BDAT 0
        >> BDAT 1
        >> \n\+
        >> BDAT 0 LAST
        >> NOOP
        << 250 2.1.0 Sender ok
        << 250 2.1.5 Recipient ok
        << 250 2.0.0 2 octets received
        << 250 2.0.0 0 octets received
        << 250 2.0.0 1 octets received
        << 250 2.0.0 Message accepted
        << 250 2.0.0 Ok
        """
    )
    assert world.mails == [("", ["dan@firma.example"], b"a\r\n")]


def test_the_octets_of_a_refused_chunk_are_no_commands() -> None:
    greeted(
        r"""
        >> BDAT 6 LAST
        >> QUIT\r\n\+
        << 503 5.5.1 Send MAIL first
        >> MAIL FROM:<alena@skola.example>
        << 250 2.1.0 Sender ok
        >> BDAT 6 LAST
        >> QUIT\r\n\+
        << 503 5.5.1 Send RCPT first
        >> RCPT TO:<nobody@firma.example>
        << 550 5.1.1 No such user
        >> BDAT 6 LAST
        >> QUIT\r\n\+
        << 554 5.5.1 No valid recipients
        """
    )
    play(
        r"""
        << 220 mx.firma.example ESMTP Service ready
        >> BDAT 6 LAST
        >> QUIT\r\n\+
        << 503 5.5.1 Send EHLO first
        """
    )


def test_chunks_and_data_do_not_mix() -> None:
    world = greeted(
        OPEN
        + r"""
        >> BDAT 1
        >> x\+
        << 250 2.0.0 1 octets received
        >> DATA
        << 503 5.5.1 A chunk has come: only BDAT or RSET may follow
        >> RCPT TO:<eva@firma.example>
        << 503 5.5.1 A chunk has come: only BDAT or RSET may follow
        >> MAIL FROM:<eva@firma.example>
        << 503 5.5.1 A mail transaction is already open
        >> RSET
        << 250 2.0.0 Reset ok
        >> BDAT 3 LAST
        >> x\r\n\+
        << 503 5.5.1 Send MAIL first
        """
        + OPEN
        + r"""
        >> BDAT 3 LAST
        >> y\r\n\+
        << 250 2.0.0 Message accepted
        >> BDAT 0 LAST
        << 503 5.5.1 Send MAIL first
        """
    )
    assert [mail[2] for mail in world.mails] == [b"y\r\n"], "RSET has thrown the first chunk away"


def test_too_much_in_chunks() -> None:
    too_big = "552 5.3.4 Message size exceeds fixed maximum message size"
    greeted(
        OPEN
        + rf"""
        >> BDAT 8
        >> 01234567\+
        << 250 2.0.0 8 octets received
        >> BDAT 3
        >> 89a\+
        << {too_big}
        >> BDAT 0 LAST
        << {too_big}
        >> MAIL FROM:<>
        << 250 2.1.0 Sender ok
        """,
        size_limit=10,
    )


@pytest.mark.parametrize(
    ("octets", "size", "reply"),
    [
        (r"a\nb\r\n", 5, "550 5.6.0 The message holds a CR or LF that stands alone"),
        (r"a\n.\r\nMAIL FROM:<>\r\n", 19, "550 5.6.0 The message holds a CR or LF that stands alone"),
        ("x" * 999 + r"\r\n", 1001, "554 5.6.0 The message has a line that is too long"),
    ],
)
def test_chunks_hold_lines_like_any_message(octets: str, size: int, reply: str) -> None:
    assert not greeted(OPEN + f">> BDAT {size} LAST\n>> {octets}\\+\n<< {reply}").mails


@pytest.mark.parametrize("argument", ["", " ", " x", " 1 2", " -1", " 1 LAST x", " " + "9" * 21, " LAST"])
def test_a_bad_chunk_size(argument: str) -> None:
    greeted(OPEN + f">> BDAT{argument}\n<< 501 5.5.4 Write BDAT octets, or BDAT octets LAST")


def test_chunks_in_lmtp_have_a_reply_for_each_recipient() -> None:
    greeted(
        r"""
        >> MAIL FROM:<alena@skola.example>
        << 250 2.1.0 Sender ok
        >> RCPT TO:<dan@firma.example>
        << 250 2.1.5 Recipient ok
        >> RCPT TO:<full@firma.example>
        << 250 2.1.5 Recipient ok
        >> BDAT 3
        >> a\r\n\+
        << 250 2.0.0 3 octets received
        >> BDAT 3 LAST
        >> b\r\n\+
        << 250 2.1.5 Delivered
        << 452 4.2.2 Mailbox full
        """,
        is_lmtp=True,
    )


def test_without_chunking_it_is_a_command_not_implemented() -> None:
    world = SmallWorld(chunking=False)
    world.connect()
    assert b"CHUNKING" not in world.receive(b"EHLO x\r\n")
    assert world.receive(b"BDAT 1 LAST\r\n") == b"502 5.5.1 Command not implemented\r\n"


def test_a_chunk_that_the_world_refuses_spoils_the_transaction() -> None:
    world = SmallWorld()
    world.connect()
    world.receive(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\n")
    server = world.server
    server.receive(b"BDAT 1\r\nx")
    assert str(server.next_event()) == "BDAT 1"
    full = Reply.of(452, "4.3.1", "No room")
    assert server.refuse(full) == full
    assert world.receive(b"BDAT 1 LAST\r\ny") == b"452 4.3.1 No room\r\n"
    assert world.receive(b"MAIL FROM:<>\r\n") == b"250 2.1.0 Sender ok\r\n"


def test_what_the_sender_wants_to_hear_is_in_the_envelope() -> None:
    world = SmallWorld()
    world.connect()
    world.receive(b"EHLO x\r\nMAIL FROM:<a@b.example> RET=hdrs ENVID=QQ+2B314159 BODY=8bitmime\r\n")
    world.receive(b"RCPT TO:<dan@firma.example> NOTIFY=success,Delay ORCPT=rfc822;Dan@Firma.example\r\n")
    world.receive(b"RCPT TO:<eva@firma.example> notify=never\r\nRCPT TO:<cyril@firma.example>\r\n")
    server = world.server
    assert server.sender is not None
    envelope = envelope_of(server.sender, {rcpt.path: rcpt for rcpt in server.recipients})
    assert (envelope.ret, envelope.envid, envelope.envelope_id) == ("HDRS", "QQ+2B314159", "QQ+314159")
    assert (envelope.body, envelope.smtputf8) == ("8BITMIME", False)
    assert envelope.wishes == {
        "dan@firma.example": Wish(frozenset({"SUCCESS", "DELAY"}), "rfc822;Dan@Firma.example"),
        "eva@firma.example": Wish(frozenset()),
    }


def test_dsn_is_not_for_helo() -> None:
    play(
        """
        << 220 mx.firma.example ESMTP Service ready
        >> HELO x
        << 250 mx.firma.example
        >> MAIL FROM:<a@b.example> RET=HDRS
        << 555 5.5.4 Parameter not recognized or not implemented
        >> MAIL FROM:<a@b.example>
        << 250 2.1.0 Sender ok
        >> RCPT TO:<dan@firma.example> NOTIFY=NEVER
        << 555 5.5.4 Parameter not recognized or not implemented
        """
    )


def test_addresses_in_utf8() -> None:
    world = greeted(
        r"""
        >> MAIL FROM:<ji\xc5\x99\xc3\xad@\xc5\xbelu\xc5\xa5.example> SMTPUTF8 BODY=8BITMIME
        << 250 2.1.0 Sender ok
        >> RCPT TO:<h\xc3\xa1\xc4\x8dek@firma.example> ORCPT=utf-8;h\xc3\xa1\xc4\x8dek@firma.example
        << 250 2.1.5 Recipient ok
        >> RCPT TO:<\xff@firma.example>
        << 501 5.5.2 The command is neither ASCII nor UTF-8
        >> DATA
        << 354 Start mail input; end with <CRLF>.<CRLF>
        >> Subject: \xc5\xbe\r\n\r\n.
        << 250 2.0.0 Message accepted
        """
    )
    assert world.mails == [("jiří@žluť.example", ["háček@firma.example"], "Subject: ž\r\n\r\n".encode())]


def test_a_server_without_smtputf8() -> None:
    greeted(
        r"""
        >> MAIL FROM:<a@b.example> SMTPUTF8
        << 555 5.5.4 Parameter not recognized or not implemented
        >> MAIL FROM:<\xc5\xbe@b.example>
        << 501 5.5.2 Only ASCII is allowed in commands
        """,
        smtputf8=False,
    )


def test_vrfy_may_ask_for_utf8() -> None:
    world = SmallWorld()
    world.connect()
    server = world.server
    server.receive("EHLO x\r\nVRFY jiří SMTPUTF8\r\n".encode())
    server.next_event()
    server.accept()
    asked = server.next_event()
    assert (asked.text, asked.smtputf8) == ("jiří", True)  # type: ignore[union-attr]
    assert (
        server.accept(Reply.of(250, "2.1.5", "Jiří <jiří@firma.example>"))
        .to_bytes()
        .endswith("í@firma.example>\r\n".encode())
    )


def test_parameters_of_rcpt_come_back_as_they_were() -> None:
    text = "<a@b.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@c.example"
    rcpt = Rcpt("a@b.example", (("NOTIFY", "SUCCESS,DELAY"), ("ORCPT", "rfc822;a+2Bb@c.example")))
    assert rcpt.to_bytes() == f"RCPT TO:{text}\r\n".encode()
