"""Packets in flight: the trace's own record of a packet is also the event that SimPy delivers.

One object a packet, not three: what the trace keeps, what the network schedules and what the receiving
host is called with are the same slotted object (design, section 8: 3.1 times bare SimPy, against 32.5 for the
textbook way). What does not change from packet to packet stands in the `Path` that they share.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailsim.trace.events import Datagram, Path, Segment

ETHERNET, IPV4, IPV6, TCP, UDP = 14, 20, 40, 20, 8
TCP_MSS_OPTION = 4
"""Octets of headers."""
PROTOCOL_TCP, PROTOCOL_UDP = 6, 17
"""Numbers of the protocols above IP."""
WINDOW = 65535
"""Octets that every TCP of this network offers to take."""

Callbacks = list[Callable[[Any], None]] | None


class FlyingSegment(Segment):
    """A TCP segment on its way; `callbacks` is what SimPy calls when it arrives."""

    __slots__ = ("callbacks",)
    _ok = True
    protocol = PROTOCOL_TCP

    callbacks: Callbacks

    def __init__(
        self,
        path: Path,
        payload: bytes,
        flags: int,
        sequence: int,
        acknowledgment: int,
        window: int = WINDOW,
        mss: int = 0,
        retransmission: bool = False,
    ) -> None:
        self.path, self.payload = path, payload
        self.flags, self.sequence, self.acknowledgment = flags, sequence, acknowledgment
        self.window, self.mss, self.retransmission = window, mss, retransmission


class FlyingDatagram(Datagram):
    """A UDP datagram on its way."""

    __slots__ = ("callbacks",)
    _ok = True
    protocol = PROTOCOL_UDP

    callbacks: Callbacks

    def __init__(self, path: Path, payload: bytes) -> None:
        self.path, self.payload = path, payload
