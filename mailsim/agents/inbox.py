"""The reading half of a MUA: reaches an access server, and does by IMAP or POP3 what its user wants.

IMAP works on the mailbox where it is: the client looks at the list, then opens mails, and the server remembers
which (`imap_reading`). POP3 takes copies away, and only the client can remember what it already has (`pop3_reading`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

from mailsim.agents.actions import OnMails, OpenMail, ReadMail
from mailsim.agents.host import Host
from mailsim.agents.imap_client import ImapClient
from mailsim.agents.imap_reading import ImapReading
from mailsim.agents.operations import Close, Note, Raise, Sleep
from mailsim.agents.outcome import conclusion
from mailsim.agents.policy import MuaPolicy
from mailsim.agents.pop3_client import Pop3Client
from mailsim.agents.pop3_reading import Pop3Reading
from mailsim.agents.stub import Found
from mailsim.agents.tls import FOR_THE_USER, ClientTls
from mailsim.errors import ConnectionLost, RemoteProtocolError, TlsFailed, Unwelcome
from mailsim.trace.facts import PolicyVerdict

if TYPE_CHECKING:
    from mailsim.agents.mua import Account

Protocol = Literal["imap", "pop3"]
PORT = {"imap": 143, "pop3": 110}
IMPLICIT_TLS_PORT = {"imap": 993, "pop3": 995}
SENT = "Sent"
C = TypeVar("C", ImapClient, Pop3Client)
Fate = Literal["done", "broken", "for-the-user"]
"""What became of a visit to the server. When only the user can help, a client does not try again by itself."""


class Inbox:
    """What a client has seen of its user's mailbox so far: `by_imap` and `by_pop3` remember it.

    `tls` is what it wants of TLS, whichever protocol it speaks.
    """

    def __init__(self, host: Host, account: Account, policy: MuaPolicy) -> None:
        self.host, self.account, self.policy = host, account, policy
        self.tls = ClientTls(policy.access_tls, account.access_host, policy.check_certificate, policy.tls_versions)
        self.by_imap = ImapReading(account.address, policy, self._log_in)
        self.by_pop3 = Pop3Reading(account.address, policy, self._log_in_by_pop3)

    async def do(self, task: ReadMail | OnMails) -> None:
        """What the user wants: in the connection that is open, or in a new one."""
        protocol = (task.protocol if isinstance(task, ReadMail) else None) or self.policy.access
        if protocol == "pop3":
            if isinstance(task, OpenMail):
                self.by_pop3.wishes.append(task)
            await self._persist(lambda: self._reach(self._pop3, self.by_pop3.visit))
            self.by_pop3.wishes.clear()
            return
        self.by_imap.wishes.append(task)
        if self.by_imap.is_open:
            await Raise(self.by_imap.wish)
            return
        self.by_imap.is_open = True
        await self._persist(self._visit_by_imap)
        self.by_imap.is_open = False
        self.by_imap.wishes.clear()

    async def _persist(self, visit: Callable[[], Awaitable[Fate]]) -> None:
        """Try until it worked, or the settings say that it is enough, or the user has to decide."""
        for _ in range(self.policy.reconnect_tries):
            if await visit() != "broken":
                return
            await Sleep(self.policy.reconnect_us)
        await visit()

    async def _visit_by_imap(self) -> Fate:
        fate = await self._reach(self._imap, self.by_imap.visit)
        if fate != "done":
            self.by_imap.broken()
        return fate

    async def save_sent(self, content: bytes, message: str) -> None:
        """Put a copy of a sent mail into the folder Sent: a second upload, by IMAP (RFC 9051 section 6.3.12)."""

        async def upload(imap: ImapClient) -> None:
            if await self._log_in(imap):
                tagged = await imap.append(SENT, content, ("\\Seen",))
                if tagged.status != "OK":
                    await self._tell(f"{tagged.status} {tagged.text}", message)
            await imap.logout()

        await self._reach(self._imap, upload, message)

    async def _reach(
        self, connect: Callable[[str], Awaitable[C]], dialogue: Callable[[C], Awaitable[None]], message: str = ""
    ) -> Fate:
        """Try the server's addresses until one answers, and talk; the user is told what failed.

        A dialogue that breaks leaves no open connection behind.
        """
        for address in await self._addresses():
            try:
                client = await connect(address)
            except (ConnectionLost, RemoteProtocolError) as error:
                await self._tell(_words(error), message)
                if isinstance(error, TlsFailed):  # the certificate is the same at every address
                    return "for-the-user" if error.reason in FOR_THE_USER else "broken"
                continue
            try:
                await dialogue(client)
            except (ConnectionLost, RemoteProtocolError) as error:
                await Close(client.connection)
                await self._tell(_words(error), message)
                return "broken"
            return "done"
        return "broken"

    async def _imap(self, address: str) -> ImapClient:
        return await ImapClient.connect(address, *self._door("imap"))

    async def _pop3(self, address: str) -> Pop3Client:
        return await Pop3Client.connect(address, *self._door("pop3"))

    def _door(self, protocol: Literal["imap", "pop3"]) -> tuple[int, int, ClientTls]:
        """Port, connect timeout, and what TLS is wanted."""
        policy = self.policy
        port = policy.access_port if protocol == policy.access else 0
        usual = IMPLICIT_TLS_PORT if self.tls.is_implicit else PORT
        return port or usual[protocol], policy.timeouts.connect_us, self.tls

    async def _addresses(self) -> Sequence[str]:
        found = await self.host.look_up(self.account.access_host, self.policy.address_families)
        if isinstance(found, Found):
            return found.records
        await self._tell("the server has no known address")
        return ()

    # --- logging in -----------------------------------------------------------------------------

    async def _log_in(self, imap: ImapClient) -> bool:
        identity = self.account.identity(self.host, self.policy)
        tagged = await (imap.login(identity) if self.policy.access_auth == "password" else imap.authenticate(identity))
        if tagged.status != "OK":
            await self._tell(f"{tagged.status} {tagged.text}")
        return tagged.status == "OK"

    async def _log_in_by_pop3(self, pop3: Pop3Client) -> bool:
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
        return reply.ok

    async def _tell(self, what: str, message: str = "") -> None:
        await Note(PolicyVerdict("inbox", "failed", what, message))


def _words(error: Exception) -> str:
    if isinstance(error, ConnectionLost) and not isinstance(error, Unwelcome):
        return conclusion(error)[1].text
    return str(error)
