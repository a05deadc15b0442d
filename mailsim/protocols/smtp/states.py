"""What may be said when: the one table of SMTP's states, for both sides (RFC 5321 sections 4.1.4 and 4.3.2).

A row reads: in this state, this command, answered with a reply of this first digit, leads to that state.
A pair of state and command without a row is out of order, and a server answers 503. An answer without a
row (mostly 4yz and 5yz) leaves everything as it was. A diagram of SMTP is a drawing of `NEXT`.
"""

from __future__ import annotations

from enum import Enum

from mailsim.protocols.smtp.commands import (
    Auth,
    AuthCancel,
    AuthResponse,
    Bdat,
    BdatLast,
    Command,
    Data,
    Ehlo,
    Expn,
    Helo,
    Help,
    Lhlo,
    Mail,
    Noop,
    Quit,
    Rcpt,
    Rset,
    StartTls,
    Vrfy,
)
from mailsim.protocols.smtp.content import Content


class State(Enum):
    """Where a session stands; the names say what has been reached."""

    __hash__ = object.__hash__  # members are single; Enum's own hash is a call in Python, on the hot path

    CONNECTED = "connected"
    """The server has not greeted yet."""
    GREETED = "greeted"
    """After 220; again after a TLS handshake."""
    TURNED_AWAY = "turned away"
    """After a greeting of 554 (RFC 5321 section 3.1)."""
    READY = "ready"
    """After EHLO, HELO or LHLO; no transaction is open."""
    HAS_SENDER = "has sender"
    """MAIL was accepted."""
    HAS_RECIPIENT = "has recipient"
    """At least one RCPT was accepted."""
    HAS_CHUNKS = "has chunks"
    """A part of the message has come by BDAT, and the last part has not (RFC 3030 section 2)."""
    READING_CONTENT = "reading content"
    """After 354: all that comes is content, until the dot."""
    AUTHENTICATING = "authenticating"
    """In a SASL exchange: lines of base64."""
    STARTING_TLS = "starting TLS"
    """After 220 for STARTTLS: the next octet belongs to TLS."""
    CLOSED = "closed"
    """After 221 or 421: nothing more will be said."""


CONNECTED, GREETED, TURNED_AWAY, READY = State.CONNECTED, State.GREETED, State.TURNED_AWAY, State.READY
HAS_SENDER, HAS_RECIPIENT, HAS_CHUNKS = State.HAS_SENDER, State.HAS_RECIPIENT, State.HAS_CHUNKS
READING_CONTENT, AUTHENTICATING = State.READING_CONTENT, State.AUTHENTICATING
STARTING_TLS, CLOSED = State.STARTING_TLS, State.CLOSED

Move = tuple[State, type[Command], int]

NEXT: dict[Move, State] = {
    (GREETED, Ehlo, 2): READY,
    (GREETED, Helo, 2): READY,
    (GREETED, Lhlo, 2): READY,
    (GREETED, Rset, 2): GREETED,
    (TURNED_AWAY, Quit, 2): CLOSED,
    (READY, StartTls, 2): STARTING_TLS,
    (READY, Auth, 3): AUTHENTICATING,
    (READY, Auth, 2): READY,
    (AUTHENTICATING, AuthResponse, 3): AUTHENTICATING,
    (AUTHENTICATING, AuthResponse, 2): READY,
    (AUTHENTICATING, AuthResponse, 4): READY,
    (AUTHENTICATING, AuthResponse, 5): READY,
    (AUTHENTICATING, AuthCancel, 5): READY,
    (READY, Mail, 2): HAS_SENDER,
    (HAS_SENDER, Rcpt, 2): HAS_RECIPIENT,
    (HAS_RECIPIENT, Rcpt, 2): HAS_RECIPIENT,
    (HAS_RECIPIENT, Data, 3): READING_CONTENT,
    (READING_CONTENT, Content, 2): READY,
    (READING_CONTENT, Content, 4): READY,
    (READING_CONTENT, Content, 5): READY,
}
"""(state, command, first digit of the reply) -> state."""

STARTS_AFRESH: tuple[type[Command], ...] = (Ehlo, Helo, Lhlo, Rset)
CHANGES_NOTHING: tuple[type[Command], ...] = (Noop, Help, Vrfy, Expn)

for _state in (READY, HAS_SENDER, HAS_RECIPIENT, HAS_CHUNKS):
    NEXT |= {(_state, command, 2): READY for command in STARTS_AFRESH}
for _state in (HAS_RECIPIENT, HAS_CHUNKS):
    NEXT |= {(_state, BdatLast, digit): READY for digit in (2, 4, 5)}
    NEXT |= {(_state, Bdat, digit): HAS_CHUNKS for digit in (2, 4, 5)}  # a refused chunk spoils the transaction
for _state in (GREETED, READY, HAS_SENDER, HAS_RECIPIENT, HAS_CHUNKS):
    NEXT |= {(_state, command, 2): _state for command in CHANGES_NOTHING}
    NEXT[_state, Quit, 2] = CLOSED

LEGAL: frozenset[tuple[State, type[Command]]] = frozenset((state, command) for state, command, _ in NEXT)
"""The pairs of state and command that are in order."""

HOPED: dict[tuple[State, type[Command]], State] = {
    (state, command): after
    for (state, command, digit), after in sorted(NEXT.items(), key=lambda row: -row[0][2])
    if digit in (2, 3)
}
"""Where a command leads when all goes well: what a pipelining client reckons with (2yz before 3yz)."""

ENDS_A_GROUP: frozenset[type[Command]] = frozenset(
    {Ehlo, Helo, Lhlo, Data, Vrfy, Expn, Help, Noop, Quit, StartTls, Auth, AuthResponse, AuthCancel}
)
"""Commands whose reply a client must see before it may send more (RFC 2920 section 3.1)."""
