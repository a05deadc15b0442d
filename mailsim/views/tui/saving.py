"""A step as text: what all panes say, one after the other, for a file or for paper."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsim.views.tui.pages import PAGES, Pages
from mailsim.views.tui.plain import describe
from mailsim.views.tui.stepper import Stepper

_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
_UNSAFE = re.compile(r"[^\w.@-]+")


def default_name(stepper: Stepper) -> str:
    """A file name for this step, without an ending: `mailsim-first-mail-12`."""
    return f"mailsim-{_UNSAFE.sub('-', stepper.score.world.scenario)}-{stepper.position}"


def parse_range(text: str, last: int) -> range | None:
    """`3-20` or `7` as steps, at most up to `last`; None for anything else, and for what is empty."""
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        return None
    first = int(found[1])
    steps = range(max(1, first), min(int(found[2] or first), last) + 1)
    return steps if len(steps) else None


def step_text(stepper: Stepper, pages: Pages) -> str:
    """The step in sentences, and every page that has something to say about it."""
    return "\n".join(_step_lines(stepper, pages)) + "\n"


def _step_lines(stepper: Stepper, pages: Pages) -> Iterator[str]:
    yield from describe(stepper)
    for name in PAGES:
        yield ""
        yield f"== {stepper.words(f'pane.{name}')} =="
        yield from pages.lines(name, stepper)
