"""The query language: what it answers, what it refuses, and that nothing makes it fail on a trace."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.protocols.pdu import Json
from mailsim.trace.query import QueryError, ask, like, parse, parse_filter
from mailsim.trace.trace import Trace
from tests.trace.scribe import BOREK, MSA, MX1, MX2, WORLD, failover_trace

TRACE = failover_trace()
NOTHING = Trace(WORLD, (), 0)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("count(dns.query[qtype=MX])", 1),
        ("count(dns.query[qtype=A])", 0),
        ("count(smtp.data[port=25])", 2),
        ("count( smtp.data [ port = 25 ] )", 2),
        ("count(smtp.data[port!=25])", 1),
        ("count(smtp.data[port>25])", 1),
        ("count(smtp.data[port>=25, port<587])", 2),
        ("count(queue.*)", 11),
        ("count(*)", len(TRACE.events)),
        ("exists(tls.established)", False),
        ("none(mda.deliver[rcpt=wrong@*])", True),
        ("first(dns.query[qtype=MX]).qname", "firma.example."),
        ("first(tcp.connect[port=25]).dst", "198.51.100.25"),
        ("first(mda.deliver).rcpt", BOREK),
        ("first(nothing.like.that).rcpt", None),
        ("last(queue.try).n", 1),
        ("last(queue.try[node=mx2*]).n", 2),
        ("seq(smtp.data).node", ["pc.skola.example", MSA, MX2]),
        ("set(queue.add).node", [MSA, MX2, MX1]),
        ("set(tcp.connect).port", [587, 25]),
        ("sum(store.add).bytes", 81),
        ("min(tcp.connect).port", 25),
        ("max(tcp.connect).port", 587),
        ("max(tcp.connect).dst", None),
        ("count(smtp.reply[text='Ok'])", 9),
        ('count(smtp.cmd[arg="FROM:<*@skola.example>"])', 3),
        ("count(smtp.cmd[tls=false])", 15),
        ("count(store.flag[flags='\\Seen'])", 1),
        ("first(fault.end).t", 1831.034),
    ],
)
def test_answers(question: str, answer: Json) -> None:
    assert ask(TRACE, question) == answer


def test_an_event_itself_is_its_record() -> None:
    record = ask(TRACE, "first(fault.start)")
    assert isinstance(record, dict)
    assert (record["kind"], record["target"]) == ("fault.start", MX1)


@pytest.mark.parametrize(
    ("question", "position"),
    [
        ("", 0),
        ("total(x)", 0),
        ("count", 5),
        ("count(", 6),
        ("count()", 6),
        ("count(x", 7),
        ("count(x) y", 9),
        ("count(x).field", 9),
        ("set(x)", 6),
        ("first(x).", 9),
        ("count(x[])", 8),
        ("count(x[a])", 9),
        ("count(x[a=])", 10),
        ("count(x[a='b)", 10),
        ("count(x[a=b)", 12),
        ("__import__('os')", 0),
        ("count(" + "x" * 3000 + ")", 2000),
    ],
)
def test_what_it_does_not_know_is_refused_with_the_place(question: str, position: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse(question)
    assert caught.value.position == position


def test_a_filter_alone() -> None:
    assert [event.node for event in parse_filter("mda.*[mailbox=borek@*]").events(TRACE)] == [MX1]


@pytest.mark.parametrize(
    ("text", "pattern", "fits"),
    [
        ("smtp.reply", "smtp.*", True),
        ("smtp.reply", "*reply", True),
        ("smtp.reply", "s*p.r*y", True),
        ("smtp.reply", "smtp", False),
        ("aba", "a*ba", True),
        ("aa", "a*a*a", False),
        ("", "*", True),
    ],
)
def test_wildcards(text: str, pattern: str, fits: bool) -> None:
    assert like(text, pattern) is fits


def test_wildcards_take_linear_time() -> None:
    assert not like("a" * 50_000, "*a" * 500 + "b")


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text("count(fis)[=]*.<>!'\", 1xq", max_size=30))
def test_any_text_is_answered_or_refused(text: str) -> None:
    try:
        question = parse(text)
    except QueryError:
        return
    question.answer(NOTHING)
    question.answer(TRACE)
