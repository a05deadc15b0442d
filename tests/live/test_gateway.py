"""The gateway in one process with its clients: bytes both ways, half-close, limits, garbage, pace, the trace."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from mailsim.agents import operations as ops
from mailsim.live.doors import Door
from mailsim.live.gateway import Gateway, PortTaken, is_loopback
from mailsim.live.limits import Limits
from mailsim.net.network import Network
from mailsim.protocols.pdu import Raw
from mailsim.trace.events import Said, Segment
from mailsim.trace.recorder import Recorder

NODE, HOST = "gateway.example", "mx.example"
ADDRESSES = {NODE: ("192.0.2.1", "2001:db8::1"), HOST: ("192.0.2.2", "2001:db8::2")}
Client = Callable[[int], Awaitable[None]]


async def echo(connection: ops.Connection) -> None:
    """Greet, give back what comes, and after its end say how much it was."""
    await ops.Send(connection, "smtp", [Raw(b"220 hello\r\n")])
    total = 0
    while data := await ops.Receive(connection):
        total += len(data)
        await ops.Send(connection, "smtp", [Raw(data)])
    await ops.Send(connection, "smtp", [Raw(b"%d octets\r\n" % total)])
    await ops.Close(connection)


async def serve_echo() -> None:
    listener = await ops.Listen(25)
    while True:
        await ops.Spawn("echo", echo(await ops.Accept(listener)))


@asynccontextmanager
async def serving(limits: Limits | None = None, inner_port: int = 25) -> AsyncIterator[tuple[Gateway, int]]:
    """A gateway before a host that echoes; gives it and its port."""
    network = Network(Recorder(), 1)
    for name, addresses in ADDRESSES.items():
        network.add_host(name, addresses)
    network.add_link(NODE, HOST, 50, 10**10)
    network.start(HOST, "server", serve_echo())
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    failures: list[Exception] = []
    door = Door("smtp", port, NODE, HOST, ADDRESSES[HOST], inner_port, "smtp")
    gateway = Gateway(network, [door], failures.append, addresses=("127.0.0.1",), limits=limits)
    await gateway.open()
    running = asyncio.create_task(gateway.run())
    try:
        yield gateway, port
    finally:
        gateway.stop()
        await running
    assert not failures
    assert not gateway.visits


async def settled(gateway: Gateway) -> None:
    """Wait until all visits are over."""
    for _ in range(3000):
        if not gateway.visits:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("visits do not end")


def test_a_dialogue() -> None:
    async def run() -> None:
        async with serving() as (gateway, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.readline() == b"220 hello\r\n"
            writer.write(b"EHLO a.example\r\nMAIL FROM:<>\r\n")
            assert await reader.readline() == b"EHLO a.example\r\n"
            assert await reader.readline() == b"MAIL FROM:<>\r\n"
            writer.close()
            await settled(gateway)
            for host in gateway.network.hosts.values():
                assert not host.tcp.connections
        events = gateway.network.recorder.events
        said = [event for event in events if isinstance(event, Said) and event.from_client]
        assert [str(event) for event in said] == ["EHLO a.example", "MAIL FROM:<>"]
        [segment] = [e for e in events if isinstance(e, Segment) and e.node == NODE and e.payload]
        assert segment.causes == tuple(event.seq for event in said)

    asyncio.run(run())


def test_ten_megabytes_there_and_back_and_a_half_close() -> None:
    data = bytes(range(256)) * 4096 * 2

    async def run() -> None:
        async with serving() as (gateway, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.readline()
            writer.write(data)
            writer.write_eof()
            assert await reader.read(-1) == data + b"%d octets\r\n" % len(data)
            writer.close()
            await settled(gateway)

    asyncio.run(run())


def test_a_port_where_nobody_listens_is_hung_up_on() -> None:
    async def run() -> None:
        async with serving(inner_port=26) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(1)
            writer.close()

    asyncio.run(run())


def test_one_connection_too_many() -> None:
    async def run() -> None:
        async with serving(Limits(connections=2)) as (gateway, port):
            guests = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
            greetings = [await reader.readline() for reader, _ in guests[:2]]
            assert greetings == [b"220 hello\r\n"] * 2
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await guests[2][0].readexactly(1)
            for _, writer in guests:
                writer.close()
            await settled(gateway)
            assert gateway.refused == 1
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.readline() == b"220 hello\r\n"
            writer.close()

    asyncio.run(run())


def test_too_many_octets_and_too_long_a_silence() -> None:
    async def hung_up(limits: Limits, data: bytes) -> None:
        async with serving(limits) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(data)
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(1_000_000)
            writer.close()

    asyncio.run(hung_up(Limits(octets=100_000), bytes(200_000)))
    asyncio.run(hung_up(Limits(idle_s=0.05), b""))


def test_who_does_not_read_may_not_go_on_writing() -> None:
    async def run() -> None:
        limits = Limits(backlog=65536)
        async with serving(limits) as (gateway, port):
            loop = asyncio.get_running_loop()
            link = socket.create_connection(("127.0.0.1", port))
            link.setblocking(False)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(loop.sock_sendall(link, bytes(64_000_000)), 0.4)
            [visit] = gateway.visits
            assert visit.transport is not None
            assert visit.transport.get_write_buffer_size() < 16_000_000
            link.close()
            await settled(gateway)

    asyncio.run(run())


def test_hundreds_of_guests_who_come_and_go_rudely() -> None:
    async def guest(port: int, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(bytes((number + place * 7) % 256 for place in range(500)))
        if number % 3 == 0:
            await reader.readline()
        if number % 3 == 1:
            writer.write_eof()
        if number % 3 == 2:
            writer.transport.abort()
        writer.close()

    async def run() -> None:
        async with serving() as (gateway, port):
            await asyncio.gather(*(guest(port, number) for number in range(300)))
            await settled(gateway)
            assert not gateway.network.hosts[HOST].tcp.connections
            assert len(gateway.network.hosts[HOST].tasks) == 1

    asyncio.run(run())


def test_nothing_runs_while_nothing_happens() -> None:
    async def run() -> None:
        async with serving() as (gateway, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.readline() == b"220 hello\r\n"
            turns = -1
            while gateway.pace.turns != turns:
                turns = gateway.pace.turns
                await asyncio.sleep(0.1)
            began = gateway.network.clock.now_us
            await asyncio.sleep(0.3)
            gateway.pace.catch_up()
            assert gateway.pace.turns - turns <= 1
            assert gateway.network.clock.now_us - began >= 290_000
            writer.close()

    asyncio.run(run())


def test_a_bug_of_a_server_is_reported_and_the_others_go_on() -> None:
    async def broken() -> None:
        await ops.Sleep(1000)
        raise RuntimeError("a bug")

    async def run() -> None:
        reported: list[Exception] = []
        async with serving() as (gateway, port):
            gateway._report = reported.append
            for _ in range(5):
                gateway.start(gateway.network.hosts[HOST], "broken", broken())
            await asyncio.sleep(0.05)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.readline() == b"220 hello\r\n"
            writer.close()
            assert [str(error) for error in reported] == ["a bug"] * 3
            assert gateway.failures == 5

    asyncio.run(run())


def test_a_port_that_is_taken() -> None:
    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            door = Door("smtp", taken.getsockname()[1], NODE, HOST, ADDRESSES[HOST], 25, "smtp")
            with pytest.raises(PortTaken) as caught:
                await Gateway(Network(Recorder()), [door], print).open()
            assert caught.value.port == door.port

    asyncio.run(run())


def test_loopback() -> None:
    assert is_loopback(["127.0.0.1", "::1", "127.3.2.1"])
    assert not is_loopback(["127.0.0.1", "0.0.0.0"])
    assert not is_loopback(["::"])
