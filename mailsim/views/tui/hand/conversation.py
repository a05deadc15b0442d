"""A conversation typed by hand: what was typed, what came, and where the session stands. No widget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mailsim.lessons.explanations import Explanation, explain
from mailsim.trace.conversations import Conversations
from mailsim.trace.events import Event, Said
from mailsim.trace.standing import standing_of
from mailsim.trace.trace import Trace
from mailsim.views.text.transcript import Row, heard, typed
from mailsim.views.tui.hand.suggestions import Suggestions
from mailsim.views.tui.hand.switchboard import Call

CLOSED, LOST = "CLOSED", "LOST"
"""States of a connection that is no more: closed in order, or broken."""


@dataclass(slots=True)
class Turn:
    """A line that was typed, or an event that followed from it.

    Attributes:
        line: what was typed, None when this is not of the client. event: what the trace has of it, None while a mail,
            literal or chunk is not whole. topic: what the event is about, "" when nobody said anything.
    """

    line: bytes | None
    event: Event | None
    topic: str = ""


class Conversation:
    """Everything of one call.

    Attributes:
        turns: in order. chosen: the index of the turn that is explained. standing: where the session stands.
        first: the number of the first event that is ours.
    """

    def __init__(self, call: Call) -> None:
        self.call = call
        self.turns: list[Turn] = []
        self.chosen = -1
        self.standing = standing_of(call.service.protocol)
        self.suggestions = Suggestions(call, self.standing)
        self._conversations = Conversations(call.so_far().events)
        self._listen()
        events = call.so_far().events
        self.first = next((e.seq for e in events if e.node == call.me), max(0, len(events) - 1))

    @property
    def state(self) -> str:
        """The name of the state that the session is in."""
        if self.call.is_lost:
            return LOST
        return CLOSED if self.call.is_over else self.standing.state

    @property
    def awaits(self) -> str:
        """What the client has to go on with, as `Standing` says; `chunk` for the octets behind BDAT."""
        if self.standing.awaits or self.call.is_over:
            return "" if self.call.is_over else self.standing.awaits
        return "chunk" if self.call.octets_due else ""

    def say(self, text: str) -> None:
        """Type a line."""
        line = text.encode("utf-8", "surrogateescape")
        self.suggestions.typed(text)
        self.turns.append(Turn(line, None))
        self.call.say(line)
        self._listen()

    def wait(self, duration_us: int) -> None:
        """Let time pass; the server may have something to say."""
        self.call.wait(duration_us)
        self._listen()

    def hang_up(self) -> None:
        """Close the connection, if it is open."""
        if not self.call.is_over:
            self.call.hang_up()

    def rows(self, turn: Turn, language: str, longest: int = 0) -> Iterator[Row]:
        """How a turn is written; of one with more rows than `longest` the middle is left out, unless that is 0."""
        if turn.line is not None:
            yield typed(turn.line)
        elif turn.event is not None:
            yield from heard(turn.event, self.call.so_far(), language, longest)

    def text(self, language: str) -> str:
        """The whole transcript."""
        return "".join(f"{row}\n" for turn in self.turns for row in self.rows(turn, language))

    def recording(self) -> Trace:
        """The whole run until now, as a trace that stays as it is."""
        run = self.call.so_far()
        return replace(run, events=tuple(run.events), code=replace(run.code, marks=tuple(run.code.marks)))

    # --- what is explained ---

    def choose(self, by: int) -> bool:
        """The next or the previous turn of which there is something to say; False when there is none."""
        known = [number for number, turn in enumerate(self.turns) if turn.topic]
        further = [number for number in known if (number > self.chosen if by > 0 else number < self.chosen)]
        if not further:
            return False
        self.chosen = further[0] if by > 0 else further[-1]
        return True

    @property
    def explained(self) -> Turn | None:
        """The turn that is explained; None while nothing was said."""
        return self.turns[self.chosen] if 0 <= self.chosen < len(self.turns) else None

    def explanation(self, language: str) -> Explanation | None:
        """What the chosen turn means."""
        turn = self.explained
        if turn is None:
            return None
        return explain(turn.topic, language, self.call.so_far().world.texts.get(language))

    # --- inside ---

    def _listen(self) -> None:
        """Take what has happened: our own commands belong to the lines that were typed for them."""
        self._conversations.catch_up()
        for event in self.call.news():
            self.standing.take(event)
            topic = self._conversations.topic(event)
            if isinstance(event, Said) and event.from_client:
                for turn in self._unsent():
                    turn.event, turn.topic = event, topic
            else:
                self.turns.append(Turn(None, event, topic))
        self.chosen = next((n for n in range(len(self.turns) - 1, -1, -1) if self.turns[n].topic), -1)

    def _unsent(self) -> Sequence[Turn]:
        """The typed lines at the end that the trace does not know yet."""
        return [turn for turn in self.turns if turn.line is not None and turn.event is None]
