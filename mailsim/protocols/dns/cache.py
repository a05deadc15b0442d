"""What a resolver remembers, and for how long (RFC 1034 section 5.3.3, RFC 2181 section 5.4.1, RFC 2308).

Time is given by the caller, in microseconds. A record is kept for its TTL; that a name or a type does
*not* exist is kept too, for min(TTL, minimum) of the zone's SOA. Not everything is believed alike: the
addresses that came as glue with a referral help to go on, but are never given to a client as an answer.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import dns.name
from dns.name import Name
from dns.rcode import Rcode

from mailsim.protocols.dns.messages import Answer, Query
from mailsim.protocols.dns.values import SECOND_US, Question, RRset
from mailsim.protocols.dns.wire import ttl_offsets


class Trust(IntEnum):
    """How much a record is worth, by where it stood (RFC 2181 section 5.4.1)."""

    GLUE = 1  # additional section of a referral
    REFERRAL = 2  # authority section of a referral
    ANSWER = 3  # answer section of an authoritative answer


@dataclass(frozen=True, slots=True)
class Known:
    """Records that the cache has, with the seconds that they have left."""

    rrset: RRset


@dataclass(frozen=True, slots=True)
class KnownNot:
    """The cache knows that there is nothing: NXDOMAIN (no such name) or NOERROR (no such type)."""

    rcode: Rcode
    soa: RRset


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """Nobody could be reached a moment ago, so asking again at once is no use (RFC 9520)."""


Finding: TypeAlias = "Known | KnownNot | KnownFailure"


@dataclass(frozen=True, slots=True)
class _Entry:
    finding: Known | KnownNot
    trust: Trust
    expires_us: int


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """How long and how much a cache keeps at most, whatever the records say."""

    ttl: int = 7 * 86_400
    """Seconds that records are kept at most."""
    negative_ttl: int = 3 * 3_600
    """Seconds that a denial is kept at most (RFC 2308 section 5: one to three hours)."""
    failure_ttl: int = 5
    """Seconds that a failure is kept (RFC 9520 section 3.2: at most five minutes)."""
    entries: int = 100_000
    """Number of record sets; the oldest go first."""


class Cache:
    """Record sets, denials and failures of one resolver, each with its end."""

    def __init__(self, limits: CacheLimits | None = None) -> None:
        self.limits = limits or CacheLimits()
        self.replies = ReplyCache()
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._failures: dict[Question, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, question: Question, now_us: int, trust: Trust = Trust.ANSWER) -> Finding | None:
        """What is known about a question from sources worth at least `trust`; None when nothing is.

        TTLs in what comes back count from now. An alias is not followed here.
        """
        for key in (_whole_name(question), question.key):
            entry = self._entries.get(key)
            if entry is None or entry.trust < trust:
                continue
            if entry.expires_us <= now_us:
                del self._entries[key]
                continue
            return _aged(entry, now_us)
        return KnownFailure() if self._failures.get(question, now_us) > now_us else None

    def put(self, rrset: RRset, trust: Trust, now_us: int) -> None:
        """Remember records; what is better trusted and still alive stays (RFC 2181 section 5.4.1)."""
        question = Question(rrset.name, rrset.type)
        old = self._entries.get(question.key)
        if old is not None and old.trust > trust and old.expires_us > now_us:
            return
        if trust == Trust.ANSWER:
            self._entries.pop(_whole_name(question), None)
        ttl = min(rrset.ttl, self.limits.ttl)
        self._store(question.key, Known(rrset), trust, ttl, now_us)

    def put_denial(self, question: Question, rcode: Rcode, soa: RRset | None, now_us: int) -> None:
        """Remember that something is not there; without an SOA it is not kept (RFC 2308 section 5)."""
        if soa is None:
            return
        ttl = min(soa.ttl, soa.data[0].minimum, self.limits.negative_ttl)  # type: ignore[attr-defined]
        key = _whole_name(question) if rcode == Rcode.NXDOMAIN else question.key
        self._store(key, KnownNot(rcode, soa), Trust.ANSWER, ttl, now_us)

    def put_failure(self, question: Question, now_us: int) -> None:
        """Remember for a few seconds that a question could not be answered."""
        if len(self._failures) >= self.limits.entries:
            self._failures.clear()
        self._failures[question] = now_us + self.limits.failure_ttl * SECOND_US

    def flush(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._failures.clear()
        self.replies.flush()

    def _store(self, key: bytes, finding: Known | KnownNot, trust: Trust, ttl: int, now_us: int) -> None:
        if ttl <= 0:
            return
        self._entries.pop(key, None)
        self._entries[key] = _Entry(finding, trust, now_us + ttl * SECOND_US)
        if len(self._entries) > self.limits.entries:
            self._entries.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer as it was encoded, and when each of its TTLs will be zero."""

    body: bytes
    ends_us: tuple[tuple[int, int], ...]
    expires_us: int


class ReplyCache:
    """Whole encoded answers, for the same query in the same bytes; only id and TTLs are written anew.

    Encoding costs far more than all else that a resolver does for a query that it has answered before.
    """

    LIMIT = 8192

    def __init__(self) -> None:
        self._replies: dict[tuple[bool, bytes], deque[_Reply]] = {}

    def get(self, wire: bytes, framed: bool, now_us: int, server: str = "") -> Answer | None:
        """The remembered answer with the TTLs of this moment, or None; of several, the one whose turn it is.

        Args: wire, framed: a query as it arrived. `server`: our name in the trace.
        """
        key = (framed, wire[2:])
        replies = self._replies.get(key)
        if replies is None:
            return None
        reply = replies[0]
        if reply.expires_us <= now_us:
            del self._replies[key]
            return None
        replies.rotate(-1)
        answer = bytearray(wire[:2] + reply.body)
        for offset, end_us in reply.ends_us:
            answer[offset : offset + 4] = ((end_us - now_us) // SECOND_US).to_bytes(4, "big")
        return Answer(bytes(answer), server, True, framed)

    def put(self, query: Query, answers: Sequence[Answer], now_us: int) -> None:
        """Remember an answer until the first of its records ends.

        Args: answers: all forms of it, the one that has just been given first; they will be given in turn.
        """
        replies = deque(_reply(answer.wire, now_us) for answer in answers)
        if replies[0].expires_us <= now_us:
            return
        replies.rotate(-1)
        if len(self._replies) >= self.LIMIT:
            self._replies.clear()
        self._replies[query.framed, query.wire[2:]] = replies

    def flush(self) -> None:
        """Forget everything."""
        self._replies.clear()


def _reply(wire: bytes, now_us: int) -> _Reply:
    ends_us = tuple(
        (offset, now_us + int.from_bytes(wire[offset : offset + 4], "big") * SECOND_US) for offset in ttl_offsets(wire)
    )
    return _Reply(wire[2:], ends_us, min((end_us for _, end_us in ends_us), default=now_us))


def _whole_name(question: Question) -> bytes:
    """The key of NXDOMAIN, which is true for every type of the name (RFC 2308 section 5): no type, no class."""
    return question.key[:-4]


def _aged(entry: _Entry, now_us: int) -> Known | KnownNot:
    seconds = (entry.expires_us - now_us) // SECOND_US
    match entry.finding:
        case Known(rrset):
            return Known(rrset.with_ttl(seconds))
        case KnownNot(rcode, soa):
            return KnownNot(rcode, soa.with_ttl(seconds))


def ancestors(name: Name) -> tuple[Name, ...]:
    """The name itself, its parent, and so on up to the root."""
    found = [name]
    while found[-1] != dns.name.root:
        found.append(found[-1].parent())
    return tuple(found)
