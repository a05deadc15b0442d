"""What a cache gives back, and when it forgets: time is a number that the test chooses."""

from __future__ import annotations

import pytest
from dns.rcode import Rcode

from mailsim.protocols.dns import Cache, CacheLimits, Known, KnownFailure, KnownNot, Query, Question, Trust

from .zones import FIRMA, asked, server_of

S = 1_000_000
SERVER = server_of(FIRMA)
MX = Question.of("firma.example", "MX")


def records(name: str, rdtype: str):
    return SERVER.answer(asked(name, rdtype, framed=True)).content.answer[0]


def soa(ttl: int):
    return SERVER.answer(asked("neni.firma.example", "MX")).content.authority[0].with_ttl(ttl)


@pytest.fixture
def cache():
    return Cache()


def test_records_age_and_end_with_their_ttl(cache):
    cache.put(records("firma.example", "MX"), Trust.ANSWER, 10 * S)
    assert cache.get(MX, 10 * S).rrset.ttl == 3600
    assert cache.get(MX, 11 * S + 1).rrset.ttl == 3598
    assert cache.get(MX, 3610 * S - 1).rrset.ttl == 0
    assert cache.get(MX, 3610 * S) is None
    assert len(cache) == 0


def test_spelling_does_not_matter_but_the_type_does(cache):
    cache.put(records("firma.example", "MX"), Trust.ANSWER, 0)
    assert isinstance(cache.get(Question.of("FIRMA.Example", "MX"), 0), Known)
    assert cache.get(Question.of("firma.example", "A"), 0) is None


def test_nxdomain_is_for_every_type_and_nodata_for_one(cache):
    missing, other = Question.of("neni.firma.example", "MX"), Question.of("neni.firma.example", "A")
    cache.put_denial(missing, Rcode.NXDOMAIN, soa(300), 0)
    assert cache.get(other, 0) == KnownNot(Rcode.NXDOMAIN, soa(300))
    cache.flush()
    cache.put_denial(missing, Rcode.NOERROR, soa(300), 0)
    assert cache.get(missing, 0) == KnownNot(Rcode.NOERROR, soa(300))
    assert cache.get(other, 0) is None


@pytest.mark.parametrize(("soa_ttl", "kept"), [(100, 100), (3600, 300)])
def test_a_denial_lives_for_the_lesser_of_ttl_and_minimum(cache, soa_ttl, kept):
    """RFC 2308 section 5."""
    cache.put_denial(MX, Rcode.NXDOMAIN, soa(soa_ttl), 0)
    assert cache.get(MX, 0).soa.ttl == kept
    assert cache.get(MX, kept * S - 1) is not None
    assert cache.get(MX, kept * S) is None


def test_a_denial_without_soa_is_not_kept(cache):
    cache.put_denial(MX, Rcode.NXDOMAIN, None, 0)
    assert cache.get(MX, 0) is None


def test_a_record_that_appears_ends_the_nxdomain(cache):
    cache.put_denial(MX, Rcode.NXDOMAIN, soa(300), 0)
    cache.put(records("firma.example", "MX"), Trust.ANSWER, S)
    assert isinstance(cache.get(MX, S), Known)


def test_glue_is_no_answer_and_does_not_replace_one(cache):
    address = records("ns1.firma.example", "A")
    question = Question.of("ns1.firma.example", "A")
    cache.put(address.with_ttl(50), Trust.GLUE, 0)
    assert cache.get(question, 0) is None
    assert cache.get(question, 0, Trust.GLUE).rrset.ttl == 50
    cache.put(address.with_ttl(20), Trust.ANSWER, 0)
    cache.put(address.with_ttl(99), Trust.GLUE, 0)
    assert cache.get(question, 0, Trust.GLUE).rrset.ttl == 20
    cache.put(address.with_ttl(99), Trust.GLUE, 20 * S)
    assert cache.get(question, 20 * S, Trust.GLUE).rrset.ttl == 99


def test_ttl_zero_is_not_kept(cache):
    cache.put(records("firma.example", "MX").with_ttl(0), Trust.ANSWER, 0)
    assert len(cache) == 0


def test_a_failure_is_kept_for_a_few_seconds_beside_what_is_known(cache):
    question = Question.of("ns1.firma.example", "A")
    cache.put(records("ns1.firma.example", "A"), Trust.GLUE, 0)
    cache.put_failure(question, 0)
    assert cache.get(question, 0) == KnownFailure()
    assert isinstance(cache.get(question, 0, Trust.GLUE), Known)
    assert cache.get(question, 5 * S) is None


def test_limits():
    cache = Cache(CacheLimits(ttl=60, negative_ttl=30, entries=2))
    cache.put(records("firma.example", "MX"), Trust.ANSWER, 0)
    assert cache.get(MX, 0).rrset.ttl == 60
    cache.put_denial(MX, Rcode.NOERROR, soa(300), 0)
    assert cache.get(MX, 0).soa.ttl == 30
    cache.put(records("firma.example", "A"), Trust.ANSWER, 0)
    cache.put(records("ns1.firma.example", "A"), Trust.ANSWER, 0)
    assert len(cache) == 2
    assert cache.get(MX, 0) is None  # the oldest went


def test_an_encoded_reply_ages_like_its_records(cache):
    query = asked("mx1.firma.example", "A")
    answer = SERVER.answer(query)
    cache.replies.put(query, [answer], 0)
    later = cache.replies.get(Query.ask(query.question, 7).wire, False, 10 * S + 1, "resolver")
    assert (later.id, later.cache, later.server) == (7, True, "resolver")
    assert later.content.answer[0].ttl == 49
    assert later.content.answer[0].data == answer.content.answer[0].data
    assert cache.replies.get(asked("mx1.firma.example", "AAAA").wire, False, 0) is None
    assert cache.replies.get(asked("mx1.firma.example", "A").wire, True, 0) is None
    assert cache.replies.get(query.wire, query.framed, 60 * S) is None


def test_the_edns_record_has_no_ttl_to_age(cache):
    query = asked("mx1.firma.example", "A", edns_size=1232)
    cache.replies.put(query, [SERVER.answer(query)], 0)
    later = cache.replies.get(query.wire, query.framed, 59 * S)
    assert later.content.edns_version == 0
    assert later.content.answer[0].ttl == 1


def test_a_refusal_has_nothing_to_keep(cache):
    query = asked("skola.example", "A")
    cache.replies.put(query, [SERVER.answer(query)], 0)
    assert cache.replies.get(query.wire, query.framed, 0) is None
