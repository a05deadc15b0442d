"""Topics: every event is about one thing, and the lessons explain each of these things once.

A topic is a slug such as `smtp.mail` or `dns.answer.nxdomain`. The lessons have one text for
each of `mailsim.trace.topic_list`. This module is the only place that decides which topic an event has.

Most events tell it themselves. A few replies need to know what they answer: a 250 means "done", but the
250 to the content means "from now on I answer for this mail". Who has that command passes it as `asked`
(`mailsim.trace.conversations` finds it).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from mailsim.protocols.pdu import Json
from mailsim.trace.events import ACK, FIN, RST, SYN, Datagram, Event, Noted, Said, Segment
from mailsim.trace.facts import (
    FaultEnded,
    FaultStarted,
    PacketDropped,
    PolicyVerdict,
    QueueDone,
    RouteDecided,
    RouteFailed,
    TlsFailed,
    UserActed,
)
from mailsim.trace.topic_list import ALL_TOPICS

Fields: TypeAlias = Mapping[str, Json]

_KNOWN = frozenset(ALL_TOPICS)
_NOT_VERBS = frozenset(("GREET", "CONTENT", "ENVELOPE", "LITERAL", "CONTINUE"))
"""Words of the slugs that somebody might type as a command."""


def topic(event: Event, asked: Said | None = None) -> str:
    """The topic of an event, always one of `ALL_TOPICS`; `asked` is what an answer answers, if known."""
    match event:
        case Said():
            return _known(_said(event, asked), f"{event.protocol}.other")
        case Segment():
            return _segment(event)
        case Datagram():
            return "datagram"
        case Noted():
            return _known(_noted(event))
    return "other"


def _known(*slugs: str) -> str:
    return next((slug for slug in slugs if slug in _KNOWN), "other")


def _segment(event: Segment) -> str:
    if event.retransmission:
        return "segment.retransmission"
    if event.flags & RST:
        return "segment.rst"
    if event.flags & SYN:
        return "segment.synack" if event.flags & ACK else "segment.syn"
    if event.flags & FIN:
        return "segment.fin"
    return "segment.data" if event.payload else "segment.ack"


def _noted(event: Noted) -> str:
    match event.fact:
        case UserActed(action=action):
            return f"user.{action}"
        case PacketDropped(reason=reason):
            return _known(f"net.drop.{reason}", "net.drop.unreachable")
        case PolicyVerdict(check="inbox" | "outbox"):
            return "mua.trouble"
        case TlsFailed(reason=reason):
            return f"tls.fail.{_TLS_FAILURES.get(reason, 'handshake')}"
        case FaultStarted(what=what):
            return f"fault.{_slug(what)}"
        case FaultEnded():
            return "fault.end"
        case RouteDecided(how=how):
            return f"route.{_slug(how)}"
        case RouteFailed(situation=situation):
            return f"failover.{_slug(situation)}"
        case QueueDone(fate=fate):
            return f"queue.done.{fate}"
    return event.kind


_TLS_FAILURES = {
    **dict.fromkeys(("expired", "not-yet-valid", "wrong-name", "self-signed", "unknown-ca"), "certificate"),
    **dict.fromkeys(("not-offered", "refused"), "not-offered"),
}


def _slug(word: str) -> str:
    return word.replace("_", "-")


def _said(event: Said, asked: Said | None) -> str:
    fields = event.pdu.fields()
    if event.pdu.role == "cmd" and _text(fields, "verb") in _NOT_VERBS:
        return f"{event.protocol}.other"
    match event.protocol:
        case "smtp" | "lmtp":
            return _mail_transfer(event, fields, asked)
        case "dns":
            return _dns_query(fields) if event.pdu.role == "query" else _dns_answer(fields)
        case "pop":
            return _pop(event, fields, asked)
        case "imap":
            return _imap(event, fields)
    return event.kind


def _text(fields: Fields, key: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else ""


# --- SMTP and LMTP ------------------------------------------------------------------------------

_VERBLESS = "auth.response"
_ENVELOPE = frozenset(("MAIL", "RCPT", "DATA"))


def _mail_transfer(event: Said, fields: Fields, asked: Said | None) -> str:
    protocol = event.protocol
    match event.pdu.role:
        case "data":
            return "smtp.bdat" if protocol == "smtp" and "chunk" in fields else f"{protocol}.content"
        case "cmd":
            return _mail_command(protocol, fields)
    code = _code(fields)
    if event.pdu.role == "greet":
        return "smtp.greet.refused" if protocol == "smtp" and code >= 400 else f"{protocol}.greet"
    return _mail_reply(protocol, code, asked)


def _mail_command(protocol: str, fields: Fields) -> str:
    verb = _text(fields, "verb")
    if verb == "MAIL" and protocol == "smtp" and _text(fields, "arg").startswith("FROM:<>"):
        return "smtp.mail.null"
    if verb in _ENVELOPE and protocol == "lmtp":
        return "lmtp.envelope"
    return f"{protocol}.{verb.lower() or _VERBLESS}"


def _mail_reply(protocol: str, code: int, asked: Said | None) -> str:
    to_what = "" if asked is None else _text(asked.pdu.fields(), "verb") or asked.pdu.role
    exact = {
        (250, "data"): "delivered" if protocol == "lmtp" else "taken",
        (250, "EHLO"): "ehlo",
        (235, to_what): "authenticated",
        (334, to_what): "challenge",
    }.get((code, to_what), str(code))
    return _known(f"{protocol}.reply.{exact}", f"{protocol}.reply.{code // 100}yz")


def _code(fields: Fields) -> int:
    value = fields.get("code")
    return value if isinstance(value, int) else 0


# --- DNS ----------------------------------------------------------------------------------------


def _dns_query(fields: Fields) -> str:
    return _known(f"dns.query.{_text(fields, 'qtype').lower()}", "dns.query.other")


def _dns_answer(fields: Fields) -> str:
    if fields.get("tc"):
        return "dns.answer.truncated"
    rcode = _text(fields, "rcode")
    if rcode != "NOERROR":
        return _known(f"dns.answer.{rcode.lower()}", "dns.answer.refused")
    records = fields.get("rrset") or []
    if not isinstance(records, list) or not records:
        return "dns.answer.referral" if _is_referral(fields) else "dns.answer.nodata"
    return "dns.answer.cached" if fields.get("cache") else _dns_records([str(record) for record in records])


def _is_referral(fields: Fields) -> bool:
    """An authority section of NS records without SOA says: ask those (RFC 2308 section 2.2)."""
    authority = fields.get("authority") or []
    texts = [str(rrset) for rrset in authority] if isinstance(authority, list) else []
    kinds = {text.split(" ")[1] for text in texts if " " in text}
    return "NS" in kinds and "SOA" not in kinds and not fields.get("aa")


def _dns_records(records: list[str]) -> str:
    kinds = {record.partition(" ")[0] for record in records}
    if "MX" in kinds:
        return "dns.answer.mx"
    if kinds & {"A", "AAAA"}:
        return "dns.answer.address"
    return "dns.answer.alias" if kinds == {"CNAME"} else "dns.answer.other"


# --- POP3 and IMAP ------------------------------------------------------------------------------

_IMAP_VERBS = {"LSUB": "list", "AUTHENTICATE": "login"}
_IMAP_ITEMS = {"RECENT": "exists", "LSUB": "list", "NO": "ok", "BAD": "ok", "ESEARCH": "search"}


def _pop(event: Said, fields: Fields, asked: Said | None) -> str:
    if event.pdu.role == "greet":
        return "pop.greet"
    if event.pdu.role == "cmd":
        return f"pop.{_text(fields, 'verb').lower() or _VERBLESS}"
    text = str(event.pdu)
    if text.startswith("-ERR"):
        return "pop.reply.err"
    if text.startswith("+ "):
        return "pop.reply.challenge"
    verb = "" if asked is None else _text(asked.pdu.fields(), "verb")
    return "pop.reply.message" if verb in ("RETR", "TOP") else "pop.reply.ok"


def _imap(event: Said, fields: Fields) -> str:
    match event.pdu.role:
        case "greet":
            return "imap.greet"
        case "cont":
            return "imap.continue"
        case "data":
            return "imap.literal"
        case "untagged":
            return _known(f"imap.untagged.{_imap_item(str(event.pdu))}", "imap.untagged.other")
        case "tagged":
            words = str(event.pdu).split(" ")
            return f"imap.tagged.{words[1].lower()}" if len(words) > 1 else "imap.tagged.bad"
    verb = _text(fields, "verb").removeprefix("UID ") or _VERBLESS
    return f"imap.{_IMAP_VERBS.get(verb, verb.lower())}"


def _imap_item(line: str) -> str:
    """The word that says what an untagged response is: `* 3 EXISTS` -> `exists`."""
    words = line.removeprefix("* ").split(" ")
    if words[0].isdigit():
        words = words[1:]
    word = words[0] if words else ""
    return _IMAP_ITEMS.get(word, word.lower())
