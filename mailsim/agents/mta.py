"""The MTA's ear: the server on port 25 that takes mail from other servers (RFC 5321).

Its rule is the whole difference between a mail server and a spammer's tool: for my domains from anyone, to
anyone else only from my own networks (RFC 5321 sections 3.6.2 and 7.9). What it has accepted is in the queue
before it says 250; `queue`, `routing` and `delivery` are the MTA's other half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any, ClassVar

from mailsim.agents import routing
from mailsim.agents.host import Host
from mailsim.agents.operations import Connection, Note, Now
from mailsim.agents.policy import MtaPolicy
from mailsim.agents.queue import Queue
from mailsim.agents.reception import server_config
from mailsim.agents.smtp_server import Opinion, Service, Session
from mailsim.agents.stub import Found
from mailsim.mail.domains import ascii_domain
from mailsim.mail.identity import message_key
from mailsim.mail.trace_fields import address_literal, count_received, prepend, received
from mailsim.protocols.smtp import ContentReceived, Mail, Rcpt, Reply
from mailsim.protocols.smtp.parameters import envelope_of
from mailsim.trace.facts import PolicyVerdict

UNKNOWN_USER = Reply.of(550, "5.1.1", "No such user here")
NO_RELAY = Reply.of(550, "5.7.1", "Relaying denied")
NULL_MX_SENDER = Reply.of(550, "5.7.27", "The domain of the sender takes no mail (null MX)")
LOOP = Reply.of(554, "5.4.6", "Too many hops, the mail is in a loop")


def mta_service(host: Host, policy: MtaPolicy) -> Service:
    """The server on port 25 as its policy wants it."""
    config = server_config(
        policy.reception,
        hostname=policy.hostname or host.name,
        pipelining=policy.pipelining,
        size_limit=policy.size_limit,
        max_recipients=policy.max_recipients,
        starttls=policy.tls and host.has_certificate,
    )
    return Service(host, config, policy.reception, policy.command_timeout_us, policy.local_domains, policy.tls_versions)


class MtaSession(Session):
    """One client's visit."""

    def __init__(self, service: Service, policy: MtaPolicy, queue: Queue, connection: Connection) -> None:
        super().__init__(service, connection)
        self.policy, self.queue = policy, queue

    async def _sender(self, mail: Mail) -> Reply:
        """Could anybody answer this sender (RFC 7505 section 4.2)?"""
        if self.policy.reject_null_mx_senders and mail.path:
            found = await self.host.stub.lookup_mx(mail.path.rpartition("@")[2])
            if isinstance(found, Found) and [record.host for record in found.records] == ["."]:
                await Note(PolicyVerdict("null-mx", "reject", mail.path))
                return self.engine.refuse(NULL_MX_SENDER)
        return self.engine.accept()

    async def _recipient(self, rcpt: Rcpt) -> Reply:
        """Is this one of ours, or may this client send to others?"""
        address = self._qualified(rcpt.path)
        domain = ascii_domain(address.rpartition("@")[2])
        if routing.is_local(self.policy, domain):
            if not self.policy.check_recipients or self.host.directory.mailboxes(address):
                return self.engine.accept()
            return self.engine.refuse(UNKNOWN_USER)
        reason = self._reason_to_relay(domain)
        await Note(PolicyVerdict("relay", "accept" if reason else "reject", reason, rcpt=address))
        return self.engine.accept() if reason else self.engine.refuse(NO_RELAY)

    def _reason_to_relay(self, domain: str) -> str:
        """Why mail for a domain of others may pass; "" when it may not."""
        if domain in map(ascii_domain, self.policy.relay_domains):
            return "relay-domain"
        client = ip_address(self.connection.peer_address)
        if any(client in ip_network(network) for network in self.policy.relay_networks):
            return "relay-network"
        return "open-relay" if self.policy.open_relay else ""

    def _qualified(self, path: str) -> str:
        return at_home(path, self.host, self.policy.local_domains)

    async def _content(self, received: ContentReceived) -> Reply:
        """Put a Received line on top and take the responsibility, or refuse a mail that travels in circles."""
        data = received.data
        if count_received(data) >= self.policy.max_received:
            await Note(PolicyVerdict("loop", "reject", f"{count_received(data)} Received", message_key(data)))
            return self.engine.refuse(LOOP)
        assert self.engine.sender is not None
        envelope = envelope_of(
            self.engine.sender, {self._qualified(rcpt.path): rcpt for rcpt in self.engine.recipients}
        )
        queue_id = self.queue.next_id()
        stamped = prepend(data, stamp(self, queue_id, envelope.recipients, self.host, await Now()))
        await self.queue.add(queue_id, envelope, stamped)
        return self.engine.accept(Reply.of(250, "2.0.0", f"Ok: queued as {queue_id}"))

    opinions: ClassVar[Mapping[type[Any], Opinion]] = {
        **Session.opinions,
        Mail: _sender,
        Rcpt: _recipient,
        ContentReceived: _content,
    }


def at_home(path: str, host: Host, local_domains: Sequence[str]) -> str:
    """Two other ways to name this host: a bare `postmaster` (RFC 5321 section 4.1.1.3), and any mailbox at one of its
    own addresses (RFC 1123 section 5.2.17). Both become a mailbox of its first domain."""
    local_part, at, domain = path.rpartition("@")
    if at and not (domain.startswith("[") and domain in map(address_literal, host.addresses)):
        return path
    return f"{local_part if at else path}@{local_domains[0] if local_domains else host.name}"


def stamp(session: Session, queue_id: str, recipients: Sequence[str], host: Host, now_us: int) -> bytes:
    """The Received line of a server: who came from where, and when (RFC 5321 section 4.4)."""
    engine = session.engine
    if not engine.is_extended:
        protocol = "SMTP"
    else:
        is_utf8 = engine.sender is not None and engine.sender.smtputf8
        protocol = "UTF8SMTP" if is_utf8 else "ESMTP"  # RFC 3848, RFC 6531 section 4.3
        protocol += ("S" if engine.tls_active else "") + ("A" if engine.username else "")
    return received(
        engine.client_name,
        session.connection.peer_address,
        None,  # the name that the DNS has for the address: reverse look-ups are a later issue
        engine.config.hostname,
        protocol,  # type: ignore[arg-type]
        queue_id,
        recipients[0] if len(recipients) == 1 else None,
        host.calendar.epoch_us(now_us),
        host.calendar.utc_offset_minutes,
        session.cipher,
    )
