"""What every server of SMTP and LMTP does: listen, greet, answer one command after the other.

What the commands mean is the business of `mta`, `msa` and `mda`: each is a `Session` that says how it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from mailsim.agents.host import Host
from mailsim.agents.operations import Abort, Accept, Close, Connection, Listen, Receive, Script, Send, Spawn
from mailsim.agents.troubles import Kind, Trouble
from mailsim.errors import ConnectionLost, ConnectionTimedOut
from mailsim.protocols.smtp import (
    AuthDone,
    Challenge,
    ContentReceived,
    Ehlo,
    Helo,
    Lhlo,
    Rcpt,
    Refused,
    Reply,
    SmtpServer,
    SmtpServerConfig,
)
from mailsim.protocols.smtp.events import Asked

IDLE = Reply.of(421, "4.4.2", "Idle for too long, closing")


async def listen(port: int, name: str, session: Callable[[Connection], Script]) -> None:
    """Answer every connection to a port with a script of its own, for ever."""
    listener = await Listen(port)
    while True:
        connection = await Accept(listener)
        await Spawn(name, session(connection))


class Session:
    """One client's visit. Subclasses override `answer`.

    Replies to commands that came together go back together (RFC 2920 section 3.2).
    """

    protocol = "smtp"
    service = "mta"
    host: Host

    def __init__(self, connection: Connection, config: SmtpServerConfig, command_timeout_us: int) -> None:
        self.connection = connection
        self.engine = SmtpServer(config)
        self._timeout_us = command_timeout_us
        self._unsent: list[Reply] = []

    async def answer(self, asked: Asked) -> Reply | Sequence[Reply]:  # noqa: ARG002
        """What to reply to a command that the engine found in order; by default yes."""
        return self.engine.accept()

    async def run(self) -> None:
        """The whole visit, from the greeting to the end of the connection."""
        try:
            struck = await self._trouble("CONNECT", "reply", "closed")
            self._unsent.append(self.engine.greeting(struck.reply if struck else None))
            while not self.engine.is_closed:
                await self._next()
            await self._flush()
        except ConnectionTimedOut:
            await self._turn_out()
        except ConnectionLost:
            pass
        await Close(self.connection)

    async def _next(self) -> None:
        match self.engine.next_event():
            case None:
                await self._flush()
                await self._listen()
            case Refused(reply=reply):
                self._unsent.append(reply)
            case Challenge() as challenge:
                self._unsent.append(challenge)
            case asked:
                answer = await self._struck(asked) or await self.answer(asked)
                await self._trouble(command_name(asked), "reply_lost")
                self._unsent += [answer] if isinstance(answer, Reply) else answer

    async def _struck(self, asked: Asked) -> Reply | Sequence[Reply] | None:
        """What a fault makes this server say instead of the right answer."""
        if not self.host.troubles.active:
            return None
        recipients = [asked] if isinstance(asked, Rcpt) else self.engine.recipients
        about = tuple(rcpt.path for rcpt in recipients)
        struck = await self._trouble(command_name(asked), "closed", "reply", "disk_full", about=about)
        if struck is None or struck.reply is None:
            return None
        if struck.reply.code == 421:
            return self.engine.shut_down(struck.reply)
        match asked:
            case AuthDone():
                return self.engine.auth_refuse(struck.reply)
            case ContentReceived():
                return self.engine.accept_content([struck.reply] * (len(recipients) if self.protocol == "lmtp" else 1))
            case _:
                return self.engine.refuse(struck.reply)

    async def _trouble(self, command: str, *kinds: Kind, about: tuple[str, ...] = ()) -> Trouble | None:
        """The trouble that shows at a command, if any; raises ConnectionLost when it ends the connection."""
        if not self.host.troubles.active:
            return None
        struck = await self.host.troubles.strike(*kinds, service=self.service, command=command, addresses=about)
        if struck is not None and struck.reply is None:
            self._unsent.clear()
            await Abort(self.connection)
            raise ConnectionLost("a fault closed the connection")
        return struck

    async def _listen(self) -> None:
        data = await Receive(self.connection, self._timeout_us)
        if not data:
            raise ConnectionLost("the client is gone")
        self.engine.receive(data)

    async def _flush(self) -> None:
        if self._unsent:
            replies, self._unsent = self._unsent, []
            await Send(self.connection, self.protocol, replies)

    async def _turn_out(self) -> None:
        with suppress(ConnectionLost):
            await Send(self.connection, self.protocol, [self.engine.shut_down(IDLE)])


def command_name(asked: Asked) -> str:
    """The verb of a command; EHLO stands for every greeting, CONTENT for what follows DATA."""
    match asked:
        case Ehlo() | Helo() | Lhlo():
            return "EHLO"
        case ContentReceived():
            return "CONTENT"
        case AuthDone():
            return "AUTH"
        case _:
            return type(asked).__name__.upper()
