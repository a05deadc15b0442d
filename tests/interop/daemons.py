"""NSD and Unbound on a port of 127.0.0.1, with all their files in a temporary folder."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import dns.message
import dns.query
import pytest

HOST = "127.0.0.1"
PATIENCE_S = 15.0


def free_port() -> int:
    """A port that is free for UDP and TCP."""
    with socket.create_server((HOST, 0)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        port: int = tcp.getsockname()[1]
        udp.bind((HOST, port))
        return port


def executable(name: str) -> str:
    """Where a daemon is: distributions put them where a user's PATH does not look. Skips when it is not there."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@contextlib.contextmanager
def nsd(folder: Path, zones: Mapping[str, str]) -> Iterator[int]:
    """An authoritative NSD with these zones (name -> zone file); gives its port."""
    port = free_port()
    lines = [
        "server:",
        f"  ip-address: {HOST}@{port}",
        "  server-count: 1",
        '  username: ""',
        f'  zonesdir: "{folder}"',
        f'  pidfile: "{folder}/nsd.pid"',
        f'  zonelistfile: "{folder}/zone.list"',
        f'  xfrdfile: "{folder}/xfrd.state"',
        '  database: ""',
        "  ip-transparent: no",
        "  do-ip6: no",
        "  refuse-any: yes",
        "  minimal-responses: yes",
        "  rrl-ratelimit: 0",
        "remote-control:",
        "  control-enable: no",
    ]
    for number, (name, text) in enumerate(zones.items()):
        (folder / f"{number}.zone").write_text(text, encoding="utf-8")
        lines += ["zone:", f'  name: "{name}"', f'  zonefile: "{number}.zone"']
    config = folder / "nsd.conf"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with _running([executable("nsd"), "-d", "-c", str(config)], port, folder / "nsd.log"):
        yield port


@contextlib.contextmanager
def unbound(folder: Path, stubs: Mapping[str, int], more: str = "") -> Iterator[int]:
    """A recursive Unbound that finds each of these zones on a port of 127.0.0.1; gives its own port."""
    port = free_port()
    config = folder / "unbound.conf"
    config.write_text(
        f"""server:
  interface: {HOST}
  port: {port}
  do-ip6: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  use-syslog: no
  logfile: ""
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "iterator"
  num-threads: 1
  rrset-roundrobin: no
  minimal-responses: yes
  qname-minimisation: no
  aggressive-nsec: no
  local-zone: "example." nodefault
  unblock-lan-zones: yes
  insecure-lan-zones: yes
{more}
remote-control:
  control-enable: no
"""
        + "".join(
            f'stub-zone:\n  name: "{zone}"\n  stub-addr: {HOST}@{stub_port}\n  stub-no-cache: no\n'
            for zone, stub_port in stubs.items()
        ),
        encoding="utf-8",
    )
    with _running([executable("unbound"), "-d", "-c", str(config)], port, folder / "unbound.log"):
        yield port


@contextlib.contextmanager
def _running(command: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as stream, subprocess.Popen(command, stdout=stream, stderr=stream) as process:
        try:
            _wait_until_up(process, port, log)
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    query = dns.message.make_query("version.invalid", "A")
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at and process.poll() is None:
        with contextlib.suppress(OSError, dns.exception.Timeout):
            dns.query.udp(query, HOST, timeout=0.2, port=port)
            return
        time.sleep(0.05)
    pytest.fail(f"{process.args!r} does not start:\n{log.read_text(errors='replace')}")
