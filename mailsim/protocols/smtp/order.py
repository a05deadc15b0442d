"""Why a server does not even look at the argument of a command: not its turn, or TLS or AUTH first."""

from __future__ import annotations

from mailsim.protocols.smtp import replies
from mailsim.protocols.smtp.commands import (
    Auth,
    Bdat,
    BdatLast,
    Command,
    Data,
    Ehlo,
    Helo,
    Lhlo,
    Mail,
    Noop,
    Quit,
    Rcpt,
    Rset,
    StartTls,
)
from mailsim.protocols.smtp.config import SmtpServerConfig
from mailsim.protocols.smtp.replies import Reply
from mailsim.protocols.smtp.states import State

ALLOWED_BEFORE_TLS = frozenset({Noop, Ehlo, Lhlo, StartTls, Quit})  # RFC 3207 section 4
ALLOWED_BEFORE_AUTH = frozenset({Auth, Ehlo, Helo, Lhlo, Noop, Rset, Quit, StartTls})  # RFC 4954 section 6
CONTENT_COMMANDS = (Data, Bdat, BdatLast)


def out_of_order(state: State, kind: type[Command], all_recipients_refused: bool, is_lmtp: bool) -> Reply:
    """The reply to a command that has no row in the table of states for this state.

    DATA after nothing but refused recipients is 554 (RFC 5321 section 3.3), in LMTP 503 (RFC 2033 section 4.2).
    BDAT is judged like DATA, and the two do not mix in one transaction (RFC 3030 section 2).
    """
    match state:
        case State.GREETED:
            return replies.HELLO_FIRST
        case State.READY if kind in (Rcpt, *CONTENT_COMMANDS):
            return replies.MAIL_FIRST
        case State.HAS_SENDER | State.HAS_RECIPIENT | State.HAS_CHUNKS if kind is Mail:
            return replies.NESTED_MAIL
        case State.HAS_CHUNKS if kind in (Rcpt, Data):
            return replies.CHUNKS_BEGUN
        case State.HAS_SENDER if kind in CONTENT_COMMANDS:
            return replies.NO_RECIPIENTS if all_recipients_refused and not is_lmtp else replies.RCPT_FIRST
        case _:
            return replies.BAD_SEQUENCE


def forbidden(config: SmtpServerConfig, kind: type[Command], tls_active: bool, is_authenticated: bool) -> Reply | None:
    """The reply of a server that wants TLS or AUTH before this command, None when it may come."""
    if config.require_tls and not tls_active and kind not in ALLOWED_BEFORE_TLS:
        return replies.TLS_FIRST
    if config.require_auth and not is_authenticated and kind not in ALLOWED_BEFORE_AUTH:
        return replies.AUTH_FIRST
    if kind is StartTls and tls_active:
        return replies.TLS_ALREADY
    return None
