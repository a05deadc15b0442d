"""Dated faults: at a moment of the run something breaks, and for a time it stays broken.

A fault has three parts, and they know nothing of each other:

    Plan       when it is on: once or again and again, each time for certain or by chance
    Cause      what the trace says of it; the seq of its beginning is a cause of all that follows
    Breakage   what it does to the world when it begins, and how that is undone when it ends

Breakages of packets and links are here, those of hosts and their programs too; what a *program* does wrong (a wrong
reply, a full disk) is a `mailsim.agents.troubles.Trouble`, which `Troubling` gives to it and takes away again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from random import Random
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from mailsim.agents.dns_exchange import DNS_PORT
from mailsim.agents.troubles import Trouble, Troubles
from mailsim.protocols.dns import Query, read_query
from mailsim.trace.events import Datagram, Packet
from mailsim.trace.facts import FaultEnded, FaultStarted

if TYPE_CHECKING:
    from mailsim.net.attacker import Stripper
    from mailsim.net.host import HostNode
    from mailsim.net.link import Direction
    from mailsim.net.network import Network

IpNetwork: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Plan:
    """When a fault is on.

    Attributes:
        at_us: when it begins for the first time. for_us: how long it lasts (None: for good).
        every_us: from one beginning to the next (0: only once). repeat: how often in all (0: to the end of the run).
        probability: whether it really happens, each time anew.
    """

    at_us: int
    for_us: int | None = None
    every_us: int = 0
    repeat: int = 0
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Cause:
    """What the trace says: the node that it happens to, and the fields of `facts.FaultStarted`."""

    node: str
    what: str
    target: str
    port: int | None = None
    detail: str = ""


class Breakage(Protocol):
    """What a fault does; `seq` is the event of its beginning or of its end."""

    def begin(self, seq: int) -> None: ...

    def end(self, seq: int) -> None: ...


def schedule(network: Network, plan: Plan, cause: Cause, breakage: Breakage, chance: Random) -> None:
    """Let something break as planned; breakages of the same thing may overlap."""
    occurrences = 0

    def begin() -> None:
        nonlocal occurrences
        occurrences += 1
        if plan.every_us and occurrences != plan.repeat:
            network.clock.call(plan.every_us, begin)
        if plan.probability < 1 and chance.random() >= plan.probability:
            return
        fact = FaultStarted(cause.what, cause.target, cause.port, cause.detail)
        seq = network.note(cause.node, fact, ())
        breakage.begin(seq)
        if plan.for_us is not None:
            network.clock.call(plan.for_us, lambda: end(seq))

    def end(begun: int) -> None:
        fact = FaultEnded(cause.what, cause.target, cause.port, cause.detail)
        breakage.end(network.note(cause.node, fact, (begun,)))

    network.clock.call(plan.at_us - network.clock.now_us, begin)


# --- packets ------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Filter:
    """A rule of a firewall. `remote` is the network that the far end must be in (None: any); port None is every."""

    seq: int
    port: int | None = None
    remote: IpNetwork | None = None
    reason: str = "filtered"

    def stops(self, packet: Packet, far_end: str) -> bool:
        """Whether the packet, whose far end has this address, is one of those meant."""
        if self.port is not None and self.port != packet.destination_port:
            return False
        return self.remote is None or ip_address(far_end) in self.remote


@dataclass(slots=True, eq=False)
class Silence(Filter):
    """A DNS server does not hear questions about a zone ("": any), `left` times (None: always), or by chance."""

    zone: str = ""
    left: int | None = None
    probability: float = 1.0
    chance: Random | None = None

    def stops(self, packet: Packet, far_end: str) -> bool:  # noqa: ARG002
        if packet.destination_port != DNS_PORT or self.left == 0 or not self._is_about(packet):
            return False
        if self.chance is not None and self.probability < 1 and self.chance.random() >= self.probability:
            return False
        if self.left is not None:
            self.left -= 1
        return True

    def _is_about(self, packet: Packet) -> bool:
        """Over TCP the question is not in the packet that opens the connection; only a silence of all is about that."""
        if not self.zone or not isinstance(packet, Datagram):
            return not self.zone
        query = read_query(packet.payload)
        name = query.question.name.to_text(omit_final_dot=True).lower() if isinstance(query, Query) else ""
        return f".{name}".endswith(f".{self.zone}")


@dataclass(slots=True)
class Silencing:
    """A DNS server falls silent."""

    host: HostNode
    make: Callable[[int], Silence]
    _rule: Silence | None = None

    def begin(self, seq: int) -> None:
        self._rule = self.make(seq)
        self.host.filters.append(self._rule)
        self.host.look_for_troubles()

    def end(self, seq: int) -> None:  # noqa: ARG002
        assert self._rule is not None
        self.host.filters.remove(self._rule)
        self.host.look_for_troubles()


@dataclass(slots=True)
class Filtering:
    """Packets to (`in`) or from (`out`) a host vanish; with `refuses` the SYNs to it are answered by RST."""

    host: HostNode
    port: int | None = None
    direction: Literal["in", "out", "both"] = "in"
    remote: IpNetwork | None = None
    refuses: bool = False
    _rule: Filter | None = None

    def _lists(self) -> list[list[Filter]]:
        if self.refuses:
            return [self.host.refusals]
        into, out = [self.host.filters], [self.host.filters_out]
        return {"in": into, "out": out, "both": into + out}[self.direction]

    def begin(self, seq: int) -> None:
        self._rule = Filter(seq, self.port, self.remote)
        for rules in self._lists():
            rules.append(self._rule)
        self.host.look_for_troubles()

    def end(self, seq: int) -> None:  # noqa: ARG002
        assert self._rule is not None
        for rules in self._lists():
            rules.remove(self._rule)
        self.host.look_for_troubles()


# --- links --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class LinkTrouble:
    """What is wrong with one direction of a link, besides what it always is."""

    seq: int
    is_cut: bool = False
    extra_latency_us: int = 0
    bandwidth_bps: int = 0
    loss: float = 0.0
    rule: Filter | None = None
    attacker: Stripper | None = None


@dataclass(slots=True)
class Spoiling:
    """Directions of links are cut, slow, lossy, late or filtered, or somebody sits on them."""

    network: Network
    directions: Sequence[Direction]
    make: Callable[[int], LinkTrouble]
    _trouble: LinkTrouble | None = None

    def begin(self, seq: int) -> None:
        self._trouble = self.make(seq)
        self.network.count_link_fault(+1)
        for direction in self.directions:
            direction.troubles = (*direction.troubles, self._trouble)

    def end(self, seq: int) -> None:  # noqa: ARG002
        self.network.count_link_fault(-1)
        for direction in self.directions:
            direction.troubles = tuple(trouble for trouble in direction.troubles if trouble is not self._trouble)


# --- hosts and programs -------------------------------------------------------------------------


@dataclass(slots=True)
class Crash:
    """A host loses its power: its programs die, its disk stays; when it is over the host boots."""

    host: HostNode

    def begin(self, seq: int) -> None:
        self.host.crash(seq)

    def end(self, seq: int) -> None:
        self.host.boot(seq)


@dataclass(slots=True)
class Stop:
    """One service of a host is stopped, and started again."""

    host: HostNode
    service: str

    def begin(self, seq: int) -> None:
        self.host.stop_service(self.service, seq)

    def end(self, seq: int) -> None:
        self.host.start_service(self.service, seq)


@dataclass(slots=True)
class Troubling:
    """Programs of a host have a trouble."""

    troubles: Troubles
    make: Callable[[int], Trouble]
    _trouble: Trouble | None = None

    def begin(self, seq: int) -> None:
        self._trouble = self.make(seq)
        self.troubles.active.append(self._trouble)

    def end(self, seq: int) -> None:  # noqa: ARG002
        assert self._trouble is not None
        self.troubles.active.remove(self._trouble)
