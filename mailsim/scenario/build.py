"""Builds the world of a scenario: the network, and on every host the programs that it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from mailsim.agents import servers
from mailsim.agents.calendar import Calendar
from mailsim.agents.directory import Directory, User
from mailsim.agents.host import Host
from mailsim.agents.mua import Account, Mua
from mailsim.agents.nameserver import NameServer
from mailsim.agents.operations import Script
from mailsim.agents.policy import AccessPolicy, MdaPolicy, MsaPolicy, MtaPolicy, MuaPolicy
from mailsim.agents.queue import Queue
from mailsim.agents.resolver import Resolver, ResolverPolicy
from mailsim.mail.store import Store
from mailsim.net.network import SIMPLIFICATIONS, Network
from mailsim.protocols.dns import Delegation, Zone, ZoneSet
from mailsim.scenario import inhabitants as people
from mailsim.scenario import schema
from mailsim.scenario.certify import certify
from mailsim.scenario.roles import IMAP_FIELDS, POP3_FIELDS, to_policy
from mailsim.trace.code import Code
from mailsim.trace.facts import ZoneChanged
from mailsim.trace.recorder import Recorder
from mailsim.trace.trace import Link, Node, Trace, World


@dataclass(frozen=True, slots=True)
class Simulation:
    """A world that is ready to run."""

    world: World
    network: Network
    hosts: dict[str, Host]
    until_us: int

    def run(self) -> Trace:
        """Let everything happen. Deterministic: the same scenario and seed give the same trace."""
        self.network.run(self.until_us)
        return self._trace(self.until_us)

    def so_far(self) -> Trace:
        """What has happened by now, when somebody else lets the world run (the gateway, `talk`)."""
        return self._trace(self.network.clock.now_us)

    def _trace(self, end_us: int) -> Trace:
        recorder = self.network.recorder
        return Trace(self.world, recorder.events, end_us, self.network.secrets, Code(recorder.marks or ()))


def build(
    scenario: schema.Scenario,
    seed: int | None = None,
    recorder: Recorder | None = None,
    *,
    for_real_clients: bool = False,
) -> Simulation:
    """Build the world of an expanded scenario.

    Args:
        seed: instead of the scenario's own. recorder: where events go; by default they are all kept.
        for_real_clients: whether servers have certificates that every real client understands.
    """
    builder = _Builder(scenario, scenario.seed if seed is None else seed, recorder or Recorder(), for_real_clients)
    return builder.build()


class _Builder:
    def __init__(self, scenario: schema.Scenario, seed: int, recorder: Recorder, for_real_clients: bool) -> None:
        assert scenario.start is not None, "only an expanded scenario can be built"
        assert scenario.until is not None
        self.scenario, self.seed, self.for_real_clients = scenario, seed, for_real_clients
        self.until_us = scenario.until.since(0)
        offset = scenario.start.utcoffset()
        assert offset is not None
        self.calendar = Calendar(round(scenario.start.timestamp()) * 1_000_000, round(offset.total_seconds() / 60))
        self.network = Network(recorder, seed)
        self.hosts: dict[str, Host] = {}
        self.nameservers: dict[str, NameServer] = {}

    def build(self) -> Simulation:
        for name, host in self.scenario.hosts.items():
            self.network.add_host(name, host.addresses)
        for name in self.scenario.routers:
            self.network.add_router(name)
        for link in self.scenario.links:
            self.network.add_link(*link.between, link.latency, link.bandwidth, link.loss)
        certificates = {name: host.certificate for name, host in self.scenario.hosts.items() if host.certificate}
        self.network.certify = partial(certify, certificates, self.calendar, with_rsa=self.for_real_clients)
        for name, host in self.scenario.hosts.items():
            self.hosts[name] = self._host(name, host)
        self._fill_mailboxes()
        for name, host in self.scenario.hosts.items():
            self._start_roles(self.hosts[name], host.roles)
        for address, user in self.scenario.users.items():
            self._start_user(address, user)
        stores = {address: user.store or "" for address, user in self.scenario.users.items()}
        if self.scenario.faults:
            from mailsim.scenario.breakages import Breaker

            breaker = Breaker(self.network, self.hosts, stores)
            for fault in self.scenario.faults:
                breaker.plan(fault)
        for change in self.scenario.changes:
            self._plan_change(change)
        for rebuild in self.scenario.rebuilds:
            self._plan_rebuild(rebuild)
        return Simulation(self._world(), self.network, self.hosts, self.until_us)

    def _fill_mailboxes(self) -> None:
        """What lies in the mailboxes before anything happens."""
        names = {address: user.name or "" for address, user in self.scenario.users.items()}
        for address, user in self.scenario.users.items():
            store = self.hosts[user.store].store if user.store else None
            account = store.account(address) if store else None
            if account is None or user.store is None:
                continue
            for fact in people.fill(account, user.mailbox, names, self.calendar, self.seed):
                self.network.note(user.store, fact, ())

    # --- hosts and their programs ---------------------------------------------------------------

    def _host(self, name: str, host: schema.Host) -> Host:
        here = {address: user for address, user in self.scenario.users.items() if user.store == name}
        store = None
        if host.roles.store is not None:
            store = Store(host.roles.store.separator)
            for address, user in here.items():
                store.create_account(address, user.quota if user.quota is not None else host.roles.store.quota)
        users = [User(address, user.password or "") for address, user in here.items()]
        resolvers = tuple(address for other in self._resolvers(host) for address in self._addresses(other))
        return Host(
            name,
            tuple(host.addresses),
            self.calendar,
            self.seed,
            _reachable(resolvers, host.addresses),
            Directory(users, host.aliases),
            store,
            has_certificate=host.certificate is not None and host.certificate.kind != "none",
        )

    def _resolvers(self, host: schema.Host) -> Iterable[str]:
        if host.resolvers or host.site is None or host.site not in self.scenario.sites:
            return host.resolvers
        return self.scenario.sites[host.site].resolvers

    def _addresses(self, name: str) -> tuple[str, ...]:
        return tuple(self.scenario.hosts[name].addresses)

    def _start_roles(self, host: Host, roles: schema.Roles) -> None:
        """The programs of a host; what is made outside of a `lambda` survives the host's breakdown, as if on disk."""

        def install(service: str, program: Callable[[], Script]) -> None:
            self.network.install(host.name, service, service, program)

        mta_policy = to_policy(roles.mta, MtaPolicy) if roles.mta else MtaPolicy()
        if host.store is not None or roles.mta is not None or roles.msa is not None:
            install("disk", host.catch_up)
        if roles.nameserver is not None:
            zones = ZoneSet([Zone.parse(self.scenario.zones[name], name) for name in roles.nameserver.zones])
            server = self.nameservers[host.name] = NameServer(host.name, zones, host.troubles)
            install("nameserver", server.serve)
        if roles.resolver is not None:
            install("resolver", lambda: self._resolver(host, roles.resolver).serve())
        if roles.mda is not None:
            mda_policy = to_policy(roles.mda, MdaPolicy)
            install("mda", lambda: servers.mda(host, mda_policy))
        if roles.mta is not None or roles.msa is not None:
            queue = host.queue = Queue(host, mta_policy)
            install("mta", queue.run)
        if roles.mta is not None and host.queue:
            install("mta", lambda: servers.mta(host, mta_policy, queue))
        if roles.msa is not None and host.queue:
            msa_policy = to_policy(roles.msa, MsaPolicy)
            install("msa", lambda: servers.msa(host, msa_policy, queue))
        if roles.imap is not None:
            imap_policy = to_policy(roles.imap, AccessPolicy, IMAP_FIELDS)
            install("imap", lambda: servers.imap(host, imap_policy))
        if roles.pop3 is not None:
            pop3_policy = to_policy(roles.pop3, AccessPolicy, POP3_FIELDS)
            install("pop3", lambda: servers.pop3(host, pop3_policy))

    def _resolver(self, host: Host, settings: schema.Resolver | None) -> Resolver:
        """A resolver with an empty cache."""
        assert settings is not None
        hints = Delegation.root({name: self._addresses(name) for name in settings.root})
        policy = to_policy(settings, ResolverPolicy)
        chance, spread = host.random("resolver"), host.random("resolver, spread")
        return Resolver(host.name, hints, chance, policy, spread, host.troubles)

    def _plan_change(self, change: schema.ZoneChange) -> None:
        """The operator puts another version of a zone into every server that has it."""
        zone = Zone.parse(change.records, change.zone)
        serial: int = zone.soa.data[0].serial  # type: ignore[attr-defined]

        def act() -> None:
            for name, server in self.nameservers.items():
                if server.replace_zone(zone):
                    self.network.note(name, ZoneChanged(change.zone, serial), ())

        self.network.clock.call(change.at.since(0), act)

    def _plan_rebuild(self, rebuild: schema.Rebuild) -> None:
        """The operator has the index of a folder made anew."""
        name = self.scenario.users[rebuild.mailbox].store or ""
        host = self.hosts[name]
        account = host.store.account(rebuild.mailbox) if host.store else None

        def act() -> None:
            for fact in people.rebuild(account, rebuild.folder) if account else ():
                self.network.note(name, fact, ())
            self.network.raise_signal(host.mailbox_signal(rebuild.mailbox))

        self.network.clock.call(rebuild.at.since(0), act)

    # --- people ---------------------------------------------------------------------------------

    def _start_user(self, address: str, user: schema.User) -> None:
        """The user's mail clients, and everything that the user will do with them."""
        if user.pc is not None:
            self._start_client(address, user, None, user.pc, user.client)
        for device, settings in user.devices.items():
            if settings.pc is not None:
                self._start_client(address, user, device, settings.pc, settings.client)

    def _start_client(
        self, address: str, user: schema.User, device: str | None, pc: str, client: schema.Client
    ) -> None:
        steps = [
            (step.at.since(0) + (step.every or 0) * number, people.action(step, self.seed))
            for step in self.scenario.steps
            if step.user == address and step.device == device
            for number in range(step.repeat)
        ]
        if not steps:
            return
        account = Account(
            address,
            user.password or "",
            client.submission_host or "",
            client.access_host or "",
            user.name or "",
        )
        book = {other: person.name for other, person in self.scenario.users.items() if person.name}
        mua = Mua(self.hosts[pc], account, to_policy(client, MuaPolicy), book)
        self.network.install(pc, "mua", f"mua of {address}", lambda: mua.run(steps))

    # --- the world as views see it --------------------------------------------------------------

    def _world(self) -> World:
        scenario = self.scenario
        labels = _labels([*scenario.hosts, *scenario.routers])
        hosts = [
            Node(name, labels[name], host.site or "", host.roles.names, tuple(host.addresses))
            for name, host in scenario.hosts.items()
        ]
        routers = [
            Node(name, labels[name], router.site or "", ("router",), ()) for name, router in scenario.routers.items()
        ]
        return World(
            scenario=scenario.id,
            seed=self.seed,
            start_us=self.calendar.start_us,
            utc_offset_minutes=self.calendar.utc_offset_minutes,
            nodes=(*hosts, *routers),
            links=tuple(Link(*link.between, link.latency, link.bandwidth, link.loss) for link in scenario.links),
            level=scenario.level,
            detail=scenario.detail,
            users={address: user.name or address for address, user in scenario.users.items()},
            zones=dict(scenario.zones),
            texts=scenario.texts,
            simplifications=SIMPLIFICATIONS,
        )


def _reachable(addresses: Iterable[str], own: Iterable[str]) -> tuple[str, ...]:
    """Those addresses whose family the host has itself."""
    families = {":" in address for address in own}
    return tuple(address for address in addresses if (":" in address) in families)


def _labels(names: Iterable[str]) -> dict[str, str]:
    """A short name for each node: its first label, with as many more as tell it from all others."""
    names = list(names)
    labels = {name: name.split(".")[0] for name in names}
    length = 1
    while len(set(labels.values())) < len(names) and length < 10:
        length += 1
        taken = list(labels.values())
        labels = {
            name: ".".join(name.split(".")[:length]) if taken.count(label) > 1 else label
            for name, label in labels.items()
        }
    return labels
