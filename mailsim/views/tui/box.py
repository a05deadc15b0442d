"""Box-drawing characters by what their four arms are, so that lines that meet join by themselves.

A cell of a drawing has an arm to each side, and an arm is absent, light or heavy: 3 ** 4 cells, and
Unicode has a character for every one of them (U+2500 to U+257F). The table is read from the names of
the characters: `BOX DRAWINGS DOWN HEAVY AND RIGHT LIGHT` says all there is to know.
"""

from __future__ import annotations

import unicodedata
from typing import TypeAlias

ABSENT, LIGHT, HEAVY = 0, 1, 2
UP, RIGHT, DOWN, LEFT = 0, 1, 2, 3
STEPS = ((0, -1), (1, 0), (0, 1), (-1, 0))
"""(dx, dy) of a step up, right, down and left."""
Arms: TypeAlias = tuple[int, int, int, int]

_SIDES: dict[str, tuple[int, ...]] = {"UP": (UP,), "RIGHT": (RIGHT,), "DOWN": (DOWN,), "LEFT": (LEFT,)}
_SIDES |= {"VERTICAL": (UP, DOWN), "HORIZONTAL": (LEFT, RIGHT)}
_WEIGHTS = {"LIGHT": LIGHT, "HEAVY": HEAVY}
_ROUND = {"┌": "╭", "┐": "╮", "└": "╰", "┘": "╯"}
_ARROWS = "▲►▼◄"


def glyph(arms: Arms) -> str:
    """The character with these arms; a light corner is round."""
    sharp = _TABLE.get(arms, " ")
    return _ROUND.get(sharp, sharp)


def arrow(side: int) -> str:
    """The head of an arrow that points to a side."""
    return _ARROWS[side]


def arms_of(character: str) -> Arms | None:
    """The arms of a character of lines, round corners too; None for any other."""
    return _BY_CHARACTER.get(character)


def opposite(side: int) -> int:
    """The side across."""
    return (side + 2) % 4


def _arms(name: str) -> Arms | None:
    """The arms that a character's name tells; None for dashes, doubles, arcs and diagonals."""
    words = name.removeprefix("BOX DRAWINGS ").replace(" AND ", " ").split()
    if not all(word in _SIDES or word in _WEIGHTS for word in words):
        return None
    arms = [ABSENT] * 4
    weight = _WEIGHTS.get(words[0])
    pending: list[int] = []
    for word in words:
        if word in _SIDES:
            pending += _SIDES[word]
        if word in _WEIGHTS:
            weight = _WEIGHTS[word]
        if weight is None:
            continue
        for side in pending:
            arms[side] = weight
        pending = []
        if words[0] in _SIDES:
            weight = None  # "DOWN HEAVY AND RIGHT LIGHT": each weight is for the sides before it
    return arms[0], arms[1], arms[2], arms[3]


def _table() -> dict[Arms, str]:
    named = ((chr(code), _arms(unicodedata.name(chr(code)))) for code in range(0x2500, 0x2580))
    return {arms: character for character, arms in named if arms is not None}


_TABLE = _table()
_BY_CHARACTER = {character: arms for arms, character in _TABLE.items()}
_BY_CHARACTER |= {_ROUND[sharp]: arms for sharp, arms in list(_BY_CHARACTER.items()) if sharp in _ROUND}
