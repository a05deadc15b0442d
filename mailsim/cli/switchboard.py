"""Connects the screens of the stepper to the servers of a scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from mailsim.cli.shelf import opened
from mailsim.views.tui.hand.switchboard import Service

if TYPE_CHECKING:
    from mailsim.live.talk import Talk
    from mailsim.scenario.build import Simulation
    from mailsim.scenario.calling import Place
    from mailsim.scenario.schema import Scenario
    from mailsim.trace.events import Event
    from mailsim.trace.trace import Trace


class Telephone:
    """A switchboard of files; `seed` instead of that of the scenario."""

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed

    def services(self, key: str) -> Sequence[Service]:
        """Everything that one can talk to. Raises: Unrunnable."""
        from mailsim.scenario.calling import places

        scenario = opened(key)
        return [_service(scenario, place) for place in places(scenario)]

    def find(self, key: str, where: str) -> Service | None:
        """The service at `host:port`, where port may be a name; `host:port tls` has TLS from the first byte.

        Raises: Unrunnable.
        """
        from mailsim.scenario.calling import USUAL_PORTS, hosts_named, place_at

        place, _, security = where.strip().partition(" ")
        name, _, port = place.rpartition(":")
        number = USUAL_PORTS.get(port.lower(), int(port) if port.isdecimal() and len(port) < 6 else 0)
        if not name or not 0 < number < 65536:
            return None
        scenario = opened(key)
        hosts = hosts_named(scenario, name)
        is_tls = security.strip().lower() == "tls"
        return _service(scenario, place_at(scenario, hosts[0], number, is_tls)) if len(hosts) == 1 else None

    def call(self, key: str, service: Service, at_us: int) -> HandCall:
        """Run the scenario anew up to a time, and connect. Raises: Unrunnable."""
        from mailsim.scenario.calling import Place, accounts, connect

        scenario = opened(key)
        place = Place(service.host, service.port, service.protocol, service.security)
        talk, simulation = connect(scenario, place, at_us, self._seed, code=True)
        return HandCall(service, talk, simulation, accounts(scenario, service.host))


class HandCall:
    """One connection of somebody who types."""

    def __init__(self, service: Service, talk: Talk, simulation: Simulation, accounts: Mapping[str, str]) -> None:
        self.service, self.me, self.accounts = service, talk.node, accounts
        self._talk, self._simulation = talk, simulation

    @property
    def now_us(self) -> int:
        return self._talk.network.clock.now_us

    @property
    def is_over(self) -> bool:
        return self._talk.talker.is_over

    @property
    def is_lost(self) -> bool:
        return self._talk.talker.problem is not None

    @property
    def unfinished(self) -> bytes:
        return self._talk.talker.unfinished

    @property
    def octets_due(self) -> int:
        return self._talk.talker.octets_due

    @property
    def connection(self) -> str:
        connection = self._talk.talker.connection
        return "" if connection is None else connection.id

    def say(self, line: bytes) -> None:
        self._talk.say(line)

    def wait(self, duration_us: int) -> None:
        self._talk.pause(duration_us)

    def hang_up(self) -> None:
        self._talk.hang_up()

    def news(self) -> Iterator[Event]:
        return self._talk.news()

    def so_far(self) -> Trace:
        return self._simulation.so_far()


def _service(scenario: Scenario, place: Place) -> Service:
    address = next(iter(scenario.hosts[place.host].addresses), "")
    return Service(place.host, place.port, place.protocol, place.security, address)
