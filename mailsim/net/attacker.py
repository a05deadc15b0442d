"""Somebody on a link who changes what passes by, in a way that TCP does not notice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from mailsim.net.packets import FlyingSegment
from mailsim.protocols.stripping import Overwritten, overwrite
from mailsim.trace.events import Packet
from mailsim.trace.facts import PacketRewritten

if TYPE_CHECKING:
    from mailsim.net.faults import IpNetwork
    from mailsim.net.link import Direction
    from mailsim.net.network import Network


@dataclass(frozen=True, slots=True)
class Stripper:
    """Takes STARTTLS away; `port` and `network` (None: any) are of one of the two ends."""

    port: int | None = None
    network: IpNetwork | None = None

    def change(self, packet: Packet) -> Overwritten | None:
        """What becomes of a packet."""
        if not packet.payload or not isinstance(packet, FlyingSegment) or not self._is_meant(packet):
            return None
        return overwrite(bytes(packet.payload))

    def _is_meant(self, packet: Packet) -> bool:
        if self.port is not None and self.port not in (packet.source_port, packet.destination_port):
            return False
        ends = (packet.source, packet.destination)
        return self.network is None or any(ip_address(end) in self.network for end in ends)


def on_the_way(network: Network, directions: Iterable[Direction], packet: Packet) -> Packet:
    """The packet that arrives: the one that was sent, or what attackers on the links have made of it."""
    for direction in directions:
        for trouble in direction.troubles:
            change = trouble.attacker.change(packet) if trouble.attacker is not None else None
            if change is not None:
                packet = _forged(network, direction.name, packet, change, trouble.seq)
    return packet


def _forged(network: Network, link: str, packet: Packet, change: Overwritten, fault: int) -> FlyingSegment:
    """Note the change; whatever follows from the packet follows from that."""
    assert isinstance(packet, FlyingSegment)
    node = link.split(">")[0]
    fact = PacketRewritten(
        packet.seq,
        link,
        packet.source,
        packet.destination,
        packet.destination_port,
        change.offset,
        change.before.decode(),
        change.after.decode(),
    )
    causes = (fault, packet.seq)
    forged = FlyingSegment(
        packet.path,
        change.apply(bytes(packet.payload)),
        packet.flags,
        packet.sequence,
        packet.acknowledgment,
        packet.window,
        packet.mss,
        packet.retransmission,
    )
    forged.seq, forged.at, forged.node, forged.causes = network.note(node, fact, causes), packet.at, node, causes
    return forged
