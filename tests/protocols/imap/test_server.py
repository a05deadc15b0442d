"""The server engine: limits, order of calls, TLS, garbage."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.errors import LocalProtocolError
from mailsim.protocols.imap import (
    Append,
    Authenticate,
    Command,
    Continuation,
    Done,
    Idle,
    ImapServer,
    ImapServerConfig,
    Login,
    Noop,
    ReadyForLiteral,
    Refused,
    SaslResponse,
    Select,
    StartTls,
    Store,
)
from mailsim.protocols.imap._states import NEXT, State
from mailsim.protocols.imap.commands import Logout
from tests.agents.imap_wire import ImapWorld


def greeted(**config: object) -> ImapServer:
    server = ImapServer(ImapServerConfig("mail.skola.example", **config))  # type: ignore[arg-type]
    server.greeting()
    return server


def logged_in(**config: object) -> ImapServer:
    server = ImapServer(ImapServerConfig("mail.skola.example", **config))  # type: ignore[arg-type]
    server.greeting(preauth=True)
    return server


def refusal(server: ImapServer) -> str:
    event = server.next_event()
    assert isinstance(event, Refused)
    return str(event.reply)


def test_a_line_without_end_is_refused_once_and_not_kept():
    server = greeted()
    tracemalloc.start()
    server.receive(b"a1 LOGIN ")
    for _ in range(1000):
        server.receive(b"x" * 10_000)
        assert server.next_event() is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300_000
    server.receive(b"\r\na2 NOOP\r\n")
    assert refusal(server) == "a1 BAD Command line too long"
    assert server.next_event() == Noop()


def test_a_long_line_that_comes_at_once_is_refused_too():
    server = greeted(line_limit=100)
    server.receive(b"a1 LOGIN dan " + b"x" * 100 + b"\r\na2 NOOP\r\n")
    assert refusal(server) == "a1 BAD Command line too long"
    assert server.next_event() == Noop()


def test_many_short_lines_between_literals_count_together():
    server = greeted(line_limit=100)
    server.receive(b"a1 LOGIN" + b" {1+}\r\nx" * 50 + b"\r\na2 NOOP\r\n")
    assert refusal(server) == "a1 BAD Command line too long"
    assert server.next_event() == Noop()


def test_all_literals_of_a_command_count_together():
    server = greeted(literal_limit=10)
    server.receive(b"a1 LOGIN {6+}\r\n123456 {6+}\r\n123456\r\na2 NOOP\r\n")
    assert refusal(server) == "a1 BAD [TOOBIG] Literal too large"
    assert server.next_event() == Noop()
    server.ok()
    server.receive(b"a3 LOGIN {6+}\r\n123456 {4+}\r\n1234\r\n")
    assert server.next_event() == Login("123456", "1234")


def test_an_unwanted_literal_that_comes_all_the_same_is_passed_over():
    server = logged_in(append_limit=1000)
    server.receive(b"a1 APPEND Sent {1000000+}\r\n")
    for _ in range(1000):
        server.receive(b"a9 LOGOUT\r\n" + b"x" * 989)
        assert server.next_event() is None
        assert len(server._reader.buffer) == 0
    server.receive(b"\r\na2 NOOP\r\n")
    assert refusal(server) == "a1 NO [TOOBIG] Literal too large"
    assert server.next_event() == Noop()


def test_an_unwanted_literal_that_waits_is_refused_at_once():
    server = logged_in(append_limit=1000)
    server.receive(b"a1 APPEND Sent {1001}\r\n")
    assert refusal(server) == "a1 NO [TOOBIG] Literal too large"
    server.receive(b"a2 APPEND Sent {1000}\r\n")
    assert server.next_event() == ReadyForLiteral(1000, Continuation("Ready for literal data"))
    server.receive(b"y" * 1000 + b"\r\n")
    assert server.next_event() == Append("Sent", b"y" * 1000)


@pytest.mark.parametrize(("literals", "octets"), [("LITERAL-", 4096), ("", 0)])
def test_uninvited_literals_as_far_as_announced(literals: str, octets: int):
    server = logged_in(literals=literals)
    server.receive(b"a1 APPEND Sent {%d+}\r\n%b\r\n" % (octets, b"x" * octets))
    assert server.next_event() == Append("Sent", b"x" * octets)
    server.ok()
    server.receive(b"a2 APPEND Sent {%d+}\r\n%b\r\n" % (octets + 1, b"x" * (octets + 1)))
    assert refusal(server) == "a2 NO [TOOBIG] Literal too large"


def test_bare_line_feeds_are_refused():
    server = greeted()
    server.receive(b"a1 NOOP\na2 NOOP\r\n")
    assert refusal(server) == "a1 BAD Lines must end with CR LF"
    assert server.next_event() == Noop()


def test_each_command_is_answered_before_the_next_is_read():
    server = greeted()
    server.receive(b"a1 NOOP\r\na2 LOGIN dan heslo\r\n")
    assert server.next_event() == Noop()
    with pytest.raises(LocalProtocolError):
        server.next_event()
    assert str(server.ok("done")) == "a1 OK done"
    assert server.next_event() == Login("dan", "heslo")
    assert server.tag == "a2"


def test_wrong_use_is_a_local_error():
    server = ImapServer(ImapServerConfig("mail.skola.example"))
    with pytest.raises(LocalProtocolError):
        server.bye()
    server.greeting()
    for wrong in (server.greeting, server.ok, server.challenge, server.idling, server.tls_started):
        with pytest.raises(LocalProtocolError):
            wrong()
    server.receive(b"a1 NOOP\r\n")
    server.next_event()
    for text in ("two\r\nlines", "čeština", "[looks like a code]"):
        with pytest.raises(LocalProtocolError):
            server.no(text)


def test_starttls_forgets_what_was_sent_in_the_clear():
    server = greeted(starttls=True, plaintext_login=False)
    server.receive(b"a1 STARTTLS\r\na2 LOGIN mallory x\r\n")
    assert server.next_event() == StartTls()
    server.ok()
    assert server.next_event() is None
    assert server.tls_started() == len(b"a2 LOGIN mallory x\r\n")
    assert "STARTTLS" not in server.capabilities
    assert "AUTH=PLAIN" in server.capabilities
    server.receive(b"a3 STARTTLS\r\na4 LOGIN dan heslo\r\n")
    assert refusal(server) == "a3 BAD TLS is already active"
    assert server.next_event() == Login("dan", "heslo")


def test_idle_ends_with_done_and_with_nothing_else():
    server = logged_in()
    server.receive(b"a1 IDLE\r\ndone\r\n")
    assert server.next_event() == Idle()
    assert str(server.idling()) == "+ idling"
    assert server.expunge_allowed
    assert server.next_event() == Done()
    server.ok()
    server.receive(b"a2 IDLE\r\na3 NOOP\r\na4 NOOP\r\n")
    server.next_event()
    server.idling()
    assert refusal(server) == "a2 BAD Expected DONE"
    assert server.next_event() == Noop()


def test_a_sasl_exchange_of_several_steps():
    server = greeted()
    server.receive(b"a1 AUTHENTICATE LOGIN\r\nZGFu\r\n\r\n")
    assert server.next_event() == Authenticate("LOGIN")
    assert server.challenge(b"Username:").to_bytes() == b"+ VXNlcm5hbWU6\r\n"
    assert server.next_event() == SaslResponse(b"dan")
    server.challenge(b"Password:")
    with pytest.raises(LocalProtocolError):
        server.ok()
    assert server.next_event() == SaslResponse(b"")
    assert str(server.no("Wrong", "AUTHENTICATIONFAILED")) == "a1 NO [AUTHENTICATIONFAILED] Wrong"
    assert server.state is State.NOT_AUTHENTICATED


def test_a_failed_select_leaves_the_old_mailbox():
    server = logged_in()
    server.receive(b"a1 SELECT one\r\na2 SELECT two\r\n")
    assert server.next_event() == Select("one")
    server.ok()
    assert server.state is State.SELECTED
    server.next_event()
    server.no("No such mailbox")
    assert server.state is State.AUTHENTICATED


def test_nothing_is_read_after_bye():
    server = greeted()
    server.receive(b"a1 LOGOUT\r\na2 NOOP\r\n")
    assert isinstance(server.next_event(), Logout)
    server.bye()
    server.ok()
    assert server.closed
    server.receive(b"a3 NOOP\r\n")
    assert server.next_event() is None


def test_a_server_may_hang_up_by_itself():
    server = greeted()
    assert server.bye("Autologout").to_bytes() == b"* BYE Autologout\r\n"
    assert server.closed


def test_expunge_is_forbidden_by_number_only():
    for line, allowed in ((b"STORE 1 FLAGS ()", False), (b"UID STORE 1 FLAGS ()", True), (b"COPY 1 x", True)):
        server = logged_in()
        server.receive(b"a1 SELECT x\r\na2 " + line + b"\r\n")
        server.next_event()
        assert server.expunge_allowed
        server.ok()
        assert not server.expunge_allowed
        assert isinstance(server.next_event(), Command)
        assert server.expunge_allowed is allowed


def test_every_command_is_legal_somewhere_and_none_before_the_greeting():
    kinds = {kind for _, kind in NEXT}
    assert len(kinds) == 33
    assert Store in kinds
    assert not any(state in {State.GREETING, State.LOGOUT} for state, _ in NEXT)


WORDS = [
    *(b"a1", b" ", b"\r\n", b"\n", b"LOGIN", b"SELECT", b"INBOX", b"FETCH", b"UID", b"SEARCH", b"STORE", b"APPEND"),
    *(b"1:*", b"(", b")", b"{3}", b"{3+}\r\nabc", b'"', b"\\", b"\\Seen", b"BODY[", b"]", b"<0.1>", b"NOT", b"OR"),
    *(b"&", b"-", b"\x00", b"\xff", b"IDLE", b"DONE", b"AUTHENTICATE PLAIN", b"=", b"*", b"LIST", b"CHARSET UTF-8"),
    *(b"LOGIN dan heslo\r\n", b"a2 SELECT INBOX\r\n", b"a3 IDLE\r\n", b"+FLAGS", b"LOGOUT"),
]


@settings(derandomize=True, deadline=None, max_examples=250)
@given(st.lists(st.sampled_from(WORDS) | st.binary(max_size=5), max_size=40))
def test_garbage_raises_nothing(words: list[bytes]):
    server = ImapWorld().unconnected()
    server.connect()
    for word in words:
        server.receive(word)
    rest = server.receive(b"\r\n\r\n\r\n")
    assert rest == b"" or rest.endswith(b"\r\n")


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(WORDS), max_size=25), st.integers(1, 7))
def test_chopping_changes_nothing(words: list[bytes], size: int):
    data = b"x1 LOGIN dan heslo\r\n" + b"".join(words) + b"\r\n"
    whole, chopped = ImapWorld().unconnected(), ImapWorld().unconnected()
    whole.connect(), chopped.connect()
    expected = whole.receive(data)
    assert b"".join(chopped.receive(data[i : i + size]) for i in range(0, len(data), size)) == expected


def test_a_large_append_in_small_pieces_takes_linear_time():
    def seconds(size: int) -> float:
        server = logged_in()
        server.receive(b"a1 APPEND Sent {%d+}\r\n" % size)
        start = time.process_time()
        for _ in range(size // 1000):
            server.receive(b"x" * 1000)
            assert server.next_event() is None
        server.receive(b"\r\n")
        assert isinstance(server.next_event(), Append)
        return time.process_time() - start

    best = {size: min(seconds(size) for _ in range(3)) for size in (1_000_000, 8_000_000)}
    assert best[8_000_000] < 40 * best[1_000_000]
