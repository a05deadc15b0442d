"""What `mailsim run` prints: the whole run, told as a person would, at one of three levels of detail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mailsim.lessons.explanations import Explanation, explain
from mailsim.lessons.short_texts import simplification
from mailsim.lessons.telling import say
from mailsim.protocols.pdu import printable
from mailsim.trace.conservation import conservation, totals
from mailsim.trace.events import Event, Noted, Packet, Said
from mailsim.trace.facts import TcpConnectStarted
from mailsim.trace.levels import Level, Levels
from mailsim.trace.stages import stages
from mailsim.trace.trace import Trace
from mailsim.views.text.clock import clock_time, date_and_time
from mailsim.views.text.journeys import journey_lines
from mailsim.views.text.lines import GLUE, Line, paragraphs, wrapped
from mailsim.views.text.sentence import ends, reply_class, sentence

MAX_LINES = 60
"""Lines of one message or answer that are shown; how many follow is said, and a capture has them."""


def run_lines(trace: Trace, level: Level, lang: str, width: int = 100) -> Iterator[Line]:
    """Header, steps by chapter with explanations, journeys, numbers, and what is simplified."""
    yield from _header(trace, level, lang, width)
    yield from _Steps(trace, level, lang, width).lines()
    yield from journey_lines(trace, lang, width)
    yield from _totals(trace, lang, width)
    yield from _simplified(trace, lang, width)


# --- before -------------------------------------------------------------------------------------


def _header(trace: Trace, level: Level, lang: str, width: int) -> Iterator[Line]:
    world = trace.world
    texts = _texts(trace, lang)
    yield from wrapped("", texts.get("title") or world.scenario, width, "title")
    detail = say(f"detail.{level.name.lower()}", lang)
    about = say("run.scenario", lang, scenario=world.scenario, seed=world.seed, detail=detail)
    yield from wrapped("", about, width, "dim")
    for key in ("objective", "story"):
        if texts.get(key):
            yield Line("")
            yield Line(say(f"run.{key}", lang), "dim")
            yield from paragraphs(texts[key], width, indent="  ")
    yield Line("")
    starts = say("run.starts", lang, time=date_and_time(world, 0), scenario=world.scenario)
    yield from wrapped("", starts, width, "dim")
    if not trace.events:
        yield Line(say("run.empty", lang))


def _texts(trace: Trace, lang: str) -> Mapping[str, str]:
    return trace.world.texts.get(lang) or trace.world.texts.get("en") or {}


# --- the steps ----------------------------------------------------------------------------------


class _Steps:
    """Tells the steps of one level; each topic is explained where it comes first."""

    def __init__(self, trace: Trace, level: Level, lang: str, width: int) -> None:
        self.trace, self.level, self.lang, self.width = trace, level, lang, width
        self._levels = Levels(trace)
        self._explained: set[str] = set()
        self._number_width = len(str(len(trace.events)))
        self._texts = _texts(trace, lang)

    def lines(self) -> Iterator[Line]:
        steps = self._levels.steps(self.level)
        number = 0
        for stage in stages(self.trace):
            shown = [seq for seq in steps if stage.first <= seq < stage.end]
            if not shown:
                continue
            number += 1
            yield Line("")
            yield Line(f"{number}. {say(f'stage.{stage.slug}', self.lang)}", "heading")
            for seq in shown:
                yield from self._step(self.trace.events[seq])

    def _step(self, event: Event) -> Iterator[Line]:
        first = f"{event.seq:>{self._number_width}}  {clock_time(self.trace.world, event.at)}  "
        if self.level is not Level.STORY and isinstance(event, Said):
            yield from self._dialogue(first, event)
        else:
            yield from wrapped(first, sentence(event, self.trace, self.lang), self.width, self._style(event))
        yield from self._explanation(event, len(first))

    def _dialogue(self, first: str, event: Said) -> Iterator[Line]:
        """What was said, line by line, with `C:` for the client and `S:` for the server."""
        node, peer = ends(event, self.trace.world)
        first += f"{node} > {peer}  {'C:' if event.from_client else 'S:'} "
        style, sign = self._style(event), reply_class(event)
        texts = [_dns_line(event, self.lang)] if event.protocol == "dns" else _wire_lines(event)
        shown = texts[:MAX_LINES]
        for number, text in enumerate(shown):
            is_last = number == len(shown) - 1
            told = f"{text}   [{say(f'sign.{sign}', self.lang)}]" if sign and is_last else text
            yield from wrapped(first if number == 0 else " " * len(first), told, self.width, style)
        if len(texts) > MAX_LINES:
            more = say("content.more", self.lang, n=len(texts) - MAX_LINES)
            yield from wrapped(" " * len(first), more, self.width, "dim")

    def _style(self, event: Event) -> str:
        if isinstance(event, Packet):
            return "dim"
        if isinstance(event, Said):
            return "data" if event.pdu.role == "data" else reply_class(event)
        return ""

    def _explanation(self, event: Event, indent: int) -> Iterator[Line]:
        topic = self._levels.conversations.topic(event)
        if topic in self._explained:
            return
        self._explained.add(topic)
        told = explain(topic, self.lang, self._texts)
        indent = min(indent, self.width // 3)
        yield from wrapped(" " * indent + "| ", _explanation_text(told), self.width, "note", indent=indent + 2)


def _explanation_text(told: Explanation) -> str:
    sources = "; ".join(str(citation).replace(" ", GLUE) for citation in told.citations)
    text = f"{told.title}: {' '.join(told.text.split())}"
    return f"{text} [{sources}]" if sources else text


def _wire_lines(event: Said) -> list[str]:
    """The lines as they are on the wire."""
    wire = event.pdu.to_bytes()
    return [printable(line.rstrip(b"\r").expandtabs(4)) for line in wire.removesuffix(b"\n").split(b"\n")]


def _dns_line(event: Said, lang: str) -> str:
    """A DNS message, which has no lines on the wire: its text, and how long it may be remembered."""
    fields = event.pdu.fields()
    if not fields.get("rrset"):
        return str(event.pdu)
    key = "dns.ttl.cached" if fields.get("cache") else "dns.ttl"
    return f"{event.pdu} ({say(key, lang, ttl=fields.get('ttl'))})"


# --- after --------------------------------------------------------------------------------------


def _totals(trace: Trace, lang: str, width: int) -> Iterator[Line]:
    events = trace.events
    said = [event for event in events if isinstance(event, Said)]
    contents = [event for event in said if event.pdu.role == "data" and event.protocol in ("smtp", "lmtp")]
    packets = [event for event in events if isinstance(event, Packet)]
    counts = {
        "messages": len({event.pdu.fields().get("msg") for event in contents}),
        "transfers": sum(event.protocol == "smtp" for event in contents),
        "connections": sum(isinstance(e, Noted) and isinstance(e.fact, TcpConnectStarted) for e in events),
        "questions": sum(event.protocol == "dns" and event.pdu.role == "query" for event in said),
        "packets": len(packets),
        "bytes": sum(len(packet.payload) for packet in packets),
        "events": len(events),
    }
    yield Line("")
    yield from wrapped("", say("totals.title", lang), width, "heading")
    yield from wrapped("  ", ", ".join(say(f"totals.{name}", lang, n=n) for name, n in counts.items()), width)
    yield from _conservation(trace, lang, width)


def _conservation(trace: Trace, lang: str, width: int) -> Iterator[Line]:
    violations = conservation(trace)
    if not violations:
        where = totals(trace)
        parts = {name: getattr(where, name) for name in where.__slots__}
        yield from wrapped("  ", say("conservation.holds", lang, **parts), width)
        return
    yield from wrapped("  ", say("conservation.broken", lang), width, "failed")
    for violation in violations:
        parts = {"seq": violation.seq, "node": violation.node, "rcpt": violation.rcpt, "rule": violation.rule}
        yield from wrapped("  - ", say("conservation.violation", lang, **parts), width, "failed")


def _simplified(trace: Trace, lang: str, width: int) -> Iterator[Line]:
    if not trace.world.simplifications:
        return
    yield Line("")
    yield from wrapped("", say("simplified.title", lang), width, "heading")
    for slug in trace.world.simplifications:
        yield from wrapped("  - ", simplification(slug, lang), width, "dim")
