"""No mail is lost: what a server accepted is delivered, relayed, still queued, bounced or discarded by policy.

The check reads two sources and compares them: what a server said on the wire (250 to a recipient and to the
content, RFC 5321 section 4.2.5), and what it then noted about its queue and its mailboxes. So a server that
promises and forgets is found out, and so is one that counts a mail twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mailsim.trace.conversations import Conversations
from mailsim.trace.events import Event, Noted, Said
from mailsim.trace.facts import DsnMade, MdaDelivered, PolicyVerdict, QueueAdded, QueueDone, StoreAdded
from mailsim.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Violation:
    """The event `seq` breaks a rule for a message and a recipient.

    rule: `accepted-not-queued` (250, and then no trace of it), `done-not-accepted`, `done-twice`,
    `relayed-nowhere` (no other host has it), `delivered-nowhere` (no mailbox has it), `not-in-store`,
    `bounced-silently` (no report, though there is somebody to report to).
    """

    rule: str
    seq: int
    node: str
    msg: str
    rcpt: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Where everything is that servers accepted, counted by recipient and server."""

    accepted: int = 0
    relayed: int = 0
    delivered: int = 0
    queued: int = 0
    bounced: int = 0
    discarded: int = 0

    @property
    def balanced(self) -> bool:
        """Whether the parts make the whole."""
        return self.accepted == self.relayed + self.delivered + self.queued + self.bounced + self.discarded


def conservation(trace: Trace, conversations: Conversations | None = None) -> list[Violation]:
    """Every violation of the rule in a trace, in order; empty when it holds."""
    books = _Books(conversations or Conversations(trace.events))
    for event in trace.events:
        books.read(event)
    return sorted(books.violations(), key=lambda violation: violation.seq)


def totals(trace: Trace) -> Totals:
    """The counts, from the notes of all queues."""
    open_entries: set[tuple[str, str, str]] = set()
    counts = dict.fromkeys(("accepted", "relayed", "delivered", "bounced", "discarded"), 0)
    for event in trace.events:
        if isinstance(event, Noted):
            match event.fact:
                case QueueAdded(msg=msg, rcpt=rcpt):
                    open_entries.add((event.node, msg, rcpt))
                    counts["accepted"] += 1
                case QueueDone(msg=msg, rcpt=rcpt, fate=fate):
                    open_entries.discard((event.node, msg, rcpt))
                    counts[fate] += 1
    return Totals(queued=len(open_entries), **counts)


@dataclass(slots=True)
class _Books:
    """What was promised and what was done."""

    conversations: Conversations
    added: dict[tuple[str, str, str, str], QueueAdded] = field(default_factory=dict)
    done: list[tuple[Noted, QueueDone]] = field(default_factory=list)
    at_node: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    nodes_with: dict[str, set[str]] = field(default_factory=dict)
    delivered: dict[tuple[str, str], Noted] = field(default_factory=dict)
    stored: set[tuple[str, str, str]] = field(default_factory=set)
    reports: set[tuple[str, str]] = field(default_factory=set)
    discarded: set[tuple[str, str]] = field(default_factory=set)
    by_qid: dict[tuple[str, str], str] = field(default_factory=dict)
    promises: list[tuple[Said, str, list[str]]] = field(default_factory=list)

    def read(self, event: Event) -> None:
        match event:
            case Said(protocol="smtp", from_client=False):
                if self.conversations.topic(event) == "smtp.reply.taken":
                    self._promised(event)
            case Noted():
                self._noted(event)

    def _noted(self, event: Noted) -> None:
        node = event.node
        match event.fact:
            case QueueAdded(msg=msg, rcpt=rcpt, qid=qid) as fact:
                self.added[node, msg, rcpt, qid] = fact
                self.by_qid[node, qid] = msg
                self.at_node.setdefault((node, msg), set()).add(rcpt)
                self.nodes_with.setdefault(msg, set()).add(node)
            case QueueDone() as fact:
                self.done.append((event, fact))
            case MdaDelivered(msg=msg, rcpt=rcpt):
                self.delivered[msg, rcpt] = event
                self.nodes_with.setdefault(msg, set()).add(node)
            case StoreAdded(mailbox=mailbox, msg=msg):
                self.stored.add((node, mailbox, msg))
            case DsnMade(for_=about, rcpt=rcpt):
                self.reports.add((about, rcpt))
            case PolicyVerdict(result="discard", msg=msg):
                self.discarded.add((node, msg))

    def _promised(self, reply: Said) -> None:
        content = self.conversations.asked(reply)
        msg = "" if content is None else str(content.pdu.fields().get("msg", ""))
        self.promises.append((reply, msg, self._recipients(reply)))

    def _recipients(self, reply: Said) -> list[str]:
        """The recipients that the server accepted in the transaction that ends with this reply."""
        found: list[str] = []
        for said in self.conversations.of(reply.conn):
            if said.seq >= reply.seq:
                break
            verb, argument = said.pdu.fields().get("verb"), str(said.pdu.fields().get("arg", ""))
            if said.pdu.role == "data" or verb in ("MAIL", "RSET", "EHLO", "HELO"):
                found = [] if said.seq != self._content_seq(reply) else found
            elif verb == "RCPT":
                answer = self.conversations.answer(said)
                if answer is not None and str(answer.pdu).startswith("2"):
                    found.append(argument.partition("<")[2].partition(">")[0])
        return found

    def _content_seq(self, reply: Said) -> int:
        content = self.conversations.asked(reply)
        return -1 if content is None else content.seq

    # --- the verdict ----------------------------------------------------------------------------

    def violations(self) -> list[Violation]:
        return [*self._broken_promises(), *self._wrong_ends(), *self._missing_in_store()]

    def _broken_promises(self) -> list[Violation]:
        broken: list[Violation] = []
        for reply, named, recipients in self.promises:
            # an MSA names a mail that came without a Message-ID; its reply says which one it is
            msg = self.by_qid.get((reply.node, str(reply.pdu).rpartition(" ")[2]), named)
            queued = {rcpt.lower() for rcpt in self.at_node.get((reply.node, msg), set())}
            others = queued - {rcpt.lower() for rcpt in recipients}
            broken += [
                Violation("accepted-not-queued", reply.seq, reply.node, msg, rcpt)
                for rcpt in recipients
                if rcpt.lower() not in queued and not others and (reply.node, msg) not in self.discarded
            ]
        return broken

    def _wrong_ends(self) -> list[Violation]:
        wrong: list[Violation] = []
        ended: set[tuple[str, str, str, str]] = set()
        for event, fact in self.done:
            key = (event.node, fact.msg, fact.rcpt, fact.qid)
            rule = "done-twice" if key in ended else self._rule(key, fact)
            ended.add(key)
            if rule:
                wrong.append(Violation(rule, event.seq, event.node, fact.msg, fact.rcpt))
        return wrong

    def _rule(self, key: tuple[str, str, str, str], fact: QueueDone) -> str:
        added = self.added.get(key)
        if added is None:
            return "done-not-accepted"
        match fact.fate:
            case "relayed" if not self.nodes_with.get(fact.msg, set()) - {key[0]} and not self._thrown_away(fact.msg):
                return "relayed-nowhere"
            case "delivered" if (fact.msg, fact.rcpt) not in self.delivered:
                return "delivered-nowhere"
            case "bounced" if added.sender and (fact.msg, fact.rcpt) not in self.reports:
                return "bounced-silently"
        return ""

    def _thrown_away(self, msg: str) -> bool:
        return any(discarded == msg for _, discarded in self.discarded)

    def _missing_in_store(self) -> list[Violation]:
        return [
            Violation("not-in-store", event.seq, event.node, msg, rcpt)
            for (msg, rcpt), event in self.delivered.items()
            if isinstance(event.fact, MdaDelivered) and (event.node, event.fact.mailbox, msg) not in self.stored
        ]
