"""What TLS adds to a session: its processor time less that of the same session in the clear, in bare handshakes.

A bare handshake is what `ssl` needs for two memory buffers with the same contexts, and nothing else: no network, no
clock, no script.
"""

from __future__ import annotations

import math
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from mailsim.agents import operations as ops
from mailsim.net.certificates import Authority
from mailsim.net.network import Network
from mailsim.net.tls_contexts import TlsContexts
from mailsim.protocols.pdu import Raw
from mailsim.trace.recorder import Recorder
from tests.benchmarks.measure import processor_seconds

CLIENT, SERVER, PORT = "pc.skola.example", "mail.skola.example", 465
ADDRESSES = {CLIENT: "192.0.2.1", SERVER: "192.0.2.2"}
LINES = (
    b"EHLO pc.skola.example\r\n",
    b"MAIL FROM:<a@skola.example>\r\n",
    b"RCPT TO:<b@skola.example>\r\n",
    b"QUIT\r\n",
)
VERSIONS = ("1.2", "1.3")
START = datetime(2026, 11, 23, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SessionCost:
    """Seconds of processor time for so many sessions and handshakes."""

    sessions: int
    clear_s: float
    secure_s: float
    handshakes_s: float

    @property
    def extra_ratio(self) -> float:
        """What TLS adds to a session, in bare handshakes."""
        return (self.secure_s - self.clear_s) / self.handshakes_s


def session_cost(sessions: int, turns: int) -> SessionCost:
    """Measure sessions in the clear, with TLS, and bare handshakes, in turns; the best of each counts."""
    contexts = new_contexts()
    clear_s = secure_s = handshakes_s = math.inf
    for _ in range(turns):
        clear_s = min(clear_s, processor_seconds(lambda: run(sessions, None)))
        secure_s = min(secure_s, processor_seconds(lambda: run(sessions, contexts)))
        handshakes_s = min(handshakes_s, processor_seconds(lambda: shake_hands(sessions, contexts)))
    return SessionCost(sessions, clear_s, secure_s, handshakes_s)


def run(sessions: int, contexts: TlsContexts | None, recorder: Recorder | None = None) -> Network:
    """So many sessions, one after the other."""
    network = Network(recorder or Recorder(keep=False), 1)
    for name, address in ADDRESSES.items():
        network.add_host(name, (address,))
    network.add_link(CLIENT, SERVER, 1_000, 100_000_000)
    network.tls = contexts
    network.start(SERVER, "server", _serve(contexts is not None))
    network.start(CLIENT, "client", _visit(sessions, contexts is not None))
    network.run()
    return network


def shake_hands(times: int, contexts: TlsContexts) -> None:
    """So many handshakes, of two objects of `ssl` side by side."""
    for _ in range(times):
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        wanted = contexts.server(SERVER, VERSIONS)
        assert wanted is not None
        client = contexts.client(VERSIONS, check=True).wrap_bio(to_client, to_server, server_hostname=SERVER)
        server = wanted.wrap_bio(to_server, to_client, server_side=True)
        waiting = [client, server]
        while waiting:
            side = waiting.pop(0)
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                waiting.append(side)


def new_contexts() -> TlsContexts:
    authority = Authority(START)
    contexts = TlsContexts(authority, round(START.timestamp()) * 1_000_000)
    contexts.install(SERVER, authority.issue((SERVER,)))
    return contexts


async def _serve(secure: bool) -> None:
    listener = await ops.Listen(PORT)
    while True:
        await ops.Spawn("session", _answer(await ops.Accept(listener), secure))


async def _answer(connection: ops.Connection, secure: bool) -> None:
    if secure:
        await ops.StartTls(connection, "implicit", versions=VERSIONS)
    await ops.Send(connection, "smtp", [Raw(b"220 mail.skola.example ESMTP\r\n")])
    while await ops.Receive(connection):
        await ops.Send(connection, "smtp", [Raw(b"250 2.0.0 Ok\r\n")])
    await ops.Close(connection)


async def _visit(sessions: int, secure: bool) -> None:
    for _ in range(sessions):
        connection = await ops.Connect(ADDRESSES[SERVER], PORT, 30_000_000)
        if secure:
            secured = await ops.StartTls(connection, "implicit", server_name=SERVER, check=True, versions=VERSIONS)
            assert not secured.problem
        await ops.Receive(connection)
        for line in LINES:
            await ops.Send(connection, "smtp", [Raw(line)])
            await ops.Receive(connection)
        await ops.Close(connection)
