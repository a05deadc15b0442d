"""Deeds that change how the run is looked at: panes, zoom, lens, language, theme; scrolling."""

from __future__ import annotations

from mailsim.lessons.ui import LANGUAGES, Words
from mailsim.views.tui.cards import Cards
from mailsim.views.tui.inks import themes_of
from mailsim.views.tui.painted import Rolling
from mailsim.views.tui.quiz import Quiz
from mailsim.views.tui.reading import Reading


class Viewing(Reading):
    """A board whose view can be changed."""

    def do_zoom_pane(self) -> None:
        self._zoomed = not self._zoomed
        self.rearrange()

    def do_zoom_level(self) -> None:
        self.close_sheet()
        self.stepper.zoom_level()
        self._other_steps()
        self.tell("level.now", level=self.stepper.words(f"level.{self.stepper.level.name.lower()}"))

    def do_follow(self) -> None:
        """Follow one message among many: the next one each time, after the last one all."""
        self.close_sheet()
        key = self.stepper.follow_next()
        self._other_steps()
        if not key:
            self.tell("follow.all")
            return
        message = self.pages.mail.by_key(key)
        subject = key if message is None else str(message.get("Subject", "")) or key
        number = self.stepper.score.messages.index(key) + 1
        self.tell("follow.one", i=number, of=len(self.stepper.score.messages), subject=subject)

    def do_everything(self) -> None:
        """Show what the level of the scenario has not introduced, or hide it again."""
        self.close_sheet()
        self.stepper.show_everything(not self.stepper.lens.everything)
        self._other_steps()
        self.tell("everything.on" if self.stepper.lens.everything else "everything.off")

    def _other_steps(self) -> None:
        self.rearrange()
        self.forget_rows()

    def do_future(self) -> None:
        self.close_sheet()
        self.stepper.future = not self.stepper.future
        self.tell("future.on" if self.stepper.future else "future.off")
        self.forget_rows()

    def do_scroll_up(self) -> None:
        self._scroll(-1)

    def do_scroll_down(self) -> None:
        self._scroll(1)

    def _scroll(self, rows: int) -> None:
        """Choose on the sheet that is open; else scroll the pane chosen last, or the explanation."""
        explain, sheet = self.explanation, self.sheet
        if sheet is not None and sheet.count > 1:
            sheet.choose(rows)
            explain.show_step()
            explain.reveal_chosen()
            return
        name = {"ladder": "ladder-rows"}.get(self._big, self._big)
        pane = self.query_one(f"#{name}")
        if not isinstance(pane, Rolling) or not pane.display:
            pane = explain
        pane.scroll_relative(y=rows, animate=False, force=True)

    def do_explain_up(self) -> None:
        self.explanation.scroll_relative(y=-1, animate=False, force=True)

    def do_explain_down(self) -> None:
        self.explanation.scroll_relative(y=1, animate=False, force=True)

    def do_language(self) -> None:
        language = LANGUAGES[(LANGUAGES.index(self.stepper.words.language) + 1) % len(LANGUAGES)]
        self.stepper.words = Words(language)
        if isinstance(self.sheet, Quiz | Cards):  # their sentences were made in the other language
            self.close_sheet()
        self.tell("language.now")
        self.restyle()

    def do_theme(self) -> None:
        names = themes_of(self.app.theme)
        self.app.theme = names[(names.index(self.app.theme) + 1) % len(names)]
        self.tell("theme.now", theme=self.stepper.words(f"theme.{self.app.theme.removesuffix('-16')}"))
