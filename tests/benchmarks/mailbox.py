"""An IMAP session on a large mailbox: seconds of processor time a command, for mailboxes of growing size."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.agents.imap_wire import ImapWorld, Wire

MAIL = b"From: a@skola.example\r\nTo: b@firma.example\r\nSubject: mail %d\r\n\r\nhello\r\n"
LINEAR = ("SELECT INBOX", "FETCH 1:* FLAGS", "SEARCH UNSEEN")
CONSTANT = ("UID FETCH {middle} (FLAGS BODY.PEEK[])", "UID STORE {middle} +FLAGS (\\Flagged)", "NOOP")
REPEATED = 20
"""Commands that take no time are measured so often at once."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How the time of one command grows: `seconds` for each of the sizes."""

    command: str
    is_linear: bool
    seconds: tuple[float, ...]


def growths(sizes: Sequence[int], turns: int = 3) -> list[Growth]:
    """Measure every command on mailboxes of these sizes; the best of some turns counts."""
    opened = [_opened(size) for size in sizes]
    found = []
    for command in (*LINEAR, *CONSTANT):
        is_linear = command in LINEAR
        lines = [command.format(middle=size // 2) for size in sizes]
        pairs = [(wire, line, 1 if is_linear else REPEATED) for wire, line in zip(opened, lines, strict=True)]
        found.append(Growth(command, is_linear, tuple(min(_seconds(*p) for _ in range(turns)) for p in pairs)))
    return found


def _opened(size: int) -> Wire:
    world = ImapWorld()
    for number in range(size):
        world.account.append("INBOX", MAIL % number, 0)
    wire = world.connect()
    wire.say(b"a1 LOGIN dan heslo\r\na2 SELECT INBOX\r\n")
    return wire


def _seconds(wire: Wire, line: str, times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        assert b"a3 OK" in wire.say(f"a3 {line}\r\n".encode())[-80:]
    return (time.process_time() - began) / times
