"""Zones with everything that can be asked about: for NSD, for Unbound's name servers, and for us."""

from __future__ import annotations

LONG = "x" * 200
MANY = "\n".join(f"mnoho IN A 203.0.113.{n}" for n in range(1, 61))

FIRMA = f"""
$ORIGIN firma.example.
$TTL 3600
@       IN SOA ns1 hostmaster 2026112301 7200 900 1209600 300
@       IN NS  ns1
@       IN NS  ns.zaloha.example.
@       IN MX  10 mx1
@       IN MX  20 mx2.zaloha.example.
@       IN A   198.51.100.80
@       IN TXT "v=spf1 mx -all"
ns1     IN A   198.51.100.53
ns1     IN AAAA 2001:db8:f::53
mx1  60 IN A   198.51.100.25
mx1  60 IN AAAA 2001:db8:f::25
www     IN CNAME firma.example.
posta   IN CNAME webmail
webmail 120 IN CNAME mx1
venku   IN CNAME www.skola.example.
nikam   IN CNAME nic
smycka1 IN CNAME smycka2
smycka2 IN CNAME smycka1
sam     IN CNAME sam
vedle   IN CNAME pc.zaloha.example.
dolu    IN CNAME pc.pobocka
hvezdou IN CNAME neco.hvezda
a.b.c   IN A   198.51.100.90
*.hvezda IN MX 5 mx1
*.hvezda IN TXT "any"
jiny.hvezda IN A 198.51.100.91
x.y.hvezda IN A 198.51.100.92
*.alias IN CNAME mx1
*.mimo  IN CNAME www.skola.example.
*.pas   IN A 198.51.100.93
pobocka IN NS  ns.pobocka
pobocka IN NS  ns1
ns.pobocka IN A 198.51.100.99
ns.pobocka IN AAAA 2001:db8:f::99
bezlepidla IN NS ns.zaloha.example.
stare   IN DNAME zaloha.example.
nove    IN DNAME hvezda.firma.example.
divny   IN TYPE65280 \\# 4 0a000001
retezce IN TXT "prvni" "druhy retezec" "" "s \\"uvozovkami\\" a \\\\"
dlouhy  IN TXT "1 {LONG}"
dlouhy  IN TXT "2 {LONG}"
dlouhy  IN TXT "3 {LONG}"
_sip._tcp IN SRV 10 20 5060 mx1
_dmarc  IN TXT "v=DMARC1; p=none"
pocitac IN HINFO "PC" "Linux"
klic    IN SSHFP 1 1 dd465c09cfa51fb45020cc83316fff21b9ec74ac
caa     IN CAA 0 issue "ca.example"
tlsa    IN TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
naptr   IN NAPTR 100 50 "s" "SIP+D2T" "" _sip._tcp
nula  0 IN A 198.51.100.94
VELKY   IN A 198.51.100.95
nullmx  IN MX 0 .
{MANY}
"""

ZALOHA = """
$ORIGIN zaloha.example.
$TTL 60
@   IN SOA ns hostmaster 1 7200 900 1209600 3600
@   IN NS ns
ns  IN A 203.0.113.53
mx2 IN A 203.0.113.25
pc  IN A 203.0.113.100
"""

REVERSE = """
$ORIGIN 100.51.198.in-addr.arpa.
$TTL 3600
@  IN SOA ns1.firma.example. hostmaster.firma.example. 1 7200 900 1209600 300
@  IN NS ns1.firma.example.
25 IN PTR mx1.firma.example.
53 IN PTR ns1.firma.example.
"""

SERVED = {"firma.example": FIRMA, "zaloha.example": ZALOHA, "100.51.198.in-addr.arpa": REVERSE}
