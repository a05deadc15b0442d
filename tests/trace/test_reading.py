"""Pairs of question and answer, zoom levels, chapters and causes, on a trace written by hand."""

from __future__ import annotations

import itertools

import pytest

from mailsim.protocols.smtp import Content, Greeting, Reply
from mailsim.protocols.smtp.commands import Data, Lhlo, Mail, Quit, Rcpt
from mailsim.trace.conversations import Conversations
from mailsim.trace.events import Event, Packet, Said
from mailsim.trace.levels import Level, Levels
from mailsim.trace.stages import STAGES, stages
from mailsim.trace.trace import Trace
from mailsim.trace.why import why
from tests.trace.scribe import MSA, MX1, PC, WORLD, Scribe, failover_trace

TRACE = failover_trace()
CONVERSATIONS = Conversations(TRACE.events)


def find(trace: Trace, text: str, node: str = "") -> Event:
    return next(e for e in trace.events if isinstance(e, Said) and str(e).startswith(text) and node in ("", e.node))


class TestConversations:
    def test_each_command_has_its_reply(self) -> None:
        for command in ("EHLO", "MAIL", "RCPT", "DATA", "From:", "QUIT"):
            asked = find(TRACE, command)
            answer = CONVERSATIONS.answer(asked)
            assert answer is not None
            assert CONVERSATIONS.asked(answer) is asked

    def test_pipelined_commands_are_answered_in_order(self) -> None:
        scribe = Scribe()
        commands = [Mail("a@a.example"), Rcpt("b@b.example"), Rcpt("c@b.example"), Data()]
        for command in commands:
            scribe.say("c1", PC, MSA, 25, command)
        for code in (250, 550, 250, 354):
            scribe.say("c1", MSA, PC, 25, Reply.of(code, "", "x"), client=False)
        events = scribe.trace().events
        conversations = Conversations(events)
        found = [str(conversations.answer(e)) for e in events if isinstance(e, Said) and e.from_client]
        assert found == ["250 x", "550 x", "250 x", "354 x"]

    def test_the_greeting_and_an_unasked_421_answer_nothing(self) -> None:
        scribe = Scribe()
        scribe.say("c1", MSA, PC, 25, Greeting.of(220, "", "x"), client=False)
        scribe.say("c1", MSA, PC, 25, Reply.of(421, "", "idle"), client=False)
        conversations = Conversations(scribe.events)
        assert [conversations.asked(e) for e in scribe.events if isinstance(e, Said)] == [None, None]

    def test_lmtp_answers_the_content_once_a_recipient(self) -> None:
        scribe = Scribe()
        talk = [
            (Lhlo("a"), [250]),
            (Mail("a@a.example"), [250]),
            (Rcpt("b@b.example"), [250]),
            (Rcpt("x@b.example"), [550]),
            (Rcpt("c@b.example"), [250]),
            (Data(), [354]),
            (Content(b"x\r\n"), [250, 452]),
            (Quit(), [221]),
        ]
        for command, codes in talk:
            scribe.say("c1", MSA, MSA, 24, command, "lmtp")
            for code in codes:
                scribe.say("c1", MSA, MSA, 24, Reply.of(code, "", "x"), "lmtp", client=False)
        conversations = Conversations(scribe.events)
        answers = [e for e in scribe.events if isinstance(e, Said) and not e.from_client]
        asked = [str(conversations.asked(e)).split(" ")[0] for e in answers]
        assert asked == ["LHLO", "MAIL", "RCPT", "RCPT", "RCPT", "DATA", "x", "x", "QUIT"]
        assert conversations.topic(answers[-3]) == "lmtp.reply.delivered"

    def test_only_the_250_to_the_content_takes_responsibility(self) -> None:
        taken = [e for e in TRACE.events if CONVERSATIONS.topic(e) == "smtp.reply.taken"]
        assert [e.node for e in taken] == [MSA, "mx2.zaloha.example", MX1]

    def test_dns_pairs_by_id(self) -> None:
        question = find(TRACE, "firma.example. IN MX")
        answer = CONVERSATIONS.answer(question)
        assert answer is not None
        assert str(answer) == "NODATA"


class TestLevels:
    levels = Levels(TRACE)

    def test_each_level_has_the_steps_of_the_one_before(self) -> None:
        story, dialogue, packet = (set(self.levels.steps(level)) for level in Level)
        assert story < dialogue < packet
        assert packet == set(range(len(TRACE.events)))

    def test_the_story_has_transfers_decisions_and_failures_but_no_packets(self) -> None:
        kinds = [TRACE.events[seq].kind for seq in self.levels.steps(Level.STORY)]
        assert {"user.action", "smtp.data", "route.decide", "tcp.timeout", "queue.defer", "mda.deliver"} <= set(kinds)
        assert not {"smtp.cmd", "net.segment", "tcp.connect", "smtp.greet"} & set(kinds)

    def test_the_dialogue_has_everything_said_and_no_packets(self) -> None:
        steps = set(self.levels.steps(Level.DIALOGUE))
        for event in TRACE.events:
            assert (event.seq in steps) == (not isinstance(event, Packet))

    def test_names(self) -> None:
        assert [Level.of(name) for name in ("story", "dialogue", "packet")] == list(Level)
        with pytest.raises(KeyError):
            Level.of("novel")


class TestStages:
    found = stages(TRACE)

    def test_they_follow_the_mail(self) -> None:
        slugs = [stage.slug for stage in self.found]
        assert slugs == ["start", "submit", "dns", "relay", "backup", "relay", "retry", "deliver", "read"]
        assert set(slugs) <= set(STAGES)

    def test_they_cover_all_events_once(self) -> None:
        covered = [seq for stage in self.found for seq in range(stage.first, stage.end)]
        assert covered == list(range(len(TRACE.events)))

    def test_no_events_no_stages(self) -> None:
        assert stages(Trace(WORLD, (), 0)) == ()


class TestWhy:
    def test_a_chain_goes_from_a_root_to_the_event_and_each_member_follows_from_the_one_before(self) -> None:
        for event in TRACE.events:
            chain = why(TRACE, event.seq, Level.PACKET)
            assert chain[0].causes == ()
            assert chain[-1] is event
            for before, after in itertools.pairwise(chain):
                assert before.seq in after.causes

    def test_packets_are_left_out_above_their_level(self) -> None:
        chain = why(TRACE, len(TRACE.events) - 1)
        assert not any(isinstance(event, Packet) for event in chain)

    def test_a_packet_that_was_asked_about_stays(self) -> None:
        packet = next(e for e in TRACE.events if isinstance(e, Packet) and e.payload)
        assert why(TRACE, packet.seq, Level.STORY)[-1] is packet

    def test_the_shortest_of_several_chains_is_told(self) -> None:
        scribe = Scribe()
        seqs = [scribe.say("c1", PC, MSA, 25, Mail("a@a.example")) for _ in range(5)]
        last = scribe.events[seqs[-1]]
        last.causes = (*last.causes, seqs[0])
        assert [e.seq for e in why(scribe.trace(), last.seq)] == [seqs[0], seqs[-1]]

    @pytest.mark.parametrize("seq", [-1, len(TRACE.events)])
    def test_no_such_event(self, seq: int) -> None:
        with pytest.raises(IndexError):
            why(TRACE, seq)
