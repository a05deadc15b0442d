"""Deeds that take something along: copy, save a step, save a range of steps as a handout."""

from __future__ import annotations

from pathlib import Path

from textual.strip import Strip

from mailsim.views.tui.handout import handout
from mailsim.views.tui.picture import PictureError, to_png
from mailsim.views.tui.saving import default_name, parse_range, step_text
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.viewing import Viewing


class Keeping(Viewing):
    """A board of which one can keep something. `folder` is where files go that have no folder of their own."""

    def __init__(self, stepper: Stepper, folder: Path) -> None:
        super().__init__(stepper)
        self._folder = folder

    def do_copy(self) -> None:
        lines = self.stepper.telling(self.stepper.position).lines if self.stepper.position else ()
        if not lines:
            self.tell("copied.nothing")
            return
        self.app.copy_to_clipboard("\n".join(lines))
        self.tell("copied", n=len(lines))

    def do_screenshot(self) -> None:
        """Ask for a file name, whose ending says what is saved."""
        self.ask("save", f"{default_name(self.stepper)}.svg")

    def answer_save(self, name: str) -> None:
        """Save this step as a picture (`.svg`, `.png`) or as text (any other ending)."""
        path = self._folder / name.strip()
        try:
            match path.suffix.lower():
                case ".svg":
                    path.write_text(self.app.export_screenshot(), encoding="utf-8")
                case ".png":
                    path.write_bytes(to_png(self.screen_strips(), self.stepper.words))
                case _:
                    path.write_text(step_text(self.stepper, self.pages), encoding="utf-8")
        except OSError as problem:
            self.tell("save.failed", problem=problem.strerror or str(problem))
        except PictureError as problem:
            self.tell("save.failed", problem=str(problem))
        else:
            self.tell("saved", path=path)

    def screen_strips(self) -> list[Strip]:
        """The rows of the screen as they are shown."""
        return list(self._compositor.render_strips())

    def do_handout(self) -> None:
        first = self.stepper.position or 1
        self.ask("handout", f"{first}-{self.stepper.last} {default_name(self.stepper)}.html")

    def answer_handout(self, answer: str) -> None:
        """`3-20 file.html`: these steps, as a page to print (`.html`) or as text."""
        numbers, _, name = answer.strip().partition(" ")
        steps = parse_range(numbers, self.stepper.last)
        if steps is None or not name.strip():
            self.tell("handout.none", what=answer)
            return
        path = self._folder / name.strip()
        is_html = path.suffix.lower() in (".html", ".htm")
        try:
            path.write_text(handout(self.stepper, self.pages, steps, is_html), encoding="utf-8")
        except OSError as problem:
            self.tell("save.failed", problem=problem.strerror or str(problem))
        else:
            self.tell("saved", path=path)
