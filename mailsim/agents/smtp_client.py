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

from mailsim.agents.operations import Close, Connect, Connection, Receive, Send
from mailsim.agents.policy import SmtpTimeouts
from mailsim.errors import ConnectionLost, ConnectionReset, RemoteProtocolError
from mailsim.mail.envelope import Envelope
from mailsim.mail.identity import message_key
from mailsim.protocols import sasl, smtp
from mailsim.protocols.smtp import (
    Answered,
    Auth,
    AuthCancel,
    AuthResponse,
    Challenge,
    Command,
    Content,
    Data,
    Ehlo,
    Helo,
    Lhlo,
    Mail,
    Quit,
    Rcpt,
    Reply,
    Rset,
)

NOT_RECOGNIZED = (500, 502, 504)
EIGHT_BITS = Reply.of(554, "5.6.3", "The next server does not take eight-bit mail")
NO_AUTH = Reply.of(504, "5.5.4", "No authentication mechanism in common")


class SmtpClient:
    """An open connection to a server.

    Attributes:
        connection: the transport.
        greeting: what the server said first.
        engine: the client's side of the protocol; its `extensions` are what the server offers.
    """

    def __init__(self, connection: Connection, timeouts: SmtpTimeouts, is_lmtp: bool, pipelining: bool) -> None:
        self.connection, self.timeouts = connection, timeouts
        self.engine = smtp.SmtpClient(is_lmtp=is_lmtp)
        self.greeting = Reply(0)
        self._protocol = "lmtp" if is_lmtp else "smtp"
        self._likes_pipelining = pipelining

    @classmethod
    async def connect(
        cls,
        address: str,
        port: int,
        timeouts: SmtpTimeouts,
        *,
        protocol: Literal["smtp", "lmtp"] = "smtp",
        pipelining: bool = True,
    ) -> SmtpClient:
        """Open a connection; the greeting is not read yet. Raises: ConnectionLost."""
        connection = await Connect(address, port, timeouts.connect_us)
        return cls(connection, timeouts, protocol == "lmtp", pipelining)

    async def greet(self) -> Reply:
        """Wait for the server's first words (RFC 5321 section 3.1)."""
        self.greeting = (await self._answer(self.timeouts.greeting_us)).reply
        return self.greeting

    async def hello(self, name: str) -> Reply:
        """Say who we are: EHLO, or HELO to a server that does not know EHLO (RFC 5321 section 3.2)."""
        if self.engine.is_lmtp:
            return await self.ask(Lhlo(name))
        reply = await self.ask(Ehlo(name))
        if reply.code in NOT_RECOGNIZED:
            reply = await self.ask(Helo(name))
        return reply

    async def authenticate(self, login: str, password: str) -> Reply:
        """Log in with the best mechanism that both sides know (RFC 4954); 504 of our own when there is none."""
        mechanism = sasl.choose(self.engine.extensions.get("AUTH", "").split(), login, password)
        if mechanism is None:
            return NO_AUTH
        reply = await self.ask(Auth(mechanism.name, mechanism.initial()))
        while isinstance(reply, Challenge):
            try:
                response: Command = AuthResponse(mechanism.respond(reply.data))
            except sasl.SaslError:
                response = AuthCancel()
            reply = await self.ask(response)
        return reply

    async def transact(
        self,
        envelope: Envelope,
        content: bytes,
        replies: MutableMapping[str, Reply],
        *,
        all_or_nothing: bool = False,
    ) -> None:
        """Hand one mail over; `replies` gets for each recipient the reply that decided about it.

        Args: all_or_nothing: give up as soon as one recipient is refused (belief M27).
        Raises: ConnectionLost, RemoteProtocolError; recipients without a reply are then undecided.
        """
        if not content.isascii() and "8BITMIME" not in self.engine.extensions:
            replies.update(dict.fromkeys(envelope.recipients, EIGHT_BITS))
            return
        mail = Mail(envelope.reverse_path, self.engine.mail_parameters(content))
        recipients = [Rcpt(recipient) for recipient in envelope.recipients]
        if self._likes_pipelining and self.engine.can_pipeline and not all_or_nothing:
            ready = await self._open_at_once(mail, recipients, replies)
        else:
            ready = await self._open_in_turn(mail, recipients, replies, all_or_nothing)
        if ready:
            await self._hand_over(content, [r for r in envelope.recipients if r not in replies], replies)

    async def quit(self) -> None:
        """Say goodbye and close; a server that does not answer is no reason to complain any more."""
        try:
            if self.greeting.code and not self.engine.is_closed and not self.engine.outstanding:
                await self.ask(Quit(), self.timeouts.quit_us)
        except (ConnectionLost, RemoteProtocolError):
            pass
        await Close(self.connection)

    async def ask(self, command: Command, timeout_us: int | None = None) -> Reply:
        """Send one command and wait for the reply to it."""
        await self._send([command])
        return (await self._answer(timeout_us or self.timeouts.command_us)).reply

    # --- the two ways to open a transaction -----------------------------------------------------

    async def _open_in_turn(
        self, mail: Mail, recipients: Sequence[Rcpt], replies: MutableMapping[str, Reply], all_or_nothing: bool
    ) -> bool:
        """One command, one reply (RFC 5321 section 3.3). Gives whether the content may follow."""
        reply = await self.ask(mail)
        if not reply.is_positive:
            return self._refused(recipients, reply, replies)
        for rcpt in recipients:
            reply = await self.ask(rcpt)
            if self.engine.is_closed:
                return self._refused(recipients, reply, replies)
            if not reply.is_positive:
                replies[rcpt.path] = reply
                if all_or_nothing:
                    await self.ask(Rset())
                    return self._refused(recipients, reply, replies)
        if all(rcpt.path in replies for rcpt in recipients):
            await self.ask(Rset())
            return False
        reply = await self.ask(Data(), self.timeouts.data_us)
        return reply.is_intermediate or self._refused(recipients, reply, replies)

    async def _open_at_once(self, mail: Mail, recipients: Sequence[Rcpt], replies: MutableMapping[str, Reply]) -> bool:
        """MAIL, every RCPT and DATA in one write; the replies come in the same order (RFC 2920)."""
        commands = [mail, *recipients, Data()]
        await self._send(commands)
        for command in commands:
            timeout_us = self.timeouts.data_us if isinstance(command, Data) else self.timeouts.command_us
            reply = (await self._answer(timeout_us)).reply
            if self.engine.is_closed:
                return self._refused(recipients, reply, replies)
            match command:
                case Mail() if not reply.is_positive:
                    self._refused(recipients, reply, replies)
                case Rcpt(path) if not reply.is_positive:
                    replies.setdefault(path, reply)
                case Data() if not reply.is_intermediate:
                    return self._refused(recipients, reply, replies)
        return True

    def _refused(self, recipients: Sequence[Rcpt], reply: Reply, replies: MutableMapping[str, Reply]) -> bool:
        """The reply decides about everybody who has no other reply yet; the content may not follow."""
        for rcpt in recipients:
            replies.setdefault(rcpt.path, reply)
        return False

    async def _hand_over(self, content: bytes, accepted: Sequence[str], replies: MutableMapping[str, Reply]) -> None:
        """Send the content; the 250 to it moves the responsibility (RFC 5321 section 4.2.5).

        A server that says 354 although it refused every recipient gets an empty content, which it must refuse.
        """
        await self._send([Content(content if accepted else b"", message_key(content))])
        answered = await self._answer(self.timeouts.final_us)
        if not self.engine.is_lmtp:
            replies.update(dict.fromkeys(accepted, answered.reply))
            return
        for position, recipient in enumerate(accepted):
            if position:
                answered = await self._answer(self.timeouts.final_us)
            replies[recipient] = answered.reply

    # --- bytes ----------------------------------------------------------------------------------

    async def _send(self, commands: Sequence[Command]) -> None:
        await Send(self.connection, self._protocol, [self.engine.send(command) for command in commands])

    async def _answer(self, timeout_us: int) -> Answered:
        while (answered := self.engine.next_event()) is None:
            data = await Receive(self.connection, timeout_us)
            if not data:
                raise ConnectionReset("the server closed the connection without a reply")
            self.engine.receive(data)
        return answered
