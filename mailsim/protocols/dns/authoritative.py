"""What an authoritative server answers: the algorithm of RFC 1034 section 4.3.2 over its zones.

Four things can come out, and telling them apart is half of understanding DNS:

- the records, or an alias (CNAME) and what it leads to in this zone;
- a *referral*: the name lies in a part given to other servers, here are their names (and, as *glue*, their
  addresses); AA is clear, because this is not our own knowledge;
- NODATA: the name exists, but has no record of this type; rcode NOERROR, no answer;
- NXDOMAIN: no such name, for no type.

The last two carry the zone's SOA record, whose minimum says how long to remember them (RFC 2308).
DNSSEC is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import dns.name
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from mailsim.protocols.dns.messages import NO_QUESTIONS, TRANSFERS, Answer, Query, polite_any
from mailsim.protocols.dns.redirection import made_alias
from mailsim.protocols.dns.values import Question, RRset
from mailsim.protocols.dns.wire import TC
from mailsim.protocols.dns.zone import Zone

ALIASES_FOLLOWED = 16
REMEMBERED_ANSWERS = 8192


@dataclass(slots=True)
class _Draft:
    """The answer as far as it is known."""

    rcode: Rcode = Rcode.NOERROR
    authoritative: bool = True
    answer: list[RRset] = field(default_factory=list)
    authority: list[RRset] = field(default_factory=list)
    additional: list[RRset] = field(default_factory=list)


class ZoneSet:
    """The zones of one server. Immutable, so the answer to the same bytes is encoded only once."""

    __slots__ = ("_encoded", "_zones")

    def __init__(self, zones: Iterable[Zone]) -> None:
        self._zones = {zone.origin: zone for zone in zones}
        self._encoded: dict[tuple[bool, bytes], bytes] = {}

    @property
    def zones(self) -> tuple[Zone, ...]:
        return tuple(self._zones.values())

    def answer(self, query: Query, server: str = "") -> Answer:
        """The answer to a query that `read_query` let through; `server` is our name in the trace."""
        key = (query.framed, query.wire[2:])
        body = self._encoded.get(key)
        if body is None:
            if len(self._encoded) >= REMEMBERED_ANSWERS:
                self._encoded.clear()
            body = self._encoded[key] = self._answer(query).wire[2:]
        return Answer(query.wire[:2] + body, server, False, query.framed)

    def zone_of(self, name: Name) -> Zone | None:
        """The zone that lies nearest above a name, None when it is none of ours."""
        while True:
            zone = self._zones.get(name)
            if zone is not None or name == dns.name.root:
                return zone
            name = name.parent()

    def _answer(self, query: Query) -> Answer:
        question = query.question
        zone = self.zone_of(question.name)
        if zone is not None and question.type == RdataType.DS and question.name == zone.origin != dns.name.root:
            zone = self.zone_of(question.name.parent()) or zone
        if zone is None or question.type in TRANSFERS:
            return query.reply(Rcode.REFUSED)
        if question.type in NO_QUESTIONS:
            return query.reply(Rcode.FORMERR)
        draft = self._look_up(zone, question)
        answer = query.reply(
            draft.rcode, draft.answer, draft.authority, draft.additional, authoritative=draft.authoritative
        )
        return answer if draft.authoritative else _with_all_glue_or_truncated(answer, draft)

    def _look_up(self, zone: Zone, question: Question) -> _Draft:
        """Follow aliases through our zones to the end (RFC 1034 section 4.3.2, RFC 6672 section 3.2)."""
        draft = _Draft()
        name: Name | None = question.name
        for _ in range(ALIASES_FOLLOWED):
            assert name is not None
            name = _step(zone, name, question.type, draft)
            nearest = None if name is None else self.zone_of(name)
            if nearest is None:
                break
            zone = nearest
        return draft


def _step(zone: Zone, name: Name, rdtype: RdataType, draft: _Draft) -> Name | None:
    """Say what the zone knows about a name; when that is an alias, its target is what comes next."""
    border = _border_above(zone, name, rdtype)
    if border is not None and border.type == RdataType.NS:
        _refer(zone, border, draft)
        return None
    if border is not None:
        target = _redirect(border, name, draft)
        return None if rdtype in (RdataType.CNAME, RdataType.ANY) else target
    node = _node(zone, name)
    if node is None:
        draft.rcode = Rcode.NXDOMAIN
        draft.authority.append(_soa_for_denial(zone))
        return None
    alias = node.get(RdataType.CNAME)
    if alias is None or rdtype == RdataType.CNAME:
        _give(zone, node, name, rdtype, draft)
        return None
    alias = alias.with_name(name)
    if alias in draft.answer:
        return None
    draft.answer.append(alias)
    return None if rdtype == RdataType.ANY else alias.data[0].target  # type: ignore[attr-defined]


def _redirect(redirection: RRset, name: Name, draft: _Draft) -> Name | None:
    """All names below a DNAME are aliases of the same names below its target; each is made when asked for."""
    if redirection not in draft.answer:
        draft.answer.append(redirection)
    alias = made_alias(name, redirection)
    if alias is None:
        draft.rcode = Rcode.YXDOMAIN
        return None
    draft.answer.append(alias)
    return alias.data[0].target  # type: ignore[attr-defined,no-any-return]


def _give(zone: Zone, node: Mapping[RdataType, RRset], name: Name, rdtype: RdataType, draft: _Draft) -> None:
    """The node's records of that type with the addresses that will be asked for next, or NODATA."""
    if rdtype == RdataType.ANY and node:
        draft.answer.extend(polite_any(name))
    elif rdtype in node:
        draft.answer.append(node[rdtype].with_name(name))
        draft.additional.extend(_addresses(zone, node[rdtype], draft.answer))
    else:
        draft.authority.append(_soa_for_denial(zone))


def _refer(zone: Zone, cut: RRset, draft: _Draft) -> None:
    """Name the servers of a part that is not ours; glue may lie below the cut, or we could not be reached."""
    draft.authoritative = bool(draft.answer)
    draft.authority.append(cut)
    draft.additional.extend(_addresses(zone, cut, draft.answer, below_cuts=True))


def _border_above(zone: Zone, name: Name, rdtype: RdataType) -> RRset | None:
    """The highest NS (a delegation) or DNAME (a redirection) on the way from the zone's origin to the name.

    A DNAME is not about its own name, and the NS of the origin are the zone's own servers. DS is the one
    type that a delegating zone answers itself (RFC 4035 section 3.1.4.1).
    """
    depth = len(zone.origin.labels)
    for kept in range(depth, len(name.labels) + 1):
        node = zone.nodes.get(Name(name.labels[-kept:]), {})
        at_name = kept == len(name.labels)
        if RdataType.NS in node and kept > depth and not (at_name and rdtype == RdataType.DS):
            return node[RdataType.NS]
        if RdataType.DNAME in node and not at_name:
            return node[RdataType.DNAME]
    return None


def _node(zone: Zone, name: Name) -> Mapping[RdataType, RRset] | None:
    """The node of a name: itself, or the wildcard below its closest encloser (RFC 4592 section 3.3.1)."""
    node = zone.nodes.get(name)
    if node is not None:
        return node
    encloser = name.parent()
    while encloser not in zone.nodes:
        encloser = encloser.parent()
    return zone.nodes.get(Name((b"*", *encloser.labels)))


def _addresses(zone: Zone, records: RRset, already: list[RRset], *, below_cuts: bool = False) -> Iterable[RRset]:
    """A and AAAA of the hosts that MX, SRV or NS records name, as far as this zone knows them."""
    for rdata in records.data:
        match records.type:
            case RdataType.MX:
                host: Name = rdata.exchange  # type: ignore[attr-defined]
            case RdataType.NS | RdataType.SRV:
                host = rdata.target  # type: ignore[attr-defined]
            case _:
                return
        if not below_cuts and host.is_subdomain(zone.origin) and _border_above(zone, host, RdataType.A):
            continue
        node = zone.nodes.get(host, {})
        for kind in (RdataType.A, RdataType.AAAA):
            if kind in node and node[kind] not in already:
                yield node[kind]


def _soa_for_denial(zone: Zone) -> RRset:
    """The SOA with the TTL that a negative answer may be kept for (RFC 2308 section 3)."""
    soa = zone.soa
    return soa.with_ttl(min(soa.ttl, soa.data[0].minimum))  # type: ignore[attr-defined]


def _with_all_glue_or_truncated(answer: Answer, draft: _Draft) -> Answer:
    """A referral without its glue leads nowhere: when some was left out, TC says so (RFC 9471 section 3.1)."""
    if len(answer.content.additional) == len(draft.additional):
        return answer
    wire = bytearray(answer.wire)
    wire[2] |= TC >> 8
    return Answer(bytes(wire), answer.server, answer.cache, answer.framed)
