"""What every server of SMTP and LMTP does: greet, answer one command after the other.

What the commands mean is the business of `mta`, `msa` and `mda`: each is a `Session` that says how it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from mailsim.agents import tls
from mailsim.agents.host import Host
from mailsim.agents.operations import Call, Close, Connection, Receive, Send
from mailsim.agents.policy import TLS_VERSIONS, Reception, TlsVersion
from mailsim.agents.reception import TOO_MANY_ERRORS, Patience, expand, greeting, refusal_of_name, verify
from mailsim.agents.troubles import InSession, Kind, Trouble
from mailsim.errors import ConnectionLost, ConnectionTimedOut, ServiceEnds
from mailsim.protocols.sasl import ServerMechanisms
from mailsim.protocols.smtp import (
    AuthDone,
    Challenge,
    ContentReceived,
    Data,
    Ehlo,
    Expn,
    Helo,
    Lhlo,
    Noop,
    Quit,
    Rcpt,
    Refused,
    Reply,
    SmtpServer,
    SmtpServerConfig,
    StartTls,
    State,
    Vrfy,
)
from mailsim.protocols.smtp.commands import Hello
from mailsim.protocols.smtp.events import Asked, ServerEvent

CLOSED = State.CLOSED
ANSWERED_AT_ONCE = (Ehlo, Helo, Lhlo, Data, Vrfy, Expn, Noop, Quit)
NOT_BUFFERED = frozenset((*ANSWERED_AT_ONCE, ContentReceived))
"""Their replies go out at once, also when more commands have come already (RFC 2920 section 3.2)."""
NOT_BUFFERED_VERBS = frozenset(kind.verb.encode() for kind in ANSWERED_AT_ONCE)
NO_QUESTION = (Refused, Challenge, StartTls)
"""What the engine hands out beside the questions that a server answers with yes or no."""
Answer: TypeAlias = Reply | Sequence[Reply]
Opinion: TypeAlias = Callable[[Any, Any], Call[Answer]]
"""A method of a session that takes a question (`Asked`) of its kind."""
IDLE = Reply.of(421, "4.4.2", "Idle for too long, closing")


@dataclass(frozen=True, slots=True)
class Service:
    """What all visits to one server of SMTP or LMTP have in common.

    Attributes:
        config: the settings of its engine. mechanisms: of SASL.
        local_domains: where VRFY and EXPN look for a name that has no domain.
    """

    host: Host
    config: SmtpServerConfig
    reception: Reception
    command_timeout_us: int
    local_domains: tuple[str, ...] = ()
    tls_versions: tuple[TlsVersion, ...] = TLS_VERSIONS
    mechanisms: ServerMechanisms | None = None


class Session:
    """One client's visit. Subclasses have more `opinions`; `cipher` is the cipher suite if there is TLS ("": none).

    Replies to commands that came together go back together, up to those that a client has to wait for
    (RFC 2920 section 3.2).
    """

    protocol = "smtp"
    role = "mta"
    cipher = ""

    def __init__(self, service: Service, connection: Connection, *, implicit_tls: bool = False) -> None:
        self.service, self.host, self.connection = service, service.host, connection
        self.engine = SmtpServer(service.config, tls_active=implicit_tls, mechanisms=service.mechanisms)
        self._implicit_tls = implicit_tls
        self._patience = Patience(service.reception)
        self._unsent: list[Reply] = []
        self._say = Send(connection, self.protocol, ())

    async def run(self) -> None:
        """The whole visit, from the greeting to the end of the connection."""
        try:
            if self._implicit_tls:
                await self._start_tls("implicit")
            await self._greet()
            await self._talk()
        except ConnectionTimedOut:
            await self._turn_out(IDLE)
        except ServiceEnds:
            await self._turn_out()
        except ConnectionLost:
            pass
        await Close(self.connection)

    async def _greet(self) -> None:
        reply = await self._greeting_in_trouble() if self.host.troubles.active else None
        if reply is None:
            reception = self.service.reception
            is_early = reception.greeting_delay_us > 0 and await self._talks_too_early(reception)
            reply = greeting(reception, self.engine.config.hostname, is_early)
        self._unsent.append(self.engine.greeting(reply))

    async def _greeting_in_trouble(self) -> Reply | None:
        struck = await self._trouble("CONNECT", "reply", "closed", "reply_lost")
        return struck.reply if struck else None

    async def _talks_too_early(self, reception: Reception) -> bool:
        """Wait as long as policy wants; gives whether the client is to be turned away for not waiting."""
        try:
            data = await Receive(self.connection, reception.greeting_delay_us)
        except ConnectionTimedOut:
            return False
        if not data:
            raise ConnectionLost("the client is gone")
        if reception.early_talkers == "refuse":
            return True
        self.engine.receive(data)
        return False

    async def _talk(self) -> None:
        """Deal with what comes until the goodbye is said; listen again when all of it has its reply."""
        engine, more = self.engine, Receive(self.connection, self.service.command_timeout_us)
        while engine.state is not CLOSED:
            event = engine.next_event()
            if event is None:
                if self._unsent:
                    await self._flush()
                data = await more
                if not data:
                    raise ConnectionLost("the client is gone")
                engine.receive(data)
            elif isinstance(event, NO_QUESTION):
                await self._deal_with(event)
            else:
                in_trouble = self.host.troubles.active
                self._reply(event, await (self._answer_in_trouble(event) if in_trouble else self._answer(event)))
                if type(event) in NOT_BUFFERED:
                    await self._flush()
        if self._unsent:
            await self._flush()

    def _answer(self, asked: Asked) -> Call[Answer]:
        """What the opinion of this server is; yes, if it has none."""
        return self.opinions.get(type(asked), Session._yes)(self, asked)

    async def _yes(self, _: Asked) -> Reply:
        return self.engine.accept()

    async def _deal_with(self, event: Refused | Challenge | StartTls) -> None:
        """What the engine has refused itself, its turn in a login, and the step from SMTP to TLS."""
        match event:
            case Challenge():
                self._unsent.append(event)
            case Refused(line=line, reply=reply):
                self._reply(event, reply)
                if line[:4].upper() in NOT_BUFFERED_VERBS:
                    await self._flush()
            case StartTls():
                await self._deal_with_starttls(event)

    async def _deal_with_starttls(self, asked: StartTls) -> None:
        refusal = await self._struck(asked)
        self._unsent += refusal or [self.engine.accept()]
        await self._trouble("STARTTLS", "reply_lost")
        await self._flush()
        if not refusal:
            await self._start_tls("starttls")
            await tls.note_discarded(self.engine.reset_after_tls())

    def _reply(self, event: ServerEvent, answer: Answer) -> None:
        """The replies go out with the next write; whoever has made too many mistakes hears 421 on top."""
        kind, patience = type(event), self._patience
        if isinstance(answer, Reply):
            self._unsent.append(answer)
            patience.saw(kind, answer)
        else:
            self._unsent += answer
            for reply in answer:
                patience.saw(kind, reply)
        if patience.is_over and self.engine.state is not CLOSED:
            self._unsent.append(self.engine.shut_down(TOO_MANY_ERRORS))

    async def _hello(self, asked: Hello) -> Reply:
        """May a client call itself so?"""
        if self.service.reception.hello_names != "any":
            refusal = await refusal_of_name(self.service.reception, self.host, asked.domain)
            if refusal is not None:
                return self.engine.refuse(refusal)
        return self.engine.accept()

    async def _verify(self, asked: Vrfy) -> Reply:
        if self.service.reception.vrfy != "answer":
            return self.engine.accept()
        return self._said(verify(asked, self.host.directory, self.service.local_domains))

    async def _expand(self, asked: Expn) -> Reply:
        return self._said(expand(asked, self.host.directory, self.service.local_domains))

    def _said(self, reply: Reply) -> Reply:
        return self.engine.refuse(reply) if reply.is_negative else self.engine.accept(reply)

    opinions: ClassVar[Mapping[type[Any], Opinion]] = {
        Ehlo: _hello,
        Helo: _hello,
        Lhlo: _hello,
        Vrfy: _verify,
        Expn: _expand,
    }
    """How this server answers what it has an opinion about; a subclass adds what it thinks about the mail."""

    # --- troubles, TLS and the end ----------------------------------------------------------------

    async def _answer_in_trouble(self, asked: Asked) -> Answer:
        answer = await self._struck(asked) or await self._answer(asked)
        await self._trouble(command_name(asked), "reply_lost")
        return answer

    async def _struck(self, asked: Asked) -> Sequence[Reply]:
        """What a fault makes this server say instead of the right answer; nothing if there is none."""
        recipients = [asked] if isinstance(asked, Rcpt) else self.engine.recipients
        about = tuple(rcpt.path for rcpt in recipients)
        struck = await self._trouble(command_name(asked), "closed", "reply", "disk_full", about=about)
        if struck is None or struck.reply is None:
            return ()
        if struck.reply.code == 421:
            return [self.engine.shut_down(struck.reply)]
        match asked:
            case AuthDone():
                return [self.engine.auth_refuse(struck.reply)]
            case ContentReceived():
                return self.engine.accept_content([struck.reply] * (len(recipients) if self.protocol == "lmtp" else 1))
            case _:
                return [self.engine.refuse(struck.reply)]

    async def _trouble(self, command: str, *kinds: Kind, about: tuple[str, ...] = ()) -> Trouble | None:
        """The trouble that shows at a command, if any; raises ConnectionLost when it ends the connection."""
        return await InSession(self.host.troubles, self.role, self.connection).strike(command, *kinds, about=about)

    async def _start_tls(self, mode: tls.Start) -> None:
        secured = await tls.serve_tls(self.connection, mode, self.service.command_timeout_us, self.service.tls_versions)
        self.cipher = secured.cipher if secured.cipher.startswith("TLS_") else ""

    def _flush(self) -> Send:
        """The replies that wait, in one write."""
        say = self._say
        say.pdus, self._unsent = self._unsent, []
        return say

    async def _turn_out(self, reply: Reply | None = None) -> None:
        """Say 421 before the connection is closed (RFC 5321 section 3.8)."""
        with suppress(ConnectionLost):
            await Send(self.connection, self.protocol, [self.engine.shut_down(reply)])


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
