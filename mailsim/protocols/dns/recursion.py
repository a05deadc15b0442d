"""How a resolver finds an answer: from the root downwards, one question at a time (RFC 1034 section 5.3.3).

A `Resolution` is one question of one client. It has no socket and no clock: it says what to do next, and
is told what came of it.

    step = resolution.begin(now_us)
    while not isinstance(step, Done):
        ... send step.question to step.address, wait at most step.timeout_us ...
        step = resolution.receive(answer, now_us)      # or resolution.no_answer(now_us)

Inside is a stack of goals. At its bottom is the client's question; when a server must be asked whose
address nobody knows yet, finding that address becomes a goal on top, and the one below waits. Each goal
asks the servers of one zone, one after the other, best first (see `servers`), until one of them answers or
refers it further down. Servers that stay silent are asked a second time, with more patience.

Left out: DNSSEC, query name minimisation (RFC 9156).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from mailsim.errors import LocalProtocolError
from mailsim.protocols.dns.cache import Cache, Known, KnownFailure, KnownNot, Trust, ancestors
from mailsim.protocols.dns.delegation import ADDRESS_TYPES, Delegation, addresses, nearest
from mailsim.protocols.dns.interpretation import Aliased, Denied, Reached, Referred, Useless, interpret
from mailsim.protocols.dns.messages import Answer
from mailsim.protocols.dns.redirection import made_alias
from mailsim.protocols.dns.servers import Place, ServerBook
from mailsim.protocols.dns.values import Question, RRset


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a server over UDP, without recursion, and wait at most `timeout_us`."""

    server: Name
    address: str
    question: Question
    timeout_us: int


@dataclass(frozen=True, slots=True)
class AskTcp:
    """Ask the same again over TCP, because the answer did not fit into a datagram (RFC 7766 section 5)."""

    server: Name
    address: str
    question: Question
    timeout_us: int


@dataclass(frozen=True, slots=True)
class Done:
    """The end: what the client shall be told.

    Attributes:
        rcode: NOERROR, NXDOMAIN, or SERVFAIL when nobody could or would answer.
        answer: aliases in order, then the records; authority: the SOA of a denial.
        asked: how many times a server was asked; 0 means that the cache knew all.
    """

    rcode: Rcode
    answer: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    asked: int = 0

    @property
    def from_cache(self) -> bool:
        return self.asked == 0


Step: TypeAlias = "Ask | AskTcp | Done"


@dataclass(frozen=True, slots=True)
class RecursionLimits:
    """Bounds on the work for one question, so that no zone can keep a resolver busy.

    A server with two addresses that both stay silent takes less than the 5 seconds that clients wait.
    """

    asks: int = 64
    """Questions to servers."""
    aliases: int = 12
    """CNAMEs in one chain."""
    depth: int = 8
    """Servers whose address must be found out to find out the address of a server, and so on."""
    first_timeout_us: int = 500_000
    """Patience with a server at its first chance."""
    second_timeout_us: int = 1_500_000
    """Patience with a server at its second chance."""
    tcp_timeout_us: int = 5_000_000
    """Patience with a server over TCP, for connection and answer together."""


@dataclass(slots=True)
class _Goal:
    """Something that must be found out, and whom we can still ask about it.

    Attributes:
        wanted: what it is; `question`: what is asked for it now, after the aliases in `chain`.
        zone: whose servers are asked, None when that is not decided yet.
        untried, silent: servers with an address; `unlocated`: addresses of servers to be found out.
    """

    wanted: Question
    question: Question
    chain: list[RRset] = field(default_factory=list)
    zone: Name | None = None
    untried: deque[Place] = field(default_factory=deque)
    silent: deque[Place] = field(default_factory=deque)
    unlocated: deque[Question] = field(default_factory=deque)

    def turn_to(self, delegation: Delegation, places: list[Place]) -> None:
        """From now on ask the servers of this zone, at these addresses, in this order."""
        self.zone = delegation.zone
        self.untried = deque(places)
        self.silent = deque()
        self.unlocated = deque(
            Question(server.name, kind)
            for server in delegation.servers
            if not server.addresses
            for kind in ADDRESS_TYPES
        )

    def follow(self, chain: tuple[RRset, ...], target: Name) -> None:
        """Go on with the name for which ours is an alias; its servers are others."""
        self.chain.extend(chain)
        self.question = Question(target, self.question.type)
        self.zone = None


class Resolution:
    """One client's question on its way to an answer."""

    def __init__(
        self,
        question: Question,
        cache: Cache,
        roots: Delegation,
        limits: RecursionLimits | None = None,
        book: ServerBook | None = None,
    ) -> None:
        self.question = question
        self._cache = cache
        self._roots = roots
        self._limits = limits or RecursionLimits()
        self._book = book or ServerBook()
        self._goals = [_Goal(question, question)]
        self._hopeless: set[Question] = set()
        self._step: Step | None = None
        self._asked = 0
        self._now_us = self._asked_at_us = 0

    def begin(self, now_us: int) -> Step:
        """The first step; `Done` at once when the cache knows the answer."""
        self._now_us = now_us
        return self._proceed()

    def receive(self, answer: Answer, now_us: int) -> Step:
        """Take the answer to the step before, and say the next."""
        step, goal = self._take_turn(now_us)
        if answer.truncated and isinstance(step, Ask):
            return self._ask_over_tcp(step)
        assert goal.zone is not None
        self._book.answered(step.address, now_us - self._asked_at_us)
        meaning = interpret(answer, goal.question, goal.zone)
        match meaning:
            case Reached(chain, records):
                self._learn((*chain, records), Trust.ANSWER)
                goal.chain.extend(chain)
                self._end_goal(Rcode.NOERROR, records=records)
            case Denied(chain, name, rcode, soa):
                self._learn(chain, Trust.ANSWER)
                self._cache.put_denial(Question(name, goal.question.type), rcode, soa, now_us)
                goal.chain.extend(chain)
                self._end_goal(rcode, soa=soa)
            case Aliased(chain, target):
                self._learn(chain, Trust.ANSWER)
                goal.follow(chain, target)
            case Referred(servers, glue):
                self._learn((servers,), Trust.REFERRAL)
                self._learn(glue, Trust.GLUE)
                self._turn(goal, Delegation.referred(servers, glue, self._cache, now_us))
            case Useless():
                self._book.was_lame(goal.zone, step.address, now_us)
            case _:
                assert_never(meaning)
        return self._proceed()

    def no_answer(self, now_us: int) -> Step:
        """The server asked last stayed silent or cannot be reached; say the next step."""
        step, goal = self._take_turn(now_us)
        self._book.stayed_silent(step.address, now_us)
        if isinstance(step, Ask) and step.timeout_us == self._limits.first_timeout_us:
            goal.silent.append((step.server, step.address))
        return self._proceed()

    def _take_turn(self, now_us: int) -> tuple[Ask | AskTcp, _Goal]:
        step = self._step
        if step is None or isinstance(step, Done):
            raise LocalProtocolError("this resolution waits for nothing")
        self._now_us = now_us
        return step, self._goals[-1]

    def _proceed(self) -> Step:
        """Work on the topmost goal until somebody must be asked or no goal is left."""
        while self._goals:
            goal = self._goals[-1]
            if len(goal.chain) > self._limits.aliases or self._asked >= self._limits.asks:
                self._end_goal(Rcode.SERVFAIL)
            elif goal.zone is None:
                if not self._end_from_cache(goal):
                    self._turn(goal, nearest(goal.question.name, self._cache, self._roots, self._now_us))
            elif goal.untried:
                return self._ask(goal, *goal.untried.popleft(), self._limits.first_timeout_us)
            elif goal.unlocated:
                self._locate(goal.unlocated.popleft())
            elif goal.silent:
                return self._ask(goal, *goal.silent.popleft(), self._limits.second_timeout_us)
            else:
                self._end_goal(Rcode.SERVFAIL)
        assert isinstance(self._step, Done)
        return self._step

    def _end_from_cache(self, goal: _Goal) -> bool:
        """Follow aliases through the cache; end the goal and say True if it lies there."""
        while len(goal.chain) <= self._limits.aliases:
            match self._cache.get(goal.question, self._now_us):
                case Known(records):
                    self._end_goal(Rcode.NOERROR, records=records)
                    return True
                case KnownNot(rcode, soa):
                    self._end_goal(rcode, soa=soa)
                    return True
                case KnownFailure():
                    self._end_goal(Rcode.SERVFAIL)
                    return True
            aliases = self._known_aliases(goal)
            if not aliases:
                return False
            if goal.question.type == RdataType.CNAME:  # the one that a DNAME makes is the answer (RFC 6672 section 3.2)
                goal.chain.extend(aliases[:-1])
                self._end_goal(Rcode.NOERROR, records=aliases[-1])
                return True
            goal.follow(aliases, aliases[-1].data[0].target)  # type: ignore[attr-defined]
        return False

    def _known_aliases(self, goal: _Goal) -> tuple[RRset, ...]:
        """The alias that the cache has for a name, behind the DNAME that makes it, if there is one."""
        name = goal.question.name
        for above in ancestors(name)[1:]:
            redirection = self._cache.get(Question(above, RdataType.DNAME), self._now_us)
            if isinstance(redirection, Known):
                made = made_alias(name, redirection.rrset)
                told = () if redirection.rrset in goal.chain else (redirection.rrset,)
                return () if made is None else (*told, made)
        alias = self._cache.get(Question(name, RdataType.CNAME), self._now_us)
        return (alias.rrset,) if isinstance(alias, Known) else ()

    def _locate(self, address_question: Question) -> None:
        """Make the address of a server the next goal, unless that leads in a circle or too deep."""
        pursued = [asked for goal in self._goals for asked in (goal.wanted, goal.question)]
        if (
            address_question not in pursued
            and address_question not in self._hopeless
            and len(self._goals) < self._limits.depth
        ):
            self._goals.append(_Goal(address_question, address_question))

    def _turn(self, goal: _Goal, delegation: Delegation) -> None:
        goal.turn_to(delegation, self._book.in_order(delegation.zone, delegation.servers, self._now_us))

    def _ask(self, goal: _Goal, server: Name, address: str, timeout_us: int) -> Step:
        self._asked += 1
        self._asked_at_us = self._now_us
        self._step = Ask(server, address, goal.question, timeout_us)
        return self._step

    def _ask_over_tcp(self, step: Ask) -> Step:
        self._asked += 1
        self._asked_at_us = self._now_us
        self._step = AskTcp(step.server, step.address, step.question, self._limits.tcp_timeout_us)
        return self._step

    def _end_goal(self, rcode: Rcode, records: RRset | None = None, soa: RRset | None = None) -> None:
        """The topmost goal is over: tell the client, or help the goal that waited for it."""
        goal = self._goals.pop()
        if rcode == Rcode.SERVFAIL:
            self._cache.put_failure(goal.question, self._now_us)
        if not self._goals:
            found = () if rcode == Rcode.SERVFAIL else tuple(goal.chain)
            answer = (*found, records) if records else found
            self._step = Done(rcode, answer, (soa,) if soa else (), self._asked)
        elif records:
            self._goals[-1].untried.extend((goal.wanted.name, address) for address in addresses(records))
        else:
            self._hopeless.add(goal.wanted)

    def _learn(self, records: tuple[RRset, ...], trust: Trust) -> None:
        for rrset in records:
            self._cache.put(rrset, trust, self._now_us)
