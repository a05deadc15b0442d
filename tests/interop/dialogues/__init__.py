"""Dialogues with an SMTP server in a few words a line, right, wrong and malicious ones, and who speaks them.

    == a name of what it shows
    @hello                      EHLO, and 250; @open: a whole envelope for dan@firma.example
    C RCPT TO:<dan@firma.example>
    C DATA
    S 250                       the code of each reply, in the order in which they come
    S 503 | 554 the reason      we say 503 and Postfix 554, and both may be said
    closed                      the server closes the connection

Lines of a client that stand together go in one write. `\\r`, `\\n`, `\\0` and `\\xNN` may be written out, `{x*9}` is
nine of it, `C*9` nine such lines; a line that ends with `\\+` gets no CRLF. What Postfix answers instead may be several
replies, with commas, or none, `-`; after `!` it has closed the connection, and the rest is not played with it. At the
end, unless the connection is closed, QUIT must be answered by 221: no reply is left over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HELLO = ["C EHLO a.example", "S 250"]
OPEN = [*HELLO, "C MAIL FROM:<a@b.example>", "S 250", "C RCPT TO:<dan@firma.example>", "S 250"]
MACROS = {"@hello": HELLO, "@open": OPEN}
_TIMES = re.compile(r"([CS])\*(\d+) ?(.*)")
_MANY = re.compile(r"\{(.+?)\*(\d+)\}")


@dataclass(frozen=True, slots=True)
class Turn:
    """What a client sends at once, and the codes that must come back: ours, and those of Postfix.

    `they_hang_up`: Postfix has closed the connection after it.
    """

    sent: bytes
    ours: tuple[int, ...]
    theirs: tuple[int, ...]
    they_hang_up: bool = False


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One dialogue; `ends` is whether the server closes the connection. `reasons` are why Postfix differs."""

    name: str
    turns: tuple[Turn, ...]
    ends: bool
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


def dialogues() -> list[Dialogue]:
    """All that are in the files of this folder."""
    return [read for file in sorted(Path(__file__).parent.glob("*.txt")) for read in _read(file)]


def _read(file: Path) -> Iterator[Dialogue]:
    for text in file.read_text(encoding="utf-8").split("\n== ")[1:]:
        name, *lines = text.split("\n")
        yield _dialogue(name, [line for line in lines if line.strip()])


def _dialogue(name: str, lines: list[str]) -> Dialogue:
    ends = lines[-1] == "closed"
    turns: list[Turn] = []
    sent, ours, theirs, reasons = b"", [], [], []
    hangs_up = False
    for line in _whole(lines[:-1] if ends else [*lines, "C QUIT", "S 221"]):
        if line.startswith("C"):
            if ours:
                turns.append(Turn(sent, tuple(ours), tuple(theirs), hangs_up))
                sent, ours, theirs = b"", [], []
            sent += _octets(line[2:])
            continue
        code, _, other = line.removeprefix("S ").partition(" | ")
        codes, _, reason = other.partition(" ")
        ours.append(int(code))
        theirs += [int(number) for number in codes.rstrip("!-").split(",") if number] if codes else [int(code)]
        hangs_up = hangs_up or codes.endswith("!")
        reasons += [reason] if other else []
        assert bool(reason) == bool(other), f"{name}: a difference needs a reason"
    turns.append(Turn(sent, tuple(ours), tuple(theirs), hangs_up))
    return Dialogue(name, tuple(turns), ends, tuple(reasons))


def _whole(lines: list[str]) -> Iterator[str]:
    """With macros and repetitions written out."""
    for line in lines:
        if times := _TIMES.fullmatch(line):
            yield from [f"{times[1]} {times[3]}"] * int(times[2])
        else:
            yield from MACROS.get(line, [line])


def _octets(text: str) -> bytes:
    is_line = not text.endswith("\\+")
    text = _MANY.sub(lambda many: many[1] * int(many[2]), text.removesuffix("\\+"))
    octets = text.encode().decode("unicode_escape").encode("latin-1")
    return octets + b"\r\n" if is_line else octets
