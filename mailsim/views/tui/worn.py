"""What holds for both applications: the theme, a new size of the terminal, and how a mistake of ours is told."""

from __future__ import annotations

import asyncio
import os
import tempfile
import traceback
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import App
from textual.scrollbar import ScrollBar, ScrollBarRender

from mailsim.lessons.ui import LANGUAGES, Words
from mailsim.views.tui.inks import PALETTES
from mailsim.views.tui.themes import themes

SETTLED_S = 0.1
"""So long after a new size, every screen knows it."""
THEMES = tuple(palette.name.removeprefix("mailsim-") for palette in PALETTES)
"""`dark`, `light`, `contrast`."""


class SquareBar(ScrollBarRender):
    """A scroll bar of whole cells."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8


class Worn(App[None]):
    """An application in our themes."""

    CSS_PATH = "screen.tcss"
    TITLE = "mailsim"

    def wear(self, theme: str, ascii_only: bool, colours: int) -> None:
        """Put on a theme: one of `THEMES`, with `colours` 16 if the terminal has no more, or ASCII alone."""
        for made in themes():
            self.register_theme(made)
        self.theme = f"mailsim-{theme if theme in THEMES else 'dark'}{'-16' if colours == 16 else ''}"
        self.set_class(ascii_only, "-ascii")
        ScrollBar.renderer = SquareBar if ascii_only else ScrollBarRender

    @property
    def words(self) -> Words:
        """The language that is spoken now."""
        return Words(LANGUAGES[0])

    def where(self) -> str:
        """Where one was, for who has to come back to it; "" if there is nothing to say."""
        return ""

    def on_resize(self) -> None:
        """Look again a moment later.

        Textual tells its screens of a new size by a timer of a few milliseconds, which ends without a word if the
        machine is so busy that its time is over before it waits; then no later size is told either.
        """
        asyncio.get_running_loop().call_later(SETTLED_S, self._tell_size)

    def _tell_size(self) -> None:
        if self.is_running and self.screen_stack and self.screen.outer_size != self.size:
            self.screen.post_message(events.Resize(self.size, self.size))

    def _fatal_error(self) -> None:
        """A crash tells the class what to do and where the report is; values of variables stay out of both.

        Only the first one is told: what goes wrong while everything ends, follows from it.
        """
        if not self._exit_renderables:
            lines = [self.words("crash"), self.where(), self._report()]
            self._exit_renderables.append(Text("\n".join(line for line in lines if line), overflow="fold"))
        self._close_messages_no_wait()

    def _report(self) -> str:
        """Write down what has happened; says where."""
        report = Path(tempfile.gettempdir()) / f"mailsim-crash-{os.getpid()}.txt"
        try:
            report.write_text(traceback.format_exc(), encoding="utf-8")
        except OSError as problem:
            return self.words("save.failed", problem=problem.strerror or str(problem))
        return self.words("crash.report", path=report)
