"""Contrast of every pair of colours, computed; and no character that terminals quarrel about."""

from __future__ import annotations

import pytest
from rich.color import Color
from rich.segment import Segment

from mailsim.views.tui.app import StepperApp
from mailsim.views.tui.inks import PALETTES, Ground, Ink, Palette, contrast
from mailsim.views.tui.screen import MainScreen
from mailsim.views.tui.worn import THEMES
from tests.views.tui.synthetic import failover


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
def test_every_ink_is_legible_on_every_ground(palette: Palette) -> None:
    for ground in Ground:
        for ink in Ink:
            needed = 3.0 if ink is Ink.LINE else 4.5
            assert contrast(palette.foreground(ink, ground), palette.background(ground)) >= needed, (ink, ground)


def _is_line(text: str) -> bool:
    return all(0x2500 <= ord(c) <= 0x257F or 0x2580 <= ord(c) <= 0x259F or c == " " for c in text)


@pytest.mark.parametrize("theme", THEMES)
async def test_what_is_on_the_screen_is_legible_in_every_theme(theme: str) -> None:
    """Not the palette but the cells: also what Textual draws (borders, scroll bars, prompt)."""
    app = StepperApp(failover(), "cs", theme)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, MainScreen)
        for name in ("next", "next_stage", "next_stage", "next_stage", "mail", "bytes", "why", "escape", "find"):
            app.screen.action_do(name)
            await pilot.pause()
            segments = {segment for strip in app.screen._compositor.render_strips() for segment in strip}
            assert len(segments) > 40
            for segment in segments:
                _check(segment)


def _check(segment: Segment) -> None:
    style = segment.style
    if style is None or not segment.text.strip() or style.color is None or style.bgcolor is None:
        return
    needed = 3.0 if _is_line(segment.text) else 4.5
    found = contrast(_hex(style.color), _hex(style.bgcolor))
    assert found >= needed or style.color == style.bgcolor, (segment.text, found)


def _hex(colour: Color) -> str:
    return colour.get_truecolor().hex


def test_yellow_is_only_the_ground_of_now() -> None:
    for palette in PALETTES:
        others = [palette.background(ground) for ground in Ground if ground is not Ground.NOW]
        others += [palette.foreground(ink, Ground.PAGE) for ink in Ink]
        assert palette.now not in others
