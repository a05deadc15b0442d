"""Which parameters MAIL and RCPT may carry, and what their values must look like.

Every parameter belongs to an extension. One that the server did not offer, or not in this session because
the client said HELO, is 555 (RFC 5321 section 4.1.1.11); a value that breaks its own grammar is 501.
DSN (RFC 3461) would add RET and ENVID to MAIL, NOTIFY and ORCPT to RCPT; SMTPUTF8 itself to MAIL.
"""

from __future__ import annotations

import re

from mailsim.protocols.smtp import grammar, replies
from mailsim.protocols.smtp.commands import Mail, Rcpt
from mailsim.protocols.smtp.config import SmtpServerConfig
from mailsim.protocols.smtp.grammar import GrammarError
from mailsim.protocols.smtp.parsing import BadCommand
from mailsim.protocols.smtp.replies import Reply

_is_size = re.compile(r"[0-9]{1,20}").fullmatch  # RFC 1870 section 3
_xtext_escape = re.compile(r"\+([0-9A-F]{2})")  # RFC 3461 section 4

EXTENSION_OF: dict[tuple[type, str], str] = {
    (Mail, "SIZE"): "SIZE",
    (Mail, "BODY"): "8BITMIME",
    (Mail, "AUTH"): "AUTH",
}
"""The EHLO keyword that allows each parameter."""


def decode_xtext(text: str) -> str:
    """Undo `+3D` for `=` and its like (RFC 3461 section 4); raises GrammarError."""
    if "+" in _xtext_escape.sub("", text):
        raise GrammarError("Bad xtext")
    return _xtext_escape.sub(lambda match: chr(int(match[1], 16)), text)


def check_mail_parameters(mail: Mail, config: SmtpServerConfig, is_extended: bool) -> None:
    """Raises BadCommand with 555, 501, or 552 for a declared size over the limit (RFC 1870 section 6.1)."""
    offered = {"SIZE": config.size, "BODY": config.eight_bit_mime, "AUTH": bool(config.auth_mechanisms)}
    for key, value in mail.parameters:
        if not is_extended or not offered.get(key):
            raise BadCommand(replies.UNKNOWN_PARAMETER)
        if value is None:
            raise BadCommand(Reply.of(501, "5.5.4", f"{key} needs a value"))
        if key == "SIZE":
            _check_size(value, config.size_limit)
        elif key == "BODY" and value.upper() not in ("7BIT", "8BITMIME"):
            raise BadCommand(replies.UNKNOWN_PARAMETER)
        elif key == "AUTH":
            _check_auth(value)


def _check_size(value: str, limit: int) -> None:
    if not _is_size(value):
        raise BadCommand(Reply.of(501, "5.5.4", "SIZE is a number of at most 20 digits"))
    if limit and int(value) > limit:
        raise BadCommand(replies.TOO_BIG)


def _check_auth(value: str) -> None:
    """RFC 4954 section 5: who submitted it first, as a mailbox in xtext, or <>."""
    try:
        if value != "<>":
            grammar.check_path(decode_xtext(value))
    except GrammarError:
        raise BadCommand(Reply.of(501, "5.5.4", "AUTH is a mailbox in xtext, or <>")) from None


def check_rcpt_parameters(rcpt: Rcpt) -> None:
    """Raises BadCommand with 555: no extension that we offer adds a parameter to RCPT."""
    if rcpt.parameters:
        raise BadCommand(replies.UNKNOWN_PARAMETER)
