"""The IMAP server: shows a user the mailbox where it lies (RFC 3501, RFC 9051).

It reads the store that the MDA writes; it delivers nothing (misconception M14). One session is one script.
`ImapSession` is the conversation; `Mailboxes` answers what is said of mailboxes by name, `SelectedMailbox` what is
said of the messages of the open one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from mailsim.agents import tls
from mailsim.agents.directory import User
from mailsim.agents.host import Host
from mailsim.agents.imap_answers import WRONG_PASSWORD, Answer, Refusal, refusal
from mailsim.agents.imap_mailboxes import Mailboxes, OnNames
from mailsim.agents.imap_selected import SelectedMailbox
from mailsim.agents.login import Guard, mechanisms
from mailsim.agents.operations import Close as CloseConnection
from mailsim.agents.operations import Connection, Receive, ReceiveOrSignal, Send
from mailsim.agents.policy import AccessPolicy
from mailsim.agents.troubles import InSession
from mailsim.errors import ConnectionLost, ConnectionTimedOut, ServiceEnds
from mailsim.mail.account import Account
from mailsim.protocols import sasl
from mailsim.protocols.imap import (
    Authenticate,
    Capability,
    Command,
    Condition,
    Done,
    Enable,
    Examine,
    Fetch,
    Id,
    IdData,
    Idle,
    ImapServer,
    ImapServerConfig,
    Login,
    Logout,
    Noop,
    ReadyForLiteral,
    Refused,
    Response,
    SaslResponse,
    Search,
    Select,
    StartTls,
    Status,
    Store,
    code_of,
    keys,
)
from mailsim.protocols.imap.items import MODSEQ

SERVER_ID = (("name", "mailsim"),)


class ImapSession:
    """One client's visit."""

    def __init__(self, host: Host, policy: AccessPolicy, connection: Connection, *, implicit_tls: bool = False) -> None:
        self.host, self.policy, self.connection = host, policy, connection
        self.implicit_tls = implicit_tls
        offers_tls = policy.tls and host.has_certificate
        config = ImapServerConfig(
            host.name,
            mechanisms=policy.auth_mechanisms,
            starttls=offers_tls,
            plaintext_login=policy.plaintext_login or not offers_tls,
            mistake_limit=policy.imap_max_errors,
        )
        self.engine = ImapServer(config, secure=implicit_tls)
        self.user: User | None = None
        self.selected: SelectedMailbox | None = None
        self.guard = Guard(host, connection, policy.auth_failure_delay_us, policy.auth_failure_limit)
        self._mechanism: sasl.ServerMechanism | None = None
        self._troubles = InSession(host.troubles, "imap", connection)
        self._unanswered = ""
        """The command that nothing was said about yet."""

    async def run(self) -> None:
        """The whole visit, from the greeting to the end of the connection."""
        try:
            if self.implicit_tls:
                await self._start_tls("implicit")
            await self._greet()
            while not self.engine.closed:
                await self._next()
        except ConnectionTimedOut:
            await self._turn_out("Idle for too long")
        except ServiceEnds:
            await self._turn_out("Server shutting down")
        except ConnectionLost:
            pass
        await CloseConnection(self.connection)

    async def _turn_out(self, reason: str) -> None:
        """Say BYE before the connection is closed (RFC 3501 section 7.1.5)."""
        with suppress(ConnectionLost):
            await self._say([self.engine.bye(reason)])

    async def _greet(self) -> None:
        struck = await self._troubles.strike("CONNECT", "closed", "reply_lost", "reply")
        words = struck.words if struck else None
        engine = self.engine
        await self._say([engine.refuse_connection(words.text, words.code) if words else engine.greeting()])

    async def _next(self) -> None:
        event = self.engine.next_event()
        if self.host.troubles.active and isinstance(event, Command) and await self._is_in_trouble(event):
            return
        match event:
            case None:
                await self._listen()
            case Refused(reply=reply) | ReadyForLiteral(reply=reply):
                await self._say([reply])
                await self._lose_patience()
            case SaslResponse(data):
                await self._say([await self._step(data)])
                await self._lose_patience()
            case StartTls():
                await self._say([self.engine.ok("Begin TLS negotiation now")])
                await self._start_tls("starttls")
                await tls.note_discarded(self.engine.tls_started())
            case Idle():
                await self._say([self.engine.idling(), *self._news()])
            case Done():
                await self._say([*self._news(), self.engine.ok("IDLE terminated")])
            case Authenticate(mechanism, initial):
                await self._say([await self._authenticate(mechanism, initial)])
                await self._lose_patience()
            case command:
                await self._obey(command)

    async def _obey(self, command: Command) -> None:
        """Answer one command: its data, then what is new in the mailbox, then the tagged response."""
        try:
            data, code = await self._answer(command)
        except Refusal as no:
            news = self._news()
            end = self.engine.bad(no.text) if no.is_bad else self.engine.no(no.text, no.code)
            await self._say([*no.data, *news, end])
            await self._lose_patience()
            return
        news = () if isinstance(command, Select | Examine | Logout) else self._news()
        await self._say([*data, *news, self.engine.ok(code=code)])

    async def _is_in_trouble(self, command: Command) -> bool:
        """Does a fault answer the command in its own way?"""
        about = self._who(command)
        struck = await self._troubles.strike(command.verb, "closed", "reply", "disk_full", "over_quota", about=about)
        words = struck.words if struck else None
        if words is None:
            self._unanswered = command.verb
            return False
        if words.status == "BYE":
            await self._say([self.engine.bye(words.text, words.code)])
            raise ConnectionLost("the server has said BYE")
        if isinstance(command, Select | Examine):
            self.selected = None
        await self._say([(self.engine.no if words.status == "NO" else self.engine.bad)(words.text, words.code)])
        await self._lose_patience()
        return True

    def _who(self, command: Command) -> tuple[str, ...]:
        """Whose command it is, as far as that is known."""
        user = self.host.directory.find(command.user) if isinstance(command, Login) else self.user
        return (user.address,) if user else ()

    async def _lose_patience(self) -> None:
        """A client that says nothing but nonsense is no mail client, and one that guesses passwords no user."""
        if self.engine.closed:
            return
        if self.guard.has_had_enough:
            await self._say([self.engine.bye("Too many failed logins")])
        elif self.engine.too_many_mistakes:
            await self._say([self.engine.bye("Too many mistakes")])

    # --- bytes ----------------------------------------------------------------------------------

    async def _listen(self) -> None:
        data = await self._received()
        if data is None:
            if news := self._news():
                await self._say(news)
            return
        if not data:
            raise ConnectionLost("the client is gone")
        self.engine.receive(data)

    async def _start_tls(self, mode: tls.Start) -> None:
        await tls.serve_tls(self.connection, mode, self.policy.imap_timeout_us, self.policy.tls_versions)

    async def _received(self) -> bytes | None:
        """What the client says next; None when it idles and something happens in the mailbox first (RFC 2177)."""
        if self.user is None or not isinstance(self.engine.pending, Idle):
            return await Receive(self.connection, self.policy.imap_timeout_us)
        signal = self.host.mailbox_signal(self.user.address)
        return await ReceiveOrSignal(self.connection, signal, self.policy.imap_timeout_us)

    async def _say(self, responses: Sequence[Response]) -> None:
        command, self._unanswered = self._unanswered, ""
        if command:
            await self._troubles.strike(command, "reply_lost", about=(self.user.address,) if self.user else ())
        await Send(self.connection, "imap", responses)

    def _news(self) -> Sequence[Response]:
        return self.selected.news(self.engine.expunge_allowed) if self.selected else ()

    # --- logging in -----------------------------------------------------------------------------

    async def _authenticate(self, name: str, initial: bytes | None) -> Response:
        make = mechanisms(self.host).get(name.upper())
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
        try:
            await self._log_in(step, self._mechanism.name)
        except Refusal as no:
            return self.engine.no(no.text, no.code)
        return self._logged_in()

    async def _log_in(self, credentials: sasl.Credentials, mechanism: str) -> None:
        """Let the user in, or refuse."""
        self.user = await self.guard.admit(credentials, mechanism)
        if self.user is None:
            raise refusal(WRONG_PASSWORD)

    def _logged_in(self) -> Response:
        """OK, with what is offered from now on, so that the client need not ask (RFC 3501 section 7.1)."""
        return self.engine.ok("Logged in", self.engine.capability_code_of_login)

    # --- commands -------------------------------------------------------------------------------

    @property
    def _account(self) -> Account:
        assert self.user is not None
        assert self.host.store is not None
        account = self.host.store.account(self.user.address)
        assert account is not None
        return account

    @property
    def _mailboxes(self) -> Mailboxes:
        return Mailboxes(self.host, self._account, self.engine)

    async def _answer(self, command: Command) -> Answer:
        """The data for a command and the code of its OK. Raises: Refusal."""
        enabling = self._enabled_by(command)
        match command:
            case Capability():
                return [self.engine.capability_data], ""
            case Noop():
                return [], ""
            case Id():
                return [IdData(SERVER_ID)], ""
            case Logout():
                return [self.engine.bye()], ""
            case Login(name, password):
                await self._log_in(sasl.Password(name, password), "LOGIN")
                return [], self.engine.capability_code_of_login
            case Enable(names):
                return [self.engine.enable(names), *enabling], ""
            case Select() | Examine():
                return self._select(command)
            case _ if isinstance(command, OnNames):
                data, code = await self._mailboxes.answer(command)
                return [*enabling, *data], code
        assert self.selected is not None
        data, code = await self.selected.answer(command)
        if self.selected.is_left:
            self.selected = None
        return [*enabling, *data], code

    def _select(self, command: Select | Examine) -> Answer:
        """Open a mailbox; the one that was open is left, even if the new one cannot be opened."""
        if command.resynchronize and "QRESYNC" not in self.engine.enabled:
            raise Refusal("QRESYNC is not enabled", is_bad=True)
        told: list[Response] = [Condition("OK", "Previous mailbox closed", "CLOSED")] if self.selected else []
        self.selected = None
        folder = self._account.folder(command.mailbox)
        if folder is None:
            raise Refusal("No such mailbox", "NONEXISTENT", data=told)
        read_only = isinstance(command, Examine)
        self.selected = SelectedMailbox(self.host, self._account, folder, self.engine, read_only)
        self.selected.view.descending = self.policy.imap_expunge_order == "descending"
        told += self.selected.opened()
        if self.engine.is_rev2:
            told.append(self._mailboxes.entry(folder))
        if command.resynchronize:
            told += self.selected.resynchronized(command.resynchronize)
        return told, "READ-ONLY" if read_only else "READ-WRITE"

    def _enabled_by(self, command: Command) -> list[Response]:
        """Whoever speaks of mod-sequences wants to hear of them from now on (RFC 7162 section 3.1)."""
        if "CONDSTORE" in self.engine.enabled or not _is_about_modseq(command):
            return []
        self.engine.enabled |= {"CONDSTORE"}
        if self.selected is None:
            return []
        return [Condition("OK", "Highest mod-sequence", code_of("HIGHESTMODSEQ", self.selected.folder.highest_modseq))]


def _is_about_modseq(command: Command) -> bool:
    match command:
        case Select() | Examine():
            return command.condstore
        case Status(items=items):
            return "HIGHESTMODSEQ" in items
        case Fetch():
            return MODSEQ in command.items or command.changed_since is not None
        case Store():
            return command.unchanged_since is not None
        case Search():
            return keys.asks_for_modseq(command.keys)
        case _:
            return False
