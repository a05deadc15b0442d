"""May this line be said now, and is it well said? All that a server can judge without knowing the world.

The checks, in this order: is the line short enough, is the verb known and offered, is it its turn, does policy want
TLS or AUTH first, is its argument well formed, are its parameters offered, do its letters need SMTPUTF8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsim.protocols.smtp import replies
from mailsim.protocols.smtp.commands import Auth, Command, Mail, Rcpt, Verb
from mailsim.protocols.smtp.config import SmtpServerConfig
from mailsim.protocols.smtp.order import forbidden, out_of_order
from mailsim.protocols.smtp.parameters import check_mail_parameters, check_rcpt_parameters
from mailsim.protocols.smtp.parsing import BadCommand
from mailsim.protocols.smtp.replies import Reply
from mailsim.protocols.smtp.states import LEGAL

if TYPE_CHECKING:
    from mailsim.protocols.smtp.server import SmtpServer


def judge(server: SmtpServer, line: bytes, kind: type[Verb] | None, command: Verb | Reply) -> Verb:
    """The command that a line is; `kind` and `command` are what `read_line` says. Raises BadCommand."""
    config = server.config
    if len(line) > config.command_line_limit and len(line) > _line_limit(config, kind):
        raise BadCommand(replies.AUTH_LINE_TOO_LONG if kind is Auth else replies.LINE_TOO_LONG)
    if kind is None:
        assert isinstance(command, Reply)
        raise BadCommand(command)
    if kind in config.not_offered:
        raise BadCommand(replies.NOT_IMPLEMENTED)
    if (refusal := not_now(server, kind)) is not None:
        raise BadCommand(refusal)
    if isinstance(command, Reply):
        raise BadCommand(command)
    match command:
        case Mail():
            _check_mail(server, command)
        case Rcpt():
            _check_rcpt(server, command, line)
    return command


def not_now(server: SmtpServer, kind: type[Command]) -> Reply | None:
    """The reply to a verb whose turn has not come, or that policy does not want yet."""
    if (server.state, kind) not in LEGAL:
        return out_of_order(server.state, kind, server.has_refused_recipient, server.config.is_lmtp)
    return forbidden(server.config, kind, server.tls_active, server.username)


def _check_mail(server: SmtpServer, mail: Mail) -> None:
    if mail.parameters:
        check_mail_parameters(mail, server.config, server.is_extended)
    if not mail.path.isascii() and not mail.smtputf8:
        raise BadCommand(replies.SENDER_NOT_ASCII if server.config.smtputf8 else replies.NOT_ASCII)


def _check_rcpt(server: SmtpServer, rcpt: Rcpt, line: bytes) -> None:
    """A recipient beyond ASCII is for a transaction with SMTPUTF8 only (RFC 6531 section 3.5)."""
    if rcpt.parameters:
        check_rcpt_parameters(rcpt, server.config, server.is_extended)
    if not line.isascii() and not (server.sender and server.sender.smtputf8):
        raise BadCommand(replies.RECIPIENT_NOT_ASCII if server.config.smtputf8 else replies.NOT_ASCII)
    if len(server.recipients) >= server.config.max_recipients:
        raise BadCommand(replies.TOO_MANY_RECIPIENTS)


def _line_limit(config: SmtpServerConfig, kind: type[Command] | None) -> int:
    """Extensions make room for their parameters (RFC 5321 section 4.5.3.1.4)."""
    if kind is Mail:
        return config.mail_line_limit
    if kind is Rcpt:
        return config.rcpt_line_limit
    return config.auth_line_limit if kind is Auth else config.command_line_limit
