"""How closely one looks: which events are steps of the story, of the dialogue, or only of the packets.

- *story*: who does what with the mail: people, transfers of messages, decisions, refusals, the queue, the
  questions for MX and addresses, connections that failed;
- *dialogue*: also every command and reply, every connection, and the work of the resolver behind the scenes;
- *packet*: everything.

Each level has all steps of the level before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from mailsim.trace.conversations import Conversations
from mailsim.trace.events import Event, Noted, Packet, Said
from mailsim.trace.facts import TlsEstablished
from mailsim.trace.trace import Trace


class Level(IntEnum):
    """A zoom level; a larger number shows more."""

    STORY = 0
    DIALOGUE = 1
    PACKET = 2

    @staticmethod
    def of(name: str) -> Level:
        """The level called `story`, `dialogue` or `packet`. Raises: KeyError."""
        return Level[name.upper()]


_DIALOGUE_FACTS = frozenset(
    (
        "tcp.connect",
        "tcp.established",
        "tcp.close",
        "tcp.lost",
        "tls.start",
        "tls.established",
        "auth.ok",
        "net.timeout",
        "store.flag",
        "store.create",
        "store.delete",
        "store.rename",
        "queue.try",
        "mua.list",
    )
)
_PACKET_FACTS = frozenset(("net.drop",))
_REFUSALS = ("4", "5")
_MAIL_QUESTIONS = frozenset(("MX", "A", "AAAA"))
_FINAL_REPLIES = frozenset(("smtp.reply.taken", "lmtp.reply.delivered"))


class Levels:
    """The level from which each event of a trace is a step, and the steps of each level."""

    def __init__(self, trace: Trace, conversations: Conversations | None = None) -> None:
        self.conversations = conversations or Conversations(trace.events)
        self._resolvers = frozenset(node.name for node in trace.world.nodes if "resolver" in node.roles)
        self._levels = bytes(self._level(event) for event in trace.events)
        self._steps: dict[Level, Sequence[int]] = {}

    def of(self, seq: int) -> Level:
        """The first level at which the event is a step."""
        return Level(self._levels[seq])

    def steps(self, level: Level) -> Sequence[int]:
        """The sequence numbers of the events that are steps at a level, in order."""
        if level not in self._steps:
            self._steps[level] = tuple(seq for seq, own in enumerate(self._levels) if own <= level)
        return self._steps[level]

    def _level(self, event: Event) -> Level:
        match event:
            case Packet():
                return Level.PACKET
            case Noted(fact=TlsEstablished(side="server")):
                return Level.PACKET  # the client has told it already
            case Noted(kind=kind):
                if kind in _PACKET_FACTS:
                    return Level.PACKET
                return Level.DIALOGUE if kind in _DIALOGUE_FACTS else Level.STORY
            case Said():
                return Level.STORY if self._is_story(event) else Level.DIALOGUE
        return Level.PACKET

    def _is_story(self, event: Said) -> bool:
        match event.protocol:
            case "dns":
                return self._is_mail_question(event)
            case "smtp" | "lmtp":
                if event.pdu.role == "data":
                    return True
                refused = str(event.pdu).startswith(_REFUSALS)
                return not event.from_client and (refused or self.conversations.topic(event) in _FINAL_REPLIES)
            case "pop":
                return not event.from_client and self._brings_message(event)
            case "imap":
                return event.pdu.role == "untagged" and self._brings_message(event)
        return False

    def _brings_message(self, event: Said) -> bool:
        """Whether a message, or a part of it, comes to the reader, or how many there are: perhaps none."""
        text = str(event.pdu)
        match self.conversations.topic(event):
            case "pop.reply.message" | "pop.reply.err":
                return True
            case "imap.untagged.exists":
                return text.endswith("EXISTS")
            case "imap.untagged.fetch":
                return "BODY[" in text or "RFC822 " in text
        return False

    def _is_mail_question(self, event: Said) -> bool:
        """A question for MX or an address, and its answer.

        What programs ask their resolver is the story, unless it is an address that they could have remembered
        themselves. So is the MX question of the resolver to the server that is in charge; the way down from
        the root is not.
        """
        is_answer = event.pdu.role == "answer"
        qtype = event.pdu.fields().get("qtype")
        if qtype not in _MAIL_QUESTIONS:
            return False
        asker = event.peer if is_answer else event.node
        answer = event if is_answer else self.conversations.answer(event)
        found = "" if answer is None else self.conversations.topic(answer)
        if asker not in self._resolvers:
            return qtype == "MX" or found != "dns.answer.cached"
        return qtype == "MX" and found != "dns.answer.referral"
