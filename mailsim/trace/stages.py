"""The chapters of a run: submit, DNS, relay, backup, deliver, read... Each is a range of events.

A chapter begins where a new kind of work begins, and lasts until the next one does; what trails behind (the
last QUIT of a submission, say) stays in the chapter in which it happens. So the chapters have no holes and
never overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.trace.events import Event, Noted, Said
from mailsim.trace.facts import (
    DsnMade,
    FaultEnded,
    FaultStarted,
    MdaDelivered,
    QueueTried,
    RouteDecided,
    TcpConnectStarted,
    UserActed,
)
from mailsim.trace.trace import Trace

STAGES: tuple[str, ...] = (
    "start",  # before anything else
    "submit",  # the MUA hands the mail to its server
    "dns",  # a server looks for the next host
    "relay",  # from server to server
    "backup",  # to a host that is not the best one
    "retry",  # a queue tries again
    "filter",  # through a filter
    "deliver",  # into the mailbox
    "bounce",  # a report goes back
    "read",  # the recipient fetches the mail, and does something with it
)
"""The slugs of all chapters; the lessons have their names."""

_PORTS = {25: "relay", 465: "submit", 587: "submit", 24: "deliver", 110: "read", 143: "read", 993: "read", 995: "read"}
_SERVERS = frozenset(("mta", "msa", "filter"))


@dataclass(frozen=True, slots=True)
class Stage:
    """A chapter: the events `first` (inclusive) to `end` (exclusive)."""

    slug: str
    first: int
    end: int


def stages(trace: Trace) -> tuple[Stage, ...]:
    """The chapters of a trace, in order; together they cover all events."""
    marks = _Marks(trace)
    starts: list[tuple[str, int]] = []
    since = 0
    for event in trace.events:
        current = starts[-1][0] if starts else ""
        slug = marks.slug(event, current)
        is_next_attempt = (
            slug == "retry" and isinstance(event, Noted) and event.kind == "queue.try" and event.at > since
        )
        if slug and (slug != current or is_next_attempt):
            starts.append((slug, event.seq))
            since = event.at
    if not trace.events:
        return ()
    if not starts or starts[0][1] > 0:
        starts.insert(0, ("start", 0))
    ends = [first for _, first in starts[1:]] + [len(trace.events)]
    return tuple(Stage(slug, first, end) for (slug, first), end in zip(starts, ends, strict=True))


class _Marks:
    """Recognizes the events with which a chapter begins."""

    def __init__(self, trace: Trace) -> None:
        self._roles = {node.name: frozenset(node.roles) for node in trace.world.nodes}
        self._second_choice: dict[str, frozenset[str]] = {}

    def slug(self, event: Event, current: str) -> str:
        """The chapter that begins with this event, or ""."""
        if isinstance(event, Said):
            return self._said(event, current)
        if not isinstance(event, Noted):
            return ""
        match event.fact:
            case UserActed(action="send"):
                return "submit"
            case UserActed():
                return "read"
            case TcpConnectStarted(port=port, peer=peer):
                return self._connected(event.node, peer, port, current)
            case RouteDecided(candidates=candidates):
                best = min((c.preference for c in candidates), default=0)
                worse = frozenset(c.host.rstrip(".").lower() for c in candidates if c.preference > best)
                self._second_choice[event.node] = worse
            case QueueTried(n=n) if n > 1:
                return "retry"
            case MdaDelivered():
                return "deliver"
            case DsnMade():
                return "bounce"
            case FaultStarted() | FaultEnded():
                return "" if current else "start"
        return ""

    def _connected(self, node: str, peer: str, port: int, current: str) -> str:
        slug = _PORTS.get(port, "")
        if slug != "relay":
            return slug
        if peer.lower() in self._second_choice.get(node, frozenset()):
            return "backup"
        if "filter" in self._roles.get(peer, frozenset()):
            return "filter"
        return "retry" if current == "retry" else "relay"

    def _said(self, event: Said, current: str) -> str:
        """A server that asks DNS on its own account begins to look for the next host."""
        asks = event.protocol == "dns" and event.pdu.role == "query" and event.from_client
        roles = self._roles.get(event.node, frozenset())
        if not asks or current in ("retry", "bounce") or not roles & _SERVERS or "resolver" in roles:
            return ""
        return "dns" if event.pdu.fields().get("qtype") in ("MX", "A", "AAAA") else ""
