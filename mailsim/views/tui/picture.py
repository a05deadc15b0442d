"""The screen as a PNG: its cells drawn one by one, with a font that comes with matplotlib. No network, no browser.

A terminal is a grid, so this draws a grid: every character stands in its cell, whatever its glyph is wide.
Lines and frames are drawn as strokes through the middle of the cell, because glyphs of fonts leave gaps.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment

from mailsim.lessons.ui import Words
from mailsim.views.tui import box
from mailsim.views.tui.box import LIGHT, arms_of

if TYPE_CHECKING:
    from PIL import ImageDraw
    from PIL.ImageFont import FreeTypeFont

CELL_WIDTH, CELL_HEIGHT, FONT_SIZE = 12, 25, 20
_DEFAULT_INK, _DEFAULT_PAGE = "#eef1f5", "#161c24"


class PictureError(Exception):
    """There is nothing to draw with; the message is for the reader."""


def to_png(rows: Iterable[Iterable[Segment]], words: Words) -> bytes:
    """Rows of styled text as a PNG. Raises: PictureError when the drawing library is not installed."""
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise PictureError(words("save.no-png")) from None
    strips = [list(row) for row in rows]
    columns = max((sum(cell_len(segment.text) for segment in row) for row in strips), default=1)
    image = Image.new("RGB", (max(1, columns) * CELL_WIDTH, max(1, len(strips)) * CELL_HEIGHT), _DEFAULT_PAGE)
    draw = ImageDraw.Draw(image)
    for y, row in enumerate(strips):
        x = 0
        for segment in row:
            x = _draw_segment(draw, segment, x, y)
    stream = BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _draw_segment(draw: ImageDraw.ImageDraw, segment: Segment, x: int, y: int) -> int:
    style = segment.style
    ink, page, bold, line = _DEFAULT_INK, _DEFAULT_PAGE, False, False
    if style is not None:
        ink = style.color.get_truecolor().hex if style.color else ink
        page = style.bgcolor.get_truecolor().hex if style.bgcolor else page
        ink, page = (page, ink) if style.reverse else (ink, page)
        bold, line = bool(style.bold), bool(style.underline)
    top = y * CELL_HEIGHT
    for character in segment.text:
        left, width = x * CELL_WIDTH, max(1, cell_len(character)) * CELL_WIDTH
        draw.rectangle((left, top, left + width - 1, top + CELL_HEIGHT - 1), fill=page)
        _draw_character(draw, character, left, top, ink, bold)
        if line and character != " ":
            draw.line((left, top + CELL_HEIGHT - 3, left + width - 1, top + CELL_HEIGHT - 3), fill=ink)
        x += width // CELL_WIDTH
    return x


def _draw_character(draw: ImageDraw.ImageDraw, character: str, left: int, top: int, ink: str, bold: bool) -> None:
    arms = arms_of(character)
    if arms is not None:
        for side, weight in enumerate(arms):
            if weight:
                draw.rectangle(_stroke(side, left, top, 1 if weight == LIGHT else 2), fill=ink)
    elif character not in (" ", "\u00a0"):
        draw.text((left, top + 1), character, fill=ink, font=_font(bold))


def _stroke(side: int, left: int, top: int, half: int) -> tuple[int, int, int, int]:
    """The rectangle of an arm: from the middle of a cell to its edge."""
    x, y = left + CELL_WIDTH // 2, top + CELL_HEIGHT // 2
    match side:
        case box.UP:
            return x - half, top, x + half - 1, y + half - 1
        case box.DOWN:
            return x - half, y - half, x + half - 1, top + CELL_HEIGHT - 1
        case box.LEFT:
            return left, y - half, x + half - 1, y + half - 1
    return x - half, y - half, left + CELL_WIDTH - 1, y + half - 1


@cache
def _font(bold: bool) -> FreeTypeFont:
    """DejaVu Sans Mono, from the folder of matplotlib, which need not be loaded for that."""
    from PIL import ImageFont

    found = find_spec("matplotlib")
    name = "DejaVuSansMono-Bold.ttf" if bold else "DejaVuSansMono.ttf"
    folder = Path(found.origin).parent if found is not None and found.origin else Path()
    return ImageFont.truetype(str(folder / "mpl-data" / "fonts" / "ttf" / name), FONT_SIZE)
