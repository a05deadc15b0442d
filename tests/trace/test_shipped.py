"""What holds for the trace of every scenario that comes with mailsim."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from mailsim.scenario.loader import shipped
from mailsim.trace.conservation import conservation, totals
from mailsim.trace.conversations import Conversations
from mailsim.trace.events import Noted, Said
from mailsim.trace.facts import FaultStarted, UserActed
from mailsim.trace.journey import journeys
from mailsim.trace.levels import Level, Levels
from mailsim.trace.snapshot import Fold
from mailsim.trace.stages import stages
from mailsim.trace.topic_list import ALL_TOPICS
from mailsim.trace.trace import Trace
from mailsim.trace.why import ancestors, why
from mailsim.views.text.sentence import sentence
from tests.trace.summary import FOLDER, run, summary


@pytest.fixture(scope="module", params=shipped())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def trace(name: str) -> Trace:
    return run(name)


FATES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("4xx-5xx-bounce", "dead-domains", "mx-mistakes", "partial-recipients"), ("bounced", "delivered")),
    "reject-is-final": ("bounced", "delivered"),
    "ttl-migration": ("bounced", "delivered", "relayed"),
    "pop3-two-devices": (),
    "slow-link": (),
    "starttls-stripping": ("delivered", "unsent"),
}
"""What becomes of mails, where it is not that all are delivered. `relayed` is the end of an alias, behind which there
is somebody else; where there are no mails, all of them are in the mailbox from the beginning."""


def test_the_run_is_the_one_that_we_know(name: str, trace: Trace) -> None:
    """To accept a change on purpose: MAILSIM_ACCEPT=1 python -m pytest tests/trace/test_shipped.py."""
    file = FOLDER / f"{name}.txt"
    if os.environ.get("MAILSIM_ACCEPT"):
        file.write_text(summary(trace), "utf-8", newline="\n")
    assert summary(trace).splitlines() == file.read_text("utf-8").splitlines()


def test_no_run_depends_on_the_hash_seed() -> None:
    """Two processes with seeds of their own run all scenarios."""
    command, told = [sys.executable, "-m", "tests.trace.summary"], []
    for hash_seed in ("0", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(command, capture_output=True, check=True, env=environment, cwd=FOLDER.parents[2])
        told.append(done.stdout.splitlines())
    assert told[0] == told[1]
    assert len(told[0]) > 10 * len(shipped())


def test_no_mail_is_lost_and_its_fate_is_what_the_scenario_is_about(name: str, trace: Trace) -> None:
    assert conservation(trace) == []
    assert totals(trace).balanced
    assert {journey.fate for journey in journeys(trace)} == set(FATES.get(name, ("delivered",)))


def test_somebody_always_answers_for_the_mail_until_it_is_delivered(trace: Trace) -> None:
    for journey in journeys(trace):
        for before, after in pairwise(journey.hops):
            assert before.until is not None
            assert after.since <= before.until or journey.msg in _to_an_alias(trace)
    left = {holder.msg for holder in Fold(trace).at(len(trace.events)).responsible}
    assert left == {journey.msg for journey in journeys(trace) if journey.fate == "unsent"}


def _to_an_alias(trace: Trace) -> set[str]:
    """Mails whose journey goes on under another name."""
    return {journey.msg for journey in journeys(trace) if journey.fate == "relayed"}


def test_every_event_has_a_topic_of_its_own_and_a_sentence(trace: Trace) -> None:
    """In long runs only the first events of each kind are told: the others have the same sentence."""
    conversations = Conversations(trace.events)
    seen: Counter[str] = Counter()
    for event in trace.events:
        subject = conversations.topic(event)
        assert subject in ALL_TOPICS
        assert subject != "other"
        seen[subject] += 1
        for lang in ("en", "cs") if seen[subject] < 20 else ():
            told = sentence(event, trace, lang)
            assert told.isprintable()
            assert not told.startswith(f"{event.kind} ")


def test_commands_and_replies_find_each_other(trace: Trace) -> None:
    conversations = Conversations(trace.events)
    faults = [event.fact for event in trace.events if isinstance(event, Noted)]
    silent = {fault.target for fault in faults if isinstance(fault, FaultStarted) and fault.what == "dns_silent"}
    for event in trace.events:
        if isinstance(event, Said) and event.protocol in ("smtp", "lmtp", "dns"):
            if event.from_client:
                assert conversations.answer(event) is not None or event.peer in silent, event
            elif event.pdu.role != "greet":
                assert conversations.asked(event) is not None, event


def test_state_at_some_moments_is_the_fold_of_what_had_happened(trace: Trace) -> None:
    fold = Fold(trace)
    step = max(37, len(trace.events) // 8)
    for count in (*range(0, len(trace.events), step), len(trace.events), 5):
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
    acts = [event for event in trace.events if isinstance(event, Noted) and isinstance(event.fact, UserActed)]
    sends = [event for event in acts if event.kind == "user.action" and event.fields()["action"] == "send"]
    delivered = [event.seq for event in trace.events if event.kind == "mda.deliver"]
    if sends:
        assert slugs.index("submit") < slugs.index("deliver")
    if acts[-1] not in sends and acts[-1].seq > max(delivered, default=0):
        assert slugs[-1] == "read"
    assert "deliver" in slugs or "read" in slugs
