"""The client's side of a POP3 connection, without I/O (RFC 1939, RFC 2449, RFC 2595 section 4).

    client = Pop3Client()
    client.receive(data)
    greeting = client.next_event()
    write(client.send(User("borek")))
    ...

Replies come in the order of the commands, and only the command tells whether a reply has many lines, so
the engine remembers what it has sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from mailsim.errors import LocalProtocolError, RemoteProtocolError
from mailsim.protocols.pop3.commands import Auth, AuthResponse, Capa, Command, Quit, Stls
from mailsim.protocols.pop3.listings import capabilities
from mailsim.protocols.pop3.parsing import COMMAND_LIMIT
from mailsim.protocols.pop3.replies import Challenge, Greeting, Reply, decode, first_line, status
from mailsim.protocols.pop3.states import NEXT, State, after
from mailsim.protocols.pop3.stuffing import ReplyBuffer

BODY_LIMIT = 256 * 1024 * 1024
_ALONE = (Stls, Auth, AuthResponse, Quit)


class Pop3Client:
    """One connection.

    Attributes:
        state: where the session is, as far as replies have told.
        greeting: the server's first line, None until it came; its `timestamp` is for APOP.
        capabilities: what CAPA told, tag to parameters; None if not asked (or forgotten, after STLS).
        pipelining: may commands be sent before the replies to earlier ones? CAPA sets it.
    """

    def __init__(self) -> None:
        self.state = State.CONNECTED
        self.greeting: Greeting | None = None
        self.capabilities: Mapping[str, tuple[str, ...]] | None = None
        self.pipelining = False
        self._ahead = State.CONNECTED
        self._sent: deque[Command] = deque()
        self._head: Reply | None = None
        self._buffer = ReplyBuffer()

    @property
    def closed(self) -> bool:
        """Is it over, so that the connection should be closed?"""
        return self.state is State.ENDED

    def send(self, command: Command) -> Command:
        """The command, to be sent now.

        Raises LocalProtocolError when it is not legal in this state, when it must wait for replies, or when
        it does not fit on a line.
        """
        _check_line(command)
        ahead = NEXT.get((self._ahead, type(command)))
        if ahead is None:
            raise LocalProtocolError(f"{command.verb} is not allowed now ({self._ahead.value})")
        if self._sent and (not self.pipelining or isinstance(self._sent[-1], _ALONE)):
            raise LocalProtocolError(f"{command.verb} must wait for the reply to {self._sent[-1].verb}")
        self._sent.append(command)
        self._ahead = ahead
        return command

    def receive(self, data: bytes) -> None:
        """Take bytes that arrived."""
        self._buffer.feed(data)

    def next_event(self) -> Greeting | Reply | Challenge | None:
        """What the server said next; None when more bytes are needed.

        Raises RemoteProtocolError for what no POP3 server may say.
        """
        if self._head is not None:
            return self._take_body(self._head)
        line = self._buffer.take_first_line()
        if line is None:
            return None
        if self.greeting is None:
            return self._greeted(decode(line))
        if not self._sent:
            raise RemoteProtocolError("a reply that nobody asked for")
        said = first_line(line)
        if isinstance(said, Challenge):
            return self._challenged(said)
        if said.ok and self._sent[0].is_multiline:
            self._head = said
            return self._take_body(said)
        return self._replied(said)

    def tls_started(self) -> int:
        """TLS is up: forget what was told in the clear (RFC 2595 section 4); gives the octets thrown away."""
        self.capabilities = None
        self.pipelining = False
        lost = len(self._buffer)
        self._buffer.clear()
        return lost

    def _greeted(self, text: str) -> Greeting:
        self.greeting = Greeting(*status(text))
        self.state = self._ahead = State.AUTHORIZATION if self.greeting.ok else State.ENDED
        return self.greeting

    def _challenged(self, challenge: Challenge) -> Challenge:
        if not isinstance(self._sent.popleft(), Auth | AuthResponse):
            raise RemoteProtocolError("a challenge outside of AUTH")
        self.state = self._ahead = State.EXCHANGE
        return challenge

    def _take_body(self, head: Reply) -> Reply | None:
        body = self._buffer.take_stuffed()
        if body is None:
            if len(self._buffer) > BODY_LIMIT:
                raise RemoteProtocolError("a reply without end")
            return None
        self._head = None
        return self._replied(Reply(head.ok, head.text, body))

    def _replied(self, reply: Reply) -> Reply:
        command = self._sent.popleft()
        self.state = after(self.state, command, reply.ok)
        match command:
            case Quit():
                self.state = State.ENDED
            case Capa() if reply.ok:
                self.capabilities = capabilities(reply)
                self.pipelining = "PIPELINING" in self.capabilities
        if not self._sent:
            self._ahead = self.state
        return reply


def _check_line(command: Command) -> None:
    text = str(command)
    if not (text.isascii() and text.isprintable()):
        raise LocalProtocolError("a command is printable ASCII")
    if len(text) + 2 > COMMAND_LIMIT and not isinstance(command, AuthResponse):
        raise LocalProtocolError("a command has at most 255 octets")
