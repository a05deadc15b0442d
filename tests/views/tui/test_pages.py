"""The pages as text, over scenarios that are shipped: what the panes, plain mode and handouts say."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from mailsim.scenario.build import build
from mailsim.scenario.loader import load, open_scenario
from mailsim.trace.events import Noted, Packet, Said
from mailsim.trace.levels import Level
from mailsim.trace.recorder import Recorder
from mailsim.trace.trace import Trace
from mailsim.views.pcapng import Framer
from mailsim.views.tui.bytes_page import BytesPage, hex_dump
from mailsim.views.tui.code_page import source_of
from mailsim.views.tui.dns_page import DnsPage
from mailsim.views.tui.pages import PAGES, Pages
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import Stepper
from tests.views.tui.synthetic import failover


@cache
def trace_of(name: str) -> Trace:
    return build(open_scenario(name), recorder=Recorder(code=True)).run()


@cache
def score_of(name: str) -> Score:
    return Score(trace_of(name))


def stepper_at(name: str, where: str | Callable[[Said], bool], language: str = "en") -> Stepper:
    """A stepper at the first place like this, under a lens that shows everything."""
    stepper = Stepper(score_of(name), language, Level.PACKET)
    if isinstance(where, str):
        assert stepper.go_to(where)
    else:
        stepper.to_event(next(e.seq for e in stepper.score.trace.events if isinstance(e, Said) and where(e)))
    return stepper


@pytest.mark.parametrize("language", ["en", "cs"])
@pytest.mark.parametrize("name", ["first-mail", "cross-domain", "mx-failover"])
def test_every_page_has_something_to_say_at_every_kind_of_step(name: str, language: str) -> None:
    stepper = Stepper(score_of(name), language, Level.PACKET)
    pages = Pages(stepper.score)
    kinds = {event.kind: event.seq for event in stepper.score.trace.events}
    for seq in (-1, *kinds.values()):
        stepper.move_to(stepper.score.position(stepper.lens, seq))
        for page in PAGES:
            lines = pages.lines(page, stepper, 60)
            assert any(lines), (page, seq)
            assert not re.search(r"[\x00-\x1f]", "".join(lines)), (page, seq)


def test_each_received_field_names_the_hop_that_added_it() -> None:
    stepper = stepper_at("mx-failover", lambda said: said.pdu.role == "data" and said.protocol == "lmtp")
    fields = Pages(stepper.score).mail.header(stepper.seq)
    added = [(field.name, field.hop) for field in fields if field.hop]
    assert [name for name, _ in added].count("Received") == len({hop for _, hop in added}) >= 2
    assert all(field.hop == "" for field in fields if field.name in ("From", "Subject", "Date"))


def test_where_envelope_and_header_differ_it_is_said() -> None:
    trace = failover()
    stepper = Stepper(Score(trace), "en", Level.DIALOGUE)
    stepper.move_to(stepper.last)
    assert not any("!" in line for line in Pages(stepper.score).lines("mail", stepper)[:3])
    stepper = stepper_at("mx-failover", lambda said: str(said.pdu).startswith("RCPT"))
    assert any("RCPT TO:<borek@firma.example>" in line for line in Pages(stepper.score).lines("mail", stepper))


def test_a_cache_forgets_with_time() -> None:
    stepper = Stepper(score_of("mx-failover"), "en", Level.DIALOGUE)
    page = DnsPage(stepper.score)
    stepper.go_to("route.decide")
    early = page.remembered(stepper)["dns.skola.example"]
    assert any(entry.owner == "firma.example." and entry.text.startswith("MX 10") for entry in early)
    stepper.move_to(stepper.last)
    for entries in page.remembered(stepper).values():
        assert all(entry.expires > stepper.at for entry in entries)


def test_zones_mark_the_record_that_was_just_told() -> None:
    stepper = stepper_at("mx-failover", lambda s: s.pdu.role == "answer" and "MX 10" in str(s.pdu))
    lines = Pages(stepper.score).lines("dns", stepper)
    assert any(re.match(r"► +3600  firma\.example\. MX 10", line) for line in lines)
    first_zone = next(line for line in lines if line.startswith(" ZONE"))
    assert "firma.example" in first_zone


def test_layers_of_a_packet_are_its_bytes() -> None:
    trace = trace_of("first-mail")
    page = BytesPage(score_of("first-mail"))
    framer = Framer(trace.world)
    for event in trace.events:
        if isinstance(event, Packet):
            assert b"".join(layer.data for layer in page.layers(event)) == framer.frame(event)[14:]


def test_a_hex_dump_gives_all_bytes_back() -> None:
    data = bytes(range(256)) + b"xyz"
    for per_row in (8, 16):
        rows = ["".join(piece.text for piece in row) for row in hex_dump(data, per_row)]
        text = " ".join(row[6 : 6 + per_row * 3 + 1] for row in rows)
        assert bytes.fromhex(text) == data


def test_the_first_look_shows_no_packets_until_asked() -> None:
    stepper = Stepper(score_of("first-mail"), "en", Level.DIALOGUE)
    seqs = stepper.score.steps(stepper.lens)
    kinds = {stepper.score.trace.events[seq].kind for seq in seqs}
    assert not any(kind.startswith(("tcp.", "tls.", "net.")) for kind in kinds)
    stepper.move_to(5)
    assert not any(line.startswith(" TCP") for line in Pages(stepper.score).lines("bytes", stepper))
    stepper.show_everything(True)
    more = {stepper.score.trace.events[seq].kind for seq in stepper.score.steps(stepper.lens)}
    assert "tcp.connect" in more
    levels = [stepper.zoom_level() or stepper.level for _ in range(3)]
    assert Level.PACKET in levels


TWO_MAILS = """
id: two
domains:
  skola.example: {users: [alena, cyril]}
steps:
  - {at: 5s, user: alena@skola.example, send: {to: cyril@skola.example, subject: One}}
  - {at: 5s, user: cyril@skola.example, send: {to: alena@skola.example, subject: Two}}
"""


def test_following_one_message_leaves_the_others_out(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(TWO_MAILS, encoding="utf-8")
    stepper = Stepper(Score(build(load(tmp_path / "two.yaml")).run()), "en", Level.DIALOGUE)
    everything = stepper.last
    keys = stepper.score.messages
    assert len(keys) >= 2
    for key in keys:
        stepper.follow(key)
        assert 0 < stepper.last < everything
        facts = list(map(stepper.score.trace.events.__getitem__, stepper.score.steps(stepper.lens)))
        named = {str(getattr(e.fact, "msg", "")) for e in facts if isinstance(e, Noted)} - {""}
        assert named == {key}
    assert stepper.follow_next() == ""
    assert stepper.last == everything


# --- the code -----------------------------------------------------------------------------------


def test_the_marked_line_is_where_the_script_waits() -> None:
    """The line of a RCPT is in the client's transaction, and it is a line with an await."""
    stepper = stepper_at("cross-domain", lambda said: str(said.pdu).startswith("RCPT"))
    event = stepper.event
    assert event is not None
    places = stepper.score.trace.code.places(event, stepper.score.trace.events)
    assert places[-1].file == "agents/handover.py"
    assert "await" in source_of(places[-1].file).lines[places[-1].line - 1]
    lines = Pages(stepper.score).lines("code", stepper)
    assert sum(line.startswith("►") for line in lines) == len(places)


def test_recording_the_code_changes_nothing_else() -> None:
    plain = build(open_scenario("first-mail")).run()
    assert [e.record() for e in plain.events] == [e.record() for e in trace_of("first-mail").events]
    assert plain.code.marks == ()
    stepper = Stepper(Score(plain), "en", Level.DIALOGUE)
    stepper.next()
    assert Pages(stepper.score).lines("code", stepper) == ["This recording does not know its code."]


def test_nearly_every_event_has_its_code() -> None:
    trace = trace_of("mx-failover")
    without = [e.kind for e in trace.events if not trace.code.places(e, trace.events)]
    assert set(without) <= {"fault.start", "fault.end", "net.drop"}


def test_a_file_that_is_not_there_has_no_lines() -> None:
    assert source_of("agents/none.py").lines == ()
