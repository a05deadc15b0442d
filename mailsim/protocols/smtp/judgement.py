"""May this line be said now, and is it well said? All that a server can judge without knowing the world.

The checks, in this order: is the line short enough, is the verb known and offered, is it its turn, does policy want
TLS or AUTH first, is its argument well formed, are its parameters offered, do its letters need SMTPUTF8.

Nothing but the line, the session and the transaction decides, and clients say the same again and again, so judgements
are remembered.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from mailsim.protocols.smtp import replies
from mailsim.protocols.smtp.commands import Auth, Bdat, Command, Mail, Rcpt, Verb
from mailsim.protocols.smtp.config import SmtpServerConfig
from mailsim.protocols.smtp.order import forbidden, out_of_order
from mailsim.protocols.smtp.parameters import check_mail_parameters, check_rcpt_parameters
from mailsim.protocols.smtp.parsing import REMEMBERED_LENGTH, BadCommand, read_line
from mailsim.protocols.smtp.replies import Reply
from mailsim.protocols.smtp.states import LEGAL, State


class Session(NamedTuple):
    """What is known of the client: whether it said EHLO, whether there is TLS, and whether it has logged in."""

    config: SmtpServerConfig
    is_extended: bool
    tls_active: bool
    is_authenticated: bool


class Transaction(NamedTuple):
    """What is known of the mail so far.

    Attributes:
        has_room: whether it may have another recipient. has_refused: whether it lost one.
        takes_utf8: whether its MAIL said SMTPUTF8.
    """

    has_room: bool
    has_refused: bool
    takes_utf8: bool


def judge(line: bytes, state: State, session: Session, mail: Transaction) -> Verb | Reply:
    """The command that a line is, or the reply that refuses it.

    BDAT is not judged here: its octets follow, whatever is thought of it.
    """
    if len(line) > REMEMBERED_LENGTH:
        return _judge(line, state, session, mail)
    return _remembered(line, state, session, mail)


def _judge(line: bytes, state: State, session: Session, mail: Transaction) -> Verb | Reply:
    config = session.config
    kind, command = read_line(line, config.is_lmtp)
    if isinstance(command, Bdat) and config.chunking:
        return command
    if len(line) > config.command_line_limit and len(line) > _line_limit(config, kind):
        return replies.AUTH_LINE_TOO_LONG if kind is Auth else replies.LINE_TOO_LONG
    if kind is None:
        return command
    if kind in config.not_offered:
        return replies.NOT_IMPLEMENTED
    try:
        return not_now(kind, state, session, mail) or _check(command, line, session, mail) or command
    except BadCommand as error:
        return error.reply


_remembered = lru_cache(maxsize=4096)(_judge)


def not_now(kind: type[Command], state: State, session: Session, mail: Transaction) -> Reply | None:
    """The reply to a verb whose turn has not come, or that policy does not want yet."""
    if (state, kind) not in LEGAL:
        return out_of_order(state, kind, mail.has_refused, session.config.is_lmtp)
    return forbidden(session.config, kind, session.tls_active, session.is_authenticated)


def _check(command: Verb | Reply, line: bytes, session: Session, mail: Transaction) -> Reply | None:
    """What is wrong with the argument, or None. Raises: BadCommand for wrong parameters."""
    match command:
        case Mail():
            return _check_mail(command, session)
        case Rcpt():
            return _check_rcpt(command, line, session, mail)
        case Auth():
            return _check_auth(command, session)
    return None


def _check_mail(command: Mail, session: Session) -> Reply | None:
    if command.parameters:
        check_mail_parameters(command, session.config, session.is_extended)
    if not command.path.isascii() and not command.smtputf8:
        return replies.SENDER_NOT_ASCII if session.config.smtputf8 else replies.NOT_ASCII
    return None


def _check_rcpt(command: Rcpt, line: bytes, session: Session, mail: Transaction) -> Reply | None:
    """A recipient beyond ASCII is for a transaction with SMTPUTF8 only (RFC 6531 section 3.5)."""
    if command.parameters:
        check_rcpt_parameters(command, session.config, session.is_extended)
    if not line.isascii() and not mail.takes_utf8:
        return replies.RECIPIENT_NOT_ASCII if session.config.smtputf8 else replies.NOT_ASCII
    return None if mail.has_room else replies.TOO_MANY_RECIPIENTS


def _check_auth(command: Auth, session: Session) -> Reply | None:
    if not session.is_extended:
        return replies.HELLO_FIRST
    if session.is_authenticated:
        return replies.AUTH_ALREADY
    if session.config.auth_requires_tls and not session.tls_active:
        return replies.AUTH_NEEDS_TLS
    return None if command.mechanism in session.config.auth_mechanisms else replies.AUTH_UNKNOWN


def _line_limit(config: SmtpServerConfig, kind: type[Command] | None) -> int:
    """Extensions make room for their parameters (RFC 5321 section 4.5.3.1.4)."""
    if kind is Mail:
        return config.mail_line_limit
    if kind is Rcpt:
        return config.rcpt_line_limit
    return config.auth_line_limit if kind is Auth else config.command_line_limit
