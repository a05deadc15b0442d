"""A dialogue of POP3, seen by the client: one method for each thing that a mail program wants."""

from __future__ import annotations

from mailsim.agents.access_client import REPLY_TIMEOUT_US, AccessClient
from mailsim.agents.identity import Identity
from mailsim.agents.operations import Close, Connection, Receive, Send
from mailsim.errors import ConnectionLost, ConnectionReset, RemoteProtocolError, Unwelcome
from mailsim.protocols import pop3, sasl
from mailsim.protocols.pop3 import (
    Apop,
    Auth,
    AuthResponse,
    Capa,
    Challenge,
    Command,
    Dele,
    Greeting,
    Pass,
    Quit,
    Reply,
    Retr,
    Stls,
    Uidl,
    User,
    unique_ids,
)
from mailsim.protocols.pop3.apop import apop_digest

NO_APOP = Reply(False, "the server does not offer APOP")
NO_MECHANISM = Reply(False, "no authentication mechanism in common")


class Pop3Client(AccessClient):
    """An open connection to a server; `greeting` is what it said first."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.engine = pop3.Pop3Client()
        self.greeting = Greeting(False, "")

    async def wait_for_greeting(self) -> None:
        greeting = await self._next()
        assert isinstance(greeting, Greeting)
        self.greeting = greeting
        if not greeting.ok:
            raise Unwelcome(str(greeting))

    async def ask_what_is_offered(self) -> None:
        await self.ask(Capa())

    async def offers_tls(self) -> bool:
        await self.ask_what_is_offered()
        return "STLS" in (self.engine.capabilities or ())

    async def asks_for_tls(self) -> bool:
        return (await self.ask(Stls())).ok

    def forget_plaintext(self) -> int:
        return self.engine.tls_started()

    async def login(self, identity: Identity) -> Reply:
        """USER and PASS (RFC 1939 section 7); in the clear unless TLS is up. Gives the reply that decided."""
        reply = await self.ask(User(identity.username))
        return await self.ask(Pass(identity.password)) if reply.ok else reply

    async def apop(self, identity: Identity) -> Reply:
        """APOP (RFC 1939 section 7); -ERR of our own to a server that does not offer it."""
        if not self.greeting.timestamp:
            return NO_APOP
        return await self.ask(Apop(identity.username, apop_digest(self.greeting.timestamp, identity.password)))

    async def authenticate(self, identity: Identity) -> Reply:
        """AUTH with the best mechanism that both sides know (RFC 5034); -ERR of our own when there is none.

        Raises: RemoteProtocolError when the server is content before it has shown what it had to show.
        """
        if self.engine.capabilities is None:
            await self.ask(Capa())
        mechanism = identity.choose((self.engine.capabilities or {}).get("SASL", ()))
        if mechanism is None:
            return NO_MECHANISM
        initial = mechanism.initial()
        reply = await self._ask_in_exchange(
            Auth(mechanism.name, None if initial is None else sasl.encode(initial) or "=")
        )
        while isinstance(reply, Challenge):
            try:
                response = sasl.encode(mechanism.respond(sasl.decode(reply.text)))
            except sasl.SaslError:
                response = "*"
            reply = await self._ask_in_exchange(AuthResponse(response))
        if reply.ok and not mechanism.is_done:
            raise sasl.SaslError("the server has not shown that it knows the password")
        return reply

    async def unique_ids(self) -> dict[int, str]:
        """Message number -> unique-id, which stays the same from session to session (RFC 1939 section 7)."""
        reply = await self.ask(Uidl())
        return dict(unique_ids(reply)) if reply.ok else {}

    async def retrieve(self, number: int) -> bytes | None:
        """A whole message; None when the server refuses."""
        reply = await self.ask(Retr(number))
        return reply.body if reply.ok else None

    async def delete(self, number: int) -> Reply:
        """Mark a message; it is deleted only after QUIT."""
        return await self.ask(Dele(number))

    async def quit(self) -> Reply:
        """Let the server delete what was marked, and close; no answer to it is as good as yes."""
        reply = Reply(True)
        try:
            if not self.engine.closed:
                reply = await self.ask(Quit())
        except (ConnectionLost, RemoteProtocolError):
            pass
        await Close(self.connection)
        return reply

    async def ask(self, command: Command) -> Reply:
        """Send one command and wait for the reply to it."""
        await Send(self.connection, "pop", (self.engine.send(command),))
        reply = await self._next()
        assert isinstance(reply, Reply)
        return reply

    async def _ask_in_exchange(self, command: Auth | AuthResponse) -> Reply | Challenge:
        await Send(self.connection, "pop", (self.engine.send(command),))
        reply = await self._next()
        assert not isinstance(reply, Greeting)
        return reply

    async def _next(self) -> Greeting | Reply | Challenge:
        while (event := self.engine.next_event()) is None:
            data = await Receive(self.connection, REPLY_TIMEOUT_US)
            if not data:
                raise ConnectionReset("the server closed the connection")
            self.engine.receive(data)
        return event
