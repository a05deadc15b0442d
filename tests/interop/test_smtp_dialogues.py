"""The same dialogues with a real Postfix and with our MTA, code by code; differences are listed with their reasons."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from mailsim.agents.operations import Close, Connect, Connection, Receive, Send
from mailsim.agents.policy import MINUTE_US
from mailsim.errors import ConnectionTimedOut
from mailsim.protocols.pdu import Raw
from tests.agents.site import MX1, PC, Site
from tests.agents.stage import Stage
from tests.interop.daemons import HOST
from tests.interop.dialogues import Dialogue, dialogues
from tests.interop.postfix import postfix

ALL = dialogues()
USERS = ("dan@firma.example", "eva@firma.example", "jiří@firma.example")
PATIENCE_S = 10.0
_REPLY = re.compile(rb"(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r\n")


def test_there_are_enough_of_them_and_each_has_its_own_name() -> None:
    names = [dialogue.name for dialogue in ALL]
    assert len(set(names)) == len(names) >= 150


# --- us -----------------------------------------------------------------------------------------


class Ear:
    """Cuts what a server says into replies."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.heard = connection, b""
        self.is_closed = False

    async def reply(self) -> str:
        """The next one, all its lines; "" when the server closes instead, or says nothing for a minute."""
        while (found := _REPLY.match(self.heard)) is None and not self.is_closed:
            try:
                data = await Receive(self.connection, MINUTE_US)
            except ConnectionTimedOut:
                break
            self.heard, self.is_closed = self.heard + data, not data
        if found is None:
            return ""
        self.heard = self.heard[found.end() :]
        return found[0].decode()


async def speak(address: str, dialogue: Dialogue, chop: int) -> tuple[list[list[str]], bool]:
    """The replies of our server, turn by turn, and whether it has closed then and said nothing else."""
    connection = await Connect(address, 25, MINUTE_US)
    ear = Ear(connection)
    turns = [[await ear.reply()]]
    for turn in dialogue.turns:
        size = chop or len(turn.sent)
        for start in range(0, len(turn.sent), size):
            await Send(connection, "smtp", [Raw(turn.sent[start : start + size])])
        turns.append([await ear.reply() for _ in turn.ours])
    rest = await ear.reply()
    await Close(connection)
    return turns, ear.is_closed and not rest and not ear.heard


@pytest.mark.parametrize("chop", [0, 7])
@pytest.mark.parametrize("dialogue", ALL, ids=str)
def test_we(dialogue: Dialogue, chop: int) -> None:
    stage = Stage(chop)
    site = Site(stage, "mx.firma.example", MX1, USERS, local_domains=("firma.example",))
    (greeting, *turns), ends = stage.play(PC, speak(site.address, dialogue, chop), stage.now_us + 10 * MINUTE_US)
    codes = [tuple(int(reply[:3] or 0) for reply in turn) for turn in turns]
    assert (greeting[0][:4], codes) == ("220 ", [turn.ours for turn in dialogue.turns]), turns
    assert ends
    of_hello = [turn.sent[:4].upper() in (b"EHLO", b"HELO") for turn in dialogue.turns for _ in turn.ours]
    for reply, is_of_hello in zip((reply for turn in turns for reply in turn), of_hello, strict=True):
        has_code = re.fullmatch(r"(?:\d{3}[ -]([245])\.\d{1,3}\.\d{1,3} .*\r\n)+", reply)
        if reply.startswith("354 ") or is_of_hello:
            assert has_code is None, f"RFC 2034 section 4: no enhanced code in {reply}"
        else:
            assert has_code, reply
            assert has_code[1] == reply[0]


# --- Postfix ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with postfix("smtpd_helo_required = yes\nsmtpd_recipient_limit = 100") as number:
        yield number


@pytest.mark.parametrize("dialogue", ALL, ids=str)
def test_postfix(dialogue: Dialogue, port: int) -> None:
    with socket.create_connection((HOST, port), PATIENCE_S) as visit, visit.makefile("rb") as stream:

        def code() -> int | None:
            while line := stream.readline():
                if line[3:4] != b"-":
                    return int(line[:3])
            return None

        assert code() == 220
        for turn in dialogue.turns:
            visit.sendall(turn.sent)
            assert tuple(code() for _ in turn.theirs) == turn.theirs, turn
            if turn.they_hang_up:
                break
        assert stream.read() == b""
