"""What `run` and `why` print: words, widths, plurals; both languages."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from mailsim.lessons.telling import duration, say
from mailsim.protocols.smtp import Content, Reply
from mailsim.trace.events import Event
from mailsim.trace.facts import FaultStarted, PacketDropped, QueueDone, StoreAdded
from mailsim.trace.levels import Level
from mailsim.trace.trace import Trace
from mailsim.views.text.clock import clock_time, date_and_time
from mailsim.views.text.journeys import journey_lines
from mailsim.views.text.lines import write
from mailsim.views.text.run import run_lines
from mailsim.views.text.sentence import reply_class, sentence
from mailsim.views.text.why import why_lines
from tests.faults.world import run
from tests.trace.scribe import BOREK, MSA, MSG, MX1, PC, WORLD, Scribe, failover_trace

TRACE = failover_trace()


def told(level: Level = Level.STORY, lang: str = "en", width: int = 100, trace: Trace = TRACE) -> str:
    return "\n".join(line.text for line in run_lines(trace, level, lang, width))


def packed(text: str) -> str:
    """Without blanks, and without the bars that mark lines of explanations."""
    return "".join(text.split())


def unwrapped(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("lang", ["en", "cs"])
@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("width", [40, 80, 120])
def test_nothing_is_wider_than_asked_and_nothing_is_cut(level: Level, lang: str, width: int) -> None:
    text = told(level, lang, width)
    assert max(map(len, text.splitlines())) <= width
    steps, whole = (t.split(say("totals.title", lang))[0] for t in (text, told(level, lang, 1000)))
    steps, whole = (t.split("".join(say("journeys.title", lang).split()))[0] for t in map(packed, (steps, whole)))
    assert steps == whole


def test_the_story_has_no_commands_and_the_dialogue_has() -> None:
    assert "MAIL FROM" not in told().replace("MAIL FROM:<>", "").split("In numbers")[0]
    dialogue = told(Level.DIALOGUE)
    assert "pc > mail  C: MAIL FROM:<alena@skola.example>" in dialogue
    assert "mail > pc  S: 250 2.1.0 Ok   [+ ok]" in dialogue
    assert "S: 354 Go on   [> go on]" in dialogue
    assert "[SYN]" not in dialogue
    assert "[SYN]" in told(Level.PACKET)


def test_a_reply_of_many_lines_keeps_its_lines() -> None:
    lines = told(Level.DIALOGUE).splitlines()
    first = next(number for number, line in enumerate(lines) if "S: 250-mail" in line)
    assert lines[first + 1].strip() == "250 PIPELINING   [+ ok]"
    assert lines[first].index("250-") == lines[first + 1].index("250 ")


def test_chapters_explanations_and_sections() -> None:
    text = told()
    for heading in ("1. Start", "2. Submit", "3. DNS", "5. Backup MX", "7. Retry", "8. Deliver", "9. Read"):
        assert f"\n{heading}\n" in text
    assert unwrapped(text).count("responsibility passes") == 1
    assert "[RFC 5321, 4.2.5;" in text


def test_the_journey_the_numbers_and_the_balance() -> None:
    text = unwrapped(told())
    assert "1. Objednávka to borek@firma.example: delivered 30 min 30 s after it was sent" in text
    assert "mx2 server's queue 10:00:31.031 10:30:31.050 30 min handed over after 2 attempts > mx1" in text
    assert "1 message, 3 transfers by SMTP, 5 TCP connections, 1 DNS question, 50 packets" in text
    assert "3 accepted = 2 relayed + 1 delivered + 0 queued + 0 bounced + 0 discarded." in text
    assert "A real receiver keeps changing" in text


def test_a_mail_that_stays_with_its_client_is_told_by_its_subject() -> None:
    trace = run("at: 0s, kind: down, host: mail.skola.example").trace
    assert "1. Ahoj: no server has taken it" in [line.text for line in journey_lines(trace, "en", 80)]


def test_czech_counts_and_decimals() -> None:
    text = unwrapped(told(lang="cs"))
    assert "1 zpráva, 3 přenosy protokolem SMTP, 5 spojení TCP, 1 dotaz DNS, 50 paketů" in text
    assert "0,014 s" in text
    assert "předáno po 1 pokusu" in text
    assert "předáno po 2 pokusech" in text


@pytest.mark.parametrize(
    ("count", "english", "czech"), [(1, "1 byte.", "1 bajt."), (3, "3 bytes.", "3 bajty."), (5, "5 bytes.", "5 bajtů.")]
)
def test_plurals(count: int, english: str, czech: str) -> None:
    scribe = Scribe()
    scribe.note(MX1, StoreAdded(BOREK, "INBOX", 1, count))
    assert sentence(scribe.events[0], scribe.trace(), "en").endswith(english)
    assert sentence(scribe.events[0], scribe.trace(), "cs").endswith(czech)


def test_lost_mail_is_shouted_about() -> None:
    scribe = Scribe()
    scribe.note(MSA, QueueDone(MSG, BOREK, "q", 1, "delivered"))
    lines = [line for line in run_lines(scribe.trace(), Level.STORY, "en") if line.style == "failed"]
    assert "GOT LOST" in lines[0].text
    assert f"event 0 at {MSA}, recipient {BOREK}: done-not-accepted" in lines[1].text


def test_a_long_message_says_how_much_more_there_is() -> None:
    scribe = Scribe()
    scribe.say("c1", PC, MSA, 25, Content(b"line\r\n" * 100))
    text = told(Level.DIALOGUE, trace=scribe.trace())
    assert text.count("line\n") == 60
    assert "... and 41 more lines" in text


def test_nothing_happened() -> None:
    assert "Nothing happened." in told(trace=Trace(WORLD, (), 0))


class TestSentence:
    def of(self, event: Event, lang: str = "en") -> str:
        return sentence(event, TRACE, lang)

    @pytest.mark.parametrize("lang", ["en", "cs"])
    def test_every_event_is_one_line_without_holes(self, lang: str) -> None:
        for event in TRACE.events:
            text = self.of(event, lang)
            assert text
            assert "\n" not in text
            assert "{" not in text
            assert not text.startswith(event.kind)

    def test_a_decision_names_the_hosts_in_order(self) -> None:
        event = next(event for event in TRACE.events if event.kind == "route.decide")
        assert self.of(event).endswith("goes: mx1 (preference 10) first, mx2 (preference 20).")

    def test_a_deferral_says_when(self) -> None:
        event = next(event for event in TRACE.events if event.kind == "queue.defer")
        assert "tries again at 10:30:31.034: connection refused" in self.of(event)

    def test_a_dropped_packet_says_why(self) -> None:
        scribe = Scribe()
        scribe.note(MX1, PacketDropped("filtered", 5, "192.0.2.25", "198.51.100.25", 25))
        assert "a firewall swallowed it" in self.of(scribe.events[0])

    def test_a_host_that_is_down_has_no_port(self) -> None:
        scribe = Scribe()
        scribe.note(MX1, FaultStarted("down", MX1, None))
        assert self.of(scribe.events[0]) == "A fault begins at mx1: it has no power."


@pytest.mark.parametrize(("code", "word"), [(250, "ok"), (354, "more"), (451, "later"), (550, "failed")])
def test_reply_classes(code: int, word: str) -> None:
    scribe = Scribe()
    scribe.say("c1", MSA, PC, 25, Reply.of(code, "", "x"), client=False)
    assert reply_class(scribe.events[0]) == word
    assert reply_class(scribe.events[1]) == ""


class TestWhy:
    def test_the_chain_from_root_to_event(self) -> None:
        delivered = next(event.seq for event in TRACE.events if event.kind == "mda.deliver")
        lines = [line.text for line in why_lines(TRACE, delivered, "en")]
        assert lines[0] == f"Why did event {delivered} happen?"
        assert lines[3].endswith("| the beginning: nothing caused it")
        assert lines[-1].endswith("this is what was asked about")
        assert "writes the mail into the mailbox" in lines[-2]

    def test_no_such_event(self) -> None:
        with pytest.raises(IndexError):
            list(why_lines(TRACE, 10_000, "en"))


@pytest.mark.parametrize(
    ("microseconds", "english", "czech"),
    [
        (404_000, "0.404 s", "0,404 s"),
        (59_999_999, "59.999 s", "59,999 s"),
        (60_000_000, "1 min", "1 min"),
        (723_000_000, "12 min 3 s", "12 min 3 s"),
        (7_500_000_000, "2 h 5 min", "2 h 5 min"),
        (5 * 86_400_000_000, "5 d", "5 d"),
    ],
)
def test_durations(microseconds: int, english: str, czech: str) -> None:
    assert (duration("en", microseconds), duration("cs", microseconds)) == (english, czech)


def test_clock() -> None:
    assert date_and_time(WORLD, 0) == "2026-11-23 10:00:00+01:00"
    assert clock_time(WORLD, 1_500_000) == "10:00:01.500"
    assert clock_time(WORLD, 86_400_000_000) == "+1d 10:00:00.000"


@pytest.mark.parametrize("is_terminal", [False, True])
def test_only_a_terminal_gets_escape_codes(is_terminal: bool) -> None:
    stream = StringIO()
    write(run_lines(TRACE, Level.STORY, "en"), Console(file=stream, force_terminal=is_terminal, width=60))
    assert ("\x1b[" in stream.getvalue()) is is_terminal
    assert "Objednávka" in stream.getvalue()
