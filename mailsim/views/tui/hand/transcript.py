"""The transcript: every line that was typed or came, with its CRLF, the newest at the bottom."""

from __future__ import annotations

from collections.abc import Iterator

from textual import events
from textual.message import Message
from textual.strip import Strip

from mailsim.lessons.ui import Words
from mailsim.trace.events import Said
from mailsim.views.text.sentence import reply_class
from mailsim.views.tui.hand.conversation import Conversation, Turn
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.painted import Rolling
from mailsim.views.tui.text import Line, Piece, by_words, chopped, strip, width_of

MARK_WIDTH = 3
LONGEST = 400
"""Nobody reads more lines of one reply, and to wrap those of a large mail would hold up the keys for seconds."""
_INKS = {"later": Ink.LATER, "failed": Ink.FAILED}


class TurnChosen(Message):
    """A click chose a turn."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class Transcript(Rolling):
    """The turns of a conversation as rows; those of the chosen one stand out."""

    def __init__(self, conversation: Conversation) -> None:
        super().__init__(id="transcript")
        self._conversation = conversation
        self._rows: list[tuple[int, Line]] = []
        self._made_for = (0, "")
        self._turns = 0

    def show_turns(self, words: Words, follow: bool) -> None:
        """Take the new turns; `follow` scrolls to the chosen one."""
        self._prepare(words)
        self.set_row_count(max(1, len(self._rows)))
        chosen = [row for row, (turn, _) in enumerate(self._rows) if turn == self._conversation.chosen]
        if follow and chosen:
            if any(turn.topic for turn in self._conversation.turns[self._conversation.chosen + 1 :]):
                self.reveal(chosen[0], chosen[-1])
            else:
                self.scroll_to(y=max(0, len(self._rows) - self.lines), animate=False, force=True, immediate=True)
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        row = event.y + round(self.scroll_offset.y)
        if row < len(self._rows):
            self.post_message(TurnChosen(self._rows[row][0]))

    def row(self, index: int, width: int) -> Strip:
        if index >= len(self._rows):
            return strip([], self.palette, width)
        turn, line = self._rows[index]
        chosen = turn == self._conversation.chosen
        mark = Piece(" ", ground=Ground.NOW) if chosen else Piece(" ")
        return strip([mark, *line], self.palette, width, Ground.CURSOR if chosen else Ground.PAGE)

    def _prepare(self, words: Words) -> None:
        """Rows of the turns that are new, of all of them for another width or language."""
        wanted = (self.columns, words.language)
        if wanted != self._made_for:
            self._made_for, self._rows, self._turns = wanted, [], 0
        turns = self._conversation.turns
        for number in range(self._turns, len(turns)):
            self._rows += ((number, line) for line in self._lines(turns[number], words))
        self._turns = len(turns)

    def _lines(self, turn: Turn, words: Words) -> Iterator[Line]:
        """A turn in lines of this width: bytes break anywhere, what we say in words at spaces."""
        width = max(1, self.columns - MARK_WIDTH - 1)
        rows = list(self._conversation.rows(turn, words.language, LONGEST))
        ink, sign = self._look(turn)
        for number, row in enumerate(rows):
            parts = by_words(row.text, width) if row.mark == "--" else chopped(row.text, width)
            for part, text in enumerate(parts):
                head = f"{row.mark} " if part == 0 else " " * MARK_WIDTH
                line = [Piece(head, ink, bold=turn.line is not None), Piece(text, ink, bold=turn.line is not None)]
                if part < len(parts) - 1:
                    yield line
            tail = [Piece(row.end, Ink.DIM)]
            if sign and number == len(rows) - 1:
                tail.append(Piece(f"  {words(f'sign.{sign}')}", ink))
            if width_of([*line, *tail]) <= width + MARK_WIDTH:
                yield [*line, *tail]
            else:
                yield line
                yield [Piece(" " * MARK_WIDTH), *tail]

    def _look(self, turn: Turn) -> tuple[Ink, str]:
        """Ink and sign: what the server says looks like what it means."""
        if turn.line is not None:
            return Ink.COMMAND, ""
        if not isinstance(turn.event, Said):
            return Ink.DIM, ""
        sign = reply_class(turn.event)
        return _INKS.get(sign, Ink.REPLY), sign
