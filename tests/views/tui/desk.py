"""Somebody who types to servers of a real world, for tests: with nothing around, or out of the stepper."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from mailsim.cli.switchboard import Telephone
from mailsim.lessons.ui import Words
from mailsim.views.tui.app import StepperApp
from mailsim.views.tui.chrome import KeyBar
from mailsim.views.tui.hand.screen import HandScreen
from mailsim.views.tui.hand.services import ServicesScreen
from mailsim.views.tui.worn import Worn
from tests.views.tui.synthetic import failover
from tests.views.tui.test_picker import text, until

Play = Callable[[Pilot[None], StepperApp], Awaitable[None]]
PHONE = Telephone()


class Desk(Worn):
    """An application that has nothing but a call."""

    CSS_PATH = Path(inspect.getfile(Worn)).with_name("screen.tcss")

    def __init__(self, where: str, language: str, folder: Path, ascii_only: bool) -> None:
        super().__init__()
        self.wear("dark", ascii_only, 0)
        service = PHONE.find("first-mail", where)
        assert service is not None
        self.history: list[str] = []
        call = PHONE.call("first-mail", service, 0)
        self.hand = HandScreen(call, Words(language), self.history, folder)

    def get_default_screen(self) -> HandScreen:
        return self.hand


async def talk(
    steps: Callable[[Pilot[None], Desk], Awaitable[None]],
    where: str = "mail:25",
    size: tuple[int, int] = (80, 24),
    language: str = "en",
    folder: Path = Path(),
    ascii_only: bool = False,
) -> None:
    """Call a server and type to it."""
    app = Desk(where, language, folder, ascii_only)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: " S: " in text(app))
        await pilot.pause()
        await steps(pilot, app)


async def visit(
    steps: Play,
    where: str = "",
    size: tuple[int, int] = (80, 24),
    language: str = "en",
    ascii_only: bool = False,
) -> None:
    """Open the steps of a run, and from there the list of servers; `where` is typed and called, unless it is ""."""
    app = StepperApp(failover(), language, motion=False, switchboard=PHONE, key="first-mail", ascii_only=ascii_only)
    async with app.run_test(size=size) as pilot:
        await pilot.press("n", "n", "H")
        await until(pilot, lambda: isinstance(app.screen, ServicesScreen) and not app.screen._loading)
        if where:
            await pilot.press(*where, "enter")
            await until(pilot, lambda: isinstance(app.screen, HandScreen))
        await pilot.pause()
        await steps(pilot, app)


def hand(app: Worn) -> HandScreen:
    assert isinstance(app.screen, HandScreen)
    return app.screen


def services(app: StepperApp) -> ServicesScreen:
    assert isinstance(app.screen, ServicesScreen)
    return app.screen


def message(app: Worn) -> str:
    return app.screen.query_one(KeyBar).message


async def type_lines(pilot: Pilot[None], app: Worn, *lines: str) -> None:
    for line in lines:
        hand(app).line.replace_text(line)
        await pilot.press("enter")
    await pilot.pause()
