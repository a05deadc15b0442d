"""The line in which one types: history, completion, and what is pasted goes line by line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input


class Pasted(Message):
    """Whole lines were pasted; the rest stays in the line."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self.lines = lines


class FirstFitting(Suggester):
    """Shows the first suggestion that goes on from what is typed."""

    def __init__(self, beginning_with: Callable[[str], Sequence[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._beginning_with = beginning_with

    async def get_suggestion(self, value: str) -> str | None:
        return next(iter(self._beginning_with(value)), None)


class TypingLine(Input):
    """One line of text.

    Args: beginning_with: gives the suggestions that go on from a text. history: what was typed before; it grows.
    """

    def __init__(self, beginning_with: Callable[[str], Sequence[str]], history: list[str]) -> None:
        super().__init__(id="hand-line", compact=True, select_on_focus=False, suggester=FirstFitting(beginning_with))
        self._beginning_with, self._history = beginning_with, history
        self._place = len(history)
        self._draft = ""
        self._cycle: tuple[Sequence[str], int] | None = None

    def replace_text(self, text: str) -> None:
        """Write something else into it."""
        with self.prevent(Input.Changed):  # nobody typed it, so a message in the bottom row may stay
            self.value = text
        self.cursor_position = len(text)

    def remember(self, text: str) -> None:
        """Something was typed and sent."""
        if text and text != (self._history or [""])[-1]:
            self._history.append(text)
        self._place, self._draft, self._cycle = len(self._history), "", None

    def older(self, by: int) -> bool:
        """What was typed before (-1) or later (1); False when there is nothing."""
        place = self._place + by
        if not 0 <= place <= len(self._history):
            return False
        if self._place == len(self._history):
            self._draft = self.value
        self._place = place
        self.replace_text(self._history[place] if place < len(self._history) else self._draft)
        return True

    def complete(self, by: int) -> bool:
        """The next suggestion (1) or the one before (-1); False when none goes on from what is typed."""
        if self._cycle is None or self.value != self._cycle[0][self._cycle[1]]:
            found = [line for line in self._beginning_with(self.value) if line != self.value]
            if not found:
                return False
            number = 0 if by > 0 else len(found) - 1
        else:
            found, number = list(self._cycle[0]), (self._cycle[1] + by) % len(self._cycle[0])
        self._cycle = (found, number)
        self.replace_text(found[number])
        return True

    def on_paste(self, event: events.Paste) -> None:
        """Whole lines are typed; what is no whole line is left to the base class."""
        *lines, rest = event.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if not lines:
            return
        event.prevent_default()
        event.stop()
        lines[0] = self.value[: self.cursor_position] + lines[0]
        rest += self.value[self.cursor_position :]
        self.replace_text(rest)
        self.post_message(Pasted(lines))
