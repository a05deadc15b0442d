"""The client's side of SMTP and LMTP (RFC 5321, RFC 2033, RFC 2920), without I/O.

    client = SmtpClient()
    client.receive(data)
    client.next_event()                        # Answered(None, Greeting(220, ...))
    transmit(client.send(Ehlo("relay.skola.example")))
    client.receive(data)
    client.next_event()                        # Answered(Ehlo(...), Reply(250, ...)); client.extensions is set

Replies carry no name of what they answer: the first reply belongs to the first command that has none yet,
and counting is the only way to match them (RFC 2920 section 3.1). A client that sends several commands at
once therefore keeps two states: where the replies so far have led (`state`), and where the commands sent
will lead if all of them succeed. What is legal to send is judged by the second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from mailsim.errors import LocalProtocolError, RemoteProtocolError
from mailsim.protocols.pdu import Raw
from mailsim.protocols.smtp.commands import (
    Auth,
    AuthResponse,
    BdatLast,
    Command,
    Data,
    Ehlo,
    Helo,
    Lhlo,
    Mail,
    Quit,
    Rcpt,
    Rset,
)
from mailsim.protocols.smtp.content import Content, size_of
from mailsim.protocols.smtp.events import Answered
from mailsim.protocols.smtp.grammar import Parameters
from mailsim.protocols.smtp.outgoing import OFFERS, check_form
from mailsim.protocols.smtp.parsing import BadCommand, parse_auth_line, parse_command
from mailsim.protocols.smtp.replies import Challenge, Greeting, Reply
from mailsim.protocols.smtp.reply_reader import ReplyReader, parse_reply
from mailsim.protocols.smtp.states import (
    AUTHENTICATING,
    CLOSED,
    CONNECTED,
    ENDS_A_GROUP,
    GREETED,
    HOPED,
    LEGAL,
    NEXT,
    READING_CONTENT,
    STARTING_TLS,
    TURNED_AWAY,
    State,
)

HELLOS = frozenset((Ehlo, Helo, Lhlo))
READ_OTHERWISE = HELLOS | {Auth, AuthResponse}
"""Commands to which a reply is not simply text behind an enhanced code."""
CONTENTS = frozenset((Content, BdatLast))
LEGAL_IN_SMTP = LEGAL - {(state, Lhlo) for state in State}
LEGAL_IN_LMTP = LEGAL - {(state, kind) for state in State for kind in (Ehlo, Helo)}
DEAF = frozenset((CLOSED, STARTING_TLS))
"""States in which nothing more is a reply."""

C = TypeVar("C", bound=Command)


class SmtpClient:
    """One connection, seen by the client.

    Public state: `state`, `extensions` (keyword -> parameters, from the last EHLO), `server_name` (of the
    greeting), `tls_active`, `is_authenticated`, `recipients` (accepted in this transaction).
    """

    def __init__(self, *, is_lmtp: bool = False, tls_active: bool = False) -> None:
        self.is_lmtp = is_lmtp
        self._legal = LEGAL_IN_LMTP if is_lmtp else LEGAL_IN_SMTP
        self.tls_active = tls_active
        self.state: State = CONNECTED
        self.server_name = ""
        self._replies = ReplyReader()
        self._outstanding: deque[tuple[Command | Raw, Command | None]] = deque()  # what, and what it means
        self._hoped: State | None = None
        self._error: RemoteProtocolError | None = None
        self._forget_server()

    def _forget_server(self) -> None:
        self.extensions: dict[str, str] = {}
        self._is_enhanced = False
        self.is_authenticated = False
        self._forget_transaction()

    def _forget_transaction(self) -> None:
        self._mail: Mail | None = None
        self.recipients: list[Rcpt] = []
        self._content_replies = 0

    @property
    def is_closed(self) -> bool:
        """Whether the server has said goodbye (221 or 421)."""
        return self.state is CLOSED

    @property
    def outstanding(self) -> int:
        """How many commands were sent and have no (complete) answer yet."""
        return len(self._outstanding)

    @property
    def can_quit(self) -> bool:
        """Whether the server still listens, and for a command."""
        return not self._outstanding and (self.state, Quit) in LEGAL

    @property
    def can_pipeline(self) -> bool:
        """Whether commands may be sent before the replies to earlier ones (RFC 2920)."""
        return "PIPELINING" in self.extensions

    # What we send

    def send(self, command: C) -> C:
        """Check that `command` may be sent now, remember it, and give it back for sending.

        Raises LocalProtocolError when its turn has not come, when the server did not offer what it needs,
        or when it would break the grammar.
        """
        kind = type(command)
        hoped = (self._hoped or self._hoped_state()) if self._outstanding else self.state
        turn = (hoped, kind)
        if turn not in self._legal:
            raise LocalProtocolError(f"{command.verb or kind.__name__} is not legal when {hoped.value}")
        if self._outstanding:
            self._check_pipelining()
        if not command.is_sound:
            check_form(command)
        if kind in OFFERS:
            OFFERS[kind](self, command)
        self._outstanding.append((command, command))
        self._hoped = HOPED.get(turn, hoped)
        return command

    def send_anyway(self, pdu: Command | Raw) -> Command | Raw:
        """Remember something for sending without any check: what a hand or a broken client sends.

        It counts as one command, and one reply is expected for it. If it reads like a command after all,
        the state follows the reply as usual.
        """
        self._outstanding.append((pdu, self._meaning(pdu.data) if isinstance(pdu, Raw) else pdu))
        self._hoped = None
        return pdu

    def _meaning(self, data: bytes) -> Command | None:
        if self.state is READING_CONTENT:
            return Content(data)
        try:
            if self.state is AUTHENTICATING:
                return parse_auth_line(data)
            if data[:5].upper() == b"BDAT ":
                data = data[: data.find(b"\n") + 1]  # the octets of the chunk follow
            return parse_command(data, is_lmtp=self.is_lmtp)
        except BadCommand:
            return AuthResponse(data) if self.state is AUTHENTICATING else None

    @property
    def size_limit(self) -> int:
        """The biggest message that the server takes, 0 when it does not say (RFC 1870 section 3)."""
        return read_size_limit(self.extensions.get("SIZE", ""))

    def mail_parameters(self, content: bytes) -> Parameters:
        """SIZE and BODY for a message, as far as the server knows them (RFC 1870, RFC 6152)."""
        parameters: Parameters = ()
        if "SIZE" in self.extensions:
            parameters += (("SIZE", str(size_of(content))),)
        if "8BITMIME" in self.extensions and not content.isascii():
            parameters += (("BODY", "8BITMIME"),)
        return parameters

    def _hoped_state(self) -> State:
        """Where we shall be when everything that is under way succeeds."""
        hoped = self.state
        for _, command in self._outstanding:
            if command is not None:
                hoped = HOPED.get((hoped, type(command)), hoped)
        return hoped

    def _check_pipelining(self) -> None:
        last, _ = self._outstanding[-1]
        if not self.can_pipeline:
            raise LocalProtocolError(f"{last} has no reply yet, and the server does not offer PIPELINING")
        if type(last) in ENDS_A_GROUP:
            raise LocalProtocolError(f"nothing may be sent before the reply to {last}")

    def mail_sent(self) -> Mail | None:
        """The MAIL of this transaction, accepted or still without a reply."""
        sent = (command for _, command in reversed(self._outstanding) if isinstance(command, Mail))
        return next(sent, self._mail)

    # What arrives

    def receive(self, data: bytes) -> None:
        """Take octets from the connection."""
        if self.state is not CLOSED:
            self._replies.feed(data)

    def next_event(self) -> Answered | None:
        """The next reply with what it answers, or None until more has arrived.

        Raises RemoteProtocolError, then and ever after, when the server breaks the protocol.
        """
        if self._error is not None:
            raise self._error
        if self.state in DEAF:
            return None
        try:
            wire = self._replies.take_reply()
            return None if wire is None else self._heard(wire)
        except RemoteProtocolError as error:
            self._error = error
            raise

    def _heard(self, wire: bytes) -> Answered:
        if self.state is CONNECTED or not self._outstanding:
            return self._unasked(wire)
        pdu, command = self._outstanding[0]
        kind = type(command)
        reply = self._read_otherwise(wire, kind) if kind in READ_OTHERWISE else parse_reply(wire, self._is_enhanced)
        if kind in CONTENTS and self.is_lmtp and self.recipients:
            return self._heard_of_recipient(reply)
        self._outstanding.popleft()
        self._follow(command, reply)
        return Answered(pdu, reply)

    def _read_otherwise(self, wire: bytes, kind: type[Command | None]) -> Reply:
        """A reply to EHLO has no enhanced code (RFC 2034 section 4), whatever the server offered before."""
        reply = parse_reply(wire, self._is_enhanced and kind not in HELLOS)
        return Challenge(reply.code, reply.lines) if reply.code == 334 and kind not in HELLOS else reply

    def _heard_of_recipient(self, reply: Reply) -> Answered:
        """LMTP has a reply to the content for each recipient who was accepted (RFC 2033 section 4.2)."""
        pdu, command = self._outstanding[0]
        recipient = self.recipients[self._content_replies]
        self._content_replies += 1
        if self._content_replies == len(self.recipients):
            self._outstanding.popleft()
            self._follow(command, reply)
        elif reply.code == 421:
            self.state = CLOSED
        return Answered(pdu, reply, recipient)

    def _unasked(self, wire: bytes) -> Answered:
        """The greeting, or a goodbye."""
        if self.state is CONNECTED:
            reply = parse_reply(wire, is_enhanced=False, kind=Greeting)
            self._greeted(reply)
        else:
            reply = parse_reply(wire, self._is_enhanced)
            if reply.code != 421:
                raise RemoteProtocolError(f"a reply that nobody asked for: {reply}")
            self.state = CLOSED
        return Answered(None, reply)

    def _greeted(self, greeting: Reply) -> None:
        if greeting.is_intermediate:
            raise RemoteProtocolError(f"this is no greeting: {greeting}")
        self.state = GREETED if greeting.is_positive else TURNED_AWAY
        if greeting.code == 421:
            self.state = CLOSED
        self.server_name = greeting.lines[0].partition(" ")[0]

    def _follow(self, command: Command | None, reply: Reply) -> None:
        """Move to where the reply leads."""
        kind = type(command)
        self.state = NEXT.get((self.state, kind, reply.code // 100), self.state)  # type: ignore[arg-type]
        if kind in CONTENTS:
            self._forget_transaction()
        elif reply.is_positive:
            learn = _LEARN.get(kind)
            if learn is not None:
                learn(self, command, reply)
        elif reply.code == 354 and kind is Data:
            # Content is due even if we believe that no recipient was accepted (RFC 2920 section 3.1).
            self.state = READING_CONTENT
            if self.is_lmtp and not self.recipients:
                raise RemoteProtocolError("354 without a recipient (RFC 2033 section 4.2)")
        if reply.is_negative:
            self._hoped = None
            if reply.code == 421:
                self.state = CLOSED

    def _sender_taken(self, command: Mail, _: Reply) -> None:
        self._mail = command

    def _recipient_taken(self, command: Rcpt, _: Reply) -> None:
        self.recipients.append(command)

    def _greeted_back(self, command: Command, reply: Reply) -> None:
        self._forget_transaction()
        self.extensions = dict(() if isinstance(command, Helo) else read_extensions(reply.lines[1:]))
        self._is_enhanced = "ENHANCEDSTATUSCODES" in self.extensions

    def _transaction_forgotten(self, _: Command, __: Reply) -> None:
        self._forget_transaction()

    def _logged_in(self, _: Command, __: Reply) -> None:
        self.is_authenticated = True

    def reset_after_tls(self) -> int:
        """TLS is up: forget the server and all plaintext that came too early (RFC 3207 section 4.2).

        Returns how many octets were thrown away.
        """
        if self.state is not STARTING_TLS:
            raise LocalProtocolError("no TLS handshake is due")
        self.state, self.tls_active = GREETED, True
        self._forget_server()
        return self._replies.clear()


@lru_cache(maxsize=1024)
def read_extensions(lines: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Keywords in capitals and their parameters (RFC 5321 section 4.1.1.1)."""
    words = (line.strip().partition(" ") for line in lines)
    return tuple((keyword.upper(), parameters.strip()) for keyword, _, parameters in words)


@lru_cache(maxsize=1024)
def read_size_limit(parameters: str) -> int:
    """The number behind SIZE; 0 when there is none (RFC 1870 section 3)."""
    limit = parameters.partition(" ")[0]
    return int(limit) if limit.isascii() and limit.isdigit() and len(limit) <= 20 else 0


_LEARN: dict[type[Any], Callable[[SmtpClient, Any, Reply], None]] = {
    Ehlo: SmtpClient._greeted_back,
    Helo: SmtpClient._greeted_back,
    Lhlo: SmtpClient._greeted_back,
    Auth: SmtpClient._logged_in,
    AuthResponse: SmtpClient._logged_in,
    Mail: SmtpClient._sender_taken,
    Rcpt: SmtpClient._recipient_taken,
    Rset: SmtpClient._transaction_forgotten,
}
"""What the client knows when the server has done as it was told."""
