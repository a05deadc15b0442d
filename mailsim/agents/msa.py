"""The MSA: the server on port 587 that takes new mail from the users of its site (RFC 6409).

Two things make it another role than an MTA, even inside the same program: it wants to know who is there before
it takes anything, and then takes mail to anyone; and it may complete a message that the MUA left unfinished.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from mailsim.agents import routing
from mailsim.agents.completion import complete_header, completed, is_complete, missing_fields
from mailsim.agents.directory import User
from mailsim.agents.host import Host
from mailsim.agents.login import Guard, mechanisms
from mailsim.agents.mta import LOOP, UNKNOWN_USER, at_home, stamp
from mailsim.agents.operations import Connection, Note, Now
from mailsim.agents.policy import MsaPolicy
from mailsim.agents.queue import Queue
from mailsim.agents.reception import server_config
from mailsim.agents.smtp_server import Answer, Opinion, Service, Session
from mailsim.mail.trace_fields import count_received, prepend, separated
from mailsim.protocols.smtp import AuthDone, ContentReceived, Mail, Rcpt, Reply, Rset
from mailsim.protocols.smtp.parameters import envelope_of
from mailsim.trace.facts import PolicyVerdict

TOO_MANY_FAILURES = Reply.of(421, "4.7.0", "Too many failed logins, closing")
NOT_YOUR_ADDRESS = Reply.of(550, "5.7.1", "The sender address is not yours")
SENDER_NOT_QUALIFIED = Reply.of(550, "5.1.8", "The sender's domain is not fully qualified")
NOT_QUALIFIED = Reply.of(550, "5.1.2", "The recipient's domain is not fully qualified")


def msa_service(host: Host, policy: MsaPolicy, local_domains: tuple[str, ...]) -> Service:
    """The submission server as its policy wants it."""
    offers_tls = policy.tls and host.has_certificate
    config = server_config(
        policy.reception,
        hostname=policy.hostname or host.name,
        pipelining=policy.pipelining,
        size_limit=policy.size_limit,
        max_recipients=policy.max_recipients,
        auth_mechanisms=policy.auth_mechanisms,
        require_auth=policy.require_auth,
        starttls=offers_tls,
        require_tls=policy.require_tls and offers_tls,
        auth_requires_tls=policy.auth_requires_tls and offers_tls,
    )
    return Service(
        host,
        config,
        policy.reception,
        policy.command_timeout_us,
        local_domains,
        policy.tls_versions,
        mechanisms(host),
    )


class MsaSession(Session):
    """One user's visit; `user` is who has logged in."""

    role = "msa"

    def __init__(
        self, service: Service, policy: MsaPolicy, queue: Queue, connection: Connection, *, implicit_tls: bool = False
    ) -> None:
        super().__init__(service, connection, implicit_tls=implicit_tls)
        self.policy, self.queue, self.local_domains = policy, queue, service.local_domains
        self.user: User | None = None
        self.guard = Guard(self.host, connection, policy.auth_failure_delay_us, policy.auth_failure_limit)

    async def _log_in(self, done: AuthDone) -> Answer:
        """Compare with the directory; whoever only guesses is shown the door (RFC 4954 section 4)."""
        self.user = await self.guard.admit(done.credentials, done.mechanism)
        if self.user:
            return self.engine.auth_accept()
        refusal = self.engine.auth_refuse()
        return (refusal, self.engine.shut_down(TOO_MANY_FAILURES)) if self.guard.has_had_enough else refusal

    async def _sender(self, mail: Mail) -> Reply:
        """May this user write in this name (RFC 6409 section 6.1)? Nobody's name, `<>`, is everybody's."""
        if not mail.path:
            return self.engine.accept()
        address = self._qualified(mail.path)
        if not is_complete(address.rpartition("@")[2]):
            return self.engine.refuse(SENDER_NOT_QUALIFIED)
        if self.policy.sender_rights == "any" or self.user is None:
            return self.engine.accept()
        if self.host.directory.may_send_as(self.user, address):
            return self.engine.accept()
        await Note(PolicyVerdict("sender", "reject", f"{self.user.address} is not {address}"))
        return self.engine.refuse(NOT_YOUR_ADDRESS)

    async def _recipient(self, rcpt: Rcpt) -> Reply:
        """To anyone; but what can be known to be wrong is said at once, while the user is still there."""
        address = self._qualified(rcpt.path)
        domain = address.rpartition("@")[2]
        if not is_complete(domain):
            return self.engine.refuse(NOT_QUALIFIED)  # RFC 6409 section 4.2
        if routing.is_local(self.queue.policy, domain) and not self.host.directory.mailboxes(address):
            return self.engine.refuse(UNKNOWN_USER)
        return self.engine.accept()

    def _qualified(self, path: str) -> str:
        """The address as it leaves this server: with a domain, and with all of it if policy completes domains."""
        path = at_home(path, self.host, self.local_domains)
        return completed(path, self.local_domains) if self.policy.complete_domains else path

    async def _reset(self, _: Rset) -> Answer:
        reset = self.engine.accept()
        return (reset, self.engine.shut_down()) if self.policy.rset_closes else reset

    async def _content(self, received: ContentReceived) -> Reply:
        """Complete the message, put a Received line on top, and take the responsibility."""
        data = received.data
        if count_received(data) >= self.queue.policy.max_received:
            return self.engine.refuse(LOOP)
        assert self.engine.sender is not None
        envelope = envelope_of(
            self.engine.sender, {self._qualified(rcpt.path): rcpt for rcpt in self.engine.recipients}
        )
        sender = self._qualified(envelope.reverse_path) if envelope.reverse_path else ""
        if sender != envelope.reverse_path:
            envelope = replace(envelope, reverse_path=sender)
        data = separated(data)
        if self.policy.complete_domains:
            data = complete_header(data, self.local_domains)
        queue_id, now_us = self.queue.next_id(), await Now()
        calendar = self.host.calendar
        missing = missing_fields(
            data,
            self.policy,
            user=self.user.address if self.user else "",
            message_id=f"<{queue_id}@{self.engine.config.hostname}>",
            date_us=calendar.epoch_us(now_us),
            utc_offset_minutes=calendar.utc_offset_minutes,
        )
        stamped = prepend(data, stamp(self, queue_id, envelope.recipients, self.host, now_us), *missing)
        await self.queue.add(queue_id, envelope, stamped)
        return self.engine.accept(Reply.of(250, "2.0.0", f"Ok: queued as {queue_id}"))

    opinions: ClassVar[Mapping[type[Any], Opinion]] = {
        **Session.opinions,
        AuthDone: _log_in,
        Mail: _sender,
        Rcpt: _recipient,
        Rset: _reset,
        ContentReceived: _content,
    }
