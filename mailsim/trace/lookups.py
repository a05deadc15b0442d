"""Every DNS question that one question caused: who asked whom, over what, how long it took; a tree.

Who asks because he was asked himself is a child of the question that he was asked. This is read from the causes in
the trace, so other lookups of the same moment do not get mixed in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from mailsim.protocols.pdu import Json
from mailsim.trace.events import LOST, Event, Noted, Packet, Said


@dataclass(slots=True)
class Exchange:
    """One question and what came of it.

    Attributes:
        query: the event. answer: None when none came.
        address: where the question went. over: `udp` or `tcp`.
        asked_at: microseconds of simulated time, of the connection's beginning over TCP.
        took_us: until the answer was there, or until the asker gave up; None when neither has happened.
        caused: what the one who was asked had to ask for it.
    """

    query: Said
    parent: Exchange | None
    address: str = ""
    over: str = "udp"
    asked_at: int = 0
    answer: Said | None = None
    took_us: int | None = None
    caused: list[Exchange] = field(default_factory=list)

    @property
    def from_cache(self) -> bool:
        """Whether the answer was not asked for anywhere now."""
        return self.answer is not None and bool(self.answer.pdu.fields().get("cache"))

    def all(self) -> Iterator[Exchange]:
        """This one and all that it caused, in the order in which they were asked."""
        yield self
        for exchange in self.caused:
            yield from exchange.all()

    def record(self) -> dict[str, Json]:
        """The tree as plain data."""
        query = self.query.pdu.fields()
        answer = {} if self.answer is None else self.answer.pdu.fields()
        kept = ("rcode", "rrset", "authority", "ttl", "aa", "tc", "ra", "cache")
        return {
            "seq": self.query.seq,
            "asker": self.query.node,
            "server": self.query.peer,
            "address": self.address,
            "over": self.over,
            "qname": query["qname"],
            "qtype": query["qtype"],
            "rd": query["rd"],
            "asked_at": self.asked_at,
            "took_us": self.took_us,
            "answer": {name: answer[name] for name in kept} if answer else None,
            "caused": [exchange.record() for exchange in self.caused],
        }


def lookups(events: Iterable[Event], questions: Collection[int]) -> list[Exchange]:
    """The trees of the questions whose events have these numbers, each a root; `events` may begin with the first."""
    reader = _Reader(questions)
    for event in events:
        reader.read(event)
    return reader.roots


class _Reader:
    """Goes through the events once; each event that follows from a question belongs to an exchange."""

    def __init__(self, questions: Collection[int]) -> None:
        self.questions = frozenset(questions)
        self.roots: list[Exchange] = []
        self.owners: dict[int, Exchange | None] = {}
        self.open: dict[tuple[str, Json], Exchange] = {}
        self.dialled: dict[str, int] = {}

    def read(self, event: Event) -> None:
        if isinstance(event, Noted) and event.kind == "tcp.connect":
            self.dialled[str(event.fields()["conn"])] = event.at
        owner = next((self.owners[c] for c in reversed(event.causes) if self.owners.get(c) is not None), None)
        if event.seq not in self.questions and owner is None:
            return
        self.owners[event.seq] = owner
        match event:
            case Said(protocol="dns", from_client=True):
                self.owners[event.seq] = self._asked(event, owner)
            case Said(protocol="dns"):
                self._answered(event)
            case Packet():
                self._travelled(event)
            case Noted() if event.kind == "net.timeout":
                self._waited(event)

    def _asked(self, event: Said, owner: Exchange | None) -> Exchange:
        while owner is not None and owner.query.peer != event.node:
            owner = owner.parent
        if event.seq in self.questions:
            owner = None
        over = "tcp" if event.conn in self.dialled else "udp"
        exchange = Exchange(event, owner, over=over, asked_at=self.dialled.get(event.conn, event.at))
        (self.roots if owner is None else owner.caused).append(exchange)
        self.open[event.conn, event.pdu.fields()["id"]] = exchange
        return exchange

    def _answered(self, event: Said) -> None:
        exchange = self.open.get((event.conn, event.pdu.fields()["id"]))
        if exchange is not None and exchange.answer is None:
            exchange.answer = event
            self.owners[event.seq] = exchange

    def _travelled(self, packet: Packet) -> None:
        """A packet with a question says where it goes; one with an answer, when it is there."""
        for cause in packet.causes:
            exchange = self.owners.get(cause)
            if exchange is None:
                continue
            if cause == exchange.query.seq and not exchange.address:
                exchange.address = packet.destination
            if exchange.answer is not None and cause == exchange.answer.seq and packet.arrives_at != LOST:
                exchange.took_us = packet.arrives_at - exchange.asked_at

    def _waited(self, event: Noted) -> None:
        owner = self.owners[event.seq]
        if owner is not None and owner.answer is None:
            owner.took_us = event.at - owner.asked_at
