"""Runs `mailsim serve` for tests with real clients: one process a module, its ports, its CA, and mail in and out.

def test_something(served: Served) -> None:
    smtplib.SMTP("127.0.0.1", served.port("submission"))
"""

from __future__ import annotations

import contextlib
import imaplib
import json
import os
import random
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path

import pytest

PATIENCE_S = 30.0
PORTS = (25, 53, 110, 143, 465, 587, 993, 995)
SCENARIO = """\
id: guests
domains:
  skola.example:
    users:
      alena: {password: "heslo s mezerou"}
      dan: {password: secret}
      b: {password: b}
  firma.example:
    mx: [mx1]
    users: {borek: {password: secret}}
hosts:
  mail.skola.example:
    aliases: {vsichni: [dan@skola.example, borek@firma.example]}
    roles: &lenient
      msa: {auth_requires_tls: false, auth_failure_delay: 50ms}
      imap: {plaintext_login: true, auth_failure_delay: 50ms}
      pop3: {plaintext_login: true, auth_failure_delay: 50ms}
  mx1.firma.example:
    roles: *lenient
"""
ALENA, DAN, BOREK = "alena@skola.example", "dan@skola.example", "borek@firma.example"
PASSWORDS = {ALENA: "heslo s mezerou", DAN: "secret", BOREK: "secret"}


class Security(StrEnum):
    """How a client protects its connection."""

    CLEAR = "clear"
    STARTTLS = "starttls"
    TLS = "tls"


EVERY_SECURITY = pytest.mark.parametrize("security", list(Security))
IMPLICIT = {"submission": "submissions", "imap": "imaps", "pop3": "pop3s"}


@dataclass
class Served:
    """A running `mailsim serve`.

    Attributes:
        process: it. blocks: what it offers, one a domain. ca_file: the certificate to trust. folder: for anything.
    """

    process: subprocess.Popen[str]
    blocks: list[dict[str, object]]
    ca_file: Path
    folder: Path
    errors: Path
    ports: dict[tuple[str, str], int] = field(default_factory=dict)

    def port(self, service: str, domain: str = "skola.example", security: Security = Security.CLEAR) -> int:
        """The real port of a service; with TLS from the beginning, that of its secure twin."""
        name = IMPLICIT[service] if security is Security.TLS else service
        return self.ports[domain, name]

    @property
    def context(self) -> ssl.SSLContext:
        """Checks certificates, and trusts nobody but the simulated CA."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it in order; gives its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    # --- mail -----------------------------------------------------------------------------------

    def deliver(self, to: str, subject: str, body: str = "Ahoj!\r\n") -> None:
        """Put a mail into a mailbox, as another server does."""
        with smtplib.SMTP("127.0.0.1", self.port("smtp", to.partition("@")[2]), timeout=PATIENCE_S) as smtp:
            smtp.send_message(letter(to, subject, body), "tester@jinde.example", [to])
        self.wait_for(to, subject)

    def wait_for(self, user: str, subject: str) -> bytes:
        """The message with this subject, as soon as it is in the user's INBOX."""
        with self.imap(user) as imap:
            end = time.monotonic() + PATIENCE_S
            while time.monotonic() < end:
                imap.select("INBOX")
                [found] = imap.search(None, "SUBJECT", f'"{subject}"')[1]
                if found:
                    answer = imap.fetch(found.split()[-1].decode(), "(BODY.PEEK[])")[1]
                    assert isinstance(answer[0], tuple)
                    return bytes(answer[0][1])
                time.sleep(0.05)
        raise AssertionError(f"no mail {subject} for {user}")

    def imap(self, user: str) -> imaplib.IMAP4:
        """A connection of the user, logged in."""
        imap = imaplib.IMAP4("127.0.0.1", self.port("imap", user.partition("@")[2]), timeout=PATIENCE_S)
        imap.login(user, PASSWORDS[user])
        return imap


def letter(to: str, subject: str, body: str = "Ahoj!\r\n", sender: str = ALENA) -> EmailMessage:
    """A mail with a subject to find it by."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = f"<{uuid.uuid4()}@tester.example>"
    message.set_content(body)
    return message


def fresh(what: str = "mail") -> str:
    """A subject that no other mail has."""
    return f"{what}-{uuid.uuid4().hex[:12]}"


@contextlib.contextmanager
def serve(
    folder: Path, scenario: str = SCENARIO, options: Sequence[str] = (), domains: Sequence[str] = ()
) -> Iterator[Served]:
    """Run `mailsim serve` on free ports; it has to end cleanly and without a word on stderr."""
    file = folder / "served.yaml"
    file.write_text(scenario, "utf-8")
    ca_file, errors = folder / "ca.pem", folder / "stderr.txt"
    names = [part for domain in domains for part in ("--domain", domain)]
    command = [sys.executable, "-m", "mailsim", "serve", str(file), "--json", "--lang", "en", *names, *options]
    command += ["--port-base", str(free_base(max(len(domains), 1))), "--ca-file", str(ca_file)]
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    with errors.open("w") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, creationflags=flags)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, errors.read_text()
        served = Served(process, json.loads(line)["blocks"], ca_file, folder, errors)
        for block in served.blocks:
            for service in block["services"]:  # type: ignore[attr-defined]
                served.ports[str(block["name"]), service["name"]] = service["port"]
        yield served
        assert served.stop() == 0
        assert errors.read_text() == ""
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=PATIENCE_S)


def free_base(blocks: int) -> int:
    """A port base at which all ports are free, and which no other worker of the suite may find at the same moment."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 12_000 + worker % 6 * 3000
    for _ in range(200):
        base = random.randrange(first, first + 3000 - 1000 * blocks)
        if all(is_free(base + 1000 * block + port) for block in range(blocks) for port in PORTS):
            return base
    raise AssertionError("no free ports")


def is_free(port: int) -> bool:
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(0.2)
            if probe.connect_ex((address, port)) == 0:
                return False
    return True


def needs(*tools: str) -> pytest.MarkDecorator:
    """Skips a test when one of the programs is missing (which CI does not allow)."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def run(command: Sequence[str], text: str = "", folder: Path | None = None, **environment: str) -> str:
    """Run a client; gives what it printed. It has to succeed."""
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
        check=False,
    )
    assert done.returncode == 0, f"{command[0]}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
