"""Packets that were changed on their way, as they arrived."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from mailsim.trace.events import Event, Noted, Packet
from mailsim.trace.facts import PacketRewritten


def as_it_arrived(events: Sequence[Event], fact: PacketRewritten) -> Packet:
    """The packet with the change: the same headers, another payload. `events` are all of the trace."""
    event = events[fact.packet]
    if isinstance(event, Noted) and isinstance(event.fact, PacketRewritten):  # somebody had changed it before
        event = as_it_arrived(events, event.fact)
    assert isinstance(event, Packet)
    packet, payload = copy(event), bytes(event.payload)
    packet.payload = payload[: fact.offset] + fact.after.encode() + payload[fact.offset + len(fact.before) :]
    return packet
