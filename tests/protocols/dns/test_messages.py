"""Queries and answers as bytes, text and fields; whatever arrives, nothing breaks."""

from __future__ import annotations

import dns.message
import dns.name
import pytest
from dns.rcode import Rcode
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.errors import LocalProtocolError, RemoteProtocolError
from mailsim.protocols.dns import Answer, Frames, Query, Question, name_of, read_query

from .zones import FIRMA, asked, server_of

modest = settings(derandomize=True, deadline=None, max_examples=150)
labels = st.binary(min_size=1, max_size=20)
names = st.lists(labels, min_size=0, max_size=6).map(lambda parts: dns.name.Name([*parts, b""]))
SERVER = server_of(FIRMA)


def test_a_query_as_dnspython_writes_it():
    ours = asked("firma.example", "MX", edns_size=1232)
    theirs = dns.message.make_query("firma.example", "MX", id=0x1234, use_edns=0, payload=1232)
    assert ours.wire == theirs.to_wire()


def test_text_and_fields_of_a_query():
    query = Query.ask(Question.of("firma.example", "MX"), 5, server="resolver.skola.example")
    assert str(query) == "firma.example. IN MX ?"
    assert query.role == "query"
    assert query.fields() == {
        "qname": "firma.example.",
        "qtype": "MX",
        "id": 5,
        "server": "resolver.skola.example",
        "rd": True,
    }


def test_text_and_fields_of_an_answer():
    answer = SERVER.answer(asked("mx1.firma.example", "A"), server="ns1.firma.example.")
    assert str(answer) == "A 198.51.100.25"
    assert answer.fields() == {
        "qname": "mx1.firma.example.",
        "qtype": "A",
        "id": 0x1234,
        "rcode": "NOERROR",
        "rrset": ["A 198.51.100.25"],
        "authority": [],
        "ttl": 60,
        "cache": False,
        "server": "ns1.firma.example.",
        "aa": True,
        "tc": False,
        "rd": True,
        "ra": False,
    }


def test_broken_bytes_still_have_text_and_fields():
    for wire in (b"", b"abc", b"\x12\x34\x81\x80" + b"\xff" * 20):
        assert str(Query(wire)) == "malformed query"
        assert str(Answer(wire)) == "malformed answer"
        assert Query(wire).fields()["qname"] == ""
        assert Answer(wire).fields()["rrset"] == []


def test_an_answer_to_something_else_is_not_ours():
    query = asked("firma.example", "MX")
    assert SERVER.answer(query).answers(query)
    assert not SERVER.answer(query).answers(Query.ask(query.question, 1))
    assert not SERVER.answer(asked("firma.example", "A")).answers(query)
    assert not SERVER.answer(asked("mx1.firma.example", "MX")).answers(query)
    assert not Answer(query.wire).answers(query)
    assert not Answer(b"").answers(query)
    assert Answer(b"\x12\x34\x80\x01" + bytes(8)).answers(query)  # FORMERR without the question
    assert not Answer(b"\x12\x34\x80\x00" + bytes(8)).answers(query)


def test_case_matters_in_names_only():
    """Type 65 differs from type 97 in the same bit as `A` from `a`."""
    assert not SERVER.answer(asked("firma.example", "TYPE65")).answers(asked("firma.example", "TYPE97"))
    assert Question.of("FIRMA.example", "MX") == Question.of("firma.example.", "MX")
    assert Question.of("firma.example", "MX") != Question.of("firma.example", "A")


def test_no_name_and_no_type():
    for name, rdtype in (("a..b", "A"), ("x" * 64, "A"), ("firma.example", "NOTYPE")):
        with pytest.raises(LocalProtocolError):
            Question.of(name, rdtype)


def test_ttls_are_not_mixed_up_between_equal_messages():
    """Two answers that differ in TTLs only are parsed once, and keep their own TTLs."""
    query = asked("firma.example", "MX")
    wires = [query.reply(answer=[r.with_ttl(ttl) for r in SERVER.answer(query).content.answer]) for ttl in (5, 9)]
    assert [wire.content.answer[0].ttl for wire in wires] == [5, 9]


def test_frames_come_out_of_a_stream_however_it_was_cut():
    messages = [b"one", b"", b"three" * 100]
    stream = b"".join(len(m).to_bytes(2, "big") + m for m in messages)
    for size in (1, 2, 3, 7, len(stream)):
        frames, found = Frames(), []
        for start in range(0, len(stream), size):
            frames.receive(stream[start : start + size])
            while (message := frames.next_message()) is not None:
                found.append(message)
        assert found == messages


@given(names, st.sampled_from(["A", "AAAA", "MX", "TYPE4711"]), st.booleans(), st.none() | st.integers(0, 65535))
@modest
def test_questions_round_trip(name, rdtype, recursion, edns_size):
    question = Question(name, Question.of(".", rdtype).type)
    query = Query.ask(question, 99, recursion_desired=recursion, edns_size=edns_size)
    arrived = read_query(query.to_bytes())
    assert arrived == query
    assert isinstance(arrived, Query)
    assert arrived.question == question
    assert arrived.question.name.labels == name.labels
    assert arrived.content.edns_size == edns_size
    assert dns.message.from_wire(query.wire).question[0].name.labels == name.labels


@given(names)
@modest
def test_names_round_trip_as_text(name):
    assert name_of(name.to_text()).labels == name.labels


@given(st.binary(max_size=80))
@modest
def test_any_bytes_may_arrive(data):
    survives(data)


@given(st.integers(0, 40), st.integers(0, 255), st.integers(0, 40), st.integers(0, 255))
@modest
def test_damaged_queries_may_arrive(first, value, second, other):
    wire = bytearray(asked("firma.example", "MX", edns_size=1232).wire)
    wire[first % len(wire)] = value
    wire[second % len(wire)] = other
    survives(bytes(wire))


@given(st.integers(0, 1000), st.integers(0, 255), st.integers(0, 1000))
@modest
def test_damaged_answers_are_read_or_refused(position, value, cut):
    wire = bytearray(SERVER.answer(asked("firma.example", "MX")).wire)
    wire[position % len(wire)] = value
    answer = Answer(bytes(wire[: cut + 12]))
    assert str(answer)
    assert answer.fields()["server"] == ""
    try:
        assert answer.content.rcode >= Rcode.NOERROR
    except RemoteProtocolError:
        assert str(answer) == "malformed answer"


def survives(data: bytes) -> None:
    """A server reads these bytes, and what it says to them is a message that anyone can read."""
    arrived = read_query(data)
    if isinstance(arrived, Query):
        assert str(arrived)
        arrived = SERVER.answer(arrived)
    if arrived is not None:
        assert arrived.wire[:2] == data[:2]
        assert dns.message.from_wire(arrived.wire).flags & dns.flags.QR
