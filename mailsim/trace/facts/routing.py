"""Facts about a mail on its way: where it goes next, and what happens to it in a queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mailsim.trace.facts.base import Fact


@dataclass(frozen=True, slots=True)
class Candidate:
    """One host that a route could use, and the rule by which it was taken or passed over.

    `rule` is a slug: `best`, `less-preferred`, `equal`, `not-better-than-me`, `no-address`, `untried`, ...
    """

    host: str
    preference: int
    addresses: tuple[str, ...]
    chosen: bool
    rule: str


@dataclass(frozen=True, slots=True)
class RouteDecided(Fact):
    """An MTA decided where the mail for a recipient goes next (RFC 5321 section 5.1).

    how: `local`, `mx`, `implicit_mx`, `smarthost`, `static`, `literal` or `none` (no way; see `reason`).
    """

    kind: ClassVar[str] = "route.decide"
    msg: str
    rcpt: str
    how: str
    candidates: tuple[Candidate, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RouteFailed(Fact):
    """A candidate did not take the mail; the failover table said what to do (curriculum 2.0).

    situation: row of the table (`refused`, `timeout`, `no_address`, `greeting_4yz`, `greeting_5yz`, `dropped`,
    `reply_4yz`, `reply_5yz`); action: `next_address`, `next_mx`, `queue` or `bounce`.
    """

    kind: ClassVar[str] = "route.failover"
    msg: str
    host: str
    address: str
    situation: str
    action: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class QueueFact(Fact):
    """What the facts about one recipient's entry in a queue share; qid is the queue's own id."""

    msg: str
    rcpt: str
    qid: str


@dataclass(frozen=True, slots=True)
class QueueAdded(QueueFact):
    """The server took the mail for this recipient into its queue: from its 250 on it answers for it."""

    kind: ClassVar[str] = "queue.add"
    sender: str
    bytes: int


@dataclass(frozen=True, slots=True)
class QueueTried(QueueFact):
    """Delivery attempt number n (from 1) begins."""

    kind: ClassVar[str] = "queue.try"
    n: int


@dataclass(frozen=True, slots=True)
class QueueDeferred(QueueFact):
    """Attempt n failed for now; the next one is at `next`, microseconds of simulated time."""

    kind: ClassVar[str] = "queue.defer"
    n: int
    next: int
    reason: str


@dataclass(frozen=True, slots=True)
class QueueExpired(QueueFact):
    """The mail was in the queue for too long (RFC 5321 section 4.5.4.1)."""

    kind: ClassVar[str] = "queue.expire"
    n: int


@dataclass(frozen=True, slots=True)
class QueueDone(QueueFact):
    """The queue is rid of this recipient; fate is `relayed`, `delivered`, `bounced` or `discarded`."""

    kind: ClassVar[str] = "queue.done"
    n: int
    fate: str
    next_hop: str = ""
