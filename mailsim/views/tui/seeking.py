"""Deeds that look for a place: find, go to, bookmarks; and the prompt in the bottom row, which others use too."""

from __future__ import annotations

from textual import events, on
from textual.widgets import Input

from mailsim.views.tui.ladder import Ladder
from mailsim.views.tui.moving import Moving
from mailsim.views.tui.painted import text_as


class Seeking(Moving):
    """A board on which one can look for a step."""

    def ask(self, what: str, value: str = "") -> None:
        """Open the prompt; its answer goes to the method `answer_<what>`."""
        words = self.stepper.words
        self.play(False)
        self._asking = what
        prompt = self.query_one("#prompt", Input)
        prompt.value = value
        prompt.cursor_position = len(value)
        prompt.placeholder = text_as(self.app, words(f"{what}.hint"))
        self.say(words(f"{what}.prompt").strip())
        self.rearrange()
        self.set_focus(prompt)  # now, not in a moment: the next key is already for it

    def typed(self, event: events.Key) -> bool:
        """Take a key that came too early for the prompt; whether it was one."""
        if not self._asking or event.character is None or not event.is_printable:
            return False
        self.query_one("#prompt", Input).insert_text_at_cursor(event.character)
        return True

    def close_prompt(self) -> None:
        """Back to the keys."""
        self._asking = ""
        self.set_focus(None)
        self.rearrange()

    @on(Input.Submitted, "#prompt")
    def _answered(self, message: Input.Submitted) -> None:
        asked, what = self._asking, message.value
        if not asked:
            return
        self.say("")
        self.close_prompt()
        if what.strip():
            getattr(self, f"answer_{asked}")(what)
        self.show_step()

    def do_goto(self) -> None:
        self.ask("goto")

    def answer_goto(self, where: str) -> None:
        """A step, time, stage or kind."""
        if not self.stepper.go_to(where):
            self.tell("goto.none", what=where)
        self.close_sheet()

    def do_find(self) -> None:
        self.ask("find")

    def answer_find(self, what: str) -> None:
        """Words of a step."""
        self._find(what, forward=True)
        self.close_sheet()

    def _find(self, what: str, forward: bool) -> None:
        found = self.stepper.find(what, forward)
        if found is None:
            self.tell("find.none", what=what)
            return
        self.close_sheet()
        self.stepper.move_to(found.position)
        if found.wrapped:
            self.tell("find.wrapped", what=what)

    def do_next_match(self) -> None:
        self._again(forward=True)

    def do_previous_match(self) -> None:
        self._again(forward=False)

    def _again(self, forward: bool) -> None:
        if self.stepper.wanted:
            self._find(self.stepper.wanted, forward)
        else:
            self.tell("find.first")

    def do_bookmark(self) -> None:
        key = "bookmark.set" if self.stepper.toggle_bookmark() else "bookmark.gone"
        self.tell(key, i=self.stepper.position)
        self.query_one(Ladder).forget()

    def do_next_bookmark(self) -> None:
        self.moved(self.stepper.next_bookmark(), "bookmark.none")
