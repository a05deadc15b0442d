"""Inks and grounds: what a colour means, and the three palettes that say which colour that is.

Widgets paint with an *ink* (what the text is: a command, a reply, ...) on a *ground* (where it stands: the
page, a bar, the cursor row, ...). Only a palette knows colours. All are of the Okabe-Ito family, which
people with any colour vision can tell apart, made lighter on dark ground and darker on light ground
until the contrast is at least 4.5 for text and 3 for lines (WCAG 2.2, success criteria 1.4.3 and 1.4.11).
Yellow means "now" and nothing else: it is only the ground of `NOW`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from rich.style import Style


class Ink(StrEnum):
    """What a piece of text or a line is."""

    TEXT = "text"
    DIM = "dim"
    HEADING = "heading"
    COMMAND = "command"
    REPLY = "reply"
    DATA = "data"
    LATER = "later"
    FAILED = "failed"
    LINE = "line"
    CHOSEN = "chosen"


class Ground(StrEnum):
    """What it stands on."""

    PAGE = "page"
    BAR = "bar"
    CURSOR = "cursor"
    CHIP = "chip"
    NOW = "now"


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """The colours of one theme: a ground has one background, an ink one foreground on all grounds but chip and now."""

    name: str
    dark: bool
    page: str
    bar: str
    cursor: str
    chip: str
    on_chip: str
    now: str
    on_now: str
    text: str
    dim: str
    heading: str
    command: str
    reply: str
    data: str
    later: str
    failed: str
    line: str

    def background(self, ground: Ground) -> str:
        """The colour of a ground."""
        return str(getattr(self, ground.value))

    def foreground(self, ink: Ink, ground: Ground) -> str:
        """The colour of an ink on a ground."""
        match ground:
            case Ground.NOW:
                return self.on_now
            case Ground.CHIP:
                return self.on_chip
        return self.text if ink is Ink.CHOSEN else str(getattr(self, ink.value))

    def style(self, ink: Ink = Ink.TEXT, ground: Ground = Ground.PAGE, bold: bool = False, line: bool = False) -> Style:
        """The style for text; `line` underlines it."""
        return _style(self, ink, ground, bold, line)


@lru_cache(maxsize=1024)
def _style(palette: Palette, ink: Ink, ground: Ground, bold: bool, line: bool) -> Style:
    return Style(
        color=palette.foreground(ink, ground),
        bgcolor=palette.background(ground),
        bold=bold or ink is Ink.CHOSEN,
        underline=line,
    )


DARK = Palette(
    name="mailsim-dark",
    dark=True,
    page="#1a1d21",
    bar="#262a30",
    cursor="#2c3238",
    chip="#ccd3da",
    on_chip="#0d1117",
    now="#f0e442",
    on_now="#000000",
    text="#eef1f5",
    dim="#97a1ad",
    heading="#56b4e9",
    command="#56b4e9",
    reply="#33c795",
    data="#d992b9",
    later="#e69f00",
    failed="#ff8a4c",
    line="#77828f",
)
LIGHT = Palette(
    name="mailsim-light",
    dark=False,
    page="#f8f9fb",
    bar="#e3e6ea",
    cursor="#e3e6ea",
    chip="#30363d",
    on_chip="#ffffff",
    now="#ffd23f",
    on_now="#000000",
    text="#14181d",
    dim="#545c66",
    heading="#00558f",
    command="#00558f",
    reply="#006146",
    data="#8b2f6c",
    later="#784a00",
    failed="#932d00",
    line="#6a737d",
)
CONTRAST = Palette(
    name="mailsim-contrast",
    dark=True,
    page="#000000",
    bar="#000000",
    cursor="#26262b",
    chip="#ffffff",
    on_chip="#000000",
    now="#ffff00",
    on_now="#000000",
    text="#ffffff",
    dim="#d4d4d4",
    heading="#7fd0ff",
    command="#7fd0ff",
    reply="#4dffc3",
    data="#ffb3dd",
    later="#ffb733",
    failed="#ff9d6b",
    line="#ffffff",
)
PALETTES: tuple[Palette, ...] = (DARK, LIGHT, CONTRAST)


def palette_named(name: str) -> Palette:
    """The palette of a theme; the dark one for a name that is none of ours."""
    return next((palette for palette in (*PALETTES, *SIXTEEN) if palette.name == name), DARK)


def themes_of(name: str) -> list[str]:
    """The names of the themes that the terminal can show which shows this one."""
    family = SIXTEEN if name.endswith("-16") else PALETTES
    return [palette.name for palette in family]


DARK_16 = replace(
    DARK,
    name="mailsim-dark-16",
    page="#000000",
    bar="#0000aa",
    cursor="#0000aa",
    chip="#aaaaaa",
    on_chip="#000000",
    now="#ffff55",
    on_now="#000000",
    text="#ffffff",
    dim="#aaaaaa",
    heading="#55ffff",
    command="#55ffff",
    reply="#55ff55",
    data="#ff55ff",
    later="#aaaaaa",
    failed="#ffffff",
    line="#aaaaaa",
)
LIGHT_16 = replace(
    LIGHT,
    name="mailsim-light-16",
    page="#ffffff",
    bar="#aaaaaa",
    cursor="#aaaaaa",
    chip="#0000aa",
    on_chip="#ffffff",
    now="#ffff55",
    on_now="#000000",
    text="#000000",
    dim="#000000",
    heading="#0000aa",
    command="#0000aa",
    reply="#000000",
    data="#0000aa",
    later="#000000",
    failed="#000000",
    line="#000000",
)
CONTRAST_16 = replace(
    CONTRAST,
    name="mailsim-contrast-16",
    page="#000000",
    bar="#000000",
    cursor="#0000aa",
    chip="#ffffff",
    on_chip="#000000",
    now="#ffff55",
    on_now="#000000",
    text="#ffffff",
    dim="#ffffff",
    heading="#55ffff",
    command="#55ffff",
    reply="#55ff55",
    data="#ffffff",
    later="#ffffff",
    failed="#ffffff",
    line="#ffffff",
)
SIXTEEN: tuple[Palette, ...] = (DARK_16, LIGHT_16, CONTRAST_16)
"""The same for terminals of sixteen colours: only colours that each of them has, and no shade between.

What colour cannot say there, shape and words say: dashed and double lines, the sign of a reply.
"""


def contrast(foreground: str, background: str) -> float:
    """The contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(foreground), _luminance(background)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, "relative luminance")."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
