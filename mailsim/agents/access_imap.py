"""The IMAP server: shows a user the mailbox where it lies (RFC 3501, RFC 9051).

It reads the store that the MDA writes; it delivers nothing (misconception M14). One session is one script.
`ImapSession` answers what needs no mailbox to be open; `SelectedMailbox` answers the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from mailsim.agents.directory import User
from mailsim.agents.host import Host
from mailsim.agents.imap_selected import Answer, Refusal, SelectedMailbox
from mailsim.agents.operations import Close as CloseConnection
from mailsim.agents.operations import Connection, Note, Now, Receive, ReceiveOrSignal, Script, Send, Sleep
from mailsim.agents.policy import AccessPolicy
from mailsim.agents.smtp_server import listen
from mailsim.agents.store_notes import publish
from mailsim.errors import ConnectionLost, ConnectionTimedOut
from mailsim.mail.folder import Folder
from mailsim.mail.identity import message_key
from mailsim.mail.store import (
    DELIMITER,
    Account,
    Added,
    FolderDeleted,
    FolderExists,
    FolderRenamed,
    InUse,
    NoSuchFolder,
    NotAllowed,
    OverQuota,
)
from mailsim.protocols import sasl
from mailsim.protocols.imap import (
    Append,
    Authenticate,
    Capability,
    Command,
    Create,
    Delete,
    Done,
    Enable,
    Enabled,
    Examine,
    Idle,
    ImapServer,
    ImapServerConfig,
    List,
    ListData,
    Login,
    Logout,
    Lsub,
    Namespace,
    NamespaceData,
    Noop,
    ReadyForLiteral,
    Refused,
    Rename,
    Response,
    SaslResponse,
    Select,
    Status,
    StatusData,
    Subscribe,
    Unsubscribe,
    append_uid,
    listed,
    root_of,
)
from mailsim.trace.facts import AuthFailed, AuthSucceeded

WRONG_PASSWORD = Refusal("Authentication failed", "AUTHENTICATIONFAILED")


async def imap_server(host: Host, policy: AccessPolicy) -> None:
    """Serve the mailboxes of this host by IMAP, for ever."""

    def visit(connection: Connection) -> Script:
        return ImapSession(host, policy, connection).run()

    await listen(policy.imap_port, "imap", visit)


class ImapSession:
    """One client's visit."""

    def __init__(self, host: Host, policy: AccessPolicy, connection: Connection) -> None:
        self.host, self.policy, self.connection = host, policy, connection
        self.engine = ImapServer(ImapServerConfig(host.name))
        self.user: User | None = None
        self.selected: SelectedMailbox | None = None
        self._mechanism: sasl.ServerMechanism | None = None

    async def run(self) -> None:
        """The whole visit, from the greeting to the end of the connection."""
        try:
            await self._say([self.engine.greeting()])
            while not self.engine.closed:
                await self._next()
        except ConnectionTimedOut:
            with suppress(ConnectionLost):
                await self._say([self.engine.bye("Idle for too long")])
        except ConnectionLost:
            pass
        await CloseConnection(self.connection)

    async def _next(self) -> None:
        match self.engine.next_event():
            case None:
                await self._listen()
            case Refused(reply=reply) | ReadyForLiteral(reply=reply):
                await self._say([reply])
            case SaslResponse(data):
                await self._say([await self._step(data)])
            case Idle():
                await self._say([self.engine.idling(), *self._news()])
                await self._idle()
            case Done():
                await self._say([*self._news(), self.engine.ok("IDLE terminated")])
            case Authenticate(mechanism, initial):
                await self._say([await self._authenticate(mechanism, initial)])
            case command:
                await self._obey(command)

    async def _obey(self, command: Command) -> None:
        """Answer one command: its data, then what is new in the mailbox, then the tagged response."""
        try:
            data, code = await self._answer(command)
        except Refusal as refusal:
            end = self.engine.bad(refusal.text) if refusal.is_bad else None
            news = self._news()
            await self._say([*refusal.data, *news, end or self.engine.no(refusal.text, refusal.code)])
            return
        news = () if isinstance(command, Select | Examine) else self._news()
        await self._say([*data, *news, self.engine.ok(code=code)])

    # --- bytes ----------------------------------------------------------------------------------

    async def _listen(self) -> None:
        data = await Receive(self.connection, self.policy.imap_timeout_us)
        if not data:
            raise ConnectionLost("the client is gone")
        self.engine.receive(data)

    async def _idle(self) -> None:
        """Tell what happens in the mailbox until the client says something (RFC 2177)."""
        assert self.user is not None
        signal = self.host.mailbox_signal(self.user.address)
        while True:
            data = await ReceiveOrSignal(self.connection, signal, self.policy.imap_timeout_us)
            if data is not None:
                break
            if news := self._news():
                await self._say(news)
        if not data:
            raise ConnectionLost("the client is gone")
        self.engine.receive(data)

    async def _say(self, responses: Sequence[Response]) -> None:
        await Send(self.connection, "imap", responses)

    def _news(self) -> Sequence[Response]:
        return self.selected.news(self.engine.expunge_allowed) if self.selected else ()

    # --- logging in -----------------------------------------------------------------------------

    async def _authenticate(self, name: str, initial: bytes | None) -> Response:
        make = sasl.SERVER_MECHANISMS.get(name.upper())
        if make is None or name.upper() not in self.engine.config.mechanisms:
            return self.engine.no("Unsupported authentication mechanism")
        self._mechanism = make()
        return await self._step(initial)

    async def _step(self, response: bytes | None) -> Response:
        assert self._mechanism is not None
        try:
            step = self._mechanism.step(response)
        except sasl.SaslError:
            return self.engine.bad("Malformed authentication data")
        if isinstance(step, bytes):
            return self.engine.challenge(step)
        if step.authorization_id not in ("", step.username):
            return self.engine.no("Acting for others is not allowed", "AUTHORIZATIONFAILED")
        try:
            await self._log_in(step.username, step.password, self._mechanism.name)
        except Refusal as refusal:
            return self.engine.no(refusal.text, refusal.code)
        return self._logged_in()

    async def _log_in(self, name: str, password: str, mechanism: str) -> None:
        """Check the password; a wrong one costs time, so that guessing is slow."""
        user = self.host.directory.log_in(name, password)
        fact = AuthSucceeded if user else AuthFailed
        await Note(fact(self.connection.id, mechanism, user.address if user else name, self.connection.tls))
        if user is None:
            await Sleep(self.policy.auth_failure_delay_us)
            raise WRONG_PASSWORD
        self.user = user

    def _logged_in(self) -> Response:
        """OK, with what is offered from now on, so that the client need not ask (RFC 3501 section 7.1)."""
        code = f"CAPABILITY {' '.join((*self.engine.config.revisions, *self.engine.config.extensions))}"
        return self.engine.ok("Logged in", code)

    # --- commands -------------------------------------------------------------------------------

    @property
    def _account(self) -> Account:
        assert self.user is not None
        assert self.host.store is not None
        account = self.host.store.account(self.user.address)
        assert account is not None
        return account

    async def _answer(self, command: Command) -> Answer:
        """The data for a command and the code of its OK. Raises: Refusal."""
        match command:
            case Capability():
                return [self.engine.capability_data], ""
            case Noop():
                return [], ""
            case Enable():
                return [Enabled(())], ""
            case Logout():
                return [self.engine.bye()], ""
            case Login(name, password):
                await self._log_in(name, password, "LOGIN")
                return [], f"CAPABILITY {' '.join((*self.engine.config.revisions, *self.engine.config.extensions))}"
            case Namespace():
                return [NamespaceData()], ""
            case Select(name) | Examine(name):
                return await self._select(name, isinstance(command, Examine))
            case List() | Lsub():
                return self._list(command), ""
            case Status(name, items):
                return [self._status(name, items)], ""
            case Append():
                return await self._append(command)
            case Create() | Delete() | Rename() | Subscribe() | Unsubscribe():
                return await self._arrange(command)
        assert self.selected is not None
        answer = await self.selected.answer(command)
        if self.selected.is_left:
            self.selected = None
        return answer

    async def _select(self, name: str, read_only: bool) -> Answer:
        self.selected = None
        self.selected = SelectedMailbox(self.host, self._account, self._folder(name), read_only)
        return self.selected.opened(), "READ-ONLY" if read_only else "READ-WRITE"

    def _folder(self, name: str, code: str = "NONEXISTENT") -> Folder:
        folder = self._account.folder(name)
        if folder is None:
            raise Refusal("No such mailbox", code)
        return folder

    def _list(self, command: List | Lsub) -> list[Response]:
        if not command.pattern:
            return [ListData(("\\Noselect",), DELIMITER, root_of(command.reference), command.verb)]
        folders = {folder.name: folder for folder in self._account.folders()}
        wanted = [n for n, folder in folders.items() if folder.subscribed] if isinstance(command, Lsub) else folders
        return [
            ListData(_attributes(folders.get(name), there), DELIMITER, name, command.verb)
            for name, there in listed(wanted, command.reference, command.pattern)
        ]

    def _status(self, name: str, items: tuple[str, ...]) -> Response:
        folder = self._folder(name)
        numbers = {
            "MESSAGES": len(folder),
            "RECENT": folder.recent,
            "UIDNEXT": folder.uid_next,
            "UIDVALIDITY": folder.uid_validity,
            "UNSEEN": folder.unseen,
            "SIZE": folder.bytes,
            "DELETED": len(folder.deleted),
            "HIGHESTMODSEQ": folder.highest_modseq,
        }
        return StatusData(name, tuple((item, numbers[item]) for item in items if item in numbers))

    async def _append(self, command: Append) -> Answer:
        folder = self._folder(command.mailbox, "TRYCREATE")
        moment = command.internal_date
        at_us = moment.at_us if moment else self.host.calendar.epoch_us(await Now())
        added = self._account.append(folder.name, command.content, at_us, command.flags)
        match added:
            case Added(uid=uid):
                await publish(self.host, [added], message_key(command.content))
                return [], append_uid(folder.uid_validity, uid)
            case OverQuota():
                raise Refusal("Mailbox is full", "OVERQUOTA")
            case NoSuchFolder():
                raise Refusal("No such mailbox", "TRYCREATE")

    async def _arrange(self, command: Create | Delete | Rename | Subscribe | Unsubscribe) -> Answer:
        account = self._account
        match command:
            case Create(name):
                outcome: object = account.create(name)
            case Delete(name):
                outcome = account.delete(name)
            case Rename(old, new):
                outcome = account.rename(old, new)
            case Subscribe(name) | Unsubscribe(name):
                outcome = account.subscribe(name, isinstance(command, Subscribe))
        match outcome:
            case NoSuchFolder():
                raise Refusal("No such mailbox", "NONEXISTENT")
            case FolderExists():
                raise Refusal("Mailbox exists", "ALREADYEXISTS")
            case NotAllowed():
                raise Refusal("Not possible with this name", "CANNOT")
            case InUse():
                raise Refusal("Mailbox is open elsewhere", "INUSE")
            case FolderDeleted(changes=changes) | FolderRenamed(changes=changes):
                await publish(self.host, changes)
        return [], ""


def _attributes(folder: Folder | None, exists: bool) -> tuple[str, ...]:
    """The attributes of a name in LIST: what cannot be selected, and the special use (RFC 6154)."""
    if folder is None or not exists or not folder.selectable:
        return ("\\Noselect",)
    return (folder.special_use,) if folder.special_use else ()
