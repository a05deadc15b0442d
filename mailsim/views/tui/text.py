"""Lines of styled text: pieces with an ink, wrapped at words, cut with a visible sign, turned into strips."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from mailsim.views.tui.inks import Ground, Ink, Palette

ELLIPSIS = "…"
_BEGINNING = re.compile(r" *(?:[►+-] *(?=[^ ]))?(?<![►+-])")


class Piece(NamedTuple):
    """Some text of one look."""

    text: str
    ink: Ink = Ink.TEXT
    ground: Ground | None = None
    bold: bool = False
    underlined: bool = False


Line: TypeAlias = Sequence[Piece]


def width_of(line: Line) -> int:
    """How many cells the line takes."""
    return sum(cell_len(piece.text) for piece in line)


def strip(line: Line, palette: Palette, width: int, ground: Ground = Ground.PAGE) -> Strip:
    """The line as a strip of exactly that width; `ground` is for pieces that have none of their own."""
    segments = _merged(line, palette, ground)
    made = Strip(segments)
    if made.cell_length < width:
        segments.append(Segment(" " * (width - made.cell_length), palette.style(Ink.TEXT, ground)))
        return Strip(segments, width)
    return made.crop(0, width)


def _merged(line: Line, palette: Palette, ground: Ground) -> list[Segment]:
    """Neighbours that look alike become one segment, and spaces take the look of what is beside them.

    A terminal is told the look of each segment, which is longer than most of their texts.
    """
    segments: list[Segment] = []
    before: tuple[Ground, bool] | None = None
    for piece in line:
        if not piece.text:
            continue
        here = piece.ground or ground, piece.underlined
        style = palette.style(piece.ink, here[0], piece.bold, piece.underlined)
        if here == before and not piece.underlined:
            text, known, _ = segments[-1]
            if known is style or piece.text.isspace():
                segments[-1] = Segment(text + piece.text, known)
                continue
            if text.isspace():
                segments[-1] = Segment(text + piece.text, style)
                continue
        segments.append(Segment(piece.text, style))
        before = here
    return segments


def cut(text: str, width: int) -> str:
    """The text in at most `width` cells, with an ellipsis where something is missing."""
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    kept = ""
    used = 0
    for character in text:
        used += cell_len(character)
        if used > width - 1:
            break
        kept += character
    return kept + ELLIPSIS


def wrap(line: Line, width: int, indent: int = 0) -> tuple[Line, ...]:
    """The line as lines of at most `width` cells, broken at spaces; further ones are indented."""
    return _wrapped(tuple(line), width, indent)


@lru_cache(maxsize=8192)
def _wrapped(line: tuple[Piece, ...], width: int, indent: int) -> tuple[Line, ...]:
    """From step to step most lines of a page stay the same."""
    if width < 1:
        return (line,)
    lines: list[list[Piece]] = [[]]
    used = 0
    for word in _words(line):
        size = cell_len(word.text.rstrip())
        if used + size > width and used > (indent if len(lines) > 1 else 0):
            lines.append([Piece(" " * indent)] if indent else [])
            used = indent
            word = word._replace(text=word.text.lstrip(" "))
        for part in _chopped(word, width - indent, width - used):
            if used and used + cell_len(part.text.rstrip()) > width:
                lines.append([Piece(" " * indent)] if indent else [])
                used = indent
            lines[-1].append(part)
            used += cell_len(part.text)
    return tuple(tuple(wrapped) for wrapped in lines)


def wrap_all(lines: Iterable[Line], width: int) -> list[Line]:
    """Several lines, each wrapped."""
    return [wrapped for line in lines for wrapped in wrap(line, width)]


def hung(lines: Iterable[Line], width: int) -> list[Line]:
    """Several lines, each wrapped; what is continued hangs two cells deeper than an indented line began."""
    return [wrapped for line in lines for wrapped in wrap(line, width, _indent(line))]


def _indent(line: Line) -> int:
    """Two cells more than the spaces, and perhaps a mark, that the line begins with."""
    begins = _BEGINNING.match(line[0].text if line else "")
    return begins.end() + 2 if begins and begins.end() else 0


def _words(line: Line) -> Iterable[Piece]:
    """The pieces, cut behind each run of spaces."""
    for piece in line:
        rest = piece.text
        while rest:
            end = rest.find(" ", len(rest) - len(rest.lstrip(" ")))
            end = len(rest) if end < 0 else end
            while end < len(rest) and rest[end] == " ":
                end += 1
            yield piece._replace(text=rest[:end])
            rest = rest[end:]


def _chopped(word: Piece, width: int, first: int) -> Iterable[Piece]:
    """A word that is longer than a whole line, in parts; the first part fills the rest of its line."""
    rest = word.text
    room = first if cell_len(rest.rstrip()) > width else max(width, cell_len(rest))
    while rest:
        part = rest[: max(1, room)]
        while cell_len(part) > max(1, room) and len(part) > 1:
            part = part[:-1]
        yield word._replace(text=part)
        rest = rest[len(part) :]
        room = width


def chopped(text: str, width: int) -> list[str]:
    """The text in parts of at most `width` cells: bytes of a protocol break anywhere, not at spaces."""
    if text.isascii():
        return [text[i : i + width] for i in range(0, len(text), width)] or [""]
    parts, used = [""], 0
    for character in text:
        size = cell_len(character)
        if used + size > width and parts[-1]:
            parts.append("")
            used = 0
        parts[-1] += character
        used += size
    return parts


def by_words(text: str, width: int) -> list[str]:
    """The text in parts of at most `width` cells, broken at spaces: what people wrote."""
    if cell_len(text) <= width:
        return [text]
    return ["".join(piece.text for piece in line) for line in wrap([Piece(text)], width)]
