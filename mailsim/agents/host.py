"""What the programs of one host share: its name, addresses, clock, mailboxes, queue and chance."""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from mailsim.agents.calendar import Calendar
from mailsim.agents.directory import Directory
from mailsim.agents.operations import Call, Note, Signal
from mailsim.agents.stub import Family, Found, Nothing, StubResolver
from mailsim.agents.troubles import Troubles
from mailsim.mail.store import Store
from mailsim.trace.facts import Fact

if TYPE_CHECKING:
    from mailsim.agents.queue import Queue

LOOPBACK = "127.0.0.1"


class Host:
    """The machine as its own programs see it; the network has its own idea of the same host.

    Attributes:
        name: FQDN. addresses: its IPv4 and IPv6 addresses as text.
        calendar: turns simulated time into dates. seed: the scenario's.
        resolvers: addresses of the recursive resolvers that it asks.
        stub: what it asks them through.
        directory: the users and aliases that its servers know.
        store: the mailboxes, if it has any. queue: the MTA's queue, if it has one.
        troubles: what goes wrong in its programs at the moment.
        has_certificate: whether its servers can do TLS.
    """

    def __init__(
        self,
        name: str,
        addresses: tuple[str, ...],
        calendar: Calendar,
        seed: int = 0,
        resolvers: tuple[str, ...] = (),
        directory: Directory | None = None,
        store: Store | None = None,
        queue: Queue | None = None,
        has_certificate: bool = False,
    ) -> None:
        self.name, self.addresses, self.calendar = name, addresses, calendar
        self._families = frozenset("ipv6" if ":" in address else "ipv4" for address in addresses)
        self.seed, self.resolvers = seed, resolvers
        self.directory = directory or Directory()
        self.store, self.queue = store, queue
        self.troubles = Troubles(name)
        self._unsaid: list[Fact] = []
        self.has_certificate = has_certificate
        self._random: dict[str, random.Random] = {}
        self._mailbox_signals: dict[str, Signal] = {}
        self.stub = StubResolver(resolvers, self.random("stub resolver"))

    def random(self, component: str) -> random.Random:
        """The chance of one program of this host: the same numbers in every run of the same seed."""
        if component not in self._random:
            self._random[component] = random.Random(f"{self.seed} {self.name} {component}")
        return self._random[component]

    def record(self, *facts: Fact) -> Call[None]:
        """Note facts about what the disk has taken at once, such as a mail for three recipients.

        Should the host break down between two of them, the rest is noted when it boots: the disk knows them all.
        """
        self._unsaid += facts
        return self.catch_up()

    async def catch_up(self) -> None:
        """Note what the disk knows and the trace does not."""
        while self._unsaid:
            await Note(self._unsaid.pop(0))

    def mailbox_signal(self, mailbox: str) -> Signal:
        """Raised whenever something in the mailbox changes; who has it open waits for this."""
        return self._mailbox_signals.setdefault(mailbox, Signal())

    def look_up(self, name: str, families: Iterable[Family]) -> Call[Found[str] | Nothing]:
        """The addresses of another host, of the families that this one has itself; an address is its own."""
        return _itself(name) if _is_ip(name) else self.look_up_name(name, families)

    def look_up_name(self, name: str, families: Iterable[Family]) -> Call[Found[str] | Nothing]:
        """The same for what can only be a name, such as the host of an MX record."""
        return self.stub.lookup_addresses(name, [family for family in families if family in self._families])


async def _itself(address: str) -> Found[str]:
    return Found((address,), address)


@lru_cache(maxsize=4096)
def _is_ip(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False
