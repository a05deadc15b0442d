"""Lines of text for any stream: wrapped to the width, nothing cut, and styled only where a terminal shows it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

MIN_WIDTH = 40
GLUE = "\ue000"
"""A blank at which no line is broken: `RFC 5321` stays together."""
STYLES = {
    "": "",
    "title": "bold",
    "heading": "bold underline",
    "note": "italic",
    "dim": "dim",
    "data": "cyan",
    "ok": "",
    "more": "",
    "later": "yellow",
    "failed": "bold red",
}
"""What a line is, and how a terminal shows that; the words alone say everything too."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of output, and what it is (a key of `STYLES`)."""

    text: str
    style: str = ""


def wrapped(first: str, text: str, width: int, style: str = "", indent: int | None = None) -> Iterator[Line]:
    """`text` behind `first`, continued below itself (or below column `indent`) on as many lines as it needs."""
    hang = " " * min(len(first) if indent is None else indent, max(0, width - 20))
    width = max(width, MIN_WIDTH)
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=hang,
        break_long_words=True,
        break_on_hyphens=False,
        replace_whitespace=False,
        drop_whitespace=True,
    )
    for line in lines or [first.rstrip()]:
        yield Line(line.rstrip().replace(GLUE, " "), style)


def paragraphs(text: str, width: int, style: str = "", indent: str = "") -> Iterator[Line]:
    """Prose: its own line ends are only blanks, an empty line begins a new paragraph."""
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        if number:
            yield Line("")
        yield from wrapped(indent, " ".join(paragraph.split()), width, style)


def table(rows: list[list[str]], width: int, indent: str = "  ") -> Iterator[Line]:
    """Columns as wide as they need; the last one wraps. The first row is the head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    fixed = len(indent) + sum(widths) + 2 * len(widths)
    if fixed + 16 > width:
        yield from _as_list(rows, width, indent)
        return
    for number, row in enumerate(rows):
        first = indent + "".join(f"{cell:<{size}}  " for cell, size in zip(row, widths, strict=False))
        yield from wrapped(first, row[-1], width, "dim" if number == 0 else "")


def _as_list(rows: list[list[str]], width: int, indent: str) -> Iterator[Line]:
    """The table for narrow screens: each cell behind the name of its column."""
    head = rows[0]
    for row in rows[1:]:
        cells = [f"{name}: {cell}" for name, cell in zip(head[1:], row[1:], strict=True) if cell]
        yield from wrapped(indent, f"{row[0]} ({'; '.join(cells)})", width, indent=len(indent) + 2)


def write(lines: Iterable[Line], console: Console) -> None:
    """Print the lines as they come; without colour unless the console is a terminal that wants it."""
    from rich.text import Text

    for line in lines:
        console.print(Text(line.text, STYLES[line.style]), soft_wrap=True)
