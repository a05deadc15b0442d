"""The lens: which events are steps now. A zoom level, perhaps one message among many, and what is introduced.

A scenario of level 1 is somebody's first look at e-mail, so connections, packets and TLS are no steps there,
until the reader asks for everything; only a connection that fails is shown, because it is the story.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailsim.trace.events import Event, Noted, Packet, Said
from mailsim.trace.levels import Level
from mailsim.trace.trace import Trace

FIRST_LOOK = 1
"""The level of scenarios at which connections are not introduced yet."""
_BENEATH = ("tcp.", "tls.", "net.")
_FAILURES = frozenset(("tcp.refused", "tcp.timeout", "tcp.lost", "net.timeout", "tls.fail"))
_UPGRADES = frozenset(("STARTTLS", "STLS"))
_GREETINGS = frozenset(("EHLO", "HELO", "CAPA", "CAPABILITY"))


@dataclass(frozen=True, slots=True)
class Lens:
    """What is looked at.

    Attributes:
        level: how closely. message: key of the only message that is followed, "" for all.
        everything: whether what the scenario's level has not introduced is shown as well.
    """

    level: Level
    message: str = ""
    everything: bool = False


def is_introduced(event: Event, level: int) -> bool:
    """Whether a scenario of this level has introduced such events."""
    if level > FIRST_LOOK:
        return True
    if isinstance(event, Packet):
        return False
    return isinstance(event, Said) or event.kind in _FAILURES or not event.kind.startswith(_BENEATH)


def upgrades(events: Sequence[Event]) -> frozenset[int]:
    """The sayings by which a connection becomes encrypted: the command, its answer, and the second greeting."""
    hidden: set[int] = set()
    upgrading: set[str] = set()
    for event in events:
        if not isinstance(event, Said):
            continue
        verb = str(event.pdu.fields().get("verb", "")) if event.from_client else ""
        if verb in _UPGRADES:
            upgrading.add(event.conn)
        elif verb and verb not in _GREETINGS:
            upgrading.discard(event.conn)
        if event.conn in upgrading:
            hidden.add(event.seq)
    return frozenset(hidden)


def messages(trace: Trace) -> tuple[str, ...]:
    """The keys of all messages that somebody sent or made, in order."""
    return tuple(dict.fromkeys(key for event in trace.events if (key := message_of(event))))


def message_of(event: Event) -> str:
    """The message that an event names, "" when it names none."""
    match event:
        case Said(pdu=pdu) if pdu.role == "data":
            return str(pdu.fields().get("msg") or "")
        case Noted():
            return str(getattr(event.fact, "msg", ""))
    return ""


def story_of(trace: Trace, message: str) -> frozenset[int]:
    """The events that belong to a message: those that name it, and what led from one of these to the next.

    From each event that names it, the causes are followed back until an event that names a message.
    """
    events = trace.events
    found = {event.seq for event in events if message_of(event) == message}
    todo: list[int] = [cause for seq in found for cause in events[seq].causes]
    while todo:
        seq = todo.pop()
        if seq in found or message_of(events[seq]):
            continue
        found.add(seq)
        todo += events[seq].causes
    return frozenset(found | _answers(events, found))


def _answers(events: Sequence[Event], found: Iterable[int]) -> set[int]:
    """The replies that content gets, which nothing that names the message follows from."""
    contents = {seq for seq in found if message_of(events[seq]) and isinstance(events[seq], Said)}
    waiting = {(event.conn, event.peer) for seq in contents if isinstance(event := events[seq], Said)}
    answers: set[int] = set()
    for seq in range(min(contents, default=len(events)), len(events)):
        event = events[seq]
        if seq in contents and isinstance(event, Said):
            waiting.add((event.conn, event.peer))
        elif isinstance(event, Said) and (event.conn, event.node) in waiting:
            waiting.discard((event.conn, event.node))
            answers.add(seq)
    return answers
