"""Every screen as text, in two sizes and two languages: `MAILSIM_ACCEPT=1` accepts what it is now.

The run is the one written by hand, so only a change of the screens changes these files.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mailsim.cli.switchboard import Telephone
from mailsim.views.tui.app import StepperApp
from mailsim.views.tui.hand.screen import HandScreen
from mailsim.views.tui.hand.services import ServicesScreen
from mailsim.views.tui.memory import Memory, Place
from tests.views.tui.synthetic import failover
from tests.views.tui.test_picker import Books, picker, until

GOLDEN = Path(__file__).parent / "golden"
SCREENS: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("start", 0, ("l",)),
    ("map", 30, ("m",)),
    ("ladder", 40, ("l",)),
    ("wire", 17, ("w",)),
    ("mail", 45, ("e",)),
    ("dns", 27, ("d",)),
    ("queues", 49, ("u",)),
    ("mailboxes", 77, ("i",)),
    ("bytes", 12, ("h",)),
    ("code", 12, ("k",)),
    ("why", 36, ("l", "y")),
    ("why-not", 49, ("Y",)),
    ("card", 55, ("t", "down")),
    ("quiz", 54, ("x",)),
    ("story", 54, ("v", "v")),
    ("prompt", 54, ("colon",)),
    ("help", 54, ("question_mark",)),
)


@pytest.mark.parametrize("language", ["en", "cs"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_screens_look_as_they_did(size: tuple[int, int], language: str) -> None:
    pictures: list[str] = []
    app = StepperApp(failover(), language, motion=False, switchboard=Telephone(), key="first-mail")
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for name, position, keys in SCREENS:
            app.stepper.move_to(position)
            app._main.show_step()  # type: ignore[union-attr]
            await pilot.press(*keys)
            await _settle(pilot)
            pictures.append(f"=== {name}\n{_text(app)}")
            await pilot.press("escape", *("v" if name == "story" else ""))
            if name == "story":
                assert app.stepper.level.name == "DIALOGUE"
        pictures += [picture async for picture in _by_hand(app, pilot)]
    pictures.append(f"=== picker\n{await _picker(size, language)}")
    _compare(GOLDEN / f"{size[0]}x{size[1]}-{language}.txt", "\n".join(pictures) + "\n")


async def _by_hand(app: StepperApp, pilot: Pilot[None]) -> AsyncIterator[str]:
    """The list of servers of a real scenario, a conversation with one of them, and a card about what it says."""
    await pilot.press("H")
    await until(pilot, lambda: isinstance(app.screen, ServicesScreen) and not app.screen._loading)
    await pilot.press("f5", "down")
    await _settle(pilot)
    yield f"=== servers\n{_text(app)}"
    await pilot.press("up", "enter")
    await until(pilot, lambda: isinstance(app.screen, HandScreen))
    for key in ("tab", "enter", "M"):
        await pilot.press(key)
    await _settle(pilot)
    yield f"=== hand\n{_text(app)}"
    await pilot.press("f9", "f9", "f9")
    await _settle(pilot)
    yield f"=== hand-card\n{_text(app)}"


async def _picker(size: tuple[int, int], language: str) -> str:
    memory = Memory(places={"first-mail": Place(5, "story", 0.4, 20)}, lengths={"first-mail": 20, "mx-failover": 77})
    memory.lengths["/own/mine.yaml"] = 12
    app = StepperApp(None, language, motion=False, library=Books(), memory=memory)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: not picker(app)._loading)
        await pilot.press("end")
        await _settle(pilot)
        return _text(app)


async def _settle(pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.pause()


def _text(app: StepperApp) -> str:
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


def _compare(path: Path, now: str) -> None:
    if os.environ.get("MAILSIM_ACCEPT"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(now, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == now
