"""The authoritative server on the simulated network: port 53 over UDP and TCP, whatever comes in."""

from __future__ import annotations

import pytest

from mailsim.agents.dns_exchange import IDLE_US, ask_tcp, ask_udp
from mailsim.agents.operations import (
    CloseSocket,
    Connect,
    Now,
    OpenSocket,
    Receive,
    ReceiveDatagram,
    Send,
    SendDatagram,
)
from mailsim.errors import ConnectionTimedOut
from mailsim.protocols.dns import Answer, Frames, Query, Zone, ZoneSet
from mailsim.protocols.pdu import Raw
from tests.protocols.dns.zones import FIRMA, asked

from .dns_world import HOSTS, LONG_TEXTS, DnsWorld, S

NS1 = HOSTS["ns1"][0]


def test_a_query_over_udp_gets_its_answer():
    world = DnsWorld()
    answer = world.run(ask_udp(asked("firma.example", "MX"), NS1, S))
    assert str(answer) == "MX 10 mx1.firma.example., MX 20 mx2.zaloha.example."
    query, reply = world.said()
    assert (query.kind, reply.kind) == ("dns.query", "dns.answer")
    assert reply.fields()["server"] == "ns1"
    assert 10_000 < reply.at - query.at < 11_000  # one way


def test_the_answer_is_caused_by_the_query():
    world = DnsWorld()
    world.run(ask_udp(asked("firma.example", "MX"), NS1, S))
    query, carried, reply, *_ = world.network.recorder.events
    assert carried.kind == "net.datagram"
    assert carried.causes == (query.seq,)
    assert reply.causes == (carried.seq,)


def test_over_tcp_too_and_in_any_number_of_pieces():
    world = DnsWorld(ns1=LONG_TEXTS)
    assert world.run(ask_udp(asked("dlouhy.firma.example", "TXT"), NS1, S)).truncated
    answer = world.run(ask_tcp(asked("dlouhy.firma.example", "TXT", framed=True), NS1, S))
    assert len(answer.content.answer[0].data) == 9

    async def in_pieces() -> list[str]:
        connection = await Connect(NS1, 53, S)
        stream = asked("firma.example", "MX", framed=True).to_bytes() + asked("x.example", "A", framed=True).to_bytes()
        for position in range(0, len(stream), 5):
            await Send(connection, "dns", [Raw(stream[position : position + 5])])
        frames, answers = Frames(), []
        while len(answers) < 2:
            frames.receive(await Receive(connection, S))
            while (message := frames.next_message()) is not None:
                answers.append(str(Answer(message)))
        return answers

    assert world.run(in_pieces()) == ["MX 10 mx1.firma.example., MX 20 mx2.zaloha.example.", "REFUSED"]


def test_an_idle_connection_is_closed_by_the_server():
    world = DnsWorld()

    async def wait() -> int:
        connection = await Connect(NS1, 53, S)
        since = await Now()
        assert await Receive(connection, 60 * S) == b""
        return await Now() - since

    assert IDLE_US <= world.run(wait()) < IDLE_US + S


def test_garbage_is_refused_or_passed_over_and_the_server_goes_on():
    world = DnsWorld()

    async def send(data: bytes) -> str:
        socket = await OpenSocket()
        await SendDatagram(socket, NS1, 53, "dns", Raw(data))
        try:
            answer = str(Answer((await ReceiveDatagram(socket, S)).data))
        except ConnectionTimedOut:
            answer = "silence"
        await CloseSocket(socket)
        return answer

    wire = asked("firma.example", "MX").wire
    assert world.run(send(b"")) == "silence"
    assert world.run(send(wire[:2] + b"\x80" + wire[3:])) == "silence"
    assert world.run(send(wire[:-3])) == "FORMERR"
    assert world.run(send(wire)).startswith("MX 10")


def test_the_operator_may_change_a_record_in_the_middle():
    world = DnsWorld()
    query = asked("mx1.firma.example", "A")
    assert str(world.run(ask_udp(query, NS1, S))) == "A 198.51.100.25"
    world.servers["ns1"].zones = ZoneSet([Zone.parse(FIRMA.replace("198.51.100.25", "198.51.100.26"))])
    assert str(world.run(ask_udp(query, NS1, S))) == "A 198.51.100.26"


def test_who_does_not_answer_is_given_up():
    world = DnsWorld()
    world.network.schedule_fault(0, None, "filtered", "ns1", 53)

    async def both() -> tuple[object, object, int]:
        udp = await ask_udp(asked("firma.example", "MX"), NS1, S)
        tcp = await ask_tcp(asked("firma.example", "MX", framed=True), NS1, S)
        return udp, tcp, await Now()

    assert world.run(both()) == (None, None, 2 * S)


def test_a_host_without_a_server_and_one_out_of_reach():
    world = DnsWorld()
    assert world.run(ask_tcp(asked("firma.example", "MX", framed=True), HOSTS["pc"][0], S)) is None
    assert world.run(ask_udp(asked("firma.example", "MX"), "2001:db8:f::53", S)) is None  # the PC has no IPv6


@pytest.mark.parametrize(
    "wrong",
    [
        Query.ask(asked("firma.example", "MX").question, 1).reply(),  # another id
        asked("firma.example", "A").reply(),  # another question
        asked("firma.example", "MX"),  # no answer at all
        Raw(b"x"),
    ],
)
def test_a_datagram_that_is_no_answer_is_passed_over(wrong):
    world = DnsWorld(without=("ns1",))
    query = asked("firma.example", "MX")
    right = world.servers["ns1"].zones.answer(query)

    async def lie_first() -> None:
        socket = await OpenSocket(53)
        arrived = await ReceiveDatagram(socket)
        for pdu in (wrong, right):
            await SendDatagram(socket, arrived.address, arrived.port, "dns", pdu)

    world.network.start("ns1", "liar", lie_first())
    assert world.run(ask_udp(query, NS1, S)) == right


def test_an_answer_from_elsewhere_is_passed_over():
    """RFC 5452 section 9.1: who was asked must be who answers."""
    world = DnsWorld(without=("ns1",))
    query = asked("firma.example", "MX")

    async def tell(address: str, port: int) -> None:
        await SendDatagram(await OpenSocket(), address, port, "dns", query.reply())

    async def attract() -> None:
        arrived = await ReceiveDatagram(await OpenSocket(53))
        world.network.start("ns2", "liar", tell(arrived.address, arrived.port), world.network.clock.now_us)

    world.network.start("ns1", "victim", attract())
    assert world.run(ask_udp(query, NS1, S)) is None
    assert world.dialogue()[-1].startswith("ns2 > pc")
