"""The picker: all scenarios by level, with title, objective, length and how far one came. Typing filters.

Of each scenario the list reads what it shows, in a thread of its own, so it is there at once and grows. The rest of one
of the reader's own is read when the cursor rests on it. A second later those whose length is not known, or that have
changed since, are run one by one to learn it. A file with mistakes is listed with them, as soon as they are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import get_current_worker

from mailsim.lessons.ui import LANGUAGES, Words
from mailsim.trace.trace import Trace
from mailsim.views.tui.inks import Ground, Ink, themes_of
from mailsim.views.tui.library import Entry, Library, Problem, Unrunnable
from mailsim.views.tui.memory import Memory
from mailsim.views.tui.picker_parts import Bar, Details, EntryList, Row, about, state_of
from mailsim.views.tui.text import Line, Piece, cut, width_of

SIDE_BY_SIDE = 100
"""From so many columns on, the details stand beside the list."""
AT_ONCE = 8
"""So many scenarios more, and the list is painted anew."""
LINGER_S = 0.15
"""The cursor rests on a scenario when it has been there for this time."""
REST_S = 1.0
"""Runs that nobody waits for begin when the list has been there for this time."""
KEYS: tuple[tuple[str, str, str], ...] = (
    ("Enter", "open", "picker.keys.open"),
    ("↑ ↓", "", "picker.keys.move"),
    ("F4", "hand", "bar.hand"),
    ("F2", "language", "picker.keys.language"),
    ("F3", "theme", "picker.keys.theme"),
    ("Esc", "escape", "picker.keys.leave"),
)


class ScenarioRun(Message):
    """A scenario was run and can be looked at."""

    def __init__(self, entry: Entry, trace: Trace) -> None:
        super().__init__()
        self.entry, self.trace = entry, trace


class HandWanted(Message):
    """Somebody wants to type to a server of a scenario."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry


class Picker(Screen[None]):
    """The list of scenarios."""

    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-8)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("home", "move(-9999)", show=False),
        Binding("end", "move(9999)", show=False),
        Binding("enter", "open", show=False),
        Binding("escape", "escape", show=False),
        Binding("backspace", "rub", show=False),
        Binding("f2", "language", show=False),
        Binding("f3", "theme", show=False),
        Binding("f4", "hand", show=False),
    ]

    def __init__(self, library: Library, memory: Memory, language: str) -> None:
        super().__init__()
        self._library, self._memory = library, memory
        self.words = Words(language)
        self._entries: list[Entry] = []
        self._filter = ""
        self._chosen = ""
        self._message = ""
        self._loading = True
        self._touched = False
        self._leaving = False
        self._running = False
        self._lingers_on = ""
        self._lingering: Timer | None = None
        self.rows: list[Row] = []

    def compose(self) -> ComposeResult:
        yield Bar(self, "picker-title")
        yield Bar(self, "picker-filter")
        yield EntryList(self)
        yield Details(self)
        yield Bar(self, "picker-keys")

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.call_after_refresh(self.show))
        self.call_after_refresh(self._read_library)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < SIDE_BY_SIDE, "narrow")
        self.call_after_refresh(self.show)

    def on_screen_resume(self) -> None:
        self._running, self._message = False, ""
        self.call_after_refresh(self.show)

    # --- reading ---

    @work(thread=True, exclusive=True, group="library")
    def _read_library(self) -> None:
        worker = get_current_worker()
        entries = self._library.entries()
        while some := tuple(islice(entries, AT_ONCE)):
            if worker.is_cancelled:
                return
            self.app.call_from_thread(self._add, *some)
        self.app.call_from_thread(self._loaded)

    def _linger(self) -> None:
        """When the cursor has come to rest on a scenario, read the rest of it, if nobody has."""
        if self._chosen == self._lingers_on:
            return
        self._lingers_on = self._chosen
        if self._lingering is not None:
            self._lingering.stop()
        if self.chosen is not None and not self.chosen.is_checked:
            self._lingering = self.set_timer(LINGER_S, partial(self._check, self._chosen))

    @work(thread=True, group="check")
    def _check(self, key: str) -> None:
        problems = self._library.check(key)
        self.app.call_from_thread(self._checked, key, problems)

    def _checked(self, key: str, problems: tuple[Problem, ...]) -> None:
        """All of a scenario was read: if it has mistakes, it is listed with them."""
        entry = next((entry for entry in self._entries if entry.key == key), None)
        if entry is not None:
            self._entries.remove(entry)
            self._add(replace(entry, problems=problems, is_checked=True))

    @work(thread=True, exclusive=True, group="lengths")
    def _measure_all(self) -> None:
        worker, memory = get_current_worker(), self._memory
        for entry in [entry for entry in self._entries if not entry.problems]:
            if worker.is_cancelled:
                return
            if entry.key not in memory.lengths or memory.versions.get(entry.key, "") != entry.version:
                self._measure(entry)

    def _measure(self, entry: Entry) -> None:
        """Run a scenario to learn how many steps it has."""
        from mailsim.trace.levels import Level
        from mailsim.views.tui.lens import Lens
        from mailsim.views.tui.score import Score

        try:
            trace = self._library.open(entry.key)
        except Unrunnable as failed:
            self.app.call_from_thread(self._checked, entry.key, failed.problems)
            return
        steps = len(Score(trace).steps(Lens(Level.of(trace.world.detail))))
        self.app.call_from_thread(self._measured, entry, steps)

    def _measured(self, entry: Entry, steps: int) -> None:
        self._memory.lengths[entry.key], self._memory.versions[entry.key] = steps, entry.version
        self._memory.save()
        self.show()

    def _add(self, *entries: Entry) -> None:
        self._entries += entries
        self._entries.sort(key=lambda e: (bool(e.problems), e.own, e.level, e.order))
        self.show()

    def _loaded(self) -> None:
        self._loading = False
        self.show()
        self.set_timer(REST_S, self._measure_all)

    # --- what is shown ---

    def show(self) -> None:
        """Make the rows again and paint everything."""
        if not self.is_mounted:
            return
        self.rows = list(self._rows())
        keys = [row.entry.key for row in self.rows if row.entry is not None]
        if self._chosen not in keys or not self._touched:
            self._chosen = self._first(keys)
        self.query_one(EntryList).show_rows()
        self.query_one(Details).show_entry()
        for bar in self.query(Bar):
            bar.repaint()
        self._linger()

    def _first(self, keys: Sequence[str]) -> str:
        """Where the cursor stands before anybody moved it: at what was opened last, else at the beginning."""
        last = next(reversed(self._memory.places), "")
        return last if last in keys else keys[0] if keys else ""

    def _rows(self) -> Iterator[Row]:
        heading = ""
        for entry in self._entries:
            if not self._fits(entry):
                continue
            own = self._heading(entry)
            if own != heading:
                heading = own
                yield Row(heading=own)
            yield Row(entry=entry)

    def _heading(self, entry: Entry) -> str:
        if entry.problems:
            return self.words("picker.broken")
        return self.words("picker.own") if entry.own else self.words("picker.level", level=entry.level)

    def _fits(self, entry: Entry) -> bool:
        said = [entry.key, *entry.titles.values(), *entry.objectives.values(), self._heading(entry)]
        text = " ".join(said).casefold()
        return all(word in text for word in self._filter.casefold().split())

    @property
    def chosen(self) -> Entry | None:
        """The scenario on which the cursor is."""
        return next((row.entry for row in self.rows if row.entry is not None and row.entry.key == self._chosen), None)

    @property
    def chosen_row(self) -> int:
        """Its row; 0 when there is none."""
        numbers = (i for i, row in enumerate(self.rows) if row.entry is not None and row.entry.key == self._chosen)
        return next(numbers, 0)

    def choose_row(self, index: int) -> None:
        """Put the cursor on a row."""
        entry = self.rows[index].entry
        if entry is not None:
            self._touched = True
            self._chosen = entry.key
            self._message = ""
            self.show()

    def state_of(self, entry: Entry) -> Line:
        """What stands at the right end of a row."""
        return state_of(entry, self._memory, self.words)

    def details(self) -> Sequence[Line]:
        """Everything about the chosen scenario; why it cannot be read, when it cannot."""
        entry = self.chosen
        if entry is None:
            key = "picker.loading" if self._loading else "picker.none" if self._filter else "picker.empty"
            return [[Piece(self.words(key, what=self._filter), Ink.DIM)]]
        return about(entry, self.words)

    def bar(self, name: str, width: int) -> Line:
        """The line of one of the bars."""
        words = self.words
        if name == "picker-title":
            return [Piece(f" mailsim  {words('picker.title')}", bold=True)]
        if name == "picker-filter":
            if self._filter:
                return [Piece(f" {words('picker.filter')}", Ink.DIM), Piece(self._filter, bold=True), Piece("_")]
            return [Piece(f" {words('picker.filter.hint')}", Ink.DIM)]
        if self._message:
            return [Piece(f" {cut(self._message, width - 2)}", bold=True)]
        return [piece for _, part in self._keys() for piece in part]

    def _keys(self) -> list[tuple[str, Line]]:
        keys = [(k, a, "picker.keys.clear" if a == "escape" and self._filter else label) for k, a, label in KEYS]
        return [
            (action, [Piece(f" {key} ", ground=Ground.CHIP, bold=True), Piece(f" {self.words(label)} ", bold=True)])
            for key, action, label in keys
        ]

    def click_keys(self, x: int) -> None:
        """A click on the row of keys."""
        if self._message:
            return
        end = 0
        for action, part in self._keys():
            end += width_of(part)
            if x < end:
                if action:
                    getattr(self, f"action_{action}")()
                return

    # --- keys ---

    def on_key(self, event: events.Key) -> None:
        """What can be printed is typed into the filter."""
        if event.is_printable and event.character:
            self._filter = (self._filter + event.character)[:60].lstrip()
            self._say("")
            event.stop()
        if event.key != "escape":
            self._leaving = False

    def action_rub(self) -> None:
        self._filter = self._filter[:-1]
        self._say("")

    def action_move(self, by: int) -> None:
        keys = [row.entry.key for row in self.rows if row.entry is not None]
        self._touched = True
        if keys:
            self._chosen = keys[max(0, min(keys.index(self._chosen) + by, len(keys) - 1))]
        self._say("")

    def action_open(self) -> None:
        """Run the chosen scenario; one with mistakes is not run, they are shown."""
        entry = self.chosen
        if entry is None or entry.problems or self._running:
            return
        self._running = True
        self._say(self.words("picker.running", title=entry.title(self.words.language)))
        self._run(entry)

    def commands(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """What its keys do, for the command palette."""
        for key, action, label in KEYS:
            if action not in ("", "escape"):
                yield f"{self.words(label)}  ({key})", getattr(self, f"action_{action}")

    def action_hand(self) -> None:
        """Type to a server of the chosen scenario."""
        entry = self.chosen
        if entry is not None and not entry.problems and not self._running:
            self.post_message(HandWanted(entry))

    @work(thread=True, exclusive=True, group="run")
    def _run(self, entry: Entry) -> None:
        try:
            trace = self._library.open(entry.key)
        except Unrunnable as failed:
            self.app.call_from_thread(self._failed, entry, failed.problems)
            return
        self.post_message(ScenarioRun(entry, trace))

    def _failed(self, entry: Entry, problems: tuple[Problem, ...]) -> None:
        """The file has changed for the worse since it was listed: list it with its mistakes."""
        self._running = False
        self._chosen = entry.key
        self._checked(entry.key, problems)
        first = problems[0].message.get(self.words.language, "") if problems else ""
        self._say(self.words("picker.failed", problem=first))

    def action_escape(self) -> None:
        if self._filter:
            self._filter = ""
            self._say("")
        elif self._leaving:
            self.app.exit()
        else:
            self._leaving = True
            self._say(self.words("picker.leave"))

    def action_language(self) -> None:
        language = LANGUAGES[(LANGUAGES.index(self.words.language) + 1) % len(LANGUAGES)]
        self.words = Words(language)
        self._memory.language = language
        self._memory.save()
        self._say("")

    def action_theme(self) -> None:
        names = themes_of(self.app.theme)
        self.app.theme = names[(names.index(self.app.theme) + 1) % len(names)]

    def _say(self, message: str) -> None:
        self._message = message
        self.show()
