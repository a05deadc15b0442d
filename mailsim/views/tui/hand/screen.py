"""The screen on which one types a protocol by hand: what its keys do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widgets import Input

from mailsim.lessons.ui import Words
from mailsim.trace.levels import Level
from mailsim.trace.recording import write_recording
from mailsim.views.tui.actions import HAND_ACTIONS
from mailsim.views.tui.cards import lesson_cards
from mailsim.views.tui.hand.parts import bindings
from mailsim.views.tui.hand.sight import PROTOCOLS, HandSight
from mailsim.views.tui.hand.switchboard import Call
from mailsim.views.tui.hand.transcript import Transcript, TurnChosen
from mailsim.views.tui.hand.typing_line import Pasted
from mailsim.views.tui.help import Help, key_lines
from mailsim.views.tui.text import Piece

SECOND_US, MINUTE_US = 1_000_000, 60_000_000


class HandScreen(HandSight):
    """One call, and what one can do with it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(HAND_ACTIONS[1:])]

    def __init__(self, call: Call, words: Words, history: list[str], folder: Path) -> None:
        super().__init__(call, words, history, folder)
        self._kept = ""
        self._is_leaving = False

    # --- typing ---

    @on(Input.Submitted, "#hand-line")
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        if self._asks_file:
            self._save(message.value.strip())
        else:
            self.send([message.value])

    @on(Pasted)
    def _pasted(self, message: Pasted) -> None:
        if self._asks_file:
            return
        rest = self.line.value
        self.send(message.lines)
        self.line.replace_text(rest)

    def do_send(self) -> None:
        self.send([self.line.value])

    def send(self, lines: Sequence[str]) -> None:
        """Type lines, one after the other, and see what comes."""
        conversation = self.conversation
        if list(lines) == ["?"] and not conversation.awaits:
            self.line.replace_text("")
            self.do_hand_help()
            return
        for text in lines:
            if conversation.call.is_over:
                break
            conversation.say(text)
            self.line.remember(text)
        self.line.replace_text("")
        self._heard()
        if conversation.call.is_over:
            self.tell("hand.over")

    def _heard(self) -> None:
        """Something may have come: show the newest."""
        self._card, self._follows, self._is_leaving = -1, True, False
        self.keys.message = ""
        self.show()

    @on(Input.Changed, "#hand-line")
    def _changed(self, message: Input.Changed) -> None:
        """A message in the bottom row stays until something is typed."""
        if message.value and self.keys.message and not self._asks_file:
            self._is_leaving, self.keys.message = False, ""
            self.keys.repaint()

    def do_complete(self) -> None:
        self._complete(1)

    def do_complete_back(self) -> None:
        self._complete(-1)

    def _complete(self, by: int) -> None:
        if not self._asks_file and not self.line.complete(by):
            self.tell("hand.no-suggestion")

    def do_older(self) -> None:
        if not self._asks_file and not self.line.older(-1):
            self.tell("hand.no-older")

    def do_newer(self) -> None:
        if not self._asks_file:
            self.line.older(1)

    def do_wait(self) -> None:
        self._wait(SECOND_US)

    def do_wait_long(self) -> None:
        self._wait(MINUTE_US)

    def _wait(self, duration_us: int) -> None:
        if self.conversation.call.is_over:
            self.tell("hand.over")
            return
        self.conversation.wait(duration_us)
        self._heard()
        self.tell("hand.waited", time=self.words.span(duration_us // SECOND_US))

    # --- reading ---

    def do_line_up(self) -> None:
        self._choose(-1)

    def do_line_down(self) -> None:
        self._choose(1)

    def _choose(self, by: int) -> None:
        self._card, self._follows = -1, True
        if not self.conversation.choose(by):
            self.tell("hand.earliest" if by < 0 else "hand.latest")

    @on(TurnChosen)
    def _turn_chosen(self, message: TurnChosen) -> None:
        if self.conversation.turns[message.number].topic:
            self.conversation.chosen, self._card, self._follows = message.number, -1, False
            self.show()

    def do_page_up(self) -> None:
        self._scroll(-1)

    def do_page_down(self) -> None:
        self._scroll(1)

    def _scroll(self, by: int) -> None:
        transcript = self.query_one(Transcript)
        self._follows = False
        transcript.scroll_relative(y=by * max(1, transcript.lines - 1), animate=False, force=True)

    def do_hand_card(self) -> None:
        """The next card about what was said; after the last one the explanation again."""
        turn, lesson = self.conversation.explained, self.conversation.explanation(self.words.language)
        if turn is None or lesson is None:
            self.tell("hand.silence")
            return
        count = len(lesson_cards(turn.event, turn.topic, lesson, self.words.language))
        self._card = self._card + 1 if self._card + 1 < count else -1

    def do_hand_help(self) -> None:
        words = self.words
        lines = [*key_lines(words, HAND_ACTIONS), [], [Piece(words("hand.help.typing"))]]
        title = words("hand.help", protocol=PROTOCOLS[self.conversation.call.service.protocol])
        self.app.push_screen(Help(title, lines, words("help.close")))

    # --- taking it along ---

    def do_steps(self) -> None:
        """Open the whole run, with what was typed, at the first step that is ours."""
        from mailsim.views.tui.score import Score
        from mailsim.views.tui.screen import MainScreen
        from mailsim.views.tui.stepper import Stepper

        trace = self.conversation.recording()
        stepper = Stepper(Score(trace), self.words.language, max(Level.DIALOGUE, Level.of(trace.world.detail)))
        stepper.to_event(self.conversation.first)
        main = MainScreen(stepper, self._folder, leads_back=True)

        def came_back(_: object) -> None:
            self.words = stepper.words
            self.show()

        self.app.push_screen(main, came_back)

    def do_copy_talk(self) -> None:
        text = self.conversation.text(self.words.language)
        self.app.copy_to_clipboard(text)
        self.tell("copied", n=text.count("\n"))

    def do_save_talk(self) -> None:
        """Ask for the name of a file, whose ending says what is saved."""
        if self._asks_file:
            return
        service = self.conversation.call.service
        self._asks_file, self._kept = True, self.line.value
        name = f"{service.host.partition('.')[0]}-{service.port}.txt"
        self.line.replace_text(name)
        self.tell("hand.file.hint")

    def _save(self, name: str) -> None:
        self._stop_asking()
        if not name:
            return
        path = self._folder / name
        try:
            if path.suffix == ".mailsim":
                write_recording(self.conversation.recording(), path)
            else:
                path.write_text(self.conversation.text(self.words.language), encoding="utf-8")
        except OSError as problem:
            self.tell("save.failed", problem=problem.strerror or str(problem))
        else:
            self.tell("saved", path=path)

    def _stop_asking(self) -> None:
        self._asks_file = False
        self.line.replace_text(self._kept)
        self.show()

    def do_leave(self) -> None:
        """One level back: the file's name, what is typed, the connection."""
        if self._asks_file:
            self._stop_asking()
        elif self.line.value:
            self.line.replace_text("")
        elif self.conversation.call.is_over or self._is_leaving:
            self.conversation.hang_up()
            self.dismiss(self.words)
        else:
            self._is_leaving = True
            self.tell("hand.again")

    def action_do(self, name: str) -> None:
        leaving, self._is_leaving = self._is_leaving, False
        if name == "leave":
            self._is_leaving = leaving
        super().action_do(name)

    def do_hand_language(self) -> None:
        super().do_hand_language()
        self._card = -1
