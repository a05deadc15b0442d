"""Journeys, responsibility, conservation and snapshots, on traces written by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.trace.conservation import Totals, conservation, totals
from mailsim.trace.events import Noted
from mailsim.trace.facts import (
    DsnMade,
    Fact,
    MdaDelivered,
    QueueAdded,
    QueueDone,
    QueueTried,
    StoreAdded,
    UserActed,
)
from mailsim.trace.journey import journeys
from mailsim.trace.responsibility import Holder
from mailsim.trace.snapshot import Active, Fold
from mailsim.trace.trace import Trace
from tests.trace.scribe import ALENA, BOREK, CONTENT, MSA, MSG, MX1, MX2, PC, WORLD, Scribe, failover_trace

TRACE = failover_trace()
FOLD = Fold(TRACE)


class TestJourney:
    (journey,) = journeys(TRACE)

    def test_the_holders_in_order(self) -> None:
        holders = [(hop.node, hop.kind, hop.outcome) for hop in self.journey.hops]
        assert holders == [
            (PC, "client", "relayed"),
            (MSA, "queue", "relayed"),
            (MX2, "queue", "relayed"),
            (MX1, "queue", "delivered"),
            (MX1, "mailbox", "kept"),
        ]
        assert [hop.tries for hop in self.journey.hops] == [1, 1, 2, 1, 0]

    def test_client_and_server_both_answer_while_the_250_is_under_way(self) -> None:
        client, server, *_ = self.journey.hops
        assert client.until is not None
        assert client.until - server.since == 1000  # the way of the 250

    def test_nobody_is_missing_in_between(self) -> None:
        for before, after in zip(self.journey.hops, self.journey.hops[1:], strict=False):
            assert before.until is not None
            assert after.since <= before.until

    def test_its_end(self) -> None:
        assert (self.journey.fate, self.journey.sender, self.journey.rcpt) == ("delivered", ALENA, BOREK)
        assert TRACE.events[self.journey.fate_seq].kind == "mda.deliver"
        assert self.journey.shown == TRACE.end_us
        assert self.journey.duration_us == self.journey.hops[-1].since - 1_000_000

    def test_a_bounce_has_a_journey_of_its_own(self) -> None:
        scribe = Scribe()
        scribe.note(PC, UserActed(ALENA, "send", MSG, "x"))
        scribe.smtp("c1", PC, MSA, 587)
        scribe.note(MSA, QueueTried(MSG, BOREK, f"q-{MSA}", 1))
        scribe.note(MSA, DsnMade(MSG, BOREK, "failed", "5.1.1", "<report>", ALENA))
        scribe.note(MSA, QueueAdded("<report>", ALENA, "q2", "", 100))
        scribe.note(MSA, QueueDone(MSG, BOREK, f"q-{MSA}", 1, "bounced"))
        first, report = journeys(scribe.trace())
        assert (first.fate, first.report) == ("bounced", "<report>")
        assert (report.msg, report.sender, report.fate) == ("<report>", "", "queued")
        assert conservation(scribe.trace()) == []

    def test_what_no_server_took_is_unsent(self) -> None:
        scribe = Scribe()
        scribe.note(PC, UserActed(ALENA, "send", MSG, "x"))
        (journey,) = journeys(scribe.trace())
        assert (journey.fate, journey.rcpt, journey.hops[0].until) == ("unsent", "", None)

    def test_no_mail_no_journey(self) -> None:
        assert journeys(Trace(WORLD, (), 0)) == ()


def accepted() -> Scribe:
    scribe = Scribe()
    scribe.smtp("c1", PC, MSA, 587)
    return scribe


class TestConservation:
    def test_it_holds(self) -> None:
        assert conservation(TRACE) == []
        assert totals(TRACE) == Totals(accepted=3, relayed=2, delivered=1)
        assert totals(TRACE).balanced

    def test_mail_that_is_still_queued_is_no_loss(self) -> None:
        trace = accepted().trace()
        assert conservation(trace) == []
        assert totals(trace) == Totals(accepted=1, queued=1)

    @pytest.mark.parametrize(
        ("rule", "break_it"),
        [
            ("done-not-accepted", lambda s: s.note(MSA, QueueDone(MSG, BOREK, "other", 1, "bounced"))),
            ("relayed-nowhere", lambda s: s.note(MSA, QueueDone(MSG, BOREK, f"q-{MSA}", 1, "relayed", MX1))),
            ("delivered-nowhere", lambda s: s.note(MSA, QueueDone(MSG, BOREK, f"q-{MSA}", 1, "delivered"))),
            ("bounced-silently", lambda s: s.note(MSA, QueueDone(MSG, BOREK, f"q-{MSA}", 1, "bounced"))),
            ("not-in-store", lambda s: s.note(MSA, MdaDelivered(MSG, BOREK, BOREK, "INBOX"))),
            (
                "done-twice",
                lambda s: [s.note(MSA, QueueDone(MSG, BOREK, f"q-{MSA}", 1, "discarded")) for _ in range(2)],
            ),
        ],
    )
    def test_a_wrong_end(self, rule: str, break_it: Callable[[Scribe], object]) -> None:
        scribe = accepted()
        break_it(scribe)
        assert [violation.rule for violation in conservation(scribe.trace())] == [rule]

    def test_a_server_that_promises_and_forgets(self) -> None:
        scribe = Scribe()
        scribe.smtp("c1", PC, MSA, 587, queue=False)
        (violation,) = conservation(scribe.trace())
        assert (violation.rule, violation.node, violation.rcpt) == ("accepted-not-queued", MSA, BOREK)
        assert str(scribe.events[violation.seq]) == "250 2.0.0 Ok"

    def test_an_alias_may_replace_the_recipient(self) -> None:
        scribe = Scribe()
        scribe.smtp("c1", PC, MSA, 587, queue=False)
        taken = next(e.seq for e in scribe.events if str(e) == "250 2.0.0 Ok")
        fact = QueueAdded(MSG, "somebody@skola.example", "q1", ALENA, 1)
        noted = Noted(taken, scribe.events[taken].at, MSA, (), fact)
        scribe.events.insert(taken, noted)
        assert not [v for v in conservation(renumbered_after(scribe)) if v.rule == "accepted-not-queued"]


def renumbered_after(scribe: Scribe) -> Trace:
    shift = {event.seq: seq for seq, event in enumerate(scribe.events) if not isinstance(event, Noted)}
    for seq, event in enumerate(scribe.events):
        event.causes = tuple(shift.get(cause, cause) for cause in event.causes)
        event.seq = seq
    return scribe.trace()


class TestSnapshot:
    def at(self, kind: str, number: int = 0) -> int:
        return [event.seq for event in TRACE.events if event.kind == kind][number] + 1

    def test_before_the_beginning(self) -> None:
        start = FOLD.at(0)
        assert (start.count, start.at, start.nodes, start.responsible, start.faults) == (0, 0, (), (), ())
        assert not start.connections
        assert not start.queues

    def test_a_fault_begins_and_ends(self) -> None:
        assert FOLD.at(self.at("fault.start")).faults == (Active("filtered", MX1, 25),)
        assert FOLD.at(self.at("fault.end")).faults == ()

    def test_a_connection_opens_and_closes(self) -> None:
        states = [FOLD.at(self.at(kind)).connections["c1"].state for kind in ("tcp.connect", "tcp.established")]
        assert states == ["opening", "open"]
        assert FOLD.at(self.at("tcp.close", 0)).connections["c1"].state == "closing"
        assert "c1" not in FOLD.at(self.at("tcp.close", 1)).connections
        assert "c2" not in FOLD.at(self.at("tcp.timeout")).connections

    def test_the_queue_of_the_backup(self) -> None:
        (entry,) = FOLD.at(self.at("queue.defer")).queues[MX2]
        assert (entry.state, entry.tries, entry.reason) == ("deferred", 1, "connection refused")
        assert entry.next == TRACE.events[self.at("fault.end") - 1].at
        assert MX2 not in FOLD.at(len(TRACE.events)).queues

    def test_who_is_responsible(self) -> None:
        assert FOLD.at(self.at("queue.defer")).responsible == (Holder(MX2, MSG, BOREK),)
        added = self.at("queue.add")
        assert FOLD.at(added).responsible == (Holder(PC, MSG, ""),)
        assert FOLD.at(added + 1).responsible == (Holder(PC, MSG, ""), Holder(MSA, MSG, BOREK))
        assert FOLD.at(len(TRACE.events)).responsible == ()

    def test_the_mailbox(self) -> None:
        message = FOLD.at(self.at("store.add")).mailboxes[BOREK]["INBOX"][1]
        assert (message.flags, message.bytes, message.msg) == ((), len(CONTENT), MSG)
        assert FOLD.at(self.at("store.flag")).mailboxes[BOREK]["INBOX"][1].flags == ("\\Seen",)

    def test_nobody_can_change_it(self) -> None:
        snapshot = FOLD.at(len(TRACE.events))
        with pytest.raises(FrozenInstanceError):
            snapshot.count = 0  # type: ignore[misc]
        with pytest.raises(TypeError):
            snapshot.mailboxes[BOREK]["INBOX"][2] = None  # type: ignore[index]

    @pytest.mark.parametrize("count", [-1, len(TRACE.events) + 1])
    def test_no_such_moment(self, count: int) -> None:
        with pytest.raises(IndexError):
            FOLD.at(count)

    @settings(derandomize=True, deadline=None, max_examples=60)
    @given(st.lists(st.integers(0, len(TRACE.events)), min_size=1, max_size=6))
    def test_any_moment_in_any_order_is_the_fold_of_what_had_happened(self, counts: list[int]) -> None:
        for count in counts:
            fresh = Fold(replace(TRACE, events=TRACE.events[:count]))
            assert FOLD.at(count) == fresh.at(count)

    def test_checkpoints_are_used_and_right(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mailsim.trace.snapshot.MIN_DISTANCE", 8)
        fold = Fold(TRACE)
        assert len(fold._checkpoints) == len(TRACE.events) // 8 + 1
        for count in (100, 3, 64, 63, 65, 127, 0):
            assert fold.at(count) == FOLD.at(count)


def test_store_and_mailbox_of_another_user_stay_apart() -> None:
    scribe = Scribe()
    facts: list[Fact] = [StoreAdded(ALENA, "INBOX", 1, 5), StoreAdded(BOREK, "INBOX", 1, 7)]
    for fact in facts:
        scribe.note(MX1, fact)
    boxes = Fold(scribe.trace()).at(2).mailboxes
    assert (boxes[ALENA]["INBOX"][1].bytes, boxes[BOREK]["INBOX"][1].bytes) == (5, 7)
