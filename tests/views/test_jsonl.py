"""The export: one object an event, stable, UTF-8."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO

from mailsim.trace.events import Noted
from mailsim.trace.facts import QueueDeferred
from mailsim.views.jsonl import line, write_jsonl
from tests.trace.scribe import MX1, failover_trace

TRACE = failover_trace()


def exported() -> list[dict[str, object]]:
    stream = BytesIO()
    write_jsonl(TRACE, stream)
    data = stream.getvalue()
    assert data.endswith(b"\n")
    return [json.loads(text) for text in data.decode().splitlines()]


def test_every_event_in_order_with_the_common_keys_first() -> None:
    records = exported()
    assert [record["seq"] for record in records] == list(range(len(TRACE.events)))
    for record in records:
        assert list(record)[:5] == ["seq", "at", "node", "kind", "causes"]


def test_the_fields_have_the_names_of_the_vocabulary() -> None:
    first = exported()[0]
    assert first == {
        "seq": 0, "at": 0, "node": MX1, "kind": "fault.start", "causes": [],
        "what": "filtered", "target": MX1, "port": 25, "detail": "",
    }  # fmt: skip


def test_letters_beyond_ascii_stay_letters() -> None:
    shown = next(event for event in TRACE.events if event.kind == "mua.show")
    assert "Objednávka" in line(shown)


def test_the_same_trace_gives_the_same_bytes() -> None:
    one, two = BytesIO(), BytesIO()
    write_jsonl(failover_trace(), one)
    write_jsonl(failover_trace(), two)
    assert one.getvalue() == two.getvalue()


def test_octets_that_are_no_letters_leave_the_line_valid() -> None:
    """A command in Latin-1 is kept octet by octet; the line is UTF-8 all the same, and says which octets they were."""
    event = Noted(0, 0, MX1, (), QueueDeferred("<1@x>", "ji\udcf8\udced@firma.example", "Q1", 1, 0, "č"))
    text = line(event)
    assert "ji\\udcf8\\udced@firma.example" in text
    assert json.loads(text.encode()) == event.record()
    stream = BytesIO()
    write_jsonl(replace(TRACE, events=[event]), stream)
    assert stream.getvalue().decode().endswith("\n")
