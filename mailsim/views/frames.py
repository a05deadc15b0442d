"""Packets of the trace as the bytes that a network card would see: Ethernet, IP, TCP or UDP, with right checksums.

The trace keeps addresses, ports, numbers and payload; everything else of the headers follows from them
here. MAC addresses are locally administered (the bit 0x02 of the first octet) and follow from the names of the
hosts; a frame goes straight to the host that has the address, as if all hosts were on one Ethernet.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from ipaddress import ip_address

from mailsim.trace.events import Packet, Segment
from mailsim.trace.trace import World

TTL = 64
_TCP, _UDP = 6, 17
_DONT_FRAGMENT = 0x4000


class Framer:
    """Builds the frames of one trace, in order: it counts the IPv4 identification of each sender."""

    def __init__(self, world: World) -> None:
        self._macs = {node.name: _mac(0, number) for number, node in enumerate(world.nodes, 1)}
        self._sent: Counter[str] = Counter()

    def frame(self, packet: Packet, identification: int | None = None) -> bytes:
        """The packet with all its headers; `identification` is for who asks for packets out of order."""
        macs = self._mac_of(packet.peer) + self._mac_of(packet.node)
        source, destination = ip_address(packet.source).packed, ip_address(packet.destination).packed
        protocol = _TCP if isinstance(packet, Segment) else _UDP
        transport = _transport(packet, protocol, source, destination)
        if len(source) == 4:
            if identification is None:
                self._sent[packet.source] += 1
                identification = self._sent[packet.source]
            return macs + b"\x08\x00" + _ipv4(identification, protocol, source + destination, transport)
        header = struct.pack("!IHBB", 6 << 28, len(transport), protocol, TTL)
        return macs + b"\x86\xdd" + header + source + destination + transport

    def count(self, source: str) -> int:
        """How many packets of an address were framed so far: the identification of the last one."""
        return self._sent[source]

    def _mac_of(self, node: str) -> bytes:
        return self._macs.get(node) or _mac(0xFF, zlib.crc32(node.encode()))


def _ipv4(identification: int, protocol: int, addresses: bytes, transport: bytes) -> bytes:
    length = 20 + len(transport)
    head = struct.pack("!BBHHHBB", 0x45, 0, length, identification & 0xFFFF, _DONT_FRAGMENT, TTL, protocol)
    return head + checksum(head + addresses).to_bytes(2, "big") + addresses + transport


def _mac(kind: int, number: int) -> bytes:
    return bytes((0x02, kind)) + number.to_bytes(4, "big")


def _transport(packet: Packet, protocol: int, source: bytes, destination: bytes) -> bytes:
    payload = bytes(packet.payload)
    ports = struct.pack("!HH", packet.source_port, packet.destination_port)
    if isinstance(packet, Segment):
        options = struct.pack("!BBH", 2, 4, packet.mss) if packet.mss else b""
        words = (20 + len(options)) // 4
        numbers = struct.pack("!IIBBH", packet.sequence, packet.acknowledgment, words << 4, packet.flags, packet.window)
        before, after = ports + numbers, b"\x00\x00" + options + payload
    else:
        before, after = ports + struct.pack("!H", 8 + len(payload)), payload
    length = len(before) + 2 + len(after)
    pseudo_header = source + destination + struct.pack("!II", length, protocol)
    found = checksum(pseudo_header + before + b"\x00\x00" + after)
    if protocol == _UDP and found == 0:
        found = 0xFFFF  # 0 would say "no checksum" (RFC 768)
    return before + found.to_bytes(2, "big") + after


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071): the complement of the ones' complement sum of 16-bit words.

    That sum is the number modulo 65535, where 0 and 65535 are the same; data here is never all zeros.
    """
    if len(data) % 2:
        data += b"\x00"
    return (0xFFFF - int.from_bytes(data, "big") % 0xFFFF) % 0xFFFF
