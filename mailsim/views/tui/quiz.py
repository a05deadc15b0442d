"""A question about the next step: what happens next? The answers are steps of this very run.

The right answer is what the trace has; the wrong ones are said elsewhere in the run, chosen by a generator
that is seeded with scenario and step, so that the same question looks the same again. While it is open the
future stays hidden in every pane.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.sheets import Sheet
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.telling import Telling
from mailsim.views.tui.text import Line, Piece, cut

ANSWERS = 4
MAX_TEXT = 60


class Quiz(Sheet):
    """Some answers, of which one is right; `given` is what the reader answered, None before."""

    title, asks = "pane.quiz", True

    def __init__(self, answers: Sequence[str], right: int) -> None:
        super().__init__()
        self.answers, self.right = answers, right
        self.given: int | None = None

    @property
    def count(self) -> int:
        return len(self.answers)

    def answer(self, number: int) -> bool:
        """Answer with a number from 0; False when there is no such answer."""
        if not 0 <= number < len(self.answers):
            return False
        self.given = self.chosen = number
        return True

    @property
    def is_right(self) -> bool:
        return self.given == self.right

    def lines(self, stepper: Stepper, width: int) -> Sequence[Line]:
        words = stepper.words
        lines: list[Line] = []
        for number, text in enumerate(self.answers):
            chosen = number == self.chosen
            mark = Piece(f" {number + 1} ", ground=Ground.CHIP, bold=True)
            shown = Piece(f" {'►' if chosen else ' '} {cut(text, max(8, width - 7))}", bold=chosen)
            lines.append([mark, shown])
        return [*lines, [], [Piece(words("quiz.hint"), Ink.DIM)]]


def ask(stepper: Stepper) -> Quiz | None:
    """The question about the step that follows; None at the end, or when the run has too little to choose from."""
    if stepper.position >= stepper.last:
        return None
    right = _answer(stepper, stepper.telling(stepper.position + 1))
    chance = Random(f"{stepper.score.world.scenario}/{stepper.seq_at(stepper.position + 1)}")
    places = list(range(1, stepper.last + 1))
    chance.shuffle(places)
    here = stepper.position
    places.sort(key=lambda place: abs(place - here) // 8)  # what is near is a better trap
    wrong = dict.fromkeys(_answer(stepper, stepper.telling(place)) for place in places[:200])
    wrong.pop(right, None)
    answers = [right, *list(wrong)[: ANSWERS - 1]]
    if len(answers) < 2:
        return None
    chance.shuffle(answers)
    return Quiz(answers, answers.index(right))


def _answer(stepper: Stepper, telling: Telling) -> str:
    label = stepper.score.atlas.label
    hosts = label(telling.source) + (f" ► {label(telling.target)}" if telling.target else "")
    return f"{hosts}: {cut(telling.text, MAX_TEXT)}"
