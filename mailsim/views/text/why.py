"""What `mailsim why` prints: the chain of causes, from the beginning to the event that was asked about."""

from __future__ import annotations

from collections.abc import Iterator

from mailsim.lessons.telling import duration, say
from mailsim.trace.levels import Level
from mailsim.trace.trace import Trace
from mailsim.trace.why import why
from mailsim.views.text.clock import clock_time
from mailsim.views.text.lines import Line, wrapped
from mailsim.views.text.sentence import sentence


def why_lines(trace: Trace, seq: int, lang: str, width: int = 100, level: Level = Level.STORY) -> Iterator[Line]:
    """The chain, one sentence a cause. Raises: IndexError when there is no such event."""
    chain = why(trace, seq, level)
    yield from wrapped("", say("why.title", lang, seq=seq), width, "title")
    yield Line("")
    digits = len(str(len(trace.events)))
    for number, event in enumerate(chain):
        first = f"{event.seq:>{digits}}  {clock_time(trace.world, event.at)}  "
        yield from wrapped(first, sentence(event, trace, lang), width, "title" if event.seq == seq else "")
        notes = []
        if number == 0:
            notes.append(say("why.root", lang))
        elif event.at - chain[number - 1].at >= 1000:
            notes.append(say("why.after", lang, after=duration(lang, event.at - chain[number - 1].at)))
        if event.seq == seq:
            notes.append(say("why.this", lang))
        if notes:
            yield from wrapped(" " * len(first) + "| ", ", ".join(notes), width, "note")
