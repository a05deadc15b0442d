"""The application that shows two runs side by side."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from mailsim.lessons.ui import Words
from mailsim.views.tui.compare import CompareScreen
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.worn import Worn


class CompareApp(Worn):
    """Shows two runs side by side."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "leave", show=False, priority=True)]
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self, left: Stepper, right: Stepper, theme: str = "dark", ascii_only: bool = False, colours: int = 0
    ) -> None:
        super().__init__()
        self.wear(theme, ascii_only, colours)
        self._compare = CompareScreen(left, right)

    def get_default_screen(self) -> Screen[None]:
        return self._compare

    @property
    def words(self) -> Words:
        """The language that is spoken now."""
        return self._compare.words

    def action_leave(self) -> None:
        """Ctrl+C says how to quit, like q."""
        self._compare.action_leave()
