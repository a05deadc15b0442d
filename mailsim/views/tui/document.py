"""A pane of wrapped text that scrolls when it must: explanation, mail, DNS, queues, bytes."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from mailsim.views.tui.painted import Rolling
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece, hung, strip


class Document(Rolling):
    """Shows what `document` gives for the current step; the place in it is kept while the step has the same text."""

    DEFAULT_CSS = """
    Document { overflow-y: auto; }
    """

    def __init__(self, stepper: Stepper, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._stepper = stepper
        self._rows: list[list[Piece]] = []
        self._source: list[list[Piece]] = []
        self._wrapped_at = 0

    def document(self) -> Sequence[Line]:
        """The lines, not wrapped."""
        raise NotImplementedError

    def show_step(self) -> None:
        """Follow the stepper; begin at the top when there is something else to read."""
        width = self.text_width
        if width <= 0:
            return
        source = [list(line) for line in self.document()]
        if source != self._source or width != self._wrapped_at:
            if source != self._source and self.scroll_offset.y:
                self.scroll_to(y=0, animate=False, force=True)
            self._source, self._wrapped_at = source, width
            self._rows = hung(source, width)
            self.set_row_count(max(len(self._rows), 1))
        self.repaint()

    def on_resize(self) -> None:
        self.forget()
        self.show_step()

    def row(self, index: int, width: int) -> Strip:
        line: Line = self._rows[index] if index < len(self._rows) else ()
        return strip(line, self.palette, width)

    @property
    def text_width(self) -> int:
        """Always leave room for the scroll bar, so that it does not change where lines break."""
        return self.content_region.width - 1
