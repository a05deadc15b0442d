"""Packets in flight: the trace's own record of a packet is also the event that SimPy delivers.

One object a packet, not three: what the trace keeps, what the network schedules and what the receiving
host is called with are the same slotted object (design, section 8: 3.1 times bare SimPy, against 32.5 for the
textbook way).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailsim.trace.events import LOST, Datagram, Segment

ETHERNET = 14
TCP_OVER_IPV4, TCP_OVER_IPV6 = ETHERNET + 20 + 20, ETHERNET + 40 + 20
UDP_OVER_IPV4, UDP_OVER_IPV6 = ETHERNET + 20 + 8, ETHERNET + 40 + 8
TCP_MSS_OPTION = 4


class FlyingSegment(Segment):
    """A TCP segment on its way; `callbacks` is what SimPy calls when it arrives, `octets` its length with Ethernet."""

    __slots__ = ("callbacks", "octets")
    _ok = True

    def __init__(
        self,
        conn: str,
        source: str,
        source_port: int,
        destination: str,
        destination_port: int,
        peer: str,
        payload: bytes,
        flags: int,
        sequence: int,
        acknowledgment: int,
        window: int,
        mss: int,
        retransmission: bool,
    ) -> None:
        self.conn, self.peer, self.payload = conn, peer, payload
        self.source, self.source_port = source, source_port
        self.destination, self.destination_port = destination, destination_port
        self.flags, self.sequence, self.acknowledgment = flags, sequence, acknowledgment
        self.window, self.mss, self.retransmission = window, mss, retransmission
        self.arrives_at = LOST
        self.callbacks: list[Callable[[Any], None]] | None = None
        self.octets = (TCP_OVER_IPV6 if ":" in source else TCP_OVER_IPV4) + len(payload)
        if mss:
            self.octets += TCP_MSS_OPTION


class FlyingDatagram(Datagram):
    """A UDP datagram on its way."""

    __slots__ = ("callbacks", "octets")
    _ok = True

    def __init__(
        self,
        conn: str,
        source: str,
        source_port: int,
        destination: str,
        destination_port: int,
        peer: str,
        payload: bytes,
    ) -> None:
        self.conn, self.peer, self.payload = conn, peer, payload
        self.source, self.source_port = source, source_port
        self.destination, self.destination_port = destination, destination_port
        self.arrives_at = LOST
        self.callbacks: list[Callable[[Any], None]] | None = None
        self.octets = (UDP_OVER_IPV6 if ":" in source else UDP_OVER_IPV4) + len(payload)
