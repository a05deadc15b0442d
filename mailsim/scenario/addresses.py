"""Which host gets which address: always the same, and always one that is reserved for documentation.

The known domains of the lessons keep their networks (RFC 5737, RFC 3849); every other site gets a /27 of what is
left, in the order of the file. In a large network a host's number follows from its role, so that students meet
`.25` for mail, `.53` for names and `.80` for the web again and again.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Network

HOME = {
    "skola.example": ("192.0.2.0/25", "2001:db8:1::/64"),
    "firma.example": ("198.51.100.0/25", "2001:db8:f::/64"),
    "posta.example": ("203.0.113.0/25", "2001:db8:3::/64"),
    "utocnik.example": ("203.0.113.128/25", "2001:db8:4::/64"),
}
"""Networks of the domains that the lessons use."""

INFRASTRUCTURE = {
    "root": ("203.0.113.253", "2001:db8::53"),
    "tld": ("203.0.113.254", "2001:db8::54"),
}
"""Addresses of the root and top level name servers."""

SPARE = ("203.0.113.0/24", "198.51.100.128/25", "192.0.2.128/25", "198.51.100.0/25", "192.0.2.0/25")
"""Where other sites find room, as far as it is not taken."""

DOCUMENTATION = tuple(
    ipaddress.ip_network(network) for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))

NUMBERS = {"mail": 25, "nameserver": 53, "resolver": 54, "web": 80, "pc": 101, "other": 26}
"""The number that a host gets in a large network, or the next free one after it."""


def is_documentation(address: str) -> bool:
    """May the address stand in a scenario without being somebody's (RFC 5737, RFC 3849)?"""
    parsed = ipaddress.ip_address(address)
    return any(parsed.version == network.version and parsed in network for network in DOCUMENTATION)


class Room:
    """The addresses of one site."""

    __slots__ = ("networks", "prefix")

    def __init__(self, network: IPv4Network, prefix: IPv6Network) -> None:
        self.networks, self.prefix = [network], prefix


class AddressPlan:
    """Hands out addresses; what the scenario writes by hand is never handed out again."""

    def __init__(self, sites: Iterable[str], taken: Iterable[str]) -> None:
        self.taken = {*taken, *(address for pair in INFRASTRUCTURE.values() for address in pair)}
        self._homes = [ipaddress.IPv4Network(HOME[site][0]) for site in sites if site in HOME]
        self._spare = self._spare_networks()
        self._rooms: dict[str, Room] = {}
        self._next_prefix = 0x10

    def give(self, site: str, kind: str, ipv6: bool) -> tuple[str, ...]:
        """Addresses for a new host of a site, IPv4 first; () when there is no room left.

        Args: kind: key of `NUMBERS`. ipv6: whether the host gets an IPv6 address too.
        """
        room = self._rooms.get(site) or self._new_room(site)
        if room is None:
            return ()
        address = self._free(room, kind)
        if address is None:
            return ()
        addresses = [str(address)]
        if ipv6:
            addresses.append(self._sister(room, address))
        self.taken.update(addresses)
        return tuple(addresses)

    def _new_room(self, site: str) -> Room | None:
        if site in HOME:
            network, prefix = HOME[site]
            room = Room(ipaddress.IPv4Network(network), ipaddress.IPv6Network(prefix))
        else:
            spare = next(self._spare, None)
            if spare is None:
                return None
            room = Room(spare, ipaddress.IPv6Network(f"2001:db8:{self._next_prefix:x}::/64"))
            self._next_prefix += 1
        self._rooms[site] = room
        return room

    def _free(self, room: Room, kind: str) -> IPv4Address | None:
        network = room.networks[0]
        first = NUMBERS[kind] if network.prefixlen <= 25 else 2
        for number in (*range(first, network.num_addresses - 1), *range(2, first)):
            if str(network[number]) not in self.taken:
                return network[number]
        for network in room.networks[1:]:
            for address in network:
                if str(address) not in self.taken:
                    return address
        spare = next(self._spare, None)
        if spare is None:
            return None
        room.networks.append(spare)
        return self._free(room, kind)

    def _sister(self, room: Room, address: IPv4Address) -> str:
        """The IPv6 address that looks like the IPv4 one: 192.0.2.25 and 2001:db8:1::25."""
        number = int(str(int(address) & 0xFF), 16)
        while str(room.prefix[number]) in self.taken:
            number += 0x100
        return str(room.prefix[number])

    def _spare_networks(self) -> Iterator[IPv4Network]:
        """Each /27 that no known domain of this scenario and no hand-written address lies in."""
        by_hand = [ipaddress.ip_address(address) for address in self.taken if ":" not in address]
        seen: set[IPv4Network] = set()
        for text in SPARE:
            for network in ipaddress.IPv4Network(text).subnets(new_prefix=27):
                is_home = any(network.overlaps(home) for home in self._homes)
                if network in seen or is_home or any(address in network for address in by_hand):
                    continue
                seen.add(network)
                yield network
