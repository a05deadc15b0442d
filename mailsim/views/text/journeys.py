"""The end of the story: for each message who held it, from when to when, and who answered for it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from mailsim.lessons.telling import duration, say
from mailsim.mail import header
from mailsim.trace.events import Noted, Said
from mailsim.trace.facts import DsnMade, UserActed
from mailsim.trace.journey import Hop, Journey, journeys
from mailsim.trace.trace import Trace
from mailsim.views.text.clock import clock_time
from mailsim.views.text.lines import Line, table, wrapped
from mailsim.views.text.sentence import label


def journey_lines(trace: Trace, lang: str, width: int) -> Iterator[Line]:
    """A table for each message and recipient, in the order of sending."""
    found = journeys(trace)
    if not found:
        return
    titles = _titles(trace, lang)
    yield Line("")
    yield from wrapped("", say("journeys.title", lang), width, "heading")
    for number, (msg, group) in enumerate(groupby(found, key=lambda journey: journey.msg), 1):
        for journey in group:
            yield Line("")
            yield from wrapped("", _headline(number, titles.get(msg, ""), journey, trace, lang), width, indent=3)
            yield from table(_rows(journey, trace, lang), width)


def _headline(number: int, title: str, journey: Journey, trace: Trace, lang: str) -> str:
    parts = [f"{number}. {title or say('journey.no-subject', lang)}"]
    if journey.rcpt:
        parts[0] += " " + say("journey.to", lang, rcpt=journey.rcpt)
    parts.append(say(f"journey.fate.{journey.fate}", lang, after=duration(lang, journey.duration_us)))
    if journey.shown is not None:
        parts.append(say("journey.shown", lang, time=clock_time(trace.world, journey.shown)))
    return f"{parts[0]}: {', '.join(parts[1:])}"


def _rows(journey: Journey, trace: Trace, lang: str) -> list[list[str]]:
    head = [say(f"journey.{name}", lang) for name in ("holder", "kind", "since", "until", "held", "then")]
    return [head, *(_row(hop, trace, lang) for hop in journey.hops)]


def _row(hop: Hop, trace: Trace, lang: str) -> list[str]:
    world = trace.world
    end = trace.end_us if hop.until is None else hop.until
    until = "" if hop.until is None else clock_time(world, hop.until)
    held = "" if hop.kind == "mailbox" else duration(lang, end - hop.since)
    then = say(f"journey.outcome.{hop.outcome}", lang, n=hop.tries)
    if hop.outcome == "relayed" and hop.next_hop:
        then += f" > {label(world, hop.next_hop.rstrip('.'))}"
    if hop.outcome == "queued" and hop.reason:
        then += f" ({hop.reason})"
    kind = say(f"journey.kind.{hop.kind}", lang)
    return [label(world, hop.node), kind, clock_time(world, hop.since), until, held, then]


def _titles(trace: Trace, lang: str) -> dict[str, str]:
    """The subject of each message: from its content on the wire, or what its sender wrote when it never got there."""
    facts = [event.fact for event in trace.events if isinstance(event, Noted)]
    reports = {fact.msg for fact in facts if isinstance(fact, DsnMade)}
    written = {fact.msg: fact.detail for fact in facts if isinstance(fact, UserActed) and fact.action == "send"}
    titles: dict[str, str] = {}
    for event in trace.events:
        if isinstance(event, Said) and event.pdu.role == "data" and event.protocol in ("smtp", "lmtp"):
            msg = str(event.pdu.fields().get("msg", ""))
            content: object = getattr(event.pdu, "data", b"")
            if msg not in titles and isinstance(content, bytes):
                titles[msg] = header.text(content, "Subject") or ""
    return {
        msg: f"{title} {say('journey.report', lang)}" if msg in reports else title
        for msg, title in (written | titles).items()
    }
