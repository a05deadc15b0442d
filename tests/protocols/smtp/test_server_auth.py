"""AUTH at the server: RFC 4954 with PLAIN and LOGIN, its codes and its limits."""

from __future__ import annotations

import pytest

from mailsim.errors import LocalProtocolError
from mailsim.protocols.sasl import Password, encode
from mailsim.protocols.smtp import AuthDone, Reply, SmtpServer, SmtpServerConfig, State
from tests.protocols.smtp.small_world import HOST, greeted, play

GOOD = encode(b"\0alena\0tajne heslo")
BAD = encode(b"\0alena\0jine")
MECHANISMS = ("PLAIN", "LOGIN")
INVALID = "535 5.7.8 Authentication credentials invalid"
OK = "235 2.7.0 Authentication successful"
UNDECODED = "501 5.5.2 Cannot decode the response"


def test_ehlo_lists_the_mechanisms() -> None:
    server = SmtpServer(SmtpServerConfig(hostname=HOST, auth_mechanisms=MECHANISMS))
    server.greeting()
    server.receive(b"EHLO x\r\n")
    server.next_event()
    assert "AUTH PLAIN LOGIN" in server.accept().lines


@pytest.mark.parametrize(
    "transcript",
    [
        f">> AUTH PLAIN {GOOD}\n<< {OK}\n>> AUTH PLAIN {GOOD}\n<< 503 5.5.1 Already authenticated",
        f">> auth plain\n<< 334 \n>> {GOOD}\n<< {OK}",
        f">> AUTH PLAIN {BAD}\n<< {INVALID}\n>> AUTH PLAIN {GOOD}\n<< {OK}",
        f">> AUTH LOGIN\n<< 334 VXNlcm5hbWU6\n>> {encode(b'alena')}\n<< 334 UGFzc3dvcmQ6\n"
        f">> {encode(b'tajne heslo')}\n<< {OK}",
        f">> AUTH LOGIN {encode(b'dan')}\n<< 334 UGFzc3dvcmQ6\n>> {encode('žluťoučký'.encode())}\n<< {OK}",
        f">> AUTH LOGIN\n<< 334 VXNlcm5hbWU6\n>> {encode(b'alena')}\n<< 334 UGFzc3dvcmQ6\n>> \n<< {INVALID}",
        f">> AUTH PLAIN\n<< 334 \n>> *\n<< 501 5.7.0 Authentication cancelled\n>> AUTH PLAIN {GOOD}\n<< {OK}",
        f">> AUTH PLAIN\n<< 334 \n>> QUIT\n<< {UNDECODED}\n>> NOOP\n<< 250 2.0.0 Ok",
        f">> AUTH PLAIN a\n<< {UNDECODED}",
        f">> AUTH PLAIN ab==cd==\n<< {UNDECODED}",
        f">> AUTH PLAIN =\n<< {UNDECODED}",
        f">> AUTH PLAIN {encode(b'alena tajne')}\n<< {UNDECODED}",
        f">> AUTH PLAIN {encode(bytes([0, 255, 0, 65]))}\n<< {UNDECODED}",
        ">> AUTH\n<< 501 5.5.4 Write AUTH mechanism",
        ">> AUTH CRAM-MD5\n<< 504 5.5.4 Unrecognized authentication type",
        ">> MAIL FROM:<>\n<< 250 2.1.0 Sender ok\n>> AUTH PLAIN\n<< 503 5.5.1 Bad sequence of commands",
        ">> MAIL FROM:<> AUTH=<>\n<< 250 2.1.0 Sender ok",
        ">> MAIL FROM:<> AUTH=e+3Dmc2@example.com\n<< 250 2.1.0 Sender ok",
        ">> MAIL FROM:<> AUTH=e+3mc2@example.com\n<< 501 5.5.4 AUTH is a mailbox in xtext, or <>",
        ">> MAIL FROM:<> AUTH=nobody\n<< 501 5.5.4 AUTH is a mailbox in xtext, or <>",
    ],
)
def test_exchange(transcript: str) -> None:
    greeted(transcript, auth_mechanisms=MECHANISMS)


def test_only_mechanisms_that_are_configured() -> None:
    greeted(
        ">> AUTH LOGIN\n<< 504 5.5.4 Unrecognized authentication type",
        auth_mechanisms=("PLAIN",),
    )


def test_auth_is_an_extension_and_needs_ehlo() -> None:
    play(
        f"""
        << 220 {HOST} ESMTP Service ready
        >> AUTH PLAIN {GOOD}
        << 503 5.5.1 Send EHLO first
        >> HELO x
        << 250 {HOST}
        >> AUTH PLAIN {GOOD}
        << 503 5.5.1 Send EHLO first
        """,
        auth_mechanisms=MECHANISMS,
    )


def test_required_auth_refuses_all_but_a_few() -> None:
    greeted(
        f"""
        >> MAIL FROM:<alena@skola.example>
        << 530 5.7.0 Authentication required
        >> VRFY dan
        << 530 5.7.0 Authentication required
        >> HELP
        << 530 5.7.0 Authentication required
        >> NOOP
        << 250 2.0.0 Ok
        >> RSET
        << 250 2.0.0 Reset ok
        >> AUTH PLAIN {GOOD}
        << 235 2.7.0 Authentication successful
        >> MAIL FROM:<alena@skola.example>
        << 250 2.1.0 Sender ok
        """,
        auth_mechanisms=MECHANISMS,
        require_auth=True,
    )


def test_auth_may_need_tls() -> None:
    settings = {"auth_mechanisms": MECHANISMS, "auth_requires_tls": True, "starttls": True}
    refused = "538 5.7.11 Encryption required for requested authentication mechanism"
    world = greeted(
        f"""
        >> AUTH PLAIN {GOOD}
        << {refused}
        >> STARTTLS
        << 220 2.0.0 Ready to start TLS
        >> EHLO x
        << 250-mx.firma.example greets x
        << 250-PIPELINING
        << 250-SIZE 10240000
        << 250-AUTH PLAIN LOGIN
        << 250-ENHANCEDSTATUSCODES
        << 250-8BITMIME
        << 250-DSN
        << 250-SMTPUTF8
        << 250-CHUNKING
        << 250 HELP
        >> AUTH PLAIN {GOOD}
        << 235 2.7.0 Authentication successful
        """,
        **settings,
    )
    assert world.server.username == "alena"


def test_long_lines_of_an_exchange() -> None:
    fits = encode(b"\0alena\0" + b"x" * 9000)
    assert 12000 < len(fits) < 12288
    greeted(f">> AUTH PLAIN\n<< 334 \n>> {fits}\n<< {INVALID}", auth_mechanisms=MECHANISMS)
    greeted(f">> AUTH PLAIN {fits}\n<< {INVALID}", auth_mechanisms=MECHANISMS)
    too_long = "500 5.5.6 Authentication exchange line is too long"
    greeted(
        f">> AUTH PLAIN\n<< 334 \n>> {'A' * 20000}\n<< {too_long}\n>> NOOP\n<< 250 2.0.0 Ok",
        auth_mechanisms=MECHANISMS,
    )
    greeted(f">> AUTH PLAIN {'A' * 13000}\n<< {too_long}\n>> NOOP\n<< 250 2.0.0 Ok", auth_mechanisms=MECHANISMS)


def authenticating() -> tuple[SmtpServer, AuthDone]:
    server = SmtpServer(SmtpServerConfig(hostname=HOST, auth_mechanisms=MECHANISMS))
    server.greeting()
    server.receive(b"EHLO x\r\nAUTH PLAIN " + encode(b"sef\0alena\0heslo").encode() + b"\r\n")
    server.next_event()
    server.accept()
    done = server.next_event()
    assert isinstance(done, AuthDone)
    return server, done


def test_what_the_agent_learns_and_must_answer() -> None:
    server, done = authenticating()
    assert (done.mechanism, done.credentials) == ("PLAIN", Password("alena", "heslo", "sef"))
    assert done.credentials.authorization_id == "sef"
    with pytest.raises(LocalProtocolError):
        server.accept()
    with pytest.raises(LocalProtocolError):
        server.refuse(Reply(535))
    with pytest.raises(LocalProtocolError):
        server.auth_accept(Reply(535))
    assert server.auth_refuse(Reply.of(454, "4.7.0", "Temporary authentication failure")).code == 454
    assert (server.state, server.username) == (State.READY, "")


def test_a_server_may_hang_up_on_a_bad_password() -> None:
    server, _ = authenticating()
    server.auth_refuse(Reply.of(421, "4.7.0", "Too many errors"))
    assert server.is_closed


def test_ehlo_keeps_the_identity() -> None:
    server, _ = authenticating()
    server.auth_accept()
    server.receive(b"EHLO again.example\r\n")
    server.next_event()
    server.accept()
    assert server.username == "alena"
