"""What an answer means to the resolver that asked for it (RFC 1034 section 5.3.3, step 4).

An answer is believed only for names of the zone whose server was asked (its *bailiwick*): a server of
`firma.example.` has nothing to say about `skola.example.`, or it could poison every cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from mailsim.errors import RemoteProtocolError
from mailsim.protocols.dns.messages import Answer
from mailsim.protocols.dns.redirection import is_made_by
from mailsim.protocols.dns.values import Question, RRset
from mailsim.protocols.dns.wire import Content, Section


@dataclass(frozen=True, slots=True)
class Reached:
    """The records that were asked for, after the aliases on the way."""

    chain: tuple[RRset, ...]
    records: RRset


@dataclass(frozen=True, slots=True)
class Denied:
    """There is nothing: NXDOMAIN or NODATA (NOERROR), for the name at the end of the aliases."""

    chain: tuple[RRset, ...]
    name: Name
    rcode: Rcode
    soa: RRset | None


@dataclass(frozen=True, slots=True)
class Aliased:
    """The name is another name for `target`, about which this server said nothing (that we believe)."""

    chain: tuple[RRset, ...]
    target: Name


@dataclass(frozen=True, slots=True)
class Referred:
    """Ask the servers of a zone further down; `glue` are the addresses that came along."""

    servers: RRset
    glue: tuple[RRset, ...]


@dataclass(frozen=True, slots=True)
class Useless:
    """No help: an error, or a *lame* server that does not serve the zone it was asked about."""

    reason: str


Meaning: TypeAlias = "Reached | Denied | Aliased | Referred | Useless"


def interpret(answer: Answer, question: Question, zone: Name) -> Meaning:
    """Read the answer of a server of `zone` to `question`."""
    try:
        content = answer.content
    except RemoteProtocolError:
        return Useless("malformed")
    if content.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        return Useless(content.rcode.name)
    if answer.authoritative:
        return _authoritative(content, question, zone)
    return _referral(content, question, zone)


def _authoritative(content: Content, question: Question, zone: Name) -> Meaning:
    chain: list[RRset] = []
    name = question.name
    while True:
        records = _pick(content.answer, name, question.type, zone)
        if records is not None:
            return Reached(tuple(chain), records)
        alias = _pick(content.answer, name, RdataType.CNAME, zone)
        if alias is None:
            break
        if alias in chain:
            return Useless("alias loop")
        chain.extend(_redirection(content.answer, alias, chain, zone))
        chain.append(alias)
        name = alias.data[0].target  # type: ignore[attr-defined]
    if not name.is_subdomain(zone):
        return Aliased(tuple(chain), name)
    soa = _soa_above(content.authority, name, zone)
    if chain and soa is None:
        return Aliased(tuple(chain), name)
    return Denied(tuple(chain), name, content.rcode, soa)


def _referral(content: Content, question: Question, zone: Name) -> Meaning:
    """A referral must lead down, towards the name; up or sideways is what lame servers say."""
    for servers in content.authority:
        goes_down = servers.name != zone and servers.name.is_subdomain(zone)
        if servers.type == RdataType.NS and goes_down and question.name.is_subdomain(servers.name):
            glue = tuple(rrset for rrset in content.additional if rrset.name.is_subdomain(zone))
            return Referred(servers, glue)
    return Useless("lame")


def _pick(section: Section, name: Name, rdtype: RdataType, zone: Name) -> RRset | None:
    for rrset in section:
        if rrset.type == rdtype and rrset.name == name and name.is_subdomain(zone):
            return rrset
    return None


def _redirection(section: Section, alias: RRset, chain: list[RRset], zone: Name) -> list[RRset]:
    """The DNAME that made an alias, if it is there and not told yet."""
    for rrset in section:
        if rrset not in chain and rrset.name.is_subdomain(zone) and is_made_by(alias, rrset):
            return [rrset]
    return []


def _soa_above(section: Section, name: Name, zone: Name) -> RRset | None:
    for rrset in section:
        if rrset.type == RdataType.SOA and name.is_subdomain(rrset.name) and rrset.name.is_subdomain(zone):
            return rrset
    return None
