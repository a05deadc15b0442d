"""The list of servers of a scenario: whom one wants to type to, and at which time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.strip import Strip

from mailsim.lessons.ui import Words
from mailsim.views.tui.actions import CALL_ACTIONS, Action
from mailsim.views.tui.chrome import KeyBar
from mailsim.views.tui.hand.parts import Keyed, Lines, OneRow, bindings
from mailsim.views.tui.hand.screen import HandScreen
from mailsim.views.tui.hand.sight import PROTOCOLS
from mailsim.views.tui.hand.switchboard import Call, Service, Switchboard
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.library import Unrunnable
from mailsim.views.tui.painted import Rolling
from mailsim.views.tui.text import Line, Piece, cut, strip, width_of

_PLACE = re.compile(r"\S+:[A-Za-z0-9]+(?: +tls)?", re.IGNORECASE)
"""What may be typed instead of a filter; `tls` lets TLS begin with the first byte."""
ABOUT_ROWS = 4


class ServiceList(Rolling):
    """The servers that fit the filter."""

    def __init__(self, screen: ServicesScreen) -> None:
        super().__init__(id="services")
        self._services = screen

    def show_rows(self) -> None:
        """Paint all of them, the chosen one in view."""
        self.set_row_count(max(1, len(self._services.fitting)))
        self.reveal(self._services.chosen, self._services.chosen)
        self.forget()

    def on_resize(self) -> None:
        self.show_rows()

    def on_click(self, event: events.Click) -> None:
        self._services.press_row(event.y + round(self.scroll_offset.y))

    def row(self, index: int, width: int) -> Strip:
        fitting, words = self._services.fitting, self._services.words
        if index >= len(fitting):
            return strip([Piece(f" {self._services.emptiness}", Ink.DIM)], self.palette, width)
        service, chosen = fitting[index], index == self._services.chosen
        before = fitting[index - 1].host if index else ""
        right = f"{PROTOCOLS[service.protocol]:<5} {words(f'call.security.{service.security}'):<24} "
        room = max(8, width - width_of([Piece(right)]) - 10)
        ink = Ink.TEXT if service.host != before else Ink.DIM
        line = [
            Piece("►", ground=Ground.NOW) if chosen else Piece(" "),
            Piece(f" {cut(service.host, room):<{room}}", ink, bold=chosen),
            Piece(f"{service.port:>6}  ", bold=True),
            Piece(right),
        ]
        return strip(line, self.palette, width, Ground.CURSOR if chosen else Ground.PAGE)


class ServicesScreen(Keyed):
    """Chooses the server, connects, and opens the screen for typing.

    Args: key: of the scenario; titles: its title by language. times: from which the caller may choose, microseconds.
    """

    AUTO_FOCUS = ""
    ACTIONS = CALL_ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(CALL_ACTIONS), Binding("backspace", "rub", show=False)]

    def __init__(
        self,
        switchboard: Switchboard,
        key: str,
        titles: Mapping[str, str],
        words: Words,
        folder: Path,
        times: Sequence[int] = (0,),
    ) -> None:
        super().__init__(words)
        self._switchboard, self._key, self._titles, self._folder = switchboard, key, titles, folder
        self._times = list(dict.fromkeys(times))
        self._services: Sequence[Service] = ()
        self._history: list[str] = []
        self._filter = ""
        self._loading, self._calling = True, False
        self.chosen = 0

    def compose(self) -> ComposeResult:
        yield OneRow("call-head", self._head)
        yield OneRow("call-filter", self._filter_row)
        yield OneRow("call-when", self._when)
        yield ServiceList(self)
        yield Lines("call-about", lambda: [[Piece(self.words("call.about"), Ink.DIM)]])
        yield KeyBar(self.bar_label, self.works, CALL_ACTIONS)

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    def show(self) -> None:
        about = self.query_one("#call-about", Lines)
        about.styles.height = min(about.needed, ABOUT_ROWS) + 1
        about.display = self.app.size.height >= 14
        self.query_one(ServiceList).show_rows()
        super().show()

    @property
    def fitting(self) -> list[Service]:
        """The servers that fit what is typed."""
        wanted = self._filter.casefold().replace(":", " ").split()
        return [service for service in self._services if all(word in _searched(service) for word in wanted)]

    @property
    def emptiness(self) -> str:
        """Why the list is empty."""
        if _PLACE.fullmatch(self._filter):
            return self._filter
        return self.words("call.loading") if self._loading else self.words("call.none", what=self._filter)

    # --- what is shown ---

    def _head(self, width: int) -> Line:
        title = self._titles.get(self.words.language) or next(iter(self._titles.values()), "") or self._key
        return [Piece(cut(f" mailsim  {title}: {self.words('call.title')}", width), bold=True)]

    def _filter_row(self, _: int) -> Line:
        if self._filter:
            return [Piece(f" {self.words('call.filter')}", Ink.DIM), Piece(self._filter, bold=True), Piece("_")]
        return [Piece(f" {self.words('call.hint')}", Ink.DIM)]

    def _when(self, _: int) -> Line:
        at_us, words = self._times[0], self.words
        when = words("call.now", time=words.duration(at_us)) if at_us else words("call.start")
        return [Piece(f" {words('call.when')}", Ink.DIM), Piece(when, bold=True)]

    def works(self, action: Action) -> bool:
        match action.name:
            case "when":
                return len(self._times) > 1
            case "call":
                return bool(self.fitting) or bool(_PLACE.fullmatch(self._filter))
        return True

    # --- keys ---

    def on_key(self, event: events.Key) -> None:
        """What can be printed is typed into the filter."""
        if event.is_printable and event.character:
            event.stop()
            self._search((self._filter + event.character)[:80].lstrip())

    def action_rub(self) -> None:
        self._search(self._filter[:-1])

    def _search(self, text: str) -> None:
        self._filter, self.chosen, self.keys.message = text, 0, ""
        self.show()

    def do_choose_up(self) -> None:
        self.chosen = max(0, self.chosen - 1)

    def do_choose_down(self) -> None:
        self.chosen = min(self.chosen + 1, max(0, len(self.fitting) - 1))

    def press_row(self, row: int) -> None:
        """A click chooses; on the chosen one it connects."""
        if row == self.chosen:
            self.action_do("call")
        elif row < len(self.fitting):
            self.chosen = row
            self.show()

    def do_when(self) -> None:
        """Another time, if there are several."""
        self._times = [*self._times[1:], self._times[0]]

    def do_leave(self) -> None:
        if self._filter:
            self._search("")
        else:
            super().do_leave()

    def do_call(self) -> None:
        """Connect to the chosen server, or to the place that was typed."""
        if self._calling or self._loading:
            return
        fitting = self.fitting
        if not fitting and not _PLACE.fullmatch(self._filter):
            return
        self._calling = True
        service = fitting[self.chosen] if fitting else None
        host, _, port = self._filter.rpartition(":")
        self.tell("call.calling", host=service.host if service else host, port=service.port if service else port)
        self._connect(service, self._filter)

    # --- the engine works beside the screen ---

    @work(thread=True, exclusive=True, group="call")
    def _read(self) -> None:
        try:
            services = self._switchboard.services(self._key)
        except Unrunnable as failed:
            self.app.call_from_thread(self._failed, failed)
            return
        self.app.call_from_thread(self._have, services)

    def _have(self, services: Sequence[Service]) -> None:
        self._services, self._loading = services, False
        self.show()

    @work(thread=True, exclusive=True, group="call")
    def _connect(self, service: Service | None, where: str) -> None:
        try:
            found = service or self._switchboard.find(self._key, where)
            call = None if found is None else self._switchboard.call(self._key, found, self._times[0])
        except Unrunnable as failed:
            self.app.call_from_thread(self._failed, failed)
            return
        self.app.call_from_thread(self._connected, call, where)

    def _failed(self, failed: Unrunnable) -> None:
        """The file of the scenario has changed for the worse."""
        self._calling = self._loading = False
        first = failed.problems[0].message.get(self.words.language, "") if failed.problems else ""
        self.show()
        self.tell("call.failed", problem=first)

    def _connected(self, call: Call | None, where: str) -> None:
        self._calling = False
        if not self.is_current:
            return
        self.keys.message = ""
        if call is None:
            self.tell("call.none", what=where)
            return
        self.app.push_screen(HandScreen(call, self.words, self._history, self._folder), self._back)

    def _back(self, words: Words | None) -> None:
        self.words = words or self.words
        self.show()


def _searched(service: Service) -> str:
    return f"{service.host} {service.port} {PROTOCOLS[service.protocol]} {service.address}".casefold()
