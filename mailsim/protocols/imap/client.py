"""The client's half of one IMAP connection, without I/O (RFC 3501, RFC 9051).

    await send(client.send(Append("Sent", content, ("\\\\Seen",))))
    ...
    match client.next_event():
        case Continuation() if client.has_more:
            await send(client.more())              # the literal that the server has invited
        case Tagged(status="OK"): ...

The engine gives tags, cuts commands where a literal must be invited, and follows the state, so that a
command that is not legal now is never sent. Everything untagged comes as an event of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mailsim.errors import LocalProtocolError, RemoteProtocolError
from mailsim.protocols.imap import commands as c
from mailsim.protocols.imap._parse_responses import parse_response
from mailsim.protocols.imap._reader import ResponseReader
from mailsim.protocols.imap._states import AFTER_NO, NEXT, State, may_follow
from mailsim.protocols.imap._tokens import SyntaxProblem
from mailsim.protocols.imap.requests import Done, MoreOfRequest, Request, SaslResponse, encode_command
from mailsim.protocols.imap.responses import (
    CapabilityData,
    Condition,
    Continuation,
    Greeting,
    Response,
    Tagged,
    code_argument,
)

ClientEvent: TypeAlias = Response
"""`Greeting`, then `Tagged`, `Continuation` and untagged data (`Exists`, `FetchData`, `Condition`, ...)."""


@dataclass(frozen=True, slots=True)
class ImapClientConfig:
    """Limits of what a server may send, and the letter that tags begin with."""

    tag_prefix: str = "a"
    line_limit: int = 16 * 1024 * 1024
    literal_limit: int = 256 * 1024 * 1024


class ImapClient:
    """One connection, seen from the client."""

    def __init__(self, config: ImapClientConfig | None = None) -> None:
        self.config = config or ImapClientConfig()
        self.state = State.GREETING
        self.capabilities: tuple[str, ...] = ()
        self._reader = ResponseReader(self.config.line_limit, self.config.literal_limit)
        self._pending: dict[str, c.Command] = {}
        self._parts: list[bytes] = []
        self._tag = ""
        self._count = 0
        self._invited = False
        self._tls = False

    # --- sending -----------------------------------------------------------------------------------

    def send(self, command: c.Command) -> Request:
        """Give the command a tag and write it, up to the first literal that must be invited.

        Raises LocalProtocolError when the command is not legal now.
        """
        if (self.state, type(command)) not in NEXT:
            raise LocalProtocolError(f"{command.name} is not legal in the {self.state.value} state")
        if self._parts or not may_follow(tuple(self._pending.values()), command):
            raise LocalProtocolError(f"{command.name} must wait for an answer")
        self._count += 1
        self._tag = f"{self.config.tag_prefix}{self._count}"
        first, *self._parts = _encoded(self._tag, command, self._waits_above())
        self._pending[self._tag] = command
        self._invited = False
        return Request(self._tag, command, first)

    def _waits_above(self) -> int:
        """The longest literal that may be sent uninvited; -1 for none (RFC 7888)."""
        if self.can("LITERAL+"):
            return self.config.literal_limit
        return 4096 if self.can("LITERAL-") or self.can("IMAP4rev2") else -1

    @property
    def has_more(self) -> bool:
        """Was the rest of a command invited, so that `more` may be called?"""
        return self._invited and bool(self._parts)

    def more(self) -> MoreOfRequest:
        """The invited literal and what follows it."""
        if not self.has_more:
            raise LocalProtocolError("the server has not invited a literal")
        self._invited = False
        return MoreOfRequest(self._tag, self._parts.pop(0))

    def respond(self, data: bytes | None) -> SaslResponse:
        """The answer to a SASL challenge; None cancels."""
        self._require_invitation(c.Authenticate)
        return SaslResponse(data)

    def done(self) -> Done:
        """End IDLE."""
        self._require_invitation(c.Idle)
        return Done()

    def _require_invitation(self, kind: type[c.Command]) -> None:
        if not self._invited or not any(isinstance(one, kind) for one in self._pending.values()):
            raise LocalProtocolError("the server has not asked for this")
        self._invited = False

    def tls_started(self) -> int:
        """TLS is active: forget what came, and what was offered, in the clear; returns the octets lost."""
        if not self._tls:
            raise LocalProtocolError("STARTTLS was not answered with OK")
        self._tls, self.capabilities = False, ()
        lost = self._reader.buffer.clear()
        self._reader = ResponseReader(self.config.line_limit, self.config.literal_limit)
        return lost

    def can(self, capability: str) -> bool:
        """Has the server announced this?"""
        return capability.upper() in map(str.upper, self.capabilities)

    @property
    def pending(self) -> tuple[c.Command, ...]:
        """Commands without an answer yet, oldest first."""
        return tuple(self._pending.values())

    # --- receiving ---------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Take bytes that have arrived."""
        self._reader.buffer.feed(data)

    def next_event(self) -> ClientEvent | None:
        """The next response; None when more bytes are needed.

        Raises RemoteProtocolError for what no server may send.
        """
        if self._tls:
            return None
        try:
            unit = self._reader.next()
            if unit is None:
                return None
            return self._note(parse_response(unit))
        except SyntaxProblem as problem:
            raise RemoteProtocolError(f"not an IMAP response: {problem}") from problem

    def _note(self, response: Response) -> Response:
        if self.state is State.GREETING:
            return self._greeted(response)
        match response:
            case Tagged():
                self._finished(response)
            case Continuation():
                self._continue()
            case CapabilityData(names):
                self.capabilities = names
            case Condition("BYE"):
                self.state = State.LOGOUT
            case Condition(code=code):
                self._learn(code)
        return response

    def _greeted(self, response: Response) -> Greeting:
        states = {"OK": State.NOT_AUTHENTICATED, "PREAUTH": State.AUTHENTICATED, "BYE": State.LOGOUT}
        if not isinstance(response, Condition) or response.status not in states:
            raise SyntaxProblem("expected a greeting")
        self.state = states[response.status]
        self._learn(response.code)
        return Greeting(response.status, response.text, response.code)

    def _finished(self, tagged: Tagged) -> None:
        command = self._pending.pop(tagged.tag, None)
        if command is None:
            raise SyntaxProblem(f"nothing was sent with the tag {tagged.tag}")
        if tagged.tag == self._tag:
            self._parts, self._invited = [], False
        if tagged.status == "OK":
            if self.state is not State.LOGOUT:
                self.state = NEXT[self.state, type(command)]
            self._tls = isinstance(command, c.StartTls)
            if isinstance(command, c.Login | c.Authenticate):
                self.capabilities = ()  # they may be others now; the code below tells, if the server is kind
        elif tagged.status == "NO":
            self.state = AFTER_NO.get((self.state, type(command)), self.state)
        self._learn(tagged.code)

    def _continue(self) -> None:
        waiting = any(isinstance(one, c.Authenticate | c.Idle) for one in self._pending.values())
        if not waiting and not self._parts:
            raise SyntaxProblem("an invitation that nobody waits for")
        self._invited = True

    def _learn(self, code: str) -> None:
        names = code_argument(code, "CAPABILITY")
        if names is not None:
            self.capabilities = tuple(names.split())


def _encoded(tag: str, command: c.Command, waits_above: int) -> list[bytes]:
    try:
        parts = encode_command(tag, command, waits_above)
    except UnicodeEncodeError as error:
        raise LocalProtocolError(f"{command.name} cannot be written: {error}") from error
    return parts
