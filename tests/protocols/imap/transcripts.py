"""Runs a dialogue as it stands on a page: `>>` lines go to the server, `<<` lines must come back.

`{n}`-literals are written as they are; a line end is CR LF. A `<<` line that ends in `...` need only begin so.
Each dialogue runs whole, byte by byte, and chopped at random: TCP keeps no boundaries.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Protocol


class Session(Protocol):
    def connect(self) -> bytes: ...

    def receive(self, data: bytes) -> bytes: ...


def run(make: Callable[[], Session], dialogue: str) -> None:
    for chop in (whole, one_by_one, at_random):
        session = make()
        session.connect()
        for sent, expected in turns(dialogue):
            got = b"".join(session.receive(piece) for piece in chop(sent))
            compare(got, expected, sent)


def turns(dialogue: str) -> Iterator[tuple[bytes, list[str]]]:
    sent, expected = b"", list[str]()
    for line in filter(str.strip, dialogue.splitlines()):
        mark, _, text = line.lstrip().partition(" ")
        if mark == ">>" and expected:
            yield sent, expected
            sent, expected = b"", []
        if mark == ">>":
            sent += text.encode() + b"\r\n"
        elif mark == "<<":
            expected.append(text)
        else:
            raise ValueError(line)
    yield sent, expected


def compare(got: bytes, expected: list[str], sent: bytes) -> None:
    lines = got.decode().removesuffix("\r\n").split("\r\n") if got else []
    alike = len(lines) == len(expected) and all(
        line.startswith(wanted[:-3]) if wanted.endswith("...") else line == wanted
        for line, wanted in zip(lines, expected, strict=True)
    )
    assert alike, f"after {sent!r}:\n" + "\n".join(["got:", *lines, "wanted:", *expected])


def whole(data: bytes) -> list[bytes]:
    return [data]


def one_by_one(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def at_random(data: bytes) -> list[bytes]:
    chopper = random.Random(len(data))
    pieces = []
    while data:
        size = chopper.randint(1, 9)
        pieces.append(data[:size])
        data = data[size:]
    return pieces
