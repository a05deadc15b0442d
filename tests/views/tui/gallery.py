"""Every screen as a picture, to be looked at: `python -m tests.views.tui.gallery FOLDER [scenario ...]`.

Three looks (a projector in dark, a laptop in light and Czech, a big screen in high contrast), each with a sheet of
all its pictures. With scenarios: each pane of these at three places of the run.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from textual.app import App
from textual.pilot import Pilot

from mailsim.cli import watching
from mailsim.cli.shelf import Shelf
from mailsim.cli.switchboard import Telephone
from mailsim.trace.levels import Level
from mailsim.trace.trace import Trace
from mailsim.views.tui.app import StepperApp
from mailsim.views.tui.memory import Memory, Place
from mailsim.views.tui.picture import to_png
from mailsim.views.tui.score import Score
from mailsim.views.tui.side_by_side import CompareApp
from mailsim.views.tui.stepper import Stepper

BROKEN = "id: broken\ntitle: Broken\ndomains:\n  skola.example: {users: [alena], colour: red}\n"
PANES = ("m", "l", "w", "e", "d", "u", "i", "h", "k")


@dataclass(frozen=True, slots=True)
class Look:
    """A terminal and what its reader has chosen."""

    width: int
    height: int
    language: str
    theme: str

    def __str__(self) -> str:
        return f"{self.width}x{self.height}-{self.language}-{self.theme}"


LOOKS = (
    Look(80, 24, "en", "dark"),
    Look(80, 24, "cs", "contrast"),
    Look(120, 36, "cs", "light"),
    Look(120, 36, "en", "dark"),
    Look(170, 45, "en", "contrast"),
)


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: where in which run (a part of it, or a kind of event), and what is pressed there."""

    name: str
    keys: tuple[str, ...] = ()
    place: float | str = 0.5
    scenario: str = "mx-failover"


def shots() -> Iterator[Shot]:
    """All screens of the stepper."""
    yield Shot("start", place=0.0)
    for key in PANES:
        yield Shot(f"pane-{key}", (key,))
        yield Shot(f"end-{key}", (key,), 1.0, "cross-domain")
    yield Shot("zoomed-map", ("m", "z"))
    yield Shot("zoomed-wire", ("w", "z"), 0.7, "imap-two-clients")
    yield Shot("dns-asked", ("d",), "dns.answer", "cross-domain")
    yield Shot("tls-bytes", ("h",), "smtp.cmd", "cross-domain")
    yield Shot("mail-moves", ("e",), "smtp.data", "cross-domain")
    yield Shot("why", ("l", "y"), "route.failover")
    yield Shot("why-not", ("l", "Y"), "route.failover")
    yield Shot("card", ("l", "t"), "smtp.cmd")
    yield Shot("cards-further", ("l", "t", "down", "down"), "smtp.reply", "cross-domain")
    yield Shot("quiz", ("l", "x"), "smtp.cmd")
    yield Shot("story", ("l", "v", "v"))
    yield Shot("packet", ("l", "v"), 0.5, "cross-domain")
    yield Shot("first-mail", ("l",), 0.6, "first-mail")
    yield Shot("help", ("question_mark",))
    yield Shot("find", ("slash", *"mx2"))
    yield Shot("goto", ("colon",))
    yield Shot("save", ("s",))
    yield Shot("palette", ("ctrl+p",))
    yield Shot("future", ("l", "f"))
    yield Shot("hand", ("H",), 0.5, "first-mail")
    yield Shot("hand-typed", ("H", "enter", *"EHLO pc", "enter", *"MAIL", "enter"), 0.5, "first-mail")


def trace_of(name: str, known: dict[str, Trace] = {}) -> Trace:  # noqa: B006 (each run is made once)
    """The run of a scenario, with the lines of code that its agents were at."""
    if name not in known:
        known[name] = watching.trace_of(name, None, code=True)
    return known[name]


async def shoot(folder: Path, look: Look, wanted: Sequence[Shot]) -> list[Path]:
    """Take pictures of the stepper."""
    made = []
    for shot in wanted:
        trace, phone = trace_of(shot.scenario), Telephone()
        app = StepperApp(trace, look.language, look.theme, None, False, folder, key=shot.scenario, switchboard=phone)
        async with app.run_test(size=(look.width, look.height)) as pilot:
            await settle(pilot)
            stepper = app.stepper
            if isinstance(shot.place, str):
                stepper.move_to(stepper.last // 3)
                stepper.go_to(shot.place)
            else:
                stepper.move_to(round(shot.place * stepper.last))
            await pilot.press("l", *shot.keys)
            await settle(pilot)
            made.append(save(app, folder / f"{look}-{shot.name}.png"))
    return made


async def shoot_others(folder: Path, look: Look) -> list[Path]:
    """The list of scenarios with a broken file of one's own, and two runs beside each other."""
    made = []
    with tempfile.TemporaryDirectory() as own:
        Path(own, "broken.yaml").write_text(BROKEN, encoding="utf-8")
        memory = Memory(places={"first-mail": Place(5, "story", 0.4, 20)}, lengths={"mx-failover": 240})
        app = StepperApp(None, look.language, look.theme, motion=False, library=Shelf(Path(own)), memory=memory)
        async with app.run_test(size=(look.width, look.height)) as pilot:
            picker = app.picker
            while picker is None or picker._loading:
                await pilot.pause(0.02)
            for name, keys in (("picker", ("down",)), ("picker-broken", ("end",)), ("picker-filter", tuple("mx"))):
                await pilot.press(*keys)
                await pilot.pause(1)  # what the cursor rests on is read
                made.append(save(app, folder / f"{look}-{name}.png"))
    runs = (trace_of("mx-failover"), trace_of("mx-failover@b"))
    one, other = (Stepper(Score(run), look.language, Level.DIALOGUE) for run in runs)
    compare = CompareApp(one, other, look.theme)
    async with compare.run_test(size=(look.width, look.height)) as pilot:
        await settle(pilot)
        await pilot.press("N")
        await settle(pilot)
        made.append(save(compare, folder / f"{look}-compare.png"))
    return made


async def settle(pilot: Pilot[object]) -> None:
    """Wait until nothing moves."""
    for _ in range(3):
        await pilot.pause()


def save(app: App[object], path: Path) -> Path:
    """The screen as it is now."""
    from mailsim.lessons.ui import Words

    path.write_bytes(to_png(app.screen._compositor.render_strips(), Words("en")))
    return path


def sheet(pictures: Sequence[Path], path: Path, columns: int = 3) -> None:
    """All pictures on one."""
    images = [Image.open(picture) for picture in pictures]
    width, height = images[0].width + 12, images[0].height + 12
    whole = Image.new("RGB", (columns * width, math.ceil(len(images) / columns) * height), "#808080")
    for number, image in enumerate(images):
        whole.paste(image, (number % columns * width + 6, number // columns * height + 6))
    whole.save(path)


def main() -> None:
    """Take them all, or those of some scenarios."""
    parser = argparse.ArgumentParser(prog="python -m tests.views.tui.gallery", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("scenarios", nargs="*", help="instead of all screens: the panes of these, at three places")
    options = parser.parse_args()
    folder, names = options.folder, options.scenarios
    folder.mkdir(parents=True, exist_ok=True)
    if names:
        places = (0.3, 0.7, 1.0)
        wanted = [Shot(f"{name}-{key}-{at}", (key,), at, name) for name in names for key in PANES for at in places]
        sheet(asyncio.run(shoot(folder, LOOKS[3], wanted)), folder / "scenarios.png")
        return
    for look in LOOKS:
        pictures = asyncio.run(shoot_others(folder, look)) + asyncio.run(shoot(folder, look, list(shots())))
        sheet(pictures, folder / f"sheet-{look}.png")
        print(folder / f"sheet-{look}.png", flush=True)


if __name__ == "__main__":
    main()
