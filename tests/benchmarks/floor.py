"""What the packets of a mail cost when nobody does anything with them: `python -m tests.benchmarks.floor`.

The packets of a real run are sent once more, each at the same turn of its conversation and over as many links, by the
least code that can be called a network: three methods, with no name looked up twice. Such a packet has its numbers,
waits for its links, is acknowledged, measures the round trip and wakes a script, which waits for the next one.
There are no addresses, hosts or ports, no faults, timeouts or retransmission, no trace; no grammar, no names asked
for, no queue, no mailbox, no decision. What is left is below what any version of the real path can reach in Python,
so it says how much of a goal is room for the program, and how much is taken by SimPy and the packets.
"""

from __future__ import annotations

import argparse
import math
from collections import deque
from collections.abc import Coroutine, Generator, Sequence
from dataclasses import dataclass, field
from types import coroutine
from typing import Any, TypeAlias

import simpy
from simpy.events import NORMAL

from mailsim.trace.events import Packet
from tests.benchmarks.measure import bare, processor_seconds, run_seconds
from tests.benchmarks.world import BANDWIDTH_BPS, LATENCY_US, Load, World

LINKS = 4
HEADERS = 54
"""Octets of Ethernet, IPv4 and TCP."""


Turn: TypeAlias = tuple[int, bytes]
Script: TypeAlias = Coroutine[Any, Any, None]


@dataclass(slots=True)
class Conversation:
    """The packets of one connection, or of one question in DNS.

    Attributes:
        began_us: when the first of them was sent. by: name of the host that sent it.
        near, far: what that host sends, and the other: how many packets must have come first, and the payload.
    """

    began_us: int
    by: str
    near: list[Turn] = field(default_factory=list)
    far: list[Turn] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a real run did.

    Attributes:
        events: how many events went through SimPy's queue. others: those of them that were no packets.
    """

    conversations: Sequence[Conversation]
    events: int

    @property
    def others(self) -> int:
        return self.events - sum(len(one.near) + len(one.far) for one in self.conversations)


def record(mails: int) -> Recorded:
    """Run the real world, and note who sent what."""
    world = World(Load(mails, keep_trace=True))
    events = world.run()
    found: dict[str, Conversation] = {}
    for packet in world.recorder.events:
        if isinstance(packet, Packet):
            one = found.setdefault(packet.conn, Conversation(packet.at, packet.node))
            sender, receiver = (one.near, one.far) if packet.node == one.by else (one.far, one.near)
            sender.append((len(receiver), packet.payload))
    return Recorded(list(found.values()), events)


# --- the least network ------------------------------------------------------------------------------


class Due:
    """Something that SimPy calls."""

    __slots__ = ("callbacks",)
    _ok = True

    def __init__(self, callback: Any) -> None:
        self.callbacks = [callback]


class BarePacket:
    """A packet on its way."""

    __slots__ = ("acknowledgment", "arrives_at", "at", "callbacks", "flags", "payload", "sequence")
    _ok = True


class Wire:
    """One direction of a link."""

    __slots__ = ("bandwidth_bps", "free_at", "latency_us")

    def __init__(self) -> None:
        self.free_at, self.latency_us, self.bandwidth_bps = 0, LATENCY_US, BANDWIDTH_BPS


class Side:
    """One side of a conversation, and the turns that it still has to take."""

    __slots__ = (
        "acknowledged",
        "callbacks",
        "environment",
        "in_flight",
        "received",
        "round_trips_us",
        "script",
        "send_next",
        "timed",
        "turns",
        "wanted",
        "wires",
    )

    def __init__(self, environment: simpy.Environment, wires: Sequence[Wire], script: Script, turns: list[Turn]):
        self.environment, self.wires, self.script = environment, wires, script
        self.turns = deque(turns)
        self.in_flight: deque[BarePacket] = deque()
        self.round_trips_us: list[int] = []
        self.timed: BarePacket | None = None
        self.send_next = self.wanted = self.acknowledged = self.received = 0

    def send(self, payload: bytes) -> None:
        """One packet, over all links."""
        packet, environment = BarePacket(), self.environment
        now = packet.at = environment._now
        packet.payload, packet.flags, packet.sequence, packet.acknowledgment = payload, 24, self.send_next, self.wanted
        self.send_next += len(payload)
        time, bits = now, (len(payload) + HEADERS) * -8_000_000
        for wire in self.wires:
            if wire.free_at > time:
                time = wire.free_at
            wire.free_at = time = time - bits // wire.bandwidth_bps
            time += wire.latency_us
        packet.arrives_at, packet.callbacks = time, self.callbacks
        self.in_flight.append(packet)
        if self.timed is None:
            self.timed = packet
        environment.schedule(packet, NORMAL, time - now)

    def arrived(self, packet: BarePacket) -> None:
        """One packet of the other side is here: wake the script, send what is due."""
        if self.in_flight and packet.acknowledgment != self.acknowledged:
            self.acknowledged = packet.acknowledgment
            self.in_flight.clear()
            timed, self.timed = self.timed, None
            if timed is not None:
                self.round_trips_us.append(packet.arrives_at - timed.at)
        self.received += 1
        if packet.payload and packet.sequence == self.wanted:
            self.wanted += len(packet.payload)
            self.script.send(packet.payload)
        self.take_turns()

    def take_turns(self) -> None:
        """Send what waited for as many packets as have come; after the last one, let go of the other side."""
        turns = self.turns
        while turns and turns[0][0] <= self.received:
            self.send(turns.popleft()[1])
        if not turns:
            self.callbacks = None


@coroutine
def receive() -> Generator[None, bytes, bytes]:
    """The operation that a script awaits."""
    return (yield)


async def listen() -> None:
    """A script that does not even look at what it hears."""
    while True:
        await receive()


def replay(recorded: Recorded) -> int:
    """Send all packets again; gives how many events went through SimPy's queue."""
    environment = simpy.Environment(initial_time=0)
    there, back = ([Wire() for _ in range(LINKS)] for _ in range(2))

    def start(conversation: Conversation) -> None:
        near = Side(environment, there, listen(), conversation.near)
        far = Side(environment, back, listen(), conversation.far)
        near.callbacks, far.callbacks = [far.arrived], [near.arrived]
        for side in (near, far):
            side.script.send(None)
            side.take_turns()

    for one in recorded.conversations:
        environment.schedule(Due(lambda _, one=one: start(one)), NORMAL, one.began_us)
    for number in range(recorded.others - len(recorded.conversations)):
        environment.schedule(Due(lambda _: None), NORMAL, number * 1000)
    environment.run()
    return next(environment._eid)


# --- measuring --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Floor:
    """Seconds of processor time for so many mails: bare events, their packets alone, the real path without a trace."""

    mails: int
    events: int
    bare_s: float
    packets_s: float
    path_s: float


def floor(mails: int, turns: int) -> Floor:
    """Measure in turns; the best of each counts."""
    recorded = record(mails)
    bare_s = packets_s = path_s = math.inf
    for _ in range(turns):
        bare_s = min(bare_s, processor_seconds(lambda: bare(recorded.events)))
        packets_s = min(packets_s, processor_seconds(lambda: replay(recorded)))
        path_s = min(path_s, run_seconds(Load(mails)))
    return Floor(mails, recorded.events, bare_s, packets_s, path_s)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.floor", description=__doc__)
    parser.add_argument("--mails", type=int, default=500, help="how many (default: 500)")
    parser.add_argument("--turns", type=int, default=7, help="the best of so many counts (default: 7)")
    options = parser.parse_args(arguments)
    found = floor(options.mails, options.turns)
    print(f"{found.mails} mails, {found.events / found.mails:.1f} SimPy events a mail")
    for name, seconds in (
        ("bare events", found.bare_s),
        ("packets alone", found.packets_s),
        ("whole path", found.path_s),
    ):
        print(f"  {name:<16}{seconds / found.mails * 1e6:9.0f} us a mail{seconds / found.bare_s:9.2f} x bare")


if __name__ == "__main__":
    main()
