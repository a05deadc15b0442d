"""Who serves a zone, and where these servers are: what a referral says (RFC 1034 section 4.2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType

from mailsim.protocols.dns.cache import Cache, Known, Trust, ancestors
from mailsim.protocols.dns.values import Question, RRset, name_of

ADDRESS_TYPES = (RdataType.A, RdataType.AAAA)


@dataclass(frozen=True, slots=True)
class Server:
    """A name server; its addresses may still have to be found out."""

    name: Name
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delegation:
    """A zone and its servers, in the order in which they will be asked."""

    zone: Name
    servers: tuple[Server, ...]

    @staticmethod
    def root(servers: Mapping[str, Iterable[str]]) -> Delegation:
        """Root hints: names of the root servers and their addresses (RFC 1034 section 5.3.2)."""
        return Delegation(
            dns.name.root,
            tuple(Server(name_of(name), tuple(addresses)) for name, addresses in servers.items()),
        )

    @staticmethod
    def referred(servers: RRset, glue: Iterable[RRset], cache: Cache, now_us: int) -> Delegation:
        """What a referral says: its NS records with the glue that came along, or addresses known before."""
        told: dict[Name, tuple[str, ...]] = {}
        for rrset in glue:
            if rrset.type in ADDRESS_TYPES:
                told[rrset.name] = (*told.get(rrset.name, ()), *addresses(rrset))
        return Delegation(
            servers.name,
            tuple(
                Server(host, told.get(host) or known_addresses(host, cache, now_us)) for host in server_names(servers)
            ),
        )


def nearest(name: Name, cache: Cache, roots: Delegation, now_us: int) -> Delegation:
    """The nearest zone above a name whose servers the cache knows, else the root.

    A zone whose every server lies below itself and has no known address cannot be entered without its
    parent's glue, so then the search goes on above it.
    """
    for zone in ancestors(name):
        known = cache.get(Question(zone, RdataType.NS), now_us, Trust.REFERRAL)
        if isinstance(known, Known):
            servers = tuple(Server(host, known_addresses(host, cache, now_us)) for host in server_names(known.rrset))
            if any(server.addresses or not server.name.is_subdomain(zone) for server in servers):
                return Delegation(zone, servers)
    return roots


def known_addresses(host: Name, cache: Cache, now_us: int) -> tuple[str, ...]:
    """The addresses of a host that the cache has, glue included."""
    found = (cache.get(Question(host, kind), now_us, Trust.GLUE) for kind in ADDRESS_TYPES)
    return tuple(text for known in found if isinstance(known, Known) for text in addresses(known.rrset))


def server_names(records: RRset) -> list[Name]:
    """The hosts that NS records name."""
    return [rdata.target for rdata in records.data]  # type: ignore[attr-defined]


def addresses(records: RRset) -> list[str]:
    """The addresses in A or AAAA records, as text."""
    return [rdata.address for rdata in records.data]  # type: ignore[attr-defined]
