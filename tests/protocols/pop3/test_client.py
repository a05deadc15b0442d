"""The POP3 client engine: against the server engine, and against servers that misbehave."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.errors import LocalProtocolError, RemoteProtocolError
from mailsim.protocols import sasl
from mailsim.protocols.pop3 import (
    Apop,
    Auth,
    AuthResponse,
    Capa,
    Challenge,
    Command,
    Dele,
    DropListing,
    Greeting,
    List,
    Noop,
    Pass,
    Pop3Client,
    Pop3Config,
    Quit,
    Reply,
    Retr,
    Rset,
    Stat,
    State,
    Stls,
    Top,
    Uidl,
    User,
    apop_digest,
    drop_listing,
    scan_listings,
    unique_ids,
)
from mailsim.protocols.pop3.parsing import parse_command
from mailsim.protocols.pop3.stuffing import ReplyBuffer, stuff
from tests.protocols.pop3.session import CHOPPERS, DOTTED, SHORT, Session, byte_by_byte, host

QUICK = settings(derandomize=True, deadline=None, max_examples=150)


class Pair:
    """A client and a server, joined."""

    def __init__(self, session: Session) -> None:
        self.session, self.client = session, Pop3Client()
        self.client.receive(session.connect())
        greeting = self.client.next_event()
        assert isinstance(greeting, Greeting)

    def ask(self, command: Command) -> Reply | Challenge:
        self.client.receive(self.session.receive(self.client.send(command).to_bytes()))
        reply = self.client.next_event()
        assert isinstance(reply, Reply | Challenge)
        assert self.client.next_event() is None
        assert self.client.state is self.session.server.state
        return reply

    def reply(self, command: Command) -> Reply:
        reply = self.ask(command)
        assert isinstance(reply, Reply)
        return reply


def logged_in(*messages: bytes, config: Pop3Config | None = None) -> Pair:
    pair = Pair(Session(host(*messages), config) if config else Session(host(*messages)))
    pair.ask(User("borek"))
    assert pair.reply(Pass("heslo")).ok
    return pair


def test_typed_replies() -> None:
    pair = logged_in(SHORT, DOTTED)
    assert drop_listing(pair.reply(Stat())) == DropListing(2, 58)
    assert scan_listings(pair.reply(List())) == {1: 22, 2: 36}
    assert scan_listings(pair.reply(List(2))) == {2: 36}
    assert unique_ids(pair.reply(Uidl())) == {1: "1.1", 2: "1.2"}
    assert unique_ids(pair.reply(Uidl(1))) == {1: "1.1"}
    assert pair.reply(Retr(2)).body == DOTTED
    assert pair.reply(Top(1, 0)).body == b"Subject: one\r\n\r\n"
    assert not pair.reply(Retr(3)).ok
    assert pair.reply(Dele(1)).ok
    assert pair.reply(Rset()).ok
    assert pair.reply(Noop()).ok
    assert pair.reply(Quit()).ok
    assert pair.client.closed


def test_apop_and_auth() -> None:
    session = Session(host(user="mrose"), timestamp="<1.2@mail.skola.example>")
    pair = Pair(session)
    assert pair.client.greeting
    digest = apop_digest(pair.client.greeting.timestamp, "tanstaaf")
    assert pair.reply(Apop("mrose", digest)).ok
    pair = Pair(Session(host()))
    mechanism = sasl.PlainClient("borek", "heslo")
    assert pair.ask(Auth("PLAIN")) == Challenge("")
    assert pair.ask(AuthResponse(sasl.encode(mechanism.respond(b"")))).fields()["status"] == "+OK"
    assert pair.client.state is State.TRANSACTION


def test_in_use() -> None:
    first = logged_in()
    second = Pair(Session(first.session.store))
    second.ask(User("borek"))
    reply = second.reply(Pass("heslo"))
    assert (reply.ok, reply.response_code) == (False, "IN-USE")
    assert reply.fields() == {
        "status": "-ERR",
        "text": "[IN-USE] another session has the maildrop",
        "code": "IN-USE",
        "bytes": 0,
    }


def test_capabilities_are_forgotten_after_stls() -> None:
    pair = Pair(Session(host(), Pop3Config("mail.skola.example", stls=True)))
    pair.ask(Capa())
    assert pair.client.capabilities is not None
    assert pair.client.capabilities["SASL"] == ("PLAIN",)
    assert pair.client.pipelining
    assert pair.reply(Stls()).ok
    pair.client.tls_started()
    assert pair.client.capabilities is None
    assert not pair.client.pipelining


def test_pipelining_needs_leave_and_keeps_the_order() -> None:
    pair = logged_in(SHORT, DOTTED)
    pair.client.send(Stat())
    with pytest.raises(LocalProtocolError, match="LIST must wait for the reply to STAT"):
        pair.client.send(List())
    pair = logged_in(SHORT, DOTTED)
    pair.ask(Capa())
    commands = [Retr(1), Retr(9), Dele(1), List(), Quit()]
    data = b"".join(pair.client.send(command).to_bytes() for command in commands)
    with pytest.raises(LocalProtocolError, match="not allowed"):
        pair.client.send(Noop())
    answers: list[Reply] = []
    for piece in byte_by_byte(pair.session.receive(data)):
        pair.client.receive(piece)
        while reply := pair.client.next_event():
            assert isinstance(reply, Reply)
            answers.append(reply)
    assert [reply.ok for reply in answers] == [True, False, True, True, True]
    assert answers[0].body == SHORT
    assert answers[3].body == b"2 36\r\n"


def test_login_in_one_go_when_the_password_is_wrong() -> None:
    pair = Pair(Session(host()))
    pair.ask(Capa())
    data = b"".join(pair.client.send(c).to_bytes() for c in (User("borek"), Pass("no"), Stat()))
    pair.client.receive(pair.session.receive(data))
    oks = [e.ok for e in iter(pair.client.next_event, None) if isinstance(e, Reply)]
    assert oks == [True, False, False]
    assert pair.client.state is State.AUTHORIZATION
    pair.client.send(User("borek"))


@pytest.mark.parametrize(
    "command",
    [User("a\r\nDELE 1"), User("žluťásek"), User("x" * 250), Stat(), Pass("x"), AuthResponse("*")],
)
def test_what_must_not_be_sent(command: Command) -> None:
    pair = Pair(Session(host()))
    with pytest.raises(LocalProtocolError, match=r"\w"):
        pair.client.send(command)


def test_nothing_before_the_greeting() -> None:
    with pytest.raises(LocalProtocolError, match="greeting"):
        Pop3Client().send(Capa())


def test_a_server_that_turns_clients_away() -> None:
    client = Pop3Client()
    client.receive(b"-ERR too busy\r\n")
    assert client.next_event() == Greeting(False, "too busy")
    assert client.closed


@pytest.mark.parametrize(
    "said",
    [
        b"ok\r\n",
        b"+ok\r\n",
        b"+OKAY\r\n",
        b"+OK\n",
        b"+ challenge\r\n",
        b"x" * 600,
        b"+OK " + b"x" * 600 + b"\r\n",
        b"+OK\r\n+OK again\r\n",
    ],
)
def test_what_no_server_may_say(said: bytes) -> None:
    for chopper in CHOPPERS:
        client = Pop3Client()
        client.receive(b"+OK ready\r\n")
        client.next_event()
        client.send(User("borek"))
        with pytest.raises(RemoteProtocolError):
            hear(client, chopper(said))


def hear(client: Pop3Client, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        client.receive(piece)
        while client.next_event():
            pass


@pytest.mark.parametrize("text", ["", "2", "two 320", "2 -1", "² 1", "2 " + "9" * 30])
def test_drop_listings_that_are_none(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        drop_listing(Reply(True, text))


def test_listings_that_are_none() -> None:
    for reply in (Reply(False, "no"), Reply(True, "x"), Reply(True, "", b"1\r\n"), Reply(True, "", b"a b\r\n")):
        with pytest.raises(RemoteProtocolError):
            scan_listings(reply)


WORD = st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
NUMBER = st.integers(0, 9_999_999_999)
COMMANDS = st.one_of(
    st.builds(User, WORD),
    st.builds(Pass, st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), min_size=1)),
    st.builds(Apop, WORD, WORD),
    st.builds(Auth, WORD.map(str.upper), st.none() | WORD),
    st.builds(List, st.none() | NUMBER),
    st.builds(Uidl, st.none() | NUMBER),
    st.builds(Retr, NUMBER),
    st.builds(Dele, NUMBER),
    st.builds(Top, NUMBER, NUMBER),
    st.sampled_from([Stat(), Rset(), Noop(), Capa(), Stls(), Quit()]),
)


@QUICK
@given(COMMANDS)
def test_commands_round_trip(command: Command) -> None:
    assert parse_command(command.to_bytes()) == command
    assert str(command) == f"{command.fields()['verb']} {command.fields()['arg']}".rstrip(" ") or isinstance(
        command, Pass
    )


LINES = st.lists(st.sampled_from([b".", b"..", b"", b".x", b"x.", b"\n.", b"\r"]), max_size=8)


@QUICK
@given(LINES.map(lambda lines: b"".join(line + b"\r\n" for line in lines)), st.sampled_from(CHOPPERS))
def test_any_body_survives_byte_stuffing(body: bytes, chopper: object) -> None:
    assert callable(chopper)
    buffer = ReplyBuffer()
    taken = None
    for piece in chopper(stuff(body) + b"+OK next\r\n"):
        buffer.feed(piece)
        taken = buffer.take_stuffed() if taken is None else taken
    assert taken == body
    assert buffer.take_line() == b"+OK next\r\n"


@QUICK
@given(st.binary(max_size=60), COMMANDS)
def test_garbage_is_a_reply_or_a_remote_protocol_error(said: bytes, command: Command) -> None:
    client = Pop3Client()
    client.receive(b"+OK\r\n")
    client.next_event()
    client.state = client._ahead = State.TRANSACTION
    try:
        client.send(command)
        client.receive(said)
        client.next_event()
    except (LocalProtocolError, RemoteProtocolError):
        return


def test_time_to_receive_grows_with_the_size() -> None:
    def work(size: int) -> float:
        pair = logged_in((b"x" * 74 + b"\r\n") * (size // 76))
        wire = pair.session.receive(pair.client.send(Retr(1)).to_bytes())
        started = time.process_time()
        for at in range(0, len(wire), 1460):
            pair.client.receive(wire[at : at + 1460])
            pair.client.next_event()
        assert pair.client._buffer._data is not None
        return time.process_time() - started

    work(100_000)
    small, large = work(1_000_000), work(10_000_000)
    assert large / small < 40, f"10 times the octets took {large / small:.0f} times as long"
