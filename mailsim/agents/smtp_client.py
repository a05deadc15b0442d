"""A dialogue of SMTP or LMTP, seen by the client: one method for each thing that the RFC lets it say.

    smtp = await SmtpClient.connect(address, 25, policy.timeouts)
    if smtp.greeting.is_positive:
        await smtp.hello("mail.skola.example")
        await smtp.transact(Envelope("alena@skola.example", ("borek@firma.example",)), content, replies)
    await smtp.quit()

A refusal is a reply, and a value. `ConnectionLost` and `RemoteProtocolError` mean that the dialogue itself
has broken; what the server had said until then is in `replies`.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Literal

from mailsim.agents.handover import Handover
from mailsim.agents.identity import Identity
from mailsim.agents.operations import Call, Close, Connect, Connection, Receive, Send
from mailsim.agents.policy import SmtpTimeouts, Transfer
from mailsim.agents.tls import NO_TLS, ClientTls, Start, note_discarded
from mailsim.errors import ConnectionLost, ConnectionReset, LocalProtocolError, RemoteProtocolError
from mailsim.mail.envelope import Envelope
from mailsim.mail.identity import message_key
from mailsim.protocols import sasl, smtp
from mailsim.protocols.smtp import Auth, AuthCancel, AuthResponse, Challenge, Command, Helo, Reply, StartTls
from mailsim.protocols.smtp.commands import QUIT, ehlo, lhlo

NOT_RECOGNIZED = (500, 502, 504)
DEFAULT = Transfer()
NOT_GREETED = Reply(0)
NO_AUTH = Reply.of(504, "5.5.4", "No authentication mechanism in common")


class SmtpClient:
    """An open connection to a server.

    Attributes:
        connection: the transport.
        greeting: what the server said first.
        engine: the client's side of the protocol; its `extensions` are what the server offers.
    """

    def __init__(
        self, connection: Connection, timeouts: SmtpTimeouts, is_lmtp: bool, pipelining: bool, tls: ClientTls = NO_TLS
    ) -> None:
        self.connection, self.timeouts, self.tls = connection, timeouts, tls
        self.engine = smtp.SmtpClient(is_lmtp=is_lmtp, tls_active=tls.is_implicit)
        self.greeting = NOT_GREETED
        self._likes_pipelining = pipelining
        self._say, self._more = Send(connection, "lmtp" if is_lmtp else "smtp", ()), Receive(connection)

    @classmethod
    async def connect(
        cls,
        address: str,
        port: int,
        timeouts: SmtpTimeouts,
        *,
        protocol: Literal["smtp", "lmtp"] = "smtp",
        pipelining: bool = True,
        tls: ClientTls = NO_TLS,
    ) -> SmtpClient:
        """Open a connection; the greeting is not read yet. Raises: ConnectionLost, TlsFailed."""
        connection = await Connect(address, port, timeouts.connect_us)
        client = cls(connection, timeouts, protocol == "lmtp", pipelining, tls)
        if tls.is_implicit:
            await client._start_tls("implicit")
        return client

    @property
    def is_ready(self) -> bool:
        """Whether the server waits for a new mail: it knows us, and nothing is unfinished."""
        return self.engine.state is smtp.State.READY and not self.engine.outstanding

    @property
    def reports_itself(self) -> bool:
        """Whether the server offers DSN, and will tell the sender himself what he wants to hear (RFC 3461)."""
        return "DSN" in self.engine.extensions

    async def greet(self) -> Reply:
        """Wait for the server's first words (RFC 5321 section 3.1)."""
        self.greeting = await self.answer(self.timeouts.greeting_us)
        return self.greeting

    def hello(self, name: str) -> Call[Reply]:
        """Say who we are, and do it again once TLS is there, if TLS is wanted (RFC 3207 section 4.2).

        Raises: TlsFailed, ConnectionLost.
        """
        wants_tls = self.tls.wants_starttls and not self.engine.tls_active
        return self._hello_and_tls(name) if wants_tls else self._say_hello(name)

    async def _hello_and_tls(self, name: str) -> Reply:
        reply = await self._say_hello(name)
        if not reply.is_positive:
            return reply
        if await self._get_tls():
            return await self._say_hello(name)
        if self.tls.mode == "required":
            await self.tls.give_up(self.connection, is_offered="STARTTLS" in self.engine.extensions)
        return reply

    async def _say_hello(self, name: str) -> Reply:
        """EHLO, or HELO to a server that does not know EHLO (RFC 5321 section 3.2)."""
        if self.engine.is_lmtp:
            return await self.ask(lhlo(name))
        reply = await self.ask(ehlo(name))
        if reply.code in NOT_RECOGNIZED:
            reply = await self.ask(Helo(name))
        return reply

    async def _get_tls(self) -> bool:
        """STARTTLS, if it is offered; gives whether TLS is there."""
        if "STARTTLS" not in self.engine.extensions:
            return False
        if not (await self.ask(StartTls())).is_positive:
            if self.engine.is_closed:
                raise ConnectionReset("the server said goodbye to STARTTLS")
            return False
        await self._start_tls("starttls")
        await note_discarded(self.engine.reset_after_tls())
        return True

    async def _start_tls(self, mode: Start) -> None:
        """The handshake; one that fails leaves no open connection behind."""
        try:
            await self.tls.start(self.connection, mode, self.timeouts.command_us)
        except ConnectionLost:
            await Close(self.connection)
            raise

    async def authenticate(self, identity: Identity) -> Reply:
        """Log in with the best mechanism that both sides know (RFC 4954); 504 of our own when there is none.

        Raises: RemoteProtocolError when the server is content before it has shown what it had to show.
        """
        mechanism = identity.choose(self.engine.extensions.get("AUTH", "").split())
        if mechanism is None:
            return NO_AUTH
        reply = await self.ask(Auth(mechanism.name, mechanism.initial()))
        while isinstance(reply, Challenge):
            try:
                response: Command = AuthResponse(mechanism.respond(reply.data))
            except sasl.SaslError:
                response = AuthCancel()
            reply = await self.ask(response)
        if reply.is_positive and not mechanism.is_done:
            raise sasl.SaslError("the server has not shown that it knows the password")
        return reply

    def transact(
        self,
        envelope: Envelope,
        content: bytes,
        replies: MutableMapping[str, Reply],
        policy: Transfer = DEFAULT,
        *,
        message: str = "",
        all_or_nothing: bool = False,
    ) -> Call[None]:
        """Hand one mail over; `replies` gets for each recipient the reply that decided about it.

        Args:
            message: its name in the trace, if the caller knows it (`message_key`).
            all_or_nothing: give up as soon as one recipient is refused (belief M27).
        Raises: ConnectionLost, RemoteProtocolError; recipients without a reply are then undecided.
        """
        return Handover(
            self,
            envelope,
            content,
            replies,
            policy,
            message=message or message_key(content),
            one_by_one=not self._likes_pipelining,
            all_or_nothing=all_or_nothing,
        ).run()

    async def quit(self) -> None:
        """Say goodbye and close; a server that does not answer is no reason to complain any more."""
        try:
            if self.greeting.code and self.engine.can_quit:
                await self.ask(QUIT, self.timeouts.quit_us)
        except (ConnectionLost, LocalProtocolError, RemoteProtocolError):  # in a handshake nobody can say QUIT
            pass
        await Close(self.connection)

    async def ask(self, command: Command, timeout_us: int | None = None) -> Reply:
        """Send one command and wait for the reply to it."""
        say = self._say
        say.pdus = (self.engine.send(command),)
        await say
        return await self.answer(timeout_us or self.timeouts.command_us)

    # --- bytes ----------------------------------------------------------------------------------

    def send(self, commands: Sequence[Command]) -> Send:
        """Say something, each thing when its turn has come; raises LocalProtocolError when it has not."""
        say = self._say
        say.pdus = list(map(self.engine.send, commands))
        return say

    async def answer(self, timeout_us: int) -> Reply:
        """Wait for the next reply."""
        engine, more = self.engine, self._more
        more.timeout_us = timeout_us
        while (answered := engine.next_event()) is None:
            data = await more
            if not data:
                raise ConnectionReset("the server closed the connection without a reply")
            engine.receive(data)
        return answered.reply
