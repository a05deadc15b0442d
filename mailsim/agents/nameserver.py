"""The authoritative name server: answers from its own zones, and never asks anyone (RFC 1034 section 4.3.1)."""

from __future__ import annotations

from dns.rcode import Rcode

from mailsim.agents.dns_exchange import DNS_PORT, serve_tcp
from mailsim.agents.operations import OpenSocket, ReceiveDatagram, SendDatagram, Spawn
from mailsim.agents.troubles import Troubles, dns_trouble
from mailsim.protocols.dns import Answer, Query, Zone, ZoneSet, read_query


class NameServer:
    """One authoritative server.

    Attributes:
        name: of its host, shown with its answers.
        zones: what it serves now; when the operator changes a record, another set takes its place.
    """

    def __init__(self, name: str, zones: ZoneSet, troubles: Troubles | None = None) -> None:
        self.name, self.zones = name, zones
        self.troubles = troubles or Troubles(name)

    def replace_zone(self, zone: Zone) -> bool:
        """Serve another version of a zone from now on; gives whether the zone is one of this server."""
        others = [served for served in self.zones.zones if served.origin != zone.origin]
        if len(others) == len(self.zones.zones):
            return False
        self.zones = ZoneSet([*others, zone])
        return True

    async def serve(self) -> None:
        """The whole server: port 53 over TCP and UDP, for ever."""
        await Spawn("name server, tcp", serve_tcp(self.respond))
        socket = await OpenSocket(DNS_PORT)
        while True:
            arrived = await ReceiveDatagram(socket)
            answer = await self.respond(arrived.data, False)
            if answer is not None:
                await SendDatagram(socket, arrived.address, arrived.port, "dns", answer)

    async def respond(self, wire: bytes, over_tcp: bool) -> Answer | None:
        """What to say to these bytes; None for silence."""
        query = read_query(wire, framed=over_tcp, server=self.name)
        if isinstance(query, Query):
            if self.troubles.active and await dns_trouble(self.troubles, query, "nameserver"):
                return query.reply(Rcode.SERVFAIL, server=self.name)
            return self.zones.answer(query, self.name)
        return query
