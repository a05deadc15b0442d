"""From the faults of a scenario to what the network does: one function for each sort of breakage."""

from __future__ import annotations

from ipaddress import ip_network
from random import Random

from mailsim.agents.host import Host
from mailsim.agents.troubles import Kind, Trouble, Words
from mailsim.net.attacker import Stripper
from mailsim.net.faults import (
    Breakage,
    Cause,
    Crash,
    Filter,
    Filtering,
    IpNetwork,
    LinkTrouble,
    Plan,
    Silence,
    Silencing,
    Spoiling,
    Stop,
    Troubling,
)
from mailsim.net.link import Direction
from mailsim.net.network import Network
from mailsim.protocols.smtp import Reply
from mailsim.scenario.fault_words import WRITING, parse_reply
from mailsim.scenario.faults import HITS, Fault, detail

ON_LINKS = ("cut", "slow", "lossy", "delayed", "starttls_stripped")
"""Kinds that are about links even where they are said of a host."""
DISK_FULL = Reply.of(452, "4.3.1", "Insufficient system storage")
NO_SPACE = Words("NO", "Not enough disk space", "UNAVAILABLE")
"""Not OVERQUOTA: it is not about this user's mails; nor SERVERBUG: a later try may succeed (RFC 5530 section 3)."""
NO_ROOM = Words("NO", "Mailbox is full", "OVERQUOTA")


class Breaker:
    """Plans the faults of a scenario. Args: stores: mailbox -> the host that has it."""

    def __init__(self, network: Network, hosts: dict[str, Host], stores: dict[str, str]) -> None:
        self.network, self.hosts, self.stores = network, hosts, stores

    def plan(self, fault: Fault) -> None:
        """Let a fault happen in its time."""
        is_hit = fault.kind in HITS
        plan = Plan(
            fault.at.since(0),
            fault.for_,
            fault.every or 0,
            fault.repeat or 0,
            1.0 if is_hit else fault.probability,
        )
        node = fault.host or (fault.link[0] if fault.link else self.stores[fault.mailbox or ""])
        cause = Cause(node, fault.kind, fault.target, fault.port, detail(fault))
        chance = self.network.random(f"fault {fault.kind} {fault.target} {fault.at}")
        self.network.break_down(plan, cause, self._breakage(fault, plan, chance))

    def _breakage(self, fault: Fault, plan: Plan, chance: Random) -> Breakage:
        if fault.kind == "dns_silent":
            return Silencing(self.network.hosts[fault.host or ""], lambda seq: _silence(fault, seq, chance))
        if fault.kind in HITS:
            return self._troubling(fault, chance)
        if fault.link is not None or fault.kind in ON_LINKS:
            return Spoiling(self.network, self._directions(fault), lambda seq: _link_trouble(fault, seq))
        host = self.network.hosts[fault.host or ""]
        match fault.kind:
            case "down":
                return Crash(host)
            case "certificate_expired":
                return self._expiring(host.name, plan)
            case "stopped":
                return Stop(host, fault.service or "")
            case _:
                remote = _network(fault.network)
                return Filtering(host, fault.port, fault.direction or "in", remote, refuses=fault.kind == "refused")

    def _expiring(self, host: str, plan: Plan) -> Breakage:
        from mailsim.net.tls_faults import Expiring  # with cryptography, which takes a while to load

        assert self.network.tls is not None
        return Expiring(self.network.tls, host, plan, self.network.clock)

    def _directions(self, fault: Fault) -> list[Direction]:
        """Out is from the first end to the second, or from the host."""
        topology = self.network.topology
        pairs = (
            [fault.link]
            if fault.link
            else [(fault.host or "", other) for other in topology.neighbours(fault.host or "")]
        )
        direction = fault.direction or "both"
        out = [topology.direction(*pair) for pair in pairs]
        into = [topology.direction(b, a) for a, b in pairs]
        return {"in": into, "out": out, "both": out + into}[direction]

    def _troubling(self, fault: Fault, chance: Random) -> Troubling:
        troubles = self.hosts[fault.host or self.stores[fault.mailbox or ""]].troubles
        kind: Kind = fault.kind  # type: ignore[assignment]

        reply, words = _said(fault)

        def make(seq: int) -> Trouble:
            return Trouble(
                kind,
                seq,
                services=fault.services,
                commands=_commands(fault),
                address=fault.address or fault.mailbox or "",
                zone=fault.zone or "",
                reply=reply,
                words=words,
                left=fault.times,
                probability=fault.probability,
                chance=chance,
            )

        return Troubling(troubles, make)


def _said(fault: Fault) -> tuple[Reply | None, Words | None]:
    """What servers say because of the fault: those of SMTP and LMTP, and those of IMAP and POP3."""
    if fault.kind == "disk_full":
        return DISK_FULL, NO_SPACE
    if fault.kind == "over_quota":
        return None, NO_ROOM  # the MDA has an answer of its own
    said = parse_reply(fault.reply) if fault.reply else None
    return (said, None) if isinstance(said, Reply) else (None, said)


def _commands(fault: Fault) -> tuple[str, ...]:
    """The commands at which it shows."""
    if fault.kind == "disk_full":
        return ("MAIL", *WRITING)
    if fault.kind == "over_quota":
        return ("", *WRITING)
    return (fault.command,) if fault.command else ()


def _silence(fault: Fault, seq: int, chance: Random) -> Silence:
    rule = Silence(seq, reason="silent", zone=fault.zone or "", left=fault.times)
    rule.probability, rule.chance = fault.probability, chance
    return rule


def _link_trouble(fault: Fault, seq: int) -> LinkTrouble:
    return LinkTrouble(
        seq,
        is_cut=fault.kind == "cut",
        extra_latency_us=fault.delay or 0,
        bandwidth_bps=fault.bandwidth or 0,
        loss=fault.loss or 0.0,
        rule=Filter(seq, fault.port, _network(fault.network)) if fault.kind == "filtered" else None,
        attacker=Stripper(fault.port, _network(fault.network)) if fault.kind == "starttls_stripped" else None,
    )


def _network(text: str | None) -> IpNetwork | None:
    return ip_network(text) if text else None
