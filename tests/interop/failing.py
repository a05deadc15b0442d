"""Situations in which a mail cannot be passed on, each a scenario; and what our MTA does and tells the sender in them.

A situation is a domain with two MX hosts, of which `mx1` is the better one. What is wrong stands in lines of faults, as
in any scenario file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, message_from_string, policy
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import cache

from mailsim.scenario.build import Simulation, build
from mailsim.scenario.loader import read
from mailsim.scenario.schema import Scenario
from mailsim.scenario.source import Source
from mailsim.trace.events import Noted
from mailsim.trace.facts import QueueDeferred, QueueDone, TcpConnectStarted

SENDER, SKOLA = "alena@skola.example", "mail.skola.example"
LATER, BYE, NEVER = "451 4.3.0 Not now", "421 4.3.2 Closing", "550 5.7.1 Not from you"
REFUSED, SILENT = "kind: stopped, service: mta", "kind: filtered, port: 25"
COMMANDS = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT")
A_MOMENT = timedelta(seconds=2)
"""How far a date in a report may be from what it means: a real server needs its time."""
Table = Mapping[str, str]
"""What was seen: `tried`, `then` for each recipient, and every field of every report, with its action before it."""


@dataclass(frozen=True)
class Situation:
    """What is wrong with a domain.

    Attributes:
        mx1, mx2: the faults of each, a line each, as in a scenario file; of `mx2` None if there is none.
        dns: that of the name server. zone: records in the place of the usual ones; None if there is no such domain.
        recipients: local parts.
    """

    mx1: str = ""
    mx2: str | None = ""
    dns: str = ""
    zone: str | None = ""
    recipients: tuple[str, ...] = ("borek",)


def says(command: str, reply: str, more: str = "") -> str:
    """The fault of a server that says this to a command."""
    return f"kind: reply, service: mta, command: {command}, reply: {reply}{more}"


def closes(command: str) -> str:
    """The fault of a server that closes the connection instead of obeying a command."""
    return f"kind: closed, service: mta, command: {command}"


SITUATIONS: dict[str, Situation] = {
    "all is well": Situation(),
    **{f"451 to {command}": Situation(says(command, LATER)) for command in COMMANDS[1:]},
    **{f"421 to {command}": Situation(says(command, BYE)) for command in COMMANDS},
    **{f"550 to {command}": Situation(says(command, NEVER)) for command in COMMANDS},
    **{f"closed at {command}": Situation(closes(command)) for command in (*COMMANDS, "QUIT")},
    "taken, and the reply lost": Situation("kind: reply_lost, service: mta, command: CONTENT"),
    "refused": Situation(REFUSED),
    "silent": Situation(SILENT),
    "451 to the recipient, from both": Situation(says("RCPT", LATER), says("RCPT", LATER)),
    "451 to the content, no other": Situation(says("CONTENT", LATER), None),
    "421 to the sender, from both": Situation(says("MAIL", BYE), says("MAIL", BYE)),
    "421 as greeting, from both": Situation(says("CONNECT", BYE), says("CONNECT", BYE)),
    "550 as greeting, from both": Situation(says("CONNECT", NEVER), says("CONNECT", NEVER)),
    "refused by both": Situation(REFUSED, REFUSED),
    "silent, both": Situation(SILENT, SILENT),
    "closed by both after the content": Situation(closes("CONTENT"), closes("CONTENT")),
    "451, then 550": Situation(says("RCPT", LATER), says("RCPT", NEVER)),
    "451, then refused": Situation(says("RCPT", LATER), REFUSED),
    "refused, then 451": Situation(REFUSED, says("RCPT", LATER)),
    "three recipients, three fates": Situation(
        "\n".join(
            says("RCPT", reply, f", address: {name}@DOMAIN")
            for name, reply in (("cyril", LATER), ("dana", "550 5.1.1 No dana here"))
        ),
        says("RCPT", LATER),
        recipients=("borek", "cyril", "dana"),
    ),
    "no such domain": Situation(zone=None),
    "null MX": Situation(zone="@ MX 0 ."),
    "no MX, but an address": Situation(zone="@ A 198.51.100.25"),
    "no MX and no address": Situation(zone='@ TXT "nothing else"'),
    "an MX without an address": Situation(zone="@ MX 10 nikde"),
    "an MX without an address, another with": Situation(zone="@ MX 10 nikde\n@ MX 20 mx1"),
    "an MX that is an alias": Situation(zone="@ MX 10 posta\nposta CNAME mx1"),
    "the name server fails": Situation(dns="kind: dns_servfail"),
    "the name server is silent": Situation(dns="kind: dns_silent"),
}
SCENARIO = """\
id: failing
title: Failing
ipv6: false
allow: [mx-without-host, mx-is-alias, outside-zone]
domains:
  skola.example: {users: [alena], web: false, tls: false}
%(domains)s
hosts:
  mail.skola.example: {roles: {mta: {expire: 5h, retry_interval: 1h}}}
%(more)s
steps:
  - {at: 1s, user: alena@skola.example, send: {to: [%(to)s], subject: Ahoj}}
until: 6h
"""
DOMAIN = "  %(name)s: {users: [borek, cyril, dana], web: false, tls: false, mail: mx1.%(name)s, mx: [%(mx)s]}\n"
ZONE = """\
$TTL 3600
@ SOA ns1 hostmaster 1 7200 900 1209600 300
@ NS ns1
ns1 A 198.51.100.53
mx1 A 198.51.100.25
"""
LIFETIME = timedelta(hours=5)


def domain(name: str) -> str:
    """The domain in which a situation is."""
    return f"s{[*SITUATIONS].index(name) + 1:02}.example"


def recipients(name: str) -> list[str]:
    """To whom the mail goes."""
    return [f"{local_part}@{domain(name)}" for local_part in SITUATIONS[name].recipients]


def text(name: str) -> str:
    """The scenario file of a situation."""
    situation, home = SITUATIONS[name], domain(name)
    mx, more = "{host: mx1, preference: 10}", f"  mx1.{home}: {{addresses: [198.51.100.25]}}\n"
    if situation.mx2 is not None:
        mx += ", {host: mx2, preference: 20}"
        mta = "{mta: {retry_interval: 10h}}"
        more += f"  mx2.{home}: {{addresses: [198.51.100.26], certificate: none, roles: {mta}}}\n"
    if situation.zone:
        records = f"{ZONE}{situation.zone}"
        more += f"  ns1.{home}: {{addresses: [198.51.100.53]}}\n"
        more += f"zones:\n  {home}: |\n" + "".join(f"    {line}\n" for line in records.splitlines())
    if lines := list(_faults(situation, home)):
        more += "".join(["faults:\n", *lines])
    domains = DOMAIN % {"name": home, "mx": mx} if situation.zone is not None else ""
    more = more if domains else ""
    return SCENARIO % {"domains": domains, "more": more, "to": ", ".join(recipients(name))}


def _faults(situation: Situation, home: str) -> Iterator[str]:
    for host, faults in (("mx1", situation.mx1), ("mx2", situation.mx2), ("ns1", situation.dns)):
        for fault in (faults or "").splitlines():
            yield f"  - {{at: 0s, host: {host}.{home}, {fault.replace('DOMAIN', home)}}}\n"


@cache
def scenario(name: str) -> Scenario:
    """A situation as a scenario that can be built."""
    found, mistakes = read(Source("failing.yaml", text(name)))
    assert found is not None, [str(mistake) for mistake in mistakes]
    assert mistakes == [], [str(mistake) for mistake in mistakes]
    return found


# --- what our MTA does ---------------------------------------------------------------------------


def ours(name: str) -> Table:
    """What the simulated MTA of the school does with a mail to the domain, and what its sender gets to read."""
    simulation = build(scenario(name))
    events = [event for event in simulation.run().events if isinstance(event, Noted) and event.node == SKOLA]
    fates: dict[str, str] = {}
    tried: list[str] = []
    for event in events:
        match event.fact:
            case TcpConnectStarted(peer=peer, port=25) if len(fates) < len(recipients(name)):
                tried.append(peer)
            case QueueDone(rcpt=rcpt, fate=fate) if rcpt in recipients(name):
                fates.setdefault(rcpt, fate)
            case QueueDeferred(rcpt=rcpt):
                fates.setdefault(rcpt, "queued")
    return {**attempt(name, tried, fates), **told(_reports(simulation), LIFETIME)}


def _reports(simulation: Simulation) -> list[bytes]:
    store = simulation.hosts[SKOLA].store
    account = store.account(SENDER) if store else None
    assert account is not None
    return [message.content for message in account.inbox]


# --- what both are compared by -------------------------------------------------------------------


def attempt(name: str, tried: list[str], fates: Mapping[str, str]) -> dict[str, str]:
    """The first attempt: which hosts were spoken to in which order, and what then became of the mail."""
    hosts = [host.removesuffix(f".{domain(name)}") for host in tried]
    then = {f"then, {rcpt.partition('@')[0]}": fates[rcpt] for rcpt in recipients(name)}
    return {"tried": " ".join(hosts), **then}


def told(reports: Iterable[bytes], lifetime: timedelta) -> dict[str, str]:
    """Every field of the reports of the school's server, dates as what they mean: `failed Status` -> `5.1.1`."""
    found: dict[str, str] = {}
    for content in reports:
        report = message_from_bytes(content, policy=policy.default)
        about_all, *groups = next(_parts(report, "message/delivery-status")).get_payload()
        if about_all["Reporting-MTA"] != f"dns; {SKOLA}":
            continue
        for group in groups:
            who = str(group["Final-Recipient"]).partition("@")[0].rpartition(" ")[2]
            for field, value in (*about_all.items(), *group.items()):
                key = f"{group['Action']} {field}" + ("" if who == "borek" else f", {who}")
                found[key] = _meaning(field, str(value), report, about_all, lifetime)
    return found


def _meaning(field: str, value: str, report: Message, about_all: Message, lifetime: timedelta) -> str:
    """A date as what it means; of a typed value without the space that may stand in it."""
    moments = {
        "Arrival-Date": ("when it was received", _received(report)),
        "Last-Attempt-Date": ("now", parsedate_to_datetime(report["Date"])),
        "Will-Retry-Until": ("at the end of its time", parsedate_to_datetime(about_all["Arrival-Date"]) + lifetime),
    }
    if field not in moments:
        return re.sub(r"^([\w-]+); *", r"\1; ", value)
    meaning, moment = moments[field]
    return meaning if abs(parsedate_to_datetime(value) - moment) <= A_MOMENT else value


def _received(report: Message) -> datetime:
    """When the server took the mail that comes back with the report, as its own Received line has it."""
    for part in _parts(report, "message/rfc822"):
        return parsedate_to_datetime(part.get_payload()[0]["Received"].rpartition(";")[2])
    headers = next(_parts(report, "text/rfc822-headers")).get_content()
    return parsedate_to_datetime(message_from_string(headers)["Received"].rpartition(";")[2])


def _parts(report: Message, kind: str) -> Iterator[Message]:
    return (part for part in report.walk() if part.get_content_type() == kind)
