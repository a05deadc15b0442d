"""Who answers what: the programs' sayings, grouped by connection and paired as question and answer.

SMTP and LMTP answer strictly in order (RFC 5321 section 4.2, RFC 2920 section 3.1), so the n-th reply
answers the n-th thing that the client said, pipelined or not; only the content over LMTP has one reply
for each recipient (RFC 2033 section 4.2). DNS pairs by asker and id. For the rest, an answer is about the last
thing that was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mailsim.trace.events import Event, Said
from mailsim.trace.topics import topic


@dataclass(slots=True)
class _Conversation:
    """The sayings of one connection; how many replies came, how many recipients LMTP still has to answer for."""

    said: list[int] = field(default_factory=list)
    client: list[int] = field(default_factory=list)
    replies: int = 0
    recipients: int = 0


class Conversations:
    """Indexes of the sayings of a trace; made in one pass, linear in the number of events.

    The events may become more while a run goes on: `catch_up` takes the new ones.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._by_connection: dict[str, _Conversation] = {}
        self._asked: dict[int, int] = {}
        self._answered: dict[int, int] = {}
        self._questions: dict[tuple[str, str, object], int] = {}
        self._topics: dict[int, str] = {}
        self._seen = 0
        self.catch_up()

    def catch_up(self) -> None:
        """Take the events that the sequence has got since it was looked at last."""
        events, start = self._events, self._seen
        self._seen = len(events)
        for number in range(start, len(events)):
            event = events[number]
            if isinstance(event, Said):
                self._add(event)

    def asked(self, answer: Event) -> Said | None:
        """What an answer answers; None for a greeting, a command, and what nobody asked for."""
        seq = self._asked.get(answer.seq)
        return None if seq is None else self._said(seq)

    def answer(self, question: Event) -> Said | None:
        """The first answer to a command or query; None when none came."""
        seq = self._answered.get(question.seq)
        return None if seq is None else self._said(seq)

    def of(self, connection: str) -> list[Said]:
        """All that was said on a connection, in order."""
        conversation = self._by_connection.get(connection)
        return [] if conversation is None else [self._said(seq) for seq in conversation.said]

    def topic(self, event: Event) -> str:
        """The topic of an event, with regard to what it answers."""
        known = self._topics.get(event.seq)
        if known is None:
            known = self._topics[event.seq] = topic(event, self.asked(event))
        return known

    def _said(self, seq: int) -> Said:
        event = self._events[seq]
        assert isinstance(event, Said)
        return event

    def _add(self, event: Said) -> None:
        conversation = self._by_connection.setdefault(event.conn, _Conversation())
        conversation.said.append(event.seq)
        if event.protocol == "dns":
            self._add_dns(event)
        elif event.from_client:
            conversation.client.append(event.seq)
        elif event.pdu.role != "greet":
            self._pair(event.seq, self._question(event, conversation))

    def _question(self, event: Said, conversation: _Conversation) -> int | None:
        client = conversation.client
        if event.protocol not in ("smtp", "lmtp"):
            return client[-1] if client else None
        number = conversation.replies
        if number >= len(client):
            return None
        question = self._said(client[number])
        if event.protocol == "lmtp" and self._more_replies_follow(question, event, conversation):
            return question.seq
        conversation.replies += 1
        return question.seq

    def _more_replies_follow(self, question: Said, reply: Said, conversation: _Conversation) -> bool:
        """Count the recipients that LMTP accepted, and down again while the content is answered."""
        if question.pdu.role == "data":
            conversation.recipients -= 1
            return conversation.recipients > 0
        match question.pdu.fields().get("verb"), str(reply.pdu)[:1]:
            case "RCPT", "2":
                conversation.recipients += 1
            case (("LHLO" | "MAIL" | "RSET"), "2"):
                conversation.recipients = 0
        return False

    def _add_dns(self, event: Said) -> None:
        number: object = getattr(event.pdu, "id", None)
        if event.pdu.role == "query":
            self._questions[event.node, event.peer, number] = event.seq
        else:
            self._pair(event.seq, self._questions.get((event.peer, event.node, number)))

    def _pair(self, answer: int, question: int | None) -> None:
        if question is not None:
            self._asked[answer] = question
            self._answered.setdefault(question, answer)
