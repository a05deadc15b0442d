"""Real mail servers to compare with: a Postfix for submission, one that relays to a Dovecot, and one between two tools.

They are set up as fast as they can be while they still do what they are for: no TLS, no DNS, no look-up of who
connects, no limit on how much comes in, processes that are used again, mailboxes as folders of files.
"""

from __future__ import annotations

import contextlib
import os
import poplib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.interop.daemons import HOST, executable, free_port
from tests.interop.dovecot import PASSWORD, PATIENCE_S, owner
from tests.interop.postfix import running

FAST = """
mynetworks = 192.0.2.0/32
in_flow_delay = 0
smtpd_peername_lookup = no
smtpd_client_event_limit_exceptions = 127.0.0.0/8
smtp_host_lookup = native
smtp_dns_support_level = disabled
smtp_tls_security_level = none
default_destination_concurrency_limit = 50
initial_destination_concurrency = 20
virtual_mailbox_maps = static:all
"""
SUBMISSION = """
myhostname = mail.skola.example
virtual_mailbox_domains =
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {dovecot}/run/auth-client
smtpd_relay_restrictions = permit_sasl_authenticated, reject
relayhost = [127.0.0.1]:{relay}
"""
RELAY = """
myhostname = mail.firma.example
virtual_mailbox_domains = firma.example
virtual_transport = lmtp:unix:{dovecot}/run/lmtp
"""
HOP = """
myhostname = mail.skola.example
virtual_mailbox_domains =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
relayhost = [127.0.0.1]:{sink}
"""
DOVECOT = """
base_dir = {at}/run
state_dir = {at}/run
log_path = {at}/log
protocols = lmtp pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_client_limit = 2000
first_valid_uid = 0
first_valid_gid = 0
mail_uid = {user}
mail_gid = {group}
mail_location = maildir:{at}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = home={at}/home/%u allow_all_users=yes
}}
service auth {{
  unix_listener auth-client {{
    mode = 0666
  }}
}}
service lmtp {{
  process_min_avail = 4
  unix_listener lmtp {{
    mode = 0666
  }}
}}
service pop3-login {{
  chroot =
  service_count = 0
  process_min_avail = 2
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service pop3 {{
  service_count = 256
  process_min_avail = 4
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """One that runs: its folder, and its port for POP3."""

    folder: Path
    pop3: int

    def has_mail(self, user: str) -> bool:
        """Is there a mail at which nobody has looked yet?"""
        try:
            with os.scandir(self.folder / "mail" / user / "new") as files:
                return any(files)
        except FileNotFoundError:
            return False


@dataclass(frozen=True)
class Chain:
    """Servers through which a mail goes: the port where it is submitted, and where it ends."""

    submission: int
    dovecot: Dovecot


@contextlib.contextmanager
def chain(under: Path) -> Iterator[Chain]:
    """Submission with AUTH, relay, LMTP, POP3; all their files are in new folders under this one."""
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(dovecot(under))
        relay = stack.enter_context(running(FAST + RELAY.format(dovecot=store.folder), under=under))
        settings = SUBMISSION.format(dovecot=store.folder, relay=relay.port)
        submission = stack.enter_context(running(FAST + settings, under=under))
        yield Chain(submission.port, store)


@contextlib.contextmanager
def hop(under: Path) -> Iterator[tuple[int, int]]:
    """One Postfix that takes mail from anybody here; gives its port and the one that it relays to."""
    sink = free_port()
    with running(FAST + HOP.format(sink=sink), under=under) as server:
        yield server.port, sink


@contextlib.contextmanager
def dovecot(under: Path) -> Iterator[Dovecot]:
    """A Dovecot to which any user may log in with the password `heslo`, and have mail delivered by LMTP."""
    program = executable("dovecot")
    server = Dovecot(Path(tempfile.mkdtemp(prefix="dovecot", dir=under)), free_port())
    try:
        with _running(program, server):
            yield server
    finally:
        shutil.rmtree(server.folder, ignore_errors=True)


@contextlib.contextmanager
def _running(program: str, server: Dovecot) -> Iterator[None]:
    at, (user, group) = server.folder, owner()
    at.chmod(0o755)
    for name in ("mail", "home"):
        (at / name).mkdir()
        os.chown(at / name, user, group)
    config = at / "dovecot.conf"
    config.write_text(DOVECOT.format(at=at, port=server.pop3, user=user, group=group, password=PASSWORD))
    with subprocess.Popen([program, "-F", "-c", str(config)]) as master:
        try:
            _wait_for(server)
            yield
        finally:
            master.terminate()
            master.wait(PATIENCE_S)


def _wait_for(server: Dovecot) -> None:
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            poplib.POP3(HOST, server.pop3, timeout=5).quit()
            return
        except (OSError, EOFError, poplib.error_proto):
            if time.monotonic() > end:
                raise
        time.sleep(0.05)
