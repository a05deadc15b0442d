"""One question to one DNS server, over UDP or TCP, and the doors at which servers take such questions.

RFC 1035 section 4.2; RFC 7766 for TCP.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mailsim.agents.operations import (
    Accept,
    Close,
    CloseSocket,
    Connect,
    Connection,
    Listen,
    Now,
    OpenSocket,
    Raise,
    Receive,
    ReceiveDatagram,
    Send,
    SendDatagram,
    Signal,
    Spawn,
    Wait,
)
from mailsim.errors import ConnectionLost
from mailsim.protocols.dns import Answer, Frames, Query

DNS_PORT = 53
IDLE_US = 10_000_000
"""How long a server keeps a TCP connection on which nothing is asked (RFC 7766 section 6.2.3)."""

Responder = Callable[[bytes, bool], Awaitable[Answer | None]]
"""Gives the answer to the bytes of a query that came over UDP (False) or TCP (True), or None for silence."""


async def ask_udp(query: Query, address: str, timeout_us: int) -> Answer | None:
    """Ask once, from a fresh port; None when no answer came in time or the address cannot be reached.

    Anyone can send us a datagram; what is no answer of that server to this query is passed over.
    """
    socket = await OpenSocket()
    found = None
    try:
        await SendDatagram(socket, address, DNS_PORT, "dns", query)
        give_up_at_us, left_us = await Now() + timeout_us, timeout_us
        while found is None and left_us > 0:
            arrived = await ReceiveDatagram(socket, left_us)
            answer = Answer(arrived.data)
            if arrived.address == address and answer.answers(query):
                found = answer
            else:
                left_us = give_up_at_us - await Now()
    except ConnectionLost:
        pass
    await CloseSocket(socket)
    return found


async def ask_tcp(query: Query, address: str, timeout_us: int) -> Answer | None:
    """Ask over a connection of its own; None when that does not lead to an answer in time."""
    give_up_at_us = await Now() + timeout_us
    try:
        connection = await Connect(address, DNS_PORT, timeout_us)
    except ConnectionLost:
        return None
    try:
        await Send(connection, "dns", [query])
        answer = await _answer_among_frames(connection, query, give_up_at_us)
    except ConnectionLost:
        answer = None
    await Close(connection)
    return answer


async def serve_tcp(respond: Responder) -> None:
    """Take connections on port 53 for ever, and answer what is asked on each."""
    listener = await Listen(DNS_PORT)
    while True:
        connection = await Accept(listener)
        await Spawn("dns over tcp", _talk(connection, respond))


class _Owed:
    """The questions of one TCP connection that wait for their answers."""

    __slots__ = ("count", "fewer")

    def __init__(self) -> None:
        self.count, self.fewer = 0, Signal()


async def _talk(connection: Connection, respond: Responder) -> None:
    """Answer each question as soon as its answer is known, in whatever order (RFC 7766 section 6.2.1.1)."""
    frames, owed = Frames(), _Owed()
    try:
        while data := await Receive(connection, IDLE_US):
            frames.receive(data)
            while (message := frames.next_message()) is not None:
                owed.count += 1
                await Spawn("dns answer", _give(connection, respond, message, owed))
    except ConnectionLost:
        pass  # the client is gone, or has nothing more to ask
    while owed.count:
        await Wait(owed.fewer)
    await Close(connection)


async def _give(connection: Connection, respond: Responder, message: bytes, owed: _Owed) -> None:
    try:
        answer = await respond(message, True)
        if answer is not None:
            await Send(connection, "dns", [answer])
    except ConnectionLost:
        pass  # nobody is there to hear it
    owed.count -= 1
    await Raise(owed.fewer)


async def _answer_among_frames(connection: Connection, query: Query, give_up_at_us: int) -> Answer | None:
    frames = Frames()
    while (left_us := give_up_at_us - await Now()) > 0:
        data = await Receive(connection, left_us)
        if not data:
            return None
        frames.receive(data)
        while (message := frames.next_message()) is not None:
            answer = Answer(message, framed=True)
            if answer.answers(query):
                return answer
    return None
