"""A real Postfix on a port of 127.0.0.1, with all its files in a temporary folder, and its tools beside it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
lmtp unix - - n - - lmtp
asks unix - - y - - smtp
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


@dataclass(frozen=True)
class Postfix:
    """One that runs: its port, and the folder with all its files."""

    port: int
    folder: Path

    @property
    def log(self) -> str:
        """What it has written down so far."""
        file = self.folder / "log"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    @property
    def queue(self) -> list[dict[str, Any]]:
        """Its queue, by `postqueue -j`."""
        tool = shutil.which("postqueue", path="/usr/sbin:/usr/local/sbin")
        assert tool is not None
        command = [tool, "-c", str(self.folder / "etc"), "-j"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return [json.loads(line) for line in told.splitlines()]


@contextlib.contextmanager
def postfix(more: str = "") -> Iterator[int]:
    """The same as `running`, for whoever needs its port alone."""
    with running(more) as server:
        yield server.port


@contextlib.contextmanager
def running(more: str = "", nameserver: str = "", under: Path | None = None) -> Iterator[Postfix]:
    """A Postfix that takes mail for dan and eva of firma.example and throws it away.

    Args:
        more: settings that are added, or override others.
        nameserver: the address whose port 53 its transport `asks` asks. This one lives in a root directory of its own,
            the only way to give a program that uses the system's resolver another one than the system's.
        under: where its folder is made; None is where temporary folders usually are.

    Skips where there is none, or where we may not start it: its master wants to be root.
    """
    executable = needed()
    folder = Path(tempfile.mkdtemp(prefix="postfix", dir=under))
    try:
        folder.chmod(0o755)
        server = Postfix(free_port(), folder)
        _configure(server, more, nameserver)
        _run(executable, server, "start")
        try:
            _wait_until_up(server)
            yield server
        finally:
            _run(executable, server, "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def needed() -> str:
    """Where Postfix is; skips where it cannot be started."""
    executable = shutil.which("postfix", path="/usr/sbin:/usr/local/sbin")
    if executable is None:
        pytest.skip("Postfix is not installed")
    if not is_root():
        pytest.skip("only root can start a Postfix")
    return executable


def _configure(server: Postfix, more: str, nameserver: str) -> None:
    folder, config = server.folder, server.folder / "etc"
    for name in ("etc", "spool", "data", "spool/etc"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix", "postfix")
    (config / "master.cf").write_text(SERVICES.format(port=f"{HOST}:{server.port}"), encoding="utf-8")
    (config / "main.cf").write_text(_settings(SETTINGS.format(folder=folder, more=more)), encoding="utf-8")
    resolver = f"nameserver {nameserver}\noptions timeout:1 attempts:1\n"
    (folder / "spool/etc/resolv.conf").write_text(resolver if nameserver else "", encoding="ascii")


def _settings(text: str) -> str:
    """Settings with what later ones override left out: Postfix would warn of each, and its log is not open yet."""
    entries: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", text.strip()):
        entries[entry.partition("=")[0].strip()] = entry
    return "\n".join(entries.values()) + "\n"


def _run(executable: str, server: Postfix, command: str) -> None:
    line = [executable, "-c", str(server.folder / "etc"), command]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"postfix {command}: {done.stdout}{done.stderr}{server.log}"


def _wait_until_up(server: Postfix) -> None:
    try:
        wait_for_port(server.port)
    except OSError:
        pytest.fail(server.log)


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
