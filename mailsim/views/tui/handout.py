"""A range of steps to print: as text, or as one page of HTML that needs nothing else.

Each step has its number and time, who says what to whom, the lines themselves, and what they mean. Where a
stage begins it has a heading. What a later step would give away is not on an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from mailsim.lessons.explanations import explain
from mailsim.lessons.languages import language_of
from mailsim.views.tui.chrome import stage_title, title_of
from mailsim.views.tui.pages import Pages
from mailsim.views.tui.plain import describe
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.telling import Telling

_STYLE = """
body { font: 11pt/1.4 "DejaVu Sans", Arial, sans-serif; max-width: 46em; margin: 2em auto; color: #111; }
pre { font: 9.5pt/1.35 "DejaVu Sans Mono", Consolas, monospace; margin: .3em 0; padding: .3em .6em;
      border-left: 3px solid #777; white-space: pre-wrap; overflow-wrap: anywhere; }
section { break-inside: avoid; margin: 0 0 .9em; }
h2 { border-bottom: 1px solid #777; margin-top: 1.4em; }
h3 { font-size: 11pt; margin: 0; } h3 small { font-weight: normal; color: #444; }
p { margin: .2em 0; } cite { color: #444; }
.later pre { border-left-style: dashed; } .failed pre { border-left-width: 6px; }
@media print { body { margin: 0; max-width: none; } }
"""


def handout(stepper: Stepper, pages: Pages, steps: Iterable[int], is_html: bool) -> str:
    """The steps at these positions; the stepper stands afterwards where it stood."""
    here = stepper.position
    try:
        lines = _html(stepper, steps) if is_html else _text(stepper, pages, steps)
        return "\n".join(lines) + "\n"
    finally:
        stepper.position = here


def _text(stepper: Stepper, pages: Pages, steps: Iterable[int]) -> Iterator[str]:
    yield title_of(stepper)
    yield ""
    before = -1
    for position in steps:
        stepper.position = position
        yield from describe(stepper, before)
        yield ""
        before = stepper.seq
    yield f"== {stepper.words('pane.mail')} =="
    yield from pages.lines("mail", stepper)


def _html(stepper: Stepper, steps: Iterable[int]) -> Iterator[str]:
    language = language_of(stepper.words.language)
    yield f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
    yield f"<title>{escape(title_of(stepper))}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{escape(title_of(stepper))}</h1>"
    own = stepper.score.world.texts.get(language, {})
    if own.get("objective"):
        yield f"<p>{escape(stepper.words('explain.objective'))} {escape(' '.join(own['objective'].split()))}</p>"
    stage = -1
    for position in steps:
        stepper.position = position
        if stepper.stage_number != stage:
            stage = stepper.stage_number
            yield f"<h2>{stage + 1}. {escape(stage_title(stepper, stage))}</h2>"
        yield from _html_step(stepper, stepper.telling(position))
    yield "</body></html>"


def _html_step(stepper: Stepper, telling: Telling) -> Iterator[str]:
    words, label, event = stepper.words, stepper.score.atlas.label, stepper.event
    assert event is not None
    hosts = label(telling.source) + (f" → {label(telling.target)}" if telling.target else "")
    sign = f" {words(f'sign.{telling.sign}')}" if telling.sign else ""
    lines = "\n".join(f"{telling.mark} {line}" for line in telling.lines)
    language = words.language
    topic = stepper.score.conversations.topic(event)
    lesson = explain(topic, language, stepper.score.world.texts.get(language))
    places = "; ".join(str(citation) for citation in lesson.citations)
    yield f'<section class="{telling.sign or "plain"}">'
    time = f"<small>{escape(words.duration(stepper.at))}</small>"
    yield f"<h3>{stepper.position}. {escape(hosts)}{escape(sign)} {time}</h3>"
    yield f"<pre>{escape(lines)}</pre>"
    yield f"<p><b>{escape(lesson.title)}.</b> {escape(' '.join(lesson.text.split()))} <cite>{escape(places)}</cite></p>"
    who = ", ".join(label(name) for name in stepper.score.responsible(stepper.seq))
    if who:
        yield f"<p>{escape(words('plain.responsible', who=who))}</p>"
    yield "</section>"
