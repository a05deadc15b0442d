"""The gateway: loopback ports of the real computer that lead into the simulated Internet, and nowhere else.

There is no second implementation for real clients: behind each port waits the same simulated server that the
scenario's own people use, and bytes are carried to it over a simulated connection from a node of the same network. The
simulation has no way out: it opens no real socket, it only answers those who came in.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Sequence

from mailsim.agents.operations import Script
from mailsim.live.doors import Door
from mailsim.live.limits import Limits
from mailsim.live.pace import Pace
from mailsim.live.questions import Questions
from mailsim.live.visit import Visit
from mailsim.net.driver import Task
from mailsim.net.host import HostNode
from mailsim.net.network import Network

LOOPBACK = ("127.0.0.1", "::1")
BACKLOG = 2048
LOOK_FOR_IDLE_S = 15.0
REPORTED = 3
FAREWELL_US, SLICE_US = 500_000, 1_000
"""How long last words may be on their way through the simulated network; after each slice somebody looks."""


class PortTaken(Exception):
    """A real port cannot be opened: `address`, `port` and `reason` say which and why."""

    def __init__(self, address: str, port: int, reason: str) -> None:
        super().__init__(address, port, reason)
        self.address, self.port, self.reason = address, port, reason


class Gateway:
    """Serves the doors of a network for as long as `run` runs.

    Args:
        network: the world. doors: what is offered.
        report: is called with what a script of the world raised and should not have; it ends nothing.
        addresses: where, by default both loopback addresses; IPv6 is left out where this computer has none.
        speed: simulated seconds in a real one. limits: see `Limits`.

    Attributes: is_full: whether recording has stopped, because there was too much to record.
    """

    def __init__(
        self,
        network: Network,
        doors: Sequence[Door],
        report: Callable[[Exception], None],
        *,
        addresses: Sequence[str] = LOOPBACK,
        speed: float = 1.0,
        limits: Limits | None = None,
    ) -> None:
        self.network, self.doors, self.addresses = network, tuple(doors), tuple(addresses)
        self.speed, self.limits = speed, limits or Limits()
        self._report = report
        self.is_recorded = network.recorder.keep
        self.visits: set[Visit] = set()
        self.held: set[Visit] = set()
        self.refused = self.octets = 0
        self.failures = 0
        self.is_full = False
        self.pace: Pace
        self._news: dict[Visit, bool] = {}
        self._stopping: asyncio.Event
        self._servers: list[asyncio.AbstractServer | asyncio.BaseTransport] = []

    async def open(self) -> None:
        """Open the ports; from now on the world runs. Raises: PortTaken."""
        self._stopping = asyncio.Event()
        self.pace = Pace(self.network, self.speed, self._pass_news, self._failed)
        self.pace.soon()
        try:
            for door in self.doors:
                for address in self.addresses:
                    await self._open(door, address)
        except PortTaken:
            self._close_ports()
            raise

    async def run(self) -> None:
        """Serve until `stop`, then hang up on everybody."""
        watch = asyncio.get_running_loop().create_task(self._watch())
        await self._stopping.wait()
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        self._close_ports()
        self._say_goodbye()
        await asyncio.sleep(0)
        for visit in list(self.visits):
            visit.hang_up()
        await asyncio.sleep(0)
        self.pace.stop()

    def _say_goodbye(self) -> None:
        """Tell everybody (421 in SMTP, BYE in IMAP), and let the world run on until that has come."""
        self.pace.catch_up()
        for visit in list(self.visits):
            visit.dismiss()
        end_us = self.network.clock.now_us + FAREWELL_US
        while self.network.clock.now_us < end_us and any(visit.is_served for visit in self.visits):
            self.pace.run_on(SLICE_US)
        self._pass_news()
        for visit in list(self.visits):
            visit.flush(closes=True)

    def stop(self) -> None:
        """End `run`; may be called by a signal handler through `call_soon_threadsafe`."""
        self._stopping.set()

    async def _open(self, door: Door, address: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            if door.is_udp:
                transport, _ = await loop.create_datagram_endpoint(
                    lambda: Questions(self, door), local_addr=(address, door.port)
                )
                self._servers.append(transport)
            else:
                server = await loop.create_server(lambda: Visit(self, door), address, door.port, backlog=BACKLOG)
                self._servers.append(server)
        except OSError as problem:
            if ":" in address and len(self.addresses) > 1 and not _has_ipv6(address):
                return
            raise PortTaken(address, door.port, problem.strerror or str(problem)) from None

    def _close_ports(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()

    # --- for visits -------------------------------------------------------------------------------------

    def admit(self, visit: Visit) -> bool:
        """Is there room for one more?"""
        if len(self.visits) >= self.limits.connections:
            self.refused += 1
            return False
        self.visits.add(visit)
        return True

    def forget(self, visit: Visit) -> None:
        """The visit is over."""
        self.visits.discard(visit)
        self.held.discard(visit)
        self._news.pop(visit, None)

    def start(self, node: HostNode, name: str, script: Script) -> Task:
        """Start a script on the node of a door, now."""
        self.pace.catch_up()
        task = self.network.start_task(node, name, script, ())
        self.pace.soon()
        return task

    def has_news(self, visit: Visit, closes: bool = False) -> None:
        """Something has come for a real program; it is passed on when the turn is over."""
        self._news[visit] = closes or self._news.get(visit, False)

    def _pass_news(self) -> None:
        news, self._news = self._news, {}
        for visit, closes in news.items():
            visit.flush(closes)
        for visit in list(self.held):
            visit.check_backlog()
        if self.is_recorded:
            self._stay_within_limits()

    def _stay_within_limits(self) -> None:
        """Stop to record when the recording is full; the service goes on."""
        recorder = self.network.recorder
        if len(recorder.events) >= self.limits.events or self.octets >= self.limits.recorded:
            recorder.keep = self.is_recorded = False
            self.is_full = True

    # --- what goes wrong --------------------------------------------------------------------------------

    def _failed(self, error: Exception) -> None:
        """A script of the world has a bug: tell of the first ones."""
        self.failures += 1
        if self.failures <= REPORTED:
            self._report(error)

    async def _watch(self) -> None:
        """Hang up on who has been silent for too long."""
        while True:
            await asyncio.sleep(min(LOOK_FOR_IDLE_S, self.limits.idle_s))
            too_old = time.monotonic() - self.limits.idle_s
            for visit in [visit for visit in self.visits if visit.last_at < too_old]:
                visit.hang_up()


def is_loopback(addresses: Iterable[str]) -> bool:
    """Whether no other computer can reach these addresses."""
    return all(ipaddress.ip_address(address).is_loopback for address in addresses)


def _has_ipv6(address: str) -> bool:
    """Whether this computer has an IPv6 address."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
