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
IPV4, IPV6 = 20, 40
TCP, TCP_MSS_OPTION, UDP = 20, 4, 8


class FlyingSegment(Segment):
    """A TCP segment on its way; `callbacks` is what SimPy calls when it arrives."""

    __slots__ = ("callbacks",)
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

    def octets(self) -> int:
        """Length on the wire, Ethernet header included."""
        header = ETHERNET + TCP + (IPV6 if ":" in self.source else IPV4)
        return header + len(self.payload) + (TCP_MSS_OPTION if self.mss else 0)


class FlyingDatagram(Datagram):
    """A UDP datagram on its way."""

    __slots__ = ("callbacks",)
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

    def octets(self) -> int:
        """Length on the wire, Ethernet header included."""
        return ETHERNET + UDP + (IPV6 if ":" in self.source else IPV4) + len(self.payload)
