"""The same POP3 sessions with a Dovecot of our own and with our server: status by status, listing by listing."""

from __future__ import annotations

import imaplib
import os
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from tests.interop import dovecot
from tests.protocols.pop3.session import Session, host

MAILS = (
    b"From: a@skola.example\r\nSubject: one\r\n\r\nAhoj\r\n",
    b"From: b@skola.example\r\nSubject: two\r\n\r\n.\r\n..\r\n.line\r\n\r\nlast\r\n",
    b"From: c@skola.example\r\nSubject: three\r\n\r\n1\r\n2\r\n3\r\n4\r\n",
)
LISTING = re.compile(r"^(LIST|UIDL|CAPA|RETR \d+|TOP \d+ \d+)$", re.IGNORECASE)
NUMBERS = ("1", "3", "4", "0", "-1", "99999999999", "x", "1 1", "+1", "1.0")
IN = ("USER u", "PASS heslo")
SESSIONS: list[tuple[str, ...]] = [
    *((*IN, f"{verb} {number}", "STAT") for verb in ("LIST", "UIDL", "RETR", "DELE") for number in NUMBERS),
    *((*IN, f"TOP {args}", "STAT") for args in ("1 0", "2 2", "3 99", "1", "1 -1", "0 1", "4 1", "1 x", "", "1 1 1")),
    *((verb,) for verb in ("STAT", "LIST", "RETR 1", "DELE 1", "RSET", "NOPE", "PASS heslo", "USER", "CAPA")),
    *((*IN, verb) for verb in ("USER u", "PASS heslo", "NOPE", "RETR", "DELE", "LIST", "UIDL", "CAPA", "NOOP", "RSET")),
    (*IN, "DELE 1", "DELE 1", "RETR 1", "LIST 1", "UIDL 1", "TOP 1 0", "LIST", "STAT", "RSET", "STAT", "LIST 1"),
    (*IN, "dele 2", "Stat", "rset", "sTaT", "retr 2", "top 2 1", "noop", "quit"),
    ("user u", "pass heslo", "list", "DELE 3", "DELE 2", "DELE 1", "STAT", "LIST", "QUIT"),
    ("USER u", "PASS wrong", "USER u", "PASS heslo", "STAT"),
    ("USER u", "QUIT"),
    ("QUIT",),
]
DIFFERENT = {
    ("USER",): "Dovecot takes it for an empty name; the argument is required (RFC 1939 section 7), so we refuse",
}
"""Sessions in which we answer otherwise on purpose, and why."""


@dataclass(frozen=True)
class Dovecot:
    """Where it listens for POP3 and for IMAP, by which the mailboxes are filled."""

    port: int
    imap: int

    def fill(self, user: str) -> None:
        """Three mails for a user who had none."""
        client = imaplib.IMAP4("127.0.0.1", self.imap)
        client.login(user, dovecot.PASSWORD)
        for mail in MAILS:
            client.append("INBOX", "", "", mail)
        client.logout()


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    if not dovecot.installed() or not Path("/usr/lib/dovecot/pop3").exists():
        if os.environ.get("MAILSIM_NO_SKIPS"):
            pytest.fail("dovecot-pop3d is not installed")
        pytest.skip("dovecot-pop3d is not installed")
    with pytest.MonkeyPatch.context() as patch, socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
        free.close()
        service = "service pop3-login {\n  chroot =\n  service_count = 0\n  inet_listener pop3 {\n    port = %d\n  }\n"
        service += "  inet_listener pop3s {\n    port = 0\n  }\n}\nprotocol pop3 {\n  mail_plugins =\n}\n"
        configured = dovecot.CONFIG.replace("protocols = imap", "protocols = imap pop3")
        more = (service % number).replace("{", "{{").replace("}", "}}")
        patch.setattr(dovecot, "CONFIG", configured + more)
        with dovecot.running() as imap:
            yield Dovecot(number, imap)


def with_dovecot(port: int, lines: tuple[str, ...], user: str) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    with socket.create_connection(("127.0.0.1", port), 20) as link, link.makefile("rb") as stream:
        stream.readline()
        for line in lines:
            link.sendall(line.replace(" u", f" {user}", 1).encode() + b"\r\n")
            told.append(answer(line, stream.readline))
    return told


def answer(line: str, read: Callable[[], bytes]) -> tuple[str, str]:
    """Status, and what of the answer is no free text."""
    head = read().decode()
    status = head.split(" ")[0].strip()
    body: list[str] = []
    if status == "+OK" and LISTING.match(line):
        while (row := read().decode()) != ".\r\n":
            body.append(row)
    verb = line.split(" ")[0].upper()
    if status == "+OK" and verb in ("STAT", "LIST") and not body:
        return status, " ".join(head.split(" ")[1:3]).strip() if not LISTING.match(line) else ""
    if verb == "UIDL":
        return status, " ".join(row.split(" ")[0] for row in body)
    return status, "" if verb == "CAPA" else "".join(body)


def with_ours(lines: tuple[str, ...]) -> list[tuple[str, str]]:
    session = Session(host(*MAILS))
    session.connect()
    told = []
    for line in lines:
        said = session.receive(line.replace("USER u", "USER borek").replace("user u", "user borek").encode() + b"\r\n")
        told.append(answer(line, BytesIO(said).readline))
    return told


@pytest.mark.parametrize("number", range(len(SESSIONS)), ids=lambda n: " / ".join(SESSIONS[n])[-40:])
def test_the_same_session(server: Dovecot, number: int) -> None:
    lines, user = SESSIONS[number], f"user{number}"
    server.fill(user)
    is_same = with_ours(lines) == with_dovecot(server.port, lines, user)
    assert is_same == (lines not in DIFFERENT), (with_ours(lines), lines)


def test_nothing_is_deleted_without_quit(server: Dovecot) -> None:
    server.fill("drop")
    with_dovecot(server.port, (*IN, "DELE 1", "DELE 2"), "drop")
    assert with_dovecot(server.port, (*IN, "STAT"), "drop")[-1] == with_ours((*IN, "STAT"))[-1]
