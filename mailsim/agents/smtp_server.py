"""What every server of SMTP and LMTP does: listen, greet, answer one command after the other.

What the commands mean is the business of `mta`, `msa` and `mda`: each is a `Session` that says how it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from mailsim.agents.operations import Accept, Close, Connection, Listen, Receive, Script, Send, Spawn
from mailsim.errors import ConnectionLost, ConnectionTimedOut
from mailsim.protocols.smtp import Challenge, Refused, Reply, SmtpServer, SmtpServerConfig
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
        self._unsent.append(self.engine.greeting())
        try:
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
                answer = await self.answer(asked)
                self._unsent += [answer] if isinstance(answer, Reply) else answer

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
