"""The world that is measured: two sites of several users each, and the DNS from the root, on routes of four links.

Every mail goes the whole way: composed, submitted with AUTH, MX and addresses asked for, relayed, handed over by
LMTP, stored, and read with a session of its own. The MTA asks its resolver for every mail; only the resolver has
a cache, so authoritative servers are asked as often as TTLs run out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mailsim.agents import servers
from mailsim.agents.calendar import Calendar
from mailsim.agents.directory import Directory, User
from mailsim.agents.host import Host
from mailsim.agents.local_folder import LocalFolder
from mailsim.agents.mua import Account, Action, Mua, ReadMail, SendMail
from mailsim.agents.nameserver import NameServer
from mailsim.agents.policy import AccessPolicy, MdaPolicy, MsaPolicy, MtaPolicy, MuaPolicy
from mailsim.agents.queue import Queue
from mailsim.agents.resolver import Resolver
from mailsim.mail.store import DELETED, INBOX, Store
from mailsim.net.network import Network
from mailsim.protocols.dns import Delegation, Zone, ZoneSet
from mailsim.trace.recorder import Recorder

SECOND_US = 1_000_000
START_US = 1_756_720_800_000_000  # 2025-09-01 12:00 in Prague
USERS = 8
LATENCY_US, BANDWIDTH_BPS = 5_000, 100_000_000
READ_AFTER_US = 5 * SECOND_US
TEXT = "Ahoj,\n\n" + "text of a letter that is neither short nor long, with a full stop at its end.\n" * 12
Reading = Literal["pop3", "imap", "never"]

HOSTS = {
    "root.example": ("192.0.2.53", "2001:db8:0::53"),
    "pc.skola.example": ("192.0.2.10", "2001:db8:1::10"),
    "mail.skola.example": ("192.0.2.25", "2001:db8:1::25"),
    "ns.skola.example": ("192.0.2.54", "2001:db8:1::53"),
    "pc.firma.example": ("198.51.100.10", "2001:db8:2::10"),
    "mail.firma.example": ("198.51.100.25", "2001:db8:2::25"),
    "ns.firma.example": ("198.51.100.53", "2001:db8:2::53"),
}
GATEWAYS = {"skola.example": "gw.skola.example", "firma.example": "gw.firma.example"}

ROOT_ZONE = """\
$ORIGIN .
$TTL 86400
@ SOA root.example. postmaster.root.example. 1 7200 3600 1209600 3600
@ NS root.example.
root.example. A 192.0.2.53
skola.example. NS ns.skola.example.
firma.example. NS ns.firma.example.
ns.skola.example. A 192.0.2.54
ns.firma.example. A 198.51.100.53
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What the users do: `mails` mails, one a second, from `USERS` people to `USERS` others.

    Each is read `read_after_us` after it was sent: by then it has to be there.
    """

    mails: int
    reading: Reading = "pop3"
    keep_trace: bool = False
    text: str = TEXT
    read_after_us: int = READ_AFTER_US


class World:
    """A world that is ready to run."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.recorder = Recorder(load.keep_trace)
        self.readers: list[Mua] = []
        self.network = Network(self.recorder, seed=7)
        self.calendar = Calendar(START_US, 120)
        self._lay_cables()
        self._start_dns()
        self.stores = {domain: self._start_mail(domain) for domain in GATEWAYS}
        self._seat_users()

    def run(self) -> int:
        """Run to the end; gives how many events went through SimPy's queue."""
        self.network.run()
        return next(self.network.clock.environment._eid)

    @property
    def stored(self) -> int:
        """How many mails lie in mailboxes."""
        return sum(len(account.inbox) for account in self.stores["firma.example"])

    @property
    def taken(self) -> int:
        """How many octets users took from their mailboxes by POP3, and still have."""
        return sum(mail.octets for mua in self.readers for mail in mua.inbox.by_pop3.folder.mails)

    def throw_away(self) -> None:
        """The users keep no mail: not in their mailboxes, and not what they took from there by POP3."""
        for mua in self.readers:
            mua.inbox.by_pop3.folder = LocalFolder(INBOX)
        for account in self.stores["firma.example"]:
            account.store_flags(INBOX, account.inbox.uids(), (DELETED,))
            account.expunge(INBOX)

    # --- building -------------------------------------------------------------------------------

    def _lay_cables(self) -> None:
        network = self.network
        network.add_router("internet.example")
        for gateway in GATEWAYS.values():
            network.add_router(gateway)
            network.add_link(gateway, "internet.example", LATENCY_US, BANDWIDTH_BPS)
        for name, addresses in HOSTS.items():
            network.add_host(name, addresses)
            near = GATEWAYS.get(name.partition(".")[2], "internet.example")
            network.add_link(name, near, LATENCY_US // 10, BANDWIDTH_BPS)

    def _start_dns(self) -> None:
        self._serve_zone("root.example", ROOT_ZONE)
        for domain in GATEWAYS:
            self._serve_zone(f"ns.{domain}", _zone_file(domain))
            resolver = f"mail.{domain}"
            roots = Delegation.root({"root.example": HOSTS["root.example"]})
            chance = self.network.random(f"resolver {domain}")
            self.network.start(resolver, "resolver", Resolver(resolver, roots, chance).serve())

    def _serve_zone(self, host: str, text: str) -> None:
        self.network.start(host, "name server", NameServer(host, ZoneSet([Zone.parse(text)])).serve())

    def _start_mail(self, domain: str) -> Store:
        store, name = Store(), f"mail.{domain}"
        users = [User(f"{side}{n}@{domain}", "heslo") for side in "ab" for n in range(USERS)]
        for user in users:
            store.create_account(user.address)
        host = self._host(name, domain, Directory(users), store)
        policy = MtaPolicy(local_domains=(domain,))
        host.queue = queue = Queue(host, policy)
        start = self.network.start
        start(name, "mda", servers.mda(host, MdaPolicy()))
        start(name, "mta", servers.mta(host, policy, queue))
        start(name, "msa", servers.msa(host, MsaPolicy(), queue))
        start(name, "pop3", servers.pop3(host, AccessPolicy()))
        start(name, "imap", servers.imap(host, AccessPolicy()))
        return store

    def _host(self, name: str, domain: str, directory: Directory | None = None, store: Store | None = None) -> Host:
        resolvers = HOSTS[f"mail.{domain}"][:1]
        return Host(name, HOSTS[name], self.calendar, 7, resolvers, directory, store)

    def _seat_users(self) -> None:
        """Sender n writes to receiver n, who reads each mail some seconds later and deletes it."""
        sender_pc = self._host("pc.skola.example", "skola.example")
        receiver_pc = self._host("pc.firma.example", "firma.example")
        for n in range(USERS):
            sent_at = [(1 + number) * SECOND_US for number in range(n, self.load.mails, USERS)]
            letter = SendMail((f"b{n}@firma.example",), subject="Pozdrav", text=self.load.text)
            self._seat(sender_pc, f"a{n}@skola.example", [(at_us, letter) for at_us in sent_at])
            if self.load.reading != "never":
                look = ReadMail(self.load.reading)
                reads = [(at_us + self.load.read_after_us, look) for at_us in sent_at]
                self.readers.append(self._seat(receiver_pc, f"b{n}@firma.example", reads))

    def _seat(self, host: Host, address: str, actions: Sequence[tuple[int, Action]]) -> Mua:
        server = f"mail.{address.partition('@')[2]}"
        policy = MuaPolicy(submission_tls="none", access_tls="none", access="pop3", pop3_delete=True)
        mua = Mua(host, Account(address, "heslo", server, server), policy)
        self.network.start(host.name, f"user {address}", mua.run(actions))
        return mua


def _zone_file(domain: str) -> str:
    site = [(name.partition(".")[0], addresses) for name, addresses in HOSTS.items() if name.endswith(f".{domain}")]
    hosts = "".join(f"{label} A {ipv4}\n{label} AAAA {ipv6}\n" for label, (ipv4, ipv6) in site)
    return f"$ORIGIN {domain}.\n$TTL 3600\n@ SOA ns postmaster 1 7200 3600 1209600 3600\n@ NS ns\n@ MX 10 mail\n{hosts}"
