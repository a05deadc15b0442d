"""The same questions to a real NSD and to us: every rcode, flag, section and TTL."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import pytest

from mailsim.protocols.dns import Query, Zone, ZoneSet, read_query

from .daemons import HOST, nsd
from .dns_questions import ADDRESS_RECORD, ASKED, FIRMA_MX, RAW, opt, query, question, raw
from .dns_zones import SERVED

OURS = ZoneSet([Zone.parse(text) for text in SERVED.values()])

EXTRA = "NSD has no additional section with `minimal-responses`; we add addresses (RFC 1035 section 3.3.9, RFC 2782)"
"""The one thing that is always left out of the comparison, in authoritative answers."""


@dataclass(frozen=True)
class Seen:
    """What of an answer must be alike."""

    rcode: str
    flags: str
    answer: tuple[str, ...]
    authority: tuple[str, ...]
    additional: tuple[str, ...]
    edns: tuple[int, str] | None

    @staticmethod
    def of(wire: bytes) -> Seen:
        message = dns.message.from_wire(wire)
        sections = (
            tuple(sorted(line for rrset in section for line in rrset.to_text().splitlines()))
            for section in (message.answer, message.authority, message.additional)
        )
        edns = (message.edns, dns.flags.edns_to_text(message.ednsflags)) if message.edns >= 0 else None
        return Seen(dns.rcode.to_text(message.rcode()), dns.flags.to_text(message.flags), *sections, edns)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with nsd(tmp_path_factory.mktemp("nsd"), SERVED) as port:
        yield port


def said_by_nsd(port: int, wire: bytes, patience_s: float = 5) -> bytes | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(patience_s)
        link.connect((HOST, port))
        link.send(wire)
        try:
            return link.recv(65535)
        except TimeoutError:
            return None


def said_by_us(wire: bytes, framed: bool = False) -> bytes | None:
    arrived = read_query(wire, framed=framed)
    answer = OURS.answer(arrived) if isinstance(arrived, Query) else arrived
    return None if answer is None else answer.wire


DIFFERENT = {
    **{
        f"type {n}": (
            raw(question("firma.example", n)),
            ("NOERROR", "FORMERR"),
            "NSD says that there is no such record; no record can have this type (RFC 6895 section 3.1), so we refuse",
        )
        for n in (41, 249, 250, 253, 254)
    },
    "two questions": (
        raw(FIRMA_MX, FIRMA_MX, counts=(2, 0, 0, 0)),
        ("FORMERR", "FORMERR"),
        "NSD clears RD in the refusal, we repeat it (RFC 1035 section 4.1.1)",
    ),
    "no question but EDNS": (
        raw(opt(), counts=(0, 0, 0, 1)),
        ("NOERROR", "FORMERR"),
        "NSD takes it for a question for cookies (RFC 7873 section 5.4), which we do not have",
    ),
    "an rcode in the query": (
        raw(FIRMA_MX, flags=0x0105),
        ("FORMERR", "NOERROR"),
        "the field has no meaning in a query; we pass over it, as over the other bits",
    ),
    "NOTIFY": (raw(FIRMA_MX, flags=0x2100), ("REFUSED", "NOTIMP"), "we have no secondary servers (RFC 1996)"),
    "AXFR over UDP": (
        raw(question("firma.example", 252)),
        ("NOTIMP", "REFUSED"),
        "we refuse AXFR alike over UDP and TCP (RFC 5936 section 2.2.1)",
    ),
    "ANY": (
        raw(question("firma.example", 255)),
        ("NOERROR", "NOERROR"),
        "both are polite (RFC 8482): NSD sends the asker to TCP, we say HINFO at once",
    ),
    "class ANY": (
        raw(question("firma.example", 15, 255)),
        ("NOERROR", "REFUSED"),
        "we serve class IN alone",
    ),
    "version.bind": (
        raw(question("version.bind", 16, 3)),
        ("NOERROR", "REFUSED"),
        "we serve class IN alone",
    ),
    "a record as answer": (
        raw(FIRMA_MX, ADDRESS_RECORD, counts=(1, 1, 0, 0)),
        ("FORMERR", "NOERROR"),
        "we pass over records in a query, as BIND does",
    ),
    "bytes after the end": (
        raw(FIRMA_MX, b"xx"),
        ("NOERROR", "FORMERR"),
        "we take counts and length that disagree for a broken message, as BIND does",
    ),
}
"""What NSD and we may answer differently, with both rcodes and the reason."""


def test_enough_is_asked():
    questions = {(name, rdtype) for name, *rdtypes in ASKED for rdtype in rdtypes}
    assert len(questions) + len(RAW) >= 200
    assert sum(len(rdtypes) for _, *rdtypes in ASKED) == len(questions)


@pytest.mark.parametrize("line", ASKED, ids=lambda line: line[0])
def test_the_same_answer(real, line):
    name, *rdtypes = line
    for rdtype in rdtypes:
        compare(real, query(name, rdtype, use_edns=0, payload=1232))


@pytest.mark.parametrize("wire", RAW.values(), ids=RAW)
def test_the_same_treatment(real, wire):
    compare(real, wire)


@pytest.mark.parametrize(("wire", "rcodes", "reason"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_and_why(real, wire, rcodes, reason):
    answers = said_by_nsd(real, wire), said_by_us(wire)
    assert tuple(dns.rcode.to_text(answer[3] & 0x0F) for answer in answers) == rcodes
    assert reason


def compare(port: int, wire: bytes) -> None:
    ours = said_by_us(wire)
    theirs = said_by_nsd(port, wire, 0.15 if ours is None else 5)
    if ours is None or theirs is None:
        assert ours == theirs
        return
    mine, nsds = Seen.of(ours), Seen.of(theirs)
    if not nsds.additional and "AA" in nsds.flags:
        mine = replace(mine, additional=())  # see EXTRA
    assert mine == nsds
    if ours[4:6] == b"\0\1":  # the question comes back as it was spelled
        length = len(dns.message.from_wire(wire[:4] + b"\0\1" + bytes(6) + wire[12:], ignore_trailing=True).to_wire())
        assert ours[12:length] == wire[12:length]
