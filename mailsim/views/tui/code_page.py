"""The script of the agent that acts: the line where it stands, and the lines that called that one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from mailsim.trace.code import Place
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece

AROUND = 9
"""So many lines above and below the current one are shown of the script that acts, a third of it of its callers."""


class Source(NamedTuple):
    """A file of the program: its lines, and by function name where it begins and ends (counted from 1)."""

    lines: tuple[str, ...]
    functions: dict[str, tuple[int, int]]


def code_page(stepper: Stepper, _: int) -> Sequence[Line]:
    """Where this step comes from, the innermost place first."""
    event, words, trace = stepper.event, stepper.words, stepper.score.trace
    places = () if event is None else trace.code.places(event, trace.events)
    if not places:
        return [[Piece(words("code.none" if trace.code.marks else "code.not-recorded"), Ink.DIM)]]
    assert event is not None
    lines: list[Line] = [[Piece(words("code.of", node=stepper.score.atlas.label(event.node)), Ink.DIM)]]
    for number, place in enumerate(reversed(places)):
        around = AROUND if number == 0 else AROUND // 3
        caller = "" if number == 0 else f"{words('code.called-by')} "
        lines += [[], [Piece(caller, Ink.DIM), Piece(f" {place.function} ", ground=Ground.CHIP, bold=True)]]
        lines[-1] = [*lines[-1], Piece(f" mailsim/{place.file}", Ink.DIM)]
        lines += _excerpt(place, around)
    return lines


def _excerpt(place: Place, around: int) -> Iterator[Line]:
    """The lines of the function around the current one, which is marked."""
    source = source_of(place.file)
    first, last = source.functions.get(place.function, (1, len(source.lines)))
    for number in range(max(first, place.line - around), min(last, place.line + around) + 1):
        now = number == place.line
        mark, ground = ("►", Ground.CURSOR) if now else (" ", None)
        text = source.lines[number - 1] if number <= len(source.lines) else ""
        yield [
            Piece(f"{mark}{number:>4} ", Ink.CHOSEN if now else Ink.DIM, ground),
            Piece(text, Ink.TEXT, ground, bold=now),
        ]


@cache
def source_of(file: str) -> Source:
    """A file of the package; nothing when it is not there, as in a program without its source."""
    try:
        text = files("mailsim").joinpath(file).read_text(encoding="utf-8")
        return Source(tuple(text.splitlines()), dict(_functions(ast.parse(text), "")))
    except (OSError, ValueError, SyntaxError):
        return Source((), {})


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Every function with its qualified name, as the interpreter calls it."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield prefix + child.name, (child.lineno, child.end_lineno or child.lineno)
                yield from _functions(child, f"{prefix}{child.name}.<locals>.")
            case ast.ClassDef():
                yield from _functions(child, f"{prefix}{child.name}.")
