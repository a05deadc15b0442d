"""Sets of message numbers or UIDs: `2,4:7,9,12:*`, or `$` for the last search result (RFC 9051 section 9)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mailsim.protocols.imap._tokens import MAX_NUMBER, SyntaxProblem

STAR = 0
"""Stands for `*`, the largest number in use; no message has the number 0."""


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """Ranges as they were written; `7:4` and `4:7` mean the same, `*` is `STAR` until somebody resolves it.

    `is_saved` is `$`: the session knows what was found, and puts it in the place of this set.
    """

    ranges: tuple[tuple[int, int], ...]
    is_saved: bool = False

    @classmethod
    def of(cls, *numbers: int) -> SequenceSet:
        """A set of single numbers, neighbours joined: `of(1, 2, 3, 7)` is `1:3,7`."""
        return cls.from_numbers(sorted(set(numbers)))

    @classmethod
    def from_numbers(cls, numbers: Iterable[int]) -> SequenceSet:
        """The same for numbers in an order that matters, as in COPYUID: only rising runs are joined."""
        ranges: list[tuple[int, int]] = []
        for number in numbers:
            if ranges and ranges[-1][1] + 1 == number:
                ranges[-1] = (ranges[-1][0], number)
            else:
                ranges.append((number, number))
        return cls(tuple(ranges))

    @classmethod
    def parse(cls, text: str) -> SequenceSet:
        """Read the RFC's notation; raises ValueError."""
        try:
            return parse_sequence(text.encode("ascii"))
        except (SyntaxProblem, UnicodeEncodeError) as problem:
            raise ValueError(f"not a sequence set: {text!r}") from problem

    def __str__(self) -> str:
        return "$" if self.is_saved else ",".join(_range_text(low, high) for low, high in self.ranges)

    def resolved(self, largest: int) -> list[tuple[int, int]]:
        """Rising, disjoint ranges with `*` replaced by the largest number in use."""
        pairs = sorted(_ordered(low or largest, high or largest) for low, high in self.ranges)
        merged: list[tuple[int, int]] = []
        for low, high in pairs:
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return merged

    def contains(self, number: int, largest: int) -> bool:
        """Is this number in the set, when `largest` is the largest in use?"""
        return any(
            low <= number <= high for low, high in (_ordered(a or largest, b or largest) for a, b in self.ranges)
        )

    def positions(self, values: Sequence[int]) -> Iterator[int]:
        """The indices of the members of a rising list that are in the set; `*` is the list's last."""
        if values:
            for low, high in self.resolved(values[-1]):
                yield from range(bisect_left(values, low), bisect_right(values, high))

    def within(self, largest: int) -> Iterator[int]:
        """The members that are in use, rising; those that are too large are passed over."""
        for low, high in self.resolved(largest) if largest else ():
            yield from range(low, min(high, largest) + 1)

    def numbers(self) -> Iterator[int]:
        """Every number, in the order written, of a set without `*` (COPYUID)."""
        for low, high in self.ranges:
            yield from range(low, high + 1) if low <= high else range(high, low + 1)


def _ordered(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a <= b else (b, a)


def _range_text(low: int, high: int) -> str:
    first = "*" if low == STAR else str(low)
    if low == high:
        return first
    return f"{first}:{'*' if high == STAR else high}"


SAVED_RESULT = SequenceSet((), is_saved=True)
"""`$` (RFC 5182)."""


def parse_sequence(raw: bytes) -> SequenceSet:
    """Octets to set."""
    if raw == b"$":
        return SAVED_RESULT
    ranges = []
    for piece in raw.split(b","):
        low, colon, high = piece.partition(b":")
        first = _number(low)
        ranges.append((first, _number(high) if colon else first))
    return SequenceSet(tuple(ranges))


def _number(raw: bytes) -> int:
    if raw == b"*":
        return STAR
    if not raw.isdigit() or len(raw) > 10 or raw.startswith(b"0"):
        raise SyntaxProblem("invalid sequence set")
    value = int(raw)
    if value > MAX_NUMBER:
        raise SyntaxProblem("number out of range")
    return value
