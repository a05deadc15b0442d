"""One event as one sentence: for `mailsim run`, for `why`, and for stepping without a screen."""

from __future__ import annotations

from collections.abc import Mapping

from mailsim.lessons.telling import duration, knows, say
from mailsim.protocols.pdu import Json
from mailsim.trace.events import LOST, Event, Noted, Packet, Said
from mailsim.trace.facts import (
    Candidate,
    FaultEnded,
    FaultHit,
    FaultStarted,
    MailsListed,
    PacketDropped,
    PacketRewritten,
    RouteDecided,
    RouteFailed,
    TlsEstablished,
    TlsFailed,
)
from mailsim.trace.trace import Trace, World
from mailsim.views.text.clock import clock_time


def sentence(event: Event, trace: Trace, lang: str) -> str:
    """What happened, in one sentence; bytes of protocols are quoted as they are, in one line."""
    match event:
        case Said():
            return _said(event, trace.world, lang)
        case Packet():
            key = "packet.lost" if event.arrives_at == LOST else "packet"
            peer = label(trace.world, event.peer) or event.destination
            return say(key, lang, node=label(trace.world, event.node), peer=peer, text=str(event))
        case Noted():
            return _noted(event, trace.world, lang)
    return str(event)


def ends(event: Said, world: World) -> tuple[str, str]:
    """The labels of who speaks and who listens; two programs of one host are told apart by their roles."""
    node, peer = label(world, event.node), label(world, event.peer)
    if event.node != event.peer or event.protocol != "lmtp":
        return node, peer
    roles = ("MTA", "MDA") if event.from_client else ("MDA", "MTA")
    return f"{node} ({roles[0]})", roles[1]


def label(world: World, name: str) -> str:
    """The short name of a host, or the name itself."""
    return next((node.label for node in world.nodes if node.name == name), name)


def reply_class(event: Event) -> str:
    """What a reply means for who gets it: `ok`, `more`, `later`, `failed`; "" for all else (RFC 5321 section 4.2.1)."""
    if not isinstance(event, Said) or event.pdu.role in ("cmd", "data", "query", "untagged"):
        return ""
    fields = event.pdu.fields()
    code = fields.get("code")
    if isinstance(code, int):
        return {2: "ok", 3: "more", 4: "later", 5: "failed"}.get(code // 100, "")
    if event.protocol == "dns":
        return {"NOERROR": "ok", "SERVFAIL": "later"}.get(str(fields.get("rcode")), "failed")
    if event.pdu.role == "cont" or fields.get("status") == "+":
        return "more"
    words = str(event.pdu).split(" ")
    if "OK" in words[:2] or words[0] in ("+OK", "PREAUTH"):
        return "ok"
    return "failed" if {"NO", "BAD", "-ERR", "BYE"} & set(words[:2]) else ""


def _said(event: Said, world: World, lang: str) -> str:
    fields, role = event.pdu.fields(), event.pdu.role
    key = {"greet": "greet", "data": "data", "query": "query", "cmd": "cmd"}.get(role, "reply")
    if role == "answer":
        key = "answer.cached" if fields.get("cache") else "answer"
    size = fields.get("bytes_content", len(event.pdu.to_bytes()) if role == "data" else 0)
    text = str(event.pdu)
    sign = reply_class(event)
    if sign and role != "answer":
        text = f"{text} ({say(f'sign.{sign}', lang)[2:]})"
    node, peer = ends(event, world)
    return say(f"said.{key}", lang, node=node, peer=peer, text=text, n=size)


def _noted(event: Noted, world: World, lang: str) -> str:
    fields = event.fact.fields()
    key = _key(event.kind, fields)
    if key is None:
        return str(event)
    told = " ".join(say(key, lang, **_values(event, world, lang)).split())
    return told.removesuffix(":")


def _key(kind: str, fields: Mapping[str, Json]) -> str | None:
    variants = (fields.get(name) for name in ("action", "how", "fate", "check"))
    keys = [f"{kind}.{variant}" for variant in variants if variant] if kind != "route.failover" else []
    return next((key for key in (*keys, kind) if knows(key)), None)


def _values(event: Noted, world: World, lang: str) -> dict[str, object]:
    fields = event.fact.fields()
    values: dict[str, object] = {key: value for key, value in fields.items() if key != "n"}
    user = str(fields.get("user", ""))
    values["who"] = world.users.get(user) or user
    values["node"] = label(world, event.node)
    values["peer"] = label(world, str(fields.get("peer") or fields.get("dst") or ""))
    values["count"] = fields.get("n", "")
    values["n"] = fields.get("bytes", 0)
    waited, again = fields.get("waited_us"), fields.get("next")
    if isinstance(waited, int):
        values["waited"] = duration(lang, waited)
    if isinstance(again, int):
        values["next"] = clock_time(world, again)
    if isinstance(fields.get("flags"), list):
        values["flags"] = " ".join(map(str, fields["flags"])) or "-"  # type: ignore[arg-type]
    if "next_hop" in fields:
        values["next_hop"] = label(world, str(fields["next_hop"]).rstrip("."))
    match event.fact:
        case RouteDecided(candidates=candidates):
            values["hosts"] = ", ".join(_candidate(candidate, world, lang) for candidate in candidates) or "-"
        case MailsListed():
            values["list"] = _changes(event.fact, lang)
        case RouteFailed(host=host, detail=detail, situation=situation, action=action):
            values["host"] = label(world, host.rstrip("."))
            values["detail"] = (detail or situation).rstrip(".")
            values["then"] = say(f"route.failover.{action}", lang)
        case TlsEstablished(problem=problem):
            shown = {"problem": say(f"tls.reason.{problem}", lang)} if problem else {}
            values["verdict"] = say("tls.unchecked", lang, **shown) if problem else ""
        case TlsFailed(reason=reason, detail=detail):
            words = f" ({detail})" if reason == "alert" and detail else ""
            values["reason"] = say(f"tls.reason.{reason}", lang) + words
        case PacketDropped(reason=reason):
            values["reason"] = say(f"net.drop.{reason}", lang) if knows(f"net.drop.{reason}") else reason
        case PacketRewritten(link=link):
            values["link"] = _ends(link, world)
        case FaultStarted(port=port) | FaultEnded(port=port):
            values |= _fault(event.fact, world, lang)
            values["service"] = "" if port is None else say("fault.service", lang, port=port)
        case FaultHit():
            values |= _fault(event.fact, world, lang)
    return values


def _changes(fact: MailsListed, lang: str) -> str:
    """What changes in a list: which mails are gone; of others number, flags, subject."""
    if not fact.count:
        return say("mua.list.empty", lang)
    gone = (say("mua.list.gone", lang, n=number) for number in fact.gone)
    shown = (" ".join(f"{mail.number}. {mail.flags} {mail.subject or '-'}".split()) for mail in fact.mails)
    return "; ".join((*gone, *shown))


def _fault(fact: FaultStarted | FaultEnded | FaultHit, world: World, lang: str) -> dict[str, str]:
    """What is broken and where; both ends of a link."""
    slug = f"fault.{fact.what.replace('_', '-')}"
    return {
        "target": _ends(fact.target, world),
        "what": say(slug, lang) if knows(slug) else fact.what,
        "detail": say("fault.detail", lang, detail=fact.detail) if fact.detail else "",
    }


def _ends(link: str, world: World) -> str:
    """Both ends of a link, or the one host."""
    return " – ".join(label(world, end) for end in link.split(">"))


def _candidate(candidate: Candidate, world: World, lang: str) -> str:
    key = "route.candidate.chosen" if candidate.chosen else f"route.candidate.{candidate.rule.replace('_', '-')}"
    host = label(world, candidate.host.rstrip("."))
    return say(key if knows(key) else "route.candidate", lang, host=host, preference=candidate.preference)
