"""The client: capabilities, matching of replies to commands, what it will not send, what it will not take."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.errors import LocalProtocolError, RemoteProtocolError
from mailsim.protocols.pdu import Raw
from mailsim.protocols.sasl import LoginClient, encode
from mailsim.protocols.smtp import (
    Answered,
    Auth,
    AuthCancel,
    AuthResponse,
    Bdat,
    BdatLast,
    Challenge,
    Command,
    Content,
    Data,
    Ehlo,
    Expn,
    Greeting,
    Helo,
    Lhlo,
    Mail,
    Noop,
    Quit,
    Rcpt,
    Reply,
    Rset,
    SmtpClient,
    StartTls,
    State,
)
from tests.protocols.smtp.small_world import WAYS, SmallWorld

GREETING = b"220 mx.firma.example ESMTP\r\n"
CAPABILITIES = (
    b"250-mx.firma.example hello\r\n250-pipelining\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-STARTTLS\r\n"
    b"250-AUTH plain LOGIN\r\n250 ENHANCEDSTATUSCODES\r\n"
)


def heard(client: SmtpClient, data: bytes) -> list[Answered]:
    client.receive(data)
    events = []
    while (event := client.next_event()) is not None:
        events.append(event)
    return events


def ready(capabilities: bytes = CAPABILITIES, *, is_lmtp: bool = False) -> SmtpClient:
    client = SmtpClient(is_lmtp=is_lmtp)
    heard(client, GREETING)
    client.send(Lhlo("pc.skola.example") if is_lmtp else Ehlo("pc.skola.example"))
    heard(client, capabilities)
    assert client.state is State.READY
    return client


def ask(client: SmtpClient, command: Command, answer: bytes) -> Reply:
    client.send(command)
    (event,) = heard(client, answer)
    assert event.command is command
    return event.reply


def test_greeting_and_capabilities() -> None:
    for chop in WAYS.values():
        client = SmtpClient()
        assert client.next_event() is None
        events = [event for piece in chop(GREETING) for event in heard(client, piece)]
        assert events == [Answered(None, Greeting(220, ("mx.firma.example ESMTP",)))]
        assert (client.state, client.server_name) == (State.GREETED, "mx.firma.example")
        hello = client.send(Ehlo("pc.skola.example"))
        events = [event for piece in chop(CAPABILITIES) for event in heard(client, piece)]
        assert [event.command for event in events] == [hello]
        assert client.extensions == {
            "PIPELINING": "",
            "SIZE": "1000",
            "8BITMIME": "",
            "STARTTLS": "",
            "AUTH": "plain LOGIN",
            "ENHANCEDSTATUSCODES": "",
        }


def test_helo_after_a_refused_ehlo() -> None:
    client = SmtpClient()
    heard(client, GREETING)
    assert ask(client, Ehlo("x"), b"502 what?\r\n").code == 502
    assert client.state is State.GREETED
    ask(client, Helo("x"), b"250 mx\r\n")
    assert (client.state, client.extensions) == (State.READY, {})
    with pytest.raises(LocalProtocolError):
        client.send(Mail("a@b.example", (("SIZE", "1"),)))
    client.send(Mail("a@b.example"))


def test_the_other_greetings() -> None:
    client = SmtpClient()
    heard(client, b"554 no service\r\n")
    assert client.state is State.TURNED_AWAY
    with pytest.raises(LocalProtocolError):
        client.send(Ehlo("x"))
    ask(client, Quit(), b"221 bye\r\n")
    assert client.is_closed
    busy = SmtpClient()
    assert heard(busy, b"421 too busy\r\n")[0].reply.code == 421
    assert busy.is_closed
    with pytest.raises(RemoteProtocolError):
        heard(SmtpClient(), b"354 go on\r\n")


def test_nothing_is_sent_before_the_greeting() -> None:
    with pytest.raises(LocalProtocolError):
        SmtpClient().send(Ehlo("x"))


def test_one_mail_step_by_step() -> None:
    client = ready()
    data = "Subject: ž\r\n\r\n.x\r\n".encode()
    assert client.mail_parameters(data) == (("SIZE", str(len(data))), ("BODY", "8BITMIME"))
    assert client.mail_parameters(b"x") == (("SIZE", "3"),)
    assert ask(client, Mail("a@b.example", client.mail_parameters(data)), b"250 2.1.0 ok\r\n").enhanced == "2.1.0"
    assert ask(client, Rcpt("no@c.example"), b"550-5.1.1 no\r\n550 5.1.1 never\r\n").lines == ("no", "never")
    assert client.state is State.HAS_SENDER
    ask(client, Rcpt("d@c.example"), b"250 2.1.5 ok\r\n")
    assert client.recipients == [Rcpt("d@c.example")]
    assert ask(client, Data(), b"354 go\r\n").is_intermediate
    with pytest.raises(LocalProtocolError):
        client.send(Rset())
    ask(client, Content(data), b"451 4.3.0 later\r\n")
    assert (client.state, client.recipients) == (State.READY, [])


def test_without_pipelining_one_at_a_time() -> None:
    client = ready(b"250 mx\r\n")
    client.send(Mail("a@b.example"))
    with pytest.raises(LocalProtocolError, match="PIPELINING"):
        client.send(Rcpt("c@d.example"))


def test_pipelining_matches_by_counting() -> None:
    client = ready()
    group = [Mail("a@b.example"), Rcpt("no@c.example"), Rcpt("d@c.example"), Data()]
    for command in group:
        client.send(command)
    assert client.outstanding == 4
    with pytest.raises(LocalProtocolError, match="before the reply"):
        client.send(Content(b"x"))
    events = heard(client, b"250 2.1.0 ok\r\n550-5.1.1 no\r\n550 5.1.1 no\r\n250 2.1.5 ok\r\n354 go\r\n")
    assert [event.command for event in events] == group
    assert [event.reply.code for event in events] == [250, 550, 250, 354]
    following = [Content(b"x"), Mail(""), Rcpt("e@c.example"), Rset(), Quit()]
    for command in following:
        client.send(command)
    events = heard(client, b"250 ok\r\n" * 4 + b"221 bye\r\n")
    assert [event.command for event in events] == following
    assert client.is_closed


def test_a_group_that_fails_leaves_the_client_where_the_server_is() -> None:
    client = ready()
    for command in (Mail("a@b.example"), Rcpt("c@d.example"), Data()):
        client.send(command)
    heard(client, b"451 4.3.0 no\r\n503 5.5.1 no\r\n503 5.5.1 no\r\n")
    assert client.state is State.READY
    client.send(Mail("a@b.example"))


def test_354_although_every_recipient_was_refused() -> None:
    """RFC 2920 section 3.1: the client must then send an empty content."""
    client = ready()
    for command in (Mail("a@b.example"), Rcpt("c@d.example"), Data()):
        client.send(command)
    heard(client, b"250 ok\r\n550 5.1.1 no\r\n354 go\r\n")
    assert (client.state, client.recipients) == (State.READING_CONTENT, [])
    assert client.send(Content(b"")).to_bytes() == b".\r\n"
    heard(client, b"554 no recipients\r\n")
    assert client.state is State.READY


def test_421_at_any_time() -> None:
    client = ready()
    assert heard(client, b"421 4.3.2 shutting down\r\n") == [Answered(None, Reply.of(421, "4.3.2", "shutting down"))]
    assert client.is_closed
    with pytest.raises(LocalProtocolError):
        client.send(Noop())
    client = ready()
    mail, rcpt = client.send(Mail("")), client.send(Rcpt("a@b.example"))
    assert heard(client, b"250 ok\r\n421 bye\r\n250 too late\r\n") == [
        Answered(mail, Reply(250, ("ok",))),
        Answered(rcpt, Reply(421, ("bye",))),
    ]


def test_a_reply_that_nobody_asked_for() -> None:
    client = ready()
    with pytest.raises(RemoteProtocolError):
        heard(client, b"250 surprise\r\n")
    with pytest.raises(RemoteProtocolError):
        client.next_event()


@pytest.mark.parametrize(
    "command",
    [
        Mail("a@b.example>\r\nRSET"),
        Mail("a@b.example> SIZE=1"),
        Mail("not an address"),
        Mail("postmaster"),
        Mail("ž@b.example"),
        Mail("a@b.example", (("SIZE", "1 2"),)),
        Mail("a@b.example", (("SIZE", "1"), ("SIZE", "1"))),
        Mail("a@b.example", (("RET", "HDRS"),)),
        Mail("a@b.example", (("size", "1"),)),
        Rcpt(""),
        Rcpt("a@b.example", (("NOTIFY", "NEVER"),)),
        Noop("a\r\nQUIT"),
        Noop("x" * 506),
        Noop("padded "),
        Ehlo("under..score"),
        Ehlo(""),
        Lhlo("x"),
        Auth("CRAM-MD5"),
        Auth("PLAIN", b"x" * 10_000),
        AuthResponse(b"x"),
        Content(b"x"),
        Data(),
        Expn(""),
    ],
    ids=str,
)
def test_what_a_client_will_not_send(command: Command) -> None:
    client = ready()
    if isinstance(command, Rcpt):
        ask(client, Mail(""), b"250 ok\r\n")
    with pytest.raises(LocalProtocolError):
        client.send(command)
    assert client.outstanding == 0


@pytest.mark.parametrize(
    "data", [b"a\nb", b"a\rb", b"a\r", b"x" * 999, b"ok\r\n" + b"x" * 999 + b"\r\n", b"\xc5\xbe\r\n"]
)
def test_what_content_a_client_will_not_send(data: bytes) -> None:
    client = ready()
    for command, answer in ((Mail(""), b"250 ok\r\n"), (Rcpt("a@b.example"), b"250 ok\r\n"), (Data(), b"354 go\r\n")):
        ask(client, command, answer)
    with pytest.raises(LocalProtocolError):
        client.send(Content(data))
    client.send(Content(b"x" * 998))


def test_auth_login_with_challenges() -> None:
    client, login = ready(), LoginClient("alena", "tajne")
    reply = ask(client, Auth("LOGIN", login.initial()), b"334 VXNlcm5hbWU6\r\n")
    assert isinstance(reply, Challenge)
    assert (reply.data, client.state) == (b"Username:", State.AUTHENTICATING)
    with pytest.raises(LocalProtocolError):
        client.send(Noop())
    reply = ask(client, AuthResponse(login.respond(reply.data)), b"334 UGFzc3dvcmQ6\r\n")
    assert isinstance(reply, Challenge)
    ask(client, AuthResponse(login.respond(reply.data)), b"235 2.7.0 welcome\r\n")
    assert (client.state, client.is_authenticated) == (State.READY, True)


def test_auth_refused_and_cancelled() -> None:
    client = ready()
    ask(client, Auth("PLAIN", b"\0a\0b"), b"535 5.7.8 no\r\n")
    assert (client.state, client.is_authenticated) == (State.READY, False)
    ask(client, Auth("PLAIN"), b"334 \r\n")
    ask(client, AuthCancel(), b"501 5.7.0 cancelled\r\n")
    assert client.state is State.READY


def test_starttls_forgets_the_server() -> None:
    client = ready()
    ask(client, StartTls(), b"220 2.0.0 go\r\n")
    assert client.state is State.STARTING_TLS
    client.receive(b"250 injected\r\n")
    assert client.next_event() is None
    assert client.reset_after_tls() == len(b"250 injected\r\n")
    assert (client.state, client.extensions, client.tls_active) == (State.GREETED, {}, True)
    with pytest.raises(LocalProtocolError):
        client.reset_after_tls()
    ask(client, Ehlo("x"), CAPABILITIES)
    with pytest.raises(LocalProtocolError):
        client.send(StartTls())


def test_lmtp_gives_each_recipient_its_reply() -> None:
    client = ready(is_lmtp=True)
    with pytest.raises(LocalProtocolError):
        client.send(Ehlo("x"))
    people = [Rcpt("a@b.example"), Rcpt("no@b.example"), Rcpt("c@b.example")]
    for command in (Mail(""), *people, Data()):
        client.send(command)
    heard(client, b"250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n")
    content = client.send(Content(b"x"))
    client.send(Rset())
    events = heard(client, b"250 ok\r\n452 full\r\n250 reset\r\n")
    assert [(event.command, event.recipient, event.reply.code) for event in events] == [
        (content, people[0], 250),
        (content, people[2], 452),
        (Rset(), None, 250),
    ]


def test_lmtp_354_without_recipients_is_broken() -> None:
    client = ready(is_lmtp=True)
    for command in (Mail(""), Rcpt("a@b.example"), Data()):
        client.send(command)
    with pytest.raises(RemoteProtocolError):
        heard(client, b"250 ok\r\n550 no\r\n354 go\r\n")


def test_a_hand_may_send_anything() -> None:
    """Wrong order and bad grammar get their replies, and what reads like a command moves the state."""
    client = ready()
    for line, answer, state in [
        (b"DATA\r\n", b"503 no\r\n", State.READY),
        (b"MAIL FROM: <a@b.example>\r\n", b"501 no\r\n", State.READY),
        (b"mail from:<a@b.example>\r\n", b"250 ok\r\n", State.HAS_SENDER),
        (b"RCPT TO:<c@d.example>\r\n", b"250 ok\r\n", State.HAS_RECIPIENT),
        (b"DATA\r\n", b"354 go\r\n", State.READING_CONTENT),
        (b"text\r\n.\r\n", b"250 ok\r\n", State.READY),
        (b"AUTH LOGIN\r\n", b"334 VXNlcm5hbWU6\r\n", State.AUTHENTICATING),
        (b"*\r\n", b"501 ok\r\n", State.READY),
        (b"QUIT\r\n", b"221 bye\r\n", State.CLOSED),
    ]:
        raw = client.send_anyway(Raw(line))
        (event,) = heard(client, answer)
        assert (event.command, client.state) == (raw, state), line


def test_endless_replies_are_cut() -> None:
    for start, piece, most in ((b"250 ", b"x" * 1000, 13), (b"", b"250-x\r\n", 1001)):
        client = ready()
        client.send(Noop())
        heard(client, start)
        for _ in range(most - 1):
            assert heard(client, piece) == []
        with pytest.raises(RemoteProtocolError):
            heard(client, piece)


def test_text_that_is_not_ascii_does_not_break_the_client() -> None:
    client = ready()
    assert ask(client, Noop(), b"250 2.0.0 \xc5\xbe\xff\r\n").text == "ž\\xff"


@given(st.binary(max_size=60), st.sampled_from([b"", b"250 ", b"250-a\r\n", b"334 ", b"421 x\r\n"]))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_garbage_is_a_remote_protocol_error_at_worst(garbage: bytes, before: bytes) -> None:
    client = ready()
    for command in (Mail(""), Rcpt("a@b.example"), Data()):
        client.send(command)
    try:
        events = heard(client, before + garbage)
    except RemoteProtocolError:
        return
    assert len(events) <= 3


PEOPLE = st.lists(
    st.sampled_from(["a@firma.example", "nobody@firma.example", "full@firma.example"]), min_size=1, max_size=5
)


@given(st.lists(PEOPLE, max_size=3), st.booleans(), st.integers(1, 9))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_client_and_server_agree(mails: list[list[str]], is_lmtp: bool, step: int) -> None:
    """Joined end to end with pipelining, in pieces of any size, both always end in the same state."""
    world, client = SmallWorld(is_lmtp=is_lmtp), SmtpClient(is_lmtp=is_lmtp)
    heard(client, world.connect())

    def say(*commands: Command) -> list[Answered]:
        wire = b"".join(client.send(command).to_bytes() for command in commands)
        back = b"".join(world.receive(wire[i : i + step]) for i in range(0, len(wire), step))
        events = [event for i in range(0, len(back), step) for event in heard(client, back[i : i + step])]
        assert client.state is world.server.state
        assert client.outstanding == 0
        return events

    say(Lhlo("x") if is_lmtp else Ehlo("x"))
    for people in mails:
        say(Mail("alena@skola.example"), *map(Rcpt, people), Data())
        accepted = [rcpt.path for rcpt in client.recipients]
        assert accepted == [person for person in people if not person.startswith("no")]
        if accepted:
            answers = say(Content(b".dots\r\n"))
            assert len(answers) == (len(accepted) if is_lmtp else 1)
            assert world.mails[-1] == ("alena@skola.example", accepted, b".dots\r\n")
        else:
            say(Rset())
    say(Quit())
    assert world.closed
    assert client.is_closed


def test_authentication_end_to_end() -> None:
    world, client = SmallWorld(auth_mechanisms=("LOGIN", "PLAIN")), SmtpClient()
    heard(client, world.connect())
    heard(client, world.receive(client.send(Ehlo("x")).to_bytes()))
    (refused,) = heard(client, world.receive(client.send(Auth("PLAIN", b"\0dan\0jine")).to_bytes()))
    assert refused.reply.code == 535
    (accepted,) = heard(client, world.receive(client.send(Auth("PLAIN", "\0dan\0žluťoučký".encode())).to_bytes()))
    assert accepted.reply.code == 235
    assert world.server.username == "dan"
    assert encode(b"\0dan\0") in str(Auth("PLAIN", b"\0dan\0"))


def chunking_client(*, is_lmtp: bool = False, extensions: str = "CHUNKING") -> SmtpClient:
    client = SmtpClient(is_lmtp=is_lmtp)
    client.receive(b"220 mx hello\r\n")
    client.next_event()
    hello = Lhlo("x") if is_lmtp else Ehlo("x")
    client.send(hello)
    client.receive("\r\n".join(f"250-{word}" for word in ("mx", "PIPELINING", *extensions.split())).encode())
    client.receive(b"\r\n250 DSN\r\n")
    client.next_event()
    return client


def test_chunks_are_answered_one_by_one_and_the_last_ends_the_transaction() -> None:
    client = chunking_client()
    commands = [Mail("a@b.example"), Rcpt("c@d.example"), Bdat(2, b"a\r"), BdatLast(1, b"\n")]
    wire = b"".join(client.send(command).to_bytes() for command in commands)
    assert wire.endswith(b"BDAT 2\r\na\rBDAT 1 LAST\r\n\n")
    client.receive(b"250 ok\r\n250 ok\r\n250 2 octets\r\n250 queued\r\n")
    states = []
    while (answered := client.next_event()) is not None:
        states.append((answered.command, client.state))
    assert [state for _, state in states] == [State.HAS_SENDER, State.HAS_RECIPIENT, State.HAS_CHUNKS, State.READY]
    assert states[-1][0] is commands[-1]


def test_a_refused_chunk_spoils_the_transaction() -> None:
    client = chunking_client()
    ask(client, Mail("a@b.example"), b"250 ok\r\n")
    ask(client, Rcpt("c@d.example"), b"250 ok\r\n")
    ask(client, Bdat(1, b"x"), b"552 too much\r\n")
    with pytest.raises(LocalProtocolError):
        client.send(Data())
    ask(client, Rset(), b"250 ok\r\n")
    assert client.state is State.READY


@pytest.mark.parametrize("chunk", [Bdat(2, b"x"), Bdat(0, b"x"), BdatLast(2, b"\xc5\xbe")])
def test_what_chunks_a_client_will_not_send(chunk: Bdat) -> None:
    client = chunking_client()
    ask(client, Mail("a@b.example"), b"250 ok\r\n")
    ask(client, Rcpt("c@d.example"), b"250 ok\r\n")
    with pytest.raises(LocalProtocolError):
        client.send(chunk)


def test_chunks_need_the_offer() -> None:
    client = ready()
    ask(client, Mail("a@b.example"), b"250 ok\r\n")
    ask(client, Rcpt("c@d.example"), b"250 ok\r\n")
    with pytest.raises(LocalProtocolError):
        client.send(BdatLast(1, b"x"))


def test_the_last_chunk_in_lmtp_has_a_reply_for_each_recipient() -> None:
    client = chunking_client(is_lmtp=True)
    ask(client, Mail("a@b.example"), b"250 ok\r\n")
    people = [Rcpt("c@d.example"), Rcpt("e@d.example")]
    for person in people:
        ask(client, person, b"250 ok\r\n")
    client.send(BdatLast(1, b"x"))
    client.receive(b"250 ok\r\n452 full\r\n")
    answers = [client.next_event(), client.next_event()]
    assert [(answer.recipient, answer.reply.code) for answer in answers if answer] == [
        (people[0], 250),
        (people[1], 452),
    ]
    assert client.state is State.READY


def test_dsn_and_utf8_need_the_offer() -> None:
    client = chunking_client(extensions="SMTPUTF8 8BITMIME")
    client.send(Mail("jiří@b.example", (("SMTPUTF8", None), ("BODY", "8BITMIME"), ("RET", "HDRS"))))
    client.send(Rcpt("háček@b.example", (("NOTIFY", "NEVER"),)))
    assert client.outstanding == 2
    with pytest.raises(LocalProtocolError):
        client.send(Rcpt("a@b.example", (("RET", "HDRS"),)))
    plain = chunking_client(extensions="8BITMIME")
    for command in (Mail("ž@b.example"), Mail("ž@b.example", (("SMTPUTF8", None),))):
        with pytest.raises(LocalProtocolError):
            plain.send(command)
    plain.send(Mail("a@b.example"))
    with pytest.raises(LocalProtocolError):
        plain.send(Rcpt("ž@b.example"))


@pytest.mark.parametrize(("line", "limit"), [("SIZE 1000", 1000), ("SIZE", 0), ("SIZE x", 0), ("SIZE 0", 0)])
def test_the_size_limit_that_the_server_tells(line: str, limit: int) -> None:
    client = SmtpClient()
    client.receive(b"220 mx\r\n")
    client.next_event()
    ask(client, Ehlo("x"), f"250-mx\r\n250 {line}\r\n".encode())
    assert client.size_limit == limit
