"""A pane of wrapped text that scrolls when it must: explanation, mail, DNS, queues, mailboxes, bytes, code."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from textual import events
from textual.message import Message
from textual.strip import Strip

from mailsim.views.tui.pages import Page
from mailsim.views.tui.painted import Rolling
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece, hung, strip, width_of


class CardWanted(Message):
    """A click asked for the card about something: a host, a section of an RFC, a header field, a word."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


class Document(Rolling):
    """Shows a page for the current step; the place in it is kept while the step has the same text."""

    def __init__(self, stepper: Stepper, id: str, page: Page) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._stepper, self._page = stepper, page
        self._rows: list[Line] = []
        self._source: list[tuple[Piece, ...]] = []
        self._wrapped_at = 0

    def show_step(self) -> None:
        """Follow the stepper; begin at the top when there is something else to read."""
        width = self.text_width
        if width <= 0:
            return
        source = [tuple(line) for line in self._page(self._stepper, width)]
        if source != self._source or width != self._wrapped_at:
            if source != self._source and self.scroll_offset.y:
                self.scroll_to(y=0, animate=False, force=True)
            self._source, self._wrapped_at = source, width
            self._made.clear()
            self._rows = hung(source, width)
            self.set_row_count(max(len(self._rows), 1))
        self.repaint()

    def on_resize(self) -> None:
        self.forget()
        self.show_step()

    def on_click(self, event: events.Click) -> None:
        """A click on a word that has a card shows it."""
        place = event.get_content_offset(self)
        if place is None:
            return
        index = place.y + round(self.scroll_offset.y)
        line = self._rows[index] if index < len(self._rows) else []
        for number, piece in enumerate(line):
            if place.x < width_of(line[: number + 1]):
                key = (_whole(line, number) if piece.underlined else piece.text).strip(" ,:+-►")
                if key:
                    self.post_message(CardWanted(key))
                return

    def looks(self, index: int) -> Hashable:
        return index

    def row(self, index: int, width: int) -> Strip:
        line: Line = self._rows[index] if index < len(self._rows) else ()
        return strip(line, self.palette, width)

    @property
    def text_width(self) -> int:
        """Always leave room for the scroll bar, so that it does not change where lines break."""
        return self.content_region.width - 1

    def text_lines(self) -> Sequence[str]:
        """What is shown, as text, for copying."""
        return ["".join(piece.text for piece in line).rstrip() for line in self._source]


def _whole(line: Sequence[Piece], number: int) -> str:
    """The underlined words around one: together they are a reference."""
    first, last = number, number
    while first > 0 and line[first - 1].underlined:
        first -= 1
    while last + 1 < len(line) and line[last + 1].underlined:
        last += 1
    return "".join(piece.text for piece in line[first : last + 1])
