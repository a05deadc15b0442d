"""Deeds that explain: why, why not, cards, and a question about what comes next."""

from __future__ import annotations

from textual import on

from mailsim.views.tui import quiz
from mailsim.views.tui.cards import Card, Cards, cards_of, header_card, node_card, terms_in
from mailsim.views.tui.document import CardWanted
from mailsim.views.tui.map_pane import NodeChosen
from mailsim.views.tui.seeking import Seeking
from mailsim.views.tui.sheets import Sheet, Why, WhyNot, why_not


class Reading(Seeking):
    """A board with sheets over the explanation."""

    @property
    def sheet(self) -> Sheet | None:
        """The sheet that is open."""
        return self.explanation.sheet

    def do_why(self) -> None:
        if isinstance(self.sheet, Why) or self.stepper.position == 0:
            self.close_sheet()
            return
        self.close_sheet()
        self.open_sheet(Why(self.stepper.score.causes(self.stepper.seq, self.stepper.lens)))

    def do_why_not(self) -> None:
        if isinstance(self.sheet, WhyNot):
            self.close_sheet()
            return
        self.close_sheet()
        sheet = why_not(self.stepper.score, self.stepper.seq)
        if sheet is None:
            self.tell("why-not.none")
        else:
            self.open_sheet(sheet)

    def do_card(self) -> None:
        if isinstance(self.sheet, Cards):
            self.close_sheet()
        else:
            self.close_sheet()
            self._open_cards(cards_of(self.stepper, self.pages))

    def _open_cards(self, cards: list[Card], key: str = "") -> None:
        sheet = Cards(cards)
        if key and not sheet.show(key):
            return
        if cards:
            self.open_sheet(sheet)

    @on(CardWanted)
    def _card_wanted(self, message: CardWanted) -> None:
        """The card about something that was clicked: one of this step, or of anything that has one."""
        key, language = message.key, self.stepper.words.language
        cards = cards_of(self.stepper, self.pages)
        if not any(card.key.casefold() == key.casefold() for card in cards):
            cards += filter(None, [header_card(key, language)])
            cards += [card for card in terms_in(key, language) if card.key.casefold() == key.casefold()]
        if not self.stepper.asking:
            self._open_cards(cards, key)

    @on(NodeChosen)
    def _node_chosen(self, message: NodeChosen) -> None:
        if len(message.names) > 1:
            self.say(", ".join(message.names))
        elif not self.stepper.asking:
            self._open_cards([node_card(self.stepper, message.names[0])])

    def do_jump(self) -> None:
        """To the chosen cause; the chosen answer of a question."""
        if isinstance(self.sheet, quiz.Quiz):
            self._answer(self.sheet.chosen)
            return
        target = None if self.sheet is None else self.sheet.target()
        if target is not None:
            self.close_sheet()
            self.stepper.to_event(target)
            self.forget_rows()

    # --- a question ---

    def do_quiz(self) -> None:
        if isinstance(self.sheet, quiz.Quiz):
            self.close_sheet()
            return
        self.close_sheet()
        self.play(False)
        question = quiz.ask(self.stepper)
        if question is None:
            self.tell("quiz.none")
        else:
            self.open_sheet(question)

    def do_answer_1(self) -> None:
        self._answer(0)

    def do_answer_2(self) -> None:
        self._answer(1)

    def do_answer_3(self) -> None:
        self._answer(2)

    def do_answer_4(self) -> None:
        self._answer(3)

    def do_faster(self) -> None:
        """On a Czech keyboard the key of the first answer gives a plus."""
        if isinstance(self.sheet, quiz.Quiz):
            self._answer(0)
        else:
            super().do_faster()

    def _answer(self, number: int) -> None:
        """Answer, and see what happens: the step that was asked about."""
        question = self.sheet
        if not isinstance(question, quiz.Quiz):
            self.tell("quiz.first")
        elif question.answer(number):
            self.stepper.count_answer(question.is_right)
            self.close_sheet()
            self.stepper.next()
            key = "quiz.right" if question.is_right else "quiz.wrong"
            self.tell(key, right=self.stepper.right_answers, of=self.stepper.answers)
