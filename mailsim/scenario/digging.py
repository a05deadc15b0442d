"""Asks a DNS question in the world of a scenario, at some moment of its run.

The scenario runs until that moment with everything that happens in it, so caches and faults are as they are then;
the question is asked by one of its hosts, and the run goes on until there is an answer.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import dns.exception
import dns.rdatatype

from mailsim.agents.dig import DigOptions, Dug, dig
from mailsim.errors import LocalProtocolError, MailsimError
from mailsim.protocols.dns import Question, name_of
from mailsim.scenario import schema
from mailsim.scenario.addresses import LOOPBACK
from mailsim.scenario.build import Simulation, build
from mailsim.scenario.mistakes import closest, shown
from mailsim.scenario.units import parse_moment
from mailsim.scenario.zones import reverse_name
from mailsim.trace.events import Said
from mailsim.trace.trace import Trace

STEP_US = 20_000
LONGEST_US = 600_000_000
FLAGS = ("tcp", "notcp", "recurse", "norecurse", "edns", "noedns", "ignore", "noignore", "short", "bufsize=N")


class DigError(MailsimError):
    """A question that cannot be asked; `key` names the sentence in the lessons, `details` fill it."""

    def __init__(self, key: str, **details: str) -> None:
        super().__init__(key, details)
        self.key, self.details = f"dig.{key}", details


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody wants to know, in words as dig takes them.

    Attributes:
        name, rdtype: of the question. server: a host or an address, "" for the resolvers of who asks.
        short: print the data of the answer and nothing else.
    """

    name: str
    rdtype: str = "A"
    server: str = ""
    short: bool = False
    options: DigOptions = field(default_factory=DigOptions)


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer and the run that led to it.

    Attributes:
        trace: everything up to the answer. asked: numbers of the events that are our questions; none when they could
            not even be sent. host: who asked. server: name of the host that was asked, "" when there is none.
        asked_at: microseconds of simulated time.
    """

    trace: Trace
    asked: tuple[int, ...]
    host: str
    server: str
    question: Question
    dug: Dug
    asked_at: int


def read_request(words: Sequence[str], reverse: str | None = None) -> Request:
    """The words of a command line: `NAME TYPE @SERVER +FLAG`, in any order. Raises: DigError."""
    servers = [word[1:] for word in words if word.startswith("@")]
    flags = [word[1:].lower() for word in words if word.startswith("+")]
    plain = [word for word in words if word[:1] not in ("@", "+")]
    if reverse is not None:
        plain = [_pointer(reverse), *(plain or ["PTR"])]
    if len(plain) == 2 and _is_type(plain[0]) and not _is_type(plain[1]):
        plain.reverse()
    if not 1 <= len(plain) <= 2 or len(servers) > 1:
        raise DigError("words", words=shown(" ".join(words)))
    options, short = _options(flags)
    rdtype = plain[1] if len(plain) == 2 else "A"
    return Request(name=plain[0], rdtype=rdtype, server="".join(servers), short=short, options=options)


def ask(
    scenario: schema.Scenario,
    request: Request,
    *,
    at: str = "0s",
    host: str | None = None,
    seed: int | None = None,
) -> Finding:
    """Run an expanded scenario until `at` and ask. Raises: DigError."""
    question = _question(request)
    at_us = _moment(scenario, at)
    asking = _host(scenario, host)
    servers = _servers(scenario, asking, request.server)
    simulation = build(scenario, seed)
    if at_us:
        simulation.network.run(at_us)
    dug = _dig(simulation, asking, question, servers, request.options, at_us)
    events = simulation.network.recorder.events
    ours = set(map(id, dug.asked))
    asked = tuple(event.seq for event in events if isinstance(event, Said) and id(event.pdu) in ours)
    trace = Trace(simulation.world, events, simulation.network.clock.now_us)
    return Finding(trace, asked, asking, _owner(scenario, asking, dug.address), question, dug, at_us)


def _dig(
    simulation: Simulation,
    host: str,
    question: Question,
    servers: Sequence[str],
    options: DigOptions,
    at_us: int,
) -> Dug:
    """Let the host ask, and the world go on until it knows."""
    found: list[Dug] = []
    network = simulation.network

    async def script() -> None:
        found.append(await dig(question, servers, simulation.hosts[host].random("dig"), options))

    network.start(host, "dig", script(), at_us=at_us)
    while not found and network.clock.now_us < at_us + LONGEST_US:
        network.run(network.clock.now_us + STEP_US)
    return found[0]


# --- words into values --------------------------------------------------------------------------


def _question(request: Request) -> Question:
    try:
        name_of(request.name)
    except LocalProtocolError:
        raise DigError("bad-name", name=shown(request.name)) from None
    try:
        return Question.of(request.name, request.rdtype)
    except LocalProtocolError:
        types = [kind.name for kind in dns.rdatatype.RdataType]
        raise DigError("bad-type", type=shown(request.rdtype), hint=closest(request.rdtype.upper(), types)) from None


def _is_type(word: str) -> bool:
    try:
        return bool(dns.rdatatype.from_text(word))
    except (dns.exception.DNSException, ValueError):
        return False


def _pointer(address: str) -> str:
    try:
        return reverse_name(address)
    except ValueError:
        raise DigError("bad-address", address=shown(address)) from None


def _options(flags: Iterable[str]) -> tuple[DigOptions, bool]:
    options: dict[str, int | bool | None] = {}
    short = False
    for flag in flags:
        name, _, value = flag.partition("=")
        wanted = not name.startswith("no")
        match name.removeprefix("no") if not value else name:
            case "tcp" | "vc":
                options["tcp"] = wanted
            case "recurse" | "rec" | "rd" | "rdflag":
                options["recursion"] = wanted
            case "edns":
                options["edns_size"] = DigOptions().edns_size if wanted else None
            case "ignore":
                options["ignore"] = wanted
            case "bufsize" if value.isdecimal() and int(value) <= 65535:
                options["edns_size"] = int(value)
            case "short":
                short = wanted
            case _:
                raise DigError("bad-flag", flag=shown(f"+{flag}"), choices=", ".join(f"+{f}" for f in FLAGS))
    return DigOptions(**options), short  # type: ignore[arg-type]


def _moment(scenario: schema.Scenario, at: str) -> int:
    assert scenario.start is not None
    clock = scenario.start
    try:
        at_us = parse_moment(at).since(((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1_000_000)
    except ValueError:
        raise DigError("bad-moment", moment=shown(at)) from None
    if at_us < 0:
        raise DigError("too-early", moment=shown(at), start=f"{clock:%H:%M:%S}")
    return at_us


def _host(scenario: schema.Scenario, wanted: str | None) -> str:
    """Who asks: the one who is named, else a person's computer that has a resolver."""
    if wanted is not None:
        return _known(scenario, wanted)
    able = [name for name, host in scenario.hosts.items() if _resolvers(scenario, host)]
    people = [name for name in able if scenario.hosts[name].roles.mua is not None]
    return next(iter([*people, *able, *scenario.hosts]))


def _known(scenario: schema.Scenario, name: str) -> str:
    wanted = name.lower().rstrip(".")
    if wanted in scenario.hosts:
        return wanted
    short = [host for host in scenario.hosts if host.partition(".")[0] == wanted]
    if len(short) == 1:
        return short[0]
    raise DigError("no-host", name=shown(name), hint=closest(wanted, scenario.hosts))


def _resolvers(scenario: schema.Scenario, host: schema.Host) -> Sequence[str]:
    site = scenario.sites.get(host.site or "")
    return host.resolvers or (site.resolvers if site else ())


def _servers(scenario: schema.Scenario, host: str, wanted: str) -> Sequence[str]:
    """The addresses to ask, of the families that the asking host has."""
    if not wanted:
        names = _resolvers(scenario, scenario.hosts[host])
        if not names:
            raise DigError("no-resolver", name=host)
        addresses = tuple(address for name in names for address in scenario.hosts[name].addresses)
    else:
        addresses = _addresses(scenario, host, wanted)
    mine = {":" in address for address in scenario.hosts[host].addresses}
    reachable = [address for address in addresses if (":" in address) in mine]
    if not reachable:
        raise DigError("no-family", name=host, server=shown(wanted) or ", ".join(addresses))
    return reachable


def _addresses(scenario: schema.Scenario, host: str, wanted: str) -> tuple[str, ...]:
    try:
        address = str(ipaddress.ip_address(wanted))
    except ValueError:
        return tuple(scenario.hosts[_known(scenario, wanted)].addresses)
    if not _owner(scenario, host, address):
        raise DigError("no-address", address=address)
    return (address,)


def _owner(scenario: schema.Scenario, host: str, address: str) -> str:
    parsed = ipaddress.ip_address(address)
    if any(parsed in network for network in LOOPBACK if network.version == parsed.version):
        return host
    return next((name for name, other in scenario.hosts.items() if address in other.addresses), "")
