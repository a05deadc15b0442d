"""The screen on which one types a protocol by hand: transcript, explanation, state of the session, and a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.widgets import Input

from mailsim.lessons.ui import Words
from mailsim.trace.levels import Level
from mailsim.trace.recording import write_recording
from mailsim.views.tui.actions import HAND_ACTIONS, Action
from mailsim.views.tui.cards import card_lines, lesson_cards
from mailsim.views.tui.chrome import KeyBar
from mailsim.views.tui.explain import citation_pieces
from mailsim.views.tui.hand.conversation import CLOSED, LOST, Conversation
from mailsim.views.tui.hand.parts import Keyed, Lines, OneRow, bindings
from mailsim.views.tui.hand.switchboard import Call
from mailsim.views.tui.hand.transcript import Transcript, TurnChosen
from mailsim.views.tui.hand.typing_line import Pasted, TypingLine
from mailsim.views.tui.help import Help, key_lines
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.text import Line, Piece, cut, width_of

SIDE_BY_SIDE = 100
"""From so many columns on, the explanation stands beside the transcript."""
NO_EXPLANATION = 14
"""On fewer rows the transcript needs all of them."""
MOST_SUGGESTIONS = 12
SECOND_US, MINUTE_US = 1_000_000, 60_000_000
PROTOCOLS = {"smtp": "SMTP", "lmtp": "LMTP", "imap": "IMAP", "pop": "POP3"}


class HandScreen(Keyed):
    """One call.

    Args: call: connected, or refused. history: what was typed in calls before; it grows. folder: where files go.
    """

    AUTO_FOCUS = "#hand-line"
    ACTIONS = HAND_ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(HAND_ACTIONS[1:])]

    def __init__(self, call: Call, words: Words, history: list[str], folder: Path) -> None:
        super().__init__(words)
        self.conversation = Conversation(call)
        self._history, self._folder = history, folder
        self._card = -1
        self._asks_file = False
        self._kept = ""
        self._is_leaving = False
        self._follows = True

    def compose(self) -> ComposeResult:
        yield OneRow("hand-head", self._head)
        with Container(id="hand-body"):
            yield Transcript(self.conversation)
            yield Lines("hand-explain", self._explained)
        yield OneRow("hand-state", self._state)
        yield OneRow("hand-next", self._next, Ground.PAGE, self._next_pressed)
        with Horizontal(id="hand-entry"):
            yield OneRow("hand-mark", self._mark, Ground.PAGE)
            yield TypingLine(self._beginning_with, self._history)
        yield KeyBar(self.bar_label, self.works, HAND_ACTIONS)

    def on_mount(self) -> None:
        super().on_mount()
        self.set_class(self.app.size.width < SIDE_BY_SIDE, "narrow")

    @property
    def line(self) -> TypingLine:
        """Where one types."""
        return self.query_one(TypingLine)

    def show(self) -> None:
        width, height = self.app.size
        self.set_class(width < SIDE_BY_SIDE, "narrow")
        explain = self.query_one("#hand-explain", Lines)
        explain.display = height >= NO_EXPLANATION
        explain.styles.height = min(explain.needed + 1, height // 2) if width < SIDE_BY_SIDE else None
        self.query_one("#hand-mark").styles.width = width_of(self._mark(0))
        self.query_one(Transcript).show_turns(self.words, self._follows)
        super().show()
        self.call_after_refresh(self._settle)

    def _settle(self) -> None:
        """The layout may have made the transcript smaller."""
        if self.is_current:
            self.query_one(Transcript).show_turns(self.words, self._follows)

    # --- what is shown ---

    def _head(self, width: int) -> Line:
        call, words = self.conversation.call, self.words
        service = call.service
        secure = words("hand.secure" if self.conversation.standing.is_secure else "hand.clear")
        right = f"{secure}   t {words.duration(call.now_us)} "
        protocol = PROTOCOLS[service.protocol]
        left = f" mailsim  {words('hand.title')}: {protocol} {service.host}:{service.port}"
        left = cut(left, width - len(right) - 1)
        return [Piece(left + " " * (width - len(left) - len(right)) + right, bold=True)]

    def _state(self, width: int) -> Line:
        conversation, words = self.conversation, self.words
        state, awaits = conversation.state, conversation.awaits
        text = words(f"awaits.{awaits}" if awaits else f"state.{state}")
        due = conversation.call.octets_due
        if due:
            text += f", {words('hand.octets', n=due)}"
        ground = None if state in (CLOSED, LOST) else Ground.CHIP
        return [
            Piece(" "),
            Piece(f" {state} ", ground=ground, bold=True),
            Piece(cut(f"  {text}", width - len(state) - 4)),
        ]

    def _next(self, width: int) -> Line:
        """The verbs that may come now; a click writes a line with that one."""
        words, conversation = self.words, self.conversation
        if conversation.state in (CLOSED, LOST):
            return [Piece(f" {cut(words('hand.over'), width - 2)}", Ink.DIM)]
        pieces = [Piece(f" {words('hand.next')}", Ink.DIM)]
        for verb in conversation.suggestions.verbs() or conversation.suggestions.lines()[:1]:
            if width_of(pieces) + len(verb) + 3 > width:
                return [*pieces, Piece("…", Ink.DIM)]
            pieces += [Piece(verb, bold=True), Piece("  ")]
        return pieces

    def _next_pressed(self, piece: Piece) -> None:
        if piece.bold:
            suggestions, is_verb = self.conversation.suggestions, bool(self.conversation.standing.legal)
            self.line.replace_text(suggestions.example(piece.text) if is_verb else piece.text)

    def _mark(self, _: int) -> Line:
        if self._asks_file:
            return [Piece(f" {self.words('hand.file')}", bold=True)]
        return [Piece(" C: ", Ink.COMMAND, bold=True)]

    def _explained(self) -> Sequence[Line]:
        """The explanation of the chosen turn, or one of its cards."""
        words, lesson = self.words, self.conversation.explanation(self.words.language)
        turn = self.conversation.explained
        if lesson is None or turn is None:
            return [[Piece(words("hand.silence"), Ink.DIM)]]
        if self._card >= 0:
            cards = lesson_cards(turn.event, turn.topic, lesson, words.language)
            return card_lines(cards, min(self._card, len(cards) - 1), words)
        lines: list[Line] = [[Piece(lesson.title, Ink.HEADING, bold=True)], [Piece(" ".join(lesson.text.split()))]]
        if lesson.citations:
            lines.append(citation_pieces(lesson))
        return lines if self.has_class("narrow") else [*lines, *self._suggested()]

    def _suggested(self) -> Sequence[Line]:
        """What could be typed now, where there is room for it."""
        found = self.conversation.suggestions.lines()[:MOST_SUGGESTIONS]
        if not found:
            return []
        heading: Line = [Piece(self.words("hand.suggested"), Ink.HEADING, bold=True)]
        return [[], heading, *([Piece(f"  {line}")] for line in found)]

    def works(self, action: Action) -> bool:
        match action.name:
            case "send" | "complete" | "wait" | "wait_long":
                return not self.conversation.call.is_over
        return True

    # --- typing ---

    def _beginning_with(self, text: str) -> list[str]:
        return [] if self._asks_file else self.conversation.suggestions.beginning_with(text)

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
