"""What the program `dig` does: one question to one server, and the answer as it is, be it good or bad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from mailsim.agents.dns_exchange import ask_tcp, ask_udp
from mailsim.protocols.dns import EDNS_UDP_BYTES, Answer, Query, Question

TRIES = 3
PATIENCE_US = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DigOptions:
    """How to ask; the defaults are dig's.

    Attributes:
        recursion: whether RD is set. edns_size: the longest answer over UDP, None to ask without EDNS.
        tcp: whether to ask over TCP at once. ignore: whether to be content with a truncated answer.
    """

    recursion: bool = True
    edns_size: int | None = EDNS_UDP_BYTES
    tcp: bool = False
    ignore: bool = False


@dataclass(frozen=True, slots=True)
class Dug:
    """What came of it.

    Attributes:
        asked: every query that was sent, the last one is the one that was answered.
        address: whom it went to. answer: None when nobody answered.
    """

    asked: tuple[Query, ...]
    address: str
    answer: Answer | None


async def dig(question: Question, servers: Sequence[str], chance: Random, options: DigOptions) -> Dug:
    """Ask the servers (at least one address) in turn until one says anything."""
    asked: list[Query] = []
    for _ in range(TRIES):
        for address in servers:
            answer = await _ask(question, address, chance.getrandbits(16), options, asked)
            if answer is not None:
                return Dug(tuple(asked), address, answer)
    return Dug(tuple(asked), servers[-1], None)


async def _ask(
    question: Question, address: str, query_id: int, options: DigOptions, asked: list[Query]
) -> Answer | None:
    def query(framed: bool) -> Query:
        asked.append(
            Query.ask(
                question,
                query_id,
                recursion_desired=options.recursion,
                edns_size=options.edns_size,
                server=address,
                framed=framed,
            )
        )
        return asked[-1]

    if not options.tcp:
        answer = await ask_udp(query(False), address, PATIENCE_US)
        if answer is None or not answer.truncated or options.ignore:
            return answer
    return await ask_tcp(query(True), address, PATIENCE_US)
