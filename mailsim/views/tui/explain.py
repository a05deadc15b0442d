"""The explanation: what this step means, where that is written, who is responsible now; or the sheet over it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from mailsim.lessons.explanations import Citation, Explanation, explain
from mailsim.lessons.short_texts import simplification
from mailsim.trace.events import Event
from mailsim.views.tui.chrome import title_of
from mailsim.views.tui.document import Document
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.map_pane import BADGE
from mailsim.views.tui.sheets import Sheet
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece, wrap_all


class Explain(Document):
    """Story before the first step; then the lesson of each step; a sheet while one is open."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(stepper, "explain", lambda _, width: self._lines(width))
        self.sheet: Sheet | None = None

    def reveal_chosen(self) -> None:
        """Scroll to what is chosen on the sheet, with its beginning when that is in view anyway."""
        row = -1 if self.sheet is None else self.sheet.row
        if row >= 0:
            self.reveal(0 if row < self.lines else row, row)

    # --- inside ---

    def _lines(self, width: int) -> Sequence[Line]:
        if self.sheet is not None:
            return self._sheet(self.sheet, width)
        event = self._stepper.event
        return self._story(width) if event is None else self._lesson(event, width)

    def _sheet(self, sheet: Sheet, width: int) -> list[Line]:
        """The sheet, under a rule with its name where no frame has that."""
        lines = [*sheet.lines(self._stepper, width)]
        if self.has_class("framed"):
            return lines
        name = self._title(self._stepper.words(sheet.title), 10)[:2]
        if lines and sheet.row > 0:
            return [[*name, Piece("  "), *lines[0]], *lines[1:]]
        return [self._title(self._stepper.words(sheet.title), width), *lines]

    def _title(self, text: str, width: int) -> Line:
        """The heading; where no frame is around the pane it is a rule, so that one sees where the pane begins."""
        if self.has_class("framed"):
            return [Piece(text, Ink.HEADING, bold=True)]
        rest = max(0, width - cell_len(text) - 4)
        return [Piece("── ", Ink.LINE), Piece(text, Ink.HEADING, bold=True), Piece(" " + "─" * rest, Ink.LINE)]

    def _fitting(self, parts: Sequence[Sequence[Line]], width: int) -> list[Line]:
        """The parts with an empty line between them, or without where there is no room for it."""
        spaced = [line for part in parts for line in [[], *part]][1:]
        if len(wrap_all(spaced, width)) <= self.content_region.height:
            return spaced
        return [line for part in parts for line in part]

    def _story(self, width: int) -> list[Line]:
        stepper, words = self._stepper, self._stepper.words
        texts = stepper.score.world.texts
        own = texts.get(words.language) or texts.get("en") or {}
        parts: list[list[Line]] = [[self._title(title_of(stepper), width)]]
        if own.get("objective"):
            parts.append(
                [[Piece(f"{words('explain.objective')} ", Ink.DIM), Piece(" ".join(own["objective"].split()))]]
            )
        parts += [[[Piece(" ".join(part.split()))]] for part in own.get("story", "").strip().split("\n\n") if part]
        omitted = [simplification(slug, words.language) for slug in stepper.score.world.simplifications]
        if omitted:
            heading: Line = [Piece(words("explain.simplified"), Ink.DIM)]
            parts.append([heading, *([Piece(f" - {text}", Ink.DIM)] for text in omitted)])
        return self._fitting(parts, width)

    def _lesson(self, event: Event, width: int) -> list[Line]:
        stepper = self._stepper
        language = stepper.words.language
        topic = stepper.score.conversations.topic(event)
        lesson = explain(topic, language, stepper.score.world.texts.get(language))
        title, text, places = self._title(lesson.title, width), _text(lesson), citation_pieces(lesson)
        spaced = self._fitting([[title], [text], [places], [self._responsible()]], width)
        if len(wrap_all(spaced, width)) <= self.content_region.height:
            return spaced
        return [title, [*text, Piece("  "), *places], self._responsible()]

    def _responsible(self) -> Line:
        stepper, words = self._stepper, self._stepper.words
        who = stepper.score.responsible(stepper.seq)
        asked = Piece(words("explain.responsible") + "  ", Ink.DIM)
        if not who:
            key = "explain.delivered" if stepper.score.is_delivered(stepper.seq) else "explain.nobody"
            return [asked, Piece(words(key))]
        labels = ", ".join(stepper.score.atlas.label(name) for name in who)
        return [asked, Piece(BADGE, ground=Ground.NOW, bold=True), Piece(f" {labels}", bold=True)]


def _text(lesson: Explanation) -> list[Piece]:
    return [Piece(" ".join(lesson.text.split()))]


def citation_pieces(lesson: Explanation) -> list[Piece]:
    """`► RFC 5321 §4.2.1, RFC 3463`: the sources, underlined so that they look like what they are."""
    pieces = [Piece("► ")] if lesson.citations else []
    for number, citation in enumerate(lesson.citations):
        pieces += [Piece(", ")] if number else []
        pieces.append(Piece(section(citation), underlined=True))
    return pieces


def section(citation: Citation) -> str:
    """`RFC 5321 §4.2.1`, as short as a pane needs it."""
    return f"RFC {citation.rfc} §{citation.section}" if citation.section else f"RFC {citation.rfc}"
