"""What can be wrong with a world although every key and value of its file is right.

Each check looks at the expanded scenario and gives the problems that it finds, with the path of the key to blame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from dns.rdatatype import RdataType

from mailsim.protocols.dns.zone import Zone, ZoneSyntaxError, syntax_errors
from mailsim.scenario.addresses import is_documentation
from mailsim.scenario.domains import nearest
from mailsim.scenario.expand import Problem
from mailsim.scenario.mistakes import closest
from mailsim.scenario.people import ACTIONS, Client, Step
from mailsim.scenario.schema import Host, Scenario, User
from mailsim.scenario.tree import Path
from mailsim.scenario.units import format_duration

RESERVED_TOPS = ("example", "test", "invalid", "localhost", "local")
RESERVED_DOMAINS = ("example.com", "example.net", "example.org")
PORTS = ("msa", "mta", "mda", "imap", "pop3")


def check(scenario: Scenario) -> list[Problem]:
    """Every problem of an expanded scenario, except those that it allows itself."""
    found = [problem for rule in RULES for problem in rule(scenario)]
    return [problem for problem in found if problem.code not in scenario.allow]


# --- names and addresses ------------------------------------------------------------------------


def duplicate_names(scenario: Scenario) -> Iterator[Problem]:
    for name in scenario.routers:
        if name in scenario.hosts:
            yield Problem("duplicate-name", ("routers", name), {"name": name, "first": "host", "second": "router"})
    seen: set[str] = set()
    for address in scenario.users:
        if address.lower() in seen:
            yield Problem("duplicate-user", _user_path(address), {"name": address})
        seen.add(address.lower())


def duplicate_addresses(scenario: Scenario) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for name, host in scenario.hosts.items():
        for number, address in enumerate(host.addresses):
            if address in owners:
                details = {"address": address, "owner": owners[address]}
                yield Problem("duplicate-address", ("hosts", name, "addresses", number), details)
            owners.setdefault(address, name)


def real_world(scenario: Scenario) -> Iterator[Problem]:
    if scenario.allow_real_names:
        return
    names: list[tuple[str, Path]] = [(zone, ("zones", zone)) for zone in scenario.zones if "." in zone.strip(".")]
    names += [(name, ("hosts", name)) for name in scenario.hosts]
    names += [(address.rpartition("@")[2], _user_path(address)) for address in scenario.users]
    for address, user in scenario.users.items():
        letters = enumerate(user.mailbox)
        names += [(m.sender.rpartition("@")[2], (*_user_path(address), "mailbox", n, "sender")) for n, m in letters]
    for number, step in enumerate(scenario.steps):
        if step.send:
            names += [
                (recipient.rpartition("@")[2], ("steps", number, "send", field, place))
                for field in ("to", "cc", "bcc")
                for place, recipient in enumerate(getattr(step.send, field))
            ]
    told: set[str] = set()
    for name, path in names:
        if not is_reserved(name) and not nearest(name, told):
            told.add(name)
            yield Problem("real-name", path, {"name": name})
    for name, host in scenario.hosts.items():
        for number, address in enumerate(host.addresses):
            if not is_documentation(address):
                yield Problem("real-address", ("hosts", name, "addresses", number), {"address": address})


def is_reserved(name: str) -> bool:
    """Is the name kept free for examples and tests (RFC 2606, RFC 6761), or a number in brackets?"""
    if name.startswith("[") or name.rpartition(".")[2] in (*RESERVED_TOPS, "arpa"):
        return True
    return any(name == domain or name.endswith(f".{domain}") for domain in RESERVED_DOMAINS)


# --- who refers to whom -------------------------------------------------------------------------


def references(scenario: Scenario) -> Iterator[Problem]:
    nodes = [*scenario.hosts, *scenario.routers]

    def host(name: str | None, *path: str | int, among: Iterable[str] = scenario.hosts) -> Iterator[Problem]:
        if name is not None and name not in among:
            yield Problem("unknown-host", path, {"name": name}, closest(name, among))

    def site(name: str | None, *path: str | int) -> Iterator[Problem]:
        if name is not None and name not in scenario.sites:
            yield Problem("unknown-site", path, {"name": name}, closest(name, scenario.sites))

    for name, place in scenario.sites.items():
        yield from host(place.router, "sites", name, "router", among=scenario.routers)
        for number, resolver in enumerate(place.resolvers):
            yield from host(resolver, "sites", name, "resolvers", number)
    for name, router in scenario.routers.items():
        yield from site(router.site, "routers", name, "site")
    for name, computer in scenario.hosts.items():
        yield from site(computer.site, "hosts", name, "site")
        for number, resolver in enumerate(computer.resolvers):
            yield from host(resolver, "hosts", name, "resolvers", number)
        mta = computer.roles.mta
        if mta is not None:
            yield from host(mta.smarthost or None, "hosts", name, "roles", "mta", "smarthost")
            for domain, hop in mta.routes.items():
                yield from host(hop, "hosts", name, "roles", "mta", "routes", domain)
        for number, root in enumerate(computer.roles.resolver.root if computer.roles.resolver else ()):
            yield from host(root, "hosts", name, "roles", "resolver", "root", number)
    for number, link in enumerate(scenario.links):
        for end, name in enumerate(link.between):
            yield from host(name, "links", number, "between", end, among=nodes)
    for number, fault in enumerate(scenario.faults):
        yield from host(fault.host, "faults", number, "host")
        for end, name in enumerate(fault.link or ()):
            yield from host(name, "faults", number, "link", end, among=nodes)
    for number, step in enumerate(scenario.steps):
        if step.user not in scenario.users:
            suggestion = closest(step.user, scenario.users)
            yield Problem("unknown-user", ("steps", number, "user"), {"name": step.user}, suggestion)
        else:
            yield from _step(scenario.users[step.user], step, ("steps", number))

    for number, rebuild in enumerate(scenario.rebuilds):
        if rebuild.mailbox not in scenario.users:
            suggestion = closest(rebuild.mailbox, scenario.users)
            yield Problem("unknown-user", ("rebuilds", number, "mailbox"), {"name": rebuild.mailbox}, suggestion)


def _step(user: User, step: Step, path: Path) -> Iterator[Problem]:
    """The device must be one of the user's, and its client must know how to do it."""
    if step.device is not None and step.device not in user.devices:
        yield Problem("unknown-device", (*path, "device"), {"name": step.device}, closest(step.device, user.devices))
        return
    client = user.client if step.device is None else user.devices[step.device].client
    action = next(name for name in ACTIONS if getattr(step, name) is not None)
    needs_imap = action in ("flag", "move", "delete", "expunge") or (step.open is not None and step.open.part)
    if needs_imap and client.access != "imap":
        yield Problem("needs-imap", (*path, action), {"name": action})


def faults(scenario: Scenario) -> Iterator[Problem]:
    """A fault must find what it is to break."""
    joined = {frozenset(link.between) for link in scenario.links}
    for number, fault in enumerate(scenario.faults):
        path: Path = ("faults", number)
        if fault.link and set(fault.link) <= {*scenario.hosts, *scenario.routers} and set(fault.link) not in joined:
            yield Problem("fault-link", (*path, "link"), {"first": fault.link[0], "second": fault.link[1]})
        if fault.mailbox and fault.mailbox not in scenario.users:
            suggestion = closest(fault.mailbox, scenario.users)
            yield Problem("unknown-user", (*path, "mailbox"), {"name": fault.mailbox}, suggestion)
        roles = scenario.hosts[fault.host].roles.names if fault.host in scenario.hosts else None
        if roles is None:
            continue
        certificate = scenario.hosts[fault.host or ""].certificate
        if fault.kind == "certificate_expired" and (certificate is None or certificate.kind in ("none", "expired")):
            yield Problem("fault-certificate", (*path, "host"), {"name": str(fault.host)})
        wanted = fault.services
        if wanted and not set(wanted) & set(roles):
            details = {"name": str(fault.host), "role": fault.service or " / ".join(wanted)}
            yield Problem("missing-role", (*path, "service" if fault.service else "host"), details)


def zone_changes(scenario: Scenario) -> Iterator[Problem]:
    for number, change in enumerate(scenario.changes):
        if change.zone not in scenario.zones:
            suggestion = closest(change.zone, scenario.zones)
            yield Problem("unknown-zone", ("changes", number, "zone"), {"name": change.zone}, suggestion)
            continue
        for problem in syntax_errors(change.records, change.zone):
            details = {"zone": change.zone, "problem": problem.message}
            yield Problem("zone-syntax", ("changes", number, "records"), details, line=problem.line)


def users(scenario: Scenario) -> Iterator[Problem]:
    own = {domain for host in scenario.hosts.values() if host.roles.mta for domain in host.roles.mta.local_domains}
    for address, user in scenario.users.items():
        domain = address.rpartition("@")[2]
        if domain not in own:
            yield Problem("user-in-no-domain", _user_path(address), {"name": address}, closest(domain, own))
            continue
        yield from _user_hosts(scenario, address, user)


def _user_hosts(scenario: Scenario, address: str, user: User) -> Iterator[Problem]:
    wanted: list[tuple[str | None, str, tuple[str, ...]]] = [
        (user.store, "store", ("store",)),
        *_client_hosts(user.pc, user.client),
    ]
    for device, settings in user.devices.items():
        found = _client_hosts(settings.pc, settings.client)
        wanted += [(name, role, ("devices", device, *keys)) for name, role, keys in found]
    for name, role, keys in wanted:
        path = (*_user_path(address), *keys)
        if name is None:
            yield Problem("missing-key", path[: -len(keys)], {"name": keys[-1]})
        elif name not in scenario.hosts:
            yield Problem("unknown-host", path, {"name": name}, closest(name, scenario.hosts))
        elif role not in scenario.hosts[name].roles.names:
            yield Problem("missing-role", path, {"name": name, "role": role})


def _client_hosts(pc: str | None, client: Client) -> list[tuple[str | None, str, tuple[str, ...]]]:
    """The hosts that a mail client names, the role that each must have, and the keys that name them."""
    return [
        (pc, "mua", ("pc",)),
        (client.submission_host, "msa", ("client", "submission_host")),
        (client.access_host, client.access, ("client", "access_host")),
    ]


def roles(scenario: Scenario) -> Iterator[Problem]:
    for name, host in scenario.hosts.items():
        yield from _ports(name, host)
        if host.roles.nameserver is not None and host.roles.resolver is not None:
            details = {"port": "53", "name": name, "first": "nameserver", "second": "resolver"}
            yield Problem("two-dns-servers", ("hosts", name, "roles", "resolver"), details)
        mta = host.roles.mta
        if mta is not None and mta.local_domains and mta.lmtp_address in ("127.0.0.1", "::1"):
            for role in ("mda", "store"):
                if role not in host.roles.names:
                    yield Problem("missing-role", ("hosts", name, "roles"), {"name": name, "role": role})


def _ports(name: str, host: Host) -> Iterator[Problem]:
    taken: dict[int, str] = {}
    for role in PORTS:
        settings = getattr(host.roles, role)
        if settings is None:
            continue
        for key in ("port", "implicit_port"):
            port = getattr(settings, key, 0)
            if port in taken:
                details = {"port": str(port), "name": name, "first": taken[port], "second": role}
                yield Problem("port-taken", ("hosts", name, "roles", role, key), details)
            if port:
                taken.setdefault(port, role)


# --- zones --------------------------------------------------------------------------------------


def zones(scenario: Scenario) -> Iterator[Problem]:
    served: set[str] = set()
    for name, host in scenario.hosts.items():
        for number, zone in enumerate(host.roles.nameserver.zones if host.roles.nameserver else ()):
            served.add(zone)
            if zone not in scenario.zones:
                suggestion = closest(zone, scenario.zones)
                path = ("hosts", name, "roles", "nameserver", "zones", number)
                yield Problem("unknown-zone", path, {"name": zone}, suggestion)
    for zone, text in scenario.zones.items():
        if zone not in served:
            yield Problem("zone-unserved", ("zones", zone), {"name": zone})
        wrong = list(syntax_errors(text, zone))
        for problem in wrong:
            details = {"zone": zone, "problem": problem.message}
            yield Problem("zone-syntax", ("zones", zone), details, line=problem.line)
        if wrong:
            continue
        parsed = Zone.parse(text, zone)
        for owner, line in parsed.outside:
            details = {"zone": zone, "name": owner.to_text(omit_final_dot=True)}
            yield Problem("outside-zone", ("zones", zone), details, line=line)
        yield from _mail_exchangers(scenario, zone, parsed)


def _mail_exchangers(scenario: Scenario, zone: str, parsed: Zone) -> Iterator[Problem]:
    """An MX record must name a host that exists; `.` says that there is none (RFC 7505)."""
    for records in parsed:
        if records.type != RdataType.MX:
            continue
        for rdata in records.data:
            target = rdata.exchange.to_text(omit_final_dot=True).lower()  # type: ignore[attr-defined]
            if target in (".", "") or target in scenario.hosts:
                continue
            details = {"domain": records.name.to_text(omit_final_dot=True), "name": target}
            line = parsed.lines.get((records.name, rdata), 0)
            if target in _aliases(scenario):
                yield Problem("mx-is-alias", ("zones", zone), details, line=line)
                continue
            suggestion = closest(target, scenario.hosts)
            yield Problem("mx-without-host", ("zones", zone), details, suggestion, line)


def _aliases(scenario: Scenario) -> set[str]:
    """Every name that a zone makes an alias; zones that cannot be read are told of elsewhere."""
    found: set[str] = set()
    for zone, text in scenario.zones.items():
        with suppress(ZoneSyntaxError):
            parsed = Zone.parse(text, zone if zone.endswith(".") else f"{zone}.")
            found |= {
                records.name.to_text(omit_final_dot=True).lower()
                for records in parsed
                if records.type == RdataType.CNAME
            }
    return found


# --- time ---------------------------------------------------------------------------------------


def times(scenario: Scenario) -> Iterator[Problem]:
    if scenario.until is None:
        return
    end = scenario.until.us
    for key, items in (("steps", scenario.steps), ("faults", scenario.faults), ("changes", scenario.changes)):
        for number, item in enumerate(items):
            if item.at.us > end:  # type: ignore[attr-defined]
                yield Problem("after-until", (key, number, "at"), {"until": format_duration(end)})


def _user_path(address: str) -> Path:
    """Users of a domain are written below it in the short form; the loader finds the one that is there."""
    return ("users", address)


RULES: tuple[Callable[[Scenario], Iterator[Problem]], ...] = (
    duplicate_names,
    duplicate_addresses,
    real_world,
    references,
    faults,
    zone_changes,
    users,
    roles,
    zones,
    times,
)
