"""What came of one attempt to pass a mail on, for one recipient: always a reply, the next server's or our own.

The first digit of the reply says it all: 2 the responsibility is the next server's, 4 keep it and try again,
5 give it back to the sender (RFC 5321 section 4.2.1). Where no server said anything, the sending MTA draws
the conclusion itself and words it as the reply that it amounts to (RFC 5321 section 3.8: "as if it had been 451").
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.agents.policy import Situation
from mailsim.errors import ConnectionLost, ConnectionRefused, ConnectionTimedOut, HostUnreachable, TlsFailed
from mailsim.protocols.smtp import Reply

REFUSED = Reply.of(451, "4.4.1", "Connection refused")
TIMED_OUT = Reply.of(451, "4.4.1", "Connection timed out")
UNREACHABLE = Reply.of(451, "4.4.1", "Host unreachable")
DROPPED = Reply.of(451, "4.4.2", "Lost connection")
NO_ADDRESS_YET = Reply.of(451, "4.4.3", "The host has no known address")


class Conclusion(Reply):
    """What a client makes of the situation itself: worded as a reply, but no server has said it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt for one recipient.

    Attributes:
        reply: what it amounts to. host: who was spoken to, or could not be ("" for our own decision).
        said: what `host` really said, if that decided; a notification quotes it as it came.
        is_final_delivery: whether a 2yz means that it is in a mailbox, and not only one hop further.
        reports_itself: whether the next server offers DSN, and so tells the sender what was asked for about
            success; if not, a "relayed" notification is due from us (RFC 3461 section 5.2.2).
    """

    reply: Reply
    host: str = ""
    is_final_delivery: bool = False
    reports_itself: bool = False
    said: Reply | None = None

    @property
    def words(self) -> str:
        """What was said, or what we make of it."""
        return str(self.said or self.reply)


def conclusion(error: ConnectionLost) -> tuple[Situation, Reply]:
    """The row of the failover table for a connection that never came to be, and what it amounts to."""
    match error:
        case ConnectionRefused():
            return "refused", REFUSED
        case ConnectionTimedOut():
            return "timeout", TIMED_OUT
        case HostUnreachable():
            return "unreachable", UNREACHABLE
        case TlsFailed():
            return "tls", Reply.of(451, "4.7.5", f"TLS failed: {error.reason}")
        case _:
            return "dropped", DROPPED
