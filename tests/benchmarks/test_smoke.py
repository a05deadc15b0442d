"""The benchmark itself works: with tiny numbers, and without a word about time."""

from __future__ import annotations

import dis
import re
import sys

import pytest

from mailsim.scenario.loader import lint
from mailsim.trace.events import Said, Segment
from mailsim.trace.recorder import Recorder
from tests.benchmarks import __main__ as benchmark
from tests.benchmarks import bytecodes
from tests.benchmarks.__main__ import verdict
from tests.benchmarks.chain import letter, our_rate, print_rates
from tests.benchmarks.floor import record, replay
from tests.benchmarks.measure import exponent
from tests.benchmarks.memory import memories, print_memory
from tests.benchmarks.secure import new_contexts, run
from tests.benchmarks.world import TEXT, Load, World

MAILS = 9


@pytest.mark.parametrize(("reading", "left"), [("pop3", 0), ("imap", MAILS), ("never", MAILS)])
def test_every_mail_goes_the_whole_way(reading, left):
    world = World(Load(MAILS, reading, keep_trace=True))
    world.run()
    kinds = [event.kind for event in world.recorder.events]
    assert kinds.count("mda.deliver") == MAILS
    assert kinds.count("mua.show") == (0 if reading == "never" else MAILS)
    assert world.stored == left


def test_the_trace_does_not_change_the_run():
    traced, untraced = World(Load(MAILS, keep_trace=True)), World(Load(MAILS))
    assert traced.run() == untraced.run()
    assert traced.recorder.next_seq == untraced.recorder.next_seq == len(traced.recorder.events)
    assert untraced.recorder.events == []


def test_nothing_is_lost_or_sent_twice():
    world = World(Load(MAILS, keep_trace=True))
    world.run()
    segments = [event for event in world.recorder.events if isinstance(event, Segment)]
    assert not any(segment.retransmission or segment.arrives_at < 0 for segment in segments)


def test_sessions_that_are_compared_say_the_same():
    clear, secure = said_in(None), said_in(new_contexts())
    assert [str(event.pdu) for event in clear] == [str(event.pdu) for event in secure]
    assert len(clear) == 2 * 9
    assert {event.tls for event in clear} == {False}
    assert {event.tls for event in secure} == {True}


def said_in(contexts):
    return [event for event in run(2, contexts, Recorder()).recorder.events if isinstance(event, Said)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
def test_the_floors_of_starting_can_be_loaded(tmp_path):
    from tests.benchmarks.start import LIBRARIES, SCREEN, Starts

    assert all(Starts(tmp_path).until_end("-c", code) > 0 for code in (LIBRARIES, SCREEN))


def test_the_floor_sends_every_packet_again():
    recorded = record(4)
    assert recorded.others > 0
    assert replay(recorded) == recorded.events


def test_exponent():
    assert exponent([10, 20, 40], [3.0, 6.0, 12.0]) == pytest.approx(1.0)
    assert exponent([10, 20, 40], [3.0, 12.0, 48.0]) == pytest.approx(2.0)


def test_the_table_prints(capsys):
    benchmark.main(["--quick", "--mails", "4", "8"])
    printed = capsys.readouterr().out
    assert printed.count("goal <=") == 13


def test_a_goal_may_be_a_least():
    assert (verdict(2.0, 2.0), verdict(2.1, 2.0)) == ("  goal <= 2.0  met", "  goal <= 2.0  NOT MET")
    assert (verdict(8.0, 8.0, True), verdict(7.9, 8.0, True)) == ("  goal >= 8.0  met", "  goal >= 8.0  NOT MET")


@pytest.mark.parametrize(("reading", "taken", "stored"), [("pop3", True, 0), ("never", False, 2)])
def test_users_throw_away_what_they_have(reading, taken, stored):
    world = World(Load(2, reading))
    world.run()
    assert (world.taken > 2 * len(TEXT), world.stored) == (taken, stored)
    world.throw_away()
    assert (world.taken, world.stored) == (0, 0)


def test_memory_is_told(capsys):
    print_memory("never", memories([1, 2], "never"))
    printed = capsys.readouterr().out
    assert re.findall(r"\d+ mails", printed) == ["1 mails", "2 mails"]
    assert all(int(octets) > len(TEXT) for octets in re.findall(r"away +(\d+) octets", printed))
    assert printed.count("goal <=") == 1


def test_what_is_sent_to_real_servers_is_what_our_users_write():
    world = World(Load(1, "never"))
    world.run()
    (mail,) = world.stores["firma.example"].account("b0@firma.example").inbox
    assert mail.content.partition(b"\r\n\r\n")[2] == letter(0).partition(b"\r\n\r\n")[2]
    assert our_rate(2, turns=1) > 0


def test_rates_are_told_with_their_best(capsys):
    print_rates("one Postfix", {8: 120.0, 16: 140.0})
    printed = " ".join(capsys.readouterr().out.split())
    assert printed == "one Postfix 140 mails/s (8 at once: 120, 16 at once: 140)"


def test_bytecodes_are_counted_where_they_are_executed():
    def inner():
        return 1

    def outer():
        return inner()

    counts = bytecodes.count(outer)
    instructions = {"inner": inner.__code__, "outer": outer.__code__}
    assert set(counts) == set(instructions.values())
    assert counts[inner.__code__] < counts[outer.__code__] <= len(list(dis.get_instructions(outer)))
    assert bytecodes.count(outer) == counts


def test_the_bytecodes_of_a_mail_are_printed(capsys):
    bytecodes.main(["--mails", "1", "--top", "3"])
    printed = capsys.readouterr().out
    assert "a mail in net" in printed
    assert "a mail in protocols" in printed


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
def test_the_stepper_is_measured_on_a_scenario_that_is_one(tmp_path):
    from tests.benchmarks.stepper import percentile, scenario

    (tmp_path / "many.yaml").write_text(scenario(3), encoding="utf-8")
    assert lint(tmp_path / "many.yaml") == ()
    assert percentile([float(n) for n in range(100)], 0.95) == 95
