"""Terminals that can do little: sixteen colours, ASCII alone, no colour; and what is on the screen in each."""

from __future__ import annotations

import pytest
from rich.color import Color, ColorSystem
from textual.pilot import Pilot
from textual.scrollbar import ScrollBar, ScrollBarRender

from mailsim.views.tui.app import StepperApp
from mailsim.views.tui.board import Board
from mailsim.views.tui.inks import PALETTES, SIXTEEN, Ground, Ink, Palette, contrast, themes_of
from mailsim.views.tui.memory import Memory
from tests.views.tui.synthetic import failover
from tests.views.tui.test_picker import Books, picker, until


def rows(app: StepperApp) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]


FEW = [*((palette, ColorSystem.STANDARD) for palette in SIXTEEN), *((p, ColorSystem.EIGHT_BIT) for p in PALETTES)]


@pytest.mark.parametrize(("palette", "system"), FEW, ids=lambda value: getattr(value, "name", None))
def test_few_colours_are_legible_as_the_terminal_shows_them(palette: Palette, system: ColorSystem) -> None:
    """Rich picks the nearest of 16 or 256 colours, so the contrast is that of what it picks."""

    def shown(colour: str) -> str:
        return Color.parse(colour).downgrade(system).get_truecolor().hex

    for ground in Ground:
        for ink in Ink:
            needed = 3.0 if ink is Ink.LINE else 4.5
            found = contrast(shown(palette.foreground(ink, ground)), shown(palette.background(ground)))
            assert found >= needed, (ink, ground, found)


def test_every_family_has_the_same_three_themes() -> None:
    assert themes_of("mailsim-dark") == [palette.name for palette in PALETTES]
    assert themes_of("mailsim-light-16") == [palette.name for palette in SIXTEEN]
    assert [f"{palette.name}-16" for palette in PALETTES] == [palette.name for palette in SIXTEEN]


async def test_sixteen_colours_stay_sixteen_through_the_themes() -> None:
    app = StepperApp(failover(), colours=16)
    async with app.run_test(size=(120, 36)) as pilot:
        for _ in range(3):
            await pilot.press("n", "T")
            assert app.theme.endswith("-16")


@pytest.mark.parametrize(("language", "size"), [("en", (80, 24)), ("cs", (172, 46))])
async def test_ascii_is_ascii_everywhere(language: str, size: tuple[int, int]) -> None:
    app = StepperApp(failover(), language, ascii_only=True)
    try:
        async with app.run_test(size=size) as pilot:
            for key in (
                "n",
                "N",
                "e",
                "d",
                "N",
                "y",
                "escape",
                "t",
                "escape",
                "k",
                "x",
                "escape",
                "colon",
                "escape",
                "?",
            ):
                await pilot.press("question_mark" if key == "?" else key)
                await pilot.pause()
                _assert_ascii(rows(app), key)
    finally:
        ScrollBar.renderer = ScrollBarRender


async def test_the_picker_in_ascii() -> None:
    app = StepperApp(None, "cs", library=Books(), memory=Memory(), ascii_only=True)
    try:
        async with app.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: not picker(app)._loading)
            await pilot.press("end")
            await pilot.pause()
            _assert_ascii(rows(app), "picker")
    finally:
        ScrollBar.renderer = ScrollBarRender


def _assert_ascii(shown: list[str], where: str) -> None:
    for row in shown:
        assert row.isascii(), (where, row)


async def test_without_colour_the_meaning_is_in_signs_and_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = StepperApp(failover())
    async with app.run_test(size=(120, 36)) as pilot:
        app.stepper.go_to("queue.defer")
        await _next(pilot, app, "421")
        shown = "\n".join(rows(app))
        assert "~ try later" in shown
        assert "[S] mx1 ► mx2" in shown
        assert "[@]" in shown


async def _next(pilot: Pilot[None], app: StepperApp, text: str) -> None:
    found = app.stepper.find(text)
    assert found is not None
    app.stepper.move_to(found.position)
    assert isinstance(app.screen, Board)
    app.screen.show_step()
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 55)])
async def test_all_panes_show_the_same_event(size: tuple[int, int]) -> None:
    """Whatever selects a step, the NOW bar, ladder, wire and header agree about it."""
    app = StepperApp(failover())
    async with app.run_test(size=size) as pilot:
        await pilot.press("colon", *"40", "enter")
        await pilot.pause()
        assert any("step 40/77" in row for row in rows(app)[:1])
        assert "250 mail.skola.example" in "\n".join(rows(app)[1:4])
        assert any(row.lstrip("│ ").startswith("►  40") for row in rows(app))
        await pilot.press("w")
        await pilot.pause()
        assert any(" 40 S: 250-mail.skola.example" in row for row in rows(app))
