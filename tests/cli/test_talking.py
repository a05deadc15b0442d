"""`mailsim talk`: the lines that somebody pipes in, and the answers, to the letter."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailsim.cli import application

FIRST = """\
S: 220 mail.skola.example ESMTP Service ready<CRLF>
C: HELO me.example<CRLF>
S: 250 mail.skola.example<CRLF>
C: MAIL FROM:<a@jinde.example><CRLF>
S: 250 2.1.0 Sender ok<CRLF>
C: RCPT TO:<dan@skola.example><CRLF>
S: 250 2.1.5 Recipient ok<CRLF>
C: DATA<CRLF>
S: 354 Start mail input; end with <CRLF>.<CRLF><CRLF>
C: Subject: Ahoj<CRLF>
C: <CRLF>
C: ..<CRLF>
C: .<CRLF>
"""


def talk(where: str, *lines: str, options: tuple[str, ...] = (), scenario: str = "first-mail") -> str:
    """What `talk` prints for lines that are piped in."""
    command = ["talk", scenario, where, "--lang", "en", *options]
    done = CliRunner().invoke(application(), command, input="".join(f"{line}\n" for line in lines))
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    return done.stdout


def typed(text: str) -> list[str]:
    return [line.removeprefix("C: ").removesuffix("<CRLF>") for line in text.splitlines() if line.startswith("C: ")]


def test_a_mail_by_hand_and_its_recording(tmp_path: Path) -> None:
    file = tmp_path / "talk.mailsim"
    said = talk("mail.skola.example:25", *typed(FIRST), options=("--save", str(file)))
    assert said.startswith(FIRST)
    *_, taken, end = said.splitlines()
    assert taken.startswith("S: 250 2.0.0 Ok: queued as ")
    assert end == "-- The connection is closed."
    again = talk("mail.skola.example:25", *typed(FIRST))
    assert again == said
    told = CliRunner().invoke(application(), ["run", str(file), "--detail", "dialogue", "--lang", "en"]).stdout
    assert "guest > mail  C: MAIL FROM:<a@jinde.example>" in told
    assert "mail > guest  S: 354" in told


@pytest.mark.parametrize(
    ("where", "hello", "start", "again", "expected"),
    [
        ("mail:smtp", ("EHLO me.example",), "STARTTLS", "EHLO me.example", "S: 250 HELP<CRLF>"),
        ("mail:submission", ("EHLO me.example",), "STARTTLS", "EHLO me.example", "S: 250 HELP<CRLF>"),
        ("mail:imap", (), "a STARTTLS", "b LOGIN dan secret-dan", "S: b OK"),
        ("192.0.2.25:pop3", ("CAPA",), "STLS", "USER dan", "S: +OK"),
    ],
)
def test_starttls_typed_by_hand(where: str, hello: tuple[str, ...], start: str, again: str, expected: str) -> None:
    lines = talk(where, *hello, start, again).splitlines()
    place = lines.index(f"C: {start}<CRLF>")
    assert lines[place + 2].startswith("-- From now on guest and mail speak encrypted: TLSv1.3")
    assert lines[place + 3] == f"C: {again}<CRLF>"
    assert lines[-2].startswith(expected) or lines[-2] == expected


def test_tls_from_the_beginning() -> None:
    for where, options in (("mail:993", ()), ("mail:imaps", ("--tls",))):
        said = talk(where, "a CAPABILITY", options=options)
        assert said.startswith("-- From now on")
        assert "S: a OK" in said
    assert "gets no TLS" in talk("mail:25", options=("--tls",))


def test_a_refused_starttls_goes_on_in_the_clear() -> None:
    said = talk("mail:143", "a STARTTLS nonsense", "b NOOP")
    assert "S: a BAD" in said
    assert "S: b OK" in said


def test_each_reply_is_explained() -> None:
    said = talk("mail:25", "EHLO me.example", "QUIT", options=("--explain",))
    assert "| 220: the server speaks first:" in said
    assert "RFC 5321, 4.1.1.1" in said
    assert said.count("| 220: the server speaks first:") == 1
    czech = talk("mail:25", "EHLO me.example", options=("--explain", "--lang", "cs"))
    assert "Spojení je ukončeno" in czech


def test_time_passes_before_and_between() -> None:
    mail = talk("mail:imaps", "a LOGIN dan secret-dan", "b SELECT INBOX", options=("--at", "20s"))
    assert "S: * 1 EXISTS" in mail
    idle = talk(
        "mail:imaps", "a LOGIN dan secret-dan", "b SELECT INBOX", "c IDLE", "DONE", options=("--pause", "350ms")
    )
    assert "S: * 0 EXISTS" in idle
    assert "S: * 1 EXISTS" in idle


def test_a_wrong_password_is_worth_waiting_for() -> None:
    assert "S: a NO" in talk("mail:imaps", "a LOGIN dan wrong")


def test_the_end_in_the_middle_of_something() -> None:
    assert talk("mail:25").endswith("-- The connection is closed.\n")
    assert "-- The connection is closed." in talk("mail:25", "HELO x.example", "MAIL FROM:<>")
    assert "-- mail refuses the connection" in talk("mail:9999", "anything")


@pytest.mark.parametrize("where", ["mail", "mail:0", "mail:70000", "mail:nothing", ":25", "maik:25", "192.0.2.99:25"])
def test_places_that_are_none(where: str) -> None:
    done = CliRunner().invoke(application(), ["talk", "first-mail", where, "--lang", "cs"], input="")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert where.partition(":")[0] in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_a_person_sees_the_crlf_of_what_was_typed() -> None:
    import os
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        command = [sys.executable, "-m", "mailsim", "talk", "first-mail", "mail:25", "--lang", "en"]
        os.execv(command[0], command)
    shown = b""
    for wanted, answer in ((b"<CRLF>\r\nC: ", b"QUIT\n"), (b"closed.", b"")):
        while wanted not in shown:
            shown += os.read(terminal, 65536)
        if answer:
            os.write(terminal, answer)
    assert os.waitpid(pid, 0)[1] == 0
    os.close(terminal)
    assert b"\x1b[1A\r\x1b[KC: QUIT<CRLF>\r\nS: 221 " in shown
