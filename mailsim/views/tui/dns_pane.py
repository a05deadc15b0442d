"""Who asked what in the DNS: each question of a program, and under it what its resolver had to ask for it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mailsim.trace.events import Said
from mailsim.views.tui.box import RIGHT, arrow
from mailsim.views.tui.document import Document
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece

SHOWN = 30
"""So many questions are shown, the last ones."""


@dataclass(slots=True)
class Asked:
    """A question, its answer if there was one, and the questions that it led to."""

    query: Said
    answer: Said | None
    children: list[Asked] = field(default_factory=list)


def questions(stepper: Stepper) -> list[Asked]:
    """All questions that no other one led to, in order.

    A question belongs to the youngest one that its asker has been asked and has not answered yet.
    """
    roots: list[Asked] = []
    pending: dict[str, list[Asked]] = {}
    by_answer: dict[int, Asked] = {}
    for event in stepper.score.trace.events:
        if not isinstance(event, Said) or event.protocol != "dns":
            continue
        done = by_answer.get(event.seq)
        if done is not None and done in pending.get(event.node, []):
            pending[event.node].remove(done)
        if event.pdu.role != "query":
            continue
        asked = Asked(event, stepper.score.conversations.answer(event))
        if asked.answer is not None:
            by_answer[asked.answer.seq] = asked
        parents = pending.get(event.node, [])
        (parents[-1].children if parents else roots).append(asked)
        pending.setdefault(event.peer, []).append(asked)
    return roots


class Dns(Document):
    """The questions so far, the newest first."""

    def __init__(self, stepper: Stepper, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(stepper, id)
        self._roots: list[Asked] | None = None
        self._starts: list[int] = []

    def document(self) -> Sequence[Line]:
        words = self._stepper.words
        if self._roots is None:
            self._roots = questions(self._stepper)
            self._starts = [root.query.seq for root in self._roots]
        so_far = bisect_right(self._starts, self._stepper.seq)
        if not so_far:
            return [[Piece(words("dns.none"), Ink.DIM)]]
        lines: list[Line] = [[Piece(words("dns.order"), Ink.DIM)]]
        for root in reversed(self._roots[max(0, so_far - SHOWN) : so_far]):
            lines += self._tree(root, 0)
        return lines

    def _tree(self, asked: Asked, depth: int) -> Iterator[Line]:
        """The question, what it led to, and then its answer: the order in which it happened."""
        now, label = self._stepper.seq, self._stepper.score.atlas.label
        query, answer = asked.query, asked.answer
        if query.seq > now:
            return
        indent = "   " * depth
        ground = Ground.CURSOR if query.seq == now else None
        who = f"{label(query.node)} {arrow(RIGHT)} {label(query.peer)}  "
        yield [Piece(f"{indent}{who}", Ink.DIM, ground), Piece(str(query.pdu), Ink.COMMAND, ground, bold=True)]
        for child in asked.children:
            yield from self._tree(child, depth + 1)
        if answer is None or answer.seq > now:
            yield [Piece(f"{indent}   {self._stepper.words('dns.waiting')}", Ink.DIM)]
            return
        ground = Ground.CURSOR if answer.seq == now else None
        telling = self._stepper.tell(answer.seq)
        ttl = answer.pdu.fields().get("ttl")
        yield [
            Piece(f"{indent}   {telling.text}", telling.ink, ground),
            Piece(f"  TTL {ttl}" if ttl is not None else "", Ink.DIM, ground),
        ]
