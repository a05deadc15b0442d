"""The reading half of a MUA: asks an access server for what is new, and shows it.

IMAP works on the mailbox where it is: the client looks at the list, then opens mails, and the server remembers
which. POP3 takes copies away, and only the client can remember what it already has (RFC 1939 section 7, UIDL).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

from mailsim.agents.host import Host
from mailsim.agents.imap_client import ImapClient
from mailsim.agents.operations import Close, Note
from mailsim.agents.outcome import conclusion
from mailsim.agents.policy import MuaPolicy
from mailsim.agents.pop3_client import Pop3Client
from mailsim.agents.stub import Found
from mailsim.agents.tls import ClientTls
from mailsim.errors import ConnectionLost, RemoteProtocolError, TlsFailed
from mailsim.mail import header
from mailsim.mail.identity import message_key
from mailsim.protocols.imap import keys
from mailsim.protocols.imap.items import ENVELOPE, FLAGS, SIZE, Body
from mailsim.trace.facts import MessageShown, PolicyVerdict

if TYPE_CHECKING:
    from mailsim.agents.mua import Account

PORT = {"imap": 143, "pop3": 110}
IMPLICIT_TLS_PORT = {"imap": 993, "pop3": 995}
INBOX, SENT = "INBOX", "Sent"
C = TypeVar("C", ImapClient, Pop3Client)


class Inbox:
    """What a client has seen of its user's mailbox so far.

    Attributes:
        known_uids: mails that were opened by IMAP. known_ids: unique-ids that were downloaded by POP3.
    """

    def __init__(self, host: Host, account: Account, policy: MuaPolicy) -> None:
        self.host, self.account, self.policy = host, account, policy
        self.known_uids: set[int] = set()
        self.known_ids: set[str] = set()

    async def read(self, protocol: Literal["imap", "pop3"]) -> None:
        """Fetch and show what is new; a server that cannot be reached, or says no, is told to the user."""
        for address in await self._addresses():
            try:
                if protocol == "imap":
                    await self._converse(await self._imap(address), self._read_by_imap)
                else:
                    await self._converse(await self._pop3(address), self._read_by_pop3)
                return
            except (ConnectionLost, RemoteProtocolError) as error:
                await self._tell(_words(error))
                if isinstance(error, TlsFailed):
                    return  # the certificate is the same at every address

    async def save_sent(self, content: bytes, message: str) -> None:
        """Put a copy of a sent mail into the folder Sent: a second upload, by IMAP (RFC 9051 section 6.3.12)."""

        async def upload(imap: ImapClient) -> None:
            if await self._log_in(imap):
                await imap.append(SENT, content, ("\\Seen",))
            await imap.logout()

        for address in await self._addresses():
            try:
                await self._converse(await self._imap(address), upload)
                return
            except (ConnectionLost, RemoteProtocolError) as error:
                await self._tell(_words(error), message)
                if isinstance(error, TlsFailed):
                    return  # the certificate is the same at every address

    async def _converse(self, client: C, dialogue: Callable[[C], Awaitable[None]]) -> None:
        """Have a dialogue; one that breaks leaves no open connection behind."""
        try:
            await dialogue(client)
        except (ConnectionLost, RemoteProtocolError):
            await Close(client.connection)
            raise

    async def _imap(self, address: str) -> ImapClient:
        return await ImapClient.connect(address, *self._door("imap"))

    async def _pop3(self, address: str) -> Pop3Client:
        return await Pop3Client.connect(address, *self._door("pop3"))

    def _door(self, protocol: Literal["imap", "pop3"]) -> tuple[int, int, ClientTls]:
        """Port, connect timeout, and what TLS is wanted."""
        policy = self.policy
        tls = ClientTls(policy.access_tls, self.account.access_host, policy.check_certificate, policy.tls_versions)
        port = policy.access_port if protocol == policy.access else 0
        usual = IMPLICIT_TLS_PORT if tls.is_implicit else PORT
        return port or usual[protocol], policy.timeouts.connect_us, tls

    async def _addresses(self) -> Sequence[str]:
        found = await self.host.look_up(self.account.access_host, self.policy.address_families)
        if isinstance(found, Found):
            return found.records
        await self._tell("the server has no known address")
        return ()

    # --- the two protocols ----------------------------------------------------------------------

    async def _read_by_imap(self, imap: ImapClient) -> None:
        """Look at the list of new mails first, then open each one."""
        if await self._log_in(imap) and (await imap.select(INBOX)).status == "OK":
            new = [uid for uid in await imap.search(keys.All()) if uid not in self.known_uids]
            if new:
                await imap.fetch(new, (FLAGS, SIZE, ENVELOPE))
            for uid in new:
                await self._open(imap, uid)
        await imap.logout()

    async def _log_in(self, imap: ImapClient) -> bool:
        identity = self.account.identity(self.host, self.policy)
        tagged = await (imap.login(identity) if self.policy.access_auth == "password" else imap.authenticate(identity))
        if tagged.status != "OK":
            await self._tell(f"{tagged.status} {tagged.text}")
        return tagged.status == "OK"

    async def _open(self, imap: ImapClient, uid: int) -> None:
        whole = Body(peek=not self.policy.mark_seen)
        for data in await imap.fetch([uid], (whole,)):
            content = data.get(whole.answer_name)
            if isinstance(content, bytes):
                self.known_uids.add(uid)
                await self._show(content)

    async def _read_by_pop3(self, pop3: Pop3Client) -> None:
        """Download what is not here yet, and delete it on the server only if the user wants so."""
        identity = self.account.identity(self.host, self.policy)
        match self.policy.access_auth:
            case "password":
                reply = await pop3.login(identity)
            case "sasl":
                reply = await pop3.authenticate(identity)
            case "apop":
                reply = await pop3.apop(identity)
        if not reply.ok:
            await self._tell(str(reply))
        else:
            for number, unique_id in (await pop3.unique_ids()).items():
                if unique_id not in self.known_ids:
                    await self._download(pop3, number, unique_id)
                if self.policy.pop3_delete and unique_id in self.known_ids:
                    await pop3.delete(number)
        await pop3.quit()

    async def _download(self, pop3: Pop3Client, number: int, unique_id: str) -> None:
        content = await pop3.retrieve(number)
        if content is not None:
            self.known_ids.add(unique_id)
            await self._show(content)

    # --- the screen -----------------------------------------------------------------------------

    async def _show(self, content: bytes) -> None:
        sender, subject = header.text(content, "From") or "", header.text(content, "Subject") or ""
        user = self.account.address
        await Note(MessageShown(user, message_key(content), user, sender, subject))

    async def _tell(self, what: str, message: str = "") -> None:
        await Note(PolicyVerdict("inbox", "failed", what, message))


def _words(error: Exception) -> str:
    return str(conclusion(error)[1]) if isinstance(error, ConnectionLost) else str(error)
