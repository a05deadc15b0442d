"""dig and kdig ask the resolver of a scenario through `mailsim serve`, and all of DNS behind it answers."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.interop.served import free_base

HOST = "127.0.0.1"
PATIENCE_S = 60
LONG = "x" * 250
SCENARIO = f"""\
id: names
domains:
  skola.example: {{users: [alena]}}
  firma.example: {{users: [borek]}}
zones:
  firma.example: |
    www IN A 198.51.100.81
    www IN A 198.51.100.82
    posta IN CNAME mail
    *.hvezda IN TXT "any"
    dlouhy IN TXT "{LONG}" "{LONG}" "{LONG}"
steps: []
"""
DIG = pytest.mark.skipif(shutil.which("dig") is None, reason="dig (bind9-dnsutils) is not installed")
KDIG = pytest.mark.skipif(shutil.which("kdig") is None, reason="kdig (knot-dnsutils) is not installed")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    file = tmp_path_factory.mktemp("serve") / "names.yaml"
    file.write_text(SCENARIO, "utf-8")
    with _serving(file) as process:
        try:
            ready = json.loads(process.stdout.readline())  # type: ignore[union-attr]
            services = ready["blocks"][0]["services"]
            yield next(service["port"] for service in services if service["name"] == "dns" and service["udp"])
        finally:
            process.send_signal(signal.SIGINT) if sys.platform != "win32" else process.terminate()
            process.wait(PATIENCE_S)


def _serving(file: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "mailsim", "serve", str(file), "--port-base", str(free_base(1)), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    for word in ("malformed", "Message parser", "mismatch", "WARNING: response"):
        assert word not in done.stdout + done.stderr
    return done.stdout


def dig(port: int, *arguments: str) -> str:
    return run("dig", f"@{HOST}", "-p", str(port), "+time=10", "+tries=1", *arguments)


def kdig(port: int, *arguments: str) -> str:
    return run("kdig", f"@{HOST}", "-p", str(port), "+time=10", "+retry=0", *arguments)


@DIG
@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ("firma.example MX", ["10 mail.firma.example."]),
        ("posta.firma.example A", ["mail.firma.example.", "198.51.100.25"]),
        ("posta.firma.example AAAA +tcp", ["mail.firma.example.", "2001:db8:f::25"]),
        ("x.hvezda.firma.example TXT", ['"any"']),
        ("-x 198.51.100.25", ["mail.firma.example."]),
        ("-x 2001:db8:f::25", ["mail.firma.example."]),
        ("firma.example ANY +notcp", ['"RFC8482" ""']),
        ("firma.example NS", ["ns1.firma.example."]),
        (". NS", ["root.dns.test."]),
        ("mail.firma.example MX", []),
        ("neni.firma.example A", []),
    ],
)
def test_dig_finds(port, arguments, answer):
    assert dig(port, "+short", *arguments.split()).splitlines() == answer


@DIG
def test_dig_sees_outcome_and_flags(port):
    assert "status: NXDOMAIN" in dig(port, "neni.example")
    assert "flags: qr rd ra;" in dig(port, "firma.example", "MX")
    assert "status: REFUSED" in dig(port, "+norecurse", "firma.example", "MX")
    assert "status: REFUSED" in dig(port, "firma.example", "TXT", "-c", "CH")
    assert "status: NOTIMP" in dig(port, "+opcode=STATUS", "firma.example")
    assert "Transfer failed" in dig(port, "firma.example", "AXFR")
    assert "EDNS: version: 0, flags: do; udp: 1232" in dig(port, "+dnssec", "firma.example")
    assert "BADVERS, retrying with EDNS version 0" in dig(port, "+edns=3", "firma.example")
    assert "status: NOERROR" in dig(port, "+ednsopt=65001:aabb", "+cookie", "+subnet=192.0.2.0/24", "firma.example")


@DIG
def test_dig_goes_on_over_tcp(port):
    assert "Truncated, retrying in TCP mode" in dig(port, "+noedns", "dlouhy.firma.example", "TXT")
    assert "flags: qr tc rd ra;" in dig(port, "+noedns", "+ignore", "dlouhy.firma.example", "TXT")
    assert "(TCP)" in dig(port, "+tcp", "firma.example", "MX")


@DIG
def test_addresses_take_turns(port):
    answers = [dig(port, "+short", "www.firma.example").split() for _ in range(4)]
    assert answers[0] == answers[2] == answers[1][::-1] == answers[3][::-1]


@KDIG
def test_kdig_asks_several_things_on_one_connection(port):
    names = ("firma.example", "posta.firma.example", "neni.firma.example", "www.firma.example", "dlouhy.firma.example")
    printed = kdig(port, "+tcp", "+keepopen", *names)
    assert printed.count("status: NOERROR") == 4
    assert printed.count("status: NXDOMAIN") == 1
    assert printed.count("(TCP)") == 5


@KDIG
def test_kdig_offers_every_option_it_knows(port):
    printed = kdig(
        port, "+cookie", "+nsid", "+padding=64", "+subnet=192.0.2.0/24", "+bufsize=512", "dlouhy.firma.example", "TXT"
    )
    assert "status: NOERROR" in printed
    assert "(TCP)" in printed
    assert LONG in printed


def test_the_spelling_of_the_question_comes_back(port):
    query = dns.message.make_query("wWw.FiRmA.eXaMpLe", "A")
    answer = dns.query.udp(query, HOST, timeout=10, port=port)
    assert answer.question[0].name.labels == query.question[0].name.labels
    assert answer.answer[0].name.labels == query.question[0].name.labels
