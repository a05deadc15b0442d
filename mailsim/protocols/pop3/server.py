"""The server's side of a POP3 connection, without I/O (RFC 1939, RFC 2449, RFC 2595 section 4, RFC 5034).

The engine holds what a session knows: the state, the numbered maildrop, the marks. It answers by itself
whatever follows from that. Only what needs the world comes out as a question: is the password right, what
is in the message, remove these for good.

    server = Pop3Server(Pop3Config("mail.skola.example"))
    send(server.greeting())
    server.receive(data)
    while event := server.next_event():
        match event:
            case Answered(reply=reply) | Refused(reply=reply): send(reply)
            case Login(): send(server.open_maildrop(drops))     # or server.refuse("wrong", "AUTH")
            ...

A question must be answered before the next event is pulled: pipelined commands are processed in turn
(RFC 2449 section 6.6), and the answer decides what the next one means.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from mailsim.errors import LocalProtocolError
from mailsim.protocols import sasl
from mailsim.protocols.pop3.command_lines import CommandLines, TooLong
from mailsim.protocols.pop3.commands import (
    Apop,
    Auth,
    AuthResponse,
    Capa,
    Command,
    Dele,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    Stls,
    Top,
    Uidl,
    User,
    Utf8,
)
from mailsim.protocols.pop3.config import Pop3Config
from mailsim.protocols.pop3.events import (
    Announced,
    Answered,
    ApopLogin,
    Event,
    Login,
    Refused,
    Retrieve,
    StartTls,
    Update,
)
from mailsim.protocols.pop3.maildrop import Drop, Maildrop
from mailsim.protocols.pop3.parsing import COMMAND_LIMIT, Mistake, parse_command, parse_text
from mailsim.protocols.pop3.replies import Challenge, Greeting, Reply, checked, negative, positive
from mailsim.protocols.pop3.states import NEXT, State
from mailsim.protocols.pop3.stuffing import message_size, top

EXCHANGE_LIMIT = 12288  # octets of a SASL line; RFC 4954 section 4 has this number, POP3 has none
TOO_LONG = negative("line too long")
CONNECTED, EXCHANGE, ENDED = State.CONNECTED, State.EXCHANGE, State.ENDED
QUESTIONS = frozenset({User, Pass, Apop, Auth, Stls, Retr, Top, Quit})
"""Commands that the session alone does not answer: the agent or the SASL mechanism must be asked."""


class Pop3Server:
    """One connection.

    Attributes:
        state: where it is. closed: when to hang up. name: who the client says it is. user: who has logged in.
        discarded: how many octets of plaintext had come behind STLS.
        utf8: whether the client has said UTF8.
    """

    def __init__(
        self, config: Pop3Config, secure: bool = False, mechanisms: sasl.ServerMechanisms | None = None
    ) -> None:
        self.config, self.secure = config, secure
        self._mechanisms = sasl.server_mechanisms() if mechanisms is None else mechanisms
        self.state = State.CONNECTED
        self.user = ""
        self.timestamp = ""
        self.discarded = 0
        self.utf8 = False
        self._errors = 0
        self.name = ""
        self._mechanism: sasl.ServerMechanism | None = None
        self._maildrop = Maildrop(())
        self._asked: Command | None = None
        self._announced: bytes | None = None
        self._lines = CommandLines()

    # --- bytes in, events out ------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Is it over, so that the connection should be closed?"""
        return self.state is ENDED

    def receive(self, data: bytes) -> None:
        """Take bytes that arrived."""
        self._lines.feed(data)

    def next_event(self, *, announce: bool = False) -> Event | None:
        """The next thing to answer or to send; None when more bytes are needed.

        Args: announce: tell of each command before it is obeyed (`Announced`).
        Raises LocalProtocolError while a question is open, or before the greeting.
        """
        state = self.state
        if self._asked is not None or state is CONNECTED:
            raise LocalProtocolError("greet first" if self._asked is None else f"{self._asked.verb} is not answered")
        if state is ENDED:
            return None
        if state is EXCHANGE:
            return self._next_response()
        line = self._lines.take_command(COMMAND_LIMIT)
        if line is None:
            return None
        if isinstance(line, TooLong):
            return self._refused(line.beginning, TOO_LONG)
        command = parse_command(line)
        if isinstance(command, Mistake):
            return self._refused(line, negative(command.text))
        if (state, type(command)) not in NEXT:
            return self._refused(line, negative(f"{command.verb} is not allowed now ({state.value})"))
        if announce:
            self._asked, self._announced = command, line
            return Announced(command)
        return self._obey(command, line)

    def obey(self) -> Event:
        """Do what the announced command says."""
        command, line = self._answering(Command), self._announced
        if line is None:
            raise LocalProtocolError("no command is announced")
        self._asked = self._announced = None
        return self._obey(command, line)

    def _obey(self, command: Command, line: bytes) -> Event:
        if type(command) in QUESTIONS:
            return self._ask(command, line)
        reply = self._answer(command)
        if not reply.ok:
            return self._refused(line, reply)
        self.state = NEXT[self.state, type(command)]
        return Answered(command, reply)

    def _refused(self, line: bytes, reply: Reply) -> Refused:
        """Refuse a line; with too many of them the session ends."""
        self._errors += 1
        if 0 < self.config.max_errors <= self._errors:
            self.state, reply = ENDED, negative("too many errors")
        return Refused(line, reply)

    # --- commands ------------------------------------------------------------------------------

    def _ask(self, command: Command, line: bytes) -> Event:
        match command:
            case Retr(number) | Top(number):
                drop = self._maildrop.get(number)
                if drop is None:
                    return self._refused(line, negative(self._maildrop.why_not(number)))
                self._asked = command
                return Retrieve(number, drop.uid, command.lines if isinstance(command, Top) else None)
            case Quit():
                return self._quit(command)
            case User() | Pass() | Apop() | Auth() | Stls():
                return self._authorization(command, line)
            case _:
                raise LocalProtocolError(f"no question about {command}")

    def _quit(self, command: Quit) -> Event:
        """Before login it is only goodbye; after it, the marked messages go (RFC 1939 section 6)."""
        if self.state is not State.TRANSACTION:
            self.state = ENDED
            return Answered(command, positive(f"{self.config.hostname} POP3 server signing off"))
        self._asked, self.state = command, State.UPDATE
        return Update(self._maildrop.marked_uids())

    def _authorization(self, command: User | Pass | Apop | Auth | Stls, line: bytes) -> Event:
        sends_password = isinstance(command, User | Pass | Auth)
        if sends_password and not self._may_log_in:
            return self._refused(line, negative("begin TLS first"))
        match command:
            case User(name):
                self.name = name
                self.state = State.NAMED
                return Answered(command, positive("send PASS"))
            case Pass(password):
                self._asked = command
                return Login(sasl.Password(self.name, password))
            case Apop(name, digest):
                if not self.timestamp:
                    return self._refused(line, negative("APOP is not offered"))
                self._asked, self.name = command, name
                return ApopLogin(name, self.timestamp, digest)
            case Auth():
                return self._begin_exchange(command, line)
            case Stls():
                if self.secure or not self.config.stls:
                    return self._refused(line, negative("TLS is active" if self.secure else "TLS is not offered"))
                self._asked = command
                return StartTls()
            case _:
                assert_never(command)

    def _answer(self, command: Command) -> Reply:
        drop = self._maildrop
        match command:
            case Stat():
                return positive(f"{len(drop)} {drop.size}")
            case List(None):
                return positive(drop.totals(), drop.sizes())
            case Uidl(None):
                return positive("unique-id listing follows", drop.unique_ids())
            case List(int(number)):
                one = drop.get(number)
                return positive(f"{number} {one.size}") if one else negative(drop.why_not(number))
            case Uidl(int(number)):
                one = drop.get(number)
                return positive(f"{number} {one.uid}") if one else negative(drop.why_not(number))
            case Dele(number):
                if drop.get(number) is None:
                    return negative(drop.why_not(number))
                drop.mark(number)
                return positive(f"message {number} deleted")
            case Rset():
                drop.unmark_all()
                return positive(f"maildrop has {drop.totals()}")
            case Noop():
                return positive()
            case Utf8():
                self.utf8 = self.config.utf8
                return positive("UTF-8 it is") if self.utf8 else negative("UTF8 is not offered")
            case Capa():
                return positive("capability list follows", self._capabilities())
            case _:
                raise LocalProtocolError(f"no answer to {command}")

    @property
    def _may_log_in(self) -> bool:
        return self.secure or self.config.cleartext_login

    def _capabilities(self) -> bytes:
        """One a line, the same in both states (RFC 2449 section 5)."""
        config = self.config
        lines = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING"]
        if self._may_log_in:
            lines += ["USER", *([f"SASL {' '.join(config.mechanisms)}"] if config.mechanisms else [])]
        if config.stls and not self.secure and self.state is not State.TRANSACTION:
            lines.append("STLS")
        if config.utf8:
            lines.append("UTF8")
        if config.implementation:
            lines.append(f"IMPLEMENTATION {config.implementation}")
        return "".join(f"{line}\r\n" for line in (*lines, *config.more_capabilities)).encode()

    # --- SASL ----------------------------------------------------------------------------------

    def _begin_exchange(self, command: Auth, line: bytes) -> Event:
        make = self._mechanisms.get(command.mechanism)
        if make is None or command.mechanism not in self.config.mechanisms:
            return self._refused(line, negative("unknown authentication mechanism"))
        self._mechanism = make()
        initial = "" if command.initial == "=" else command.initial  # RFC 5034 section 4: `=` is empty
        return self._step(command, initial, line)

    def _next_response(self) -> Event | None:
        line = self._lines.take_command(EXCHANGE_LIMIT)
        if line is None:
            return None
        if isinstance(line, TooLong):
            self.state = State.AUTHORIZATION
            return self._refused(line.beginning, TOO_LONG)
        text = parse_text(line)
        if isinstance(text, Mistake) or text == "*":
            self.state = State.AUTHORIZATION
            return self._refused(line, negative(text.text if isinstance(text, Mistake) else "authentication cancelled"))
        return self._step(AuthResponse(text), text, line)

    def _step(self, command: Auth | AuthResponse, response: str | None, line: bytes) -> Event:
        assert self._mechanism is not None
        try:
            step = self._mechanism.step(None if response is None else sasl.decode(response))
        except sasl.SaslError as error:
            self.state = State.AUTHORIZATION
            return self._refused(line, negative(str(error)))
        if isinstance(step, bytes):
            self.state = State.EXCHANGE
            return Answered(command, Challenge(sasl.encode(step)))
        self._asked, self.name = command, step.username
        return Login(step, self._mechanism.name)

    # --- answers -------------------------------------------------------------------------------

    def greeting(self, timestamp: str = "") -> Greeting:
        """The first line. A `timestamp` such as `<1.2@mail.skola.example>`, never the same twice, offers APOP."""
        if self.state is not State.CONNECTED:
            raise LocalProtocolError("greeted already")
        self.state, self.timestamp = State.AUTHORIZATION, timestamp
        ready = f"{self.config.hostname} POP3 server ready"
        return Greeting(True, checked(f"{ready} {timestamp}" if timestamp else ready))

    def refuse_connection(self, text: str, code: str = "") -> Greeting:
        """-ERR instead of a greeting; the connection ends."""
        if self.state is not State.CONNECTED:
            raise LocalProtocolError("greeted already")
        self.state = ENDED
        return Greeting(False, negative(text, code).text)

    def open_maildrop(self, drops: Iterable[Drop]) -> Reply:
        """The answer to a login: it is the user, the lock is taken, and this is in the maildrop."""
        self._answering(Pass, Apop, Auth, AuthResponse)
        self._maildrop = Maildrop(drops)
        self.user = self.name
        self.state, self._asked = State.TRANSACTION, None
        return positive(f"maildrop has {self._maildrop.totals()}")

    def content(self, message: bytes) -> Reply:
        """The answer to RETR and TOP; of the whole `message` TOP gives the part that was wanted."""
        command = self._answering(Retr, Top)
        self._asked = None
        if isinstance(command, Top):
            part = top(message, command.lines)
            return positive(f"{message_size(part)} octets of the top follow", part)
        return positive(f"{message_size(message)} octets", message)

    def goodbye(self) -> Reply:
        """The answer to QUIT after the marked messages were removed."""
        self._answering(Quit)
        self.state, self._asked = ENDED, None
        left = f"{len(self._maildrop)} left" if len(self._maildrop) else "maildrop empty"
        return positive(f"{self.config.hostname} POP3 server signing off ({left})")

    def start_tls(self) -> Reply:
        """The answer to STLS. Whatever came after it in the clear is thrown away: nobody vouches for it."""
        self._answering(Stls)
        self._asked, self.secure = None, True
        self.discarded = len(self._lines)
        self._lines.clear()
        return positive("begin TLS negotiation")

    def refuse(self, text: str, code: str = "") -> Reply:
        """The negative answer to any question; `code` e.g. `IN-USE` (RFC 2449) or `AUTH` (RFC 3206)."""
        command = self._answering(Command)
        self._asked = self._announced = None
        if isinstance(command, Quit):
            self.state = ENDED
        elif self.state in (State.NAMED, State.EXCHANGE):
            self.state = State.AUTHORIZATION
        return negative(text, code)

    def _answering(self, *kinds: type[Command]) -> Command:
        if not isinstance(self._asked, kinds):
            raise LocalProtocolError("this answers no open question")
        return self._asked
