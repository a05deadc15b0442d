"""Sheets: what may lie over the explanation. The causes of a step, the ways not taken, cards, a question.

A sheet is for one step: it goes when the reader moves. It has some things to choose from, and may have one
that Enter jumps to.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from mailsim.trace.events import Event, Noted
from mailsim.trace.facts import Candidate, RouteDecided, RouteFailed, TcpConnectStarted
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece, cut

RULES = ("best", "equal", "less-preferred", "not-better-than-me", "no-address", "fallback-a", "untried")
"""The rules of `Candidate.rule` for which there are words."""


class Sheet(ABC):
    """Something to read in the place of the explanation.

    Attributes:
        title: the message that names it; chosen: which of its things is chosen, from 0.
        asks: whether it waits for an answer, so that nothing may be given away.
    """

    title = ""
    asks = False

    def __init__(self) -> None:
        self.chosen = 0

    @abstractmethod
    def lines(self, stepper: Stepper, width: int) -> Sequence[Line]:
        """What it says, under a heading that its pane writes."""

    @property
    def count(self) -> int:
        """How many things there are to choose from."""
        return 0

    @property
    def row(self) -> int:
        """The row of the chosen thing, which must stay in view; -1 when all may scroll."""
        return -1

    def choose(self, by: int) -> None:
        """The next or the one before."""
        self.chosen = max(0, min(self.chosen + by, self.count - 1))

    def target(self) -> int | None:
        """The event that Enter jumps to."""
        return None


class _Rows(Sheet):
    """A hint, and a row for each thing."""

    hint = ""

    @property
    def row(self) -> int:
        return self.chosen + 1

    def lines(self, stepper: Stepper, width: int) -> Sequence[Line]:
        rows = self.rows(stepper)
        lines: list[Line] = [[Piece(stepper.words(self.hint), Ink.DIM)]]
        for number, (text, ink) in enumerate(rows):
            chosen = number == self.chosen
            shown = cut(f"{'►' if chosen else ' '}{text}", width)
            lines.append([Piece(f"{shown:<{width}}", ink, Ground.CURSOR if chosen else None, bold=chosen)])
        return lines

    @abstractmethod
    def rows(self, stepper: Stepper) -> Sequence[tuple[str, Ink]]:
        """Text and ink of each thing."""


class Why(_Rows):
    """The chain of causes of a step, from the beginning to it."""

    title, hint = "pane.why", "why.hint"

    def __init__(self, chain: Sequence[int]) -> None:
        super().__init__()
        self.chain = chain
        self.chosen = max(0, len(chain) - 2)

    @property
    def count(self) -> int:
        return len(self.chain)

    def target(self) -> int | None:
        return self.chain[self.chosen]

    def rows(self, stepper: Stepper) -> Sequence[tuple[str, Ink]]:
        label, found = stepper.score.atlas.label, []
        for seq in self.chain:
            telling = stepper.tell(seq)
            step = stepper.score.position(stepper.lens, seq)
            found.append((f"{step:>5}  {label(telling.source)}: {telling.text}", telling.ink))
        return found


class WhyNot(_Rows):
    """The hosts that a decision could have taken, why each was taken or passed over, and what became of it."""

    title, hint = "pane.why-not", "why-not.hint"

    def __init__(self, decision: Noted, failures: Sequence[Noted], tried: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.decision = decision
        self._failures, self._tried = failures, tried
        fact = decision.fact
        self.candidates: Sequence[Candidate] = fact.candidates if isinstance(fact, RouteDecided) else ()

    @property
    def count(self) -> int:
        return len(self.candidates)

    def target(self) -> int | None:
        """The failure of the chosen candidate, or the decision."""
        if not self.candidates:
            return self.decision.seq
        mine = self._failures_of(self.candidates[self.chosen])
        return mine[-1].seq if mine else self.decision.seq

    def lines(self, stepper: Stepper, width: int) -> Sequence[Line]:
        told = stepper.tell(self.decision.seq)
        lines = [*super().lines(stepper, width)]
        lines.insert(1, [Piece(told.text, told.ink)])
        if not self.candidates:
            return lines
        chosen = self.candidates[self.chosen]
        lines += [[], [Piece(f"{chosen.host.rstrip('.')}: ", bold=True), Piece(self.reason(stepper))]]
        for failure in self._failures_of(chosen):
            lines.append([Piece(stepper.tell(failure.seq).text, Ink.LATER)])
        if chosen.addresses:
            lines.append([Piece(" ".join(chosen.addresses), Ink.DIM)])
        return lines

    def reason(self, stepper: Stepper) -> str:
        """Why the chosen candidate stands where it stands."""
        return stepper.words(_rule(self.candidates[self.chosen]))

    @property
    def row(self) -> int:
        return self.chosen + 2

    def rows(self, stepper: Stepper) -> Sequence[tuple[str, Ink]]:
        words, found = stepper.words, []
        for candidate in self.candidates:
            failed = bool(self._failures_of(candidate))
            taken = not failed and (candidate.chosen or candidate.host.rstrip(".").lower() in self._tried)
            sign = words("why-not.failed" if failed else "why-not.taken" if taken else "why-not.passed")
            ink = Ink.FAILED if failed else Ink.REPLY if taken else Ink.TEXT
            preference = f"MX {candidate.preference}" if candidate.preference else "  "
            found.append((f"{preference:>6}  {candidate.host.rstrip('.')}  {sign}", ink))
        return found

    def _failures_of(self, candidate: Candidate) -> list[Noted]:
        host = candidate.host.rstrip(".").lower()
        return [
            f for f in self._failures if isinstance(f.fact, RouteFailed) and f.fact.host.rstrip(".").lower() == host
        ]


def _rule(candidate: Candidate) -> str:
    known = candidate.rule if candidate.rule in RULES else "untried"
    return f"rule.{known}"


def why_not(score: Score, seq: int) -> WhyNot | None:
    """The decision about the way that this step follows from, as far as it is known at this step."""
    decision = next((event for event in _backwards(score, seq) if _decides(event)), None)
    if not isinstance(decision, Noted) or not isinstance(decision.fact, RouteDecided):
        return None
    msg = decision.fact.msg
    later = score.trace.events[decision.seq : seq + 1]
    failures = [e for e in later if isinstance(e, Noted) and isinstance(e.fact, RouteFailed) and e.fact.msg == msg]
    mine = [event for event in later if isinstance(event, Noted) and event.node == decision.node]
    tried = frozenset(event.fact.peer.lower() for event in mine if isinstance(event.fact, TcpConnectStarted))
    return WhyNot(decision, [event for event in failures if event.node == decision.node], tried)


def _decides(event: Event) -> bool:
    return isinstance(event, Noted) and isinstance(event.fact, RouteDecided)


def _backwards(score: Score, seq: int) -> Sequence[Event]:
    """An event and everything it follows from, the latest first."""
    events = score.trace.events
    found, todo = set[int](), [seq] if seq >= 0 else []
    while todo:
        number = todo.pop()
        if number not in found:
            found.add(number)
            todo += events[number].causes
    return [events[number] for number in sorted(found, reverse=True)]
