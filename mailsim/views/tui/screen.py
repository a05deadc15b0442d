"""The main screen: it hands every key and click to `do_<action>`, and shows the result everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType

from mailsim.views.tui.actions import ACTIONS, BY_NAME, PANE_KEYS, Action
from mailsim.views.tui.chrome import KeyBar, title_of
from mailsim.views.tui.help import Help, help_lines
from mailsim.views.tui.keeping import Keeping
from mailsim.views.tui.painted import Chosen, Pressed
from mailsim.views.tui.quiz import Quiz
from mailsim.views.tui.stepper import Stepper

_QUIZ_ONLY = frozenset(("answer_1", "answer_2", "answer_3", "answer_4"))


class MainScreen(Keeping):
    """Everything that a reader of a trace sees.

    Args: folder: where files go. hand: lets the reader type to a server at a time (microseconds), None if nobody
        answers. leads_back: whether there is a screen to go back to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), f"do('{action.name}')", action.name, show=False)
        for action in ACTIONS
        if action.name != "palette"
    ]
    _quit_asked = False

    def __init__(
        self, stepper: Stepper, folder: Path, hand: Callable[[int], None] | None = None, leads_back: bool = False
    ) -> None:
        super().__init__(stepper, folder)
        self._hand, self._leads_back = hand, leads_back

    def works(self, action: Action) -> bool:
        stepper = self.stepper
        match action.name:
            case "next" | "end":
                return stepper.position < stepper.last
            case "back" | "start" | "why":
                return stepper.position > 0
            case "play":
                return stepper.last > 0 and self.sheet is None
            case "quiz":
                return stepper.position < stepper.last and self.sheet is None
            case "escape":
                return self.sheet is not None
            case "jump":
                return isinstance(self.sheet, Quiz) or (self.sheet is not None and self.sheet.target() is not None)
            case "hand":
                return self._hand is not None
            case "follow":
                return len(stepper.score.messages) > 1
            case name if name in _QUIZ_ONLY:
                return isinstance(self.sheet, Quiz)
        return True

    def action_do(self, name: str) -> None:
        """Do an action of the registry; a message of the last one goes."""
        bar = self.query_one(KeyBar)
        bar.message = ""
        again, self._quit_asked = self._quit_asked, False
        if name == "quit" and again:
            self.app.exit()
            return
        if name in PANE_KEYS:
            self.choose_pane(name)
        else:
            getattr(self, f"do_{name}")()
        self.show_step()

    @on(Pressed)
    def _pressed(self, message: Pressed) -> None:
        self.action_do(message.action)

    @on(Chosen)
    def _chosen(self, message: Chosen) -> None:
        if self.stepper.asking and message.position > self.stepper.position:
            return
        self.close_sheet()
        self.stepper.move_to(message.position)
        self.query_one(KeyBar).message = ""
        self.show_step()

    def do_help(self) -> None:
        self.play(False)
        words = self.stepper.words
        title = words("help.title", scenario=title_of(self.stepper))
        self.app.push_screen(Help(title, help_lines(self.stepper), words("help.close")))

    def do_hand(self) -> None:
        """Type to a server of this world as it is at this step."""
        self.play(False)
        if self._hand is None:
            self.tell("hand.none")
        else:
            self._hand(self.stepper.at)

    def do_escape(self) -> None:
        """One level back: prompt, sheet, zoom, playing, one message; then the list of scenarios, or how to quit."""
        if self._asking:
            self.close_prompt()
        elif self.sheet is not None:
            self.close_sheet()
        elif self._zoomed:
            self.do_zoom_pane()
        elif self.stepper.playing:
            self.play(False)
        elif self.stepper.lens.message:
            self.stepper.follow("")
            self._other_steps()
            self.tell("follow.all")
        elif self._leads_back:
            self.dismiss()
        else:
            self.tell("quit.how")

    def do_quit(self) -> None:
        self._quit_asked = True
        self.tell("quit.again")

    def on_key(self, event: events.Key) -> None:
        """A stray key between two q makes them two first ones."""
        if event.key not in BY_NAME["quit"].keys:
            self._quit_asked = False
