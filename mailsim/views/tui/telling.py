"""How one event is told: who to whom, with which shape and ink, in one line and in all its lines.

The shape says what moves: a solid arrow for a command or query, a dashed one for a reply, a double one
for the data of a message, a dot for what happens inside one host. The class of a reply (ok, more, later,
failed) is a word and a sign beside the colour, because nobody should need the colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mailsim.lessons.ui import Words
from mailsim.protocols.pdu import printable
from mailsim.trace.events import LOST, Event, Noted, Packet, Said, Segment, flag_names
from mailsim.trace.facts import PacketRewritten, QueueDeferred, RouteDecided, RouteFailed, TcpFact
from mailsim.trace.trace import World
from mailsim.views.text.sentence import reply_class
from mailsim.views.tui.inks import Ink
from mailsim.views.tui.text import by_words, chopped


class Shape(Enum):
    """What an event looks like on ladder and map."""

    SOLID = "solid"
    DASHED = "dashed"
    DOUBLE = "double"
    DOT = "dot"


@dataclass(frozen=True, slots=True)
class Telling:
    """One event as the screens tell it.

    Attributes:
        source, target: names of hosts; `target` is "" for what happens inside one host.
        mark: `C:`, `S:` or `--`, as the wire pane writes it.
        ink: colour; `sign`: `ok`, `more`, `later`, `failed` or "".
        text: one line; `lines`: the whole, at least one line.
        lost: whether it never arrived.
    """

    source: str
    target: str
    shape: Shape
    mark: str
    ink: Ink
    sign: str
    text: str
    lines: tuple[str, ...]
    lost: bool = False


def tell(event: Event, world: World, words: Words) -> Telling:
    """The telling of an event in a language."""
    match event:
        case Said():
            return _said(event)
        case Packet():
            return _packet(event)
        case Noted():
            return _noted(event, world, words)
    return Telling(event.node, "", Shape.DOT, "--", Ink.TEXT, "", str(event), (str(event),))


def line_count(event: Event) -> int:
    """About how many `lines` the telling has, without making them: scroll bars want all counts at once."""
    if not isinstance(event, Said) or event.protocol == "dns":
        return 1
    return max(1, _count_lines(event.pdu.to_bytes()))


def _count_lines(data: bytes) -> int:
    return data.count(b"\n") + (0 if data.endswith(b"\n") or not data else 1)


def parts(telling: Telling, text: str, width: int) -> list[str]:
    """One of the telling's lines in rows: bytes break anywhere, what we say in words breaks at spaces."""
    return by_words(text, width) if telling.mark == "--" else chopped(text, width)


# --- what programs say --------------------------------------------------------------------------


def _said(event: Said) -> Telling:
    role = event.pdu.role
    mark = "C:" if event.from_client else "S:"
    if role == "data":
        return _arrow(event, Shape.DOUBLE, mark, Ink.DATA, "")
    if event.from_client:
        return _arrow(event, Shape.SOLID, mark, Ink.COMMAND, "")
    sign = reply_class(event)
    ink = {"later": Ink.LATER, "failed": Ink.FAILED}.get(sign, Ink.REPLY)
    return _arrow(event, Shape.DASHED, mark, ink, sign)


def _arrow(event: Said, shape: Shape, mark: str, ink: Ink, sign: str) -> Telling:
    return Telling(event.node, event.peer, shape, mark, ink, sign, str(event.pdu), _lines(event))


def _lines(event: Said) -> tuple[str, ...]:
    if event.protocol == "dns":
        return _dns_lines(event)
    wire = event.pdu.to_bytes()
    return tuple(_shown(line.rstrip(b"\r")) for line in wire.split(b"\n")[: max(1, _count_lines(wire))])


def _shown(line: bytes) -> str:
    """A line as text; a tab, which folded header fields begin with, in the way that everybody writes it."""
    return "\\t".join(printable(part) for part in line.split(b"\t"))


def _dns_lines(event: Said) -> tuple[str, ...]:
    """The records of an answer, each on its line behind the name that was asked; else the one line."""
    fields = event.pdu.fields()
    records = fields.get("rrset")
    if event.pdu.role == "answer" and isinstance(records, list) and records:
        return tuple(f"{fields.get('qname', '')} {record}" for record in records)
    return (str(event.pdu),)


# --- packets ------------------------------------------------------------------------------------


def _packet(event: Packet) -> Telling:
    lost = event.arrives_at == LOST
    ink = Ink.FAILED if lost else Ink.DIM
    shape = Shape.SOLID if event.payload else Shape.DASHED
    text = packet_text(event)
    return Telling(event.node, event.peer, shape, "--", ink, "failed" if lost else "", text, (text,), lost)


def packet_text(event: Packet) -> str:
    """What matters most comes first, because a narrow screen shows the beginning: flags, size, ports."""
    ports = f"{event.source_port} > {event.destination_port}"
    if not isinstance(event, Segment):
        return f"UDP len {len(event.payload)}  {ports}"
    again = " retransmission" if event.retransmission else ""
    return f"TCP [{flag_names(event.flags)}] len {len(event.payload)}{again}  {ports}"


# --- facts --------------------------------------------------------------------------------------

_FACT_SIGNS = {
    "tcp.refused": "failed",
    "tcp.timeout": "later",
    "tcp.lost": "later",
    "net.timeout": "later",
    "net.drop": "failed",
    "net.rewrite": "failed",
    "fault.start": "failed",
    "fault.hit": "failed",
    "fault.end": "ok",
    "tls.established": "ok",
    "tls.fail": "failed",
    "auth.ok": "ok",
    "auth.fail": "failed",
    "route.failover": "later",
    "queue.defer": "later",
    "queue.expire": "failed",
    "mda.deliver": "ok",
    "mda.reject": "failed",
}
_FROM_PEER = frozenset(("tcp.established", "tcp.refused"))
_TO_PEER = frozenset(("tcp.connect", "tls.start", "tcp.timeout", "tcp.close"))


def _noted(event: Noted, world: World, words: Words) -> Telling:
    text = fact_line(event, world, words)
    sign = _FACT_SIGNS.get(event.kind, "")
    ink = {"later": Ink.LATER, "failed": Ink.FAILED, "ok": Ink.REPLY}.get(sign, Ink.TEXT)
    source, target, shape = event.node, "", Shape.DOT
    if isinstance(event.fact, PacketRewritten):  # nobody has a line at the place itself: show it where it passes
        source, target, shape = _host_of(world, event.fact.src), _host_of(world, event.fact.dst), Shape.DASHED
    elif isinstance(event.fact, TcpFact) and event.fact.peer:
        if event.kind in _FROM_PEER:
            source, target, shape = event.fact.peer, event.node, Shape.DASHED
        elif event.kind in _TO_PEER:
            target, shape = event.fact.peer, Shape.SOLID
    return Telling(source, target, shape, "--", ink, sign, text, (text,), lost=event.kind == "tcp.timeout")


def _host_of(world: World, address: str) -> str:
    return next((node.name for node in world.nodes if address in node.addresses), "")


def fact_line(event: Noted, world: World, words: Words) -> str:
    """A fact in one line of a person's words; its own text when nobody wrote words for its kind."""
    key = _fact_key(event, words)
    if key is None:
        return str(event)
    return printable_line(words(key, **_fact_values(event, world, words)))


def _fact_key(event: Noted, words: Words) -> str | None:
    fields = event.fact.fields()
    detail = next((fields[name] for name in ("how", "action", "fate", "check") if fields.get(name)), "")
    keys = (f"fact.{event.kind}.{detail}", f"fact.{event.kind}")
    if event.kind == "user.action":
        keys = (f"fact.user.{detail}", "fact.user.action")
    return next((key for key in keys if words.knows(key)), None)


def _fact_values(event: Noted, world: World, words: Words) -> dict[str, object]:
    values: dict[str, object] = {key: value for key, value in event.fact.fields().items() if key != "n"}
    values["n"] = event.fact.fields().get("n", 0)
    user = str(values.get("user", ""))
    values["who"] = world.users.get(user) or user
    if isinstance(values.get("waited_us"), int):
        values["waited"] = words.duration(int(str(values["waited_us"])))
    match event.fact:
        case RouteDecided(candidates=candidates):
            hosts = (f"{c.preference} {c.host.rstrip('.')}" if c.preference else c.host.rstrip(".") for c in candidates)
            values["hosts"] = ", ".join(hosts)
        case QueueDeferred(next=at):
            values["next"] = words.duration(at)
        case RouteFailed(host=host):
            values["host"] = host.rstrip(".")
    flags = values.get("flags")
    if isinstance(flags, list):
        values["flags"] = " ".join(map(str, flags)) or "-"
    return values


def printable_line(text: str) -> str:
    """Text without what could move the cursor."""
    return "".join(c if c.isprintable() else " " for c in text).strip()
