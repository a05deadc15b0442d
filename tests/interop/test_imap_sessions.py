"""The same sessions against a real Dovecot and against our server: what a program would notice must be the same."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.agents.imap_wire import ImapWorld, Wire
from tests.interop import dovecot
from tests.interop.imap_playing import SocketLink, play, sessions
from tests.interop.imap_reading import Answer, essence
from tests.mail.mails import MAILS
from tests.mail.test_mime import CORPUS

ALL = sessions()
MAIL = {"standard": CORPUS["plain"], **{name.replace(" ", "-"): mail for name, mail in MAILS.items()}}
MAIL["plain"] = MAILS["simple"]
QUOTA = 1024 * 1024


class WireLink:
    """A connection to our server."""

    def __init__(self, world: ImapWorld) -> None:
        self.wire = Wire(world)
        self.heard = self.wire.connect()

    def send(self, data: bytes) -> None:
        if not self.wire.closed:
            self.heard += self.wire.say(data)

    def receive(self) -> bytes:
        heard, self.heard = self.heard + self.wire.heard(), b""
        assert heard or self.wire.closed, "the server is silent"
        return heard

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    if not dovecot.installed():
        if os.environ.get("MAILSIM_NO_SKIPS"):
            pytest.fail("dovecot-imapd is not installed")
        pytest.skip("dovecot-imapd is not installed")
    with dovecot.running() as running:
        yield running


def test_there_are_enough_sessions():
    assert len(ALL) >= 150
    assert len({(one.file, one.name) for one in ALL}) == len(ALL)


@pytest.mark.parametrize("index", range(len(ALL)), ids=lambda index: f"{ALL[index].file}: {ALL[index].name}")
def test_the_same_session(index: int, port: int):
    session = ALL[index]
    theirs = play(session, lambda: SocketLink(port), f"u{index}", MAIL)
    world = ImapWorld((f"u{index}",), quota=QUOTA)
    ours = play(session, lambda: WireLink(world), f"u{index}", MAIL)
    problems = []
    for step, our, their in zip(session.steps, ours, theirs, strict=True):
        same = essence(our, their) == essence(their, our)
        if same is bool(step.differs) and not step.ignored:
            problems.append(described(step.client, step.line, our, their, same))
    assert not problems, "\n" + "\n".join(problems)


def described(client: str, line: str, ours: Answer, theirs: Answer, same: bool) -> str:
    if same:
        return f"{client}: {line}\n  is the same on both, though it is said to differ"
    text = [f"{client}: {line}"]
    for name, answer, other in (("ours   ", ours, theirs), ("dovecot", theirs, ours)):
        only = [value for value in answer.said if value not in other.said]
        text.append(f"  {name} {answer.status} {answer.code} {answer.expunged} and alone: {only}")
        text.append("          " + answer.raw[-300:].decode("utf-8", "replace").rstrip().rpartition("\r\n")[2])
    return "\n".join(text)
