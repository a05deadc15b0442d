"""A small Internet with a root, `example.`, the servers of two domains, a resolver and a client's PC.

world = DnsWorld()
outcome = world.run(world.stub.lookup_mx("firma.example"))
assert world.dialogue() == ["pc > resolver: firma.example. IN MX ?", ...]
"""

from __future__ import annotations

from collections.abc import Coroutine
from random import Random
from typing import Any

from mailsim.agents.nameserver import NameServer
from mailsim.agents.resolver import Resolver, ResolverPolicy
from mailsim.agents.stub import StubResolver
from mailsim.net.network import Network
from mailsim.protocols.dns import Delegation, Zone, ZoneSet
from mailsim.trace.events import Said
from mailsim.trace.recorder import Recorder
from tests.protocols.dns.zones import CIZI, EXAMPLE, FIRMA, ROOT, ZALOHA

S = 1_000_000
ZONES = {"root": [ROOT], "tld": [EXAMPLE], "ns1": [FIRMA, ZALOHA], "ns2": [CIZI]}
HOSTS = {
    "root": ["192.0.2.53"],
    "tld": ["192.0.2.54"],
    "ns1": ["198.51.100.53", "2001:db8:f::53"],
    "ns2": ["203.0.113.53"],
    "resolver": ["192.0.2.1", "2001:db8::1"],
    "pc": ["192.0.2.10"],
}
LONG_TEXTS = "".join(f'dlouhy TXT "{n} {"x" * 200}"\n' for n in range(9))


class DnsWorld:
    """The network with its servers running; every host is 5 ms from the router in the middle."""

    def __init__(self, policy: ResolverPolicy | None = None, seed: int = 1, without: tuple[str, ...] = (), **more: str):
        self.network = Network(Recorder(), seed)
        for name, addresses in HOSTS.items():
            self.network.add_host(name, addresses)
        self.network.add_router("middle")
        for name in HOSTS:
            self.network.add_link(name, "middle", 5_000, 100_000_000)
        self.servers = {}
        for name, texts in ZONES.items():
            zones = [Zone.parse(text + more.get(name, "")) for text in texts[:1]]
            zones += [Zone.parse(text) for text in texts[1:]]
            self.servers[name] = NameServer(name, ZoneSet(zones))
            if name not in without:
                self.network.start(name, "name server", self.servers[name].serve())
        roots = Delegation.root({"a.root.example": HOSTS["root"]})
        self.resolver = Resolver("resolver", roots, Random(f"{seed} resolver"), policy)
        self.network.start("resolver", "resolver", self.resolver.serve())
        self.stub = StubResolver(HOSTS["resolver"][:1], Random(f"{seed} pc"))

    def run(self, script: Coroutine[Any, Any, Any], for_us: int = 60 * S, host: str = "pc") -> Any:
        """Run one script of a host to its end and give its result; the clock goes on by `for_us`."""
        results = []

        async def wrapped() -> None:
            results.append(await script)

        now_us = self.network.clock.now_us
        self.network.start(host, "test", wrapped(), at_us=now_us)
        self.network.run(now_us + for_us)
        assert len(results) == 1
        return results[0]

    def said(self, start: int = 0) -> list[Said]:
        """Every DNS message from event `start` on."""
        return [event for event in self.network.recorder.events[start:] if isinstance(event, Said)]

    def dialogue(self, start: int = 0) -> list[str]:
        """Who said what to whom, a line each."""
        return [f"{event.node} > {event.peer}: {event.pdu}" for event in self.said(start)]

    def mark(self) -> int:
        """The trace's length now, for `dialogue` to start from."""
        return len(self.network.recorder.events)
