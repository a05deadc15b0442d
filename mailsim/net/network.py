"""The simulated network: hosts, links, the clock, and the scripts that run on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING

from mailsim.agents.operations import Script, Signal
from mailsim.net.clock import Clock
from mailsim.net.collector import collecting_rarely
from mailsim.net.driver import Task
from mailsim.net.faults import Breakage, Cause, Crash, Filtering, Plan, schedule
from mailsim.net.host import LOOPBACK_ADDRESSES, HostNode, Program
from mailsim.net.routing import Topology
from mailsim.net.watching import Watched
from mailsim.protocols.pdu import Raw
from mailsim.trace.events import Noted, Said
from mailsim.trace.facts import Fact
from mailsim.trace.recorder import Recorder

if TYPE_CHECKING:
    from mailsim.net.endpoint import Endpoint
    from mailsim.net.tls_contexts import TlsContexts

SIMPLIFICATIONS = (
    "tcp.no-congestion-control",
    "tcp.fixed-window",
    "tcp.no-selective-ack",
    "tcp.no-fast-retransmit",
    "tcp.no-time-wait",
    "ip.no-fragmentation",
    "ip.no-icmp",
    "link.no-reordering",
    "link.reserved-ahead",
    "host.no-processing-time",
)
"""What this network leaves out, as slugs; the lessons have a sentence for each, which screens show as "Simplified"."""


class Network:
    """A small Internet.

    Args:
        recorder: where events go.
        seed: of the run; every component has a random generator of its own, seeded from this and its name.

    Attributes:
        silenced: connection -> the last of its packets that a fault threw away: why its ends wait in vain.
        link_faults: how many faults of links are on, so that packets need not look for them when there are none.
        certify: gives what `tls` is; called once, when TLS is wanted for the first time.
    """

    def __init__(self, recorder: Recorder, seed: int = 0) -> None:
        self.recorder, self.seed = recorder, seed
        self.clock = Clock()
        self.topology = Topology()
        self.hosts: dict[str, HostNode] = {}
        self.certify: Callable[[], TlsContexts | None] = lambda: None
        self._by_address: dict[str, HostNode] = {}
        self.link_faults = 0
        self.silenced: dict[str, int] = {}
        self._connections = self._faults = 0
        self._sockets = self._flows = 0
        self._sequences = self.random("tcp")

    @cached_property
    def tls(self) -> TlsContexts | None:
        """The certificates of the hosts, and whom clients trust; None in a world without TLS."""
        return self.certify()

    @property
    def secrets(self) -> bytes:
        """What decrypts all TLS connections so far, in the format of NSS key logs."""
        contexts: TlsContexts | None = vars(self).get("tls")
        return contexts.secrets() if contexts is not None else b""

    # --- building -------------------------------------------------------------------------------

    def add_host(self, name: str, addresses: Sequence[str]) -> HostNode:
        """Add a host. Raises: ValueError when the name or an address is taken."""
        if name in self.hosts:
            raise ValueError(f"there is a host {name} already")
        for address in addresses:
            if address in self._by_address:
                raise ValueError(f"{address} is already the address of {self._by_address[address].name}")
        host = self.hosts[name] = HostNode(self, name, addresses)
        self._by_address.update(dict.fromkeys(addresses, host))
        self.topology.add_node(name)
        self._find_ways()
        return host

    def add_router(self, name: str) -> None:
        """Add a node that only forwards."""
        self.topology.add_node(name)

    def add_link(self, a: str, b: str, latency_us: int, bandwidth_bps: int, loss: float = 0.0) -> None:
        """Join two nodes: latency in microseconds, bandwidth in bits a second, loss as a probability."""
        self.topology.add_link(a, b, latency_us, bandwidth_bps, loss, self.random(f"link {a} {b}"))
        self._find_ways()

    def _find_ways(self) -> None:
        for host in self.hosts.values():
            host.find_ways()

    def random(self, component: str) -> Random:
        """The generator of one component: the same for the same seed and name, whatever others draw."""
        return Random(f"{self.seed}/{component}")

    def schedule_fault(self, at_us: int, for_us: int | None, kind: str, host: str, port: int | None = None) -> None:
        """Let a host be `down`, `filtered` or `refused` for a time: the faults that need no more words."""
        node = self.hosts[host]
        breakage = Crash(node) if kind == "down" else Filtering(node, port, refuses=kind == "refused")
        self.break_down(Plan(at_us, for_us), Cause(host, kind, host, port), breakage)

    def break_down(self, plan: Plan, cause: Cause, breakage: Breakage) -> None:
        """Let something break as planned (see `mailsim.net.faults`)."""
        self._faults += 1
        schedule(self, plan, cause, breakage, self.random(f"fault {self._faults} {cause.what} {cause.target}"))

    def start(self, host: str, name: str, script: Script, at_us: int = 0) -> None:
        """Start a script on a host at a moment of the run; when the host breaks down, it is gone."""

        def begin() -> None:
            if not self.hosts[host].is_down:
                self.start_task(self.hosts[host], name, script, ())

        self.clock.call(at_us - self.clock.now_us, begin)

    def install(self, host: str, service: str, name: str, program: Callable[[], Script]) -> None:
        """Give a host a program: it runs from the start, and again whenever the host boots or the service starts.

        `program` makes the script; what shall survive the death of the script lies outside of it.
        """
        node = self.hosts[host]
        node.programs.append(Program(service, name, program))

        def begin() -> None:
            if not node.is_down:
                self.start_task(node, name, program(), (), service)

        self.clock.call(-self.clock.now_us, begin)

    # --- running --------------------------------------------------------------------------------

    def run(self, until_us: int | None = None) -> None:
        """Let the world go on until `until_us`, or until nothing more is due."""
        with collecting_rarely():
            self.clock.run(until_us)

    def start_task(self, host: HostNode, name: str, script: Script, causes: tuple[int, ...], service: str = "") -> Task:
        """Start a script now, as part of a service of its host; its first event follows from `causes`."""
        if self.recorder.marks is not None:
            script = Watched(script, host.name, self.recorder)
        task = Task(self, host, name, script, causes, service)
        host.tasks[task] = None
        task.resume()
        return task

    def note(self, node: str, fact: Fact, causes: tuple[int, ...]) -> int:
        """Write a fact into the trace."""
        recorder = self.recorder
        seq = recorder.next_seq
        recorder.next_seq = seq + 1
        if recorder.keep:
            recorder.events.append(Noted(seq, self.clock.now_us, node, causes, fact))
        return seq

    def raise_signal(self, signal: Signal) -> None:
        """Wake the scripts that wait for a signal, from outside of the world."""
        waiting, signal.waiting = signal.waiting, []
        for waiter in waiting:
            if waiter.task.waiter is waiter:
                waiter.wake()

    def overhear(self, connection: Endpoint, protocol: str, causes: tuple[int, ...], tls: bool) -> Said:
        """Write into the trace that a program which is no script says something on its connection.

        What it says may not be complete yet: the caller fills in the PDU.
        """
        recorder = self.recorder
        said = Said(
            recorder.take_seq(),
            self.clock.now_us,
            connection.host.name,
            causes,
            connection.id,
            connection.peer_name,
            protocol,
            connection.peer_port if connection.is_client else connection.local_port,
            connection.is_client,
            tls,
            Raw(b""),
        )
        recorder.add(said)
        return said

    # --- looking up -----------------------------------------------------------------------------

    def host_with(self, address: str, asking: HostNode) -> HostNode | None:
        """The host that has an address, as `asking` sees it; loopback addresses are its own."""
        if address in LOOPBACK_ADDRESSES:
            return asking
        return self._by_address.get(address)

    def count_link_fault(self, change: int) -> None:
        """One fault of a link more, or less."""
        self.link_faults += change
        for host in self.hosts.values():
            host.look_for_troubles()

    def connection_id(self) -> str:
        """A name for the next TCP connection."""
        self._connections += 1
        return f"c{self._connections}"

    def socket_id(self) -> str:
        """A name for the next UDP socket."""
        self._sockets += 1
        return f"s{self._sockets}"

    def flow_id(self) -> str:
        """A name for the next conversation over UDP."""
        self._flows += 1
        return f"u{self._flows}"

    def initial_sequence(self) -> int:
        """An initial sequence number (RFC 9293 section 3.4.1)."""
        return self._sequences.getrandbits(32)
