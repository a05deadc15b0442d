"""Zone files: what is read out of them, and where mistakes are reported."""

from __future__ import annotations

import pytest
from dns.rdatatype import RdataType

from mailsim.protocols.dns import Zone, ZoneSyntaxError, name_of

from .zones import FIRMA, REVERSE

HEAD = "$ORIGIN firma.example.\n$TTL 60\n@ SOA ns1 hostmaster 1 2 3 4 5\n@ NS ns1\n"


def test_nodes_include_empty_non_terminals():
    zone = Zone.parse(FIRMA)
    assert zone.nodes[name_of("b.c.firma.example")] == {}
    assert name_of("c.firma.example") in zone.nodes
    assert name_of("d.firma.example") not in zone.nodes


def test_records_keep_the_order_of_the_file_and_their_ttl():
    mx = Zone.parse(FIRMA).nodes[name_of("firma.example")][RdataType.MX]
    assert mx.texts() == ["MX 10 mx1.firma.example.", "MX 20 mx2.zaloha.example."]
    assert Zone.parse(FIRMA).nodes[name_of("mx1.firma.example")][RdataType.A].ttl == 60


def test_every_record_knows_its_line():
    zone = Zone.parse(HEAD + 'mx1 A 198.51.100.25\n\n; note\n@ MX 10 mx1\n@ MX 20 mx2\n@ TXT ( "a"\n "b" )\n')
    lines = {f"{rdata.to_text()}": line for (_, rdata), line in zone.lines.items()}
    assert lines["198.51.100.25"] == 5
    assert lines["10 mx1.firma.example."] == 8
    assert lines["20 mx2.firma.example."] == 9
    assert lines['"a" "b"'] in (10, 11)


def test_origin_may_be_given_instead_of_written():
    text = HEAD.replace("$ORIGIN firma.example.\n", "")
    assert Zone.parse(text, "firma.example").origin == name_of("firma.example")


def test_a_reverse_zone_is_a_zone_like_any_other():
    zone = Zone.parse(REVERSE)
    assert str(zone.nodes[name_of("25.100.51.198.in-addr.arpa")][RdataType.PTR]).endswith("PTR mx1.firma.example.")


@pytest.mark.parametrize(
    ("tail", "line", "word"),
    [
        ("\nmx1 A 198.51.100.250.1\n", 6, "198.51.100.250.1"),
        ("@ MX ten mx1\n", 5, "integer"),
        ("@ MX 10\n@ MX 20 mx2\n", 5, ""),
        ("mx1 ADRESA 198.51.100.25\n", 5, "ADRESA"),
        ("www CNAME mx1\nwww A 198.51.100.25\n", 6, "CNAME"),
        ("$INCLUDE /etc/passwd\n", 5, "INCLUDE"),
        ("$GENERATE 1-4000000000 h$ A 192.0.2.1\n", 5, "GENERATE"),
        ('@ TXT "no end\n', 5, ""),
        ("a..b A 198.51.100.25\n", 5, "label"),
        ("x" * 64 + " A 198.51.100.25\n", 5, ""),
        ("$TTL forever\n", 5, ""),
        ("mx1 CH A 198.51.100.25\n", 5, ""),
    ],
)
def test_a_mistake_is_reported_with_its_line(tail, line, word):
    with pytest.raises(ZoneSyntaxError) as caught:
        Zone.parse(HEAD + tail)
    assert caught.value.line == line
    assert caught.value.message
    assert "<string>" not in caught.value.message
    assert word.lower() in caught.value.message.lower()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "origin"),
        ("mx1 60 A 198.51.100.25\n", "origin"),
        ("$ORIGIN firma.example.\n@ 60 NS ns1\n", "SOA"),
        ("$ORIGIN firma.example.\n@ 60 SOA ns1 h 1 2 3 4 5\n", "NS"),
    ],
)
def test_a_file_that_is_no_zone(text, word):
    with pytest.raises(ZoneSyntaxError, match=word):
        Zone.parse(text)
