"""The rows around the panes: header, NOW bar, tabs, key bar, and what a terminal says that is too small."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.strip import Strip

from mailsim.lessons.short_texts import stage_name
from mailsim.trace.events import Said
from mailsim.views.text.sentence import ends
from mailsim.views.tui.actions import ACTIONS, PANE_KEYS, Action
from mailsim.views.tui.box import RIGHT, arrow
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.painted import Painted, Pressed, blank
from mailsim.views.tui.text import Line, Piece, cut, strip, width_of

if TYPE_CHECKING:
    from mailsim.views.tui.stepper import Stepper


class Header(Painted):
    """Title at the left; at the right what plays, step, time and stage. The right side never loses anything."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(id="header")
        self._stepper = stepper

    def paint(self, width: int) -> list[Strip]:
        right = self._right()
        room = width - width_of(right) - 2
        left: list[Piece] = [Piece(" mailsim  ", bold=True), Piece(title_of(self._stepper), bold=True)]
        if self._stepper.score.world.simplifications and room - width_of(left) > 16:
            left += [Piece("  "), Piece(self._stepper.words("simplified"), Ink.DIM)]
        if width_of(left) > room:
            left = [Piece(cut(" " + title_of(self._stepper), room), bold=True)]
        gap = Piece(" " * max(1, width - width_of(left) - width_of(right)))
        return [strip([*left, gap, *right], self.palette, width, Ground.BAR)]

    def _right(self) -> Line:
        stepper, words = self._stepper, self._stepper.words
        speed = f"{stepper.speed:g}x"
        parts = [words("playing", speed=speed) if stepper.playing else words("paused")]
        if self.size.width >= 100:
            parts.append(words(f"level.{stepper.level.name.lower()}"))
        parts.append(words("step", i=stepper.position, n=stepper.last))
        parts.append(f"t {words.duration(stepper.at)}")
        stage = stepper.stage
        if stage is not None:
            name = cut(stage_title(stepper, stepper.stage_number), max(8, self.size.width // 5))
            parts.append(f"{stepper.stage_number + 1}/{len(stepper.score.stages)} {name}")
        return [Piece("   ".join(parts) + " ", bold=True)]


def title_of(stepper: Stepper) -> str:
    """The scenario's title in the current language; its id when it has none."""
    texts = stepper.score.world.texts
    own = texts.get(stepper.words.language) or texts.get("en") or {}
    return own.get("title") or stepper.score.world.scenario


def stage_title(stepper: Stepper, number: int) -> str:
    """What a stage is called in the current language."""
    name = stage_name(stepper.score.stages[number].slug, stepper.words.language)
    return name[:1].upper() + name[1:]


class NowBar(Painted):
    """The one yellow row: what happens in this step, in the words of the protocol."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(id="now")
        self._stepper = stepper

    def paint(self, width: int) -> list[Strip]:
        rows = [strip(self._line(width), self.palette, width, Ground.NOW)]
        empty = blank(width, self.palette, Ground.NOW)
        above = [empty] * ((self.size.height - 1) // 2)
        return [*above, *rows, *[empty] * (self.size.height - 1 - len(above))]

    def _line(self, width: int) -> Line:
        stepper = self._stepper
        if stepper.asking:
            return [Piece(f" [?] {stepper.words('quiz.next')}   {stepper.words('quiz.keys')}", bold=True)]
        if stepper.position == 0:
            return [Piece(f" {stepper.words('now.start')}", bold=True)]
        telling, label = stepper.telling(stepper.position), stepper.score.atlas.label
        who = {"C:": "[C]", "S:": "[S]"}.get(telling.mark, "[-]")
        source, target = label(telling.source), label(telling.target)
        if isinstance(stepper.event, Said):
            source, target = ends(stepper.event, stepper.score.world)
        hosts = source + (f" {arrow(RIGHT)} {target}" if target else "")
        sign = f"   {stepper.words(f'sign.{telling.sign}')}" if telling.sign else ""
        head = f" {who} {hosts}   "
        text = cut(telling.text, max(8, width - len(head) - len(sign) - 1))
        return [Piece(f"{head}{text}{sign}", bold=True)]


class Tabs(Painted):
    """The panes that share one place, with their keys; a click shows one."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(id="tabs")
        self._stepper = stepper
        self.names: Sequence[str] = ()
        self.current = ""

    def looks(self) -> Hashable:
        return tuple(self.names), self.current

    def paint(self, width: int) -> list[Strip]:
        return [strip([piece for _, piece in self._pieces()], self.palette, width, Ground.BAR)]

    def on_click(self, event: events.Click) -> None:
        x = 0
        for name, piece in self._pieces():
            x += width_of([piece])
            if event.x < x:
                self.post_message(Pressed(name))
                return

    def _pieces(self) -> list[tuple[str, Piece]]:
        titles = _fitting([self._stepper.words(f"pane.{name}") for name in self.names], self.size.width)
        pieces, before = [], ""
        for name, title in zip(self.names, titles, strict=True):
            text = f"{PANE_KEYS[name]} {title}"
            if name == self.current:
                pieces.append((name, Piece(f" {text} ", bold=True, ground=Ground.CHIP)))
            else:
                pieces.append((name, Piece(text if before == self.current else f" {text}", bold=True)))
            before = name
        return pieces


def _fitting(titles: list[str], width: int) -> list[str]:
    """The titles, the longest ones cut until all tabs fit: a tab has three cells beside its title."""
    while sum(len(title) + 3 for title in titles) > width and any(len(title) > 2 for title in titles):
        longest = max(range(len(titles)), key=lambda i: len(titles[i].rstrip("…")))
        titles[longest] = titles[longest].rstrip("…")[:-2] + "…"
    return titles


class KeyBar(Painted):
    """The keys that work now, as many as fit; each can be clicked. A message stands here until the next key."""

    def __init__(
        self, label: Callable[[Action], str], works: Callable[[Action], bool], actions: Sequence[Action] = ACTIONS
    ) -> None:
        super().__init__(id="keys")
        self._label, self._works, self._actions = label, works, actions
        self.message = ""

    def looks(self) -> Hashable:
        shown = (action for action in self._actions if action.bar is not None and self._works(action))
        return self.message, tuple((action.name, self._label(action)) for action in shown)

    def paint(self, width: int) -> list[Strip]:
        if self.message:
            line: Line = [Piece(f" {cut(self.message, width - 2)}", bold=True)]
            return [strip(line, self.palette, width, Ground.BAR)]
        left, right = self._parts(width)
        pieces = [piece for _, part in left for piece in part]
        tail = [piece for _, part in right for piece in part]
        gap = Piece(" " * max(0, width - width_of(pieces) - width_of(tail)))
        return [strip([*pieces, gap, *tail], self.palette, width, Ground.BAR)]

    def on_click(self, event: events.Click) -> None:
        left, right = self._parts(self.size.width)
        x = 0
        for name, part in left:
            x += width_of(part)
            if event.x < x:
                self.post_message(Pressed(name))
                return
        x = self.size.width - sum(width_of(part) for _, part in right)
        for name, part in right:
            if x <= event.x < x + width_of(part):
                self.post_message(Pressed(name))
                return
            x += width_of(part)

    def _parts(self, width: int) -> tuple[list[tuple[str, Line]], list[tuple[str, Line]]]:
        """The parts at the left and at the right: the most important ones that fit."""
        shown = [action for action in self._actions if action.bar is not None and self._works(action)]
        parts = {action.name: self._part(action) for action in shown}
        used, kept = 0, set()
        for action in sorted(shown, key=lambda action: action.bar or 0):
            used += width_of(parts[action.name])
            if used > width:
                break
            kept.add(action.name)
        fitting = [action for action in shown if action.name in kept]
        order = sorted(fitting, key=lambda action: action.bar or 0)
        left = [(action.name, parts[action.name]) for action in order if not action.right]
        return left, [(action.name, parts[action.name]) for action in fitting if action.right]

    def _part(self, action: Action) -> Line:
        return [
            Piece(f" {action.bar_text} ", ground=Ground.CHIP, bold=True),
            Piece(f" {self._label(action)} ", bold=True),
        ]


class TooSmall(Painted):
    """What to do when there is no room."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(id="too-small")
        self._stepper = stepper

    def paint(self, width: int) -> list[Strip]:
        words, screen = self._stepper.words, self.app.size
        said = (words("small"), words("small.size", width=screen.width, height=screen.height))
        rows = [blank(width, self.palette)] * max(0, (self.size.height - 2) // 2)
        for text in said:
            line = [Piece(" " * max(0, (width - len(text)) // 2) + cut(text, width))]
            rows.append(strip(line, self.palette, width))
        return rows[: self.size.height]
