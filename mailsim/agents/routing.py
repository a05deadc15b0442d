"""Where does a mail go next? The answer of RFC 5321 section 5.1, step by step.

1. Is the recipient's domain one of ours? Then it is final delivery: no DNS, no other host.
2. Is there a static route, or a smarthost? Then it goes there, whatever the DNS says.
3. Else the MX records of the domain name its hosts; the lower preference is tried first, equal ones in
   random order. Without any MX record the domain is its own host, if it has an address (implicit MX).
4. If we are in that list ourselves, we are a backup: all hosts that are not better than us are struck out,
   or the mail would travel in circles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from mailsim.agents.host import Host
from mailsim.agents.policy import MtaPolicy
from mailsim.agents.stub import Found, MailExchanger, NoData, Nothing, NxDomain, TryAgain
from mailsim.mail.domains import ascii_domain
from mailsim.protocols.smtp import Reply
from mailsim.trace.facts import Candidate, RouteDecided

NO_SUCH_DOMAIN = Reply.of(550, "5.1.2", "The domain does not exist")
NULL_MX = Reply.of(556, "5.1.10", "The domain accepts no mail (null MX)")
NO_ADDRESS = Reply.of(550, "5.4.4", "No mail server of the domain has an address")
ALIAS = Reply.of(550, "5.4.4", "The MX of the domain names an alias (CNAME), not a host")
BEST_IS_ME = Reply.of(554, "5.4.6", "The mail would come back to this server, which does not serve the domain")
DNS_TROUBLE = Reply.of(451, "4.4.3", "The DNS gave no answer")
REASONS = {
    NO_SUCH_DOMAIN: "nxdomain",
    NULL_MX: "null-mx",
    NO_ADDRESS: "no-address",
    ALIAS: "mx-alias",
    BEST_IS_ME: "best-is-me",
    DNS_TROUBLE: "dns-failure",
}


@dataclass(frozen=True, slots=True)
class Hop:
    """One host that could take the mail; `rule` as in `facts.Candidate`, `unsure`: the DNS failed to say."""

    host: str
    preference: int = 0
    addresses: tuple[str, ...] = ()
    rule: str = "best"
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A decision.

    Attributes:
        how: `local`, `mx`, `implicit_mx`, `smarthost`, `static`, `literal` or `none`.
        hops: whom to try, in this order. passed_over: whom not, and why.
        failure: why there is no way, as the reply that it amounts to.
    """

    how: str
    hops: tuple[Hop, ...] = ()
    passed_over: tuple[Hop, ...] = ()
    failure: Reply | None = None

    def fact(self, message: str, recipient: str) -> RouteDecided:
        """The decision as the trace keeps it."""
        first = next((hop for hop in self.hops if hop.addresses), None)
        candidates = tuple(
            Candidate(hop.host, hop.preference, hop.addresses, hop is first, hop.rule)
            for hop in (*self.hops, *self.passed_over)
        )
        reason = REASONS[self.failure] if self.failure else ""
        return RouteDecided(message, recipient, self.how, candidates, reason)


def destination(policy: MtaPolicy, domain: str) -> str:
    """A name for where the mail of a domain goes; recipients of one destination share a transaction."""
    domain = ascii_domain(domain)
    if is_local(policy, domain):
        return "local"
    return policy.routes.get(domain) or policy.smarthost or domain


def is_local(policy: MtaPolicy, domain: str) -> bool:
    """Are the mailboxes of this domain here?"""
    return ascii_domain(domain) in _ascii_domains(policy.local_domains)


@lru_cache(maxsize=1024)
def _ascii_domains(domains: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(ascii_domain, domains))


async def decide(host: Host, policy: MtaPolicy, domain: str) -> Route:
    """Find the way to a domain, or the reason why there is none."""
    domain = ascii_domain(domain)
    if is_local(policy, domain):
        return _to_own_mda(host.name, policy.lmtp_address)
    if fixed := policy.routes.get(domain):
        return _if_any_address("static", (await _with_addresses(host, policy, Hop(fixed)),))
    if policy.smarthost:
        return _if_any_address("smarthost", (await _with_addresses(host, policy, Hop(policy.smarthost)),))
    if domain.startswith("["):
        return Route("literal", (Hop(domain, addresses=(_literal(domain),)),))
    if policy.use_domain_a:
        return await _domain_itself(host, policy, domain)
    return await _by_mx(host, policy, domain)


@lru_cache(maxsize=1024)
def _to_own_mda(host: str, address: str) -> Route:
    return Route("local", (Hop(host, addresses=(address,)),))


async def _by_mx(host: Host, policy: MtaPolicy, domain: str) -> Route:
    match await host.stub.lookup_mx(domain):
        case TryAgain():
            return Route("none", failure=DNS_TROUBLE)
        case NxDomain():
            return Route("none", failure=NO_SUCH_DOMAIN)
        case NoData() if not policy.implicit_mx:
            return Route("none", failure=NO_ADDRESS)
        case NoData():
            return await _domain_itself(host, policy, domain)
        case Found(records):
            published = records
    if [record.host for record in published] == ["."]:  # RFC 7505
        return Route("none", failure=NULL_MX)
    hops: list[Hop] = []
    for hop in in_order(published, policy, host.random("mta routing")):
        # It is a name, even when it looks like an address (RFC 5321 section 5.1).
        found = await host.look_up_name(hop.host, policy.address_families)
        hops.append(_mail_exchanger(policy, hop, found))
    hops, passed_over = without_self(hops, host, policy)
    if not hops:
        return Route("none", passed_over=passed_over, failure=BEST_IS_ME)
    if policy.fallback_a_when_mx_down:
        hops.append(await _with_addresses(host, policy, Hop(domain, 65536, rule="fallback-a")))
    return _if_any_address("mx", tuple(hops), passed_over)


async def _domain_itself(host: Host, policy: MtaPolicy, domain: str) -> Route:
    """The implicit MX: as if there were an MX of preference 0 that names the domain."""
    return _if_any_address("implicit_mx", (await _with_addresses(host, policy, Hop(domain)),))


def in_order(published: Iterable[MailExchanger], policy: MtaPolicy, random: Random) -> list[Hop]:
    """Hosts in the order in which they shall be tried, each with the rule that put it there.

    Equal preferences in random order, so that the load spreads (RFC 5321 section 5.1).
    """
    ordered = sorted((mx.preference, mx.host.lower()) for mx in published)
    if len({preference for preference, _ in ordered}) < len(ordered):
        random.shuffle(ordered)
    ordered.sort(key=lambda mx: mx[0], reverse=policy.mx_order == "descending")
    hops: list[Hop] = []
    for preference, name in ordered:
        rule = "best" if not hops else "equal" if preference == hops[0].preference else "less-preferred"
        hops.append(Hop(name, preference, rule=rule))
    return hops


def without_self(hops: Sequence[Hop], host: Host, policy: MtaPolicy) -> tuple[list[Hop], tuple[Hop, ...]]:
    """Strike out ourselves and whoever is not better than us (RFC 5321 section 5.1)."""
    own_names = {host.name.lower(), (policy.hostname or host.name).lower()}
    own_addresses = set(host.addresses) if policy.recognize_own_addresses else set()
    mine = [hop.preference for hop in hops if hop.host in own_names or own_addresses & set(hop.addresses)]
    if not mine:
        return list(hops), ()
    better = [hop for hop in hops if hop.preference < min(mine)]
    worse = tuple(replace(hop, rule="not-better-than-me") for hop in hops if hop.preference >= min(mine))
    return better, worse


def _if_any_address(how: str, hops: tuple[Hop, ...], passed_over: tuple[Hop, ...] = ()) -> Route:
    """None of them has an address: an error, unless the DNS may say more later (RFC 5321 section 5.1)."""
    if any(hop.addresses for hop in hops):
        return Route(how, hops, passed_over)
    failure = DNS_TROUBLE if any(hop.unsure for hop in hops) else NO_ADDRESS
    if all(hop.rule == "alias" for hop in hops):
        failure = ALIAS
    return Route("none", (), (*hops, *passed_over), failure)


def _mail_exchanger(policy: MtaPolicy, hop: Hop, found: Found[str] | Nothing) -> Hop:
    """The host of an MX record, with what the DNS knows of its name."""
    if isinstance(found, Found) and found.is_alias and policy.mx_alias == "reject":
        return replace(hop, rule="alias")
    return _reached(hop, found)


async def _with_addresses(host: Host, policy: MtaPolicy, hop: Hop) -> Hop:
    """Look up the addresses of a host, of the families that we can speak ourselves."""
    return _reached(hop, await host.look_up(hop.host, policy.address_families))


def _reached(hop: Hop, found: Found[str] | Nothing) -> Hop:
    match found:
        case Found(records):
            return Hop(hop.host, hop.preference, records, hop.rule)
        case TryAgain():
            return replace(hop, rule="no-address", unsure=True)
        case NoData() | NxDomain():
            return replace(hop, rule="no-address")


def _literal(domain: str) -> str:
    inside = domain[1:-1]
    return inside[5:] if inside.lower().startswith("ipv6:") else inside
