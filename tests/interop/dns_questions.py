"""What a DNS server is asked in tests beside a real one: questions about `dns_zones`, and messages octet by octet."""

from __future__ import annotations

import struct

import dns.message
import dns.name

QUESTIONS = """
firma.example SOA NS MX A AAAA TXT CNAME PTR DS DNSKEY TYPE65280 SRV
FIRMA.example MX
mx1.firma.example A AAAA MX TXT SOA NS CNAME
mX1.FiRmA.eXaMpLe A AAAA TXT
ns1.firma.example A AAAA MX
www.firma.example A AAAA MX CNAME TXT SOA NS
posta.firma.example A AAAA CNAME MX TXT
webmail.firma.example A CNAME
venku.firma.example A CNAME MX
nikam.firma.example A CNAME MX AAAA
smycka1.firma.example CNAME A
vedle.firma.example A MX CNAME AAAA
dolu.firma.example A CNAME
hvezdou.firma.example MX A CNAME TXT
a.b.c.firma.example A MX
b.c.firma.example A MX NS SOA
c.firma.example A
x.b.c.firma.example A MX
x.a.b.c.firma.example A
hvezda.firma.example A MX TXT
neco.hvezda.firma.example MX TXT A AAAA
NECO.hvezda.firma.example MX
hluboko.neco.hvezda.firma.example MX TXT
*.hvezda.firma.example MX TXT A
jiny.hvezda.firma.example A MX
pod.jiny.hvezda.firma.example MX A
y.hvezda.firma.example MX A
z.y.hvezda.firma.example MX A
x.alias.firma.example A AAAA CNAME MX TXT
alias.firma.example A CNAME
x.mimo.firma.example A CNAME
x.pas.firma.example A AAAA
pobocka.firma.example A NS SOA MX DS
pc.pobocka.firma.example A NS
ns.pobocka.firma.example A AAAA
bezlepidla.firma.example NS A
x.y.bezlepidla.firma.example A
stare.firma.example DNAME A
mx2.stare.firma.example A AAAA CNAME DNAME
pc.stare.firma.example A
neni.stare.firma.example A
x.nove.firma.example MX A TXT
nove.firma.example DNAME
divny.firma.example TYPE65280 A TYPE65281
retezce.firma.example TXT
_sip._tcp.firma.example SRV A
_tcp.firma.example SRV
_dmarc.firma.example TXT
pocitac.firma.example HINFO
klic.firma.example SSHFP
caa.firma.example CAA
tlsa.firma.example TLSA
naptr.firma.example NAPTR
nula.firma.example A AAAA
velky.firma.example A
nullmx.firma.example MX
mnoho.firma.example AAAA A
neni.firma.example A MX TXT NS SOA
hluboko.neni.firma.example A
zaloha.example SOA NS MX A
mx2.zaloha.example A AAAA
neni.zaloha.example A MX
25.100.51.198.in-addr.arpa PTR A
99.100.51.198.in-addr.arpa PTR
100.51.198.in-addr.arpa SOA NS PTR
skola.example A MX SOA
example NS SOA
. NS SOA
com A
FIRMA.Example MX TXT
dlouhy.firma.example TXT
sam.firma.example A
"""
ASKED = [line.split() for line in QUESTIONS.strip().splitlines()]
"""Each line: a name, and the types of the questions about it."""


def query(name: str, rdtype: str, **options) -> bytes:
    return dns.message.make_query(name, rdtype, id=4711, **options).to_wire()


def raw(*parts: bytes, flags: int = 0x0100, counts: tuple[int, int, int, int] = (1, 0, 0, 0)) -> bytes:
    return struct.pack("!6H", 4711, flags, *counts) + b"".join(parts)


def question(name: str, rdtype: int = 15, rdclass: int = 1) -> bytes:
    return dns.name.from_text(name).to_wire() + struct.pack("!HH", rdtype, rdclass)


def opt(size: int = 1232, ttl: int = 0, options: bytes = b"", name: bytes = b"\0") -> bytes:
    return name + struct.pack("!HHIH", 41, size, ttl, len(options)) + options


def option(code: int, data: bytes) -> bytes:
    return struct.pack("!HH", code, len(data)) + data


FIRMA_MX = question("firma.example")
DLOUHY = question("dlouhy.firma.example", 16)
MNOHO = question("mnoho.firma.example", 1)
EDNS = (1, 0, 0, 1)
ADDRESS_RECORD = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes((192, 0, 2, 1))
LABEL = b"\x3f" + b"a" * 63
A_IN = b"\0\1\0\1"

RAW = {
    "nothing": b"",
    "two bytes": b"\x12\x67",
    "a header without its end": raw()[:11],
    "a header alone": raw(),
    "no question": raw(counts=(0, 0, 0, 0)),
    "an answer": raw(FIRMA_MX, flags=0x8100),
    "RD clear": raw(FIRMA_MX, flags=0),
    "AA set": raw(FIRMA_MX, flags=0x0500),
    "TC set": raw(FIRMA_MX, flags=0x0300),
    "RA set": raw(FIRMA_MX, flags=0x0180),
    "Z set": raw(FIRMA_MX, flags=0x0140),
    "AD set": raw(FIRMA_MX, flags=0x0120),
    "CD set": raw(FIRMA_MX, flags=0x0110),
    **{f"opcode {n}": raw(FIRMA_MX, flags=0x0100 | n << 11) for n in (1, 2, 3, 6, 7, 8, 15)},
    "class CH": raw(question("firma.example", 15, 3)),
    "EDNS version 1": raw(FIRMA_MX, opt(ttl=0x00010000), counts=EDNS),
    "EDNS version 255": raw(FIRMA_MX, opt(ttl=0x00FF0000), counts=EDNS),
    "EDNS bit DO": raw(FIRMA_MX, opt(ttl=0x8000), counts=EDNS),
    "EDNS unused bits": raw(FIRMA_MX, opt(ttl=0x7FFF), counts=EDNS),
    "EDNS rcode in a query": raw(FIRMA_MX, opt(ttl=0x01000000), counts=EDNS),
    "EDNS unknown option": raw(FIRMA_MX, opt(options=option(65001, b"abc")), counts=EDNS),
    "EDNS two options": raw(FIRMA_MX, opt(options=option(65001, b"") + option(12, bytes(7))), counts=EDNS),
    "EDNS cookie": raw(FIRMA_MX, opt(options=option(10, b"abcdefgh")), counts=EDNS),
    "EDNS cookie of a wrong length": raw(FIRMA_MX, opt(options=option(10, b"abc")), counts=EDNS),
    "EDNS client subnet": raw(FIRMA_MX, opt(options=option(8, b"\0\1\x18\0\xc0\0\2")), counts=EDNS),
    "EDNS client subnet of no family": raw(FIRMA_MX, opt(options=option(8, b"\0\x09\x18\0")), counts=EDNS),
    "EDNS option that is too long": raw(FIRMA_MX, opt(options=struct.pack("!HH", 65001, 9) + b"abc"), counts=EDNS),
    "EDNS option without a length": raw(FIRMA_MX, opt(options=b"abc"), counts=EDNS),
    "two OPT records": raw(FIRMA_MX, opt(), opt(), counts=(1, 0, 0, 2)),
    "an OPT record with a name": raw(FIRMA_MX, opt(name=b"\1a\0"), counts=EDNS),
    "an OPT record as answer": raw(FIRMA_MX, opt(), counts=(1, 1, 0, 0)),
    "an OPT record as authority": raw(FIRMA_MX, opt(), counts=(1, 0, 1, 0)),
    **{f"long TXT, EDNS {n}": raw(DLOUHY, opt(n), counts=EDNS) for n in (0, 100, 512, 600, 700, 1232, 4096)},
    "long TXT, no EDNS": raw(DLOUHY),
    "sixty addresses, EDNS": raw(MNOHO, opt(1232), counts=EDNS),
    "sixty addresses, no EDNS": raw(MNOHO),
    "question without its class": raw(FIRMA_MX[:-2]),
    "question without the end of its name": raw(FIRMA_MX[:5]),
    "OPT record announced and not there": raw(FIRMA_MX, counts=EDNS),
    "a pointer to itself": raw(b"\xc0\x0c" + A_IN),
    "a pointer into the header": raw(b"\xc0\x00" + A_IN),
    "a pointer forwards": raw(b"\xc0\x20" + A_IN),
    "a label of type 01": raw(b"\x40" + b"a" * 64 + b"\0" + A_IN),
    "a label of type 10": raw(b"\x80abc\0" + A_IN),
    "a name of 255 bytes": raw(LABEL * 3 + b"\x3d" + b"a" * 61 + b"\0" + A_IN),
    "a name of 256 bytes": raw(LABEL * 3 + b"\x3e" + b"a" * 62 + b"\0" + A_IN),
    "a label of any bytes": raw(b"\x03\x00.\xff" + question("firma.example")),
    **{f"type {n}": raw(question("firma.example", n)) for n in (0, 251, 256, 65535, 43, 46, 47)},
    "RRSIG of a wildcard": raw(question("x.hvezda.firma.example", 46)),
}
