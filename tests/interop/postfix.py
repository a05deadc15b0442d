"""A real Postfix on a port of 127.0.0.1, with all its files in a temporary folder, and its tools beside it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.daemons import HOST, free_port

PATIENCE_S = 15.0
SERVICES = """
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
tlsmgr unix - - n 1000? 1 tlsmgr
smtp unix - - n - - smtp
checked unix - - n - - smtp -o smtp_tls_security_level=verify -o smtp_tls_verify_cert_match=nexthop
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
SETTINGS = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
myhostname = mx.firma.example
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 192.0.2.0/32
virtual_mailbox_domains = firma.example
virtual_mailbox_maps = inline:{{ dan@firma.example=1, eva@firma.example=1, postmaster@firma.example=1,
 jiří@firma.example=1 }}
virtual_transport = discard:
double_bounce_sender = double-bounce@firma.example
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions =
smtpd_helo_required = no
smtpd_delay_reject = no
smtpd_error_sleep_time = 0
smtpd_tls_security_level = none
message_size_limit = 10240000
smtputf8_enable = yes
strict_smtputf8 = yes
smtpd_forbid_bare_newline = no
smtpd_forbid_unauth_pipelining = no
{more}
"""


def is_root() -> bool:
    """Whether we may do what only root may do, on a system that knows of root."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


@contextlib.contextmanager
def postfix(more: str = "") -> Iterator[int]:
    """A Postfix that takes mail for dan and eva of firma.example and throws it away; gives its port.

    `more`: settings that are added, or override others.

    Skips where there is none, or where we may not start it: its master wants to be root.
    """
    executable = shutil.which("postfix", path="/usr/sbin:/usr/local/sbin")
    if executable is None:
        pytest.skip("Postfix is not installed")
    if not is_root():
        pytest.skip("only root can start a Postfix")
    folder = Path(tempfile.mkdtemp(prefix="postfix"))
    try:
        folder.chmod(0o755)
        port = free_port()
        _configure(folder, port, more)
        _run(executable, folder, "start")
        try:
            _wait_until_up(port, folder)
            yield port
        finally:
            _run(executable, folder, "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _configure(folder: Path, port: int, more: str) -> None:
    config = folder / "etc"
    for name in ("etc", "spool", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix", "postfix")
    (config / "master.cf").write_text(SERVICES.format(port=f"{HOST}:{port}"), encoding="utf-8")
    (config / "main.cf").write_text(_settings(SETTINGS.format(folder=folder, more=more)), encoding="utf-8")


def _settings(text: str) -> str:
    """Settings with what later ones override left out: Postfix would warn of each, and its log is not open yet."""
    entries: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", text.strip()):
        entries[entry.partition("=")[0].strip()] = entry
    return "\n".join(entries.values()) + "\n"


def _run(executable: str, folder: Path, command: str) -> None:
    done = subprocess.run([executable, "-c", str(folder / "etc"), command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"postfix {command}: {done.stdout}{done.stderr}{_log(folder)}"


def _log(folder: Path) -> str:
    log = folder / "log"
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


def _wait_until_up(port: int, folder: Path) -> None:
    try:
        wait_for_port(port)
    except OSError:
        pytest.fail(_log(folder))


def wait_for_port(port: int) -> None:
    """Wait until an SMTP server greets; raises OSError when it does not."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            with socket.create_connection((HOST, port), 2) as visit:
                visit.settimeout(2)
                if visit.recv(3) == b"220":
                    visit.sendall(b"QUIT\r\n")
                    return
        except OSError:
            if time.monotonic() > end:
                raise
        time.sleep(0.05)
