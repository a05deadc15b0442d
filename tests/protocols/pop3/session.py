"""The smallest agent around a POP3 engine: one host's store, passwords in a dict; and transcripts to drive it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import assert_never

from mailsim.mail.store import INBOX, Account, InUse, MaildropLock, Store
from mailsim.protocols import sasl
from mailsim.protocols.pdu import Pdu
from mailsim.protocols.pop3 import (
    Answered,
    ApopLogin,
    Drop,
    Event,
    Login,
    Pop3Config,
    Pop3Server,
    Refused,
    Reply,
    Retrieve,
    StartTls,
    Update,
    apop_matches,
    message_size,
)

CONFIG = Pop3Config("mail.skola.example")
PASSWORDS = {"borek": "heslo", "mrose": "tanstaaf"}
SHORT = b"Subject: one\r\n\r\nAhoj\r\n"
DOTTED = b"Subject: two\r\n\r\n.\r\n..\r\n.line\r\nlast\r\n"


def host(*messages: bytes, user: str = "borek") -> Store:
    """A store with one account that has these messages."""
    store = Store()
    account = store.create_account(user)
    for message in messages:
        account.append(INBOX, message, 0)
    return store


class Session:
    """One connection of the POP3 server of a host."""

    def __init__(self, store: Store, config: Pop3Config = CONFIG, timestamp: str = "", name: str = "c1") -> None:
        self.server = Pop3Server(config)
        self.store, self.timestamp, self.name = store, timestamp, name
        self.account: Account | None = None
        self.lock: MaildropLock | None = None
        self.events: list[Event] = []
        self.closed = False

    def connect(self) -> bytes:
        return self.server.greeting(self.timestamp).to_bytes()

    def receive(self, data: bytes) -> bytes:
        self.server.receive(data)
        answer = b"".join(pdu.to_bytes() for pdu in self._answers())
        self.closed = self.server.closed
        return answer

    def hang_up(self) -> None:
        """The connection is gone, with or without QUIT."""
        if self.account and self.lock:
            self.account.unlock_maildrop(self.lock)

    def _answers(self) -> Iterator[Pdu]:
        while event := self.server.next_event():
            self.events.append(event)
            yield self._answer(event)

    def _answer(self, event: Event) -> Pdu:
        match event:
            case Answered(reply=reply):
                return reply
            case Refused(reply=reply):
                return reply
            case Login(sasl.Password(name, password)):
                return self._log_in(name, PASSWORDS.get(name) == password)
            case ApopLogin(name, timestamp, digest):
                return self._log_in(name, apop_matches(timestamp, PASSWORDS.get(name, ""), digest))
            case Retrieve(uid=uid):
                return self._content(int(uid.partition(".")[2]))
            case Update(uids):
                assert self.account
                self.account.remove(INBOX, [int(uid.partition(".")[2]) for uid in uids], self.lock)
                self.hang_up()
                return self.server.goodbye()
            case StartTls():
                return self.server.start_tls()
            case _:
                assert_never(event)

    def _log_in(self, name: str, right: bool) -> Reply:
        self.account = self.store.account(name)
        if not right or self.account is None:
            return self.server.refuse("wrong user or password", "AUTH")
        lock = self.account.lock_maildrop(self.name)
        if isinstance(lock, InUse):
            return self.server.refuse("another session has the maildrop", "IN-USE")
        self.lock = lock
        inbox = self.account.inbox
        return self.server.open_maildrop(
            Drop(f"{inbox.uid_validity}.{message.uid}", message_size(message.content)) for message in inbox
        )

    def _content(self, uid: int) -> Reply:
        assert self.account
        message = self.account.inbox.get(uid)
        return self.server.content(message.content) if message else self.server.refuse("it is gone")


def whole(data: bytes) -> Iterable[bytes]:
    return [data]


def byte_by_byte(data: bytes) -> Iterable[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def chopped(data: bytes) -> Iterable[bytes]:
    """Pieces of 1 to 9 bytes, the same in every run."""
    random = Random(len(data))
    at = 0
    while at < len(data):
        step = random.randint(1, 9)
        yield data[at : at + step]
        at += step


CHOPPERS: tuple[Callable[[bytes], Iterable[bytes]], ...] = (whole, byte_by_byte, chopped)


def play(transcript: str, new_session: Callable[[], Session]) -> Session:
    """Run a transcript (`>>` the client's lines, `<<` the server's) however the bytes are chopped."""
    lines = [line.strip() for line in transcript.strip().splitlines()]
    sent = b"".join(line[3:].encode() + b"\r\n" for line in lines if line.startswith(">>"))
    expected = b"".join(line[3:].encode() + b"\r\n" for line in lines if line.startswith("<<"))
    for chopper in CHOPPERS:
        session = new_session()
        said = session.connect() + b"".join(session.receive(piece) for piece in chopper(sent))
        assert said.decode() == expected.decode(), chopper.__name__
    return session
