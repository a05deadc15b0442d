"""What a mail domain of a short scenario consists of: servers, name server, resolver, web, router, people's computers.

A domain is described here as plain data in the shape of the full form; `mailsim.scenario.expand` lays what the
file says by hand over it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mailsim.scenario.schema import Domain, User

Data: TypeAlias = dict[str, Any]
INTERNET = "internet"
ROOT_SERVER, TLD_SERVER = "root.dns.test", "tld.dns.test"
RELAY_PREFERENCE = 20


@dataclass(slots=True)
class Plan:
    """One domain with its names settled.

    Attributes:
        name: the domain. mail: the host of its mail server, "" when it has none.
        mx: preference and host, best first. relays: domains whose mail it passes on.
    """

    name: str
    domain: Domain
    mail: str
    mx: list[tuple[int, str]]
    relays: list[str] = field(default_factory=list)
    extra_mx: list[str] = field(default_factory=list)
    ipv6: bool = True

    @property
    def has_mailboxes(self) -> bool:
        """A domain that only relays for others has no mailboxes of its own."""
        return bool(self.domain.users) or not self.relays

    @property
    def router(self) -> str:
        return f"gw.{self.name}"

    @property
    def nameserver(self) -> str:
        return f"ns1.{self.name}"

    @property
    def resolver(self) -> str:
        return f"dns.{self.name}"

    @property
    def web(self) -> str:
        return f"www.{self.name}"


def settle(domains: Mapping[str, Domain], ipv6: bool) -> dict[str, Plan]:
    """Decide on the names of every domain's servers, and add the operators of backup servers."""
    plans = {name: _plan(name, domain, ipv6) for name, domain in domains.items()}
    for plan in list(plans.values()):
        backup = plan.domain.backup
        if backup is None:
            continue
        host = full_name(backup.host, plan.name)
        operator = nearest(host, plans) or host.partition(".")[2]
        if operator and operator not in plans:
            plans[operator] = Plan(operator, Domain(), host, [], [], ipv6=ipv6)
        plan.mx = sorted([*plan.mx, (backup.preference, host)])
        if operator:
            _let_relay(plans[operator], host, plan.name)
    return plans


def _plan(name: str, domain: Domain, ipv6: bool) -> Plan:
    mx = sorted((record.preference, full_name(record.host, name)) for record in domain.mx)
    own = [host for _, host in mx if host.endswith(f".{name}")]
    mail = full_name(domain.mail, name) if domain.mail else own[0] if own else f"mail.{name}"
    relays = list(domain.relay_domains)
    if not mx and (domain.users or not relays):
        mx = [(10, mail)]
    wants_ipv6 = ipv6 if domain.ipv6 is None else domain.ipv6
    return Plan(name, domain, mail, mx, relays, [host for host in dict.fromkeys(own) if host != mail], wants_ipv6)


def _let_relay(operator: Plan, host: str, domain: str) -> None:
    """Let a host of the operator take and pass on the domain's mail."""
    if operator.name == domain or domain in operator.relays:
        return
    if host == operator.mail or not operator.mail:
        operator.mail = host
        operator.relays.append(domain)
    elif host not in operator.extra_mx:
        operator.extra_mx.append(host)


def hosts_of(plan: Plan, relayed: Mapping[str, Iterable[str]]) -> dict[str, Data]:
    """The hosts of a domain; `relayed`: which domains an additional host of an operator takes mail for."""
    made: dict[str, Data] = {plan.mail: {"roles": _mail_roles(plan)}}
    if not plan.domain.tls:
        made[plan.mail]["certificate"] = {"kind": "none"}
    for host in plan.extra_mx:
        roles: Data = {"relay_domains": [plan.name], "routes": {plan.name: plan.mail}}
        made[host] = {"roles": {"mta": {"relay_domains": list(relayed[host])} if host in relayed else roles}}
    made[plan.nameserver] = {"roles": {"nameserver": {"zones": [plan.name]}}}
    made[plan.resolver] = {"roles": {"resolver": {}}}
    if plan.domain.web:
        made[plan.web] = {"roles": {"web": {}}}
    for pc in (*computers(plan).values(), *devices(plan).values()):
        made.setdefault(pc, {"roles": {}})["roles"]["mua"] = {}
    for data in made.values():
        data["site"] = plan.name
    return made


def _mail_roles(plan: Plan) -> Data:
    if not plan.has_mailboxes:
        return {"mta": {"relay_domains": plan.relays}}
    mta: Data = {"local_domains": [plan.name], **({"relay_domains": plan.relays} if plan.relays else {})}
    return {"msa": {}, "mta": mta, "mda": {}, "store": {}, "imap": {}, "pop3": {}}


def computers(plan: Plan) -> dict[str, str]:
    """Local part -> the user's computer; a name that is no host name is made into one."""
    found: dict[str, str] = {}
    for number, (local_part, user) in enumerate(plan.domain.users.items(), 1):
        label = host_label(local_part) or f"user{number}"
        name = f"{label}-pc.{plan.name}"
        found[local_part] = user.pc or (name if name not in found.values() else f"{label}{number}-pc.{plan.name}")
    return found


def devices(plan: Plan) -> dict[tuple[str, str], str]:
    """Local part and device -> the host that it is, e.g. `borek-phone.firma.example`."""
    found: dict[tuple[str, str], str] = {}
    for local_part, user in plan.domain.users.items():
        for device, settings in user.devices.items():
            label = host_label(f"{local_part}-{device}") or "device"
            name, number = f"{label}.{plan.name}", 1
            while name in found.values() and settings.pc is None:
                number += 1
                name = f"{label}{number}.{plan.name}"
            found[local_part, device] = settings.pc or name
    return found


def host_label(text: str) -> str:
    """What a name of a person or a device can be as the label of a host; "" if nothing is left of it."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:50].strip("-")


def user_defaults(local_part: str, pc: str, mail: str, server: Mapping[str, Any]) -> Data:
    """What a user has who says nothing about it; the client fits the `server`, which may be one without TLS."""
    client: Data = {"submission_host": mail, "access_host": mail}
    roles, has_certificate = server.get("roles", {}), server.get("certificate", {}).get("kind") != "none"
    if not has_certificate or not _role(roles, "msa").get("tls", True):
        client["submission_tls"] = "none"
    if not has_certificate or not (_role(roles, "imap").get("tls", True) and _role(roles, "pop3").get("tls", True)):
        client["access_tls"] = "none"
    return {
        "name": local_part[:1].upper() + local_part[1:],
        "password": f"secret-{local_part}",
        "pc": pc,
        "store": mail,
        "client": client,
    }


def _role(roles: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return roles.get(name) or {}


def written(user: User) -> Data:
    """What the file itself says about a user."""
    said: Data = user.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    return said


def full_name(host: str, domain: str) -> str:
    """A name without a dot is one of the domain."""
    return host if "." in host else f"{host}.{domain}"


def nearest(host: str, domains: Iterable[str]) -> str:
    """The longest of the domains that a host is in, "" when it is in none."""
    inside = [domain for domain in domains if host == domain or host.endswith(f".{domain}")]
    return max(inside, key=len, default="")
