"""The dialogue of the server: order of commands, refusals with the codes of RFC 5321, extensions."""

from __future__ import annotations

import pytest

from mailsim.errors import LocalProtocolError
from mailsim.protocols.smtp import Ehlo, Reply, SmtpServer, SmtpServerConfig, State
from tests.protocols.smtp.small_world import HOST, SmallWorld, greeted, play

WITH_AUTH = {"auth_mechanisms": ("PLAIN", "LOGIN")}


def test_a_mail_as_in_appendix_d_1() -> None:
    world = play(
        """
        << 220 mx.firma.example ESMTP Service ready
        >> EHLO pc.skola.example
        << 250-mx.firma.example greets pc.skola.example
        << 250-PIPELINING
        << 250-SIZE 10240000
        << 250-ENHANCEDSTATUSCODES
        << 250-8BITMIME
        << 250-DSN
        << 250-SMTPUTF8
        << 250-CHUNKING
        << 250 HELP
        >> MAIL FROM:<alena@skola.example>
        << 250 2.1.0 Sender ok
        >> RCPT TO:<dan@firma.example>
        << 250 2.1.5 Recipient ok
        >> RCPT TO:<nobody@firma.example>
        << 550 5.1.1 No such user
        >> RCPT TO:<eva@firma.example>
        << 250 2.1.5 Recipient ok
        >> DATA
        << 354 Start mail input; end with <CRLF>.<CRLF>
        >> Subject: Ahoj
        >>
        >> ..profile
        >> .
        << 250 2.0.0 Message accepted
        >> QUIT
        << 221 2.0.0 mx.firma.example Service closing transmission channel
        """
    )
    assert world.mails == [
        ("alena@skola.example", ["dan@firma.example", "eva@firma.example"], b"Subject: Ahoj\r\n\r\n.profile\r\n")
    ]
    assert world.sizes == [len(b"Subject: Ahoj\r\n\r\n..profile\r\n.\r\n")]
    assert world.closed


def test_helo_gives_one_line_and_no_extensions() -> None:
    play(
        """
        << 220 mx.firma.example ESMTP Service ready
        >> HELO pc.skola.example
        << 250 mx.firma.example
        >> MAIL FROM:<alena@skola.example> SIZE=10
        << 555 5.5.4 Parameter not recognized or not implemented
        >> MAIL FROM:<alena@skola.example>
        << 250 2.1.0 Sender ok
        """
    )


def test_order_of_commands() -> None:
    play(
        """
        << 220 mx.firma.example ESMTP Service ready
        >> MAIL FROM:<alena@skola.example>
        << 503 5.5.1 Send EHLO first
        >> RCPT TO:<dan@firma.example>
        << 503 5.5.1 Send EHLO first
        >> DATA
        << 503 5.5.1 Send EHLO first
        >> NOOP
        << 250 2.0.0 Ok
        >> RSET
        << 250 2.0.0 Reset ok
        >> VRFY dan
        << 252 2.0.0 Cannot verify the user, but will accept the message and try
        >> QUIT
        << 221 2.0.0 mx.firma.example Service closing transmission channel
        """
    )
    greeted(
        """
        >> RCPT TO:<dan@firma.example>
        << 503 5.5.1 Send MAIL first
        >> DATA
        << 503 5.5.1 Send MAIL first
        >> MAIL FROM:<alena@skola.example>
        << 250 2.1.0 Sender ok
        >> MAIL FROM:<alena@skola.example>
        << 503 5.5.1 A mail transaction is already open
        >> DATA
        << 503 5.5.1 Send RCPT first
        >> RCPT TO:<nobody@firma.example>
        << 550 5.1.1 No such user
        >> DATA
        << 554 5.5.1 No valid recipients
        >> RCPT TO:<dan@firma.example>
        << 250 2.1.5 Recipient ok
        >> MAIL FROM:<alena@skola.example>
        << 503 5.5.1 A mail transaction is already open
        >> RSET
        << 250 2.0.0 Reset ok
        >> RCPT TO:<dan@firma.example>
        << 503 5.5.1 Send MAIL first
        """
    )


def test_ehlo_in_the_middle_resets() -> None:
    greeted(
        """
        >> MAIL FROM:<alena@skola.example>
        << 250 2.1.0 Sender ok
        >> EHLO [192.0.2.7] and some words
        << 250-mx.firma.example greets [192.0.2.7]
        << 250-ENHANCEDSTATUSCODES
        << 250 HELP
        >> RCPT TO:<dan@firma.example>
        << 503 5.5.1 Send MAIL first
        """,
        pipelining=False,
        size=False,
        eight_bit_mime=False,
        smtputf8=False,
        dsn=False,
        chunking=False,
    )


def test_a_refused_ehlo_changes_nothing_and_has_no_enhanced_code() -> None:
    greeted(
        """
        >> MAIL FROM:<alena@skola.example>
        << 250 2.1.0 Sender ok
        >> EHLO
        << 501 Bad domain name
        >> EHLO under_score..example
        << 501 Bad domain name
        >> HELO [300.1.2.3]
        << 501 Bad address literal
        >> RCPT TO:<dan@firma.example>
        << 250 2.1.5 Recipient ok
        """
    )


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("", "500 5.5.2 Command unrecognized"),
        ("HELLO there", "500 5.5.2 Command unrecognized"),
        (" NOOP", "500 5.5.2 Command unrecognized"),
        ("MAILFROM:<a@b.example>", "500 5.5.2 Command unrecognized"),
        ("LHLO a.example", "500 5.5.2 Command unrecognized"),
        ("TURN", "502 5.5.1 Command not implemented"),
        ("soml from:<a@b.example>", "502 5.5.1 Command not implemented"),
        ("EXPN list", "502 5.5.1 Command not implemented"),
        ("STARTTLS", "502 5.5.1 Command not implemented"),
        ("AUTH PLAIN", "502 5.5.1 Command not implemented"),
        ("QUIT now", "501 5.5.4 No argument is allowed here"),
        ("RSET x", "501 5.5.4 No argument is allowed here"),
        ("VRFY", "501 5.5.4 Bad or missing argument"),
        (r"VRFY d\x00n", "501 5.5.4 Bad or missing argument"),
        ("MAIL", "501 5.5.4 Write FROM:<address>"),
        ("MAIL TO:<a@b.example>", "501 5.5.4 Write FROM:<address>"),
        ("MAIL FROM: <a@b.example>", "501 5.1.7 A path stands in angle brackets"),
        ("MAIL FROM:a@b.example", "501 5.1.7 A path stands in angle brackets"),
        ("MAIL FROM:<a@b.example", "501 5.1.7 A path stands in angle brackets"),
        ("MAIL FROM:<a b@c.example>", "501 5.1.7 A mailbox is local-part@domain"),
        ("MAIL FROM:<a@b..example>", "501 5.1.7 A path stands in angle brackets"),
        ("MAIL FROM:<a@>", "501 5.1.7 Bad domain or address literal"),
        ("MAIL FROM:<a>", "501 5.1.7 A mailbox is local-part@domain"),
        ("MAIL FROM:<.a@b.example>", "501 5.1.7 Bad local part"),
        ("MAIL FROM:<a@[192.0.2.256]>", "501 5.1.7 Bad domain or address literal"),
        ("MAIL FROM:<a@b.example>SIZE=1", "501 5.1.7 Nothing may follow the closing bracket directly"),
        ("MAIL FROM:<a@b.example> SIZE=x", "501 5.5.4 SIZE is a number of at most 20 digits"),
        ("MAIL FROM:<a@b.example> SIZE", "501 5.5.4 SIZE needs a value"),
        ("MAIL FROM:<a@b.example> SIZE=1 SIZE=2", "501 5.5.4 The same parameter twice"),
        ("MAIL FROM:<a@b.example>  SIZE=1", "501 5.5.4 Bad parameter"),
        ("MAIL FROM:<a@b.example> SIZE=10240001", "552 5.3.4 Message size exceeds fixed maximum message size"),
        ("MAIL FROM:<a@b.example> BODY=BINARYMIME", "555 5.5.4 Parameter not recognized or not implemented"),
        ("MAIL FROM:<a@b.example> NOTIFY=NEVER", "555 5.5.4 Parameter not recognized or not implemented"),
        ("MAIL FROM:<a@b.example> AUTH=<>", "555 5.5.4 Parameter not recognized or not implemented"),
        (r"MAIL FROM:<\xc5\xbe@b.example>", "550 5.6.7 A sender address beyond ASCII needs MAIL with SMTPUTF8"),
        (r"MAIL FROM:<\xc5@b.example> SMTPUTF8", "501 5.5.2 The command is neither ASCII nor UTF-8"),
        (r"NOOP \xc5\xbe", "501 5.5.2 Only ASCII is allowed in commands"),
        ("MAIL FROM:<a@b.example> SMTPUTF8=1", "501 5.5.4 SMTPUTF8 has no value"),
        ("MAIL FROM:<a@b.example> RET=SOME", "501 5.5.4 RET is FULL or HDRS"),
        ("MAIL FROM:<a@b.example> RET", "501 5.5.4 RET needs a value"),
        ("MAIL FROM:<a@b.example> RET=FULL RET=FULL", "501 5.5.4 The same parameter twice"),
        ("MAIL FROM:<a@b.example> ret=hdrs envid=a+2Bb", "250 2.1.0 Sender ok"),
        ("MAIL FROM:<a@b.example> ENVID=a+2b", "501 5.5.4 ENVID is xtext of at most 100 characters"),
        ("MAIL FROM:<a@b.example> ENVID=a+07", "501 5.5.4 ENVID is xtext of at most 100 characters"),
        ("MAIL FROM:<a@b.example> ENVID=" + "x" * 100, "250 2.1.0 Sender ok"),
        ("MAIL FROM:<a@b.example> ENVID=" + "x" * 101, "501 5.5.4 ENVID is xtext of at most 100 characters"),
        (r"N\xc5\xbe", "500 5.5.2 Command unrecognized"),
        ("MAIL FROM:<" + "a" * 65 + "@b.example>", "501 5.1.7 Local part too long"),
        ("MAIL FROM:<a@" + "b." * 127 + "example>", "501 5.1.7 Path too long"),
        ("MAIL FROM:<a@" + "b" * 64 + ".example>", "501 5.1.7 Label of the domain too long"),
        ("MAIL FROM:<a@b.example> SIZE=10 BODY=8bitmime", "250 2.1.0 Sender ok"),
        ("mail from:<>", "250 2.1.0 Sender ok"),
        ("MAIL FROM:<a@b.example> \t ", "250 2.1.0 Sender ok"),
        ('MAIL FROM:<"a b>\\\\"c"@[IPv6:2001:db8::1]>', "250 2.1.0 Sender ok"),
        ("MAIL FROM:<@x.example,@y.example:a@b.example>", "250 2.1.0 Sender ok"),
        ("HELP MAIL", "214-2.0.0 Commands:\n<< 214 2.0.0 EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT"),
    ],
)
def test_a_command_after_ehlo(line: str, reply: str) -> None:
    greeted(f">> {line}\n<< {reply}\n>> NOOP anything\n<< 250 2.0.0 Ok")


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("RCPT TO:<>", "501 5.1.3 A recipient cannot be null"),
        ("RCPT TO: <dan@firma.example>", "501 5.1.3 A path stands in angle brackets"),
        ("RCPT TO:<dan>", "501 5.1.3 A mailbox is local-part@domain"),
        ("RCPT TO:<dan@firma.example> SIZE=1", "555 5.5.4 Parameter not recognized or not implemented"),
        ("RCPT TO:<dan@firma.example> NOTIFY=never", "250 2.1.5 Recipient ok"),
        ("RCPT TO:<dan@firma.example> NOTIFY=SUCCESS,failure,DELAY ORCPT=rfc822;Dan@b", "250 2.1.5 Recipient ok"),
        *(
            (
                f"RCPT TO:<dan@firma.example> NOTIFY={value}",
                "501 5.5.4 NOTIFY is NEVER, or some of SUCCESS, FAILURE, DELAY",
            )
            for value in ("NEVER,SUCCESS", "SUCCESS,", "ALWAYS", "SUCCESS,NEVER")
        ),
        *(
            (
                f"RCPT TO:<dan@firma.example> ORCPT={value}",
                "501 5.5.4 ORCPT is a type, a semicolon and an address in xtext",
            )
            for value in ("dan@firma.example", "rfc822;", ";a@b", "rfc822;a+b", "rfc822;a+0Ab", "rfc822;" + "x" * 494)
        ),
        ("RCPT TO:<dan@firma.example> ORCPT=rfc822;" + "x" * 493 + " NOTIFY=NEVER", "250 2.1.5 Recipient ok"),
        (
            r"RCPT TO:<ji\xc5\x99\xc3\xad@firma.example>",
            "553 5.6.7 A recipient address beyond ASCII needs MAIL with SMTPUTF8",
        ),
        ("RCPT TO:<PostMaster>", "250 2.1.5 Recipient ok"),
        ("rcpt to:<@relay.example:dan@firma.example>", "250 2.1.5 Recipient ok"),
    ],
)
def test_a_recipient(line: str, reply: str) -> None:
    greeted(f">> MAIL FROM:<>\n<< 250 2.1.0 Sender ok\n>> {line}\n<< {reply}")


def test_what_the_transaction_holds() -> None:
    world = SmallWorld()
    world.connect()
    world.receive(b"EHLO x\r\nMAIL FROM:<@r.example:a@b.example> SIZE=5\r\nRCPT TO:<Postmaster>\r\n")
    assert world.server.client_name == "x"
    assert world.server.sender is not None
    assert (world.server.sender.path, world.server.sender.size) == ("a@b.example", 5)
    assert [rcpt.path for rcpt in world.server.recipients] == ["Postmaster"]
    world.receive(b"RSET\r\n")
    assert world.server.sender is None
    assert world.server.recipients == []


def test_pipelining_answers_in_order() -> None:
    greeted(
        """
        >> MAIL FROM:<alena@skola.example>
        >> RCPT TO:<nobody@firma.example>
        >> RCPT TO:<dan@firma.example>
        >> DATA
        << 250 2.1.0 Sender ok
        << 550 5.1.1 No such user
        << 250 2.1.5 Recipient ok
        << 354 Start mail input; end with <CRLF>.<CRLF>
        >> text
        >> .
        >> MAIL FROM:<>
        >> RCPT TO:<nobody@firma.example>
        >> DATA
        >> QUIT
        << 250 2.0.0 Message accepted
        << 250 2.1.0 Sender ok
        << 550 5.1.1 No such user
        << 554 5.5.1 No valid recipients
        << 221 2.0.0 mx.firma.example Service closing transmission channel
        """
    )


def test_nothing_is_heard_after_quit() -> None:
    world = greeted(
        """
        >> QUIT
        >> NOOP
        << 221 2.0.0 mx.firma.example Service closing transmission channel
        """
    )
    assert world.receive(b"NOOP\r\n") == b""


def test_too_many_recipients() -> None:
    greeted(
        """
        >> MAIL FROM:<>
        >> RCPT TO:<a@firma.example>
        >> RCPT TO:<nobody@firma.example>
        >> RCPT TO:<b@firma.example>
        >> RCPT TO:<c@firma.example>
        >> DATA
        << 250 2.1.0 Sender ok
        << 250 2.1.5 Recipient ok
        << 550 5.1.1 No such user
        << 250 2.1.5 Recipient ok
        << 452 4.5.3 Too many recipients
        << 354 Start mail input; end with <CRLF>.<CRLF>
        """,
        max_recipients=2,
    )


def test_without_enhanced_codes() -> None:
    greeted(
        """
        >> MAIL FROM:<>
        << 250 Sender ok
        >> RCPT TO:<nobody@firma.example>
        << 550 No such user
        >> TURN
        << 502 Command not implemented
        """,
        enhanced_status_codes=False,
    )


def test_turned_away() -> None:
    server = SmtpServer(SmtpServerConfig(hostname=HOST))
    assert server.greeting(Reply(554, (f"{HOST} No SMTP service here",))).to_bytes().startswith(b"554 mx.")
    assert server.state is State.TURNED_AWAY
    server.receive(b"EHLO x\r\nQUIT\r\n")
    refused = server.next_event()
    assert refused is not None
    assert refused.reply.code == 503  # type: ignore[union-attr]
    server.next_event()
    assert server.accept().code == 221
    assert server.is_closed


def test_shut_down_at_any_time() -> None:
    world = SmallWorld()
    world.connect()
    world.receive(b"EHLO x\r\nMAIL FROM:<>\r\n")
    assert world.server.shut_down().to_bytes() == (
        b"421 4.3.2 mx.firma.example Service closing transmission channel\r\n"
    )
    assert world.server.is_closed
    assert world.receive(b"NOOP\r\n") == b""


def test_421_as_an_answer_closes() -> None:
    server = SmtpServer(SmtpServerConfig(hostname=HOST))
    server.greeting()
    server.receive(b"EHLO x\r\nNOOP\r\n")
    server.next_event()
    server.refuse(Reply.of(421, "4.7.0", "Come back later"))
    assert server.is_closed
    assert server.next_event() is None


def test_starttls_throws_away_plaintext() -> None:
    server = SmtpServer(SmtpServerConfig(hostname=HOST, starttls=True, require_tls=True))
    server.greeting()
    server.receive(b"EHLO x\r\nMAIL FROM:<>\r\nSTARTTLS\r\nRSET\r\n")
    server.next_event()
    assert "STARTTLS" in server.accept().lines
    refused = server.next_event()
    assert str(refused.reply) == "530 5.7.0 Must issue a STARTTLS command first"  # type: ignore[union-attr]
    server.next_event()
    assert server.accept().code == 220
    assert server.state is State.STARTING_TLS
    assert server.next_event() is None, "what came before the handshake must not run"
    assert server.reset_after_tls() == len(b"RSET\r\n")
    assert server.client_name == ""
    server.receive(b"NOOP\r\nMAIL FROM:<>\r\nEHLO x\r\nSTARTTLS\r\n")
    server.next_event()
    server.accept()
    assert server.next_event().reply.code == 503  # type: ignore[union-attr]
    assert isinstance(server.next_event(), Ehlo)
    assert "STARTTLS" not in server.accept().lines
    assert str(server.next_event().reply) == "503 5.5.1 TLS is already active"  # type: ignore[union-attr]


def test_require_tls_refuses_all_but_a_few() -> None:
    greeted(
        """
        >> HELO x
        << 530 Must issue a STARTTLS command first
        >> RSET
        << 530 5.7.0 Must issue a STARTTLS command first
        >> NOOP
        << 250 2.0.0 Ok
        """,
        starttls=True,
        require_tls=True,
    )


def test_wrong_use_raises() -> None:
    server = SmtpServer(SmtpServerConfig(hostname=HOST))
    assert server.next_event() is None
    with pytest.raises(LocalProtocolError):
        server.accept()
    server.greeting()
    with pytest.raises(LocalProtocolError):
        server.greeting()
    server.receive(b"EHLO x\r\n")
    server.next_event()
    with pytest.raises(LocalProtocolError, match="no answer yet"):
        server.next_event()
    for wrong in (Reply(354), Reply(550)):
        with pytest.raises(LocalProtocolError):
            server.accept(wrong)
    for wrong in (Reply(250), Reply(354)):
        with pytest.raises(LocalProtocolError):
            server.refuse(wrong)
    with pytest.raises(LocalProtocolError):
        server.auth_accept()
    with pytest.raises(LocalProtocolError):
        server.accept_content([Reply(250)])
    with pytest.raises(LocalProtocolError):
        server.reset_after_tls()
    assert server.accept().code == 250, "and the question is still open"


def test_an_enhanced_code_must_agree_and_is_never_missing() -> None:
    server = SmtpServer(SmtpServerConfig(hostname=HOST))
    server.greeting()
    server.receive(b"EHLO x\r\nNOOP\r\nNOOP\r\n")
    server.next_event()
    server.accept()
    server.next_event()
    assert server.refuse(Reply(451, ("Wait",))).to_bytes() == b"451 4.0.0 Wait\r\n"
    server.next_event()
    with pytest.raises(LocalProtocolError):
        server.refuse(Reply.of(550, "4.1.1", "No"))


def test_a_refusal_for_policy_leaves_data_open() -> None:
    server = SmtpServer(SmtpServerConfig(hostname=HOST))
    server.greeting()
    server.receive(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n")
    for _ in range(3):
        server.next_event()
        server.accept()
    server.next_event()
    with pytest.raises(LocalProtocolError):
        server.accept(Reply(250))
    assert server.refuse(Reply.of(451, "4.3.0", "Not now")).code == 451
    assert server.state is State.HAS_RECIPIENT
