"""Which command is legal when, and where it leads (RFC 1939 sections 4 to 6): one table for both sides."""

from __future__ import annotations

from enum import Enum

from mailsim.protocols.pop3.commands import (
    Apop,
    Auth,
    AuthResponse,
    Capa,
    Command,
    Dele,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    Stls,
    Top,
    Uidl,
    User,
    Utf8,
)


class State(Enum):
    """Where a session is. The RFC's AUTHORIZATION is three here: USER and AUTH wait for their second half."""

    __hash__ = object.__hash__  # members are single; Enum's own hash is a call in Python, on the hot path

    CONNECTED = "before the greeting"
    AUTHORIZATION = "AUTHORIZATION"
    NAMED = "AUTHORIZATION, waiting for PASS"
    EXCHANGE = "AUTHORIZATION, amid a SASL exchange"
    TRANSACTION = "TRANSACTION"
    UPDATE = "UPDATE"
    ENDED = "ended"


_ASKING = (Stat, List, Uidl, Retr, Top, Dele, Rset, Noop, Capa)

NEXT: dict[tuple[State, type[Command]], State] = {
    (State.AUTHORIZATION, Capa): State.AUTHORIZATION,
    (State.AUTHORIZATION, Stls): State.AUTHORIZATION,
    (State.AUTHORIZATION, Utf8): State.AUTHORIZATION,
    (State.AUTHORIZATION, User): State.NAMED,
    (State.NAMED, Capa): State.NAMED,
    (State.NAMED, Pass): State.TRANSACTION,
    (State.AUTHORIZATION, Apop): State.TRANSACTION,
    (State.AUTHORIZATION, Auth): State.TRANSACTION,
    (State.EXCHANGE, AuthResponse): State.TRANSACTION,
    **{(State.TRANSACTION, kind): State.TRANSACTION for kind in _ASKING},
    (State.AUTHORIZATION, Quit): State.ENDED,
    (State.NAMED, Quit): State.ENDED,
    (State.TRANSACTION, Quit): State.UPDATE,
}
"""What is legal, and the state after a positive reply. What is not here is refused."""

AFTER_REFUSAL: dict[tuple[State, type[Command]], State] = {
    (State.NAMED, Pass): State.AUTHORIZATION,
    (State.EXCHANGE, AuthResponse): State.AUTHORIZATION,
    (State.TRANSACTION, Quit): State.UPDATE,
}
"""The state after a negative reply, where it is not the same one. A failed QUIT is a QUIT all the same."""


def after(state: State, command: Command, ok: bool) -> State:
    """The state after the reply to a command."""
    key = (state, type(command))
    return NEXT.get(key, state) if ok else AFTER_REFUSAL.get(key, state)
