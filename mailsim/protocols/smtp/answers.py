"""The usual words of a server, and where an enhanced code belongs (RFC 5321 section 4.2, RFC 2034)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache

from mailsim.errors import LocalProtocolError
from mailsim.protocols.smtp import replies
from mailsim.protocols.smtp.command_lines import BadLine
from mailsim.protocols.smtp.commands import (
    Bdat,
    BdatLast,
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
from mailsim.protocols.smtp.config import SmtpServerConfig
from mailsim.protocols.smtp.events import Asked, AuthDone, ContentReceived, Refused
from mailsim.protocols.smtp.parsing import LMTP_VERBS, VERBS
from mailsim.protocols.smtp.replies import Greeting, Reply

USUAL_ANSWERS: dict[type[object], Reply] = {
    Mail: replies.SENDER_OK,
    Rcpt: replies.RECIPIENT_OK,
    Data: replies.START_INPUT,
    Rset: replies.RESET_OK,
    Noop: replies.NOOP_OK,
    Vrfy: replies.CANNOT_VERIFY,
    Expn: replies.CANNOT_VERIFY,
    StartTls: replies.START_TLS,
    ContentReceived: replies.CONTENT_OK,
}


@cache
def usual_answers(has_enhanced_codes: bool, is_lmtp: bool) -> Mapping[type[object], Reply]:
    """What a server says when it just does as it was told; in LMTP a content has no usual answer, but several."""
    known = {kind: reply for kind, reply in USUAL_ANSWERS.items() if not is_lmtp or kind is not ContentReceived}
    return known if has_enhanced_codes else {kind: replace(reply, enhanced="") for kind, reply in known.items()}


# A server says these again and again, in the same words.


@lru_cache(maxsize=4096)
def in_own_words(asked: Asked, config: SmtpServerConfig, tls_active: bool) -> Reply:
    """What a server says when it does one of the things for which there is no usual answer.

    Raises: LocalProtocolError for a login, and for a content that came by LMTP.
    """
    match asked:
        case Ehlo(domain) | Lhlo(domain):
            return Reply(250, (f"{config.hostname} greets {domain}", *config.ehlo_lines(tls_active)))
        case Helo():
            return Reply(250, (config.hostname,))
        case Quit():
            return dress(goodbye(221, "2.0.0", config.hostname), config)
        case Help():
            verbs = LMTP_VERBS if config.is_lmtp else VERBS
            offered = (verb for verb, (kind, _) in verbs.items() if kind not in config.not_offered)
            return dress(Reply.of(214, "2.0.0", "Commands:", " ".join(offered)), config)
        case Bdat(size) if not isinstance(asked, BdatLast):
            return dress(Reply.of(250, "2.0.0", f"{size} octets received"), config)
        case _:
            raise LocalProtocolError(f"answer {asked!r} with auth_accept, auth_refuse or accept_content")


def fitting(asked: Asked, reply: Reply, config: SmtpServerConfig) -> Reply:
    """A reply that a server words itself, as it says it; raises LocalProtocolError if it does not accept."""
    kind = type(asked)
    has_own_answer = kind is AuthDone or (kind is ContentReceived and config.is_lmtp)
    if has_own_answer or (reply.code != 354 if kind is Data else not reply.is_positive):
        raise LocalProtocolError(f"{asked!r} is not accepted by {reply}")
    return dress(reply, config, to_hello=kind in (Ehlo, Helo, Lhlo))


def refusal(line: bytes, reply: Reply, config: SmtpServerConfig) -> Refused:
    """A line that is refused, with the reply as the server says it."""
    to_hello = line[:4].upper() in ((b"LHLO",) if config.is_lmtp else (b"EHLO", b"HELO"))
    return Refused(line, dress(reply, config, to_hello=to_hello))


def to_bad_line(bad: BadLine, is_authenticating: bool) -> Reply:
    """The reply to what is no line at all."""
    if not bad.is_too_long:
        return replies.BARE_LINE_END
    is_auth = is_authenticating or bad.line[:5].upper() == b"AUTH "
    return replies.AUTH_LINE_TOO_LONG if is_auth else replies.LINE_TOO_LONG


def dress(reply: Reply, config: SmtpServerConfig, *, to_hello: bool = False) -> Reply:
    """Give a reply its enhanced code, or take it away: RFC 2034 section 4 wants none for 3yz and EHLO."""
    if to_hello or reply.is_intermediate or not config.enhanced_status_codes:
        return replace(reply, enhanced="") if reply.enhanced else reply
    if not reply.enhanced:
        return replace(reply, enhanced=f"{reply.code // 100}.0.0")
    if int(reply.enhanced[0]) != reply.code // 100:
        raise LocalProtocolError(f"code and enhanced code disagree: {reply}")
    return reply


@lru_cache(maxsize=1024)
def welcome(config: SmtpServerConfig) -> Greeting:
    """The greeting of a server that is ready (RFC 5321 section 3.1)."""
    return Greeting(220, (f"{config.hostname} {config.protocol} Service ready",))


def goodbye(code: int, enhanced: str, hostname: str) -> Reply:
    """221 to QUIT, 421 at any time (RFC 5321 section 3.8)."""
    return Reply.of(code, enhanced, f"{hostname} Service closing transmission channel")
