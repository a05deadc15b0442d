"""The help: all keys from the registry, the shapes, and what the mouse does. It closes with its own key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.strip import Strip

from mailsim.lessons.ui import Words
from mailsim.views.tui.actions import ACTIONS, HAND_ACTIONS, Action, Group
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.map_pane import BADGE
from mailsim.views.tui.painted import Rolling, text_as
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece, strip, wrap_all

KEYS_WIDTH = 16
SHAPES = (("───►", "solid"), ("╌╌╌►", "dashed"), ("═══►", "double"), ("●", "dot"))


class HelpText(Rolling):
    """The help as rows that scroll."""

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__(id="help")
        self._source = lines
        self._lines: list[Line] = []

    def on_resize(self) -> None:
        self._lines = [list(line) for line in wrap_all(self._source, self.columns)]
        self.virtual_size = Size(self.columns, len(self._lines))
        self.forget()

    def row(self, index: int, width: int) -> Strip:
        return strip(self._lines[index] if index < len(self._lines) else (), self.palette, width)


class Help(ModalScreen[None]):
    """The help over a screen: its title, its lines, and how to close it."""

    DEFAULT_CSS = """
    Help { align: center middle; background: $background 60%; }
    Help HelpText {
        width: 84; max-width: 100%; height: 68; max-height: 90%;
        border: round $mailsim-line; border-title-color: $mailsim-text; border-subtitle-color: $mailsim-text;
        padding: 0 1; background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,escape,q,f1", "close", show=False),
        Binding("down,n", "roll(1)", show=False),
        Binding("up,p", "roll(-1)", show=False),
        Binding("pagedown,space", "roll(10)", show=False),
        Binding("pageup", "roll(-10)", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[Line], close: str) -> None:
        super().__init__()
        self._title, self._lines, self._close = title, lines, close

    def compose(self) -> ComposeResult:
        text = HelpText(self._lines)
        text.border_title = text_as(self.app, self._title)
        text.border_subtitle = text_as(self.app, self._close)
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
    """Every action with its keys, by group; then shapes, typing by hand, and mouse."""
    words = stepper.words
    lines = key_lines(words, ACTIONS)
    lines.append([Piece(words("help.shapes"), Ink.HEADING, bold=True)])
    lines += [[Piece(f"  {drawn:<{KEYS_WIDTH}}"), Piece(words(f"help.shape.{name}"))] for drawn, name in SHAPES]
    badge = [Piece("  "), Piece(BADGE, ground=Ground.NOW, bold=True), Piece(" " * (KEYS_WIDTH - len(BADGE)))]
    lines.append([*badge, Piece(words("help.shape.badge"))])
    lines += key_lines(words, HAND_ACTIONS)
    return [*lines, [], [Piece(words("help.mouse"), Ink.DIM)], [Piece(words("help.select"), Ink.DIM)]]


def key_lines(words: Words, actions: Sequence[Action]) -> list[Line]:
    """Actions with their keys, each group under its heading."""
    lines: list[Line] = []
    for group in Group:
        mine = [action for action in actions if action.group is group]
        if mine:
            lines.append([Piece(words(group.value), Ink.HEADING, bold=True)])
        lines += (
            [Piece(f"  {action.shown:<{KEYS_WIDTH}}", bold=True), Piece(words(f"do.{action.name}"))] for action in mine
        )
    return lines
