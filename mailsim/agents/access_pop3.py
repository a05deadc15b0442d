"""The POP3 server: hands out what is in the INBOX, and removes what was marked once the client says QUIT (RFC 1939)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailsim.agents import tls
from mailsim.agents.host import Host
from mailsim.agents.login import Guard, mechanisms
from mailsim.agents.operations import Close, Connection, Now, Receive, Send
from mailsim.agents.policy import AccessPolicy
from mailsim.agents.store_notes import publish
from mailsim.agents.troubles import InSession
from mailsim.errors import ConnectionLost
from mailsim.mail.store import INBOX, Account, InUse, MaildropLock, NoSuchFolder
from mailsim.protocols.pop3 import (
    Announced,
    Answered,
    ApopLogin,
    Command,
    Drop,
    Event,
    Login,
    Pop3Config,
    Pop3Server,
    Refused,
    Retrieve,
    StartTls,
    State,
    Update,
    message_size,
)
from mailsim.protocols.pop3.apop import apop_matches
from mailsim.protocols.pop3.replies import Challenge, Greeting, Reply
from mailsim.protocols.sasl import Credentials, Proof

ENDED = State.ENDED


class Pop3Service:
    """What all visits to one server have in common.

    Attributes:
        config: what it offers. mechanisms: of SASL. logins: when each user logged in last.
    """

    def __init__(self, host: Host, policy: AccessPolicy) -> None:
        self.host, self.policy = host, policy
        self.mechanisms = mechanisms(host)
        self.logins: dict[str, int] = {}
        offers_tls = policy.tls and host.has_certificate
        self.config = Pop3Config(
            host.name,
            mechanisms=policy.auth_mechanisms,
            stls=offers_tls,
            cleartext_login=policy.plaintext_login or not offers_tls,
            implementation="mailsim",
            more_capabilities=tuple(_promises(policy)),
            utf8=policy.pop3_utf8,
            max_errors=policy.pop3_max_errors,
        )


class Pop3Session:
    """One client's visit: the maildrop is locked from the login to the end."""

    def __init__(self, service: Pop3Service, connection: Connection, *, implicit_tls: bool = False) -> None:
        self.host, self.policy, self.logins = service.host, service.policy, service.logins
        self.connection, self.implicit_tls = connection, implicit_tls
        self.engine = Pop3Server(service.config, implicit_tls, service.mechanisms)
        self.guard = Guard(self.host, connection, self.policy.auth_failure_delay_us, self.policy.auth_failure_limit)
        self.account: Account | None = None
        self.lock: MaildropLock | None = None
        self._uids: dict[str, int] = {}
        self._read: dict[int, None] = {}
        self._troubles = InSession(self.host.troubles, "pop3", connection)
        self._unanswered = ""
        """The command that nothing was said about yet."""

    async def run(self) -> None:
        """The whole visit. A client that goes without QUIT deletes nothing (RFC 1939 section 6)."""
        try:
            await self._talk()
        except ConnectionLost:
            pass
        finally:  # also when this program is killed: the lock dies with whoever holds it
            if self.account and self.lock:
                self.account.unlock_maildrop(self.lock)
        await Close(self.connection)

    async def _talk(self) -> None:
        if self.implicit_tls:
            await self._start_tls("implicit")
        await self._greet()
        engine, more = self.engine, Receive(self.connection, self.policy.pop3_timeout_us)
        while engine.state is not ENDED and (data := await more):
            engine.receive(data)
            while (event := engine.next_event(announce=bool(self.host.troubles.active))) is not None:
                await self._deal_with(event)
                if self.guard.has_had_enough:
                    return

    async def _greet(self) -> None:
        struck = await self._troubles.strike("CONNECT", "closed", "reply_lost", "reply")
        words = struck.words if struck else None
        engine = self.engine
        refusal = engine.refuse_connection(words.text, words.code) if words else None
        await self._say(refusal or engine.greeting(await self._timestamp()))

    async def _deal_with(self, event: Event) -> None:
        match event:
            case Answered(reply=reply) | Refused(reply=reply):
                await self._say(reply)
            case Login(credentials, mechanism):
                await self._say(await self._log_in(credentials, mechanism))
            case ApopLogin(name, timestamp, digest):
                await self._say(await self._log_in(self._proof(name, timestamp, digest), "APOP"))
            case Retrieve(_, uid):
                await self._say(self._content(self._uids[uid]))
            case Update(uids):
                await self._say(await self._update([self._uids[uid] for uid in uids]))
            case StartTls():
                await self._say(self.engine.start_tls())
                await self._start_tls("starttls")
                await tls.note_discarded(self.engine.discarded)
            case Announced(command):
                await self._deal_with(await self._obey_in_trouble(command))

    async def _obey_in_trouble(self, command: Command) -> Event:
        """What comes of a command while there is a fault that may answer in its own way."""
        struck = await self._troubles.strike(command.verb, "closed", "reply", about=self._who)
        if struck is not None and struck.words is not None:
            return Answered(command, self.engine.refuse(struck.words.text, struck.words.code))
        self._unanswered = command.verb
        return self.engine.obey()

    @property
    def _who(self) -> tuple[str, ...]:
        """Who is there, or says so."""
        user = self.host.directory.find(self.engine.name)
        return (user.address,) if user else ()

    async def _timestamp(self) -> str:
        """What APOP makes its digest of: never the same twice (RFC 1939 section 7); "" where APOP is not offered."""
        if not self.policy.apop or not (self.engine.secure or self.engine.config.cleartext_login):
            return ""
        number = self.host.random("apop").getrandbits(48)
        return f"<{number}.{self.host.calendar.epoch_us(await Now())}@{self.host.name}>"

    def _proof(self, name: str, timestamp: str, digest: str) -> Proof:
        user = self.host.directory.find(name)
        return Proof(name, user is not None and apop_matches(timestamp, user.password, digest))

    async def _start_tls(self, mode: tls.Start) -> None:
        await tls.serve_tls(self.connection, mode, self.policy.pop3_timeout_us, self.policy.tls_versions)

    async def _say(self, reply: Reply | Greeting | Challenge) -> None:
        if self._unanswered:
            command, self._unanswered = self._unanswered, ""
            await self._troubles.strike(command, "reply_lost", about=self._who)
        await Send(self.connection, "pop", (reply,))

    async def _log_in(self, credentials: Credentials, mechanism: str) -> Reply:
        """Check the password, take the lock, and number what is there now (RFC 1939 section 4)."""
        user = await self.guard.admit(credentials, mechanism)
        if user is None:
            return self.engine.refuse("wrong name or password", "AUTH")
        assert self.host.store is not None
        now_us, last_us = await Now(), self.logins.get(user.address)
        if last_us is not None and now_us - last_us < self.policy.pop3_login_delay_us:
            return self.engine.refuse("you were here a moment ago", "LOGIN-DELAY")
        account = self.host.store.account(user.address)
        assert account is not None
        lock = account.lock_maildrop(self.connection.id)
        if isinstance(lock, InUse):
            return self.engine.refuse("the maildrop is open elsewhere", "IN-USE")
        self.account, self.lock = account, lock
        self.logins[user.address] = now_us
        validity = account.inbox.uid_validity
        self._uids = {f"{validity}.{message.uid}": message.uid for message in account.inbox}
        sizes = (message_size(message.content) for message in account.inbox)
        return self.engine.open_maildrop([Drop(uid, size) for uid, size in zip(self._uids, sizes, strict=True)])

    def _content(self, uid: int) -> Reply:
        assert self.account is not None
        message = self.account.inbox.get(uid)
        if message is None:
            return self.engine.refuse("the message is gone")
        self._read[uid] = None
        return self.engine.content(message.content)

    async def _update(self, uids: Sequence[int]) -> Reply:
        """The UPDATE state: only now is anything deleted; belief M28 deletes what was merely read."""
        assert self.account is not None
        doomed = [*uids, *self._read] if self.policy.pop3_delete_on_retr else uids
        gone = self.account.remove(INBOX, doomed, self.lock)
        if isinstance(gone, InUse | NoSuchFolder):
            return self.engine.refuse("some messages were not deleted", "SYS/TEMP")
        await publish(self.host, gone)
        return self.engine.goodbye()


def _promises(policy: AccessPolicy) -> Iterator[str]:
    """What CAPA tells of the server's habits (RFC 2449 sections 6.5 and 6.7)."""
    yield f"EXPIRE {policy.pop3_expire_days if policy.pop3_expire_days >= 0 else 'NEVER'}"
    if policy.pop3_login_delay_us:
        yield f"LOGIN-DELAY {-(-policy.pop3_login_delay_us // 1_000_000)}"
