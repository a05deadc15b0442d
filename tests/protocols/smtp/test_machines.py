"""Machines that say anything in any order: a server against a small model of the RFC, and both engines against each
other, who must always agree on where they stand."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mailsim.errors import LocalProtocolError
from mailsim.protocols.smtp import (
    Bdat,
    BdatLast,
    Command,
    Content,
    Data,
    Ehlo,
    Helo,
    Mail,
    Noop,
    Rcpt,
    Rset,
    SmtpClient,
    State,
    Vrfy,
)
from tests.protocols.smtp.small_world import SmallWorld

MODEST = settings(derandomize=True, deadline=None, max_examples=60, stateful_step_count=30)
OCTETS = st.sampled_from([b"", b"x\r\n", b"a\r\n.b\r\n", b"QUIT\r\n", b"Subject: x\r\n\r\n.\r\n"])


class ServerAgainstModel(RuleBasedStateMachine):
    """The model knows nothing but: who said hello, is there a sender, how many recipients, are there chunks."""

    def __init__(self) -> None:
        super().__init__()
        self.world = SmallWorld(max_recipients=3)
        self.world.connect()
        self.hello = self.sender = self.chunks = self.refused = False
        self.people = 0
        self.taken = 0

    def _say(self, data: bytes, *codes: int) -> None:
        heard = self.world.receive(data)
        got = [int(line[:3]) for line in heard.split(b"\r\n") if line[3:4] == b" "]
        assert got == list(codes), (data, heard)

    def _reset(self) -> None:
        self.sender = self.chunks = self.refused = False
        self.people = 0

    @rule(verb=st.sampled_from([b"EHLO", b"HELO", b"ehlo"]))
    def say_hello(self, verb: bytes) -> None:
        self._say(verb + b" a.example\r\n", 250)
        self.hello = True
        self._reset()

    @rule()
    def mail(self) -> None:
        fits = self.hello and not self.sender
        self._say(b"MAIL FROM:<a@b.example>\r\n", 250 if fits else 503)
        self.sender |= fits

    @rule()
    def rcpt(self) -> None:
        fits = self.sender and not self.chunks
        full = self.people == 3
        self._say(b"RCPT TO:<dan@firma.example>\r\n", 503 if not fits else 452 if full else 250)
        self.people += fits and not full

    @rule()
    def rcpt_of_nobody(self) -> None:
        fits = self.sender and not self.chunks
        full = self.people == 3
        self._say(b"RCPT TO:<nobody@firma.example>\r\n", 503 if not fits else 452 if full else 550)
        self.refused |= fits and not full

    @rule(content=OCTETS)
    def data(self, content: bytes) -> None:
        if not self.people or self.chunks:
            nobody = self.sender and not self.people and self.refused
            self._say(b"DATA\r\n", 554 if nobody else 503)
            return
        self._say(b"DATA\r\n", 354)
        self._say(Content(content).to_bytes(), 250)
        self.taken += 1
        self._reset()

    @rule(octets=OCTETS, is_last=st.booleans())
    def bdat(self, octets: bytes, is_last: bool) -> None:
        command = (BdatLast if is_last else Bdat)(len(octets), octets).to_bytes()
        if not self.people:
            self._say(command, 554 if self.sender and self.refused else 503)
            return
        self._say(command, 250)
        self.chunks = True
        if is_last:
            self.taken += 1
            self._reset()

    @rule()
    def rset(self) -> None:
        self._say(b"RSET\r\n", 250)
        self._reset()

    @rule(
        line=st.sampled_from(
            [(b"NOOP", 250), (b"VRFY dan", 252), (b"HELP", 214), (b"FROB", 500), (b"EXPN x", 502), (b"MAIL\n", 500)]
        )
    )
    def change_nothing(self, line: tuple[bytes, int]) -> None:
        self._say(line[0] + b"\r\n", line[1])

    @rule()
    def bad_syntax(self) -> None:
        fits = self.hello and not self.sender
        self._say(b"MAIL FROM:<a b>\r\n", 501 if fits else 503)

    @invariant()
    def no_mail_is_lost_or_made_up(self) -> None:
        assert len(self.world.mails) == self.taken


COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.sampled_from([Ehlo("a.example"), Helo("a.example"), Data(), Rset(), Noop(), Vrfy("dan")]),
    st.sampled_from([Mail("a@b.example"), Mail("")]),
    st.sampled_from([Rcpt("dan@firma.example"), Rcpt("nobody@firma.example"), Rcpt("postmaster")]),
    OCTETS.map(Content),
    OCTETS.map(lambda octets: Bdat(len(octets), octets)),
    OCTETS.map(lambda octets: BdatLast(len(octets), octets)),
)


class TwoEngines(RuleBasedStateMachine):
    """What the client engine lets us say, the server engine must find in order; wire bytes are cut anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.world = SmallWorld(max_recipients=3)
        self.client = SmtpClient()
        self.under_way = b""
        self.client.receive(self.world.connect())
        self.client.next_event()

    @rule(command=COMMANDS)
    def say(self, command: Command) -> None:
        try:
            self.under_way += self.client.send(command).to_bytes()
        except LocalProtocolError:
            return

    @precondition(lambda self: self.under_way)
    @rule(size=st.integers(1, 60))
    def some_octets_arrive(self, size: int) -> None:
        heard = self.world.receive(self.under_way[:size])
        self.under_way = self.under_way[size:]
        for start in range(0, len(heard), size):
            self.client.receive(heard[start : start + size])
            while (answered := self.client.next_event()) is not None:
                assert answered.reply.code != 500, answered
                assert answered.command is not None

    @precondition(lambda self: self.under_way)
    @rule()
    def everything_arrives(self) -> None:
        while self.under_way:
            self.some_octets_arrive(1000)

    @invariant()
    def they_agree(self) -> None:
        if self.client.outstanding or self.under_way:
            return
        assert self.client.state is self.world.server.state
        if self.client.state in (State.HAS_SENDER, State.HAS_RECIPIENT):
            assert [rcpt.path for rcpt in self.client.recipients] == [r.path for r in self.world.server.recipients]


TestServerAgainstModel = ServerAgainstModel.TestCase
TestServerAgainstModel.settings = MODEST
TestTwoEngines = TwoEngines.TestCase
TestTwoEngines.settings = MODEST
