"""What the gateway offers: one door for each service, a real port that leads to one in the simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Security: TypeAlias = Literal["none", "optional", "starttls", "tls"]


@dataclass(frozen=True, slots=True)
class Door:
    """A port on loopback, and where it leads.

    Attributes:
        service: its name, e.g. `submission` or `imaps`.
        port: on the real computer; TCP, for DNS also UDP.
        node: the simulated host that the connections come from.
        host, addresses: the simulated host that they go to, and its addresses, IPv4 or IPv6 or both.
        inner_port: the port there.
        protocol: as the trace calls it: `smtp`, `imap`, `pop` or `dns`.
        security: `tls` begins with the first byte; `starttls` has to come before a login, `optional` may.
        is_udp: whether it is for datagrams.
    """

    service: str
    port: int
    node: str
    host: str
    addresses: tuple[str, ...]
    inner_port: int
    protocol: str
    security: Security = "none"
    is_udp: bool = False

    def address_for(self, client: str, own: tuple[str, ...]) -> str:
        """The simulated address for a real client: of its family if possible, and one that the node has too."""
        families = {":" in address for address in own}
        usable = [address for address in self.addresses if (":" in address) in families]
        return next((address for address in usable if (":" in address) == (":" in client)), usable[0])
