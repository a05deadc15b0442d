"""Hosts for tests of the mail agents: a DNS that is a dict, users, and servers on a `Stage`."""

from __future__ import annotations

from mailsim.agents import servers
from mailsim.agents.calendar import Calendar
from mailsim.agents.directory import Directory, User
from mailsim.agents.host import Host
from mailsim.agents.policy import MdaPolicy, MsaPolicy, MtaPolicy
from mailsim.agents.queue import Queue
from mailsim.agents.stub import Found, MailExchanger, NoData, Nothing, NxDomain, StubResolver, TryAgain
from mailsim.mail.store import Store
from tests.agents.stage import Stage

START_US = 1_756_720_800_000_000  # 2025-09-01 12:00 in Prague
SKOLA, FIRMA, MX1, MX2 = "192.0.2.25", "198.51.100.25", "198.51.100.1", "203.0.113.2"
PC = "192.0.2.10"
MAIL = (
    b"From: Alena <alena@skola.example>\r\nTo: borek@firma.example\r\nSubject: Ahoj\r\n"
    b"Date: Mon, 01 Sep 2025 12:00:00 +0200\r\nMessage-ID: <1@skola.example>\r\n\r\nText\r\n.dot\r\n"
)


class DictDns(StubResolver):
    """The stub resolver, with a dict behind it: name -> MX list, addresses, or an outcome."""

    def __init__(self, **records: object) -> None:
        self.records: dict[str, object] = dict(records)
        self.asked: list[str] = []

    def mx(self, domain: str, *hosts: tuple[int, str]) -> None:
        self.records[f"{domain} MX"] = Found(tuple(MailExchanger(*host) for host in hosts), domain)

    def host(self, name: str, *addresses: str) -> None:
        self.records[f"{name} A"] = Found(addresses, name)

    def outcome(self, key: str, outcome: Nothing) -> None:
        self.records[key] = outcome

    async def lookup_mx(self, domain: str):  # type: ignore[no-untyped-def]
        return self._find(domain, "MX")

    async def lookup_addresses(self, host: str, families=()):  # type: ignore[no-untyped-def]
        found = self._find(host, "A")
        if not isinstance(found, Found):
            return found
        mine = [a for family in families for a in found.records if (":" in a) == (family == "ipv6")]
        return Found(tuple(mine), host) if mine else NoData()

    def _find(self, name: str, kind: str) -> object:
        self.asked.append(f"{kind} {name}")
        known = self.records.get(f"{name} {kind}")
        if known:
            return known
        exists = any(key.split(" ")[0] == name for key in self.records)
        return NoData() if exists else NxDomain()


NO_ANSWER = TryAgain("SERVFAIL")


class Site:
    """A mail server of one domain, all roles on one address."""

    def __init__(
        self,
        stage: Stage,
        name: str = "mail.skola.example",
        address: str = SKOLA,
        users: tuple[str, ...] = ("alena@skola.example", "dan@skola.example"),
        aliases: dict[str, tuple[str, ...]] | None = None,
        msa_policy: MsaPolicy | None = None,
        mda_policy: MdaPolicy | None = None,
        quota: int | None = None,
        **mta_policy: object,
    ) -> None:
        self.stage, self.address = stage, address
        self.policy = MtaPolicy(**{"local_domains": ("skola.example",), **mta_policy})  # type: ignore[arg-type]
        self.store = Store()
        for user in users:
            self.store.create_account(user, quota)
        directory = Directory([User(user, "heslo") for user in users], aliases)
        self.host = Host(name, (address,), Calendar(START_US, 120), directory=directory, store=self.store)
        self.dns = DictDns()
        self.host.stub = self.dns
        self.queue = self.host.queue = Queue(self.host, self.policy)
        stage.start(address, servers.mda(self.host, mda_policy or MdaPolicy()))
        stage.start(address, servers.mta(self.host, self.policy, self.queue))
        stage.start(address, servers.msa(self.host, msa_policy or MsaPolicy(), self.queue))
        stage.run(0)

    def inbox(self, user: str) -> list[bytes]:
        account = self.store.account(user)
        assert account is not None
        return [message.content for message in account.inbox]
