"""The recursive resolver: asks the authoritative servers on behalf of its clients, and remembers what it learned.

A client asks it one question with RD set ("do the whole work for me") and gets the final answer with RA set.
The work is a `Resolution` (RFC 1034 section 5.3.3); this script only carries its questions over the network.
When a question comes again while it is still being worked on, because a client lost patience or another wants
to know the same, the second waits for what the first finds out (RFC 5452 section 5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from dns.rcode import Rcode
from dns.rdatatype import RdataType

from mailsim.agents.dns_exchange import DNS_PORT, ask_tcp, ask_udp, serve_tcp
from mailsim.agents.operations import (
    Arrived,
    Now,
    OpenSocket,
    Raise,
    ReceiveDatagram,
    SendDatagram,
    Signal,
    Socket,
    Spawn,
    Wait,
)
from mailsim.agents.troubles import Troubles, dns_trouble
from mailsim.protocols.dns import (
    ADDRESS_TYPES,
    NO_QUESTIONS,
    TRANSFERS,
    Answer,
    Ask,
    AskTcp,
    Cache,
    CacheLimits,
    Delegation,
    Done,
    Query,
    Question,
    RecursionLimits,
    Resolution,
    RRset,
    ServerBook,
    polite_any,
    read_query,
)

EDNS_BYTES = 1232
"""How long an answer over UDP may be that we ask servers for (RFC 6891)."""
ORDERS = 16
"""In how many orders the addresses of one name are given at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolverPolicy:
    """How a recursive resolver is set up and what it believes."""

    cache: bool = True
    """Remembers answers for their TTL; False is belief M11: every question goes to the recipient's servers."""
    cache_limits: CacheLimits = field(default_factory=CacheLimits)
    """How long and how much it remembers at most."""
    round_robin: bool = True
    """Gives several addresses of one name in another order each time, so that clients share the work (RFC 1794)."""
    limits: RecursionLimits = field(default_factory=RecursionLimits)
    """How much it works for one question."""


class Resolver:
    """One recursive resolver.

    Attributes:
        name: of its host, shown with its answers.
        cache: what it remembers; empty for ever when the policy says so.
    """

    def __init__(
        self,
        name: str,
        roots: Delegation,
        chance: Random,
        policy: ResolverPolicy | None = None,
        spread: Random | None = None,
        troubles: Troubles | None = None,
    ) -> None:
        """`chance` is for query ids; `spread` decides between equal servers and where a round of addresses begins."""
        self.name, self.roots, self.chance = name, roots, chance
        self.spread = spread or Random(f"{name} spread")
        self.policy = policy or ResolverPolicy()
        self.cache = Cache(self.policy.cache_limits)
        self.servers = ServerBook(self.spread)
        self.troubles = troubles or Troubles(name)
        self._in_work: dict[Question, Signal] = {}

    async def serve(self) -> None:
        """The whole server: port 53 over TCP and UDP, for ever."""
        await Spawn("resolver, tcp", serve_tcp(self.respond))
        socket = await OpenSocket(DNS_PORT)
        while True:
            arrived = await ReceiveDatagram(socket)
            answer = None if self.troubles.active else self.remembered(arrived.data, False, await Now())
            if answer is None:
                await Spawn("resolution", self._answer_later(socket, arrived))
            else:
                await SendDatagram(socket, arrived.address, arrived.port, "dns", answer)

    async def respond(self, wire: bytes, over_tcp: bool) -> Answer | None:
        """What to say to these bytes, once it is known; None for silence."""
        query = read_query(wire, framed=over_tcp, server=self.name, recursion_available=True)
        if not isinstance(query, Query):
            return query
        if self.troubles.active and await dns_trouble(self.troubles, query, "resolver"):
            return query.reply(Rcode.SERVFAIL, recursion_available=True, server=self.name)
        remembered = self.remembered(query.wire, over_tcp, await Now())
        if remembered is not None:
            return remembered
        if not query.recursion_desired or query.question.type in TRANSFERS:
            return query.reply(Rcode.REFUSED, recursion_available=True, server=self.name)
        if query.question.type in NO_QUESTIONS:
            return query.reply(Rcode.FORMERR, recursion_available=True, server=self.name)
        if query.question.type == RdataType.ANY:
            return query.reply(answer=polite_any(query.question.name), recursion_available=True, server=self.name)
        return await self._recurse(query)

    def remembered(self, wire: bytes, over_tcp: bool, now_us: int) -> Answer | None:
        """The answer that was given to a query of the same bytes before, with the TTLs of now."""
        return self.cache.replies.get(wire, over_tcp, now_us, self.name)

    async def resolve(self, question: Question) -> Done:
        """Find the answer: from the cache, or from the root down."""
        if not self.policy.cache:
            return await self._walk(question, Cache(self.policy.cache_limits))
        while question in self._in_work:
            await Wait(self._in_work[question])
        done_with_it = self._in_work[question] = Signal()
        try:
            done = await self._walk(question, self.cache)
        finally:
            del self._in_work[question]  # also when the host breaks down in the middle
        await Raise(done_with_it)
        return done

    async def _walk(self, question: Question, cache: Cache) -> Done:
        resolution = Resolution(question, cache, self.roots, self.policy.limits, self.servers)
        step = resolution.begin(await Now())
        while not isinstance(step, Done):
            answer = await self._ask(step)
            now_us = await Now()
            step = resolution.no_answer(now_us) if answer is None else resolution.receive(answer, now_us)
        return step

    async def _recurse(self, query: Query) -> Answer:
        done = await self.resolve(query.question)
        answers = [
            query.reply(
                done.rcode,
                records,
                done.authority,
                recursion_available=True,
                server=self.name,
                cache=done.from_cache,
            )
            for records in self._rounds(done.answer)
        ]
        if self.policy.cache and done.rcode != Rcode.SERVFAIL:
            self.cache.replies.put(query, answers, await Now())
        return answers[0]

    def _rounds(self, answer: tuple[RRset, ...]) -> list[tuple[RRset, ...]]:
        """The same answer with its addresses in each order of the round; chance says which is first."""
        last = answer[-1] if answer else None
        if not self.policy.round_robin or last is None or last.type not in ADDRESS_TYPES or len(last.data) < 2:
            return [answer]
        orders = min(len(last.data), ORDERS)
        first = self.spread.randrange(orders)
        return [(*answer[:-1], last.turned(first + turn)) for turn in range(orders)]

    async def _ask(self, step: Ask | AskTcp) -> Answer | None:
        """One question of a resolution to one server: RD is clear, we do the work ourselves."""
        query = Query.ask(
            step.question,
            self.chance.getrandbits(16),
            recursion_desired=False,
            edns_size=EDNS_BYTES,
            server=step.server.to_text(omit_final_dot=True),
            framed=isinstance(step, AskTcp),
        )
        ask = ask_tcp if isinstance(step, AskTcp) else ask_udp
        return await ask(query, step.address, step.timeout_us)

    async def _answer_later(self, socket: Socket, arrived: Arrived) -> None:
        """A resolution takes its time; meanwhile the server goes on with other clients."""
        answer = await self.respond(arrived.data, False)
        if answer is not None:
            await SendDatagram(socket, arrived.address, arrived.port, "dns", answer)
