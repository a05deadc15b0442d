"""What a scenario can offer to real programs: the services of a domain or a host, and the node that they come in by.

For a domain the doors lead where its people's mail programs go: submission and access to the servers of its users,
port 25 to the server that has its mailboxes, DNS to the resolver of its site. For a host they lead to whatever runs
on it. Several blocks can be served at once, each 1000 ports after the one before.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from mailsim.live.doors import Door, Security
from mailsim.scenario.addresses import DOCUMENTATION
from mailsim.scenario.schema import Host, Link, Scenario

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

BLOCK = 1000
"""Ports from one block to the next."""
CABLE = {"latency": "50us", "bandwidth": "10Gbit/s"}
DNS_PORT = 53
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Service:
    """A service as the world knows it.

    Attributes:
        name: `submission`, `smtp`, `imap`, ... port: the one that it usually has, which is added to the base.
        role: the role of a host that offers it. protocol: as the trace calls it.
    """

    name: str
    port: int
    role: str
    protocol: str
    is_tls: bool = False


SERVICES = (
    Service("submission", 587, "msa", "smtp"),
    Service("submissions", 465, "msa", "smtp", is_tls=True),
    Service("smtp", 25, "mta", "smtp"),
    Service("imap", 143, "imap", "imap"),
    Service("imaps", 993, "imap", "imap", is_tls=True),
    Service("pop3", 110, "pop3", "pop"),
    Service("pop3s", 995, "pop3", "pop", is_tls=True),
    Service("dns", DNS_PORT, "resolver", "dns"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """What is offered under one port base: `name` is the domain or host asked for, `node` the simulated way in."""

    name: str
    node: str
    doors: tuple[Door, ...]
    users: Mapping[str, str]
    """Address -> password of those who may log in."""


class NothingToServe(Exception):
    """`name` is no domain with mail and no host with a service; `known` are those that there are."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name, known)
        self.name, self.known = name, tuple(known)


def mail_domains(scenario: Scenario) -> list[str]:
    """The domains in which somebody has a mailbox, in the order of the file."""
    return list(dict.fromkeys(address.rpartition("@")[2] for address in scenario.users))


def blocks(scenario: Scenario, names: Iterable[str], port_base: int) -> list[Block]:
    """The blocks for domains or hosts; without a name, one for the first domain. Raises: NothingToServe."""
    domains = mail_domains(scenario)
    wanted = [name.lower().rstrip(".") for name in names] or domains[:1]
    if not wanted:
        raise NothingToServe("", ())
    return [_block(scenario, name, port_base + BLOCK * number) for number, name in enumerate(wanted)]


def with_gateways(scenario: Scenario, offered: Sequence[Block]) -> Scenario:
    """The scenario with a node for each block, joined to the host that most of its doors lead to.

    It is one cable, so no way between other hosts becomes shorter, and a short one, so that real programs are quick.
    """
    for block in offered:
        leads_to = [door.host for door in block.doors]
        scenario = _joined(scenario, block.node, max(dict.fromkeys(leads_to), key=leads_to.count))
    served = {door.host for block in offered for door in block.doors}
    hosts = {name: _for_loopback(host) if name in served else host for name, host in scenario.hosts.items()}
    return scenario.model_copy(update={"hosts": hosts})


def _for_loopback(host: Host) -> Host:
    """The host with a certificate that is good for the names by which real programs call it, if it is good at all."""
    certificate = host.certificate
    if certificate is None or certificate.kind != "valid":
        return host
    names = tuple(dict.fromkeys((*certificate.names, *LOOPBACK_NAMES)))
    return host.model_copy(update={"certificate": certificate.model_copy(update={"names": names})})


def with_guest(scenario: Scenario, host: str) -> tuple[Scenario, str]:
    """The scenario with a computer beside a host, for somebody who wants to talk to it; and its name."""
    node = _free_name(scenario, host, "guest")
    return _joined(scenario, node, host), node


def _joined(scenario: Scenario, node: str, target: str) -> Scenario:
    found = scenario.hosts[target]
    hosts = {
        **scenario.hosts,
        node: Host(site=found.site, addresses=_free_addresses(scenario.hosts), resolvers=found.resolvers),
    }
    link = Link.model_validate({"between": [node, target], **CABLE})
    return scenario.model_copy(update={"hosts": hosts, "links": (*scenario.links, link)})


def _block(scenario: Scenario, name: str, port_base: int) -> Block:
    is_domain = name in mail_domains(scenario)
    if not is_domain and name not in scenario.hosts:
        raise NothingToServe(name, (*mail_domains(scenario), *scenario.hosts))
    node = _free_name(scenario, name)
    doors = tuple(_doors(scenario, name, is_domain, node, port_base))
    if not doors:
        raise NothingToServe(name, (*mail_domains(scenario), *(h for h in scenario.hosts if _offers(scenario, h))))
    served = {door.host for door in doors}
    users = {
        address: user.password or ""
        for address, user in scenario.users.items()
        if (address.rpartition("@")[2] == name if is_domain else user.store in served)
    }
    return Block(name, node, doors, users)


def _offers(scenario: Scenario, host: str) -> bool:
    return any(runs(scenario.hosts[host], service) for service in SERVICES)


def runs(host: Host, service: Service) -> bool:
    """Whether a host offers a service."""
    if service.protocol == "dns":
        return host.roles.resolver is not None or host.roles.nameserver is not None
    role = getattr(host.roles, service.role)
    return role is not None and (not service.is_tls or (_has_tls(host, role) and role.implicit_port > 0))


def _has_tls(host: Host, role: Any) -> bool:
    return bool(role.tls) and host.certificate is not None and host.certificate.kind != "none"


def _doors(scenario: Scenario, name: str, is_domain: bool, node: str, port_base: int) -> Iterator[Door]:
    for service in SERVICES:
        host = _host_of(scenario, name, service) if is_domain else name
        if not host or not runs(scenario.hosts[host], service):
            continue
        addresses, port = tuple(scenario.hosts[host].addresses), port_base + service.port
        inner_port, security = inside(scenario.hosts[host], service)
        yield Door(service.name, port, node, host, addresses, inner_port, service.protocol, security)
        if service.protocol == "dns":
            yield Door(service.name, port, node, host, addresses, inner_port, service.protocol, is_udp=True)


def inside(host: Host, service: Service) -> tuple[int, Security]:
    """The port of a service on its host, and how its connections are protected."""
    if service.protocol == "dns":
        return DNS_PORT, "none"
    role = getattr(host.roles, service.role)
    if service.is_tls:
        return role.implicit_port, "tls"
    if not _has_tls(host, role):
        return role.port, "none"
    needs_tls = (
        not role.plaintext_login
        if service.role in ("imap", "pop3")
        else service.role == "msa" and (role.require_tls or role.auth_requires_tls)
    )
    return role.port, "starttls" if needs_tls else "optional"


def _host_of(scenario: Scenario, domain: str, service: Service) -> str:
    """The host that serves a domain; "" when none does."""
    users = [user for address, user in scenario.users.items() if address.rpartition("@")[2] == domain]
    match service.role:
        case "msa":
            candidates = [user.client.submission_host for user in users]
        case "mta":
            local = [name for name, host in scenario.hosts.items() if _has_mailboxes(host, domain)]
            candidates = [*local]
        case "resolver":
            candidates = [resolver for user in users for resolver in _resolvers(scenario, user.store)]
        case _:
            candidates = [host for user in users for host in (user.client.access_host, user.store)]
    return next((h for h in candidates if h in scenario.hosts and runs(scenario.hosts[h], service)), "")


def _has_mailboxes(host: Host, domain: str) -> bool:
    return host.roles.mta is not None and domain in host.roles.mta.local_domains


def _resolvers(scenario: Scenario, host: str | None) -> tuple[str, ...]:
    if host is None or host not in scenario.hosts:
        return ()
    found = scenario.hosts[host]
    if found.resolvers or found.site not in scenario.sites:
        return found.resolvers
    return scenario.sites[found.site].resolvers


def _free_name(scenario: Scenario, target: str, label: str = "gateway") -> str:
    names = (f"{label}{number or ''}.{target}" for number in range(1000))
    return next(name for name in names if name not in scenario.hosts and name not in scenario.routers)


def _free_addresses(hosts: Mapping[str, Host]) -> tuple[str, ...]:
    """Documentation addresses that nobody has, and that no server takes for its own network."""
    taken = {address for host in hosts.values() for address in host.addresses}
    trusted = [
        ipaddress.ip_network(network)
        for host in hosts.values()
        if host.roles.mta is not None
        for network in host.roles.mta.relay_networks
    ]

    def is_free(address: Address) -> bool:
        return str(address) not in taken and not any(
            address.version == network.version and address in network for network in trusted
        )

    candidates = [address for network in DOCUMENTATION for address in _from_the_end(network)]
    ipv4 = next((str(a) for a in candidates if a.version == 4 and is_free(a)), None)
    ipv6 = next((str(a) for a in candidates if a.version == 6 and is_free(a)), None)
    return tuple(address for address in (ipv4, ipv6) if address is not None)


def _from_the_end(network: Network) -> Iterator[Address]:
    """The addresses of a network where plans put hosts last: high numbers of IPv4, a far subnet of IPv6."""
    if isinstance(network, ipaddress.IPv4Network):
        return (network[number] for number in range(network.num_addresses - 2, 0, -1))
    return (network[(0xFFFF << 64) | number] for number in range(1, 256))
