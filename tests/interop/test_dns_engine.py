"""Our authoritative answers over real loopback sockets, read by dnspython's own client and by `dig`."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from mailsim.protocols.dns import Frames, Query, Zone, ZoneSet, read_query

HOST = "127.0.0.1"
LONG = "x" * 200
ZONE = f"""
$ORIGIN firma.example.
$TTL 3600
@       IN SOA ns1 hostmaster 1 7200 900 1209600 300
@       IN NS  ns1
@       IN MX  10 mx1
@       IN MX  20 mx2.zaloha.example.
ns1     IN A   198.51.100.53
mx1     IN A   198.51.100.25
mx1     IN AAAA 2001:db8:f::25
posta   IN CNAME mx1
pobocka IN NS  ns.pobocka
ns.pobocka IN A 198.51.100.99
dlouhy  IN TXT "1 {LONG}"
dlouhy  IN TXT "2 {LONG}"
dlouhy  IN TXT "3 {LONG}"
divny   IN TYPE65280 \\# 4 0a000001
"""
REVERSE = """
$ORIGIN 100.51.198.in-addr.arpa.
@ 3600 IN SOA ns1.firma.example. hostmaster.firma.example. 1 7200 900 1209600 300
@ 3600 IN NS ns1.firma.example.
25 3600 IN PTR mx1.firma.example.
"""


class LoopbackServer:
    """UDP and TCP on the same free port of 127.0.0.1, each in a thread; one TCP client at a time."""

    def __init__(self, zones: ZoneSet) -> None:
        self.zones = zones
        self.tcp = socket.create_server((HOST, 0))
        self.port: int = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((HOST, self.port))
        self.stopping = False
        self.threads = [threading.Thread(target=job, daemon=True) for job in (self._udp, self._tcp)]

    def answer(self, wire: bytes, framed: bool) -> bytes:
        arrived = read_query(wire, framed=framed)
        answer = self.zones.answer(arrived) if isinstance(arrived, Query) else arrived
        return b"" if answer is None else answer.to_bytes()

    def _udp(self) -> None:
        while True:
            wire, peer = self.udp.recvfrom(65535)
            if self.stopping:
                return
            self.udp.sendto(self.answer(wire, framed=False), peer)

    def _tcp(self) -> None:
        while True:
            link, _ = self.tcp.accept()
            with link:
                if self.stopping:
                    return
                link.settimeout(10)
                frames = Frames()
                while data := link.recv(3):  # a small piece at a time, as TCP may well do
                    frames.receive(data)
                    while (wire := frames.next_message()) is not None:
                        link.sendall(self.answer(wire, framed=True))

    def stop(self) -> None:
        self.stopping = True
        self.udp.sendto(b"", (HOST, self.port))
        socket.create_connection((HOST, self.port)).close()
        for thread in self.threads:
            thread.join(10)
        self.udp.close()
        self.tcp.close()


@pytest.fixture(scope="module")
def server() -> Iterator[LoopbackServer]:
    running = LoopbackServer(ZoneSet([Zone.parse(ZONE), Zone.parse(REVERSE)]))
    for thread in running.threads:
        thread.start()
    yield running
    running.stop()


def ask(server: LoopbackServer, name: str, rdtype: str, **options: object) -> dns.message.Message:
    query = dns.message.make_query(name, rdtype, **options)  # type: ignore[arg-type]
    return dns.query.udp(query, HOST, timeout=10, port=server.port)


def section(rrsets: list) -> list[str]:
    return [line for rrset in rrsets for line in rrset.to_text().splitlines()]


def test_mx_with_additional_addresses(server):
    message = ask(server, "firma.example", "MX")
    assert message.flags & dns.flags.AA
    assert section(message.answer) == [
        "firma.example. 3600 IN MX 10 mx1.firma.example.",
        "firma.example. 3600 IN MX 20 mx2.zaloha.example.",
    ]
    assert section(message.additional) == [
        "mx1.firma.example. 3600 IN A 198.51.100.25",
        "mx1.firma.example. 3600 IN AAAA 2001:db8:f::25",
    ]


def test_a_and_aaaa_through_an_alias(server):
    assert section(ask(server, "posta.firma.example", "A").answer) == [
        "posta.firma.example. 3600 IN CNAME mx1.firma.example.",
        "mx1.firma.example. 3600 IN A 198.51.100.25",
    ]
    assert ask(server, "posta.firma.example", "AAAA").resolve_chaining().answer[0].address == "2001:db8:f::25"


def test_nodata_and_nxdomain(server):
    nodata, nxdomain = ask(server, "ns1.firma.example", "AAAA"), ask(server, "neni.firma.example", "AAAA")
    assert nodata.rcode() == dns.rcode.NOERROR
    assert nxdomain.rcode() == dns.rcode.NXDOMAIN
    for message in (nodata, nxdomain):
        assert message.answer == []
        assert message.resolve_chaining().minimum_ttl == 300


def test_referral(server):
    message = ask(server, "pc.pobocka.firma.example", "A")
    assert not message.flags & dns.flags.AA
    assert section(message.authority) == ["pobocka.firma.example. 3600 IN NS ns.pobocka.firma.example."]
    assert section(message.additional) == ["ns.pobocka.firma.example. 3600 IN A 198.51.100.99"]


def test_truncation_leads_to_tcp(server):
    query = dns.message.make_query("dlouhy.firma.example", "TXT")
    message, used_tcp = dns.query.udp_with_fallback(query, HOST, timeout=10, port=server.port)
    assert used_tcp
    assert len(message.answer[0]) == 3
    with_edns = ask(server, "dlouhy.firma.example", "TXT", use_edns=0, payload=4096)
    assert len(with_edns.answer[0]) == 3


DIG = pytest.mark.skipif(shutil.which("dig") is None, reason="dig (bind9-dnsutils) is not installed")


def dig(server: LoopbackServer, *arguments: str) -> str:
    """What dig prints; a broken packet makes it warn, and that fails the test."""
    command = ["dig", f"@{HOST}", "-p", str(server.port), "+time=5", "+tries=1", "+nocookie", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    for word in ("WARNING: Message parser", "malformed", "FORMERR", "Question section mismatch", "BAD"):
        assert word not in done.stdout + done.stderr
    return done.stdout


@DIG
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("firma.example", "MX"), "10 mx1.firma.example.\n20 mx2.zaloha.example.\n"),
        (("mx1.firma.example", "A"), "198.51.100.25\n"),
        (("mx1.firma.example", "AAAA", "+tcp"), "2001:db8:f::25\n"),
        (("posta.firma.example", "A"), "mx1.firma.example.\n198.51.100.25\n"),
        (("-x", "198.51.100.25"), "mx1.firma.example.\n"),
        (("divny.firma.example", "TYPE65280"), "\\# 4 0A000001\n"),
        (("ns1.firma.example", "MX"), ""),
    ],
)
def test_dig_reads_the_answer(server, arguments, expected):
    assert dig(server, "+short", *arguments) == expected


@DIG
def test_dig_reads_the_outcome(server):
    assert "status: NXDOMAIN" in dig(server, "neni.firma.example")
    assert "status: REFUSED" in dig(server, "skola.example")
    nodata = dig(server, "ns1.firma.example", "MX")
    assert "status: NOERROR" in nodata
    assert "ANSWER: 0, AUTHORITY: 1" in nodata
    assert "flags: qr aa rd;" in nodata
    assert "status: NOTIMP" in dig(server, "+opcode=STATUS", "firma.example")


@DIG
def test_dig_sees_the_referral_and_the_truncation(server):
    referral = dig(server, "+norecurse", "pc.pobocka.firma.example")
    assert "flags: qr; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 2" in referral
    truncated = dig(server, "+noedns", "+ignore", "dlouhy.firma.example", "TXT")
    assert "flags: qr aa tc rd;" in truncated
    retried = dig(server, "+noedns", "dlouhy.firma.example", "TXT")
    assert "Truncated, retrying in TCP mode" in retried
    assert "ANSWER: 3" in retried
    assert "EDNS: version: 0, flags:; udp: 1232" in dig(server, "dlouhy.firma.example", "TXT")
