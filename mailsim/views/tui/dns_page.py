"""The DNS: each question with what a resolver had to ask for it, what resolvers remember and how long, the zones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from mailsim.errors import ProtocolError
from mailsim.protocols.dns.messages import Answer
from mailsim.protocols.dns.values import RRset
from mailsim.protocols.dns.zone import Zone, ZoneSyntaxError
from mailsim.trace.events import Said
from mailsim.views.tui.box import RIGHT, arrow
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece

SHOWN = 30
"""So many questions are shown, the last ones."""
SECOND_US = 1_000_000
_NXDOMAIN = 3


@dataclass(slots=True)
class Asked:
    """A question, its answer if there was one, and the questions that it led to."""

    query: Said
    answer: Said | None
    children: list[Asked] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a resolver has heard: one record, or that there is none; `expires` is in microseconds of simulated time."""

    resolver: str
    owner: str
    text: str
    since_seq: int
    expires: int


class DnsPage:
    """Questions (the newest first), caches, zones."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self._roots: list[Asked] | None = None
        self._starts: list[int] = []
        self._heard: list[Remembered] = []
        self._heard_so_far = 0
        self._caches_then: dict[str, dict[tuple[str, str], Remembered]] = {}
        self._zones: dict[str, tuple[RRset, ...]] = {}

    def __call__(self, stepper: Stepper, _: int) -> Sequence[Line]:
        self._read()
        return [*self._questions(stepper), *self._caches(stepper), *self._zone_lines(stepper)]

    def remembered(self, stepper: Stepper) -> dict[str, list[Remembered]]:
        """What each resolver has in its cache at the current step, the newest last."""
        self._read()
        self._hear(bisect_right(self._heard, stepper.seq, key=lambda e: e.since_seq))
        now = stepper.at
        alive = {name: [e for e in entries.values() if e.expires > now] for name, entries in self._caches_then.items()}
        return {name: entries for name, entries in alive.items() if entries}

    # --- inside ---

    def _read(self) -> None:
        if self._roots is None:
            self._roots = questions(self._score)
            self._starts = [root.query.seq for root in self._roots]
            self._heard = list(heard(self._score))
            self._zones = {name: _zone(text, name) for name, text in self._score.world.zones.items()}

    def _hear(self, count: int) -> None:
        """Bring the caches to what so many answers made of them; from the first one again when that is a way back."""
        if count < self._heard_so_far:
            self._heard_so_far = 0
            self._caches_then = {}
        for entry in self._heard[self._heard_so_far : count]:
            entries = self._caches_then.setdefault(entry.resolver, {})
            entries.pop((entry.owner, entry.text), None)
            entries[entry.owner, entry.text] = entry
        self._heard_so_far = count

    def _questions(self, stepper: Stepper) -> Iterator[Line]:
        words = stepper.words
        so_far = bisect_right(self._starts, stepper.seq)
        if not so_far or self._roots is None:
            yield [Piece(words("dns.none"), Ink.DIM)]
            return
        yield [_heading(words("dns.questions")), Piece(f" {words('dns.order')}", Ink.DIM)]
        for root in reversed(self._roots[max(0, so_far - SHOWN) : so_far]):
            yield from _tree(root, 0, stepper)

    def _caches(self, stepper: Stepper) -> Iterator[Line]:
        words, label = stepper.words, stepper.score.atlas.label
        for resolver, entries in self.remembered(stepper).items():
            yield []
            yield [_heading(words("dns.cache", node=label(resolver))), Piece(f" {words('dns.cache.note')}", Ink.DIM)]
            for entry in reversed(entries):
                left = words.span(-(-(entry.expires - stepper.at) // SECOND_US))
                ground = Ground.CURSOR if entry.since_seq == stepper.seq else None
                yield [Piece(f"  {left:>10}  ", Ink.DIM, ground), Piece(f"{entry.owner} {entry.text}", ground=ground)]

    def _zone_lines(self, stepper: Stepper) -> Iterator[Line]:
        """The zones, first those whose records the current step names."""
        words, event = stepper.words, stepper.event
        told = _told(event) if isinstance(event, Said) else frozenset()
        asked = str(event.pdu.fields().get("qname", "")) if isinstance(event, Said) else ""
        names = sorted(
            self._zones, key=lambda name: (not _is_under(asked, name), name.endswith("arpa"), -len(name), name)
        )
        for name in names:
            yield []
            yield [_heading(words("dns.zone", name=name))]
            for rrset in self._zones[name]:
                for text in rrset.texts():
                    used = (rrset.name.to_text().lower(), text) in told
                    mark, ink = (arrow(RIGHT), Ink.COMMAND) if used else (" ", Ink.TEXT)
                    yield [
                        Piece(f"{mark} {rrset.ttl:>6}  ", Ink.DIM),
                        Piece(f"{rrset.name.to_text()} {text}", ink, bold=used),
                    ]


def _heading(text: str) -> Piece:
    return Piece(f" {text} ", ground=Ground.CHIP, bold=True)


def questions(score: Score) -> list[Asked]:
    """All questions that no other one led to, in order.

    A question belongs to the youngest one that its asker has been asked and has not answered yet.
    """
    roots: list[Asked] = []
    pending: dict[str, list[Asked]] = {}
    by_answer: dict[int, Asked] = {}
    for event in score.trace.events:
        if not isinstance(event, Said) or event.protocol != "dns":
            continue
        done = by_answer.get(event.seq)
        if done is not None and done in pending.get(event.node, []):
            pending[event.node].remove(done)
        if event.pdu.role != "query":
            continue
        asked = Asked(event, score.conversations.answer(event))
        if asked.answer is not None:
            by_answer[asked.answer.seq] = asked
        parents = pending.get(event.node, [])
        (parents[-1].children if parents else roots).append(asked)
        pending.setdefault(event.peer, []).append(asked)
    return roots


def heard(score: Score) -> Iterator[Remembered]:
    """What resolvers are told: records for their TTL, denials for that of the SOA (RFC 2308 section 5)."""
    resolvers = {node.name for node in score.world.nodes if "resolver" in node.roles}
    for event in score.trace.events:
        if not isinstance(event, Said) or event.protocol != "dns" or event.peer not in resolvers:
            continue
        if isinstance(event.pdu, Answer) and not event.pdu.truncated:
            yield from _records(event, event.pdu)


def _records(event: Said, answer: Answer) -> Iterator[Remembered]:
    try:
        content = answer.content
    except ProtocolError:
        return
    denied = not content.answer and (content.rcode == _NXDOMAIN or not _is_referral(content.authority))
    if denied and content.question is not None:
        soa = next((rrset for rrset in content.authority if rrset.type.name == "SOA"), None)
        if soa is not None:
            ttl = min(soa.ttl, int(getattr(soa.data[0], "minimum", soa.ttl)))
            kind = "NXDOMAIN" if content.rcode == _NXDOMAIN else f"NODATA {content.question.type.name}"
            yield _remembered(event, content.question.name.to_text(), kind, ttl)
        return
    for rrset in (*content.answer, *content.authority, *content.additional):
        for text in rrset.texts():
            yield _remembered(event, rrset.name.to_text(), text, rrset.ttl)


def _is_referral(authority: Sequence[RRset]) -> bool:
    kinds = {rrset.type.name for rrset in authority}
    return "NS" in kinds and "SOA" not in kinds


def _remembered(event: Said, owner: str, text: str, ttl: int) -> Remembered:
    return Remembered(event.peer, owner.lower(), text, event.seq, event.at + ttl * SECOND_US)


def _tree(asked: Asked, depth: int, stepper: Stepper) -> Iterator[Line]:
    """The question, what it led to, and then its answer: the order in which it happened."""
    now, label = stepper.seq, stepper.score.atlas.label
    query, answer = asked.query, asked.answer
    if query.seq > now:
        return
    indent = "   " * depth
    ground = Ground.CURSOR if query.seq == now else None
    who = f"{label(query.node)} {arrow(RIGHT)} {label(query.peer)}  "
    yield [Piece(f"{indent}{who}", Ink.DIM, ground), Piece(str(query.pdu), Ink.COMMAND, ground, bold=True)]
    for child in asked.children:
        yield from _tree(child, depth + 1, stepper)
    if answer is None or answer.seq > now:
        yield [Piece(f"{indent}   {stepper.words('dns.waiting')}", Ink.DIM)]
        return
    ground = Ground.CURSOR if answer.seq == now else None
    telling = stepper.tell(answer.seq)
    ttl = answer.pdu.fields().get("ttl")
    yield [
        Piece(f"{indent}   {telling.text}", telling.ink, ground),
        Piece(f"  TTL {ttl}" if ttl is not None else "", Ink.DIM, ground),
    ]


def _told(event: Said) -> frozenset[tuple[str, str]]:
    """Owner and text of each record that an answer brings."""
    if not isinstance(event.pdu, Answer):
        return frozenset()
    try:
        content = event.pdu.content
    except ProtocolError:
        return frozenset()
    sets = (*content.answer, *content.authority, *content.additional)
    return frozenset((rrset.name.to_text().lower(), text) for rrset in sets for text in rrset.texts())


def _is_under(name: str, zone: str) -> bool:
    zone = zone.strip(".").lower()
    name = name.strip(".").lower()
    return bool(zone) and (name == zone or name.endswith(f".{zone}"))


def _zone(text: str, name: str) -> tuple[RRset, ...]:
    """The records of a zone file, at most a hundred sets; none when it cannot be read."""
    try:
        return tuple(islice(Zone.parse(text, name), 100))
    except (ZoneSyntaxError, ProtocolError):
        return ()
