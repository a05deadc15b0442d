"""The queues of all servers at one moment of a run, as their administrators see them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from mailsim.protocols.pdu import Json
from mailsim.trace.snapshot import Fold, Queued
from mailsim.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class QueuedRecipient:
    """One recipient who waits; state is `waiting`, `trying` or `deferred`, next_us the time of the next attempt."""

    address: str
    state: str
    tries: int
    next_us: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """One mail in a queue; sender "" is the null reverse-path."""

    id: str
    message: str
    octets: int
    arrived_us: int
    sender: str
    recipients: tuple[QueuedRecipient, ...]


@dataclass(frozen=True, slots=True)
class HostQueue:
    """The queue of one host, in the order of arrival."""

    host: str
    mails: tuple[QueuedMessage, ...]


def queues_at(trace: Trace, at_us: int) -> tuple[HostQueue, ...]:
    """The queues of all hosts that send mail, as they are after everything that happens until `at_us`."""
    count = bisect_right(trace.events, at_us, key=lambda event: event.at)
    snapshot = Fold(trace).at(count)
    hosts = [node.name for node in trace.world.nodes if {"mta", "msa"} & set(node.roles)]
    return tuple(HostQueue(host, tuple(_mails(snapshot.queues.get(host, ())))) for host in hosts)


def _mails(entries: Iterable[Queued]) -> Iterable[QueuedMessage]:
    """Entries of the same mail together."""
    by_id: dict[str, list[Queued]] = {}
    for entry in entries:
        by_id.setdefault(entry.qid, []).append(entry)
    for qid, rest in by_id.items():
        first = rest[0]
        recipients = tuple(QueuedRecipient(e.rcpt, e.state, e.tries, e.next, e.reason) for e in rest)
        yield QueuedMessage(qid, first.msg, first.bytes, first.since, first.sender, recipients)


def as_json(queue: HostQueue) -> Json:
    """For programs; times in microseconds since the start of the run."""
    mails: list[Json] = [
        {
            "id": mail.id,
            "msg": mail.message,
            "bytes": mail.octets,
            "arrived": mail.arrived_us,
            "sender": mail.sender,
            "recipients": [
                {"rcpt": r.address, "state": r.state, "tries": r.tries, "next": r.next_us, "reason": r.reason}
                for r in mail.recipients
            ],
        }
        for mail in queue.mails
    ]
    return {"host": queue.host, "mails": mails}
