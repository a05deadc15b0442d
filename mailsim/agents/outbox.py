"""The sending half of a MUA: gives a mail to the MSA, and keeps it in the outbox while that does not work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mailsim.agents.host import Host
from mailsim.agents.operations import Note, Sleep
from mailsim.agents.outcome import DROPPED, NO_ADDRESS_YET, conclusion
from mailsim.agents.policy import MuaPolicy
from mailsim.agents.smtp_client import SmtpClient
from mailsim.agents.stub import Found
from mailsim.agents.tls import FOR_THE_USER, NO_TLS, ClientTls
from mailsim.errors import ConnectionLost, RemoteProtocolError, TlsFailed
from mailsim.mail.envelope import Envelope
from mailsim.protocols.smtp import Reply
from mailsim.trace.facts import PolicyVerdict

if TYPE_CHECKING:
    from mailsim.agents.mua import Account

RELAY_PORT, SUBMISSION_PORT, IMPLICIT_TLS_PORT = 25, 587, 465


@dataclass(frozen=True, slots=True)
class Server:
    """Where a client takes a mail to, how the connection is protected, and whether it logs in there."""

    host: str
    port: int
    tls: ClientTls
    auth: bool


class Outbox:
    """The mails that a user has sent and the MSA has not taken yet."""

    def __init__(self, host: Host, account: Account, policy: MuaPolicy) -> None:
        self.host, self.account, self.policy = host, account, policy

    async def submit(self, envelope: Envelope, content: bytes, message: str) -> bool:
        """Try until every recipient was taken or refused for good; gives whether anybody was taken."""
        waiting, anybody = list(envelope.recipients), False
        for tries_left in reversed(range(self.policy.send_tries)):
            replies: dict[str, Reply] = {}
            for server, recipients in (await self._servers(waiting)).items():
                replies |= await self._try_server(server, envelope.to(*recipients), content)
            anybody = anybody or any(reply.is_positive for reply in replies.values())
            waiting = [recipient for recipient in waiting if replies[recipient].is_transient]
            await self._tell(replies, message, is_last=not tries_left)
            if not waiting or not tries_left:
                break
            await Sleep(self.policy.send_retry_us)
        return anybody

    async def _tell(self, replies: dict[str, Reply], message: str, is_last: bool) -> None:
        """Show the user what was not taken: it stays in the outbox for another try, or comes back."""
        for recipient, reply in replies.items():
            if reply.is_negative:
                result = "later" if reply.is_transient and not is_last else "failed"
                await Note(PolicyVerdict("outbox", result, str(reply), message, recipient))

    async def _servers(self, recipients: Sequence[str]) -> Mapping[Server, Sequence[str]]:
        """The server that is set up, for everybody; or what a client finds that looks up MX itself (M10)."""
        if not self.policy.lookup_mx:
            return {self._configured: recipients}
        servers: dict[Server, list[str]] = {}
        for recipient in recipients:
            domain = recipient.rpartition("@")[2]
            found = await self.host.stub.lookup_mx(domain)
            best = min(found.records, key=lambda mx: mx.preference).host if isinstance(found, Found) else domain
            servers.setdefault(Server(best, RELAY_PORT, NO_TLS, False), []).append(recipient)
        return servers

    @cached_property
    def _configured(self) -> Server:
        policy, host = self.policy, self.account.submission_host
        tls = ClientTls(policy.submission_tls, host, policy.check_certificate, policy.tls_versions)
        port = policy.submission_port or (IMPLICIT_TLS_PORT if tls.is_implicit else SUBMISSION_PORT)
        return Server(host, port, tls, policy.auth)

    async def _try_server(self, server: Server, envelope: Envelope, content: bytes) -> dict[str, Reply]:
        """Speak to the first of its addresses that answers; a reply for every recipient."""
        found = await self.host.look_up(server.host, self.policy.address_families)
        failure = NO_ADDRESS_YET
        for address in found.records if isinstance(found, Found) else ():
            try:
                smtp = await SmtpClient.connect(
                    address, server.port, self.policy.timeouts, pipelining=self.policy.pipelining, tls=server.tls
                )
            except TlsFailed as error:
                failure = _without_tls(error)
                break  # the certificate is the same at every address
            except ConnectionLost as error:
                failure = conclusion(error)[1]
            else:
                return await self._converse(smtp, server, envelope, content)
        return dict.fromkeys(envelope.recipients, failure)

    async def _converse(self, smtp: SmtpClient, server: Server, envelope: Envelope, content: bytes) -> dict[str, Reply]:
        """Greet, get TLS, log in, hand over (RFC 6409, RFC 8314)."""
        replies: dict[str, Reply] = {}
        try:
            reply = await smtp.greet()
            if reply.is_positive:
                reply = await smtp.hello(self.host.name)
            if reply.is_positive and server.auth:
                reply = await smtp.authenticate(self.account.identity(self.host, self.policy))
            if reply.is_positive:
                await smtp.transact(envelope, content, replies, self.policy.transfer)
        except TlsFailed as error:
            reply = _without_tls(error)
        except (ConnectionLost, RemoteProtocolError):
            reply = DROPPED
        await smtp.quit()
        return {recipient: replies.get(recipient, reply) for recipient in envelope.recipients}


def _without_tls(error: TlsFailed) -> Reply:
    """What it amounts to that TLS failed: for good, if only the user could do something about it."""
    if error.reason in FOR_THE_USER:
        return Reply.of(554, "5.7.5", f"TLS failed: {error.reason}")
    return conclusion(error)[1]
