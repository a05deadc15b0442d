"""Which parameters MAIL and RCPT may carry, and what their values must look like.

Every parameter belongs to an extension. One that the server did not offer, or not in this session because
the client said HELO, is 555 (RFC 5321 section 4.1.1.11); a value that breaks its own grammar is 501.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mailsim.mail.envelope import Body, Envelope, Wish
from mailsim.mail.xtext import decode_unicode, decode_xtext, is_xtext
from mailsim.protocols.smtp import grammar, replies
from mailsim.protocols.smtp.commands import Mail, Rcpt
from mailsim.protocols.smtp.config import SmtpServerConfig
from mailsim.protocols.smtp.grammar import GrammarError, Parameters
from mailsim.protocols.smtp.parsing import BadCommand
from mailsim.protocols.smtp.replies import Reply

_is_size = re.compile(r"[0-9]{1,20}").fullmatch  # RFC 1870 section 3
_is_address_type = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+").fullmatch
MAX_ENVID, MAX_ORCPT = 100, 500  # RFC 3461 sections 4.2 and 4.4

EXTENSION_OF: dict[tuple[type, str], str] = {
    (Mail, "SIZE"): "SIZE",
    (Mail, "BODY"): "8BITMIME",
    (Mail, "AUTH"): "AUTH",
    (Mail, "SMTPUTF8"): "SMTPUTF8",
    (Mail, "RET"): "DSN",
    (Mail, "ENVID"): "DSN",
    (Rcpt, "NOTIFY"): "DSN",
    (Rcpt, "ORCPT"): "DSN",
}
"""The EHLO keyword that allows each parameter."""


def check_mail_parameters(mail: Mail, config: SmtpServerConfig, is_extended: bool) -> None:
    """Raises BadCommand with 555, 501, or 552 for a declared size over the limit (RFC 1870 section 6.1)."""
    _check(mail, config, is_extended)
    size = mail.parameter("SIZE")
    if size is not None and config.size_limit and int(size) > config.size_limit:
        raise BadCommand(replies.TOO_BIG)


def check_rcpt_parameters(rcpt: Rcpt, config: SmtpServerConfig, is_extended: bool) -> None:
    """Raises BadCommand with 555 or 501."""
    _check(rcpt, config, is_extended)


def _check(command: Mail | Rcpt, config: SmtpServerConfig, is_extended: bool) -> None:
    for key, value in command.parameters:
        extension = EXTENSION_OF.get((type(command), key))
        if not is_extended or extension is None or extension not in config.extensions:
            raise BadCommand(replies.UNKNOWN_PARAMETER)
        if key == "SMTPUTF8":
            if value is not None:
                raise BadCommand(Reply.of(501, "5.5.4", "SMTPUTF8 has no value"))
        elif value is None:
            raise BadCommand(Reply.of(501, "5.5.4", f"{key} needs a value"))
        else:
            VALUES[key](value)


def _check_size(value: str) -> None:
    if not _is_size(value):
        raise BadCommand(Reply.of(501, "5.5.4", "SIZE is a number of at most 20 digits"))


def _check_body(value: str) -> None:
    if value.upper() not in ("7BIT", "8BITMIME"):
        raise BadCommand(replies.UNKNOWN_PARAMETER)


def _check_auth(value: str) -> None:
    """RFC 4954 section 5: who submitted it first, as a mailbox in xtext, or <>."""
    try:
        if value != "<>":
            grammar.check_path(decode_xtext(value))
    except (GrammarError, ValueError):
        raise BadCommand(Reply.of(501, "5.5.4", "AUTH is a mailbox in xtext, or <>")) from None


def _check_ret(value: str) -> None:
    if value.upper() not in ("FULL", "HDRS"):
        raise BadCommand(Reply.of(501, "5.5.4", "RET is FULL or HDRS"))


def _check_envid(value: str) -> None:
    if len(value) > MAX_ENVID or not is_xtext(value) or not decode_xtext(value).isprintable():
        raise BadCommand(Reply.of(501, "5.5.4", "ENVID is xtext of at most 100 characters"))


def _check_notify(value: str) -> None:
    words = value.upper().split(",")
    if words != ["NEVER"] and not set(words) <= {"SUCCESS", "FAILURE", "DELAY"}:
        raise BadCommand(Reply.of(501, "5.5.4", "NOTIFY is NEVER, or some of SUCCESS, FAILURE, DELAY"))


def _check_orcpt(value: str) -> None:
    """A type and an address; those of type utf-8 may have letters beyond ASCII (RFC 6533 section 3)."""
    kind, _, address = value.partition(";")
    try:
        text = decode_unicode(address) if kind.lower() == "utf-8" else decode_xtext(address)
    except ValueError:
        text = ""
    if len(value) > MAX_ORCPT or not _is_address_type(kind) or not text.isprintable() or not text:
        raise BadCommand(Reply.of(501, "5.5.4", "ORCPT is a type, a semicolon and an address in xtext"))


VALUES: dict[str, Callable[[str], None]] = {
    "SIZE": _check_size,
    "BODY": _check_body,
    "AUTH": _check_auth,
    "RET": _check_ret,
    "ENVID": _check_envid,
    "NOTIFY": _check_notify,
    "ORCPT": _check_orcpt,
}
"""What checks the value of each parameter; raises BadCommand."""


# --- to and from the envelope -------------------------------------------------------------------


def envelope_of(mail: Mail, recipients: dict[str, Rcpt]) -> Envelope:
    """The envelope that a transaction has made: addresses as they shall be kept -> the RCPT that named them."""
    said = dict(mail.parameters)
    return Envelope(
        mail.path,
        tuple(recipients),
        ret=(said.get("RET") or "").upper(),  # type: ignore[arg-type]
        envid=said.get("ENVID") or "",
        wishes={name: _wish(rcpt) for name, rcpt in recipients.items() if rcpt.parameters},
        smtputf8="SMTPUTF8" in said,
        body=_BODIES.get((said.get("BODY") or "").upper(), "7BIT"),
    )


_BODIES: dict[str, Body] = {"7BIT": "7BIT", "8BITMIME": "8BITMIME"}


def _wish(rcpt: Rcpt) -> Wish:
    notify = rcpt.parameter("NOTIFY")
    wanted = None if notify is None else frozenset(notify.upper().split(",")) - {"NEVER"}
    return Wish(wanted, rcpt.parameter("ORCPT") or "")


def dsn_of_mail(envelope: Envelope) -> Parameters:
    """RET and ENVID, as they came (RFC 3461 section 5.2.1)."""
    ret: Parameters = (("RET", envelope.ret),) if envelope.ret else ()
    return (*ret, ("ENVID", envelope.envid)) if envelope.envid else ret


def dsn_of_rcpt(wish: Wish) -> Parameters:
    """NOTIFY and ORCPT, as they came."""
    parameters: Parameters = ()
    if wish.notify is not None:
        words = [word for word in ("SUCCESS", "FAILURE", "DELAY") if word in wish.notify]
        parameters += (("NOTIFY", ",".join(words) or "NEVER"),)
    return (*parameters, ("ORCPT", wish.orcpt)) if wish.orcpt else parameters
