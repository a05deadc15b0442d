"""Zone files for the domains of a short scenario: the root, the top level domains, each domain, and PTR records.

They are ordinary text (RFC 1035 section 5), so a student can read and change them. A zone that the
scenario writes itself stays as it is when it has an SOA record; without one it is a fragment, and what is
missing is added around it: SOA and NS above, and below it the addresses of hosts that it does not name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dns.rdatatype import RdataType

from mailsim.protocols.dns.zone import Zone, ZoneSyntaxError, syntax_errors

TTL = 3600
NEGATIVE_TTL = 300
_SOA_WORD = re.compile(r"^[^;\n]*\bSOA\b", re.IGNORECASE | re.MULTILINE)
_PROBE = "probe.invalid."
_PROBE_LINES = 4


@dataclass(slots=True)
class ZonePlan:
    """What goes into one zone.

    Attributes:
        name: without the final dot; `.` is the root.
        servers: FQDNs of its name servers.
        mx: preference and host. web: addresses of the bare domain.
        hosts: FQDN -> addresses. delegations: zone -> (servers, glue).
    """

    name: str
    servers: Sequence[str] = ()
    mx: Sequence[tuple[int, str]] = ()
    web: Sequence[str] = ()
    hosts: dict[str, Sequence[str]] = field(default_factory=dict)
    delegations: dict[str, tuple[Sequence[str], Mapping[str, Sequence[str]]]] = field(default_factory=dict)
    pointers: dict[str, str] = field(default_factory=dict)


class FragmentError(Exception):
    """A hand-written zone cannot be read; the lines of its mistakes are those of the text as it was written.

    Attributes:
        mistakes: line (0: all of it) and message of each.
    """

    def __init__(self, mistakes: Sequence[tuple[int, str]]) -> None:
        super().__init__(mistakes)
        self.mistakes = mistakes


def is_whole(text: str) -> bool:
    """Does the text have an SOA record, so that nothing is to be added to it?"""
    return bool(_SOA_WORD.search(text))


def zone_text(plan: ZonePlan, serial: int) -> str:
    """The zone file of a plan."""
    return "\n".join((*_head(plan, serial, True), *_mail(plan), *_web(plan), *_rest(plan, set()))) + "\n"


def completed(plan: ZonePlan, fragment: str, serial: int) -> str:
    """The fragment with what it lacks. Raises: FragmentError."""
    present = fragment_records(fragment, plan.name)
    apex = absolute(plan.name)
    below = [f"$ORIGIN {apex}", *_rest(plan, present)]
    if not present & {(apex, "MX")}:
        below[1:1] = _mail(plan)
    if not present & {(apex, "A"), (apex, "AAAA"), (apex, "CNAME")}:
        below[1:1] = _web(plan)
    head = _head(plan, serial, (apex, "NS") not in present)
    return "\n".join((*head, fragment.rstrip("\n"), *(below if len(below) > 1 else ()))) + "\n"


def fragment_records(fragment: str, zone: str) -> set[tuple[str, str]]:
    """The (absolute name, type) pairs that a zone without SOA and NS of its own has. Raises: FragmentError."""
    head = (
        f"$ORIGIN {absolute(zone)}",
        f"$TTL {TTL}",
        f"@ IN SOA {_PROBE} {_PROBE} 1 1 1 1 1",
        f"@ IN NS {_PROBE}",
    )
    text = "\n".join((*head, fragment)) + "\n"
    try:
        parsed = Zone.parse(text, absolute(zone))
    except ZoneSyntaxError as first:
        wrong = syntax_errors(text, absolute(zone))
        raise FragmentError([(max(0, it.line - _PROBE_LINES), it.message) for it in wrong]) from first
    present = {(name.to_text().lower(), kind.name) for name, node in parsed.nodes.items() for kind in node}
    if len(parsed.nodes[parsed.origin][RdataType.NS].data) == 1:
        present.discard((absolute(zone), "NS"))
    return present


def absolute(name: str) -> str:
    """A name with its final dot."""
    return name if name.endswith(".") else f"{name}."


def parent_of(name: str, zones: Iterable[str]) -> str:
    """The nearest zone above a name, the root if there is no other."""
    known = set(zones)
    labels = name.split(".")
    return next((".".join(labels[i:]) for i in range(1, len(labels)) if ".".join(labels[i:]) in known), ".")


def reverse_name(address: str) -> str:
    """The name of the PTR record of an address (RFC 1035 section 3.5, RFC 3596 section 2.5)."""
    return ipaddress.ip_address(address).reverse_pointer


def _head(plan: ZonePlan, serial: int, with_servers: bool) -> list[str]:
    origin = absolute(plan.name)
    server = absolute(plan.servers[0]) if plan.servers else origin
    contact = f"hostmaster.{origin}" if plan.name != "." else "hostmaster."
    return [
        f"$ORIGIN {origin}",
        f"$TTL {TTL}",
        _record("@", "SOA", f"{server} {contact} {serial} 7200 3600 1209600 {NEGATIVE_TTL}"),
        *(_record("@", "NS", absolute(server)) for server in plan.servers if with_servers),
    ]


def _mail(plan: ZonePlan) -> list[str]:
    return [_record("@", "MX", f"{preference} {absolute(host)}") for preference, host in plan.mx]


def _web(plan: ZonePlan) -> list[str]:
    return [_address("@", address) for address in plan.web]


def _rest(plan: ZonePlan, present: set[tuple[str, str]]) -> list[str]:
    """Addresses of hosts, delegations with their glue, and pointers, without names that are there already."""
    named = {name for name, kind in present if kind in ("A", "AAAA", "CNAME")}
    delegated = {name for name, kind in present if kind == "NS"}
    lines: list[str] = []
    for host, addresses in plan.hosts.items():
        if absolute(host) not in named:
            lines += [_address(_relative(host, plan.name), address) for address in addresses]
    for zone, (servers, glue) in plan.delegations.items():
        if absolute(zone) in delegated:
            continue
        lines += [_record(_relative(zone, plan.name), "NS", absolute(server)) for server in servers]
        for host, addresses in glue.items():
            if host not in plan.hosts and absolute(host) not in named:
                named.add(absolute(host))
                lines += [_address(_relative(host, plan.name), address) for address in addresses]
    lines += [_record(_relative(name, plan.name), "PTR", absolute(host)) for name, host in plan.pointers.items()]
    return lines


def _relative(name: str, zone: str) -> str:
    if name == zone:
        return "@"
    return absolute(name) if zone == "." else name.removesuffix(f".{zone}") if name.endswith(f".{zone}") else f"{name}."


def _address(owner: str, address: str) -> str:
    return _record(owner, "AAAA" if ":" in address else "A", address)


def _record(owner: str, kind: str, data: str) -> str:
    return f"{owner:<15} IN {kind:<4} {data}"
