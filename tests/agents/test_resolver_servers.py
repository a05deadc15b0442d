"""Several name servers, several addresses: what a resolver does about servers that are down, and round robin."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from mailsim.agents.nameserver import NameServer
from mailsim.agents.resolver import Resolver, ResolverPolicy
from mailsim.agents.stub import Found, StubResolver
from mailsim.net.network import Network
from mailsim.protocols.dns import Delegation, Zone, ZoneSet
from mailsim.trace.events import Said
from mailsim.trace.recorder import Recorder

S = 1_000_000
ROOT = """
$ORIGIN .
$TTL 86400
@ IN SOA a. b. 1 1 1 1 300
@ IN NS a.root.test.
a.root.test. IN A 192.0.2.53
firma.example. IN NS ns1.firma.example.
firma.example. IN NS ns2.firma.example.
ns1.firma.example. IN A 198.51.100.51
ns2.firma.example. IN A 198.51.100.52
"""
FIRMA = """
$ORIGIN firma.example.
$TTL 600
@ IN SOA ns1 hostmaster 1 7200 900 1209600 300
@ IN NS ns1
@ IN NS ns2
ns1 IN A 198.51.100.51
ns2 IN A 198.51.100.52
* 0 IN TXT "any"
www IN A 198.51.100.81
www IN A 198.51.100.82
www IN A 198.51.100.83
web IN CNAME www
"""


class TwoServers:
    """A zone with two servers, a resolver, and a client; `lame` does not serve the zone that it should."""

    def __init__(self, seed: int = 1, lame: str = "", policy: ResolverPolicy | None = None) -> None:
        self.network = Network(Recorder(), seed)
        hosts = {"root": "192.0.2.53", "ns1": "198.51.100.51", "ns2": "198.51.100.52"}
        self.network.add_router("middle")
        for name, address in {**hosts, "resolver": "192.0.2.54", "pc": "192.0.2.10"}.items():
            self.network.add_host(name, [address])
            self.network.add_link(name, "middle", 5_000, 100_000_000)
        for name in hosts:
            zones = [] if name == lame else [Zone.parse(ROOT if name == "root" else FIRMA)]
            self.network.start(name, "name server", NameServer(name, ZoneSet(zones)).serve())
        roots = Delegation.root({"a.root.test": ["192.0.2.53"]})
        resolver = Resolver("resolver", roots, Random(seed), policy, Random(f"{seed} spread"))
        self.network.start("resolver", "resolver", resolver.serve())
        self.stub = StubResolver(["192.0.2.54"], Random(seed))

    def look_up(self, name: str, rdtype: str = "TXT") -> Found:
        results = []

        async def script() -> None:
            results.append(await self.stub.lookup(name, rdtype))

        start = self.network.clock.now_us
        self.network.start("pc", "client", script(), at_us=start)
        self.network.run(start + 5 * S)
        assert isinstance(results[0], Found), results
        return results[0]

    def asked(self) -> Counter[str]:
        """How many questions the resolver sent to each of the two."""
        said = [event for event in self.network.recorder.events if isinstance(event, Said)]
        return Counter(
            event.peer for event in said if event.node == "resolver" and event.from_client and event.peer != "root"
        )


def test_two_servers_share_the_work():
    world = TwoServers()
    for number in range(40):
        world.look_up(f"x{number}.firma.example")
    assert min(world.asked().values()) > 8


@pytest.mark.parametrize("down", ["ns1", "ns2"])
def test_when_one_server_is_down_the_other_is_asked_and_stays_preferred(down):
    world = TwoServers()
    world.network.schedule_fault(0, None, "down", down)
    for number in range(30):
        world.look_up(f"x{number}.firma.example")
    asked = world.asked()
    assert asked[down] <= 6  # at 5 s a question: after 10 s, 20 s, 40 s of rest, ...
    assert asked["ns1" if down == "ns2" else "ns2"] == 30


def test_a_server_that_is_back_is_asked_again():
    world = TwoServers()
    world.network.schedule_fault(0, 20 * S, "filtered", "ns1")
    for number in range(60):
        world.look_up(f"x{number}.firma.example")
    assert world.asked()["ns1"] > 10


def test_a_lame_server_is_asked_once_in_a_while():
    world = TwoServers(lame="ns2")
    for number in range(30):
        world.look_up(f"x{number}.firma.example")
    assert world.asked()["ns2"] <= 1


def test_addresses_take_turns_and_the_seed_says_who_begins():
    world = TwoServers()
    orders = [world.look_up("www.firma.example", "A").records for _ in range(6)]
    firsts = [records[0].address for records in orders]
    assert firsts[:3] == firsts[3:]
    assert sorted(firsts[:3]) == ["198.51.100.81", "198.51.100.82", "198.51.100.83"]
    assert all(sorted(r.address for r in records) == sorted(firsts[:3]) for records in orders)
    starts = {TwoServers(seed).look_up("www.firma.example", "A").records[0].address for seed in range(8)}
    assert len(starts) > 1


def test_turns_behind_an_alias():
    world = TwoServers()
    firsts = [world.look_up("web.firma.example", "A").records[0].address for _ in range(3)]
    assert len(set(firsts)) == 3


def test_a_resolver_may_keep_the_order_of_the_zone():
    world = TwoServers(policy=ResolverPolicy(round_robin=False))
    assert {world.look_up("www.firma.example", "A").records[0].address for _ in range(4)} == {"198.51.100.81"}
