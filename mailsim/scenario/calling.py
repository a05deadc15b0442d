"""Connects somebody who types a protocol by hand to a server of a scenario, at some moment of its run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mailsim.agents.talker import Talker
from mailsim.live.talk import Talk
from mailsim.scenario.build import Simulation, build
from mailsim.scenario.schema import Scenario
from mailsim.scenario.services import SERVICES, inside, runs, with_guest
from mailsim.trace.recorder import Recorder

USUAL_PORTS: Mapping[str, int] = {service.name: service.port for service in SERVICES if service.protocol != "dns"}
"""The ports that go by the name of a service."""
USUAL_PROTOCOLS: Mapping[int, str] = {service.port: service.protocol for service in SERVICES}
WITH_TLS = frozenset(service.port for service in SERVICES if service.is_tls)
"""The ports on which TLS begins with the first byte."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one can connect to: `protocol` is as the trace calls it.

    `security` is `tls` from the first byte, `starttls` before a login, `optional` when the client likes, or `none`.
    """

    host: str
    port: int
    protocol: str
    security: str = "none"


def places(scenario: Scenario) -> Iterator[Place]:
    """Every service to which one can type, in the order of the hosts and their ports; LMTP of a host comes last."""
    for name, host in scenario.hosts.items():
        found = []
        for service in SERVICES:
            if service.protocol != "dns" and runs(host, service):
                port, security = inside(host, service)
                found.append(Place(name, port, service.protocol, security))
        if host.roles.mda is not None:
            found.append(Place(name, host.roles.mda.port, "lmtp"))
        yield from sorted(set(found), key=lambda place: (place.protocol == "lmtp", place.port))


def place_at(scenario: Scenario, host: str, port: int, is_tls: bool = False) -> Place:
    """A port of a host, whether something listens there or not; `is_tls` if TLS shall begin with the first byte."""
    known = next((place for place in places(scenario) if (place.host, place.port) == (host, port)), None)
    if known is None:
        known = Place(host, port, USUAL_PROTOCOLS.get(port, "smtp"), "tls" if port in WITH_TLS else "none")
    return Place(host, port, known.protocol, "tls") if is_tls else known


def hosts_named(scenario: Scenario, name: str) -> list[str]:
    """The hosts that somebody means: by name, by address, or by first label."""
    name = name.strip("[]").rstrip(".").lower()
    if name in scenario.hosts:
        return [name]
    by_address = [host for host, its in scenario.hosts.items() if name in its.addresses]
    return by_address or [host for host in scenario.hosts if host.partition(".")[0] == name]


def accounts(scenario: Scenario, host: str) -> dict[str, str]:
    """Address -> password of those who have their mailbox at a host, or submit their mail there."""
    return {
        address: user.password or ""
        for address, user in scenario.users.items()
        if host in (user.store, user.client.submission_host, user.client.access_host)
    }


def connect(
    scenario: Scenario, place: Place, begin_us: int = 0, seed: int | None = None, code: bool = False
) -> tuple[Talk, Simulation]:
    """The world at the moment when the talk begins, and the talk: connected, greeted, or refused.

    Args: code: whether the lines of scripts are recorded.
    """
    joined, node = with_guest(scenario, place.host)
    simulation = build(joined, seed, Recorder(code=code))
    simulation.network.clock.advance(begin_us + 1)
    addresses = scenario.hosts[place.host].addresses
    families = {":" in own for own in joined.hosts[node].addresses}
    address = next((address for address in addresses if (":" in address) in families), addresses[0])
    talker = Talker(address, place.port, place.protocol, place.host, place.security == "tls")
    talk = Talk(simulation.network, node, talker)
    talk.settle()
    return talk, simulation
