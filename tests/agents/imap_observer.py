"""A client that believes everything that its server says, and notices when that cannot be.

It knows of the selected mailbox only what EXISTS, EXPUNGE, VANISHED and FETCH have told. Rules of RFC 9051 section 7.5
are checked as the responses come.
"""

from __future__ import annotations

import random

from mailsim.protocols.imap._parse_responses import parse_response
from mailsim.protocols.imap._reader import ResponseReader
from mailsim.protocols.imap.fetch_data import FetchData
from mailsim.protocols.imap.responses import (
    Condition,
    Continuation,
    Exists,
    Expunged,
    OtherData,
    Response,
    Tagged,
    Vanished,
)
from tests.agents.imap_wire import ImapWorld, Wire

NO_EXPUNGE = ("FETCH", "STORE", "SEARCH")


class Observer:
    """One client. `exists` is how many messages it believes in, None without a mailbox."""

    def __init__(self, world: ImapWorld, name: str) -> None:
        self.world, self.name = world, name
        self.chopper = random.Random(name)
        self.count = 0
        self.connect()

    def connect(self) -> None:
        """A new connection, logged in."""
        self.wire: Wire = self.world.unconnected()
        self.reader = ResponseReader(1 << 24, 1 << 28)
        self.exists: int | None = None
        self.uids: dict[int, int] = {}
        self.flags: dict[int, frozenset[str]] = {}
        self._hear(self.wire.connect(), "")
        self.say("LOGIN dan heslo")

    def say(self, line: str | bytes) -> list[Response]:
        """Send a command; gives all that comes until its tagged response, which is the last."""
        self.count += 1
        tag = f"{self.name}{self.count}"
        raw = line if isinstance(line, bytes) else line.encode()
        told = self.send(f"{tag} ".encode() + raw + b"\r\n", raw.decode("latin-1").upper())
        if self.wire.closed:
            self.connect()
            return told
        assert isinstance(told[-1], Tagged | Continuation), told
        if isinstance(told[-1], Tagged):
            assert told[-1].tag == tag
        return told

    def send(self, data: bytes, verb: str = "") -> list[Response]:
        """Send octets in pieces of any size; gives what comes."""
        told: list[Response] = []
        while data:
            size = self.chopper.randint(1, max(1, len(data)))
            told += self._hear(self.wire.say(data[:size]), verb)
            data = data[size:]
        return told

    def listen(self) -> list[Response]:
        """What the server says of its own (IDLE)."""
        return self._hear(self.wire.heard(), "IDLE")

    def _hear(self, data: bytes, verb: str) -> list[Response]:
        self.reader.buffer.feed(data)
        told = []
        while (unit := self.reader.next()) is not None:
            told.append(parse_response(unit))
            self._believe(told[-1], verb)
        return told

    def _believe(self, response: Response, verb: str) -> None:
        assert not isinstance(response, OtherData), response
        match response:
            case Condition("OK", code="CLOSED"):
                self.exists = None
            case Exists(count):
                assert self.exists is None or count >= self.exists, "EXISTS takes nothing away"
                if self.exists is None:
                    self.uids, self.flags = {}, {}
                self.exists = count
            case Expunged(number):
                assert not verb.startswith(NO_EXPUNGE), f"EXPUNGE in answer to {verb}"
                self._remove(number)
            case Vanished(uids, earlier=False):
                assert not verb.startswith(NO_EXPUNGE), f"VANISHED in answer to {verb}"
                for uid in uids.numbers():
                    self._remove(next(number for number, known in self.uids.items() if known == uid))
            case FetchData(number, _):
                self._fetched(number, response)

    def _remove(self, number: int) -> None:
        assert self.exists is not None
        assert 1 <= number <= self.exists
        self.exists -= 1
        for known in (self.uids, self.flags):
            kept = {n - (n > number): value for n, value in known.items() if n != number}  # type: ignore[attr-defined]
            known.clear()
            known.update(kept)  # type: ignore[arg-type]

    def _fetched(self, number: int, data: FetchData) -> None:
        assert self.exists is not None
        assert 1 <= number <= self.exists, f"message {number} of {self.exists}"
        if data.uid is not None:
            assert self.uids.setdefault(number, data.uid) == data.uid, "a number means another message now"
        if data.flags is not None:
            self.flags[number] = frozenset(data.flags) - {"\\Recent"}
