"""The client engine: tags, literals that wait, legality, what servers may send, and both engines together."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.errors import LocalProtocolError, RemoteProtocolError
from mailsim.protocols.imap import (
    ALL,
    BODYSTRUCTURE,
    Append,
    Authenticate,
    Body,
    Capability,
    Command,
    Condition,
    Continuation,
    Copy,
    Exists,
    Expunge,
    Expunged,
    Fetch,
    FetchData,
    Greeting,
    Idle,
    ImapClient,
    ImapClientConfig,
    List,
    ListData,
    Login,
    Logout,
    Noop,
    OtherData,
    Response,
    Search,
    SearchData,
    Section,
    Select,
    SequenceSet,
    StartTls,
    State,
    Store,
    StoreMode,
    Tagged,
    keys,
)
from tests.agents.imap_wire import ImapWorld
from tests.mail.test_mime import CORPUS


def greeted(capabilities: str = "IMAP4rev1") -> ImapClient:
    client = ImapClient()
    client.receive(f"* OK [CAPABILITY {capabilities}] hello\r\n".encode())
    assert client.next_event() == Greeting("OK", "hello", f"CAPABILITY {capabilities}")
    return client


def preauth(capabilities: str = "IMAP4rev1") -> ImapClient:
    client = ImapClient()
    client.receive(f"* PREAUTH [CAPABILITY {capabilities}] hello\r\n".encode())
    client.next_event()
    return client


def selected() -> ImapClient:
    client = preauth()
    client.send(Select("INBOX"))
    client.receive(b"a1 OK [READ-WRITE] done\r\n")
    assert client.next_event() == Tagged("a1", "OK", "done", "READ-WRITE")
    assert client.state is State.SELECTED
    return client


def test_a_literal_waits_to_be_invited():
    client = preauth()
    request = client.send(Append("Odeslané", b"mail", ("\\Seen",)))
    assert request.to_bytes() == b"a1 APPEND Odeslan&AOk- (\\Seen) {4}\r\n"
    assert request.fields() == {"tag": "a1", "verb": "APPEND", "arg": "Odeslan&AOk- (\\Seen) {4}"}
    with pytest.raises(LocalProtocolError):
        client.more()
    client.receive(b"+ go on\r\n")
    assert client.next_event() == Continuation("go on")
    assert client.more().to_bytes() == b"mail\r\n"
    assert not client.has_more
    client.receive(b"a1 OK [APPENDUID 2 7] done\r\n")
    assert client.next_event() == Tagged("a1", "OK", "done", "APPENDUID 2 7")


def test_a_literal_that_is_refused_is_forgotten():
    client = preauth()
    client.send(Append("Sent", b"mail"))
    client.receive(b"a1 NO [TRYCREATE] no such mailbox\r\n")
    client.next_event()
    assert client.send(Noop()).to_bytes() == b"a2 NOOP\r\n"


@pytest.mark.parametrize(
    ("capability", "size", "waits"),
    [("LITERAL+", 5000, False), ("LITERAL-", 4096, False), ("LITERAL-", 4097, True), ("IDLE", 1, True)],
)
def test_uninvited_literals_where_the_server_allows_them(capability: str, size: int, waits: bool):
    client = preauth(f"IMAP4rev1 {capability}")
    data = client.send(Append("Sent", b"x" * size)).to_bytes()
    assert data.endswith(b"}\r\n") is waits
    assert (b"+}" in data) is not waits


def test_only_legal_commands_are_sent():
    client = greeted()
    for wrong in (Select("INBOX"), Fetch(SequenceSet.of(1), ALL), Idle()):
        with pytest.raises(LocalProtocolError):
            client.send(wrong)
    client.send(Login("dan", "heslo"))
    with pytest.raises(LocalProtocolError):
        client.send(Noop())
    client.receive(b"a1 OK welcome\r\n")
    client.next_event()
    assert client.capabilities == ()
    with pytest.raises(LocalProtocolError):
        client.send(Login("dan", "heslo"))


def test_commands_that_may_overtake_each_other():
    client = selected()
    client.send(Fetch(SequenceSet.of(1), ALL))
    client.send(Search((keys.All(),)))
    client.send(Expunge())
    with pytest.raises(LocalProtocolError):
        client.send(Fetch(SequenceSet.of(1), ALL))  # its numbers may be others after the EXPUNGE
    client.send(Fetch(SequenceSet.of(1), ALL, by_uid=True))
    assert len(client.pending) == 4


def test_text_that_cannot_be_quoted_becomes_a_literal():
    client = greeted()
    assert client.send(Login("žofie", 'a"b')).to_bytes() == b"a1 LOGIN {6}\r\n"
    client.receive(b"+ \r\n")
    client.next_event()
    assert client.more().to_bytes() == b'\xc5\xbeofie "a\\"b"\r\n'


def test_sasl_with_and_without_initial_response():
    client = greeted()
    assert (
        client.send(Authenticate("PLAIN", b"\0dan\0heslo")).to_bytes() == b"a1 AUTHENTICATE PLAIN AGRhbgBoZXNsbw==\r\n"
    )
    client.receive(b"a1 NO no\r\n")
    client.next_event()
    client.send(Authenticate("LOGIN"))
    with pytest.raises(LocalProtocolError):
        client.respond(b"dan")
    client.receive(b"+ VXNlcm5hbWU6\r\n")
    event = client.next_event()
    assert isinstance(event, Continuation)
    assert event.challenge == b"Username:"
    assert client.respond(b"dan").to_bytes() == b"ZGFu\r\n"
    client.receive(b"+ UGFzc3dvcmQ6\r\n")
    client.next_event()
    assert client.respond(None).to_bytes() == b"*\r\n"
    client.receive(b"a2 BAD cancelled\r\n")
    client.next_event()
    assert client.state is State.NOT_AUTHENTICATED


def test_idle_and_done():
    client = selected()
    client.send(Idle())
    with pytest.raises(LocalProtocolError):
        client.done()
    client.receive(b"+ idling\r\n* 4 EXISTS\r\n* 2 EXPUNGE\r\n")
    assert [client.next_event() for _ in range(3)] == [Continuation("idling"), Exists(4), Expunged(2)]
    assert client.done().to_bytes() == b"DONE\r\n"
    client.receive(b"a2 OK done\r\n")
    assert client.next_event() == Tagged("a2", "OK", "done")


def test_starttls_forgets_what_was_said_in_the_clear():
    client = greeted("IMAP4rev1 STARTTLS AUTH=PLAIN")
    client.send(StartTls())
    client.receive(b"a1 OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=MALLORY\r\n")
    assert client.next_event() == Tagged("a1", "OK", "begin")
    assert client.next_event() is None
    assert client.tls_started() > 0
    assert client.capabilities == ()


def test_capabilities_are_learned_wherever_they_are_told():
    client = greeted("IMAP4rev1 STARTTLS")
    assert client.can("starttls")
    client.send(Capability())
    client.receive(b"* CAPABILITY IMAP4rev1 IDLE\r\na1 OK done\r\n")
    client.next_event()
    assert client.capabilities == ("IMAP4rev1", "IDLE")
    client.next_event()
    client.send(Login("dan", "heslo"))
    client.receive(b"a2 OK [CAPABILITY IMAP4rev1 MOVE] in\r\n")
    client.next_event()
    assert client.capabilities == ("IMAP4rev1", "MOVE")


def test_bye_ends_it():
    client = greeted()
    client.send(Logout())
    client.receive(b"* BYE bye\r\na1 OK done\r\n")
    assert client.next_event() == Condition("BYE", "bye")
    assert client.next_event() == Tagged("a1", "OK", "done")
    assert client.state is State.LOGOUT


def test_what_is_not_known_is_accepted():
    client = selected()
    client.receive(b"* XLIST (\\Inbox) {3}\r\na)b x\r\n* OK text {5}\r\n* SEARCH 1 2 \r\n* LIST () NIL a&b\r\n")
    assert client.next_event() == OtherData(b"XLIST (\\Inbox) {3}\r\na)b x")
    assert client.next_event() == Condition("OK", "text {5}")
    assert client.next_event() == SearchData((1, 2))
    assert client.next_event() == ListData((), None, "a&b")


@pytest.mark.parametrize(
    "line",
    [
        b"garbage\r\n",
        b"\r\n",
        b"a9 OK nobody asked\r\n",
        b"a1 MAYBE\r\n",
        b"+ go on\r\n",
        b"* 1 FETCH (FLAGS\r\n",
        b"* 1 FETCH (FOO 1)\r\n",
        b"* 1 FETCH (ENVELOPE (NIL NIL))\r\n",
        b"* 1 FETCH (BODY " + b"(" * 500 + b"\r\n",
        b"* 1 FETCH (UID 1) x\r\n",
        b"* 1 EXISTS now\r\n",
        b"* SEARCH one\r\n",
        b"* STATUS x (MESSAGES)\r\n",
        b"* FLAGS \\Seen\r\n",
        b"* OK bare line feed\n",
    ],
)
def test_what_breaks_the_grammar_is_a_remote_error(line: bytes):
    client = selected()
    client.receive(line)
    with pytest.raises(RemoteProtocolError):
        client.next_event()


def test_a_greeting_must_be_one():
    client = ImapClient()
    client.receive(b"220 mail.skola.example ESMTP\r\n")
    with pytest.raises(RemoteProtocolError):
        client.next_event()


def test_limits():
    small = ImapClientConfig(line_limit=100, literal_limit=10)
    for data in (b"* " + b"x" * 200, b"* 1 FETCH (BODY[] {11}\r\n", b"* 1 FETCH (BODY[] {6}\r\n123456 X {6}\r\n"):
        client = ImapClient(small)
        client.receive(b"* OK hi\r\n" + data)
        client.next_event()
        with pytest.raises(RemoteProtocolError):
            client.next_event()


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.lists(
        st.sampled_from([
            *(b"* ", b"a1 ", b"+ ", b"OK ", b"[", b"]", b"1 FETCH (", b"BODY[", b"ENVELOPE ", b"BODYSTRUCTURE ", b"("),
            *(b")", b'"', b"NIL", b" ", b"{2}\r\nab", b"LIST ", b"STATUS ", b"SEARCH 1", b"\r\n", b"\n", b"\xff", b"7"),
        ]),
        max_size=30,
    )
)  # fmt: skip
def test_garbage_is_a_remote_error_or_nothing(words: list[bytes]):
    client = selected()
    client.receive(b"".join(words) + b"\r\n")
    try:
        while client.next_event() is not None:
            pass
    except RemoteProtocolError:
        pass


# --- both engines --------------------------------------------------------------------------------------


class Pair:
    """A client engine and the server, joined byte for byte, chopped at random."""

    def __init__(self) -> None:
        self.server, self.client = ImapWorld.of(CORPUS.values()).unconnected(), ImapClient()
        self.chopper = random.Random(1)
        self.events: list[Response] = []
        self._deliver(self.server.connect())

    def run(self, command: Command) -> list[Response]:
        self.events = []
        self._send(self.client.send(command).to_bytes())
        return self.events

    def _send(self, data: bytes) -> None:
        while data:
            size = self.chopper.randint(1, 50)
            self._deliver(self.server.receive(data[:size]))
            data = data[size:]

    def _deliver(self, data: bytes) -> None:
        while data:
            size = self.chopper.randint(1, 200)
            self.client.receive(data[:size])
            data = data[size:]
            while (event := self.client.next_event()) is not None:
                self.events.append(event)
                if self.client.has_more:
                    self._send(self.client.more().to_bytes())


def test_a_session_of_both_engines():
    pair = Pair()
    done = pair.run(Login("dan", "heslo"))[-1]
    assert isinstance(done, Tagged)
    assert (done.status, pair.client.can("QRESYNC")) == ("OK", True)
    assert ListData(("\\HasNoChildren",), "/", "Práce/Škola") in pair.run(List("", "*"))
    assert pair.run(Select("INBOX"))[-1] == Tagged("a3", "OK", "SELECT completed", "READ-WRITE")
    everything = (*ALL, BODYSTRUCTURE, Body(peek=True), Body(Section((1,), "MIME"), peek=True, partial=(0, 10)))
    *fetched, done = pair.run(Fetch(SequenceSet.parse("1:*"), everything))
    assert done == Tagged("a4", "OK", "FETCH completed")
    assert [data.get("BODY[]") for data in fetched if isinstance(data, FetchData)] == list(CORPUS.values())
    found, _ = pair.run(Search((keys.BodyHas("ŽLUŤOUČKÝ"),)))
    assert found == SearchData((1, 2, 3, 4, 5))
    assert pair.run(Append("Práce/Škola", b"Subject: x\r\n\r\n"))[-1].fields()["code"] == "APPENDUID 7 1"
    stored, _ = pair.run(Store(SequenceSet.of(2), StoreMode.ADD, ("\\Deleted",), by_uid=True))
    assert stored == FetchData(2, (("UID", 2), ("FLAGS", ("\\Deleted", "\\Recent"))))
    assert pair.run(Expunge())[0] == Expunged(2)
    assert pair.run(Copy(SequenceSet.of(1, 2), "Sent"))[-1].fields()["code"] == "COPYUID 2 1,3 1:2"
    assert pair.run(Logout())[-1] == Tagged("a10", "OK", "LOGOUT completed")
    assert pair.server.closed
