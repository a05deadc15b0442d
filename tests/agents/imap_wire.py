"""The real IMAP server as bytes in, bytes out: no network, no clock, several clients on one store.

    world = ImapWorld()
    client = world.connect()
    client.say(b"a1 LOGIN dan heslo\r\n")  # what the server says to it

A `Wire` is a session of `tests.interop.loopback` too, so real clients can talk to it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from mailsim.agents import operations as ops
from mailsim.agents.access_imap import ImapSession
from mailsim.agents.calendar import Calendar
from mailsim.agents.directory import Directory, User
from mailsim.agents.host import Host
from mailsim.agents.policy import AccessPolicy
from mailsim.errors import ConnectionTimedOut
from mailsim.mail.store import Account, Store
from mailsim.protocols.imap import ImapServer, ImapServerConfig
from mailsim.trace.facts import Fact

USER, PASSWORD = "dan@skola.example", "heslo"
SCHOOL = "Práce/Škola"
START_US = 1_767_596_400_000_000


class ImapWorld:
    """A host with accounts; `facts` is what was noted."""

    def __init__(
        self,
        users: tuple[str, ...] = (USER,),
        quota: int | None = None,
        delimiter: str = "/",
        utc_offset_minutes: int = 0,
        policy: AccessPolicy | None = None,
    ) -> None:
        self.policy = policy or AccessPolicy()
        self.store = Store(delimiter)
        for user in users:
            self.store.create_account(user, quota)
        directory = Directory([User(user, PASSWORD) for user in users])
        calendar = Calendar(START_US, utc_offset_minutes)
        self.host = Host("mail.skola.example", ("192.0.2.25",), calendar, store=self.store, directory=directory)
        self.facts: list[Fact] = []
        self.due: deque[Wire] = deque()

    @classmethod
    def of(cls, mails: Iterable[bytes], utc_offset_minutes: int = 0) -> ImapWorld:
        """A world with mails in the INBOX, and a folder below another."""
        world = cls(utc_offset_minutes=utc_offset_minutes)
        world.account.create(SCHOOL)
        for mail in mails:
            world.deliver(mail)
        return world

    def deliver(self, mail: bytes) -> None:
        """A mail comes into the INBOX of the first account; whoever idles there hears of it."""
        self.account.append("INBOX", mail, START_US)
        signal = self.host.mailbox_signal(self.account.name)
        waiting, signal.waiting = signal.waiting, []
        for wire in waiting:
            wire.wake()

    def unconnected(self, **config: Any) -> Wire:
        """A new connection, not greeted yet; `config` is the engine's."""
        return Wire(self, **config)

    @property
    def account(self) -> Account:
        """The only (or first) account."""
        return next(iter(self.store))

    def connect(self) -> Wire:
        """A new connection, greeted."""
        wire = Wire(self)
        wire.connect()
        return wire


class Wire:
    """One connection to the server."""

    def __init__(self, world: ImapWorld, **config: Any) -> None:
        self.world = world
        self.closed = False
        self.connection = ops.Connection()
        self.connection.id, self.connection.tls = "c1", False
        self.session = ImapSession(world.host, world.policy, self.connection)
        if config:
            self.session.engine = ImapServer(ImapServerConfig(world.host.name, **config))
        self.engine = self.session.engine
        self._script = self.session.run()
        self._arrived: deque[bytes] = deque()
        self._output = bytearray()
        self._waits = self._listens_to_signal = False

    def connect(self) -> bytes:
        """The greeting."""
        self._resume(None)
        return self.heard()

    def say(self, data: bytes) -> bytes:
        """Send bytes; gives what the server has said since."""
        return self.receive(data)

    def receive(self, data: bytes) -> bytes:
        """The same, under the name that `loopback` wants."""
        self._arrived.append(data)
        if self._waits:
            self._resume(self._arrived.popleft())
        while self.world.due:
            self.world.due.popleft().wake()
        return self.heard()

    def wake(self) -> None:
        """Something has happened in the mailbox that it waits for."""
        if self._waits and self._listens_to_signal:
            self._resume(None)

    def heard(self) -> bytes:
        """What the server has said and nobody has looked at yet."""
        output, self._output = bytes(self._output), bytearray()
        return output

    def time_out(self) -> bytes:
        """Nothing comes for as long as the server waits."""
        self._resume(None, ConnectionTimedOut("nothing came"))
        return self.heard()

    def _resume(self, answer: Any, error: BaseException | None = None) -> None:
        self._waits = self._listens_to_signal = False
        try:
            while True:
                operation = self._script.send(answer) if error is None else self._script.throw(error)
                error, answer = None, self._perform(operation)
                if answer is ops:
                    self._waits = True
                    return
        except StopIteration:
            self.closed = True

    def _perform(self, operation: Any) -> Any:
        match operation:
            case ops.Send(_, _, pdus):
                for pdu in pdus:
                    self._output += pdu.to_bytes()
                    str(pdu), pdu.fields()  # the trace asks for both
                return 0
            case ops.ReceiveOrSignal(_, signal):
                if self._arrived:
                    return self._arrived.popleft()
                signal.waiting.append(self)
                self._listens_to_signal = True
                return ops
            case ops.Receive():
                return self._arrived.popleft() if self._arrived else ops
            case ops.Raise(signal):
                self.world.due += [wire for wire in signal.waiting if wire is not self]
                signal.waiting = []
                return None
            case ops.Note(fact):
                self.world.facts.append(fact)
                return len(self.world.facts)
            case ops.Now() | ops.Sleep() | ops.Close():
                return 0
        raise AssertionError(f"{operation} is not played here")
