"""Two domains, a backup operator, a DNS root and a resolver on the simulated network: everything real, small."""

from __future__ import annotations

from random import Random
from typing import Any

from mailsim.agents import servers
from mailsim.agents.calendar import Calendar
from mailsim.agents.directory import Directory, User
from mailsim.agents.host import Host
from mailsim.agents.mua import Account, Action, Mua
from mailsim.agents.nameserver import NameServer
from mailsim.agents.policy import AccessPolicy, MdaPolicy, MsaPolicy, MtaPolicy, MuaPolicy
from mailsim.agents.queue import Queue
from mailsim.agents.resolver import Resolver
from mailsim.mail.store import Store
from mailsim.net.network import Network
from mailsim.protocols.dns import Delegation, Zone, ZoneSet
from mailsim.trace.events import Noted, Said
from mailsim.trace.recorder import Recorder

ALENA, DAN, BOREK = "alena@skola.example", "dan@skola.example", "borek@firma.example"
SKOLA, MX1, MX2 = "mail.skola.example", "mx1.firma.example", "mx2.zaloha.example"
WITHOUT_TLS: dict[str, Any] = {"submission_tls": "none", "access_tls": "none"}
RESOLVER = "192.0.2.53"
ADDRESSES = {
    SKOLA: ["192.0.2.25", "2001:db8:1::25"],
    MX1: ["198.51.100.25", "2001:db8:2::25"],
    MX2: ["203.0.113.25"],
    "www.firma.example": ["198.51.100.80"],
    "pc1.skola.example": ["192.0.2.10"],
    "pc2.skola.example": ["192.0.2.11"],
    "pc3.firma.example": ["198.51.100.10"],
    "resolver.example": [RESOLVER],
    "ns.example": ["203.0.113.53"],
}
ZONES = {
    ".": ". 3600 SOA ns.example. h.example. 1 2 3 4 300\n. NS ns.example.\nns.example. A 203.0.113.53\n",
    "skola.example": "@ 3600 SOA ns.example. h.example. 1 2 3 4 300\n@ NS ns.example.\n@ MX 10 mail\n"
    "mail A 192.0.2.25\nmail AAAA 2001:db8:1::25\n",
    "firma.example": "@ 3600 SOA ns.example. h.example. 1 2 3 4 300\n@ NS ns.example.\n@ MX 10 mx1\n"
    "@ MX 20 mx2.zaloha.example.\n@ A 198.51.100.80\nmx1 A 198.51.100.25\nmx1 AAAA 2001:db8:2::25\n",
    "zaloha.example": "@ 3600 SOA ns.example. h.example. 1 2 3 4 300\n@ NS ns.example.\nmx2 A 203.0.113.25\n",
}


class Internet:
    """The world; `hosts` are its machines as their programs see them."""

    def __init__(self, seed: int = 7, skola: MtaPolicy | None = None, **mua: Any) -> None:
        self.network = Network(Recorder(), seed)
        self.network.add_router("middle")
        calendar = Calendar(1_756_720_800_000_000, 120)
        self.hosts: dict[str, Host] = {}
        for name, addresses in ADDRESSES.items():
            self.network.add_host(name, addresses)
            self.network.add_link(name, "middle", 5_000, 100_000_000)
            self.hosts[name] = Host(name, tuple(addresses), calendar, seed, (RESOLVER,))
        zones = ZoneSet([Zone.parse(text, name) for name, text in ZONES.items()])
        self.network.start("ns.example", "name server", NameServer("ns.example", zones).serve())
        roots = Delegation.root({"ns.example": ("203.0.113.53",)})
        self.network.start("resolver.example", "resolver", Resolver("resolver.example", roots, Random("r")).serve())
        self._mail_server(SKOLA, skola or MtaPolicy(local_domains=("skola.example",)), ALENA, DAN)
        self._mail_server(MX1, MtaPolicy(local_domains=("firma.example",)), BOREK)
        self._mail_server(MX2, MtaPolicy(local_domains=("zaloha.example",), relay_domains=("firma.example",)))
        self.clients = {
            user: Mua(self.hosts[pc], Account(user, "heslo", server, server), MuaPolicy(**{**WITHOUT_TLS, **mua}))
            for user, pc, server in (
                (ALENA, "pc1.skola.example", SKOLA),
                (DAN, "pc2.skola.example", SKOLA),
                (BOREK, "pc3.firma.example", MX1),
            )
        }

    def _mail_server(self, name: str, policy: MtaPolicy, *users: str) -> None:
        host = self.hosts[name]
        host.directory = Directory([User(user, "heslo") for user in users])
        store = host.store = Store()
        for user in users:
            store.create_account(user)
        queue = host.queue = Queue(host, policy)
        install = self.network.install
        install(name, "disk", "disk", host.catch_up)
        install(name, "mda", "mda", lambda: servers.mda(host, MdaPolicy()))
        install(name, "mta", "queue", queue.run)
        install(name, "mta", "mta", lambda: servers.mta(host, policy, queue))
        install(name, "msa", "msa", lambda: servers.msa(host, MsaPolicy(), queue))
        install(name, "imap", "imap", lambda: servers.imap(host, AccessPolicy()))
        install(name, "pop3", "pop3", lambda: servers.pop3(host, AccessPolicy()))

    def do(self, user: str, at_us: int, action: Action) -> None:
        client = self.clients[user]
        self.network.start(client.host.name, "mua", client.run([(at_us, action)]))

    def run(self, until_us: int) -> Internet:
        self.network.run(until_us)
        return self

    def inbox(self, user: str) -> list[bytes]:
        store = self.hosts[SKOLA if user.endswith("skola.example") else MX1].store
        account = store.account(user) if store else None
        assert account is not None
        return [message.content for message in account.inbox]

    def facts(self, kind: type[Any]) -> list[tuple[int, str, Any]]:
        """Time, node and fact of all facts of a kind."""
        events = self.network.recorder.events
        return [(e.at, e.node, e.fact) for e in events if isinstance(e, Noted) and isinstance(e.fact, kind)]

    def said(self, kind: str) -> list[Said]:
        return [e for e in self.network.recorder.events if isinstance(e, Said) and e.kind == kind]

    def still_queued(self) -> list[tuple[str, str]]:
        queues = [host.queue for host in self.hosts.values() if host.queue]
        return [(mail.id, rcpt) for queue in queues for mail in queue.mails.values() for rcpt in mail.waiting]
