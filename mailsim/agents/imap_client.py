"""A dialogue of IMAP, seen by the client: one method for each thing that a mail program wants."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from mailsim.agents.access_client import REPLY_TIMEOUT_US, AccessClient
from mailsim.agents.identity import Identity
from mailsim.agents.operations import Close, Connection, Receive, ReceiveOrSignal, Send, Signal
from mailsim.errors import ConnectionLost, ConnectionReset, Unwelcome
from mailsim.protocols import imap, sasl
from mailsim.protocols.imap import (
    Append,
    Authenticate,
    Capability,
    Command,
    Continuation,
    Exists,
    Fetch,
    FetchData,
    Greeting,
    Idle,
    Login,
    Logout,
    Response,
    SearchData,
    Select,
    SequenceSet,
    StartTls,
    Store,
    StoreMode,
    Tagged,
)
from mailsim.protocols.imap.items import FetchItem

LOGIN_DISABLED = Tagged("", "NO", "Logging in needs TLS here")
NO_MECHANISM = Tagged("", "NO", "No authentication mechanism in common")


class ImapClient(AccessClient):
    """An open connection to a server.

    Attributes:
        connection: the transport. greeting: what the server said first.
        engine: the client's side of the protocol; its `capabilities` are what the server offers.
        exists: how many messages the selected mailbox has.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.engine = imap.ImapClient()
        self.greeting = Greeting("BYE", "")
        self.exists = 0

    async def wait_for_greeting(self) -> None:
        greeting = await self._next()
        assert isinstance(greeting, Greeting)
        self.greeting = greeting
        if greeting.status == "BYE":
            raise Unwelcome(f"BYE {greeting.text}")

    async def ask_what_is_offered(self) -> None:
        await self.ask(Capability())

    async def offers_tls(self) -> bool:
        if not self.engine.capabilities:
            await self.ask_what_is_offered()
        return self.engine.can("STARTTLS") and self.engine.state is imap.State.NOT_AUTHENTICATED

    async def asks_for_tls(self) -> bool:
        return (await self.ask(StartTls()))[0].status == "OK"

    def forget_plaintext(self) -> int:
        return self.engine.tls_started()

    async def login(self, identity: Identity) -> Tagged:
        """LOGIN (RFC 9051 section 6.2.3); NO of our own to a server that has LOGINDISABLED, which must not be asked."""
        if self.engine.can("LOGINDISABLED"):
            return LOGIN_DISABLED
        return (await self.ask(Login(identity.username, identity.password)))[0]

    async def authenticate(self, identity: Identity) -> Tagged:
        """AUTHENTICATE with the best mechanism that both sides know; NO of our own when there is none.

        Raises: RemoteProtocolError when the server is content before it has shown what it had to show.
        """
        if not self.engine.capabilities:
            await self.ask(Capability())
        offered = [name[5:] for name in self.engine.capabilities if name.upper().startswith("AUTH=")]
        mechanism = identity.choose(offered)
        if mechanism is None:
            return NO_MECHANISM
        initial = mechanism.initial() if self.engine.can("SASL-IR") else None
        await Send(self.connection, "imap", [self.engine.send(Authenticate(mechanism.name, initial))])
        while not isinstance(response := await self._next(), Tagged):
            if isinstance(response, Continuation):
                await Send(self.connection, "imap", [self.engine.respond(_answer(mechanism, response))])
        if response.status == "OK" and not mechanism.is_done:
            raise sasl.SaslError("the server has not shown that it knows the password")
        return response

    async def select(self, mailbox: str) -> Tagged:
        """Open a mailbox; `exists` then says how many messages it has."""
        self.exists = 0
        return (await self.ask(Select(mailbox)))[0]

    async def search(self, *keys: imap.keys.SearchKey) -> tuple[int, ...]:
        """UIDs of the messages that all keys match."""
        _, told = await self.ask(imap.Search(keys, by_uid=True))
        return next((data.numbers for data in told if isinstance(data, SearchData)), ())

    async def fetch(self, uids: Iterable[int], items: Iterable[FetchItem]) -> list[FetchData]:
        """Data items of messages, by UID."""
        command = Fetch(SequenceSet.from_numbers(uids), tuple(items), by_uid=True)
        _, told = await self.ask(command)
        return [data for data in told if isinstance(data, FetchData)]

    async def add_flags(self, uids: Iterable[int], *flags: str) -> Tagged:
        """Set flags on the server, where every other client sees them."""
        return (await self.ask(Store(SequenceSet.from_numbers(uids), StoreMode.ADD, flags, by_uid=True)))[0]

    async def append(self, mailbox: str, content: bytes, flags: tuple[str, ...] = ()) -> Tagged:
        """Put a message into a mailbox: how a sent mail gets into Sent (RFC 9051 section 6.3.12)."""
        return (await self.ask(Append(mailbox, content, flags)))[0]

    async def logout(self) -> None:
        """Say goodbye and close; a server that does not answer is no reason to complain any more."""
        try:
            if self.engine.state is not imap.State.LOGOUT:
                await self.ask(Logout())
        except ConnectionLost:
            pass
        await Close(self.connection)

    async def ask(self, command: Command) -> tuple[Tagged, list[Response]]:
        """Send one command; gives its tagged response and everything untagged that came before it."""
        await Send(self.connection, "imap", [self.engine.send(command)])
        told: list[Response] = []
        while True:
            response = await self._next()
            match response:
                case Tagged():
                    return response, told
                case Continuation() if self.engine.has_more:
                    await Send(self.connection, "imap", [self.engine.more()])
                case _:
                    if isinstance(response, Exists):
                        self.exists = response.count
                    told.append(response)

    async def idle(self, signal: Signal, hear: Callable[[Sequence[Response]], Awaitable[bool]]) -> Tagged:
        """IDLE until the signal is raised, or until `hear` says of what came together that it wants to ask about it."""
        await Send(self.connection, "imap", [self.engine.send(Idle())])
        told: list[Response] = []
        while not isinstance(response := await self._next(), Continuation):
            if isinstance(response, Tagged):
                return response
            told.append(response)
        wants_out = await hear(told)
        while not wants_out:
            data = await ReceiveOrSignal(self.connection, signal)
            if data is None:
                break
            if not data:
                raise ConnectionReset("the server closed the connection")
            self.engine.receive(data)
            wants_out = await hear(list(iter(self.engine.next_event, None)))
        await Send(self.connection, "imap", [self.engine.done()])
        while not isinstance(response := await self._next(), Tagged):
            await hear([response])
        return response

    async def _next(self) -> Response:
        while (response := self.engine.next_event()) is None:
            data = await Receive(self.connection, REPLY_TIMEOUT_US)
            if not data:
                raise ConnectionReset("the server closed the connection")
            self.engine.receive(data)
        return response


def _answer(mechanism: sasl.ClientMechanism, challenge: Continuation) -> bytes | None:
    """The response to a challenge; None cancels."""
    try:
        return None if challenge.challenge is None else mechanism.respond(challenge.challenge)
    except sasl.SaslError:
        return None
