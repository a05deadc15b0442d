"""TCP: a byte stream with a handshake, acknowledgments, retransmission, FIN and RST."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

from mailsim.agents import operations as ops
from mailsim.errors import ConnectionLost, ConnectionRefused, ConnectionReset, ConnectionTimedOut, HostUnreachable
from mailsim.net.clock import Alarm
from mailsim.net.driver import Task
from mailsim.net.endpoint import Endpoint
from mailsim.net.network import Network
from mailsim.protocols.pdu import Raw
from mailsim.trace.events import FIN, RST, SYN, Noted, Said, Segment
from tests.net.conftest import A, B

RTT_US = 20_000
Pair = Callable[..., Network]


async def echo_once(port: int = 25) -> None:
    listener = await ops.Listen(port)
    connection = await ops.Accept(listener)
    await ops.Send(connection, "smtp", [Raw(b"hello\r\n")])
    while data := await ops.Receive(connection):
        await ops.Send(connection, "smtp", [Raw(data)])
    await ops.Close(connection)


def run(network: Network, client: Any, server: Any = None, until_us: int | None = None) -> list[Any]:
    """Run a server on B and a client on A; gives what the client returned."""
    result: list[Any] = []

    async def keep() -> None:
        result.append(await client)

    if server is not None:
        network.start(B, "server", server)
    network.start(A, "client", keep(), at_us=1)
    network.run(until_us)
    return result


def kinds(network: Network) -> list[str]:
    return [event.kind for event in network.recorder.events if not isinstance(event, Segment)]


def segments(network: Network) -> list[Segment]:
    return [event for event in network.recorder.events if isinstance(event, Segment)]


async def dialogue(address: str = "192.0.2.2") -> tuple[bytes, bytes, bytes, list[int]]:
    connection = await ops.Connect(address, 25, 30_000_000)
    times = [await ops.Now()]
    greeting = await ops.Receive(connection, 1_000_000)
    times.append(await ops.Now())
    await ops.Send(connection, "smtp", [Raw(b"EHLO a\r\n"), Raw(b"NOOP\r\n")])
    answer = await ops.Receive(connection)
    times.append(await ops.Now())
    await ops.Close(connection)
    return greeting, answer, b"", times


@pytest.mark.parametrize("address", ["192.0.2.2", "2001:db8::2"])
def test_a_dialogue_takes_the_round_trips_of_the_timing_model(pair: Pair, address: str) -> None:
    network = pair(bandwidth_bps=10**12)
    [(greeting, answer, _, times)] = run(network, dialogue(address), echo_once())
    assert (greeting, answer) == (b"hello\r\n", b"EHLO a\r\nNOOP\r\n")
    assert [round((at - 1) / RTT_US, 2) for at in times] == [1.0, 2.0, 3.0]


def test_both_sides_close_and_nothing_is_left(pair: Pair) -> None:
    network = pair()
    run(network, dialogue(), echo_once())
    assert all(not host.tcp.connections for host in network.hosts.values())
    assert sum(bool(segment.flags & FIN) for segment in segments(network)) == 2
    assert kinds(network).count("tcp.close") == 2
    assert all(not host.tasks for host in network.hosts.values())


def test_connections_that_are_over_leave_no_cycles_behind(pair: Pair) -> None:
    def alive() -> int:
        return sum(isinstance(thing, Endpoint | Alarm | Task) for thing in gc.get_objects())

    gc.collect()
    before = alive()
    gc.disable()
    try:
        network = pair()
        run(network, dialogue(), echo_once())
        assert alive() == before
    finally:
        gc.enable()


def test_every_cause_lies_before_its_effect_and_reaches_the_connect(pair: Pair) -> None:
    network = pair()
    run(network, dialogue(), echo_once())
    events = network.recorder.events
    assert [event.seq for event in events] == list(range(len(events)))
    assert all(cause < event.seq for event in events for cause in event.causes)
    connect = next(event.seq for event in events if event.kind == "tcp.connect")
    last = next(event for event in reversed(events) if isinstance(event, Said))
    reached, todo = set(), [last.seq]
    while todo:
        seq = todo.pop()
        reached.add(seq)
        todo.extend(events[seq].causes)
    assert connect in reached


def test_refused_when_nobody_listens(pair: Pair) -> None:
    network = pair()

    async def client() -> str:
        with pytest.raises(ConnectionRefused):
            await ops.Connect("192.0.2.2", 80, 30_000_000)
        return f"after {await ops.Now()}"

    [said] = run(network, client())
    assert kinds(network) == ["tcp.connect", "tcp.refused"]
    assert int(said.split()[1]) < 2 * RTT_US
    assert any(segment.flags & RST for segment in segments(network))


def test_filtered_ports_are_silent_and_syn_is_repeated(pair: Pair) -> None:
    network = pair()
    network.schedule_fault(0, None, "filtered", B, 25)

    async def client() -> int:
        with pytest.raises(ConnectionTimedOut):
            await ops.Connect("192.0.2.2", 25, 30_000_000)
        return await ops.Now()

    [at] = run(network, client(), echo_once(), until_us=60_000_000)
    assert at == 30_000_001
    syns = [segment.at for segment in segments(network) if segment.flags & SYN]
    assert [round(at / 1e6) for at in syns] == [0, 1, 3, 7, 15]
    assert kinds(network)[-1] == "tcp.timeout"
    assert kinds(network).count("net.drop") == 5


def test_a_filter_that_ends_lets_a_later_syn_through(pair: Pair) -> None:
    network = pair()
    network.schedule_fault(0, 5_000_000, "filtered", B, 25)
    [(greeting, *_)] = run(network, dialogue(), echo_once())
    assert greeting == b"hello\r\n"
    assert {"fault.start", "fault.end"} <= set(kinds(network))


def test_unreachable_addresses(pair: Pair) -> None:
    network = pair()
    network.add_host("v4.example", ["192.0.2.9"])

    async def client() -> str:
        with pytest.raises(ConnectionTimedOut):
            await ops.Connect("203.0.113.77", 25, 3_000_000)
        return "done"

    assert run(network, client()) == ["done"]

    async def other() -> str:
        with pytest.raises(HostUnreachable):
            await ops.Connect("2001:db8::2", 25, 3_000_000)
        return "done"

    assert "done" in collect(network, "v4.example", other())


def collect(network: Network, host: str, script: Any) -> list[Any]:
    result: list[Any] = []

    async def keep() -> None:
        result.append(await script)

    network.start(host, "script", keep(), at_us=network.clock.now_us)
    network.run()
    return result


async def sink(expected: int, port: int = 25) -> bytes:
    connection = await ops.Accept(await ops.Listen(port))
    pieces, size = [], 0
    while data := await ops.Receive(connection):
        pieces.append(data)
        size += len(data)
    await ops.Close(connection)
    assert size == expected
    return b"".join(pieces)


@pytest.mark.parametrize("loss", [0.0, 0.02, 0.15])
def test_a_large_transfer_arrives_whole_in_order_and_in_full_segments(pair: Pair, loss: float) -> None:
    network = pair(loss=loss, seed=3)
    payload = bytes(range(256)) * 1200
    received: list[bytes] = []

    async def server() -> None:
        received.append(await sink(len(payload)))

    async def client() -> None:
        connection = await ops.Connect("192.0.2.2", 25, 60_000_000)
        await ops.Send(connection, "smtp", [Raw(payload)])
        await ops.Close(connection)

    network.start(B, "server", server())
    network.start(A, "client", client(), at_us=1)
    network.run()
    assert received == [payload]
    assert max(len(segment.payload) for segment in segments(network)) == 1460
    assert any(segment.retransmission for segment in segments(network)) == bool(loss)
    drops = [event for event in network.recorder.events if event.kind == "net.drop"]
    assert bool(drops) == bool(loss)


@pytest.mark.parametrize("loss", [0.0, 0.05])
@pytest.mark.parametrize("first", [0xFFFFFFFF, 0xFFFFFFFE, 0xFFFE0000])
def test_sequence_numbers_run_over(pair: Pair, monkeypatch: pytest.MonkeyPatch, first: int, loss: float) -> None:
    network = pair(loss=loss, seed=3)
    monkeypatch.setattr(Network, "initial_sequence", lambda _: first)
    letter, answer = bytes(range(256)) * 800, bytes(range(256)) * 400
    received: list[bytes] = []

    async def read(connection: ops.Connection) -> None:
        pieces = []
        while data := await ops.Receive(connection):
            pieces.append(data)
        received.append(b"".join(pieces))

    async def server() -> None:
        connection = await ops.Accept(await ops.Listen(25))
        await ops.Send(connection, "smtp", [Raw(answer)])
        await read(connection)
        await ops.Close(connection)

    async def client() -> None:
        connection = await ops.Connect("192.0.2.2", 25, 60_000_000)
        await ops.Send(connection, "smtp", [Raw(letter)])
        finish(network, connection)
        await read(connection)
        await ops.Close(connection)

    network.start(B, "server", server())
    network.start(A, "client", client(), at_us=1)
    network.run()
    assert sorted(received, key=len) == [answer, letter]
    numbers = {number for segment in segments(network) for number in (segment.sequence, segment.acknowledgment)}
    assert max(numbers) <= 0xFFFFFFFF
    assert min(segment.sequence for segment in segments(network)) < first
    assert all(not host.tcp.connections for host in network.hosts.values())


def test_connections_share_the_bandwidth_of_a_link(pair: Pair) -> None:
    def duration(connections: int) -> int:
        network = pair(latency_us=1_000, bandwidth_bps=1_000_000)
        finished: list[int] = []

        async def server(port: int) -> None:
            await sink(50_000, port)
            finished.append(await ops.Now())

        async def client(port: int) -> None:
            connection = await ops.Connect("192.0.2.2", port, 60_000_000)
            await ops.Send(connection, "smtp", [Raw(b"x" * 50_000)])
            await ops.Close(connection)

        for port in range(1, connections + 1):
            network.start(B, "server", server(port))
            network.start(A, "client", client(port), at_us=1)
        network.run()
        return max(finished)

    assert 1.9 < duration(2) / duration(1) < 2.1


def test_silence_times_out_and_is_noted(pair: Pair) -> None:
    network = pair()

    async def server() -> None:
        await ops.Accept(await ops.Listen(25))
        await ops.Sleep(10_000_000)

    async def client() -> int:
        connection = await ops.Connect("192.0.2.2", 25, 30_000_000)
        with pytest.raises(ConnectionTimedOut):
            await ops.Receive(connection, 2_000_000)
        await ops.Abort(connection)
        return await ops.Now()

    [at] = run(network, client(), server())
    assert round(at / 1e6, 1) == 2.0
    assert "net.timeout" in kinds(network)
    assert kinds(network)[-1] == "tcp.lost"


def test_abort_resets_the_reader_on_the_other_side(pair: Pair) -> None:
    network = pair()
    errors: list[str] = []

    async def server() -> None:
        connection = await ops.Accept(await ops.Listen(25))
        try:
            await ops.Receive(connection)
        except ConnectionReset as error:
            errors.append(type(error).__name__)
        with pytest.raises(ConnectionReset):
            await ops.Send(connection, "smtp", [Raw(b"late")])

    async def client() -> None:
        connection = await ops.Connect("192.0.2.2", 25, 30_000_000)
        await ops.Abort(connection)

    run(network, client(), server())
    assert errors == ["ConnectionReset"]


def test_a_cut_off_host_makes_the_sender_give_up_after_retransmissions(pair: Pair) -> None:
    network = pair()
    network.schedule_fault(1_000_000, None, "down", B)

    async def server() -> None:
        connection = await ops.Accept(await ops.Listen(25))
        await ops.Receive(connection)

    async def client() -> int:
        connection = await ops.Connect("192.0.2.2", 25, 30_000_000)
        await ops.Sleep(2_000_000)
        await ops.Send(connection, "smtp", [Raw(b"NOOP\r\n")])
        with pytest.raises(ConnectionLost):
            await ops.Receive(connection, 3_600_000_000)
        return await ops.Now()

    [at] = run(network, client(), server())
    assert 100_000_000 < at < 600_000_000
    lost = [event.fact for event in network.recorder.events if isinstance(event, Noted) and event.kind == "tcp.lost"]
    assert [fact.how for fact in lost] == ["timeout"]


def test_same_seed_same_trace(pair: Pair) -> None:
    def records(seed: int) -> list[Any]:
        network = pair(loss=0.1, seed=seed)
        run(network, dialogue(), echo_once())
        return [event.record() for event in network.recorder.events]

    assert records(5) == records(5)
    assert records(5) != records(6)


def test_one_direction_can_be_finished_while_the_other_goes_on(pair: Pair) -> None:
    network = pair()
    heard: list[bytes] = []

    async def server() -> None:
        listener = await ops.Listen(25)
        connection = await ops.Accept(listener)
        while data := await ops.Receive(connection):
            heard.append(data)
        await ops.Send(connection, "smtp", [Raw(b"too late to ask, " * 500)])
        await ops.Close(connection)

    async def client() -> bytes:
        connection = await ops.Connect("192.0.2.2", 25, 30_000_000)
        await ops.Send(connection, "smtp", [Raw(b"last words\r\n")])
        finish(network, connection)
        answer = b""
        while data := await ops.Receive(connection):
            answer += data
        await ops.Close(connection)
        return answer

    [answer] = run(network, client(), server())
    assert heard == [b"last words\r\n"]
    assert answer == b"too late to ask, " * 500
    assert all(not host.tcp.connections for host in network.hosts.values())


def test_a_finished_reader_hears_of_a_reset(pair: Pair) -> None:
    network = pair()

    async def server() -> None:
        listener = await ops.Listen(25)
        connection = await ops.Accept(listener)
        await ops.Receive(connection)
        await ops.Abort(connection)

    async def client() -> None:
        connection = await ops.Connect("192.0.2.2", 25, 30_000_000)
        finish(network, connection)
        with pytest.raises(ConnectionReset):
            await ops.Receive(connection)

    run(network, client(), server())
    assert all(not host.tasks for host in network.hosts.values())


def finish(network: Network, connection: ops.Connection) -> None:
    """Half-close, as only the gateway does for real programs."""
    [task] = network.hosts[A].tasks
    connection.finish(task)  # type: ignore[attr-defined]
