"""The stub resolver: what every program that needs a name asks through (RFC 1034 section 5.3.1).

It knows the addresses of recursive resolvers and nothing else; it keeps no cache. What it finds out is one
of four things, and the fate of a mail depends on the difference:

    Found       here are the records
    NoData      the name exists, without records of this type: a domain without MX is no error
    NxDomain    there is no such name: mail for it can never be delivered
    TryAgain    nobody could tell (SERVFAIL, no answer): mail for it has to wait
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Generic, Literal, TypeAlias, TypeVar

from dns.name import Name
from dns.rcode import Rcode
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from mailsim.agents.dns_exchange import ask_tcp, ask_udp
from mailsim.errors import LocalProtocolError, RemoteProtocolError
from mailsim.protocols.dns import Answer, Query, Question
from mailsim.protocols.dns.wire import decode, timeless

T = TypeVar("T")
Family = Literal["ipv4", "ipv6"]
ADDRESS_TYPE: dict[Family, str] = {"ipv4": "A", "ipv6": "AAAA"}
HELPLESS = frozenset((Rcode.SERVFAIL, Rcode.REFUSED, Rcode.NOTIMP, Rcode.FORMERR))
"""Answers after which another resolver is asked."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """The records, in the order of the answer.

    Attributes:
        name: where they were found, without the final dot.
        is_alias: whether the name asked for is only an alias (CNAME) of that one, which the host of an MX
            must not be (RFC 5321 section 5.1).
    """

    records: tuple[T, ...]
    name: str = ""
    is_alias: bool = False


@dataclass(frozen=True, slots=True)
class NoData:
    """The name exists and has no such record."""


@dataclass(frozen=True, slots=True)
class NxDomain:
    """There is no such name."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """It could not be found out now; `reason` is an rcode (`SERVFAIL`, ...) or `timeout`."""

    reason: str = ""


Nothing: TypeAlias = NoData | NxDomain | TryAgain


@dataclass(frozen=True, slots=True)
class MailExchanger:
    """One MX record. `host` has no final dot; "." alone means that the domain takes no mail (RFC 7505)."""

    preference: int
    host: str


class StubResolver:
    """Asks the resolvers of a host, in their order, over UDP, and over TCP when an answer was too long."""

    def __init__(
        self, servers: Iterable[str], chance: Random, *, timeout_us: int = 5_000_000, attempts: int = 2
    ) -> None:
        self.servers, self.chance = tuple(servers), chance
        self.timeout_us, self.attempts = timeout_us, attempts

    async def lookup_mx(self, domain: str) -> Found[MailExchanger] | Nothing:
        """The mail exchangers of a domain, not sorted: that is the MTA's business."""
        return await self._lookup(domain, "MX", _exchanger)

    async def lookup_addresses(self, host: str, families: Iterable[Family] = ("ipv6", "ipv4")) -> Found[str] | Nothing:
        """The addresses of a host as text, those of the first family first; one question for each family.

        That one family could not be found out counts only when the other has no address.
        """
        first: Found[str] | None = None
        records: tuple[str, ...] = ()
        otherwise: NoData | TryAgain = NoData()
        for family in families:
            match await self._lookup(host, ADDRESS_TYPE[family], Rdata.to_text):
                case Found() as found:
                    first = first or found
                    records += found.records
                case NxDomain() as nothing:
                    return nothing
                case TryAgain() as failure:
                    otherwise = failure
        return otherwise if first is None else Found(records, first.name, first.is_alias)

    async def lookup(self, name: str, rdtype: str) -> Found[Rdata] | Nothing:
        """The records of any type, aliases followed; a text that can be no name does not exist."""
        return await self._lookup(name, rdtype, _as_it_is)

    async def _lookup(self, name: str, rdtype: str, read: Callable[[Rdata], T]) -> Found[T] | Nothing:
        try:
            question = Question.of(name, rdtype)
        except LocalProtocolError:
            return NxDomain()
        answer = await self.query(question)
        if answer is None:
            return TryAgain("timeout")
        try:
            return _outcome(name, rdtype, timeless(answer.wire), read)
        except RemoteProtocolError:
            return TryAgain("malformed")

    async def query(self, question: Question) -> Answer | None:
        """Ask the resolvers in turn until one is of help; None when none of them said anything."""
        answer = None
        for _ in range(self.attempts):
            for server in self.servers:
                query = Query.ask(question, self.chance.getrandbits(16), server=server)
                said = await ask_udp(query, server, self.timeout_us)
                if said is not None and said.truncated:
                    again = Query.ask(question, query.id, server=server, framed=True)
                    said = await ask_tcp(again, server, self.timeout_us)
                if said is not None:
                    answer = said
                    if said.rcode not in HELPLESS:
                        return said
            if answer is not None:
                return answer
        return None


@lru_cache(maxsize=4096)
def _outcome(asked: str, rdtype: str, wire: bytes, read: Callable[[Rdata], T]) -> Found[T] | Nothing:
    """What the answer of a recursive resolver says, at the end of its aliases.

    Without its TTLs, which mean nothing to a stub without a cache, the answer is always the same, and remembered.
    """
    content = decode(wire)
    if content.rcode == Rcode.NXDOMAIN:
        return NxDomain()
    if content.rcode != Rcode.NOERROR:
        return TryAgain(content.rcode.name)
    records = {(rrset.name, rrset.type): rrset for rrset in content.answer}
    question = Question.of(asked, rdtype)
    name = question.name
    for _ in range(len(records) + 1):
        rrset = records.get((name, question.type))
        if rrset is not None:
            return Found(tuple(map(read, rrset.data)), _text(name), is_alias=name != question.name)
        alias = records.get((name, RdataType.CNAME))
        if alias is None:
            return NoData()
        name = alias.data[0].target  # type: ignore[attr-defined]
    return TryAgain("alias loop")


def _exchanger(record: Rdata) -> MailExchanger:
    return MailExchanger(record.preference, _text(record.exchange))  # type: ignore[attr-defined]


def _as_it_is(record: Rdata) -> Rdata:
    return record


def _text(name: Name) -> str:
    return name.to_text(omit_final_dot=True)
