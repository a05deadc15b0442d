"""The servers of a host: each listens from the beginning, and its program is loaded when the first client comes.

Whoever starts a simulated Internet waits until its ports are open, and should not wait for programs that nobody may
ever talk to. So this file imports none of them at its top; each `visit` does, and only the first one takes any time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mailsim.agents.operations import Accept, Connection, Listen, Script, Spawn

if TYPE_CHECKING:
    from mailsim.agents.access_pop3 import Pop3Service
    from mailsim.agents.host import Host
    from mailsim.agents.policy import AccessPolicy, MdaPolicy, MsaPolicy, MtaPolicy
    from mailsim.agents.queue import Queue
    from mailsim.agents.smtp_server import Service


async def mta(host: Host, policy: MtaPolicy, queue: Queue) -> None:
    """Take mail on port 25 for ever."""
    service: Service | None = None

    def visit(connection: Connection) -> Script:
        from mailsim.agents.mta import MtaSession, mta_service

        nonlocal service
        service = service or mta_service(host, policy)
        return MtaSession(service, policy, queue, connection).run()

    await listen(policy.port, "mta session", visit)


async def msa(host: Host, policy: MsaPolicy, queue: Queue) -> None:
    """Take mail on the submission ports for ever; what is accepted goes into the queue of the host's MTA."""
    service: Service | None = None

    def visit(connection: Connection, implicit_tls: bool) -> Script:
        from mailsim.agents.msa import MsaSession, msa_service

        nonlocal service
        service = service or msa_service(host, policy, queue.policy.local_domains)
        return MsaSession(service, policy, queue, connection, implicit_tls=implicit_tls).run()

    implicit_port = policy.implicit_port if policy.tls and host.has_certificate else 0
    await listen_twice(policy.port, implicit_port, "msa session", visit)


async def mda(host: Host, policy: MdaPolicy) -> None:
    """Take mail by LMTP for ever."""
    assert host.store is not None, "an MDA needs mailboxes"
    store = host.store
    service: Service | None = None

    def visit(connection: Connection) -> Script:
        from mailsim.agents.mda import MdaSession, mda_service

        nonlocal service
        service = service or mda_service(host, policy)
        return MdaSession(service, policy, store, connection).run()

    await listen(policy.port, "mda session", visit)


async def imap(host: Host, policy: AccessPolicy) -> None:
    """Serve the mailboxes of this host by IMAP, for ever."""

    def visit(connection: Connection, implicit_tls: bool) -> Script:
        from mailsim.agents.access_imap import ImapSession

        return ImapSession(host, policy, connection, implicit_tls=implicit_tls).run()

    implicit_port = policy.imaps_port if policy.tls and host.has_certificate else 0
    await listen_twice(policy.imap_port, implicit_port, "imap", visit)


async def pop3(host: Host, policy: AccessPolicy) -> None:
    """Serve the mailboxes of this host by POP3, for ever."""
    service: Pop3Service | None = None

    def visit(connection: Connection, implicit_tls: bool) -> Script:
        from mailsim.agents.access_pop3 import Pop3Service, Pop3Session

        nonlocal service
        service = service or Pop3Service(host, policy)
        return Pop3Session(service, connection, implicit_tls=implicit_tls).run()

    implicit_port = policy.pop3s_port if policy.tls and host.has_certificate else 0
    await listen_twice(policy.pop3_port, implicit_port, "pop3", visit)


async def listen(port: int, name: str, session: Callable[[Connection], Script]) -> None:
    """Answer every connection to a port with a script of its own, for ever."""
    listener = await Listen(port)
    while True:
        connection = await Accept(listener)
        await Spawn(name, session(connection))


async def listen_twice(port: int, implicit_port: int, name: str, session: Callable[[Connection, bool], Script]) -> None:
    """Answer on a port, and on another one with TLS from the beginning (0: on none) which the session is told."""
    if implicit_port:
        secure = listen(implicit_port, name, lambda connection: session(connection, True))
        await Spawn(f"{name} on port {implicit_port}", secure)
    await listen(port, name, lambda connection: session(connection, False))
