"""Commands, replies and content as PDUs: text, bytes, fields, and back again; the table of states."""

from __future__ import annotations

import dataclasses
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.errors import LocalProtocolError, RemoteProtocolError
from mailsim.protocols.pdu import Pdu
from mailsim.protocols.smtp import (
    NEXT,
    Auth,
    AuthCancel,
    AuthResponse,
    BadCommand,
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
    Help,
    Lhlo,
    Mail,
    Noop,
    Quit,
    Rcpt,
    Reply,
    Rset,
    StartTls,
    State,
    Vrfy,
    parse_command,
)
from mailsim.protocols.smtp.parsing import LMTP_VERBS, VERBS, parse_auth_line
from mailsim.protocols.smtp.reply_reader import parse_reply
from mailsim.protocols.smtp.states import ENDS_A_GROUP, HOPED, LEGAL

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
DOMAIN = st.one_of(
    st.lists(LABEL, min_size=1, max_size=4).map(".".join), st.sampled_from(["[192.0.2.1]", "[IPv6:2001:db8::1]"])
)
ATOM = st.text(st.sampled_from("aZ09!#$%&'*+/=?^_`{|}~-"), min_size=1, max_size=8)
QUOTED = st.lists(st.sampled_from(["a", " ", "@", ">", "<", ",", r"\"", r"\\", r"\ "]), max_size=8).map(
    lambda parts: '"' + "".join(parts) + '"'
)
LOCAL_PART = st.one_of(st.lists(ATOM, min_size=1, max_size=3).map(".".join), QUOTED)
MAILBOX = st.builds("{}@{}".format, LOCAL_PART, DOMAIN)
KEYWORD = st.from_regex(r"[A-Z0-9][A-Z0-9-]{0,8}", fullmatch=True)
VALUE = st.none() | st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="="), min_size=1)
PARAMETERS = st.lists(st.tuples(KEYWORD, VALUE), max_size=3, unique_by=lambda item: item[0]).map(tuple)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20).map(str.strip)
SASL_NAME = st.from_regex(r"[A-Z0-9_-]{1,20}", fullmatch=True)

COMMANDS = st.one_of(
    st.builds(Ehlo, DOMAIN),
    st.builds(Helo, DOMAIN),
    st.builds(Mail, st.just("") | MAILBOX, PARAMETERS),
    st.builds(Rcpt, st.sampled_from(["postmaster", "Postmaster"]) | MAILBOX, PARAMETERS),
    st.sampled_from([Data(), Rset(), Quit(), StartTls()]),
    st.builds(Noop, PRINTABLE),
    st.builds(Help, PRINTABLE),
    st.builds(Vrfy, PRINTABLE.filter(bool)),
    st.builds(Expn, PRINTABLE.filter(bool)),
    st.builds(Auth, SASL_NAME, st.none() | st.binary(max_size=30)),
)


@given(COMMANDS)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_a_command_comes_back(command: Command) -> None:
    wire = command.to_bytes()
    assert parse_command(wire) == command
    assert wire == f"{command}\r\n".encode()
    assert command.fields() == {"verb": command.verb, "arg": command.argument}
    verb, _, rest = wire.partition(b" ")
    assert parse_command(verb.lower() + b" " + rest if rest else wire.lower()) == command


@given(DOMAIN)
@settings(derandomize=True, deadline=None, max_examples=20)
def test_lhlo_comes_back(domain: str) -> None:
    assert parse_command(Lhlo(domain).to_bytes(), is_lmtp=True) == Lhlo(domain)


@given(st.binary(max_size=60))
@settings(derandomize=True, deadline=None, max_examples=50)
def test_lines_of_an_exchange_come_back(data: bytes) -> None:
    assert parse_auth_line(AuthResponse(data).to_bytes()) == AuthResponse(data)
    assert parse_auth_line(AuthCancel().to_bytes()) == AuthCancel()
    assert Challenge.from_data(data).data == data


@given(st.binary(max_size=80), st.sampled_from([b"", b"MAIL FROM:", b"RCPT TO:<", b"AUTH ", b"EHLO ", b"NOOP "]))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_garbage_is_a_bad_command_at_worst(garbage: bytes, before: bytes) -> None:
    for is_lmtp in (False, True):
        refused = None
        try:
            parse_command(before + garbage, is_lmtp=is_lmtp)
        except BadCommand as error:
            refused = error
        assert refused is None or (refused.reply.is_permanent and str(refused).startswith("5"))


TEXTS = st.lists(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).filter(lambda t: t[1:2] != "."),
    min_size=1,
    max_size=4,
).map(tuple)


@given(st.integers(200, 599), TEXTS, st.sampled_from(["", "1.1", "0.0", "7.123"]))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_a_reply_comes_back(code: int, texts: tuple[str, ...], detail: str) -> None:
    enhanced = f"{code // 100}.{detail}" if detail and code // 100 != 3 else ""
    reply = Reply(code, texts, enhanced)
    assert parse_reply(reply.to_bytes(), True) == reply
    assert reply.fields() == {"code": code, "enh": enhanced, "text": "\n".join(texts)}
    assert [reply.is_positive, reply.is_intermediate, reply.is_transient, reply.is_permanent] == [
        code // 100 == digit for digit in (2, 3, 4, 5)
    ]


def test_a_reply_as_text() -> None:
    reply = Reply.of(250, "2.0.0", "one", "two")
    assert reply.to_bytes() == b"250-2.0.0 one\r\n250 2.0.0 two\r\n"
    assert str(reply) == "250 2.0.0 one / two"
    assert (str(Reply(354)), Reply(354).to_bytes()) == ("354", b"354 \r\n")
    assert Reply(250, ("tab\there",)).to_bytes() == b"250 tab\there\r\n"
    assert (Reply(220).role, Greeting(220).role, Challenge(334).role) == ("reply", "greet", "reply")


@pytest.mark.parametrize("text", ["a\r\n250 b", "a\nb", "a\rb", "\0", "x" * 507])
def test_a_reply_that_would_break_its_line(text: str) -> None:
    with pytest.raises(LocalProtocolError):
        Reply(250, ("first", text)).to_bytes()


def test_only_agreeing_enhanced_codes_are_taken_off() -> None:
    assert parse_reply(b"250-2.1.0 a\r\n250 2.1.5 b\r\n", True) == Reply(250, ("2.1.0 a", "2.1.5 b"))
    assert parse_reply(b"550 5.1.1\r\n", True) == Reply(550, ("",), "5.1.1")
    assert parse_reply(b"550 4.1.1 a\r\n", True) == Reply(550, ("4.1.1 a",))
    assert parse_reply(b"550 5.1.1 a\r\n", False) == Reply(550, ("5.1.1 a",))
    assert parse_reply(b"550\r\n", True) == Reply(550, ("",))


@pytest.mark.parametrize(
    "wire",
    [b"\r\n", b"hello\r\n", b"25 0\r\n", b"600 x\r\n", b"199 x\r\n", b"250x\r\n", b"250 a\n", b"250 a\rb\r\n",
     b"250-a\r\n251 b\r\n", b"250-a\r\n250", b"250-a\r\n", b"250 a\r\n250 b\r\n", b"\xb2\xb5\xb0 a\r\n"],
)  # fmt: skip
def test_what_is_no_reply(wire: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_reply(wire, True)


@pytest.mark.parametrize(
    ("data", "wire", "size"),
    [
        (b"", b".\r\n", 0),
        (b"a", b"a\r\n.\r\n", 3),
        (b"a\r\n", b"a\r\n.\r\n", 3),
        (b".", b"..\r\n.\r\n", 3),
        (b"\r\n.\r\n..\r\n", b"\r\n..\r\n...\r\n.\r\n", 9),
    ],
)
def test_content_on_the_wire(data: bytes, wire: bytes, size: int) -> None:
    content = Content(data, "m1")
    assert content.to_bytes() == wire
    assert content.to_bytes() is content.to_bytes(), "made once"
    assert content.fields() == {"msg": "m1", "bytes_wire": len(wire), "bytes_content": size}
    assert (content.role, content.verb) == ("data", "")


def test_content_as_text_is_one_line() -> None:
    assert str(Content(b"Subject: \x1b[31mx\r\nmore\r\n")) == r"Subject: \x1b[31mx ... (23 octets)"


ALL: list[Command | Reply] = [
    Ehlo("a"), Mail("a@b", (("SIZE", "1"),)), Data(), Auth("PLAIN", b""), AuthResponse(b"x"), AuthCancel(),
    Content(b"x\r\n"), Noop("a"), Reply(250), Greeting(220, ("a",)), Challenge.from_data(b"x"),
]  # fmt: skip


@pytest.mark.parametrize("pdu", ALL, ids=lambda pdu: type(pdu).__name__)
def test_every_pdu_is_a_frozen_value(pdu: Pdu) -> None:
    assert pdu.role in {"cmd", "reply", "greet", "data"}
    assert not hasattr(pdu, "__dict__")
    before = pdu.to_bytes()
    assert pickle.loads(pickle.dumps(pdu)) == pdu
    assert hash(pdu) == hash(pickle.loads(pickle.dumps(pdu)))
    assert pdu.to_bytes() == before
    for field in dataclasses.fields(pdu):  # type: ignore[arg-type]
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(pdu, field.name, None)


def test_the_table_is_whole() -> None:
    """Every verb and every state has its place, every state can be left, and none is a dead end but the last."""
    commands = {command for _, command, _ in NEXT}
    assert {kind for kind, _ in (VERBS | LMTP_VERBS).values()} <= commands
    assert {AuthResponse, AuthCancel, Content, BdatLast} <= commands
    sources, targets = {state for state, _, _ in NEXT}, set(NEXT.values())
    by_themselves = {State.CONNECTED, State.STARTING_TLS, State.CLOSED}  # greeting, handshake, the end
    assert set(State) - sources == by_themselves
    assert set(State) - targets == {State.CONNECTED, State.TURNED_AWAY}
    assert all(digit in (2, 3, 4, 5) for _, _, digit in NEXT)
    assert {key for key in LEGAL if key not in HOPED} == {(State.AUTHENTICATING, AuthCancel)}
    assert HOPED[State.READY, Auth] is State.READY
    assert HOPED[State.HAS_RECIPIENT, Data] is State.READING_CONTENT
    assert commands - ENDS_A_GROUP == {Mail, Rcpt, Rset, Content, Bdat, BdatLast}, "RFC 2920 section 3.1"
