"""What holds for the trace of every scenario that comes with mailsim."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from mailsim.scenario.build import build
from mailsim.scenario.loader import open_scenario
from mailsim.trace.conservation import conservation, totals
from mailsim.trace.conversations import Conversations
from mailsim.trace.events import Said
from mailsim.trace.journey import journeys
from mailsim.trace.levels import Level, Levels
from mailsim.trace.snapshot import Fold
from mailsim.trace.stages import stages
from mailsim.trace.topics import ALL_TOPICS
from mailsim.trace.trace import Trace
from mailsim.trace.why import ancestors, why
from mailsim.views.text import sentence


@pytest.fixture(scope="module", params=("cross-domain", "first-mail", "mx-failover"))
def trace(request: pytest.FixtureRequest) -> Trace:
    return build(open_scenario(request.param)).run()


def test_no_mail_is_lost_and_all_is_delivered(trace: Trace) -> None:
    assert conservation(trace) == []
    assert totals(trace).balanced
    assert {journey.fate for journey in journeys(trace)} == {"delivered"}


def test_somebody_always_answers_for_the_mail_until_it_is_delivered(trace: Trace) -> None:
    for journey in journeys(trace):
        for before, after in pairwise(journey.hops):
            assert before.until is not None
            assert after.since <= before.until
    assert Fold(trace).at(len(trace.events)).responsible == ()


def test_every_event_has_a_topic_of_its_own_and_a_sentence(trace: Trace) -> None:
    conversations = Conversations(trace.events)
    for event in trace.events:
        subject = conversations.topic(event)
        assert subject in ALL_TOPICS
        assert subject != "other"
        for lang in ("en", "cs"):
            told = sentence(event, trace, lang)
            assert told.isprintable()
            assert not told.startswith(f"{event.kind} ")


def test_commands_and_replies_find_each_other(trace: Trace) -> None:
    conversations = Conversations(trace.events)
    for event in trace.events:
        if isinstance(event, Said) and event.protocol in ("smtp", "lmtp", "dns"):
            if event.from_client:
                assert conversations.answer(event) is not None, event
            elif event.pdu.role != "greet":
                assert conversations.asked(event) is not None, event


def test_state_at_some_moments_is_the_fold_of_what_had_happened(trace: Trace) -> None:
    fold = Fold(trace)
    for count in (*range(0, len(trace.events), 37), len(trace.events), 5):
        assert fold.at(count) == Fold(replace(trace, events=trace.events[:count])).at(count)


def test_every_delivery_goes_back_to_a_person(trace: Trace) -> None:
    """The shortest chain may begin with a fault, which is why a mail comes late; a person is behind it all the same."""
    levels = Levels(trace)
    for event in trace.events:
        if event.kind in ("mda.deliver", "mua.show"):
            root = why(trace, event.seq, Level.PACKET, levels)[0]
            assert root.kind in ("user.action", "fault.start"), event
            assert root.causes == ()
            assert "user.action" in {trace.events[seq].kind for seq in ancestors(trace.events, event.seq)}


def test_chapters_begin_with_a_submission_and_end_with_reading(trace: Trace) -> None:
    slugs = [stage.slug for stage in stages(trace)]
    assert slugs.index("submit") < slugs.index("deliver") < len(slugs) - 1
    assert slugs[-1] == "read"
