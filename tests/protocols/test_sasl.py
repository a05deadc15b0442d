"""SASL mechanisms: both halves against each other, and each against what it must refuse."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.protocols.sasl import (
    MECHANISMS,
    ClientMechanism,
    CramMd5Client,
    CramMd5Server,
    Credentials,
    LoginClient,
    LoginServer,
    Password,
    PlainClient,
    PlainServer,
    Proof,
    SaslError,
    ServerMechanism,
    choose,
    client_mechanism,
    decode,
    encode,
    server_mechanisms,
)


class Book:
    """Accounts with a fixed nonce and salt."""

    hostname = "postoffice.reston.mci.net"

    def __init__(self, nonce: str = "MORE", salt: str = "c2FsdHNhbHRzYWx0", **passwords: str) -> None:
        self._nonce, self._salt, self._passwords = nonce, base64.b64decode(salt), passwords

    def password(self, username: str) -> str | None:
        return self._passwords.get(username)

    def nonce(self) -> str:
        return self._nonce

    def salt(self, username: str) -> bytes:
        return self._salt if username in self._passwords else bytes(16)


def exchange(client: ClientMechanism, server: ServerMechanism, with_initial: bool = True) -> Credentials:
    step = server.step(client.initial() if with_initial else None)
    while isinstance(step, bytes):
        step = server.step(client.respond(step))
    return step


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)


@given(NAMES, NAMES, st.sampled_from(["PLAIN", "LOGIN"]), st.booleans())
@settings(derandomize=True, deadline=None, max_examples=100)
def test_both_halves_agree(username: str, password: str, name: str, with_initial: bool) -> None:
    client, server = client_mechanism(name, username, password), server_mechanisms()[name]()
    assert client.name == server.name == name
    assert not client.is_done
    assert exchange(client, server, with_initial) == Password(username, password)
    assert client.is_done


@pytest.mark.parametrize("name", ["CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"])
@pytest.mark.parametrize("with_initial", [True, False])
@pytest.mark.parametrize(
    ("username", "password", "is_right"),
    [("tim", "heslo", True), ("tim", "spatne", False), ("nobody", "heslo", False), ("žofie,=", "příliš", True)],
)
def test_mechanisms_that_prove(name: str, with_initial: bool, username: str, password: str, is_right: bool) -> None:
    accounts = Book(tim="heslo", **{"žofie,=": "příliš"})
    client, server = client_mechanism(name, username, password, "NONCE"), server_mechanisms(accounts)[name]()
    assert client.name == server.name == name
    assert exchange(client, server, with_initial) == Proof(username, is_right)
    assert client.is_done == (is_right or name == "CRAM-MD5")


def test_mechanisms_that_prove_need_accounts() -> None:
    assert set(server_mechanisms()) == {"PLAIN", "LOGIN"}
    assert set(server_mechanisms(Book())) == set(MECHANISMS)


def test_cram_md5_as_in_rfc_2195_section_2() -> None:
    accounts = Book("1896.697170952", tim="tanstaaftanstaaf")
    server = CramMd5Server(accounts)
    assert server.step(None) == b"<1896.697170952@postoffice.reston.mci.net>"
    answer = CramMd5Client("tim", "tanstaaftanstaaf").respond(b"<1896.697170952@postoffice.reston.mci.net>")
    assert answer == b"tim b913a602c7eda7a495b4e6e7334d3890"
    assert server.step(answer) == Proof("tim", True)


@pytest.mark.parametrize("answer", [b"", b"tim", b"\xff\xff a"])
def test_cram_md5_refuses(answer: bytes) -> None:
    server = CramMd5Server(Book(tim="heslo"))
    server.step(None)
    with pytest.raises(SaslError):
        server.step(answer)
    with pytest.raises(SaslError):
        CramMd5Server(Book()).step(b"tim b913a602c7eda7a495b4e6e7334d3890")


SCRAM_EXAMPLES = [
    (
        "SCRAM-SHA-1",  # RFC 5802 section 5
        Book("3rfcNHYJY1ZVvWVs7j", "QSXCR+Q6sek8bf92", user="pencil"),
        "fyko+d2lbbFgONRv9qkxdawL",
        b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    (
        "SCRAM-SHA-256",  # RFC 7677 section 3
        Book("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "W22ZaJ0SNY7soEsUEjb6gQ==", user="pencil"),
        "rOprNGfwEbeRWgbNEkqO",
        b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
]


@pytest.mark.parametrize(("name", "accounts", "nonce", "first", "question", "final", "signature"), SCRAM_EXAMPLES)
def test_scram_as_in_the_rfc(
    name: str, accounts: Book, nonce: str, first: bytes, question: bytes, final: bytes, signature: bytes
) -> None:
    client, server = client_mechanism(name, "user", "pencil", nonce), server_mechanisms(accounts)[name]()
    assert client.initial() == first
    assert server.step(first) == question
    assert client.respond(question) == final
    assert server.step(final) == signature
    assert not client.is_done
    assert client.respond(signature) == b""
    assert client.is_done
    assert server.step(b"") == Proof("user", True)


def test_a_scram_client_wants_to_see_that_the_server_knows_the_password() -> None:
    name, _, nonce, _, question, _, _ = SCRAM_EXAMPLES[0]
    client = client_mechanism(name, "user", "pencil", nonce)
    client.initial()
    client.respond(question)
    with pytest.raises(SaslError):
        client.respond(b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    assert not client.is_done


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"n,,",
        b"hello",
        b"n,,n=user",
        b"x,,n=user,r=a",
        b"p=tls-unique,,n=user,r=abc",
        b"\xff",
        b"n,a=dan,n=tim,r=a",
    ],
)
def test_a_scram_server_refuses(first: bytes) -> None:
    with pytest.raises(SaslError):
        server_mechanisms(Book(user="pencil"))["SCRAM-SHA-1"]().step(first)


def test_a_scram_server_refuses_other_nonces_and_more_words() -> None:
    name, accounts, _, first, _, final, _ = SCRAM_EXAMPLES[0]
    server = server_mechanisms(accounts)[name]()
    server.step(first)
    with pytest.raises(SaslError):
        server.step(final.replace(b"3rfc", b"4rfc"))
    server = server_mechanisms(accounts)[name]()
    server.step(first)
    server.step(final)
    with pytest.raises(SaslError):
        server.step(b"more")


def test_a_scram_server_asks_everybody_the_same_way() -> None:
    """Whether there is such a user cannot be seen from the question (RFC 5802 section 9)."""
    questions = [
        server_mechanisms(Book(tim="x"))["SCRAM-SHA-1"]().step(b"n,,n=%s,r=a" % who) for who in (b"tim", b"joe")
    ]
    shapes = [[part[:2] for part in bytes(q).split(b",")] for q in questions if isinstance(q, bytes)]
    assert shapes == [[b"r=", b"s=", b"i="]] * 2


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
    for offered, wanted, name in (
        (["login", "plain"], MECHANISMS, "PLAIN"),
        (["plain", "cram-md5", "scram-sha-1"], MECHANISMS, "SCRAM-SHA-1"),
        (["plain", "cram-md5"], ("LOGIN", "CRAM-MD5", "PLAIN"), "CRAM-MD5"),
    ):
        chosen = choose(offered, "a", "b", wanted)
        assert chosen is not None
        assert chosen.name == name
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
