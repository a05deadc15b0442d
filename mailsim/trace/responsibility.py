"""Who answers for a mail, from which event to which: the rule of RFC 5321 sections 4.2.5 and 6.1.

A server that says 250 to the content takes the mail on itself, for every recipient that it accepted: it must
deliver it, pass it on, or report the failure. Until that 250 has arrived at the client, the client still
answers for it. Between the two moments both do, so a broken connection makes copies but never losses.

`Watch` holds the rule as a fold over the events, and says what each event changes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from mailsim.trace.conversations import Conversations
from mailsim.trace.events import LOST, Event, Noted, Packet, Said
from mailsim.trace.facts import DsnMade, MdaDelivered, QueueAdded, QueueDone, QueueFact, UserActed


@dataclass(frozen=True, slots=True)
class Holder:
    """Who answers for a mail on its way to one recipient; a sender's own program has `rcpt` ""."""

    node: str
    msg: str
    rcpt: str


@dataclass(frozen=True, slots=True)
class Handed:
    """The event `seq` (at time `at`) began or ended somebody's responsibility."""

    seq: int
    at: int
    holder: Holder
    begins: bool


class Watch:
    """Follows the events of a trace in order and tells who begins and who ends to answer for what."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations
        self._accepting: dict[tuple[str, str], list[Holder]] = {}
        self._waiting: dict[Holder, None] = {}
        self._holding: dict[Holder, None] = {}
        self._own_reports: set[tuple[str, str]] = set()
        self._replies: dict[int, Holder] = {}
        self._under_way: deque[tuple[int, Holder]] = deque()

    def see(self, event: Event) -> list[Handed]:
        """What this event changes; a reply that has arrived meanwhile counts too."""
        changes = self._arrived(event)
        match event:
            case Said() if event.protocol == "smtp":
                changes += self._said(event)
            case Packet():
                self._sent(event)
            case Noted():
                changes += self._noted(event)
        return changes

    def _noted(self, event: Noted) -> list[Handed]:
        match event.fact:
            case UserActed(action="send", msg=msg) if msg:
                return self._begin(event, Holder(event.node, msg, ""))
            case DsnMade(msg=msg):
                self._own_reports.add((event.node, msg))
            case QueueAdded(msg=msg, rcpt=rcpt):
                holder = Holder(event.node, msg, rcpt)
                if (event.node, msg) in self._own_reports:
                    return self._begin(event, holder)
                self._accepting.setdefault((event.node, msg), []).append(holder)
                self._waiting[holder] = None
            case QueueDone(msg=msg, rcpt=rcpt):
                holder = Holder(event.node, msg, rcpt)
                return self._late(event, holder) + self._end(event, holder)
            case MdaDelivered() | QueueFact():
                return self._late(event, Holder(event.node, event.fact.msg, event.fact.rcpt))
        return []

    def _late(self, event: Event, holder: Holder) -> list[Handed]:
        """A server that works on a mail answers for it, even if its 250 was never said."""
        return self._begin(event, holder) if holder in self._waiting else []

    def _said(self, event: Said) -> list[Handed]:
        if event.from_client or self._conversations.topic(event) != "smtp.reply.taken":
            return []
        content = self._conversations.asked(event)
        msg = "" if content is None else str(content.pdu.fields().get("msg", ""))
        sender = Holder(event.peer, msg, "")
        if sender in self._holding:
            self._replies[event.seq] = sender
        accepted = self._accepting.pop((event.node, msg), [])
        return [change for holder in accepted for change in self._late(event, holder)]

    def _sent(self, event: Packet) -> None:
        if event.arrives_at == LOST:
            return
        for cause in event.causes:
            holder = self._replies.pop(cause, None)
            if holder is not None:
                self._under_way.append((event.arrives_at, holder))

    def _arrived(self, event: Event) -> list[Handed]:
        here = [holder for at, holder in self._under_way if at <= event.at]
        if here:
            self._under_way = deque(pair for pair in self._under_way if pair[0] > event.at)
        return [change for holder in here for change in self._end(event, holder)]

    def _begin(self, event: Event, holder: Holder) -> list[Handed]:
        self._waiting.pop(holder, None)
        if holder in self._holding:
            return []
        self._holding[holder] = None
        return [Handed(event.seq, event.at, holder, True)]

    def _end(self, event: Event, holder: Holder) -> list[Handed]:
        if holder not in self._holding:
            return []
        del self._holding[holder]
        return [Handed(event.seq, event.at, holder, False)]
