"""From the short form to the full form: what the file does not say is written out, what it says stays.

The full form has no `domains` any more: it is hosts with roles, addresses, links, zones and users, exactly
what the engine runs. Expanding it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailsim.scenario import domains as plans_of
from mailsim.scenario.addresses import INFRASTRUCTURE, AddressPlan
from mailsim.scenario.domains import INTERNET, ROOT_SERVER, TLD_SERVER, Data, Plan, nearest
from mailsim.scenario.schema import ROLE_NAMES, WITH_TLS, Scenario
from mailsim.scenario.tree import Path
from mailsim.scenario.units import DURATIONS, Moment, format_duration
from mailsim.scenario.zones import (
    FragmentError,
    ZonePlan,
    completed,
    is_whole,
    parent_of,
    reverse_name,
    zone_text,
)

START = "2026-11-23T10:00:00+01:00"
AFTER_THE_LAST_US = DURATIONS["h"]
LAN = {"latency": "1ms", "bandwidth": "100Mbit/s"}
WAN = {"latency": "10ms", "bandwidth": "100Mbit/s"}
REVERSE_ZONES = ("in-addr.arpa", "ip6.arpa")
SHORT_ONLY = {"domains", "variants", "ipv6"}


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake found while or after expanding; `path` leads to the key in the file, `line` into a zone."""

    code: str
    path: Path
    details: Mapping[str, str] = field(default_factory=dict)
    suggestion: str = ""
    line: int = 0


def expand(scenario: Scenario, problems: list[Problem] | None = None) -> Scenario:
    """The full form of a scenario. Mistakes that come to light are added to `problems`."""
    return _Expansion(scenario, problems if problems is not None else []).result()


def laid_over(made: Any, said: Any) -> Any:
    """Plain data with the author's own laid over it: mappings join key by key, all else is replaced."""
    if isinstance(made, dict) and isinstance(said, dict):
        joined = {key: laid_over(value, said[key]) if key in said else value for key, value in made.items()}
        return {**joined, **{key: value for key, value in said.items() if key not in made}}
    return said


class _Expansion:
    """One scenario on its way to the full form, as plain data."""

    def __init__(self, scenario: Scenario, problems: list[Problem]) -> None:
        self.scenario, self.problems = scenario, problems
        said = scenario.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
        self.data: Data = {key: value for key, value in said.items() if key not in SHORT_ONLY}
        self.start = scenario.start or datetime.fromisoformat(START)
        self.plans = plans_of.settle(scenario.domains, scenario.ipv6 is not False)
        self.addresses = AddressPlan(
            [*self.plans, *scenario.sites], (a for host in scenario.hosts.values() for a in host.addresses)
        )

    def result(self) -> Scenario:
        data = self.data
        data["title"] = data.get("title", self.scenario.id)
        data["start"] = self.start.isoformat()
        self._places()
        self._hosts()
        self._users()
        self._addresses()
        self._links()
        if self.plans:
            self._zones()
        self._times()
        return Scenario.model_validate(data)

    # --- hosts ----------------------------------------------------------------------------------

    def _places(self) -> None:
        sites: Data = {plan.name: {"router": plan.router, "resolvers": [plan.resolver]} for plan in self.plans.values()}
        routers: Data = {plan.router: {"site": plan.name} for plan in self.plans.values()}
        if self.plans:
            sites[INTERNET] = {"router": INTERNET}
            routers[INTERNET] = {"site": INTERNET}
        self.data["sites"] = laid_over(sites, self.data.get("sites", {}))
        self.data["routers"] = laid_over(routers, self.data.get("routers", {}))

    def _hosts(self) -> None:
        made: Data = {}
        relayed = self._relayed_by_host()
        for plan in self.plans.values():
            made |= plans_of.hosts_of(plan, relayed)
        if self.plans:
            made[ROOT_SERVER] = {"site": INTERNET, "roles": {"nameserver": {"zones": ["."]}}}
            made[TLD_SERVER] = {"site": INTERNET, "roles": {"nameserver": {"zones": self._tld_zones()}}}
        for name, host in self.scenario.hosts.items():
            for role in host.roles.without:
                made.get(name, {}).get("roles", {}).pop(role, None)
        hosts: Data = laid_over(made, self.data.get("hosts", {}))
        roots = [name for name, host in hosts.items() if "." in _zones_of(host)]
        for name, host in hosts.items():
            site = nearest(name, self.data["sites"])
            if site:
                host.setdefault("site", site)
            resolvers = self.data["sites"].get(host.get("site"), {}).get("resolvers", [])
            if resolvers:
                host.setdefault("resolvers", resolvers)
            roles = host.setdefault("roles", {})
            roles.pop("without", None)
            if any(role in roles for role in WITH_TLS):
                host.setdefault("certificate", {"kind": "valid"})
            host["roles"] = {role: roles[role] for role in ROLE_NAMES if role in roles}
            if "resolver" in roles:
                roles["resolver"].setdefault("root", roots)
        self.data["hosts"] = hosts

    def _relayed_by_host(self) -> dict[str, list[str]]:
        """Hosts of operators that are not their main server -> the domains whose backup they are."""
        found: dict[str, list[str]] = {}
        for plan in self.plans.values():
            if plan.domain.backup:
                host = plans_of.full_name(plan.domain.backup.host, plan.name)
                if nearest(host, self.plans) != plan.name:
                    found.setdefault(host, []).append(plan.name)
        return found

    def _tld_zones(self) -> list[str]:
        """The top level domains, the reverse zones, and zones of the file that no other server has."""
        served = {zone for host in self.scenario.hosts.values() for zone in _zones_of(host.model_dump())}
        served |= {".", *self.plans}
        names = [*self.plans, *self.scenario.zones, TLD_SERVER]
        tops = dict.fromkeys(name.rpartition(".")[2] for name in names if name not in (".", *REVERSE_ZONES))
        zones = [*(top for top in tops if top), *REVERSE_ZONES, *self.scenario.zones]
        return [zone for zone in dict.fromkeys(zones) if zone not in served]

    def _users(self) -> None:
        users: Data = {}
        for plan in self.plans.values():
            pcs, devices = plans_of.computers(plan), plans_of.devices(plan)
            for local_part, user in plan.domain.users.items():
                made = plans_of.user_defaults(local_part, pcs[local_part], plan.mail, self.data["hosts"][plan.mail])
                if user.devices:
                    made["devices"] = {name: {"pc": devices[local_part, name]} for name in user.devices}
                users[f"{local_part}@{plan.name}"] = laid_over(made, plans_of.written(user))
        for address, said in self.data.get("users", {}).items():
            if address in users:
                self.problems.append(Problem("duplicate-user", ("users", address), {"name": address}))
            local_part, _, domain = address.rpartition("@")
            home = self.plans.get(domain)
            mail = home.mail if home else self._mail_host_of(domain)
            pc = said.get("pc") or nearest_pc(domain, self.data["hosts"])
            if mail and pc:
                said = laid_over(plans_of.user_defaults(local_part, pc, mail, self.data["hosts"][mail]), said)
            users[address] = said
        for user in users.values():
            for device in user.get("devices", {}).values():
                device["client"] = laid_over(user.get("client", {}), device.get("client", {}))
        self.data["users"] = users

    def _mail_host_of(self, domain: str) -> str:
        """The host that has the mailboxes of a domain."""
        for name, host in self.data["hosts"].items():
            roles = host["roles"]
            if domain in roles.get("mta", {}).get("local_domains", ()) and "store" in roles:
                return str(name)
        return ""

    # --- the network ----------------------------------------------------------------------------

    def _addresses(self) -> None:
        for name, host in self.data["hosts"].items():
            if host.get("addresses"):
                continue
            if name in (ROOT_SERVER, TLD_SERVER):
                host["addresses"] = list(INFRASTRUCTURE[name.partition(".")[0]])
                continue
            site = host.get("site", INTERNET)
            plan = self.plans.get(site)
            ipv6 = plan.ipv6 if plan else self.scenario.ipv6 is not False
            given = self.addresses.give(site, _kind(name, host["roles"], plan), ipv6)
            if not given:
                path = ("hosts", name) if name in self.scenario.hosts else ("domains", site)
                self.problems.append(Problem("no-address-left", path, {"name": name}))
            host["addresses"] = list(given)

    def _links(self) -> None:
        links: list[Data] = list(self.data.get("links", []))
        joined = {frozenset(link["between"]) for link in links}
        reached = {end for link in links for end in link["between"]}
        routers = self.data["routers"]
        ways_out = {end for link in links if all(end in routers for end in link["between"]) for end in link["between"]}

        def join(end: str, other: str, link: Mapping[str, str]) -> None:
            if frozenset((end, other)) not in joined and end != other:
                joined.add(frozenset((end, other)))
                links.append({"between": [end, other], **link})

        for site in self.data["sites"].values() if self.plans else ():
            router = site.get("router")
            if router and router not in ways_out:
                join(router, INTERNET, WAN)
        for name, host in self.data["hosts"].items():
            router = self.data["sites"].get(host.get("site"), {}).get("router")
            if router and name not in reached:
                join(name, router, LAN)
        self.data["links"] = links

    # --- names ----------------------------------------------------------------------------------

    def _zones(self) -> None:
        said: dict[str, str] = self.data.get("zones", {})
        hosts: dict[str, Data] = self.data["hosts"]
        served = dict.fromkeys(zone for host in hosts.values() for zone in _zones_of(host))
        plans = {zone: self._zone_plan(zone) for zone in dict.fromkeys((".", *served, *said))}
        for name, host in hosts.items():
            zone = parent_of(f"x.{name}", plans)
            plans[zone].hosts[name] = host["addresses"]
            for address in host["addresses"]:
                pointer = reverse_name(address)
                if parent_of(pointer, plans) in REVERSE_ZONES:
                    plans[parent_of(pointer, plans)].pointers[pointer] = name
        for zone, plan in plans.items():
            if zone != "." and plan.servers:
                parent = plans[parent_of(zone, plans)]
                glue = {
                    server: hosts[server]["addresses"]
                    for server in plan.servers
                    if parent.name == "." or server.endswith(f".{parent.name}")
                }
                parent.delegations[zone] = (plan.servers, glue)
        serial = int(self.start.strftime("%Y%m%d")) * 100 + 1
        self.data["zones"] = {zone: self._zone_file(plan, said.get(zone), serial) for zone, plan in plans.items()}
        for number, change in enumerate(self.data.get("changes", ())):
            if change["zone"] in plans:
                path = ("changes", number, "records")
                plan = plans[change["zone"]]
                change["records"] = self._zone_file(plan, change["records"], serial + 1 + number, path)

    def _zone_plan(self, zone: str) -> ZonePlan:
        servers = [name for name, host in self.data["hosts"].items() if zone in _zones_of(host)]
        plan = self.plans.get(zone)
        if plan is None:
            return ZonePlan(zone, servers)
        web = self.data["hosts"][plan.web]["addresses"] if plan.web in self.data["hosts"] else ()
        return ZonePlan(zone, servers, plan.mx, web)

    def _zone_file(self, plan: ZonePlan, said: str | None, serial: int, path: Path = ()) -> str:
        if said is None:
            return zone_text(plan, serial)
        if is_whole(said):
            return said
        try:
            return completed(plan, said, serial)
        except FragmentError as problem:
            for line, message in problem.mistakes:
                details = {"zone": plan.name, "problem": message}
                self.problems.append(Problem("zone-syntax", path or ("zones", plan.name), details, line=line))
            return said

    # --- time -----------------------------------------------------------------------------------

    def _times(self) -> None:
        """Every moment becomes one since the start; the end is an hour after the last of them."""
        last = 0
        for number, step in enumerate(self.scenario.steps):
            at = self._since_start(step.at, ("steps", number, "at"))
            last = max(last, at + (step.every or 0) * (step.repeat - 1))
            self.data["steps"][number]["at"] = format_duration(at)
        for number, fault in enumerate(self.scenario.faults):
            at = self._since_start(fault.at, ("faults", number, "at"))
            last = max(last, at + (fault.for_ or 0))
            self.data["faults"][number]["at"] = format_duration(at)
        for number, change in enumerate(self.scenario.changes):
            at = self._since_start(change.at, ("changes", number, "at"))
            last = max(last, at)
            self.data["changes"][number]["at"] = format_duration(at)
        for number, rebuild in enumerate(self.scenario.rebuilds):
            at = self._since_start(rebuild.at, ("rebuilds", number, "at"))
            last = max(last, at)
            self.data["rebuilds"][number]["at"] = format_duration(at)
        until = self.scenario.until
        end = last + AFTER_THE_LAST_US if until is None else self._since_start(until, ("until",))
        self.data["until"] = format_duration(end)

    def _since_start(self, moment: Moment, path: Path) -> int:
        clock = self.start
        day_us = ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1_000_000 + clock.microsecond
        at = moment.since(day_us)
        if at < 0:
            self.problems.append(Problem("step-before-start", path, {"start": f"{clock:%H:%M:%S}"}))
        return max(at, 0)


def nearest_pc(domain: str, hosts: Mapping[str, Data]) -> str:
    """A computer of the domain with a mail client, when the user has named none."""
    return next((name for name, host in hosts.items() if "mua" in host["roles"] and nearest(name, [domain])), "")


def _zones_of(host: Mapping[str, Any]) -> Iterable[str]:
    nameserver = (host.get("roles") or {}).get("nameserver") or {}
    zones: Iterable[str] = nameserver.get("zones") or ()
    return zones


def _kind(name: str, roles: Mapping[str, Any], plan: Plan | None) -> str:
    if plan and name == plan.mail:
        return "mail"
    for role, kind in (("nameserver", "nameserver"), ("resolver", "resolver"), ("web", "web"), ("mua", "pc")):
        if role in roles:
            return kind
    return "mail" if "mta" in roles or "msa" in roles else "other"
