"""Zones that several tests share: a root, `example.`, and two domains below it."""

from __future__ import annotations

from mailsim.protocols.dns import Answer, Query, Question, Zone, ZoneSet

ROOT = """
$ORIGIN .
$TTL 86400
@ IN SOA a.root.example. hostmaster.root.example. 1 7200 900 1209600 3600
@ IN NS a.root.example.
a.root.example. IN A 192.0.2.53
example. IN NS ns.nic.example.
ns.nic.example. IN A 192.0.2.54
"""

EXAMPLE = """
$ORIGIN example.
$TTL 86400
@ IN SOA ns.nic.example. hostmaster.nic.example. 1 7200 900 1209600 600
@ IN NS ns.nic.example.
ns.nic IN A 192.0.2.54
firma IN NS ns1.firma.example.
ns1.firma IN A 198.51.100.53
ns1.firma IN AAAA 2001:db8:f::53
; zaloha's server has a name in another domain, so there is no glue for it
zaloha IN NS ns1.firma.example.
cizi IN NS ns.zaloha.example.
"""

FIRMA = """
$ORIGIN firma.example.
$TTL 3600
@       IN SOA ns1 hostmaster 2024010100 7200 900 1209600 300
@       IN NS  ns1
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
webmail IN CNAME mx1
venku   IN CNAME www.skola.example.
nikam   IN CNAME nic
smycka1 IN CNAME smycka2
smycka2 IN CNAME smycka1
a.b.c   IN A   198.51.100.90
*.hvezda IN MX 5 mx1
*.hvezda IN TXT "any"
jiny.hvezda IN A 198.51.100.91
pobocka IN NS  ns.pobocka
ns.pobocka IN A 198.51.100.99
divny   IN TYPE65280 \\# 4 0a000001
"""

ZALOHA = """
$ORIGIN zaloha.example.
$TTL 3600
@   IN SOA ns1.firma.example. hostmaster 1 7200 900 1209600 300
@   IN NS ns1.firma.example.
mx2 IN A 203.0.113.25
ns  IN A 203.0.113.53
"""

CIZI = """
$ORIGIN cizi.example.
$TTL 3600
@    IN SOA ns.zaloha.example. hostmaster 1 7200 900 1209600 300
@    IN NS ns.zaloha.example.
@    IN MX 10 mail
mail IN CNAME mx1.firma.example.
mrtvy IN CNAME neni.firma.example.
kruh IN CNAME kruh2.firma.example.
"""

REVERSE = """
$ORIGIN 100.51.198.in-addr.arpa.
$TTL 3600
@  IN SOA ns1.firma.example. hostmaster.firma.example. 1 7200 900 1209600 300
@  IN NS ns1.firma.example.
25 IN PTR mx1.firma.example.
"""


def server_of(*texts: str) -> ZoneSet:
    return ZoneSet(Zone.parse(text) for text in texts)


def asked(name: str, rdtype: str, **options: int | bool) -> Query:
    return Query.ask(Question.of(name, rdtype), 0x1234, **options)  # type: ignore[arg-type]


def sections(answer: Answer) -> tuple[list[str], list[str], list[str]]:
    """The answer's three sections as text."""
    content = answer.content
    answer_texts, authority, additional = (
        [str(rrset) for rrset in section] for section in (content.answer, content.authority, content.additional)
    )
    return answer_texts, authority, additional
