"""Scripts on the simulated clock: sleeping, signals, spawning, errors, causes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailsim.agents import operations as ops
from mailsim.errors import ConnectionTimedOut
from mailsim.net.network import Network
from mailsim.protocols.pdu import Raw
from mailsim.trace.facts import UserActed
from tests.net.conftest import A, B

Pair = Callable[..., Network]


def test_sleep_and_now(pair: Pair) -> None:
    network = pair()
    times: list[int] = []

    async def script() -> None:
        for _ in range(3):
            times.append(await ops.Now())
            await ops.Sleep(1_000)

    network.start(A, "script", script(), at_us=7)
    network.run()
    assert times == [7, 1_007, 2_007]


def test_a_signal_wakes_who_waits_and_is_a_cause(pair: Pair) -> None:
    network = pair()
    signal = ops.Signal()

    async def waiter() -> None:
        assert await ops.Wait(signal)
        await ops.Note(UserActed("waiter", "woke"))
        assert not await ops.Wait(signal, 500)
        await ops.Note(UserActed("waiter", "gave up"))

    async def raiser() -> None:
        await ops.Sleep(100)
        await ops.Note(UserActed("raiser", "raises"))
        await ops.Raise(signal)

    network.start(A, "waiter", waiter())
    network.start(A, "raiser", raiser())
    network.run()
    raised, woke, gave_up = network.recorder.events
    assert (woke.causes, woke.at) == ((raised.seq,), 100)
    assert (gave_up.causes, gave_up.at) == ((woke.seq,), 600)
    assert signal.waiting == []


def test_receive_or_signal(pair: Pair) -> None:
    network = pair()
    signal = ops.Signal()
    seen: list[object] = []

    async def server() -> None:
        connection = await ops.Accept(await ops.Listen(143))
        for _ in range(3):
            item = await ops.ReceiveOrSignal(connection, signal, 60_000_000)
            seen.extend([item])
        with pytest.raises(ConnectionTimedOut):
            await ops.ReceiveOrSignal(connection, signal, 1_000)

    async def raiser() -> None:
        for moment in (1_000_000, 1_000_000):
            await ops.Sleep(moment)
            await ops.Raise(signal)

    async def client() -> None:
        connection = await ops.Connect("192.0.2.2", 143, 1_000_000)
        await ops.Sleep(1_500_000)
        await ops.Send(connection, "imap", [Raw(b"DONE\r\n")])

    network.start(B, "server", server())
    network.start(B, "raiser", raiser())
    network.start(A, "client", client())
    network.run(120_000_000)
    assert seen == [None, b"DONE\r\n", None]
    assert signal.waiting == []


def test_a_bug_in_a_script_is_not_swallowed(pair: Pair) -> None:
    network = pair()

    async def script() -> None:
        await ops.Sleep(1)
        raise ZeroDivisionError

    network.start(A, "script", script())
    with pytest.raises(ZeroDivisionError):
        network.run()


def test_datagrams_arrive_whole_and_name_their_conversation(pair: Pair) -> None:
    network = pair()
    answers: list[bytes] = []

    async def server() -> None:
        socket = await ops.OpenSocket(53)
        while True:
            arrived = await ops.ReceiveDatagram(socket)
            await ops.SendDatagram(socket, arrived.address, arrived.port, "dns", Raw(b"re:" + arrived.data))

    async def client() -> None:
        socket = await ops.OpenSocket()
        await ops.SendDatagram(socket, "2001:db8::2", 53, "dns", Raw(b"question"))
        answers.append((await ops.ReceiveDatagram(socket, 1_000_000)).data)
        with pytest.raises(ConnectionTimedOut):
            await ops.ReceiveDatagram(socket, 1_000_000)
        await ops.SendDatagram(socket, "192.0.2.2", 54, "dns", Raw(b"nobody"))
        await ops.CloseSocket(socket)

    network.start(B, "server", server())
    network.start(A, "client", client())
    network.run(10_000_000)
    assert answers == [b"re:question"]
    said = [event.fields() for event in network.recorder.events if event.kind == "dns.cmd"]
    assert [(fields["conn"], fields["port"]) for fields in said] == [("u1", 53), ("u1", 53), ("u2", 54)]
    assert network.recorder.events[-1].fields()["reason"] == "no-listener"
