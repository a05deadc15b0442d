"""Which command is legal when, and where it leads: one table (RFC 3501 sections 3 and 6, RFC 9051 section 3).

    GREETING --> NOT_AUTHENTICATED --LOGIN, AUTHENTICATE--> AUTHENTICATED --SELECT, EXAMINE--> SELECTED
                        |                                    ^      |                         |     |
                        |                                    +------|---CLOSE, UNSELECT-------+     |
                        +--------- LOGOUT ---------> LOGOUT <-------+-------------------------------+

A pair that is missing here is refused with BAD. The table holds the state after OK; after NO the state
stays, but for the two commands that leave the old mailbox before they try the new one.
"""

from __future__ import annotations

from enum import Enum

from mailsim.protocols.imap import commands as c


class State(Enum):
    """Where a connection is."""

    GREETING = "greeting"
    NOT_AUTHENTICATED = "not-authenticated"
    AUTHENTICATED = "authenticated"
    SELECTED = "selected"
    LOGOUT = "logout"


_NOT, _AUTH, _SEL = State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED

NEXT: dict[tuple[State, type[c.Command]], State] = {
    **{(state, kind): state for state in (_NOT, _AUTH, _SEL) for kind in (c.Capability, c.Noop, c.Id)},
    **{(state, c.Logout): State.LOGOUT for state in (_NOT, _AUTH, _SEL)},
    (_NOT, c.StartTls): _NOT,
    (_NOT, c.Login): _AUTH,
    (_NOT, c.Authenticate): _AUTH,
    **{
        (state, kind): state
        for state in (_AUTH, _SEL)
        for kind in (
            c.Create,
            c.Delete,
            c.Rename,
            c.Subscribe,
            c.Unsubscribe,
            c.List,
            c.Lsub,
            c.Namespace,
            c.Status,
            c.Append,
            c.Idle,
            c.Enable,
            c.GetQuota,
            c.GetQuotaRoot,
            c.SetQuota,
        )
    },
    **{(state, kind): _SEL for state in (_AUTH, _SEL) for kind in (c.Select, c.Examine)},
    **{(_SEL, kind): _SEL for kind in (c.Check, c.Expunge, c.Search, c.Fetch, c.Store, c.Copy, c.Move)},
    **{(_SEL, kind): _AUTH for kind in (c.Close, c.Unselect)},
}

AFTER_NO: dict[tuple[State, type[c.Command]], State] = {
    (_SEL, c.Select): _AUTH,
    (_SEL, c.Examine): _AUTH,
}

LEGAL_VERBS: dict[State, frozenset[str]] = {
    state: frozenset(kind.verb for place, kind in NEXT if place is state) for state in State
}
VERBS = frozenset().union(*LEGAL_VERBS.values())

EXPUNGE_FORBIDDEN = (c.Fetch, c.Store, c.Search)
"""By message number, these must not be answered with EXPUNGE (RFC 9051 section 7.5.1)."""


def may_expunge(command: c.Command) -> bool:
    """May the server renumber messages while it answers this command?"""
    return command.by_uid or not isinstance(command, EXPUNGE_FORBIDDEN)


ALONE = (c.StartTls, c.Login, c.Authenticate, c.Idle, c.Select, c.Examine, c.Close, c.Unselect, c.Logout)
"""A client waits for the answer to these before it sends anything else: they change what is legal."""


def may_follow(pending: tuple[c.Command, ...], command: c.Command) -> bool:
    """May a client send `command` before the pending ones are answered (RFC 9051 section 5.5)?

    A command by message number must not follow one during which messages may be renumbered.
    """
    if any(isinstance(one, ALONE) for one in pending):
        return False
    by_number = isinstance(command, (*EXPUNGE_FORBIDDEN, c.Copy, c.Move)) and not command.by_uid
    return not by_number or not any(may_expunge(one) for one in pending)
