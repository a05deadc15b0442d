"""The journey of a mail to one recipient: who held it from when to when, and how it ended.

One message to two recipients makes two journeys, which may part at any server. The hops come from the facts
that the servers note, and the moments of responsibility from `mailsim.trace.responsibility`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from mailsim.trace.conversations import Conversations
from mailsim.trace.events import Event, Noted
from mailsim.trace.facts import (
    DsnMade,
    MdaDelivered,
    MessageShown,
    QueueAdded,
    QueueDeferred,
    QueueDone,
    QueueTried,
)
from mailsim.trace.responsibility import Handed, Holder, Watch
from mailsim.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Hop:
    """One holder of the mail.

    Attributes:
        node: its host. kind: `client` (a sender's own program), `queue` or `mailbox`.
        since, until: microseconds of simulated time in which it answered for the mail; `until` is None when it
            still did at the end of the run.
        since_seq, until_seq: the events at which that began and ended.
        tries: delivery attempts. outcome: `relayed`, `delivered`, `bounced`, `discarded`, `queued` or `kept`.
        next_hop: to whom it went.
        reason: why the last attempt that failed for now did so.
    """

    node: str
    kind: str
    since: int
    since_seq: int
    until: int | None = None
    until_seq: int | None = None
    tries: int = 0
    outcome: str = ""
    next_hop: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Journey:
    """All hops of a message to one recipient, in order of time.

    Attributes:
        rcpt: the envelope's recipient; "" when no server has ever accepted the message.
        sender: the envelope's sender, "" for a report.
        fate: `delivered`, `queued`, `bounced`, `discarded`, `unsent` (no server took it) or `relayed` (the next
            server took it for somebody else: an alias).
        fate_seq: the event that decided the fate. shown: when a reader saw it, None if nobody did.
        report: the key of the report that was made about it, "" if none was.
    """

    msg: str
    rcpt: str
    sender: str
    hops: tuple[Hop, ...]
    fate: str
    fate_seq: int
    shown: int | None = None
    report: str = ""

    @property
    def duration_us(self) -> int:
        """From the first hop to the mailbox, or to the end of what is known."""
        last = self.hops[-1]
        end = last.since if last.kind == "mailbox" or last.until is None else last.until
        return end - self.hops[0].since


@dataclass(slots=True)
class _Draft:
    """What is known of a journey while the trace is read."""

    sender: str = ""
    hops: list[Hop] = field(default_factory=list)
    mailbox: Hop | None = None
    mailbox_name: str = ""
    fate: str = ""
    fate_seq: int = -1
    report: str = ""


def journeys(trace: Trace, conversations: Conversations | None = None) -> tuple[Journey, ...]:
    """The journeys of all messages, in the order in which they began; linear in the number of events."""
    return _Reader(conversations or Conversations(trace.events)).read(trace)


class _Reader:
    def __init__(self, conversations: Conversations) -> None:
        self._watch = Watch(conversations)
        self._drafts: dict[tuple[str, str], _Draft] = {}
        self._clients: dict[str, Hop] = {}
        self._shown: dict[tuple[str, str], int] = {}

    def read(self, trace: Trace) -> tuple[Journey, ...]:
        for event in trace.events:
            for change in self._watch.see(event):
                self._handed(change)
            if isinstance(event, Noted):
                self._noted(event)
        by_msg: dict[str, list[Journey]] = defaultdict(list)
        for (msg, rcpt), draft in self._drafts.items():
            if draft.hops or draft.mailbox is not None:
                by_msg[msg].append(self._journey(msg, rcpt, draft))
        for msg, client in self._clients.items():
            if msg not in by_msg:
                by_msg[msg].append(Journey(msg, "", "", (client,), "unsent", client.since_seq))
        return tuple(sorted((j for js in by_msg.values() for j in js), key=lambda j: j.hops[0].since_seq))

    # --- events ---------------------------------------------------------------------------------

    def _handed(self, change: Handed) -> None:
        holder = change.holder
        if not holder.rcpt:
            self._client_handed(holder, change)
            return
        if change.begins:
            self._change(holder.node, holder.msg, holder.rcpt, since=change.at, since_seq=change.seq)
        else:
            self._change(holder.node, holder.msg, holder.rcpt, until=change.at, until_seq=change.seq)

    def _client_handed(self, holder: Holder, change: Handed) -> None:
        if change.begins:
            self._clients.setdefault(holder.msg, Hop(holder.node, "client", change.at, change.seq, outcome="queued"))
            return
        hop = self._clients[holder.msg]
        self._clients[holder.msg] = replace(hop, until=change.at, until_seq=change.seq, tries=1, outcome="relayed")

    def _noted(self, event: Noted) -> None:
        match event.fact:
            case QueueAdded(msg=msg, rcpt=rcpt, sender=sender):
                draft = self._draft(msg, rcpt)
                draft.sender = draft.sender or sender
                draft.hops.append(Hop(event.node, "queue", event.at, event.seq, outcome="queued"))
            case QueueTried(msg=msg, rcpt=rcpt, n=n):
                self._change(event.node, msg, rcpt, tries=n)
            case QueueDeferred(msg=msg, rcpt=rcpt, reason=reason):
                self._change(event.node, msg, rcpt, reason=reason)
            case QueueDone(msg=msg, rcpt=rcpt, fate=fate, next_hop=next_hop):
                self._done(event, msg, rcpt, fate, next_hop)
            case MdaDelivered(msg=msg, rcpt=rcpt, mailbox=mailbox):
                draft = self._draft(msg, rcpt)
                draft.mailbox = Hop(event.node, "mailbox", event.at, event.seq, outcome="kept")
                draft.mailbox_name = mailbox
                draft.fate, draft.fate_seq = "delivered", event.seq
            case DsnMade(for_=about, rcpt=rcpt, msg=report):
                self._draft(about, rcpt).report = report
            case MessageShown(msg=msg, mailbox=mailbox):
                self._shown.setdefault((msg, mailbox), event.at)

    def _done(self, event: Event, msg: str, rcpt: str, fate: str, next_hop: str) -> None:
        self._change(event.node, msg, rcpt, outcome=fate, next_hop=next_hop)
        draft = self._draft(msg, rcpt)
        if fate in ("bounced", "discarded"):
            draft.fate, draft.fate_seq = fate, event.seq

    def _change(self, node: str, msg: str, rcpt: str, **values: object) -> None:
        """Change the latest hop at a host: in a loop there may be several."""
        hops = self._draft(msg, rcpt).hops
        for number in range(len(hops) - 1, -1, -1):
            if hops[number].node == node:
                hops[number] = replace(hops[number], **values)  # type: ignore[arg-type]
                return

    def _draft(self, msg: str, rcpt: str) -> _Draft:
        return self._drafts.setdefault((msg, rcpt), _Draft())

    # --- result ---------------------------------------------------------------------------------

    def _journey(self, msg: str, rcpt: str, draft: _Draft) -> Journey:
        hops = list(draft.hops)
        if msg in self._clients:
            hops.insert(0, self._clients[msg])
        if draft.mailbox is not None:
            hops.append(draft.mailbox)
        shown = self._shown.get((msg, draft.mailbox_name), self._shown.get((msg, rcpt)))
        fate, fate_seq = draft.fate, draft.fate_seq
        if fate_seq < 0:
            fate, fate_seq = hops[-1].outcome, hops[-1].since_seq
        return Journey(msg, rcpt, draft.sender, tuple(hops), fate, fate_seq, shown, draft.report)
