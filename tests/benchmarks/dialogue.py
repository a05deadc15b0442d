"""What the network costs by itself: a dialogue of one line each way over four links, in bare SimPy events a segment.

Each segment is one event of SimPy's queue; the rest of the figure is TCP, the links and the driver of scripts.
"""

from __future__ import annotations

import itertools
import math

from mailsim.agents import operations as ops
from mailsim.net.network import Network
from mailsim.protocols.pdu import Raw
from mailsim.trace.recorder import Recorder
from tests.benchmarks.measure import bare, processor_seconds

CLIENT, SERVER, ADDRESS, PORT = "client.example", "server.example", "192.0.2.2", 25
ROUTERS = ("gw.client.example", "internet.example", "gw.server.example")
LINE = [Raw(b"NOOP\r\n")]
LATENCY_US, BANDWIDTH_BPS, TIMEOUT_US = 5_000, 100_000_000, 300_000_000


def cost_of_a_segment(lines: int, turns: int, keep_trace: bool = False) -> float:
    """Bare SimPy events that a segment takes as long as, in a dialogue of so many lines from each side."""
    dialogue_s = bare_s = math.inf
    for _ in range(turns):
        dialogue_s = min(dialogue_s, processor_seconds(_network(lines, Recorder(keep_trace)).run))
        bare_s = min(bare_s, processor_seconds(lambda: bare(2 * lines)))
    return dialogue_s / bare_s


def _network(lines: int, recorder: Recorder) -> Network:
    network = Network(recorder)
    network.add_host(CLIENT, ["192.0.2.1"])
    network.add_host(SERVER, [ADDRESS])
    for router in ROUTERS:
        network.add_router(router)
    nodes = (CLIENT, *ROUTERS, SERVER)
    for near, far in itertools.pairwise(nodes):
        network.add_link(near, far, LATENCY_US, BANDWIDTH_BPS)
    network.start(SERVER, "server", _answer())
    network.start(CLIENT, "client", _ask(lines))
    return network


async def _answer() -> None:
    connection = await ops.Accept(await ops.Listen(PORT))
    while await ops.Receive(connection, TIMEOUT_US):
        await ops.Send(connection, "smtp", LINE)
    await ops.Close(connection)


async def _ask(lines: int) -> None:
    connection = await ops.Connect(ADDRESS, PORT, TIMEOUT_US)
    for _ in range(lines):
        await ops.Send(connection, "smtp", LINE)
        await ops.Receive(connection, TIMEOUT_US)
    await ops.Close(connection)
