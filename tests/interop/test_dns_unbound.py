"""The same questions to a real Unbound and to our resolver, both with an empty and with a warm cache."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator
from random import Random

import dns.flags
import dns.message
import dns.rcode
import pytest

from mailsim.agents.nameserver import NameServer
from mailsim.agents.operations import CloseSocket, OpenSocket, ReceiveDatagram, SendDatagram
from mailsim.agents.resolver import Resolver
from mailsim.errors import ConnectionTimedOut
from mailsim.net.network import Network
from mailsim.protocols.dns import Delegation, Query, Zone, ZoneSet
from mailsim.trace.recorder import Recorder

from .daemons import HOST, nsd, unbound
from .dns_questions import ASKED, RAW, query
from .dns_zones import SERVED

RESOLVER = "192.0.2.54"
ROOT = """
$ORIGIN .
$TTL 86400
@ IN SOA a.root.test. hostmaster.root.test. 1 7200 900 1209600 3600
@ IN NS a.root.test.
a.root.test. IN A 192.0.2.53
firma.example. IN NS ns1.firma.example.
ns1.firma.example. IN A 198.51.100.53
zaloha.example. IN NS ns.zaloha.example.
ns.zaloha.example. IN A 203.0.113.53
100.51.198.in-addr.arpa. IN NS ns1.firma.example.
"""


class OurInternet:
    """Root, the two name servers, and our resolver, on the simulated network."""

    def __init__(self) -> None:
        self.network = Network(Recorder(), 1)
        served = {
            "root": ("192.0.2.53", [ROOT]),
            "ns1": ("198.51.100.53", SERVED.values()),
            "ns": ("203.0.113.53", SERVED.values()),
        }
        for name, (address, texts) in served.items():
            self.network.add_host(name, [address])
            server = NameServer(name, ZoneSet([Zone.parse(text) for text in texts]))
            self.network.start(name, "name server", server.serve())
        self.network.add_host("resolver", [RESOLVER])
        self.network.add_host("pc", ["192.0.2.10"])
        self.network.add_router("middle")
        for name in (*served, "resolver", "pc"):
            self.network.add_link(name, "middle", 1_000, 100_000_000)
        roots = Delegation.root({"a.root.test": ["192.0.2.53"]})
        self.network.start("resolver", "resolver", Resolver("resolver", roots, Random(1)).serve())

    def ask(self, wire: bytes) -> bytes | None:
        """What our resolver says to these bytes; None when it stays silent for two (simulated) seconds."""
        found: list[bytes | None] = []

        async def script() -> None:
            door = await OpenSocket()
            await SendDatagram(door, RESOLVER, 53, "dns", Query(wire))
            try:
                found.append((await ReceiveDatagram(door, 2_000_000)).data)
            except ConnectionTimedOut:
                found.append(None)
            await CloseSocket(door)

        start = self.network.clock.now_us
        self.network.start("pc", "dig", script(), at_us=start)
        while not found:
            self.network.run(self.network.clock.now_us + 2_000)
        return found[0]


@dataclasses.dataclass(frozen=True)
class Seen:
    """What of an answer must be alike; TTLs may differ by the seconds that a slow machine needs."""

    rcode: str
    flags: str
    answer: tuple[str, ...]
    authority: tuple[str, ...]
    additional: tuple[str, ...]
    edns: int
    ttls: tuple[int, ...] = dataclasses.field(compare=False)

    @staticmethod
    def of(wire: bytes) -> Seen:
        message = dns.message.from_wire(wire)
        sections = [sorted(message.answer, key=str), sorted(message.authority, key=str), message.additional]
        texts = (
            tuple(sorted(f"{rrset.name} {rdata.rdtype.name} {rdata}".lower() for rrset in section for rdata in rrset))
            for section in sections
        )
        ttls = tuple(rrset.ttl for section in sections for rrset in section)
        flags = dns.flags.to_text(message.flags)
        return Seen(dns.rcode.to_text(message.rcode()), flags, *texts, message.edns, ttls)


def said_by_unbound(port: int, wire: bytes, patience_s: float = 10) -> bytes | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(patience_s)
        link.connect((HOST, port))
        link.send(wire)
        try:
            return link.recv(65535)
        except TimeoutError:
            return None


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folders = [tmp_path_factory.mktemp(name) for name in ("nsd", "unbound")]
    with nsd(folders[0], SERVED) as port, unbound(folders[1], dict.fromkeys(SERVED, port)) as resolver:
        yield resolver


@pytest.fixture(scope="module")
def ours() -> OurInternet:
    return OurInternet()


NOT_ALIKE = {
    "a header alone": "Unbound repeats a question that is not there; we leave it out",
    "TC set": "Unbound refuses TC in a query; it has no meaning there (RFC 1035 section 4.1.1), so we pass over it",
    "EDNS option that is too long": "Unbound does not look at options that it does not know; we, as NSD, do",
    "EDNS option without a length": "as the one before",
    "two OPT records": "Unbound repeats the whole message; we send a header",
    "an OPT record as answer": "as the one before",
    "an OPT record as authority": "as the one before",
    "an OPT record with a name": "both FORMERR; Unbound adds OPT",
    "OPT record announced and not there": "as the one before",
    "question without its class": "Unbound repeats what it could not read; we send a header",
    "question without the end of its name": "as the one before",
    "a pointer to itself": "as the one before",
    "a pointer into the header": "as the one before",
    "a pointer forwards": "as the one before",
    "a label of type 01": "as the one before",
    "a label of type 10": "as the one before",
    "a name of 255 bytes": "outside the zones that Unbound was given: it has no root to ask here",
    "a name of 256 bytes": "as the one before",
    "type 43": "DS is asked of the parent, which Unbound was not given",
}
"""What Unbound and we answer differently, and why; everything else in `RAW` is alike."""
OUTSIDE = (
    *("venku.firma.example", "x.mimo.firma.example", "skola.example", "example", ".", "com"),
    *("dolu.firma.example", "pobocka.firma.example", "pc.pobocka.firma.example", "ns.pobocka.firma.example"),
    *("bezlepidla.firma.example", "x.y.bezlepidla.firma.example"),
)
"""Names, or what they are aliases for, outside the zones that Unbound was given, or of servers that are not there."""
ANSWERED_OTHERWISE = {
    ("firma.example", "DS"): "asked of the parent, which Unbound was not given",
    (
        "mx2.stare.firma.example",
        "CNAME",
    ): "Unbound gives the alias that a DNAME makes a TTL of 0 (RFC 6672 section 3.1)",
    ("mx2.stare.firma.example", "DNAME"): "Unbound leaves out the SOA that says how long there is none (RFC 2308)",
}
"""Questions that Unbound and we answer differently, and why."""
RA = dns.flags.to_text(dns.flags.RA)
REFUSALS = ("FORMERR", "NOTIMP", "REFUSED")


def test_enough_is_asked():
    assert 2 * sum(len(rdtypes) for _, *rdtypes in INSIDE) + len(RAW) - len(NOT_ALIKE) >= 200


INSIDE = [line for line in ASKED if line[0] not in OUTSIDE]


@pytest.mark.parametrize("line", INSIDE, ids=lambda line: line[0])
def test_the_same_answer_at_first_and_from_the_cache(real, ours, line):
    name, *rdtypes = line
    for rdtype in rdtypes:
        if (name, rdtype) not in ANSWERED_OTHERWISE:
            for _ in range(2):
                compare(real, ours, query(name, rdtype, use_edns=0, payload=1232))


@pytest.mark.parametrize("asked", ANSWERED_OTHERWISE)
def test_what_is_answered_otherwise_is(real, ours, asked):
    with pytest.raises(AssertionError):
        compare(real, ours, query(*asked, use_edns=0, payload=1232))


@pytest.mark.parametrize("name", [name for name in RAW if name not in NOT_ALIKE])
def test_the_same_treatment(real, ours, name):
    compare(real, ours, RAW[name])


def compare(port: int, ours: OurInternet, wire: bytes) -> None:
    mine = ours.ask(wire)
    theirs = said_by_unbound(port, wire, 0.15 if mine is None else 10)
    if mine is None or theirs is None:
        assert mine == theirs
        return
    ours_seen, theirs_seen = Seen.of(mine), Seen.of(theirs)
    if theirs_seen.rcode in REFUSALS and RA not in theirs_seen.flags:  # Unbound leaves RA out where we say it
        ours_seen = dataclasses.replace(ours_seen, flags=ours_seen.flags.replace(" RA", ""))
    if not ours_seen.additional:  # Unbound adds addresses to NS records; RFC 1034 section 4.3.2 leaves it open
        theirs_seen = dataclasses.replace(theirs_seen, additional=(), ttls=theirs_seen.ttls[: len(ours_seen.ttls)])
    assert ours_seen == theirs_seen
    assert all(abs(a - b) <= 20 for a, b in zip(ours_seen.ttls, theirs_seen.ttls, strict=True))
