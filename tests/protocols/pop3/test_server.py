"""The POP3 server engine, by transcripts: each runs whole, byte by byte and chopped."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.errors import LocalProtocolError
from mailsim.protocols.pop3 import (
    Answered,
    ApopLogin,
    Drop,
    Login,
    Pop3Config,
    Pop3Server,
    Refused,
    Retrieve,
    State,
    Update,
)
from mailsim.protocols.sasl import Password
from tests.protocols.pop3.session import CONFIG, DOTTED, SHORT, Session, byte_by_byte, host, play, whole

GREETING = "<< +OK mail.skola.example POP3 server ready\n"


def test_a_session_from_greeting_to_goodbye() -> None:
    transcript = """
        << +OK mail.skola.example POP3 server ready
        >> USER borek
        << +OK send PASS
        >> PASS heslo
        << +OK maildrop has 2 messages (58 octets)
        >> STAT
        << +OK 2 58
        >> LIST
        << +OK 2 messages (58 octets)
        << 1 22
        << 2 36
        << .
        >> LIST 2
        << +OK 2 36
        >> UIDL
        << +OK unique-id listing follows
        << 1 1.1
        << 2 1.2
        << .
        >> uidl 1
        << +OK 1 1.1
        >> RETR 2
        << +OK 36 octets
        << Subject: two
        <<
        << ..
        << ...
        << ..line
        << last
        << .
        >> DELE 1
        << +OK message 1 deleted
        >> STAT
        << +OK 1 36
        >> LIST
        << +OK 1 message (36 octets)
        << 2 36
        << .
        >> NOOP
        << +OK
        >> QUIT
        << +OK mail.skola.example POP3 server signing off (1 left)
    """
    session = play(transcript, lambda: Session(host(SHORT, DOTTED)))
    assert session.closed
    assert session.account
    assert session.account.inbox.uids() == [2]


def test_apop_with_the_rfcs_own_example() -> None:
    stamp = "<1896.697170952@dbc.mtview.ca.us>"
    transcript = f"""
        << +OK mail.skola.example POP3 server ready {stamp}
        >> APOP mrose c4c9334bac560ecc979e58001b3e22f0
        << -ERR [AUTH] wrong user or password
        >> APOP mrose c4c9334bac560ecc979e58001b3e22fb
        << +OK maildrop has 0 messages (0 octets)
        >> LIST
        << +OK 0 messages (0 octets)
        << .
        >> QUIT
        << +OK mail.skola.example POP3 server signing off (maildrop empty)
    """
    session = play(transcript, lambda: Session(host(user="mrose"), timestamp=stamp))
    assert [type(e) for e in session.events[:2]] == [ApopLogin, ApopLogin]


def test_auth_plain() -> None:
    session = Session(host())
    session.connect()
    assert session.receive(b"AUTH CRAM-MD5\r\n") == b"-ERR unknown authentication mechanism\r\n"
    assert session.receive(b"AUTH PLAIN\r\n*\r\n") == b"+ \r\n-ERR authentication cancelled\r\n"
    assert session.receive(b"auth plain\r\nnot base64\r\n") == b"+ \r\n-ERR this is not base64\r\n"
    assert session.receive(b"AUTH PLAIN AGJvcmVrAGhlc2xvIQ==\r\n").startswith(b"-ERR [AUTH]")
    assert session.receive(b"AUTH PLAIN\r\nAGJvcmVrAGhlc2xv\r\n") == b"+ \r\n+OK maildrop has 0 messages (0 octets)\r\n"
    assert session.events[-1] == Login(Password("borek", "heslo"), "PLAIN")


def test_capabilities() -> None:
    config = Pop3Config(
        "mail.skola.example",
        ("PLAIN", "LOGIN"),
        stls=True,
        implementation="mailsim",
        more_capabilities=("EXPIRE NEVER",),
    )
    session = Session(host(), config)
    session.connect()
    before = session.receive(b"CAPA\r\n").decode().split("\r\n")
    assert before == [
        "+OK capability list follows",
        "TOP",
        "UIDL",
        "RESP-CODES",
        "AUTH-RESP-CODE",
        "PIPELINING",
        "USER",
        "SASL PLAIN LOGIN",
        "STLS",
        "UTF8",
        "IMPLEMENTATION mailsim",
        "EXPIRE NEVER",
        ".",
        "",
    ]
    session.receive(b"USER borek\r\nPASS heslo\r\n")
    after = session.receive(b"CAPA\r\n").decode().split("\r\n")
    assert [line for line in before if line not in after] == ["STLS"]


def test_passwords_wait_for_tls_where_the_server_wants_it() -> None:
    session = Session(host(), Pop3Config("mail.skola.example", stls=True, cleartext_login=False))
    session.connect()
    assert b"USER" not in session.receive(b"CAPA\r\n")
    assert session.receive(b"USER borek\r\n") == b"-ERR begin TLS first\r\n"
    assert session.receive(b"AUTH PLAIN AGJvcmVrAGhlc2xv\r\n") == b"-ERR begin TLS first\r\n"
    assert session.receive(b"STLS\r\n") == b"+OK begin TLS negotiation\r\n"
    assert session.receive(b"STLS\r\n") == b"-ERR TLS is active\r\n"
    assert b"USER" in session.receive(b"CAPA\r\n")


def test_what_came_in_the_clear_after_stls_is_thrown_away() -> None:
    session = Session(host(SHORT), Pop3Config("mail.skola.example", stls=True))
    session.connect()
    assert session.receive(b"STLS\r\nUSER borek\r\nPASS heslo\r\n") == b"+OK begin TLS negotiation\r\n"
    assert session.server.state is State.AUTHORIZATION


def test_wrong_state() -> None:
    play(
        GREETING
        + """
        >> STAT
        << -ERR STAT is not allowed now (AUTHORIZATION)
        >> PASS heslo
        << -ERR PASS is not allowed now (AUTHORIZATION)
        >> STLS
        << -ERR TLS is not offered
        >> APOP borek 00
        << -ERR APOP is not offered
        >> USER borek
        << +OK send PASS
        >> LIST
        << -ERR LIST is not allowed now (AUTHORIZATION, waiting for PASS)
        >> PASS wrong
        << -ERR [AUTH] wrong user or password
        >> PASS heslo
        << -ERR PASS is not allowed now (AUTHORIZATION)
        >> USER borek
        << +OK send PASS
        >> PASS heslo
        << +OK maildrop has 0 messages (0 octets)
        >> USER borek
        << -ERR USER is not allowed now (TRANSACTION)
        """,
        lambda: Session(host()),
    )


def test_quit_before_login_ends_without_update() -> None:
    session = play(
        GREETING + ">> QUIT\n<< +OK mail.skola.example POP3 server signing off\n>> NOOP\n", lambda: Session(host())
    )
    assert session.closed


def test_a_password_may_have_spaces() -> None:
    server = Pop3Server(CONFIG)
    server.greeting()
    server.receive(b"USER a\r\nPASS two  words \r\n")
    server.next_event()
    assert server.next_event() == Login(Password("a", "two  words "))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("", "unknown command"),
        ("XYZZY", "unknown command"),
        (" STAT", "unknown command"),
        ("STAT ", "this command has no argument"),
        ("STAT 1", "this command has no argument"),
        ("RETR", "a message number is missing or is not a number"),
        ("RETR x", "a message number is missing or is not a number"),
        ("RETR -1", "a message number is missing or is not a number"),
        ("RETR 1 2", "a message number is missing or is not a number"),
        ("RETR  1", "a message number is missing or is not a number"),
        ("RETR 99999999999", "a message number is missing or is not a number"),
        ("LIST ", "a message number is missing or is not a number"),
        ("TOP 1", "this command has exactly two arguments"),
        ("TOP 1 x", "a message number is missing or is not a number"),
        ("TOP 3 0", "no such message, only 2 messages in maildrop"),
        ("RETR 0", "no such message, only 2 messages in maildrop"),
        ("LIST 3", "no such message, only 2 messages in maildrop"),
        ("UIDL 3", "no such message, only 2 messages in maildrop"),
        ("DELE 3", "no such message, only 2 messages in maildrop"),
        ("RETR \u0661", "only printable ASCII is allowed"),
        ("ST\tAT", "only printable ASCII is allowed"),
        ("PASS p\u0159", "only printable ASCII is allowed"),
        ("AUTH PLAIN", "AUTH is not allowed now (TRANSACTION)"),
    ],
)
def test_refused_lines(line: str, text: str) -> None:
    session = logged_in_session()
    assert session.receive(line.encode() + b"\r\n").decode() == f"-ERR {text}\r\n"
    assert isinstance(session.events[-1], Refused)


def logged_in_session(*messages: bytes) -> Session:
    session = Session(host(*(messages or (SHORT, DOTTED))))
    session.connect()
    session.receive(b"USER borek\r\nPASS heslo\r\n")
    return session


@pytest.mark.parametrize("line", ["USER", "USER ", "USER a b", "PASS", "PASS ", "AUTH", "AUTH A b c"])
def test_one_argument(line: str) -> None:
    session = Session(host())
    session.connect()
    assert session.receive(line.encode() + b"\r\n") == b"-ERR this command has exactly one argument\r\n"


def test_marked_messages_are_gone_for_the_session_until_rset() -> None:
    session = logged_in_session()
    assert session.receive(b"DELE 1\r\n") == b"+OK message 1 deleted\r\n"
    for verb in (b"DELE 1", b"RETR 1", b"LIST 1", b"UIDL 1", b"TOP 1 0"):
        assert session.receive(verb + b"\r\n") == b"-ERR message 1 already deleted\r\n"
    assert session.receive(b"UIDL\r\n") == b"+OK unique-id listing follows\r\n2 1.2\r\n.\r\n"
    assert session.receive(b"RSET\r\nSTAT\r\n") == b"+OK maildrop has 2 messages (58 octets)\r\n+OK 2 58\r\n"


def test_without_quit_nothing_is_removed() -> None:
    session = logged_in_session()
    session.receive(b"DELE 1\r\nDELE 2\r\n")
    session.hang_up()
    assert session.account
    assert len(session.account.inbox) == 2


def test_the_second_session_finds_the_maildrop_in_use() -> None:
    first = logged_in_session()
    second = Session(first.store, name="c2")
    second.connect()
    assert second.receive(b"USER borek\r\nPASS heslo\r\n").endswith(
        b"-ERR [IN-USE] another session has the maildrop\r\n"
    )
    first.receive(b"QUIT\r\n")
    assert second.receive(b"USER borek\r\nPASS heslo\r\n").endswith(b"+OK maildrop has 2 messages (58 octets)\r\n")


def test_what_arrives_during_a_session_is_for_the_next_one() -> None:
    session = logged_in_session()
    assert session.account
    session.account.append("INBOX", SHORT, 0)
    assert session.receive(b"STAT\r\n") == b"+OK 2 58\r\n"


@pytest.mark.parametrize(
    ("lines", "octets", "expected"),
    [
        (0, 16, b"Subject: two\r\n\r\n"),
        (2, 23, b"Subject: two\r\n\r\n..\r\n...\r\n"),
        (99, 36, b"Subject: two\r\n\r\n..\r\n...\r\n..line\r\nlast\r\n"),
    ],
)
def test_top(lines: int, octets: int, expected: bytes) -> None:
    session = logged_in_session()
    said = session.receive(f"TOP 2 {lines}\r\n".encode())
    assert said == b"+OK %d octets of the top follow\r\n" % octets + expected + b".\r\n"
    assert session.events[-1] == Retrieve(2, "1.2", lines)


def test_top_of_a_message_that_is_all_header() -> None:
    assert logged_in_session(b"A: b\r\n").receive(b"TOP 1 0\r\n").endswith(b"\r\nA: b\r\n.\r\n")


def test_size_counts_the_line_end_that_the_wire_adds_and_no_stuffing() -> None:
    session = logged_in_session(b".no line end")
    assert session.receive(b"LIST 1\r\n") == b"+OK 1 14\r\n"
    assert session.receive(b"RETR 1\r\n") == b"+OK 14 octets\r\n..no line end\r\n.\r\n"


@pytest.mark.parametrize("chopper", [whole, byte_by_byte])
def test_a_line_without_end_is_refused_once_and_fills_no_memory(chopper: object) -> None:
    assert callable(chopper)
    session = Session(host())
    session.connect()
    said = b"".join(session.receive(piece) for piece in chopper(b"X" * 3000))
    assert said == b"-ERR line too long\r\n"
    assert len(session.server._lines) == 0
    assert session.receive(b"XX\r\nCAPA\r\n").startswith(b"+OK capability")


def test_the_longest_line_is_255_octets() -> None:
    session = Session(host())
    session.connect()
    assert session.receive(b"USER " + b"x" * 248 + b"\r\n") == b"+OK send PASS\r\n"
    assert session.receive(b"PASS " + b"x" * 249 + b"\r\n") == b"-ERR line too long\r\n"


def test_a_bare_line_feed_ends_no_command() -> None:
    session = Session(host())
    session.connect()
    assert session.receive(b"CAPA\n") == b"-ERR a line ends in CR LF\r\n"


class TestLegality:
    """Misuse by our own side raises."""

    def test_events_come_after_the_greeting(self) -> None:
        with pytest.raises(LocalProtocolError, match="greet first"):
            Pop3Server(CONFIG).next_event()

    def test_only_one_greeting(self) -> None:
        server = Pop3Server(CONFIG)
        server.greeting()
        with pytest.raises(LocalProtocolError, match="already"):
            server.greeting()

    def test_a_question_is_answered_before_the_next(self) -> None:
        server = asked(b"USER a\r\nPASS b\r\nSTAT\r\n")
        with pytest.raises(LocalProtocolError, match="PASS is not answered"):
            server.next_event()
        with pytest.raises(LocalProtocolError, match="no open question"):
            server.content(b"")
        server.open_maildrop([])
        assert isinstance(server.next_event(), Answered)
        with pytest.raises(LocalProtocolError, match="no open question"):
            server.refuse("nothing")

    def test_unique_ids_are_printable(self) -> None:
        with pytest.raises(LocalProtocolError, match="unique-id"):
            asked(b"USER a\r\nPASS b\r\n").open_maildrop([Drop("a b", 1)])

    @pytest.mark.parametrize("text", ["a\r\nb", "ž", "x" * 600])
    def test_texts_that_cannot_be_sent(self, text: str) -> None:
        with pytest.raises(LocalProtocolError, match="text of a reply"):
            asked(b"USER a\r\nPASS b\r\n").refuse(text)

    def test_a_quit_that_fails_is_the_end_too(self) -> None:
        server = asked(b"USER a\r\nPASS b\r\n")
        server.open_maildrop([Drop("1", 1)])
        server.receive(b"DELE 1\r\nQUIT\r\n")
        server.next_event()
        assert server.next_event() == Update(("1",))
        assert str(server.refuse("some deleted messages not removed")) == "-ERR some deleted messages not removed"
        assert server.closed


def asked(data: bytes) -> Pop3Server:
    """A server that waits for the answer to a login."""
    server = Pop3Server(CONFIG)
    server.greeting()
    server.receive(data)
    server.next_event()
    assert isinstance(server.next_event(), Login)
    return server


WORDS = st.sampled_from(
    [
        "USER",
        "PASS",
        "borek",
        "heslo",
        "AUTH",
        "PLAIN",
        "LIST",
        "RETR",
        "DELE",
        "TOP",
        "UIDL",
        "STAT",
        "RSET",
        "CAPA",
        "1",
        "2",
        "3",
        "-1",
        "*",
        "=",
        "\r\n",
        "\n",
        "\x00",
        "ÿ",
    ]
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(WORDS | st.just("\r\n") | st.text(max_size=5), max_size=30))
def test_garbage_is_always_answered_and_never_raises(words: list[str]) -> None:
    session = Session(host(SHORT))
    session.connect()
    said = session.receive(" ".join(words).encode("utf-8", "replace") + b"\r\n")
    assert said.startswith((b"+", b"-ERR"))
    again = Session(host(SHORT))
    again.connect()
    data = " ".join(words).encode("utf-8", "replace") + b"\r\n"
    assert b"".join(again.receive(piece) for piece in byte_by_byte(data)) == said


def test_utf8_is_said_before_logging_in() -> None:
    session = Session(host(SHORT))
    session.connect()
    assert session.receive(b"UTF8\r\n").startswith(b"+OK")
    assert session.server.utf8
    session.receive(b"USER borek\r\nPASS heslo\r\n")
    assert session.receive(b"UTF8\r\n").startswith(b"-ERR")
    silent = Session(host(SHORT), Pop3Config("mail.skola.example", utf8=False))
    silent.connect()
    assert silent.receive(b"UTF8\r\n").startswith(b"-ERR")


def test_too_many_errors_end_the_session_without_update() -> None:
    store = host(SHORT, DOTTED)
    session = Session(store, Pop3Config("mail.skola.example", max_errors=3))
    session.connect()
    session.receive(b"USER borek\r\nPASS heslo\r\nDELE 1\r\n")
    assert session.receive(b"A\r\nB\r\nC\r\nSTAT\r\n").count(b"-ERR") == 3
    assert session.server.closed
    account = store.account("borek")
    assert account is not None
    assert len(account.inbox) == 2
