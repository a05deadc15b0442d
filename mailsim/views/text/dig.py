"""The answer to a DNS question as `dig` prints it, and below it every question that it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsim.lessons.telling import duration, say
from mailsim.trace.lookups import Exchange
from mailsim.trace.trace import World
from mailsim.views.text.clock import date_and_time
from mailsim.views.text.lines import GLUE, Line, wrapped

if TYPE_CHECKING:
    from mailsim.protocols.dns import Answer, RRset

FLAGS = (("qr", 0x8000), ("aa", 0x0400), ("tc", 0x0200), ("rd", 0x0100), ("ra", 0x0080), ("ad", 0x0020), ("cd", 0x0010))
OPCODES = {0: "QUERY", 1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to print; `server` and `address` are whom the question was sent to."""

    world: World
    answer: Answer | None
    address: str
    server: str
    asked_at: int
    exchanges: Sequence[Exchange]


def dig_lines(shown: Shown, command: str, lang: str, width: int) -> Iterator[Line]:
    """Everything, as dig does; `command` repeats what was asked for."""
    yield Line(f"; <<>> mailsim dig <<>> {command}", "dim")
    if shown.answer is None:
        yield Line(";; " + say("dig.no-answer", lang, server=_place(shown)), "failed")
    else:
        yield from _message(shown.answer, lang)
        yield from _footer(shown, shown.answer)
    yield Line("")
    yield Line(say("dig.tree", lang), "heading")
    for exchange in shown.exchanges:
        yield from _branch(exchange, "", "", lang, width)
    yield Line("")
    yield from wrapped("", _summary(shown, lang), width, "note")


def short_lines(answer: Answer | None) -> Iterator[Line]:
    """The data of the answer section and nothing else: `dig +short`."""
    for rrset in answer.content.answer if answer is not None else ():
        for rdata in rrset.data:
            yield Line(rdata.to_text())


# --- the message --------------------------------------------------------------------------------


def _message(answer: Answer, lang: str) -> Iterator[Line]:
    from mailsim.errors import RemoteProtocolError

    try:
        content = answer.content
    except RemoteProtocolError:
        yield Line(";; " + say("dig.malformed", lang), "failed")
        return
    counts = [int.from_bytes(answer.wire[at : at + 2], "big") for at in (4, 6, 8, 10)]
    bits = int.from_bytes(answer.wire[2:4], "big")
    flags = "".join(f" {name}" for name, bit in FLAGS if bits & bit)
    opcode = OPCODES.get(bits >> 11 & 15, str(bits >> 11 & 15))
    yield Line(";; Got answer:")
    yield Line(f";; ->>HEADER<<- opcode: {opcode}, status: {_rcode(content.rcode)}, id: {answer.id}", "title")
    names = zip(("QUERY", "ANSWER", "AUTHORITY", "ADDITIONAL"), counts, strict=True)
    yield Line(f";; flags:{flags}; " + ", ".join(f"{name}: {count}" for name, count in names))
    if bits & 0x0100 and not bits & 0x0080:
        yield Line(";; " + say("dig.no-recursion", lang), "note")
    yield Line("")
    if content.edns_size is not None:
        yield Line(";; OPT PSEUDOSECTION:")
        yield Line(f"; EDNS: version: 0, flags:{' do' if content.dnssec_ok else ''}; udp: {content.edns_size}")
    if content.question is not None:
        kind = str(content.question).rpartition(" ")[2]
        yield Line(";; QUESTION SECTION:")
        yield Line(f";{content.question.name.to_text():<31} IN      {kind}")
        yield Line("")
    for title, section in (("ANSWER", content.answer), ("AUTHORITY", content.authority)):
        yield from _section(title, section)
    yield from _section("ADDITIONAL", content.additional)


def _section(title: str, section: Sequence[RRset]) -> Iterator[Line]:
    if not section:
        return
    yield Line(f";; {title} SECTION:")
    for rrset in section:
        for text in rrset.texts():
            kind, _, data = text.partition(" ")
            yield Line(f"{rrset.name.to_text():<23} {rrset.ttl:<7} IN      {kind:<7} {data}", "data")
    yield Line("")


def _rcode(rcode: int) -> str:
    import dns.rcode

    return dns.rcode.to_text(dns.rcode.Rcode(rcode))


def _footer(shown: Shown, answer: Answer) -> Iterator[Line]:
    took_us = shown.exchanges[-1].took_us if shown.exchanges else None
    if took_us is not None:
        yield Line(f";; Query time: {took_us // 1000} msec")
    over = "TCP" if answer.framed else "UDP"
    yield Line(f";; SERVER: {_place(shown)} ({over})")
    yield Line(f";; WHEN: {date_and_time(shown.world, shown.asked_at)} (+{shown.asked_at / 1_000_000:g} s)")
    yield Line(f";; MSG SIZE  rcvd: {len(answer.wire)}")


def _place(shown: Shown) -> str:
    return f"{shown.address}#53({shown.server or shown.address})"


# --- the tree -----------------------------------------------------------------------------------


def _branch(exchange: Exchange, first: str, rest: str, lang: str, width: int) -> Iterator[Line]:
    """One question on one line, what it caused below it."""
    yield from wrapped(first, _exchange(exchange, lang), width, _style(exchange), indent=len(rest) + 4)
    for number, caused in enumerate(exchange.caused, 1):
        last = number == len(exchange.caused)
        yield from _branch(caused, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "), lang, width)


def _exchange(exchange: Exchange, lang: str) -> str:
    query = exchange.query.pdu.fields()
    question = f"{query['qname']} {query['qtype']}".replace(" ", GLUE)
    server = exchange.query.peer or exchange.address
    place = f"{server}{GLUE}{exchange.address}" if exchange.address else server
    parts = [exchange.over.upper()]
    if exchange.took_us is not None:
        parts.append(duration(lang, exchange.took_us).replace(" ", GLUE))
    if exchange.from_cache:
        parts.append(say("dig.cached", lang).replace(" ", GLUE))
    outcome = say("dig.silence", lang) if exchange.answer is None else str(exchange.answer.pdu)
    asks = say("dig.asks", lang, asker=exchange.query.node, server=place, question=question)
    return f"{asks}  [{', '.join(parts)}]  {outcome}"


def _style(exchange: Exchange) -> str:
    return "later" if exchange.answer is None else ""


def _summary(shown: Shown, lang: str) -> str:
    everything = [exchange for root in shown.exchanges for exchange in root.all()]
    answered = sum(exchange.answer is not None for exchange in everything)
    questions = say("dig.questions", lang, n=len(everything))
    return say("dig.summary", lang, questions=questions, answered=answered)
