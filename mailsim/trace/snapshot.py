"""The state of the world after the first i events: what is open, queued, stored, and who answers for what.

State is a fold over the events. `Fold` keeps some hundred checkpoints, so that any moment is near, and their
memory does not grow with the square of the run; `Fold(trace).at(i)` gives the same as folding the first i events
afresh, forwards or backwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from mailsim.trace.conversations import Conversations
from mailsim.trace.events import Event, Noted, Packet, Said
from mailsim.trace.facts import (
    FaultEnded,
    FaultStarted,
    MdaDelivered,
    QueueAdded,
    QueueDeferred,
    QueueDone,
    QueueExpired,
    QueueTried,
    StoreAdded,
    StoreExpunged,
    StoreFlagged,
    StoreFolderCreated,
    StoreFolderDeleted,
    StoreFolderRenamed,
    TcpClosed,
    TcpConnectStarted,
    TcpEstablished,
    TcpFact,
    TcpLost,
    TcpRefused,
    TcpTimedOut,
)
from mailsim.trace.responsibility import Handed, Holder, Watch
from mailsim.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Open:
    """A TCP connection; state is `opening`, `open` or `closing` (one side is done)."""

    conn: str
    client: str
    server: str
    port: int
    state: str


@dataclass(frozen=True, slots=True)
class Queued:
    """A recipient's entry in a queue; state is `waiting`, `trying` or `deferred` until `next`."""

    msg: str
    rcpt: str
    qid: str
    sender: str
    since: int
    tries: int = 0
    state: str = "waiting"
    next: int | None = None
    reason: str = ""
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """A message in a folder."""

    uid: int
    flags: tuple[str, ...]
    bytes: int
    msg: str


@dataclass(frozen=True, slots=True)
class Active:
    """A planned fault that is on."""

    what: str
    target: str
    port: int | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that reached a mailbox."""

    node: str
    msg: str
    rcpt: str
    mailbox: str


Folder = Mapping[int, Stored]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state after `count` events; nobody can change it.

    Attributes:
        at: time of the last of these events. nodes: the hosts that took part in it.
        connections: id -> connection, in the order of opening.
        queues: host -> entries, in the order of arrival. mailboxes: mailbox -> folder -> uid -> message.
        responsible: who answers for what. delivered: what reached a mailbox. faults: what is broken on purpose.
    """

    count: int
    at: int
    nodes: tuple[str, ...]
    connections: Mapping[str, Open]
    queues: Mapping[str, tuple[Queued, ...]]
    mailboxes: Mapping[str, Mapping[str, Folder]]
    responsible: tuple[Holder, ...]
    delivered: tuple[Delivered, ...]
    faults: tuple[Active, ...]


MIN_DISTANCE, MAX_CHECKPOINTS = 256, 256


class Fold:
    """Random access to the states of a trace."""

    def __init__(self, trace: Trace, conversations: Conversations | None = None) -> None:
        self._events = trace.events
        self._every = max(MIN_DISTANCE, len(trace.events) // MAX_CHECKPOINTS)
        watch = Watch(conversations or Conversations(trace.events))
        self._handed: dict[int, list[Handed]] = {}
        state = _State()
        self._checkpoints = [state.copied()]
        for event in trace.events:
            handed = watch.see(event)
            if handed:
                self._handed[event.seq] = handed
            state.apply(event, handed)
            if (event.seq + 1) % self._every == 0:
                self._checkpoints.append(state.copied())
        self._last: tuple[int, _State] = (0, self._checkpoints[0].copied())

    def at(self, count: int) -> Snapshot:
        """The state after the first `count` events. Raises: IndexError when there are not so many."""
        if not 0 <= count <= len(self._events):
            raise IndexError(count)
        done, state = self._last
        checkpoint = count // self._every
        if not checkpoint * self._every <= done <= count:
            done, state = checkpoint * self._every, self._checkpoints[checkpoint].copied()
        for seq in range(done, count):
            state.apply(self._events[seq], self._handed.get(seq, []))
        self._last = (count, state)
        return state.frozen(count)


@dataclass(slots=True)
class _State:
    """The state while it is built. Values inside the dictionaries are immutable, so a shallow copy is enough."""

    at: int = 0
    nodes: tuple[str, ...] = ()
    connections: dict[str, Open] = field(default_factory=dict)
    entries: dict[tuple[str, str, str, str], Queued] = field(default_factory=dict)
    stored: dict[tuple[str, str, int], Stored] = field(default_factory=dict)
    folders: dict[tuple[str, str], None] = field(default_factory=dict)
    responsible: dict[Holder, None] = field(default_factory=dict)
    delivered: dict[Delivered, None] = field(default_factory=dict)
    faults: dict[Active, None] = field(default_factory=dict)

    def copied(self) -> _State:
        """A copy that may go its own way."""
        return _State(
            self.at,
            self.nodes,
            dict(self.connections),
            dict(self.entries),
            dict(self.stored),
            dict(self.folders),
            dict(self.responsible),
            dict(self.delivered),
            dict(self.faults),
        )

    def apply(self, event: Event, handed: list[Handed]) -> None:
        """Let one event happen."""
        self.at = event.at
        self.nodes = _nodes(event)
        for change in handed:
            if change.begins:
                self.responsible[change.holder] = None
            else:
                self.responsible.pop(change.holder, None)
        if isinstance(event, Noted):
            match event.fact:
                case TcpFact():
                    self._tcp(event, event.fact)
                case FaultStarted(what=what, target=target, port=port, detail=detail):
                    self.faults[Active(what, target, port, detail)] = None
                case FaultEnded(what=what, target=target, port=port, detail=detail):
                    self.faults.pop(Active(what, target, port, detail), None)
                case _:
                    self._mail(event)

    def _tcp(self, event: Noted, fact: TcpFact) -> None:
        known = self.connections.get(fact.conn)
        match fact:
            case TcpConnectStarted():
                self.connections[fact.conn] = Open(fact.conn, event.node, fact.peer, fact.port, "opening")
            case TcpEstablished() if known is not None:
                self.connections[fact.conn] = replace(known, state="open")
            case TcpClosed(how=how) if known is not None:
                if how == "rst" or known.state == "closing":
                    del self.connections[fact.conn]
                else:
                    self.connections[fact.conn] = replace(known, state="closing")
            case TcpRefused() | TcpTimedOut() | TcpLost():
                self.connections.pop(fact.conn, None)

    def _mail(self, event: Noted) -> None:
        node = event.node
        match event.fact:
            case QueueAdded(msg=msg, rcpt=rcpt, qid=qid, sender=sender, bytes=size):
                self.entries[node, msg, rcpt, qid] = Queued(msg, rcpt, qid, sender, event.at, bytes=size)
            case QueueTried(msg=msg, rcpt=rcpt, qid=qid, n=n):
                self._entry(node, msg, rcpt, qid, tries=n, state="trying", next=None)
            case QueueDeferred(msg=msg, rcpt=rcpt, qid=qid, next=at, reason=reason):
                self._entry(node, msg, rcpt, qid, state="deferred", next=at, reason=reason)
            case QueueExpired(msg=msg, rcpt=rcpt, qid=qid):
                self._entry(node, msg, rcpt, qid, state="expired", next=None)
            case QueueDone(msg=msg, rcpt=rcpt, qid=qid):
                self.entries.pop((node, msg, rcpt, qid), None)
            case MdaDelivered(msg=msg, rcpt=rcpt, mailbox=mailbox):
                self.delivered[Delivered(node, msg, rcpt, mailbox)] = None
            case StoreAdded(mailbox=mailbox, folder=folder, uid=uid, bytes=size, msg=msg):
                self.folders[mailbox, folder] = None
                self.stored[mailbox, folder, uid] = Stored(uid, (), size, msg)
            case StoreFlagged(mailbox=mailbox, folder=folder, uid=uid, flags=flags):
                known = self.stored.get((mailbox, folder, uid))
                if known is not None:
                    self.stored[mailbox, folder, uid] = replace(known, flags=tuple(flags))
            case StoreExpunged(mailbox=mailbox, folder=folder, uid=uid):
                self.stored.pop((mailbox, folder, uid), None)
            case StoreFolderCreated(mailbox=mailbox, folder=folder):
                self.folders[mailbox, folder] = None
            case StoreFolderDeleted(mailbox=mailbox, folder=folder):
                self.folders.pop((mailbox, folder), None)
            case StoreFolderRenamed(mailbox=mailbox, folder=folder, to=new):
                self._rename_folder(mailbox, folder, new)

    def _rename_folder(self, mailbox: str, old: str, new: str) -> None:
        self.folders.pop((mailbox, old), None)
        self.folders[mailbox, new] = None
        for key in [key for key in self.stored if key[:2] == (mailbox, old)]:
            self.stored[mailbox, new, key[2]] = self.stored.pop(key)

    def _entry(self, node: str, msg: str, rcpt: str, qid: str, **values: object) -> None:
        key = (node, msg, rcpt, qid)
        if key in self.entries:
            self.entries[key] = replace(self.entries[key], **values)  # type: ignore[arg-type]

    def frozen(self, count: int) -> Snapshot:
        """The state as a value."""
        queues: dict[str, list[Queued]] = {}
        for (node, *_), entry in self.entries.items():
            queues.setdefault(node, []).append(entry)
        mailboxes: dict[str, dict[str, dict[int, Stored]]] = {}
        for mailbox, folder in self.folders:
            mailboxes.setdefault(mailbox, {})[folder] = {}
        for (mailbox, folder, uid), stored in self.stored.items():
            mailboxes[mailbox][folder][uid] = stored
        return Snapshot(
            count,
            self.at,
            self.nodes,
            MappingProxyType(dict(self.connections)),
            MappingProxyType({node: tuple(entries) for node, entries in queues.items()}),
            MappingProxyType(
                {
                    mailbox: MappingProxyType({folder: MappingProxyType(uids) for folder, uids in folders.items()})
                    for mailbox, folders in mailboxes.items()
                }
            ),
            tuple(self.responsible),
            tuple(self.delivered),
            tuple(self.faults),
        )


def _nodes(event: Event) -> tuple[str, ...]:
    """The hosts that take part in an event: where it is, and the other end if there is one."""
    match event:
        case Said() | Packet():
            peer = event.peer
        case Noted(fact=TcpFact() as fact):
            peer = fact.peer
        case _:
            peer = ""
    return (event.node, peer) if peer and peer != event.node else (event.node,)
