"""What a resolver knows about name servers, and in which order it therefore asks them.

Nothing is known about a new server, so the servers of a zone share the work by chance. Who answers fast is asked
first from then on, as in most resolvers of today. Who stays silent rests, each time twice as long as before; who
is lame (does not serve a zone that it was said to serve) rests from that zone. Resting servers are still asked
when nobody else is left, so a server that recovers is found again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from random import Random
from typing import TypeAlias

from dns.name import Name

from mailsim.protocols.dns.delegation import Server
from mailsim.protocols.dns.values import SECOND_US

Place: TypeAlias = "tuple[Name, str]"
"""A server by name, and one of its addresses."""

FIRST_REST_US = 10 * SECOND_US
LONGEST_REST_US = 900 * SECOND_US
LAME_REST_US = 900 * SECOND_US
EQUALLY_FAST_US = 50_000
"""Servers whose times fall into the same slice of this length share the work."""


@dataclass(slots=True)
class _Record:
    smoothed_us: int = 0
    silences: int = 0
    rests_until_us: int = 0


class ServerBook:
    """One resolver's experience with the servers that it asked; `chance` decides between equals."""

    def __init__(self, chance: Random | None = None) -> None:
        self._chance = chance
        self._records: dict[str, _Record] = {}
        self._lame: dict[tuple[Name, str], int] = {}

    def in_order(self, zone: Name, servers: Iterable[Server], now_us: int) -> list[Place]:
        """The addresses of a zone's servers, best first; those of one server are spread over the list."""
        shuffled = list(servers)
        if self._chance is not None and len(shuffled) > 1:
            self._chance.shuffle(shuffled)
        turns = zip_longest(*([(server.name, address) for address in server.addresses] for server in shuffled))
        places = [place for turn in turns for place in turn if place is not None]
        if len(places) < 2:
            return places
        return sorted(places, key=lambda place: self._reluctance(zone, place[1], now_us))

    def answered(self, address: str, took_us: int) -> None:
        """A server answered; its time counts for an eighth, what was known before for the rest (RFC 6298)."""
        record = self._records.setdefault(address, _Record(took_us))
        record.smoothed_us += (took_us - record.smoothed_us) // 8
        record.silences = record.rests_until_us = 0

    def stayed_silent(self, address: str, now_us: int) -> None:
        """A server did not answer in time, or cannot be reached."""
        record = self._records.setdefault(address, _Record())
        rest_us = min(FIRST_REST_US << min(record.silences, 16), LONGEST_REST_US)
        record.silences += 1
        record.rests_until_us = now_us + rest_us

    def was_lame(self, zone: Name, address: str, now_us: int) -> None:
        """A server said that it does not serve this zone, or something that is no help."""
        self._lame[zone, address] = now_us + LAME_REST_US

    def _reluctance(self, zone: Name, address: str, now_us: int) -> tuple[bool, int]:
        record = self._records.get(address) or _Record()
        rests = record.rests_until_us > now_us or self._lame.get((zone, address), now_us) > now_us
        return rests, record.smoothed_us // EQUALLY_FAST_US
