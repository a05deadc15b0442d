"""Aliases at an authoritative server: CNAME across its zones, DNAME (RFC 6672), and borders that they meet."""

from __future__ import annotations

import pytest
from dns.rcode import Rcode

from .zones import CIZI, FIRMA, ZALOHA, asked, sections, server_of

MORE = """
stare   IN DNAME zaloha.example.
nove    IN DNAME hvezda.firma.example.
pryc    IN DNAME skola.example.
kolem   IN DNAME kolem.kolem.firma.example.
sluzba  IN SRV 0 5 25 mx1
"""


@pytest.fixture(scope="module")
def server():
    return server_of(FIRMA + MORE, ZALOHA, CIZI)


def told(server, name: str, rdtype: str) -> str:
    return str(server.answer(asked(name, rdtype)))


def test_an_alias_is_followed_into_another_zone_of_the_server(server):
    assert told(server, "mail.cizi.example", "A") == "CNAME mx1.firma.example., A 198.51.100.25"
    answer = server.answer(asked("mrtvy.cizi.example", "A"))
    assert answer.content.rcode == Rcode.NXDOMAIN
    assert answer.content.authority[0].name.to_text() == "firma.example."


def test_names_below_a_dname_are_made_when_asked_for(server):
    answer = server.answer(asked("MX2.stare.firma.example", "A"))
    assert sections(answer)[0] == [
        "stare.firma.example. DNAME zaloha.example.",
        "MX2.stare.firma.example. CNAME MX2.zaloha.example.",
        "MX2.zaloha.example. A 203.0.113.25",
    ]
    assert [rrset.ttl for rrset in answer.content.answer[:2]] == [3600, 3600]
    assert told(server, "x.nove.firma.example", "TXT") == (
        'DNAME hvezda.firma.example., CNAME x.hvezda.firma.example., TXT "any"'
    )
    assert told(server, "a.b.pryc.firma.example", "A") == "DNAME skola.example., CNAME a.b.skola.example."


def test_a_dname_is_not_about_its_own_name(server):
    assert told(server, "stare.firma.example", "DNAME") == "DNAME zaloha.example."
    assert told(server, "stare.firma.example", "A") == "NODATA"


def test_the_made_alias_can_be_asked_for(server):
    assert told(server, "mx2.stare.firma.example", "CNAME") == "DNAME zaloha.example., CNAME mx2.zaloha.example."


def test_a_dname_that_makes_a_name_too_long(server):
    answer = server.answer(asked(".".join(["x" * 63] * 3 + ["y" * 38]) + ".kolem.firma.example", "A"))
    assert answer.content.rcode == Rcode.YXDOMAIN
    assert sections(answer)[0] == ["kolem.firma.example. DNAME kolem.kolem.firma.example."]


def test_a_dname_that_leads_in_a_circle_ends(server):
    assert len(server.answer(asked("x.kolem.firma.example", "A")).content.answer) < 40


def test_the_parent_answers_for_ds(server):
    answer = server.answer(asked("pobocka.firma.example", "DS"))
    assert answer.authoritative
    assert str(answer) == "NODATA"
    assert told(server, "pc.pobocka.firma.example", "DS").startswith("REFERRAL")


def test_any_shows_an_alias_and_invents_nothing_for_empty_names(server):
    assert told(server, "www.firma.example", "ANY") == "CNAME firma.example."
    assert told(server, "firma.example", "ANY") == 'HINFO "RFC8482" ""'
    assert told(server, "b.c.firma.example", "ANY") == "NODATA"


def test_srv_comes_with_addresses(server):
    assert sections(server.answer(asked("sluzba.firma.example", "SRV")))[2][0] == "mx1.firma.example. A 198.51.100.25"
