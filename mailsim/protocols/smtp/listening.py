"""The listening half of an SMTP server: what arrives becomes events, and what is wrong with it is refused.

It answers alone what needs no knowledge of the world (`judgement`): what is no command, out of order, too long or not
offered. All else is handed out, one command at a time, and waits for what `server` says to it.
"""

from __future__ import annotations

from collections import deque

from mailsim.errors import LocalProtocolError
from mailsim.protocols import sasl
from mailsim.protocols.smtp import answers, replies
from mailsim.protocols.smtp.chunks import ChunkedContent, ChunkReader
from mailsim.protocols.smtp.command_lines import BadLine, CommandLines
from mailsim.protocols.smtp.commands import (
    Auth,
    AuthCancel,
    AuthResponse,
    Bdat,
    BdatLast,
    Command,
    Mail,
    Rcpt,
)
from mailsim.protocols.smtp.config import SmtpServerConfig
from mailsim.protocols.smtp.content import Content, ContentReader
from mailsim.protocols.smtp.events import Asked, AuthDone, ContentReceived, Refused, ServerEvent
from mailsim.protocols.smtp.judgement import Session, Transaction, judge, not_now
from mailsim.protocols.smtp.parsing import BadCommand, parse_auth_line
from mailsim.protocols.smtp.replies import Challenge, Reply
from mailsim.protocols.smtp.states import (
    AUTHENTICATING,
    CLOSED,
    CONNECTED,
    NEXT,
    STARTING_TLS,
    State,
)

OWN_BUSINESS = (Reply, Bdat, Auth)
"""What comes of a judgement and is not handed out at once."""
DEAF = frozenset((CONNECTED, STARTING_TLS, CLOSED))  # no command is read in these states


class Listener:
    """One connection, as far as a server only listens to it."""

    def __init__(
        self,
        config: SmtpServerConfig,
        *,
        tls_active: bool = False,
        mechanisms: sasl.ServerMechanisms | None = None,
    ) -> None:
        self.config = config
        self._mechanisms = sasl.server_mechanisms() if mechanisms is None else mechanisms
        self.tls_active = tls_active
        self._usual = answers.usual_answers(config.enhanced_status_codes, config.is_lmtp)
        self.state: State = CONNECTED
        self._lines = CommandLines(config.longest_line_limit)
        self._reader: ContentReader | ChunkReader | None = None
        self._pending: Asked | None = None
        self._content_came_by: type[Command] = Content
        self._refusals: deque[Refused] = deque()
        self._forget_client()

    def _forget_client(self) -> None:
        self.client_name = ""
        self.is_extended = False
        self.username = ""
        self._mechanism: sasl.ServerMechanism | None = None
        self._clear_transaction()

    def _clear_transaction(self) -> None:
        self.sender: Mail | None = None
        self.recipients: list[Rcpt] = []
        self.has_refused_recipient = False
        self._chunks: ChunkedContent | None = None

    @property
    def _session(self) -> Session:
        return Session(self.config, self.is_extended, self.tls_active, self.username != "")

    @property
    def _transaction(self) -> Transaction:
        has_room, sender = len(self.recipients) < self.config.max_recipients, self.sender
        return Transaction(has_room, self.has_refused_recipient, sender is not None and sender.smtputf8)

    @property
    def is_closed(self) -> bool:
        """Whether the last reply was a goodbye (221 or 421): close the connection after it."""
        return self.state is CLOSED

    # What arrives

    def receive(self, data: bytes) -> None:
        """Take octets from the connection."""
        if self._reader is not None:
            self._reader.feed(data)
        elif self.state is not CLOSED:
            self._lines.feed(data)

    def next_event(self) -> ServerEvent | None:
        """The next thing to deal with, or None until more has arrived.

        Raises LocalProtocolError while the last command has no answer yet.
        """
        if self._pending is not None:
            raise LocalProtocolError(f"{self._pending!r} has no answer yet")
        if self._refusals:
            return self._refusals.popleft()
        reader = self._reader
        if reader is not None:
            return self._content(reader) if isinstance(reader, ContentReader) else self._chunk(reader)
        if self.state in DEAF:
            return None
        line = self._lines.take_command()
        if line is None:
            return None
        if isinstance(line, BadLine):
            return self._refuse_line(line)
        return self._sasl_line(line) if self.state is AUTHENTICATING else self._command(line)

    def _refused(self, line: bytes, reply: Reply) -> Refused:
        return answers.refusal(line, reply, self.config)

    def _refuse_line(self, bad: BadLine) -> Refused:
        is_auth = self.state is AUTHENTICATING
        reply = answers.to_bad_line(bad, is_auth)
        if is_auth:
            self._end_authentication(AuthResponse, reply)
        return Refused(bad.line, self._dress(reply))

    def _command(self, line: bytes) -> ServerEvent | None:
        judged = judge(line, self.state, self._session, self._transaction)
        if isinstance(judged, OWN_BUSINESS):
            return self._deal_with(judged, line)
        self._pending = judged
        return judged

    def _deal_with(self, judged: Reply | Bdat | Auth, line: bytes) -> ServerEvent | None:
        match judged:
            case Reply():
                return self._refused(line, judged)
            case Bdat():
                return self._begin_chunk(judged)
            case Auth():
                return self._begin_authentication(judged, line)

    # AUTH

    def _begin_authentication(self, command: Auth, line: bytes) -> ServerEvent:
        make = self._mechanisms.get(command.mechanism)
        if make is None:
            return self._refused(line, replies.AUTH_UNKNOWN)
        self._mechanism = make()
        self.state = AUTHENTICATING
        return self._sasl_step(command.initial, line)

    def _sasl_line(self, line: bytes) -> ServerEvent:
        try:
            command = parse_auth_line(line)
        except BadCommand as error:
            return self._give_up(AuthResponse, line, error.reply)
        if isinstance(command, AuthCancel):
            return self._give_up(AuthCancel, line, replies.AUTH_CANCELLED)
        return self._sasl_step(command.data, line)

    def _sasl_step(self, response: bytes | None, line: bytes) -> ServerEvent:
        assert self._mechanism is not None
        try:
            step = self._mechanism.step(response)
        except sasl.SaslError:
            return self._give_up(AuthResponse, line, replies.AUTH_BAD_RESPONSE)
        if isinstance(step, bytes):
            return Challenge.from_data(step)
        self._pending = done = AuthDone(self._mechanism.name, step)
        return done

    def _give_up(self, kind: type[Command], line: bytes, reply: Reply) -> Refused:
        self._end_authentication(kind, reply)
        return self._refused(line, reply)

    def _end_authentication(self, kind: type[Command], reply: Reply) -> None:
        self._mechanism = None
        self.state = NEXT[AUTHENTICATING, kind, reply.code // 100]

    # Content

    def _content(self, reader: ContentReader) -> ServerEvent | None:
        arrived = reader.take()
        if arrived is None:
            return None
        self._reader = None
        self._lines.feed(arrived.rest)
        return self._received(Content, arrived.data, arrived.wire_size, arrived.problem)

    def _received(self, how: type[Command], data: bytes, wire_size: int, problem: Reply | None) -> ServerEvent:
        """The whole message is here: hand it out, or refuse it."""
        self._content_came_by = how
        if problem is None:
            self._pending = received = ContentReceived(data, wire_size)
            return received
        refusal = Refused(b"", self._dress(problem))
        # LMTP owes one reply for each recipient, also when it is the engine that refuses.
        self._refusals.extend([refusal] * (self._replies_due - 1))
        self._end_content(problem)
        return refusal

    def _begin_chunk(self, command: Bdat) -> ServerEvent | None:
        """The octets behind the command are read in any case, and thrown away when it is refused."""
        refusal = not_now(type(command), self.state, self._session, self._transaction)
        if refusal is None and self._chunks is None:
            self._chunks = ChunkedContent(self.config.size_limit, self.config.text_line_limit)
        self._reader = ChunkReader(command, refusal, None if refusal else self._chunks)
        self._reader.feed(self._lines.take_rest())
        return self._chunk(self._reader)

    def _chunk(self, reader: ChunkReader) -> ServerEvent | None:
        arrived = reader.take()
        if arrived is None:
            return None
        self._reader = None
        self._lines.feed(arrived.rest)
        if arrived.refusal is not None:
            return Refused(b"", self._dress(arrived.refusal))
        assert self._chunks is not None
        if isinstance(arrived.command, BdatLast):
            return self._received(BdatLast, self._chunks.whole(), self._chunks.size, self._chunks.problem)
        if self._chunks.problem is not None:
            self.state = NEXT[self.state, Bdat, self._chunks.problem.code // 100]
            return Refused(b"", self._dress(self._chunks.problem))
        self._pending = arrived.command
        return arrived.command

    @property
    def _replies_due(self) -> int:
        return len(self.recipients) if self.config.is_lmtp else 1

    def _end_content(self, reply: Reply) -> None:
        self.state = NEXT[self.state, self._content_came_by, reply.code // 100]
        self._clear_transaction()

    def _close(self) -> None:
        self.state, self._reader = CLOSED, None
        self._lines.clear()
        self._refusals.clear()

    def _dress(self, reply: Reply, *, to_hello: bool = False) -> Reply:
        return answers.dress(reply, self.config, to_hello=to_hello)
