"""The help: all keys from the registry, the shapes, and what the mouse does. It closes with its own key."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.strip import Strip

from mailsim.views.tui.actions import ACTIONS, Group
from mailsim.views.tui.chrome import title_of
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.map_pane import BADGE
from mailsim.views.tui.painted import Rolling, text_as
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece, strip, wrap_all

KEYS_WIDTH = 16
SHAPES = (("───►", "solid"), ("╌╌╌►", "dashed"), ("═══►", "double"), ("●", "dot"))


class HelpText(Rolling):
    """The help as rows that scroll."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(id="help")
        self._stepper = stepper
        self._lines: list[Line] = []

    def on_resize(self) -> None:
        self._lines = [list(line) for line in wrap_all(help_lines(self._stepper), self.columns)]
        self.virtual_size = Size(self.columns, len(self._lines))
        self.forget()

    def row(self, index: int, width: int) -> Strip:
        return strip(self._lines[index] if index < len(self._lines) else (), self.palette, width)


class Help(ModalScreen[None]):
    """The help over the main screen."""

    DEFAULT_CSS = """
    Help { align: center middle; background: $background 60%; }
    Help HelpText {
        width: 84; max-width: 100%; height: 68; max-height: 90%;
        border: round $mailsim-line; border-title-color: $mailsim-text; border-subtitle-color: $mailsim-text;
        padding: 0 1; background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,escape,q", "close", show=False),
        Binding("down,n", "roll(1)", show=False),
        Binding("up,p", "roll(-1)", show=False),
        Binding("pagedown,space", "roll(10)", show=False),
        Binding("pageup", "roll(-10)", show=False),
    ]

    def __init__(self, stepper: Stepper) -> None:
        super().__init__()
        self._stepper = stepper

    def compose(self) -> ComposeResult:
        text = HelpText(self._stepper)
        text.border_title = text_as(self.app, self._stepper.words("help.title", scenario=title_of(self._stepper)))
        text.border_subtitle = text_as(self.app, self._stepper.words("help.close"))
        yield text

    def action_close(self) -> None:
        """Back to the steps."""
        self.dismiss()

    def action_roll(self, rows: int) -> None:
        """Scroll by so many rows."""
        self.query_one(HelpText).scroll_relative(y=rows, animate=False)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss()


def help_lines(stepper: Stepper) -> list[Line]:
    """Every action with its keys, by group; then shapes and mouse."""
    words = stepper.words
    lines: list[Line] = []
    for group in Group:
        lines.append([Piece(words(group.value), Ink.HEADING, bold=True)])
        for action in ACTIONS:
            if action.group is group:
                keys = f"  {action.shown:<{KEYS_WIDTH}}"
                lines.append([Piece(keys, bold=True), Piece(words(f"do.{action.name}"))])
    lines.append([Piece(words("help.shapes"), Ink.HEADING, bold=True)])
    lines += [[Piece(f"  {drawn:<{KEYS_WIDTH}}"), Piece(words(f"help.shape.{name}"))] for drawn, name in SHAPES]
    badge = [Piece("  "), Piece(BADGE, ground=Ground.NOW, bold=True), Piece(" " * (KEYS_WIDTH - len(BADGE)))]
    lines.append([*badge, Piece(words("help.shape.badge"))])
    return [*lines, [], [Piece(words("help.mouse"), Ink.DIM)], [Piece(words("help.select"), Ink.DIM)]]
