"""Random worlds with random faults, and the rule that none of them may break: nothing that was accepted is lost.

MAILSIM_WORLDS=5000 python -m pytest tests/faults/test_conservation.py     thousands of them
"""

from __future__ import annotations

import json

from hypothesis import strategies as st

from mailsim.scenario.fault_words import IMAP, POP3
from mailsim.scenario.faults import KEYS
from mailsim.trace.facts import DsnMade, MdaDelivered, QueueAdded, QueueDone
from tests.faults.killing import unexplained_copies
from tests.faults.world import Run

SERVERS = ("mail.skola.example", "mx1.firma.example", "mx2.zaloha.example")
PEOPLE = ("alena@skola.example", "dan@skola.example", "borek@firma.example", "cecilie@firma.example")
ALIASES = {
    "ucitele@skola.example": ("alena@skola.example", "cecilie@firma.example"),
    "vsichni@firma.example": ("borek@firma.example", "cecilie@firma.example", "dan@skola.example"),
    "b@firma.example": ("borek@firma.example",),
}
STRANGERS = ("nikdo@firma.example", "kdosi@nikde.example", "x@skola.example")
LINKS = ("[gw.skola.example, internet]", "[gw.firma.example, internet]", "[gw.zaloha.example, internet]")
CLIENTS = (
    "",
    "submission_tls: opportunistic, access_tls: opportunistic",
    "submission_tls: required, access_tls: required, reconnect_tries: 2",
    "submission_tls: none, access_tls: none, check_certificate: false",
    "check_certificate: false, save_sent: true",
)
NAMESERVERS = ("ns1.firma.example", "dns.skola.example", "dns.zaloha.example")

AN_ATTEMPT_US = 3600_000_000
"""No attempt takes longer, with all its timeouts."""

WORLD = """\
id: random-world
title: Random
ipv6: {ipv6}
domains:
  skola.example: {{users: {{alena: {{client: {{{client}}}}}, dan: {{}}}}}}
  firma.example:
    mail: mx1.firma.example
    users: [borek, cecilie]
    backup: {{host: mx2.zaloha.example}}
  zaloha.example: {{mail: mx2.zaloha.example}}
hosts:
  mail.skola.example:
    roles: {{mta: {{{skola}}}}}
    aliases: {ucitele}
  mx1.firma.example:
    roles: {{{firma}}}
    aliases: {vsichni}
  mx2.zaloha.example: {{roles: {{mta: {{{zaloha}}}}}}}
faults:
{faults}
steps:
{steps}
until: {until}
"""


def aliases(domain: str) -> str:
    """The aliases of a domain, as a scenario file has them."""
    here = {name.partition("@")[0]: list(members) for name, members in ALIASES.items() if name.endswith(f"@{domain}")}
    return json.dumps(here)


def moments(most_s: int) -> st.SearchStrategy[str]:
    """A time after the start; the first seconds, when the mails travel, more often."""
    return st.one_of(
        st.integers(0, 4_000).map(lambda ms: f"{ms}ms"), st.integers(0, most_s).map(lambda seconds: f"{seconds}s")
    )


def services(host: str, *more: str) -> list[str]:
    """The backup has no users, so nobody submits there, or reads."""
    return ["mta"] if host == SERVERS[-1] else ["mta", "mta", "msa", *more]


SMTP = ("EHLO", "MAIL", "RCPT", "DATA", "CONTENT", "QUIT")
SMTP_REPLIES = ("451 4.3.0 Later", "421 4.3.2 Bye", "550 5.7.1 Never")
IMAP_REPLIES = ("NO [UNAVAILABLE] Later", "BAD What", "BYE Going down")


def dialogue(draw: st.DrawFn, service: str, kind: str) -> dict[str, str]:
    """A command of a service, and what it says instead of the right answer."""
    commands, replies = {
        "imap": (IMAP, IMAP_REPLIES),
        "pop3": (POP3, ("-ERR [SYS/TEMP] Later",)),
    }.get(service, (SMTP, SMTP_REPLIES))
    command = draw(st.sampled_from(commands))
    if kind != "reply":
        return {"command": command}
    choices = ("BYE Full",) if service == "imap" and command == "CONNECT" else replies
    return {"command": command, "reply": f"'{draw(st.sampled_from(choices))}'"}


@st.composite
def faults(draw: st.DrawFn) -> str:
    """One fault as a line of a scenario."""
    kind = draw(st.sampled_from(sorted(KEYS)))
    said = {"at": draw(moments(5400)), "for": f"{draw(st.integers(1, 5400))}s", "kind": kind}
    host = draw(st.sampled_from(SERVERS))
    match kind:
        case "stopped":
            said |= {"host": host, "service": draw(st.sampled_from(services(host)))}
        case "slow" | "lossy" | "delayed" | "cut" | "starttls_stripped":
            said["link"] = draw(st.sampled_from(LINKS))
            said |= {
                "slow": {"bandwidth": "64kbit/s"},
                "lossy": {"loss": draw(st.sampled_from(["0.1", "0.3", "0.5"]))},
                "delayed": {"delay": draw(st.sampled_from(["50ms", "700ms", "3s"]))},
                "cut": {},
                "starttls_stripped": {},
            }[kind]
        case "dns_silent" | "dns_servfail":
            said["host"] = draw(st.sampled_from(NAMESERVERS))
        case "closed" | "reply_lost" | "reply":
            service = draw(st.sampled_from(services(host, "imap", "imap", "pop3")))
            said |= {"host": host, "service": service, **dialogue(draw, service, kind)}
            if draw(st.booleans()):
                said["times"] = str(draw(st.integers(1, 3)))
            elif draw(st.booleans()):
                said["probability"] = "0.5"
        case "over_quota":
            said["mailbox"] = draw(st.sampled_from(PEOPLE))
        case "filtered":
            said |= {"host": host, "direction": draw(st.sampled_from(["in", "out", "both"]))}
        case _:
            said["host"] = host
    return ", ".join(f"{key}: {value}" for key, value in said.items())


def reached_once(to: list[str]) -> list[str]:
    """Without those who would get a second copy, since an alias leads to them too: that would be no fault."""
    reached: set[str] = set()
    kept = []
    for address in to:
        members = set(ALIASES.get(address, (address,)))
        if not members & reached:
            reached |= members
            kept.append(address)
    return kept


@st.composite
def worlds(draw: st.DrawFn) -> tuple[str, int]:
    """A scenario and a seed."""
    mails = []
    for number in range(draw(st.integers(1, 3))):
        everybody = st.sampled_from((*PEOPLE, *ALIASES, *STRANGERS))
        to = reached_once(draw(st.lists(everybody, min_size=1, max_size=4, unique=True)))
        user = draw(st.sampled_from(PEOPLE))
        send = f"{{to: [{', '.join(to)}], subject: Mail {number}}}"
        mails.append(f"  - {{at: {draw(moments(3600))}, user: {user}, send: {send}}}")
    for _ in range(draw(st.integers(0, 2))):
        user, how = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(["imap", "pop3", "{stay: 10m}"]))
        mails.append(f"  - {{at: {draw(moments(3600))}, user: {user}, read: {how}}}")
    settings = draw(
        st.sampled_from(
            [
                "",
                "retry_interval: 5m",
                "expire: 1h, retry_interval: 10m",
                "retry_jitter: 0.5, retry_backoff: 2.0",
                "destination_concurrency: 1",
                "failover: {reply_5yz: next_mx}",
                "failover: {timeout: queue, dropped: queue}",
                "check_recipients: false",
                "pipelining: false",
                "relay_tls: required, check_certificate: true",
                "relay_tls: required",
                "relay_tls: none",
                "tell_postmaster: [bounce, double_bounce, delay]",
            ]
        )
    )
    firma = draw(
        st.sampled_from(
            [
                "",
                "mda: {over_quota: reject}",
                "mta: {check_recipients: false, all_or_nothing: true}",
                "mta: {retry: false, retry_5xx: true}",
                "mta: {mails_per_connection: 1, transfer: {chunking: true, chunk_size: 300B, max_recipients: 1}}",
                "mta: {reception: {max_errors: 1, dsn: false, chunking: false}, max_recipients: 1}",
            ]
        )
    )
    zaloha = draw(st.sampled_from(["retry_interval: 10m", "expire: 30m, retry_interval: 10m", "retry: false"]))
    lines = draw(st.lists(faults(), min_size=1, max_size=4))
    text = WORLD.format(
        ipv6=str(draw(st.booleans())).lower(),
        ucitele=aliases("skola.example"),
        vsichni=aliases("firma.example"),
        skola=settings,
        client=draw(st.sampled_from(CLIENTS)),
        firma=firma,
        zaloha=zaloha,
        faults="".join(f"  - {{{line}}}\n" for line in lines),
        steps="\n".join(mails),
        until=draw(st.sampled_from(["3h", "12h", "7d"])),
    )
    return text, draw(st.integers(0, 2**32))


def judge(world: tuple[str, int]) -> None:
    """Run it; the run itself checks conservation, here is what else must be true."""
    run = Run(*world)
    assert unexplained_copies(run.trace) == []
    left = [mail for host in run.simulation.hosts.values() if host.queue for mail in host.queue.mails.values()]
    open_entries = {(event.node, event.fields()["qid"], event.fields()["rcpt"]) for event in run.events("queue.add")}
    for event in run.events("queue.done"):
        open_entries.remove((event.node, event.fields()["qid"], event.fields()["rcpt"]))
    assert {(qid, rcpt) for _, qid, rcpt in open_entries} == {(mail.id, rcpt) for mail in left for rcpt in mail.waiting}
    waiting = {(mail.message, rcpt) for mail in left for rcpt in mail.waiting}
    assert without_an_end(run, waiting) == set()
    assert forgotten(run) == []


def without_an_end(run: Run, waiting: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Mails, with a recipient, that somebody took once and that are nowhere in the whole world.

    They are not in a mailbox, not in a queue, and nobody was told of them. Aliases end where they are expanded.
    """
    taken = {(fact.msg, fact.rcpt) for fact in run.facts(QueueAdded)}
    ended = {(fact.msg, fact.rcpt) for fact in run.facts(MdaDelivered)}
    ended |= {(fact.for_, fact.rcpt) for fact in run.facts(DsnMade) if fact.action == "failed"}
    ended |= {(fact.msg, fact.rcpt) for fact in run.facts(QueueDone) if fact.fate == "discarded"}
    return {(msg, rcpt) for msg, rcpt in taken - ended - waiting if rcpt not in ALIASES}


def forgotten(run: Run) -> list[str]:
    """Mails in queues that work, whose next attempt should have begun long ago."""
    now_us = run.trace.end_us
    nodes = run.simulation.network.hosts
    return [
        f"{mail.id} for {rcpt} on {host.name}"
        for host in run.simulation.hosts.values()
        if host.queue is not None and not nodes[host.name].is_down and not nodes[host.name].stopped.get("mta")
        for mail in host.queue.mails.values()
        for rcpt, entry in mail.entries.items()
        if entry.next_us < now_us - AN_ATTEMPT_US
    ]
