"""A server agent of twenty lines over `SmtpServer`, and transcripts played against it in three ways.

A transcript is written as people write one: `>>` the client sends, `<<` the server must answer. `\\r`, `\\n`
and `\\xNN` may be written out; every `>>` line gets its CRLF unless it ends with `\\+`. Each transcript runs
whole (all lines of one turn at once), byte by byte, and chopped at random: TCP keeps no boundaries.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator

from mailsim.protocols.sasl import Password
from mailsim.protocols.smtp import (
    AuthDone,
    Challenge,
    ContentReceived,
    Rcpt,
    Refused,
    Reply,
    SmtpServer,
    SmtpServerConfig,
    StartTls,
)

HOST = "mx.firma.example"
NO_SUCH_USER = Reply.of(550, "5.1.1", "No such user")
PASSWORDS = {"alena": "tajne heslo", "dan": "žluťoučký"}


class SmallWorld:
    """Knows two passwords; everybody has a mailbox but those whose name begins with `no`."""

    def __init__(self, **settings: object) -> None:
        self.server = SmtpServer(SmtpServerConfig(hostname=HOST, **settings))  # type: ignore[arg-type]
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.sizes: list[int] = []
        self.closed = False

    def connect(self) -> bytes:
        return self.server.greeting().to_bytes()

    def receive(self, data: bytes) -> bytes:
        self.server.receive(data)
        sent = b"".join(reply.to_bytes() for reply in self._answers())
        self.closed = self.server.is_closed
        return sent

    def _answers(self) -> Iterator[Reply]:
        server = self.server
        while (event := server.next_event()) is not None:
            match event:
                case Refused(reply=reply) | (Challenge() as reply):
                    yield reply
                case Rcpt(path=path) if path.startswith("no"):
                    yield server.refuse(NO_SUCH_USER)
                case AuthDone(credentials=who):
                    right = Password(who.username, PASSWORDS.get(who.username, "")) == who
                    yield server.auth_accept() if right else server.auth_refuse()
                case ContentReceived():
                    yield from self._deliver(event)
                case StartTls():
                    yield server.accept()
                    server.reset_after_tls()
                case _:
                    yield server.accept()

    def _deliver(self, content: ContentReceived) -> Iterable[Reply]:
        server = self.server
        assert server.sender is not None
        people = [rcpt.path for rcpt in server.recipients]
        self.mails.append((server.sender.path, people, content.data))
        self.sizes.append(content.wire_size)
        if not server.config.is_lmtp:
            return [server.accept()]
        full = Reply.of(452, "4.2.2", "Mailbox full")
        return server.accept_content(
            [full if person.startswith("full") else Reply.of(250, "2.1.5", "Delivered") for person in people]
        )


def chopper(seed: int) -> Callable[[bytes], list[bytes]]:
    """Cuts bytes at random places, the same ones for the same seed."""
    random_ = random.Random(seed)

    def chop(data: bytes) -> list[bytes]:
        places = sorted(random_.sample(range(1, len(data)), min(len(data) - 1, random_.randint(0, 12))))
        return [data[i:j] for i, j in zip([0, *places], [*places, len(data)], strict=True)]

    return chop


WAYS: dict[str, Callable[[bytes], list[bytes]]] = {
    "whole": lambda data: [data],
    "byte by byte": lambda data: [data[i : i + 1] for i in range(len(data))],
    "chopped": chopper(1),
    "chopped otherwise": chopper(2),
}


def turns(transcript: str) -> Iterator[tuple[bytes, bytes]]:
    """What the client sends at once, and what must come back before it goes on."""
    sent, wanted = b"", b""
    for line in transcript.strip().splitlines():
        if not line.strip():
            continue
        mark, _, text = line.lstrip().partition(" ")
        is_whole = not text.endswith("\\+")
        data = text.removesuffix("\\+").encode().decode("unicode_escape").encode("latin-1")
        if mark == ">>":
            if wanted:
                yield sent, wanted
                sent, wanted = b"", b""
            sent += data + b"\r\n" if is_whole else data
        else:
            assert mark == "<<", line
            wanted += data + b"\r\n"
    yield sent, wanted


def play(transcript: str, **settings: object) -> SmallWorld:
    """Play a transcript in all ways; give the world of the last. EHLO is not written: it is in `greeted`."""
    for name, chop in WAYS.items():
        world = SmallWorld(**settings)
        heard = world.connect()
        for sent, wanted in turns(transcript):
            heard += b"".join(map(world.receive, chop(sent))) if sent else b""
            assert heard.decode() == wanted.decode(), name
            heard = b""
    return world


def greeted(transcript: str, **settings: object) -> SmallWorld:
    """The same after greeting and EHLO, whose reply is a test of its own."""
    world = SmallWorld(**settings)
    verb = "LHLO" if settings.get("is_lmtp") else "EHLO"
    opening = world.connect() + world.receive(f"{verb} pc.skola.example\r\n".encode())
    first, *rest = opening.decode().splitlines()
    hello = f">> {verb} pc.skola.example\n" + "\n".join(f"<< {line}" for line in rest)
    return play(f"<< {first}\n{hello}\n{transcript}", **settings)
