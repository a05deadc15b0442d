"""On which row each step begins, when steps take several rows and nobody wants to measure 100,000 of them.

Steps lie in chunks. A chunk has a cheap guess of its rows until somebody looks at it; then its steps are
measured. Small traces are measured at once, so there a row number never changes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

CHUNK = 512
SMALL = 4096
"""Up to so many steps are measured at once."""


class RowIndex:
    """Rows of the steps 1 to `len(guesses)`.

    Args:
        guesses: about how many rows each step has. measure: how many rows the step at a position has.
    """

    def __init__(self, guesses: Sequence[int], measure: Callable[[int], int]) -> None:
        self._count, self._measure = len(guesses), measure
        self._totals = [sum(guesses[i : i + CHUNK]) for i in range(0, self._count, CHUNK)]
        self._ends: dict[int, list[int]] = {}
        self._starts: list[int] = []
        for chunk in range(len(self._totals) if self._count <= SMALL else 0):
            self._settle(chunk)
        self._add_up()

    @property
    def total(self) -> int:
        """The number of rows, as far as known."""
        return self._starts[-1] + self._totals[-1] if self._totals else 0

    def look_at(self, first: int, last: int) -> None:
        """Measure the steps of these positions and those around them."""
        new = [c for c in range(self._chunk(first), self._chunk(last) + 1) if c not in self._ends]
        for chunk in new:
            self._settle(chunk)
        if new:
            self._add_up()

    def first_row(self, position: int) -> int:
        """The row where a step begins."""
        chunk = self._chunk(position)
        self.look_at(position, position)
        inside = position - 1 - chunk * CHUNK
        return self._starts[chunk] + (self._ends[chunk][inside - 1] if inside else 0)

    def position_at(self, row: int) -> int | None:
        """The step on a row; None below the last one."""
        if not 0 <= row < self.total:
            return None
        chunk = bisect_right(self._starts, row) - 1
        inside = bisect_right(self._rows_of(chunk), row - self._starts[chunk])
        return min(chunk * CHUNK + inside + 1, self._count)

    def _rows_of(self, chunk: int) -> list[int]:
        if chunk not in self._ends:
            self._settle(chunk)
            self._add_up()
        return self._ends[chunk]

    def _chunk(self, position: int) -> int:
        return (max(1, min(position, self._count)) - 1) // CHUNK

    def _settle(self, chunk: int) -> None:
        positions = range(chunk * CHUNK + 1, min((chunk + 1) * CHUNK, self._count) + 1)
        self._ends[chunk] = list(accumulate(self._measure(position) for position in positions))
        self._totals[chunk] = self._ends[chunk][-1]

    def _add_up(self) -> None:
        self._starts = [0, *accumulate(self._totals)][:-1]
