"""What is seen while one types by hand: transcript, explanation, state of the session, what may come now, a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Container, Horizontal

from mailsim.lessons.ui import Words
from mailsim.views.tui.actions import HAND_ACTIONS, Action
from mailsim.views.tui.cards import card_lines, lesson_cards
from mailsim.views.tui.chrome import KeyBar
from mailsim.views.tui.explain import citation_pieces
from mailsim.views.tui.hand.conversation import CLOSED, LOST, Conversation
from mailsim.views.tui.hand.parts import Keyed, Lines, OneRow
from mailsim.views.tui.hand.switchboard import Call
from mailsim.views.tui.hand.transcript import Transcript
from mailsim.views.tui.hand.typing_line import TypingLine
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.text import Line, Piece, cut, width_of

SIDE_BY_SIDE = 100
"""From so many columns on, the explanation stands beside the transcript."""
NO_EXPLANATION = 14
"""On fewer rows the transcript needs all of them."""
MOST_SUGGESTIONS = 12
PROTOCOLS = {"smtp": "SMTP", "lmtp": "LMTP", "imap": "IMAP", "pop": "POP3"}


class HandSight(Keyed):
    """One call, as it is seen.

    Args: call: connected, or refused. history: what was typed in calls before; it grows. folder: where files go.
    """

    AUTO_FOCUS = "#hand-line"
    ACTIONS = HAND_ACTIONS

    def __init__(self, call: Call, words: Words, history: list[str], folder: Path) -> None:
        super().__init__(words)
        self.conversation = Conversation(call)
        self._history, self._folder = history, folder
        self._card = -1
        self._asks_file = False
        self._follows = True

    def compose(self) -> ComposeResult:
        yield OneRow("hand-head", self._head)
        with Container(id="hand-body"):
            yield Transcript(self.conversation)
            yield Lines("hand-explain", self._explained)
        yield OneRow("hand-state", self._state)
        yield OneRow("hand-next", self._next, Ground.PAGE, self._next_pressed)
        with Horizontal(id="hand-entry"):
            yield OneRow("hand-mark", self._mark, Ground.PAGE)
            yield TypingLine(self._beginning_with, self._history)
        yield KeyBar(self.bar_label, self.works, HAND_ACTIONS)

    def on_mount(self) -> None:
        super().on_mount()
        self.set_class(self.app.size.width < SIDE_BY_SIDE, "narrow")

    @property
    def line(self) -> TypingLine:
        """Where one types."""
        return self.query_one(TypingLine)

    def show(self) -> None:
        width, height = self.app.size
        self.set_class(width < SIDE_BY_SIDE, "narrow")
        explain = self.query_one("#hand-explain", Lines)
        explain.display = height >= NO_EXPLANATION
        explain.styles.height = min(explain.needed + 1, height // 2) if width < SIDE_BY_SIDE else None
        self.query_one("#hand-mark").styles.width = width_of(self._mark(0))
        self.query_one(Transcript).show_turns(self.words, self._follows)
        super().show()
        self.call_after_refresh(self._settle)

    def _settle(self) -> None:
        """The layout may have made the transcript smaller."""
        if self.is_current:
            self.query_one(Transcript).show_turns(self.words, self._follows)

    # --- what is shown ---

    def _head(self, width: int) -> Line:
        call, words = self.conversation.call, self.words
        service = call.service
        secure = words("hand.secure" if self.conversation.standing.is_secure else "hand.clear")
        right = f"{secure}   t {words.duration(call.now_us)} "
        protocol = PROTOCOLS[service.protocol]
        left = f" mailsim  {words('hand.title')}: {protocol} {service.host}:{service.port}"
        left = cut(left, width - len(right) - 1)
        return [Piece(left + " " * (width - len(left) - len(right)) + right, bold=True)]

    def _state(self, width: int) -> Line:
        conversation, words = self.conversation, self.words
        state, awaits = conversation.state, conversation.awaits
        text = words(f"awaits.{awaits}" if awaits else f"state.{state}")
        due = conversation.call.octets_due
        if due:
            text += f", {words('hand.octets', n=due)}"
        ground = None if state in (CLOSED, LOST) else Ground.CHIP
        return [
            Piece(" "),
            Piece(f" {state} ", ground=ground, bold=True),
            Piece(cut(f"  {text}", width - len(state) - 4)),
        ]

    def _next(self, width: int) -> Line:
        """The verbs that may come now; a click writes a line with that one."""
        words, conversation = self.words, self.conversation
        if conversation.state in (CLOSED, LOST):
            return [Piece(f" {cut(words('hand.over'), width - 2)}", Ink.DIM)]
        pieces = [Piece(f" {words('hand.next')}", Ink.DIM)]
        for verb in conversation.suggestions.verbs() or conversation.suggestions.lines()[:1]:
            if width_of(pieces) + len(verb) + 3 > width:
                return [*pieces, Piece("…", Ink.DIM)]
            pieces += [Piece(verb, bold=True), Piece("  ")]
        return pieces

    def _next_pressed(self, piece: Piece) -> None:
        if piece.bold:
            suggestions, is_verb = self.conversation.suggestions, bool(self.conversation.standing.legal)
            self.line.replace_text(suggestions.example(piece.text) if is_verb else piece.text)

    def _mark(self, _: int) -> Line:
        if self._asks_file:
            return [Piece(f" {self.words('hand.file')}", bold=True)]
        return [Piece(" C: ", Ink.COMMAND, bold=True)]

    def _explained(self) -> Sequence[Line]:
        """The explanation of the chosen turn, or one of its cards."""
        words, lesson = self.words, self.conversation.explanation(self.words.language)
        turn = self.conversation.explained
        if lesson is None or turn is None:
            return [[Piece(words("hand.silence"), Ink.DIM)]]
        if self._card >= 0:
            cards = lesson_cards(turn.event, turn.topic, lesson, words.language)
            return card_lines(cards, min(self._card, len(cards) - 1), words)
        lines: list[Line] = [[Piece(lesson.title, Ink.HEADING, bold=True)], [Piece(" ".join(lesson.text.split()))]]
        if lesson.citations:
            lines.append(citation_pieces(lesson))
        return lines if self.has_class("narrow") else [*lines, *self._suggested()]

    def _suggested(self) -> Sequence[Line]:
        """What could be typed now, where there is room for it."""
        found = self.conversation.suggestions.lines()[:MOST_SUGGESTIONS]
        if not found:
            return []
        heading: Line = [Piece(self.words("hand.suggested"), Ink.HEADING, bold=True)]
        return [[], heading, *([Piece(f"  {line}")] for line in found)]

    def works(self, action: Action) -> bool:
        match action.name:
            case "send" | "complete" | "wait" | "wait_long":
                return not self.conversation.call.is_over
        return True

    def _beginning_with(self, text: str) -> list[str]:
        return [] if self._asks_file else self.conversation.suggestions.beginning_with(text)
