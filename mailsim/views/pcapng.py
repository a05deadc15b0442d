"""The trace as a capture file for Wireshark: pcapng, written by hand (draft-ietf-opsawg-pcapng).

Blocks: one section header, interfaces (the simulated network, and the loopback of each host that talks to
itself), the names of all hosts, the secrets of TLS if there are any, and every segment and datagram with a comment
that gives the number of its event and what is said in it. A packet has the time at which it left its host. One that
was changed on its way comes again, as it arrived, on an interface of its own: the link behind whoever changed it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from io import BytesIO
from ipaddress import ip_address
from typing import IO

from mailsim.trace.conversations import Conversations
from mailsim.trace.events import Event, Noted, Packet, Said
from mailsim.trace.facts import PacketRewritten
from mailsim.trace.rewriting import as_it_arrived
from mailsim.trace.trace import Trace, World
from mailsim.views.frames import Framer

_SECTION, _INTERFACE, _NAMES, _PACKET, _SECRETS = 0x0A0D0D0A, 1, 4, 6, 10
_END, _COMMENT = 0, 1
_APPLICATION = 4  # of a section
_NAME, _RESOLUTION = 2, 9  # of an interface
_MICROSECONDS = b"\x06"
_ETHERNET = 1
_TLS_KEY_LOG = 0x544C534B
MAX_COMMENT = 400


def to_pcapng(trace: Trace) -> bytes:
    """The whole capture."""
    stream = BytesIO()
    write_pcapng(trace, stream)
    return stream.getvalue()


def write_pcapng(trace: Trace, stream: IO[bytes]) -> int:
    """Write the capture to a binary stream; gives the number of packets."""
    packets = [event for event in trace.events if isinstance(event, Packet)]
    loopbacks = list(dict.fromkeys(packet.node for packet in packets if _is_loopback(packet)))
    changes = _changes(trace)
    links = list(dict.fromkeys(fact.link for fact in changes.values()))
    stream.write(_section(trace.world))
    for name in ("mailsim", *(f"lo {node}" for node in loopbacks), *(f"behind {link}" for link in links)):
        stream.write(_interface(name))
    stream.write(_names(trace.world))
    if trace.tls_secrets:
        stream.write(_secrets(trace.tls_secrets))
    comments = _Comments(trace.events)
    framer = Framer(trace.world)
    for packet in packets:
        interface = 1 + loopbacks.index(packet.node) if _is_loopback(packet) else 0
        at = trace.world.start_us + packet.at
        stream.write(_packet(interface, at, framer.frame(packet), comments.of(packet)))
        if packet.seq in changes:
            fact = changes[packet.seq]
            interface = 1 + len(loopbacks) + links.index(fact.link)
            frame = framer.frame(as_it_arrived(trace.events, fact), framer.count(packet.source))
            stream.write(_packet(interface, at, frame, f"seq {packet.seq} changed: {fact.before} -> {fact.after}"))
    return len(packets) + len(changes)


def _changes(trace: Trace) -> dict[int, PacketRewritten]:
    """What became of packets on their way: seq -> the change."""
    facts = (event.fact for event in trace.events if isinstance(event, Noted))
    return {fact.packet: fact for fact in facts if isinstance(fact, PacketRewritten)}


def _is_loopback(packet: Packet) -> bool:
    return ip_address(packet.destination).is_loopback


class _Comments:
    """What stands beside a packet: its number in the trace, and what programs say in it."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._conversations = Conversations(events)

    def of(self, packet: Packet) -> str:
        said = [event for cause in packet.causes if isinstance(event := self._events[cause], Said)]
        texts = [f"{self._conversations.topic(event)}: {event}" for event in said] if packet.payload else []
        return " | ".join([f"seq {packet.seq}", *texts])[:MAX_COMMENT]


# --- blocks -------------------------------------------------------------------------------------


def _section(world: World) -> bytes:
    comment = f"scenario {world.scenario}, seed {world.seed}"
    options = [(_COMMENT, comment.encode()), (_APPLICATION, b"mailsim")]
    return _block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options(options))


def _interface(name: str) -> bytes:
    options = [(_NAME, name.encode()), (_RESOLUTION, _MICROSECONDS)]
    return _block(_INTERFACE, struct.pack("<HHI", _ETHERNET, 0, 0) + _options(options))


def _names(world: World) -> bytes:
    records = b"".join(_name_records(world))
    return _block(_NAMES, records + struct.pack("<HH", _END, 0))


def _name_records(world: World) -> Iterator[bytes]:
    for node in world.nodes:
        for text in node.addresses:
            address = ip_address(text)
            value = address.packed + node.name.encode() + b"\x00"
            yield struct.pack("<HH", 1 if address.version == 4 else 2, len(value)) + _padded(value)


def _secrets(key_log: bytes) -> bytes:
    return _block(_SECRETS, struct.pack("<II", _TLS_KEY_LOG, len(key_log)) + _padded(key_log))


def _packet(interface: int, at_us: int, frame: bytes, comment: str) -> bytes:
    head = struct.pack("<IIIII", interface, at_us >> 32, at_us & 0xFFFFFFFF, len(frame), len(frame))
    return _block(_PACKET, head + _padded(frame) + _options([(_COMMENT, comment.encode())]))


def _options(options: Sequence[tuple[int, bytes]]) -> bytes:
    parts = [struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options]
    return b"".join(parts) + struct.pack("<HH", _END, 0)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
