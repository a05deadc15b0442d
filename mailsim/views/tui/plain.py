"""The plain mode: one step after the other as sentences, on a plain stream, for screen readers and pipes.

It shows what the screens show: stage, step, time, who says what to whom, what it means and where that is
written, and who is responsible for the mail when that changes. Enter goes on, `b` back, `q` ends; `v` changes
the zoom level, and `g` followed by a place (`g 12`, `g t30`, `g dns.query`) goes there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from mailsim.lessons import explain, simplification, stage_name
from mailsim.trace.levels import Level
from mailsim.trace.trace import Trace
from mailsim.views.text import sentence
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.telling import Shape, Telling

MAX_LINES = 12
"""So many lines of one thing said are read; then only how many more there are."""


def run_plain(
    trace: Trace, commands: Iterable[str], out: TextIO, language: str = "en", level: Level | None = None
) -> None:
    """Read commands, one a line, and write what each leads to; ends at `q` or when there are no more."""
    stepper = Stepper(Score(trace), language, level)
    _write(out, _introduction(stepper))
    for command in commands:
        answer = _obey(stepper, command.strip())
        if answer is None:
            return
        _write(out, answer)


def _write(out: TextIO, lines: Iterable[str]) -> None:
    out.writelines(f"{line}\n" for line in lines)
    out.write("\n")
    out.flush()


def _obey(stepper: Stepper, command: str) -> Iterable[str] | None:
    """Do a command; gives what to read, None for the end."""
    words = stepper.words
    before = stepper.seq
    match command.split(maxsplit=1):
        case []:
            return describe(stepper, before) if stepper.next() else [words("end.last")]
        case ["b" | "p"]:
            return describe(stepper, before) if stepper.back() else [words("end.first")]
        case ["n"]:
            return describe(stepper, before) if stepper.next() else [words("end.last")]
        case ["N"]:
            return describe(stepper, before) if stepper.next_stage() else [words("end.stage.last")]
        case ["P"]:
            return describe(stepper, before) if stepper.previous_stage() else [words("end.stage.first")]
        case ["v"]:
            stepper.zoom_level()
            return [words("level.now", level=words(f"level.{stepper.level.name.lower()}")), *describe(stepper, before)]
        case ["g", where]:
            return describe(stepper, before) if stepper.go_to(where) else [words("goto.none", what=where)]
        case ["q"]:
            return None
    return [words("plain.unknown")]


def _introduction(stepper: Stepper) -> Iterator[str]:
    texts = stepper.score.world.texts
    own = texts.get(stepper.words.language) or texts.get("en") or {}
    title = own.get("title") or stepper.score.world.scenario
    yield stepper.words("plain.hello", title=title, n=stepper.last)
    if own.get("objective"):
        yield f"{stepper.words('explain.objective')} {' '.join(own['objective'].split())}"
    yield from (" ".join(part.split()) for part in own.get("story", "").strip().split("\n\n") if part)
    omitted = [simplification(slug, stepper.words.language) for slug in stepper.score.world.simplifications]
    if omitted:
        yield stepper.words("explain.simplified")
        yield from (f"- {text}" for text in omitted)


def describe(stepper: Stepper, before: int = -1) -> Iterator[str]:
    """The current step in sentences; `before` is the event from where the reader comes."""
    if stepper.position == 0:
        yield stepper.words("end.first")
        return
    words, score, seq = stepper.words, stepper.score, stepper.seq
    number = stepper.stage_number
    if number != score.stage_index(before):
        name = stage_name(score.stages[number].slug, words.language)
        yield words("plain.stage", i=number + 1, name=name)
    yield words("plain.step", i=stepper.position, n=stepper.last, time=words.duration(stepper.at))
    yield sentence(score.trace.events[seq], score.trace, words.language)
    telling = stepper.telling(stepper.position)
    yield from _quoted(telling)
    if len(telling.lines) > MAX_LINES:
        yield f"    {words('map.hidden', n=len(telling.lines) - MAX_LINES)}"
    yield _meaning(stepper)
    who = score.responsible(seq)
    if who != score.responsible(before):
        labels = ", ".join(score.atlas.label(name) for name in who)
        nobody = words("explain.delivered" if score.is_delivered(seq) else "explain.nobody")
        yield words("plain.responsible", who=labels or nobody)


def _quoted(telling: Telling) -> Iterator[str]:
    """All that was said, when it is more than the sentence has."""
    if len(telling.lines) > 1 or telling.shape is Shape.DOUBLE:
        yield from (f"    {line}" for line in telling.lines[:MAX_LINES])


def _meaning(stepper: Stepper) -> str:
    event = stepper.event
    assert event is not None
    language = stepper.words.language
    lesson = explain(stepper.score.conversations.topic(event), language, stepper.score.world.texts.get(language))
    places = "; ".join(str(citation) for citation in lesson.citations)
    return f"{lesson.title}: {' '.join(lesson.text.split())}" + (f" ({places})" if places else "")
