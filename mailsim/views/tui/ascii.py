"""Everything in ASCII, cell for cell, for terminals and fonts that have nothing else: lines, arrows, letters too."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

_SIGNS = {
    **dict.fromkeys("─━╌╍┄┅┈┉╴╶╸╺╼╾", "-"),
    "═": "=",
    **dict.fromkeys("│┃╎╏┆┇┊┋║╵╷╹╻╽╿", "|"),
    "►": ">",
    "◄": "<",
    "▲": "^",
    "▼": "v",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "●": "*",
    "…": "~",
    "§": "$",
    "–": "-",
    "—": "-",
    "“": '"',
    "”": '"',
    "„": '"',
    "’": "'",
    "‘": "'",
    "·": ".",
    "×": "x",
    "\u00a0": " ",
}
_FIRST_LINE, _LAST_LINE, _LAST_BLOCK = 0x2500, 0x257F, 0x259F


def in_ascii(row: Strip) -> Strip:
    """The row with the same cells and styles, in ASCII."""
    if all(segment.text.isascii() for segment in row):
        return row
    return Strip([Segment(plain(s.text), s.style, s.control) for s in row], row.cell_length)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Text in ASCII that takes as many cells; letters lose their accents, what nobody can write becomes `?`."""
    return text if text.isascii() else "".join(map(_plain, text))


@lru_cache(maxsize=1024)
def _plain(character: str) -> str:
    if character.isascii():
        return character
    if character in _SIGNS:
        return _SIGNS[character]
    code = ord(character)
    if _FIRST_LINE <= code <= _LAST_LINE:
        return "+"
    if code <= _LAST_BLOCK and code > _LAST_LINE:
        return " "
    base = unicodedata.normalize("NFKD", character)[:1]
    return base if base.isascii() and base else "?" * cell_len(character)
