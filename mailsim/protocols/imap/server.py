"""The server's half of one IMAP connection, without I/O (RFC 3501, RFC 9051).

The agent pulls one event at a time, sends untagged data that it builds itself (`Exists`, `FetchData`, ...)
and ends each command with `ok`, `no` or `bad`, which moves the state by the table in `_states`:

    server.receive(data)
    while (event := server.next_event()) is not None:
        match event:
            case Refused(reply=reply) | ReadyForLiteral(reply=reply):
                await send(reply)
            case Select(mailbox):
                ...
                await send(server.ok("SELECT completed", code="READ-WRITE"))

AUTHENTICATE and IDLE turn the next lines of the client into something else than commands: after
`challenge` comes a `SaslResponse`, after `idling` comes `Done`; the tagged answer ends that.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from mailsim.errors import LocalProtocolError
from mailsim.protocols.imap import commands as c
from mailsim.protocols.imap._parse_mailbox_commands import Unservable
from mailsim.protocols.imap._parser import parse_command, parse_sasl_line, tag_of, verb_of
from mailsim.protocols.imap._reader import CommandReader, Invited, Rejected
from mailsim.protocols.imap._states import AFTER_NO, LEGAL_VERBS, NEXT, VERBS, State, may_expunge
from mailsim.protocols.imap._tokens import SyntaxProblem
from mailsim.protocols.imap.requests import Done, SaslResponse
from mailsim.protocols.imap.responses import CapabilityData, Condition, Continuation, Enabled, Greeting, Tagged

EXTENSIONS = (
    *("ENABLE", "ID", "IDLE", "NAMESPACE", "CHILDREN", "UNSELECT", "UIDPLUS", "MOVE", "ESEARCH", "SEARCHRES"),
    *("LIST-EXTENDED", "LIST-STATUS", "SPECIAL-USE", "CREATE-SPECIAL-USE", "STATUS=SIZE", "BINARY", "MULTIAPPEND"),
    *("CONDSTORE", "QRESYNC", "QUOTA", "QUOTA=RES-STORAGE"),
)
ENABLES = {
    "IMAP4REV2": frozenset({"IMAP4REV2"}),
    "CONDSTORE": frozenset({"CONDSTORE"}),
    "QRESYNC": frozenset({"QRESYNC", "CONDSTORE"}),
}
"""What ENABLE can switch on, and what comes with it (RFC 9051 section 6.3.1, RFC 7162 section 3.2.3)."""
NON_SYNCHRONIZING_LIMIT = 4096
"""What LITERAL- allows (RFC 7888 section 5)."""


@dataclass(frozen=True, slots=True)
class ImapServerConfig:
    """How one server is set up.

    Args:
        hostname: the name in the greeting.
        revisions: what is announced; a client is served by IMAP4rev1 until it enables IMAP4rev2.
        mechanisms: SASL mechanisms offered in AUTH=.
        starttls: offer STARTTLS while the connection is in the clear.
        plaintext_login: allow LOGIN and AUTHENTICATE without TLS; otherwise LOGINDISABLED.
        literals: `LITERAL+` or `LITERAL-` (RFC 7888), "" for neither.
        line_limit: octets of a command's lines, literals not counted.
        literal_limit: octets of all literals of a command other than APPEND.
        append_limit: octets of the mails in APPEND.
        mistake_limit: after so many BADs in a row the server hangs up; 0 for never.
    """

    hostname: str
    revisions: tuple[str, ...] = ("IMAP4rev1", "IMAP4rev2")
    mechanisms: tuple[str, ...] = ("PLAIN",)
    extensions: tuple[str, ...] = EXTENSIONS
    starttls: bool = False
    plaintext_login: bool = True
    literals: str = "LITERAL+"
    line_limit: int = 65_536
    literal_limit: int = 65_536
    append_limit: int = 64 * 1024 * 1024
    mistake_limit: int = 20


@dataclass(frozen=True, slots=True)
class Refused:
    """The grammar, the state or a limit refused this; `reply` is to be sent, nothing else to be done."""

    line: bytes
    reply: Tagged | Condition


@dataclass(frozen=True, slots=True)
class ReadyForLiteral:
    """The client waits to be invited to send a literal; `reply` invites it."""

    octets: int
    reply: Continuation


class _Mode(Enum):
    COMMANDS = "commands"
    SASL = "sasl"
    IDLE = "idle"
    TLS = "tls"


ServerEvent: TypeAlias = c.Command | SaslResponse | Done | Refused | ReadyForLiteral


class ImapServer:
    """One connection, seen from the server."""

    def __init__(self, config: ImapServerConfig, secure: bool = False) -> None:
        self.config = config
        self.state = State.GREETING
        self.secure = secure
        self._reader = CommandReader(config.line_limit, self._admit, _refuse_line)
        self._pending: c.Command | None = None
        self._tag = ""
        self._mode = _Mode.COMMANDS
        self._literal_octets = 0
        self._mistakes = 0
        self.enabled: frozenset[str] = frozenset()

    # --- what the client sends -------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Take bytes that have arrived."""
        if self.state is not State.LOGOUT:
            self._reader.buffer.feed(data)

    def next_event(self) -> ServerEvent | None:
        """The next thing to react to; None when more bytes are needed.

        Raises LocalProtocolError when the last command was not answered yet.
        """
        if self.state is State.LOGOUT or self._mode is _Mode.TLS:
            return None
        if self._mode is not _Mode.COMMANDS:
            return self._line_event()
        if self._pending is not None:
            raise LocalProtocolError(f"{self._pending.name} has no tagged response yet")
        found = self._reader.next()
        if found is None:
            return None
        if isinstance(found, Invited):
            return ReadyForLiteral(found.octets, _READY)
        self._literal_octets = 0
        if isinstance(found, Rejected):
            return self._refused(found.head, found.refusal)
        return self._command_event(found)

    def _refused(self, line: bytes, reply: Tagged | Condition) -> Refused:
        self._mistakes += reply.status == "BAD"
        return Refused(line, reply)

    def _command_event(self, unit: bytes) -> c.Command | Refused:
        try:
            tag, command = parse_command(unit, self.is_rev2)
        except Unservable as problem:
            refused: Tagged | Condition = _refuse(unit, problem.text, problem.code, "NO")
        except SyntaxProblem as problem:
            refused = _refuse(unit, str(problem))
        else:
            refusal = self._verdict(tag, command.verb)
            if refusal is None:
                self._tag, self._pending = tag, command
                return command
            refused = refusal
        return self._refused(unit, refused)

    def _line_event(self) -> SaslResponse | Done | Refused | None:
        """The next line inside AUTHENTICATE or IDLE."""
        found = self._reader.next()
        if found is None or isinstance(found, Invited):  # `_admit` invites nothing here
            return None
        if isinstance(found, Rejected):
            return self._end_exchange(found.head, found.refusal.text)
        if self._mode is _Mode.IDLE:
            if found.upper() == b"DONE":
                self._mode = _Mode.COMMANDS
                return Done()
            return self._end_exchange(found, "Expected DONE")
        try:
            response = parse_sasl_line(found)
        except SyntaxProblem as problem:
            return self._end_exchange(found, str(problem))
        if response.data is None:
            return self._end_exchange(found, "AUTHENTICATE cancelled")
        self._mode = _Mode.COMMANDS
        return response

    def _end_exchange(self, line: bytes, text: str) -> Refused:
        self._mode = _Mode.COMMANDS
        return Refused(line, self.bad(text))

    # --- limits and legality ---------------------------------------------------------------------

    def _admit(self, head: bytes, octets: int, synchronizing: bool) -> Tagged | Condition | None:
        """May this literal come? Asked before it is invited, so that a password is not sent in vain."""
        tag, verb = tag_of(head), verb_of(head)
        if self._mode is not _Mode.COMMANDS:
            return _refuse(head, "Literals have no place here")
        if tag is None or (verb not in VERBS and b" " in head):
            return _refuse(head, "Unknown command")
        if (refusal := self._verdict(tag, verb)) is not None:
            return refusal
        limit = self.config.append_limit if verb == "APPEND" else self.config.literal_limit
        if not synchronizing and self.config.literals != "LITERAL+":
            limit = min(limit, NON_SYNCHRONIZING_LIMIT if self.config.literals == "LITERAL-" else 0)
        self._literal_octets += octets
        if self._literal_octets > limit:
            return _refuse(head, "Literal too large", "TOOBIG", "NO" if verb == "APPEND" else "BAD")
        return None

    def _verdict(self, tag: str, verb: str) -> Tagged | None:
        """Why this verb may not come now, or None."""
        if verb not in LEGAL_VERBS[self.state]:
            return Tagged(tag, "BAD", f"{verb} is not allowed in the {self.state.value} state")
        if verb == "STARTTLS" and (self.secure or not self.config.starttls):
            return Tagged(tag, "BAD", "TLS is already active" if self.secure else "STARTTLS is not offered")
        if verb in {"LOGIN", "AUTHENTICATE"} and not self.may_log_in:
            return Tagged(tag, "NO", "Logging in needs TLS", "PRIVACYREQUIRED")
        return None

    @property
    def may_log_in(self) -> bool:
        """Is a password welcome on this connection as it is now?"""
        return self.secure or self.config.plaintext_login

    @property
    def is_rev2(self) -> bool:
        """Has the client enabled IMAP4rev2?"""
        return "IMAP4REV2" in self.enabled

    @property
    def too_many_mistakes(self) -> bool:
        """Has the client said nothing sensible for so long that the server should hang up?"""
        return 0 < self.config.mistake_limit <= self._mistakes

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What is offered now; it changes with TLS and with authentication (RFC 3501 section 6.1.1)."""
        return self.capabilities_in(self.state)

    def capabilities_in(self, state: State) -> tuple[str, ...]:
        """What is offered in this state."""
        config = self.config
        names = [*config.revisions]
        names += [config.literals] if config.literals else []
        if state in {State.GREETING, State.NOT_AUTHENTICATED}:
            names.append("SASL-IR")
            names += ["STARTTLS"] if config.starttls and not self.secure else []
            offered = [f"AUTH={name}" for name in config.mechanisms]
            names += offered if self.may_log_in else ["LOGINDISABLED"]
        return (*names, *config.extensions)

    @property
    def capability_data(self) -> CapabilityData:
        """The untagged answer to CAPABILITY."""
        return CapabilityData(self.capabilities)

    @property
    def capability_code(self) -> str:
        """The same as a response code, for the greeting and for the OK of a login."""
        return f"CAPABILITY {' '.join(self.capabilities)}"

    @property
    def capability_code_of_login(self) -> str:
        """The code of the OK that ends a login: what is offered from now on, so that the client need not ask."""
        return f"CAPABILITY {' '.join(self.capabilities_in(State.AUTHENTICATED))}"

    @property
    def tag(self) -> str:
        """The tag of the command that is being answered."""
        return self._tag

    @property
    def pending(self) -> c.Command | None:
        """The command that is being answered, or None."""
        return self._pending

    @property
    def closed(self) -> bool:
        """Has BYE been said (and LOGOUT answered)? Then the agent hangs up."""
        return self.state is State.LOGOUT

    @property
    def expunge_allowed(self) -> bool:
        """May EXPUNGE be sent now? Only in answer to a command that does not forbid it."""
        return self._pending is not None and may_expunge(self._pending)

    # --- what the server says --------------------------------------------------------------------

    def greeting(self, text: str = "", preauth: bool = False) -> Greeting:
        """The first line; `preauth` skips the login (a connection that is trusted already)."""
        self._require(self.state is State.GREETING, "the greeting comes once and first")
        self.state = State.AUTHENTICATED if preauth else State.NOT_AUTHENTICATED
        status = "PREAUTH" if preauth else "OK"
        return Greeting(status, _text(text or f"{self.config.hostname} IMAP service ready"), self.capability_code)

    def refuse_connection(self, text: str, code: str = "") -> Greeting:
        """BYE instead of a greeting; the connection ends."""
        self._require(self.state is State.GREETING, "the greeting comes once and first")
        self.state = State.LOGOUT
        return Greeting("BYE", _text(text), code)

    def bye(self, text: str = "", code: str = "") -> Condition:
        """Announce the end: in answer to LOGOUT (then `ok` follows), or on the server's own account."""
        self._require(self.state not in {State.GREETING, State.LOGOUT}, "BYE has no place here")
        if not isinstance(self._pending, c.Logout):
            self.state = State.LOGOUT
        return Condition("BYE", _text(text or f"{self.config.hostname} IMAP service logging out"), code)

    def enable(self, names: tuple[str, ...]) -> Enabled:
        """Switch on what is known of this, and say what that was; the rest is ignored (RFC 5161 section 3.1)."""
        known = [name for name in dict.fromkeys(names) if name in ENABLES and self._offers(name)]
        self.enabled = self.enabled.union(*(ENABLES[name] for name in known))
        return Enabled(tuple(name.replace("REV", "rev") for name in known))

    def _offers(self, name: str) -> bool:
        return name in map(str.upper, (*self.config.revisions, *self.config.extensions))

    def ok(self, text: str = "", code: str = "") -> Tagged:
        """The command was done: moves the state by the table."""
        command = self._answered()
        if isinstance(command, c.StartTls):
            self._mode = _Mode.TLS
        self.state = NEXT[self.state, type(command)]
        self._mistakes = 0
        return Tagged(self._tag, "OK", _text(text or f"{command.name} completed"), code)

    def no(self, text: str, code: str = "") -> Tagged:
        """The command could not be done; a failed SELECT leaves the old mailbox all the same."""
        command = self._answered()
        self._mistakes = 0
        self.state = AFTER_NO.get((self.state, type(command)), self.state)
        return Tagged(self._tag, "NO", _text(text), code)

    def bad(self, text: str, code: str = "") -> Tagged:
        """The command makes no sense, e.g. a message number that is too large."""
        self._answered()
        self._mistakes += 1
        return Tagged(self._tag, "BAD", _text(text), code)

    def challenge(self, challenge: bytes = b"") -> Continuation:
        """A SASL challenge; the next event is the client's `SaslResponse` or a refusal."""
        self._require(isinstance(self._pending, c.Authenticate), "nobody is authenticating")
        self._mode = _Mode.SASL
        return Continuation.of_challenge(challenge)

    def idling(self, text: str = "idling") -> Continuation:
        """IDLE begins: from now on the agent sends news as it comes, until `Done`."""
        self._require(isinstance(self._pending, c.Idle), "nobody asked to idle")
        self._mode = _Mode.IDLE
        return Continuation(_text(text))

    def tls_started(self) -> int:
        """TLS is active: forget everything that came in the clear; returns how many octets were thrown away."""
        self._require(self._mode is _Mode.TLS, "STARTTLS was not answered with OK")
        lost = self._reader.buffer.clear()
        self._reader = CommandReader(self.config.line_limit, self._admit, _refuse_line)
        self._mode, self.secure = _Mode.COMMANDS, True
        return lost

    def _answered(self) -> c.Command:
        command = self._pending
        if command is None:
            raise LocalProtocolError("there is no command to answer")
        self._require(self._mode is _Mode.COMMANDS, f"{command.name} goes on: the client has not spoken yet")
        self._pending = None
        return command

    def _require(self, condition: bool, problem: str) -> None:
        if not condition:
            raise LocalProtocolError(problem)


_READY = Continuation("Ready for literal data")


def _text(text: str) -> str:
    """Text for people must stay on its line and not look like a response code (RFC 9051 section 9, resp-text)."""
    if not text or not text.isascii() or not text.isprintable() or text.startswith("["):
        raise LocalProtocolError(f"not a text for a response: {text!r}")
    return text


def _refuse(head: bytes, text: str, code: str = "", status: str = "BAD") -> Tagged | Condition:
    """Tagged when there is a tag to give back, untagged otherwise."""
    tag = tag_of(head)
    clean = text if text.isascii() and text.isprintable() else "Syntax error"
    return Condition("BAD", "Invalid tag") if tag is None else Tagged(tag, status, clean, code)


def _refuse_line(head: bytes, text: str) -> Tagged | Condition:
    return Condition("BAD", text) if tag_of(head) is None else _refuse(head, text)
