"""What an authoritative server says: the corners of RFC 1034 section 4.3.2, RFC 2308 and RFC 4592."""

from __future__ import annotations

import dns.message
import pytest
from dns.rcode import Rcode

from mailsim.protocols.dns import Query, read_query

from .zones import EXAMPLE, FIRMA, REVERSE, asked, sections, server_of

SOA = "firma.example. SOA ns1.firma.example. hostmaster.firma.example. 2024010100 7200 900 1209600 300"


@pytest.fixture(scope="module")
def server():
    return server_of(FIRMA, REVERSE)


def test_mx_comes_with_the_addresses_of_our_own_hosts(server):
    answer = server.answer(asked("firma.example", "MX"))
    assert answer.authoritative
    assert sections(answer) == (
        ["firma.example. MX 10 mx1.firma.example., MX 20 mx2.zaloha.example."],
        [],
        ["mx1.firma.example. A 198.51.100.25", "mx1.firma.example. AAAA 2001:db8:f::25"],
    )
    assert str(answer) == "MX 10 mx1.firma.example., MX 20 mx2.zaloha.example."


def test_the_answer_repeats_id_rd_and_spelling(server):
    answer = server.answer(asked("FirMa.ExamPle", "A"))
    assert answer.id == 0x1234
    assert answer.fields()["rd"] is True
    assert answer.fields()["ra"] is False
    assert answer.fields()["qname"] == "FirMa.ExamPle."
    assert answer.answers(asked("firma.example", "A"))


def test_nodata_and_nxdomain_both_carry_the_soa_with_the_negative_ttl(server):
    nodata = server.answer(asked("mx1.firma.example", "MX"))
    nxdomain = server.answer(asked("frima.firma.example", "MX"))
    assert str(nodata) == "NODATA"
    assert str(nxdomain) == "NXDOMAIN"
    for answer in (nodata, nxdomain):
        assert answer.authoritative
        assert sections(answer) == ([], [SOA], [])
        assert answer.content.authority[0].ttl == 300


def test_an_empty_non_terminal_exists(server):
    assert str(server.answer(asked("b.c.firma.example", "A"))) == "NODATA"
    assert str(server.answer(asked("a.b.c.firma.example", "A"))) == "A 198.51.100.90"
    assert str(server.answer(asked("x.b.c.firma.example", "A"))) == "NXDOMAIN"


def test_aliases_are_followed_inside_the_zone(server):
    answer = server.answer(asked("posta.firma.example", "A"))
    assert str(answer) == "CNAME webmail.firma.example., CNAME mx1.firma.example., A 198.51.100.25"
    assert answer.fields()["ttl"] == 60


def test_the_alias_itself_can_be_asked_for(server):
    assert str(server.answer(asked("posta.firma.example", "CNAME"))) == "CNAME webmail.firma.example."


def test_an_alias_out_of_the_zone_is_left_to_the_asker(server):
    answer = server.answer(asked("venku.firma.example", "A"))
    assert sections(answer) == (["venku.firma.example. CNAME www.skola.example."], [], [])
    assert answer.content.rcode == Rcode.NOERROR


def test_an_alias_to_nothing_is_nxdomain_with_the_alias(server):
    answer = server.answer(asked("nikam.firma.example", "A"))
    assert answer.content.rcode == Rcode.NXDOMAIN
    assert sections(answer) == (["nikam.firma.example. CNAME nic.firma.example."], [SOA], [])


def test_an_alias_loop_ends(server):
    assert len(server.answer(asked("smycka1.firma.example", "A")).content.answer) == 2


def test_a_wildcard_answers_for_names_that_do_not_exist(server):
    answer = server.answer(asked("cokoli.hvezda.firma.example", "MX"))
    assert sections(answer)[0] == ["cokoli.hvezda.firma.example. MX 5 mx1.firma.example."]
    assert str(server.answer(asked("x.y.hvezda.firma.example", "TXT"))) == 'TXT "any"'
    assert str(server.answer(asked("cokoli.hvezda.firma.example", "A"))) == "NODATA"


def test_a_wildcard_says_nothing_about_names_that_exist(server):
    assert str(server.answer(asked("jiny.hvezda.firma.example", "MX"))) == "NODATA"
    assert str(server.answer(asked("pod.jiny.hvezda.firma.example", "MX"))) == "NXDOMAIN"
    assert str(server.answer(asked("hvezda.firma.example", "MX"))) == "NODATA"


@pytest.mark.parametrize("name", ["pobocka.firma.example", "pc.pobocka.firma.example"])
def test_what_is_given_away_is_referred_to_with_glue(server, name):
    answer = server.answer(asked(name, "A"))
    assert not answer.authoritative
    assert sections(answer) == (
        [],
        ["pobocka.firma.example. NS ns.pobocka.firma.example."],
        ["ns.pobocka.firma.example. A 198.51.100.99"],
    )
    assert str(answer) == "REFERRAL pobocka.firma.example. NS ns.pobocka.firma.example."


def test_glue_is_no_answer():
    answer = server_of(EXAMPLE).answer(asked("ns1.firma.example", "A"))
    assert not answer.authoritative
    assert answer.content.answer == ()


def test_other_zones_are_refused(server):
    answer = server.answer(asked("skola.example", "MX"))
    assert str(answer) == "REFUSED"
    assert not answer.authoritative


@pytest.mark.parametrize("rdtype", ["OPT", "TKEY", "TSIG", "MAILA", "MAILB"])
def test_types_that_no_record_has_are_no_questions(server, rdtype):
    answer = server.answer(asked("firma.example", rdtype))
    assert str(answer) == "FORMERR"
    assert answer.content.authority == ()


def test_transfers_are_refused_and_any_is_answered_with_little(server):
    assert str(server.answer(asked("firma.example", "AXFR"))) == "REFUSED"
    assert str(server.answer(asked("firma.example", "ANY"))) == 'HINFO "RFC8482" ""'
    assert str(server.answer(asked("neni.firma.example", "ANY"))) == "NXDOMAIN"


def test_ptr_and_unknown_types(server):
    assert str(server.answer(asked("25.100.51.198.in-addr.arpa", "PTR"))) == "PTR mx1.firma.example."
    assert str(server.answer(asked("divny.firma.example", "TYPE65280"))) == r"TYPE65280 \# 4 0a000001"
    assert str(server.answer(asked("divny.firma.example", "TYPE65281"))) == "NODATA"


def test_ns_and_soa_of_the_zone_itself(server):
    assert sections(server.answer(asked("firma.example", "NS"))) == (
        ["firma.example. NS ns1.firma.example."],
        [],
        ["ns1.firma.example. A 198.51.100.53", "ns1.firma.example. AAAA 2001:db8:f::53"],
    )
    assert server.answer(asked("firma.example", "SOA")).content.answer[0].ttl == 3600


def big_zone(texts: int) -> str:
    """FIRMA with TXT records of 40 bytes and more, with 20 MX hosts, and a delegation with 9 servers."""
    lines = [f'big TXT "{n:03d} {"x" * 40}"' for n in range(texts)]
    lines += [f"mail MX {n} h{n}\nh{n} A 198.51.100.{n}" for n in range(20)]
    lines += [f"dole NS {'n' * 30}{n}.dole\n{'n' * 30}{n}.dole A 198.51.100.{n}" for n in range(9)]
    return FIRMA + "\n".join(lines) + "\n"


def test_too_long_for_udp_is_truncated_and_whole_over_tcp():
    server = server_of(big_zone(20))
    udp = server.answer(asked("big.firma.example", "TXT"))
    assert udp.truncated
    assert len(udp.wire) <= 512
    assert str(udp) == "TRUNCATED"
    tcp = server.answer(asked("big.firma.example", "TXT", framed=True))
    assert not tcp.truncated
    assert len(tcp.content.answer[0].data) == 20
    assert tcp.to_bytes() == len(tcp.wire).to_bytes(2, "big") + tcp.wire


def test_edns_makes_room():
    server = server_of(big_zone(18))
    answer = server.answer(asked("big.firma.example", "TXT", edns_size=4096))
    assert not answer.truncated
    assert 512 < len(answer.wire) <= 1232
    assert answer.content.edns_size == 1232
    assert server.answer(asked("big.firma.example", "TXT", edns_size=100)).truncated


def test_addresses_that_do_not_fit_are_left_out_silently_but_glue_is_not():
    server = server_of(big_zone(1))
    mail = server.answer(asked("mail.firma.example", "MX"))
    assert len(mail.content.answer[0].data) == 20
    assert 0 < len(mail.content.additional) < 20
    assert not mail.truncated
    referral = server.answer(asked("x.dole.firma.example", "A"))
    assert len(referral.content.authority[0].data) == 9
    assert len(referral.content.additional) < 9
    assert referral.truncated


def header(query: bytes) -> tuple[int, int, int]:
    """Id, opcode and rcode of the refusal to a broken query."""
    refusal = read_query(query)
    assert not isinstance(refusal, Query)
    assert refusal is not None
    message = dns.message.from_wire(refusal.wire)
    return message.id, message.opcode(), message.rcode()


def test_what_is_no_query_is_refused_or_passed_over_in_silence():
    wire = asked("firma.example", "MX").wire
    assert isinstance(read_query(wire), Query)
    assert read_query(b"") is None
    assert read_query(wire[:11]) is None
    assert read_query(wire[:2] + b"\x80" + wire[3:]) is None  # an answer
    assert header(wire[:-1]) == (0x1234, 0, Rcode.FORMERR)
    assert header(wire + b"\x00") == (0x1234, 0, Rcode.FORMERR)
    assert header(wire[:5] + b"\x00" + wire[6:]) == (0x1234, 0, Rcode.FORMERR)
    assert header(wire[:2] + b"\x28" + wire[3:]) == (0x1234, 5, Rcode.NOTIMP)  # UPDATE
    assert header(wire[:2] + b"\x10" + wire[3:]) == (0x1234, 2, Rcode.NOTIMP)  # STATUS
    assert header(wire[:-1] + b"\x03") == (0x1234, 0, Rcode.REFUSED)  # class CHAOS


def test_an_unknown_version_of_edns_is_told_so():
    wire = bytearray(asked("firma.example", "MX", edns_size=1232).wire)
    wire[-5] = 1
    refusal = read_query(bytes(wire))
    assert refusal is not None
    assert refusal.content.rcode == Rcode.BADVERS


def test_the_same_bytes_get_the_same_answer_with_another_id(server):
    first = server.answer(asked("firma.example", "MX"), server="ns1")
    again = server.answer(Query.ask(asked("firma.example", "MX").question, 7), server="ns1")
    assert again.id == 7
    assert again.wire[2:] == first.wire[2:]
    assert again.server == "ns1"
