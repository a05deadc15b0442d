"""SASL mechanisms: both halves against each other, and each against what it must refuse."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.protocols.sasl import (
    CLIENT_MECHANISMS,
    SERVER_MECHANISMS,
    ClientMechanism,
    Credentials,
    LoginClient,
    LoginServer,
    Password,
    PlainClient,
    PlainServer,
    SaslError,
    ServerMechanism,
    choose,
    decode,
    encode,
)


def exchange(client: ClientMechanism, server: ServerMechanism, with_initial: bool = True) -> Credentials:
    step = server.step(client.initial() if with_initial else None)
    while isinstance(step, bytes):
        step = server.step(client.respond(step))
    return step


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)


@given(NAMES, NAMES, st.sampled_from(sorted(SERVER_MECHANISMS)), st.booleans())
@settings(derandomize=True, deadline=None, max_examples=100)
def test_both_halves_agree(username: str, password: str, name: str, with_initial: bool) -> None:
    client, server = CLIENT_MECHANISMS[name](username, password), SERVER_MECHANISMS[name]()
    assert client.name == server.name == name
    assert exchange(client, server, with_initial) == Password(username, password)


def test_plain_as_in_rfc_4616_section_4() -> None:
    assert PlainServer().step(b"\0tim\0tanstaaftanstaaf") == Password("tim", "tanstaaftanstaaf")
    assert PlainServer().step(b"Ursel\0Kurt\0xipj3plmq") == Password("Kurt", "xipj3plmq", "Ursel")
    assert PlainClient("Kurt", "xipj3plmq", "Ursel").initial() == b"Ursel\0Kurt\0xipj3plmq"


@pytest.mark.parametrize("message", [b"", b"tim", b"\0tim", b"\0\0pw", b"\0tim\0", b"a\0b\0c\0d", b"\0t\xff\0pw"])
def test_plain_refuses(message: bytes) -> None:
    with pytest.raises(SaslError):
        PlainServer().step(message)


def test_login_prompts_and_takes_an_initial_user_name() -> None:
    server = LoginServer()
    assert server.step(None) == b"Username:"
    assert server.step(b"tim") == b"Password:"
    assert server.step(b"") == Password("tim", "")
    assert LoginServer().step(b"tim") == b"Password:"
    with pytest.raises(SaslError):
        LoginServer().step(b"")


def test_clients_do_not_repeat_themselves() -> None:
    plain = PlainClient("a", "b")
    assert plain.initial() is not None
    with pytest.raises(SaslError):
        plain.respond(b"")
    with pytest.raises(SaslError):
        PlainClient("a", "b").respond(b"what?")
    login = LoginClient("a", "b")
    assert [login.initial(), login.respond(b"User Name\0"), login.respond(b"Heslo:")] == [None, b"a", b"b"]
    with pytest.raises(SaslError):
        login.respond(b"Once more:")


def test_choose_takes_the_best_that_both_know() -> None:
    chosen = choose(["cram-md5", "login", "plain"], "a", "b")
    assert chosen is not None
    assert chosen.name == "PLAIN"
    assert choose(["GSSAPI"], "a", "b") is None


@given(st.binary(max_size=40))
@settings(derandomize=True, deadline=None, max_examples=50)
def test_base64(data: bytes) -> None:
    assert encode(data) == base64.b64encode(data).decode()
    assert decode(encode(data)) == data


@pytest.mark.parametrize("text", ["a", "ab=", "ab==c", "=", "a b=", "ab==\r\n", "*", "ž", "abcd====", "abc-"])
def test_bad_base64(text: str) -> None:
    with pytest.raises(SaslError):
        decode(text)
