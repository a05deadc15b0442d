"""What the screens for typing by hand are made of: rows that they write, text that scrolls, keys from the registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.binding import Binding
from textual.screen import Screen
from textual.strip import Strip

from mailsim.lessons.ui import LANGUAGES, Words
from mailsim.views.tui.actions import Action
from mailsim.views.tui.chrome import KeyBar
from mailsim.views.tui.inks import Ground, themes_of
from mailsim.views.tui.painted import Painted, Pressed, Rolling
from mailsim.views.tui.text import Line, Piece, hung, strip, width_of


def bindings(actions: Sequence[Action]) -> list[Binding]:
    """The keys of a registry."""
    return [Binding(",".join(action.keys), f"do('{action.name}')", action.name, show=False) for action in actions]


class OneRow(Painted):
    """One row that its screen writes; a click on a piece tells which one."""

    def __init__(
        self,
        id: str,  # noqa: A002 (Textual's name)
        line: Callable[[int], Line],
        ground: Ground = Ground.BAR,
        pressed: Callable[[Piece], None] | None = None,
    ) -> None:
        super().__init__(id=id)
        self._line, self._ground, self._pressed = line, ground, pressed

    def paint(self, width: int) -> list[Strip]:
        return [strip(self._line(width), self.palette, width, self._ground)]

    def on_click(self, event: events.Click) -> None:
        end = 0
        for piece in self._line(self.size.width):
            end += width_of([piece])
            if event.x < end:
                if self._pressed is not None:
                    self._pressed(piece)
                return


class Lines(Rolling):
    """Wrapped text that scrolls when it must."""

    DEFAULT_CSS = "Lines { overflow-y: auto; }"

    def __init__(self, id: str, lines: Callable[[], Sequence[Line]]) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._source = lines
        self._rows: list[Line] = []

    @property
    def needed(self) -> int:
        """How many rows the text takes at this width."""
        return len(hung(self._source(), self._width))

    @property
    def _width(self) -> int:
        """Always leave room for the scroll bar, so that it does not change where lines break."""
        return max(1, self.content_region.width - 1)

    def show_lines(self) -> None:
        """Ask for the text again; begin at its top when it is another one."""
        rows = hung(self._source(), self._width)
        if rows != self._rows and self.scroll_offset.y:
            self.scroll_to(y=0, animate=False, force=True)
        self._rows = rows
        self.set_row_count(max(1, len(rows)))
        self.repaint()

    def on_resize(self) -> None:
        self.show_lines()

    def row(self, index: int, width: int) -> Strip:
        return strip(self._rows[index] if index < len(self._rows) else (), self.palette, width)


class Keyed(Screen[Words]):
    """A screen whose keys are those of a registry; it hands back the language that was spoken last."""

    ALLOW_SELECT = False
    ACTIONS: ClassVar[Sequence[Action]] = ()

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words = words

    @property
    def keys(self) -> KeyBar:
        """The bottom row."""
        return self.query_one(KeyBar)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.call_after_refresh(self.show))

    def on_resize(self) -> None:
        self.call_after_refresh(self.show)

    def show(self) -> None:
        """Paint everything again."""
        for row in self.query(Painted).results(Painted):
            row.repaint()
        for lines in self.query(Lines).results(Lines):
            lines.show_lines()

    def works(self, action: Action) -> bool:  # noqa: ARG002 (for screens that know better)
        """Whether an action makes sense now."""
        return True

    def bar_label(self, action: Action) -> str:
        """What the key bar calls an action."""
        return self.words(action.bar_label)

    def action_do(self, name: str) -> None:
        """Do an action of the registry; a message of the last one goes."""
        self.keys.message = ""
        getattr(self, f"do_{name}")()
        if self.is_mounted and self.is_current:
            self.show()

    @on(Pressed)
    def _on_pressed(self, message: Pressed) -> None:
        message.stop()
        self.action_do(message.action)

    def tell(self, key: str, **values: object) -> None:
        """Say a message of the catalogue in the bottom row, until the next key."""
        self.keys.message = self.words(key, **values)
        self.keys.repaint()

    def do_hand_language(self) -> None:
        self.words = Words(LANGUAGES[(LANGUAGES.index(self.words.language) + 1) % len(LANGUAGES)])
        self.tell("language.now")

    def do_hand_theme(self) -> None:
        names = themes_of(self.app.theme)
        self.app.theme = names[(names.index(self.app.theme) + 1) % len(names)]
        self.tell("theme.now", theme=self.words(f"theme.{self.app.theme.removesuffix('-16')}"))

    def do_leave(self) -> None:
        self.dismiss(self.words)
