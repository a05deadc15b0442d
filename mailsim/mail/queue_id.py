"""Short queue ids such as `7KQ2MB2223`, the same in every run: a component's name and a counter."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count

# No vowels, so no words; no 0/O or 1/I pairs, so ids can be read aloud.
ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXZ"
PREFIX_LENGTH = 6
COUNTER_LENGTH = 4


def queue_id(component: str, number: int) -> str:
    """The id of the `number`-th thing that `component` queued; an RFC 5322 atom.

    Two numbers of one component never meet; two components differ in the first six characters
    (one chance in 480 million that they do not).
    """
    if number < 0:
        raise ValueError("a queue counts from zero up")
    digest = int.from_bytes(hashlib.sha256(component.encode()).digest()[:8], "big")
    return _digits(digest, PREFIX_LENGTH)[-PREFIX_LENGTH:] + _digits(number, COUNTER_LENGTH)


def queue_ids(component: str) -> Iterator[str]:
    """The ids of a component's queue, one after the other, without end."""
    prefix = queue_id(component, 0)[:PREFIX_LENGTH]
    return (prefix + _digits(number, COUNTER_LENGTH) for number in count())


def _digits(number: int, width: int) -> str:
    digits: list[str] = []
    while number:
        number, rest = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[rest])
    return "".join(reversed(digits)).rjust(width, ALPHABET[0])
