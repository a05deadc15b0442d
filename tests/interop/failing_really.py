"""The situations of `failing` for a real Postfix: the same scenarios, played by our servers on loopback addresses.

What is wrong is wrong for real. A server that is refused does not listen; one that is silent has a full queue of
connections, so that the kernel drops what comes. What a server says or does wrong, it does with the script and the
fault of the simulation, which has only been told to begin.
"""

from __future__ import annotations

import contextlib
import os
import re
import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from email.message import EmailMessage

import pytest

from mailsim.agents.host import Host
from mailsim.agents.mta import MtaSession, mta_service
from mailsim.agents.nameserver import NameServer
from mailsim.agents.operations import Connection, Script
from mailsim.agents.policy import MtaPolicy
from mailsim.protocols.dns import Zone, ZoneSet
from mailsim.scenario.build import build
from mailsim.scenario.roles import to_policy
from tests.interop.daemons import free_port
from tests.interop.failing import SENDER, SITUATIONS, SKOLA, Table, attempt, domain, recipients, scenario, told
from tests.interop.postfix import Postfix, needed, running
from tests.interop.socket_world import World, serving

NAMESERVER = f"127.{os.getpid() // 250 % 250 + 2}.{os.getpid() % 250 + 1}.53"
"""Of this process alone: the system's resolver knows no other port than 53."""
PATIENCE_S = 30
LIFETIME = timedelta(seconds=6)
SETTINGS = """
myhostname = {skola}
mynetworks = 127.0.0.0/8
virtual_mailbox_domains =
virtual_mailbox_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_tls_security_level = none
transport_maps = inline:{{ {transports} }}
smtp_connect_timeout = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
delay_warning_time = 1s
maximal_queue_lifetime = {lifetime}s
bounce_queue_lifetime = {lifetime}s
"""
ROOT = "$TTL 60\n@ SOA a.root.test. hostmaster.root.test. 1 7200 900 1209600 60\n@ NS a.root.test.\n"


class Stage:
    """The servers of one situation, each on an address of the loopback network."""

    def __init__(self, name: str, number: int) -> None:
        self.domain, self.scenario = domain(name), scenario(name)
        self.simulation = build(self.scenario)
        self.simulation.network.run(1)  # the faults begin
        hosts = [host for host in self.simulation.hosts.values() if host.name.startswith("mx")]
        self.exchangers = {f"127.1.{number}.{which}": host for which, host in enumerate(hosts, 1)}

    @contextlib.contextmanager
    def serve(self, port: int) -> Iterator[None]:
        """Its mail exchangers, all on one port."""
        with contextlib.ExitStack() as stack:
            for address, host in self.exchangers.items():
                kinds = [fault.kind for fault in self.scenario.faults if fault.host == host.name]
                if "filtered" in kinds:
                    stack.enter_context(silent(address, port))
                elif "stopped" not in kinds:
                    policy = to_policy(self.scenario.hosts[host.name].roles.mta, MtaPolicy)
                    stack.enter_context(serving(session(host, policy), address, port))
            yield

    @property
    def nameserver(self) -> NameServer | None:
        """The one of its domain, which knows the real addresses; None for one that is silent or not there."""
        zone = self.simulation.world.zones.get(self.domain)
        if zone is None or any(fault.kind == "dns_silent" for fault in self.scenario.faults):
            return None
        for address, host in self.exchangers.items():
            zone = re.sub(rf"\b{re.escape(host.addresses[0])}\b", address, zone)
        host = self.simulation.hosts[f"ns1.{self.domain}"]
        return NameServer(host.name, ZoneSet([Zone.parse(zone, self.domain)]), host.troubles)


def session(host: Host, policy: MtaPolicy) -> Callable[[Connection], Script]:
    """What a mail server does with a connection."""
    queue = host.queue
    assert queue is not None
    service = mta_service(host, policy)
    return lambda connection: MtaSession(service, policy, queue, connection).run()


@contextlib.contextmanager
def silent(address: str, port: int) -> Iterator[None]:
    """A port on which connections come to nothing."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((address, port))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((address, port))
        yield


@contextlib.contextmanager
def answering(servers: Mapping[str, NameServer | None]) -> Iterator[None]:
    """All name servers behind one address, for a program that has no recursive resolver; None is silent."""
    root = NameServer("root", ZoneSet([Zone.parse(ROOT, ".")]))
    wires = {b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")): name for name in servers}

    def answer(wire: bytes) -> bytes | None:
        name = next((name for label, name in wires.items() if label in wire.lower()), "")
        server = servers.get(name, root)
        said = World().run(server.respond(wire, False)) if server else None
        return said.wire if said else None

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind((NAMESERVER, 53))

        def work() -> None:
            while (arrived := link.recvfrom(4096))[0]:
                said = answer(arrived[0])
                if said is not None:
                    link.sendto(said, arrived[1])

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            link.sendto(b"", (NAMESERVER, 53))
            thread.join(PATIENCE_S)


# --- what Postfix does ---------------------------------------------------------------------------


class Theirs:
    """What a Postfix does in every situation, all at once; `wait` until it has done it.

    Args:
        server: it. home: the host that its reports go to. names: of the hosts, by their loopback addresses.
    """

    def __init__(self, server: Postfix, home: Host, names: Mapping[str, str]) -> None:
        self._server, self._home, self._names = server, home, names
        self._log = ""
        self._reports: list[bytes] = []

    def send(self, names: Iterable[str]) -> None:
        with smtplib.SMTP("127.0.0.1", self._server.port) as smtp:
            for name in names:
                letter = EmailMessage()
                letter["From"], letter["To"], letter["Subject"] = SENDER, ", ".join(recipients(name)), name
                smtp.send_message(letter)

    def wait(self) -> None:
        """Until its queue is empty, because everything was relayed or has come back."""
        end = time.monotonic() + PATIENCE_S
        while self._server.queue:
            if time.monotonic() > end:
                pytest.fail(self._server.log)
            time.sleep(0.1)
        self._log = self._server.log
        assert self._home.queue is not None
        self._reports = [mail.content for mail in self._home.queue.mails.values()]

    def table(self, name: str) -> Table:
        """The same as `failing.ours`, from the log and from the reports that it has sent."""
        fates: dict[str, str] = {}
        tried: list[str] = []
        for line in self._log.splitlines():
            if "postfix/smtp[" not in line or domain(name) not in line or len(fates) == len(recipients(name)):
                continue
            for address in re.findall(r"(?<=\[)127\.[0-9.]+(?=\])", line):
                tried += [self._names[address]] if self._names[address] not in tried else []
            done = re.search(r"to=<(?P<rcpt>[^>]+)>.* status=(?P<status>\w+) ", line)
            if done:
                fates.setdefault(done["rcpt"], {"sent": "relayed", "deferred": "queued"}.get(done["status"], "bounced"))
        mine = [report for report in self._reports if f"@{domain(name)}".encode() in report]
        return {**attempt(name, tried, fates), **told(mine, LIFETIME)}


@contextlib.contextmanager
def postfix_in_trouble() -> Iterator[Theirs]:
    """A Postfix with a mail for the domain of every situation; skips where there can be none."""
    needed()
    stages = {name: Stage(name, number) for number, name in enumerate(SITUATIONS, 1)}
    port = free_port()
    home = next(iter(stages.values())).simulation.hosts[SKOLA]
    with contextlib.ExitStack() as stack:
        for stage in stages.values():
            stack.enter_context(stage.serve(port))
        zones = {stage.domain: stage.nameserver for name, stage in stages.items() if SITUATIONS[name].zone is not None}
        stack.enter_context(answering(zones))
        school = MtaPolicy(local_domains=("skola.example",))
        mailbox = stack.enter_context(serving(session(home, school)))
        transports = [f"{stage.domain}=asks:{stage.domain}:{port}" for stage in stages.values()]
        transports.append(f"skola.example=smtp:[127.0.0.1]:{mailbox.port}")
        settings = SETTINGS.format(
            skola=SKOLA, transports=", ".join(transports), lifetime=round(LIFETIME.total_seconds())
        )
        names = {address: host.name for stage in stages.values() for address, host in stage.exchangers.items()}
        theirs = Theirs(stack.enter_context(running(settings, NAMESERVER)), home, names)
        theirs.send(SITUATIONS)
        yield theirs
