"""The server's side of SMTP and LMTP (RFC 5321, RFC 2033), without I/O.

    server = SmtpServer(SmtpServerConfig(hostname="mx.firma.example"))
    send(server.greeting())
    server.receive(data)
    while event := server.next_event():
        match event:
            case Refused(reply=reply) | (Challenge() as reply): send(reply)
            case Rcpt(path=path) if not exists(path): send(server.refuse(Reply.of(550, "5.1.1", "No such user")))
            case AuthDone(): ...
            case ContentReceived(data=data): ...
            case _: send(server.accept())

The engine answers alone what needs no knowledge of the world (`judgement`): what is no command, out of order, too
long or not offered. All else is handed out, one command at a time, because the answer to one decides what the
next one means (RFC 2920: pipelined commands are answered in order). A message comes as one event, whether it
has come by DATA or in the chunks of BDAT.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

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
    Data,
    Ehlo,
    Helo,
    Lhlo,
    Mail,
    Quit,
    Rcpt,
    Rset,
)
from mailsim.protocols.smtp.config import SmtpServerConfig
from mailsim.protocols.smtp.content import Content, ContentReader
from mailsim.protocols.smtp.events import Asked, AuthDone, ContentReceived, Refused, ServerEvent
from mailsim.protocols.smtp.judgement import Circumstances, judge, not_now
from mailsim.protocols.smtp.parsing import BadCommand, parse_auth_line
from mailsim.protocols.smtp.replies import Challenge, Greeting, Reply
from mailsim.protocols.smtp.states import (
    AUTHENTICATING,
    CLOSED,
    CONNECTED,
    GREETED,
    NEXT,
    STARTING_TLS,
    TURNED_AWAY,
    State,
)

HELLOS = (Ehlo, Helo, Lhlo)
DEAF = frozenset((CONNECTED, STARTING_TLS, CLOSED))  # no command is read in these states


class SmtpServer:
    """One connection, seen by the server; LMTP when the configuration says so.

    Public state: `state`, `client_name` (of EHLO), `is_extended` (EHLO, not HELO), `tls_active`,
    `username` (authenticated, or ""), and the transaction: `sender`, `recipients` and `has_refused_recipient`.
    """

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
        self._usual = answers.USUAL_ANSWERS if config.enhanced_status_codes else answers.PLAIN_ANSWERS
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
        self._takes_utf8 = False
        self.recipients: list[Rcpt] = []
        self.has_refused_recipient = False
        self._chunks: ChunkedContent | None = None

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
        try:
            return self._command(line) if self.state is not AUTHENTICATING else self._sasl_line(line)
        except BadCommand as error:
            return self._refused(line, error.reply)

    def _refused(self, line: bytes, reply: Reply) -> Refused:
        to_hello = line[:4].upper() in ((b"LHLO",) if self.config.is_lmtp else (b"EHLO", b"HELO"))
        return Refused(line, self._dress(reply, to_hello=to_hello))

    def _refuse_line(self, bad: BadLine) -> Refused:
        is_auth = self.state is AUTHENTICATING or bad.line[:5].upper() == b"AUTH "
        too_long = replies.AUTH_LINE_TOO_LONG if is_auth else replies.LINE_TOO_LONG
        reply = too_long if bad.is_too_long else replies.BARE_LINE_END
        if self.state is AUTHENTICATING:
            self._end_authentication(AuthResponse, reply)
        return Refused(bad.line, self._dress(reply))

    def _command(self, line: bytes) -> ServerEvent | None:
        match judge(line, self._circumstances()):
            case Reply() as refusal:
                return self._refused(line, refusal)
            case Bdat() as chunk:
                return self._begin_chunk(chunk)
            case Auth() as auth:
                return self._begin_authentication(auth)
            case asked:
                self._pending = asked
                return asked

    def _circumstances(self) -> Circumstances:
        has_room = len(self.recipients) < self.config.max_recipients
        session = (self.config, self.state, self.is_extended, self.tls_active, self.username != "")
        return Circumstances(*session, has_room, self.has_refused_recipient, self._takes_utf8)

    # AUTH

    def _begin_authentication(self, command: Auth) -> ServerEvent:
        make = self._mechanisms.get(command.mechanism)
        if make is None:
            raise BadCommand(replies.AUTH_UNKNOWN)
        self._mechanism = make()
        self.state = AUTHENTICATING
        return self._sasl_step(command.initial)

    def _sasl_line(self, line: bytes) -> ServerEvent:
        try:
            command = parse_auth_line(line)
        except BadCommand as error:
            self._end_authentication(AuthResponse, error.reply)
            raise
        if isinstance(command, AuthCancel):
            self._end_authentication(AuthCancel, replies.AUTH_CANCELLED)
            raise BadCommand(replies.AUTH_CANCELLED)
        return self._sasl_step(command.data)

    def _sasl_step(self, response: bytes | None) -> ServerEvent:
        assert self._mechanism is not None
        try:
            step = self._mechanism.step(response)
        except sasl.SaslError:
            self._end_authentication(AuthResponse, replies.AUTH_BAD_RESPONSE)
            raise BadCommand(replies.AUTH_BAD_RESPONSE) from None
        if isinstance(step, bytes):
            return Challenge.from_data(step)
        self._pending = done = AuthDone(self._mechanism.name, step)
        return done

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
        self._refusals.extend([refusal] * ((len(self.recipients) if self.config.is_lmtp else 1) - 1))
        self._end_content(problem)
        return refusal

    def _begin_chunk(self, command: Bdat) -> ServerEvent | None:
        """The octets behind the command are read in any case, and thrown away when it is refused."""
        refusal = not_now(type(command), self._circumstances())
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

    def _end_content(self, reply: Reply) -> None:
        self.state = NEXT[self.state, self._content_came_by, reply.code // 100]
        self._clear_transaction()

    # Answers

    def greeting(self, reply: Reply | None = None) -> Greeting:
        """The first thing to send: 220 by default; a negative `reply` (554) turns the client away."""
        if self.state is not CONNECTED:
            raise LocalProtocolError("the greeting has been sent")
        if reply is None:
            reply = answers.welcome(self.config.hostname, self.config.protocol)
        match reply.code:
            case 220:
                self.state = GREETED
            case 421:
                self.state = CLOSED
            case _ if reply.is_negative:
                self.state = TURNED_AWAY
            case _:
                raise LocalProtocolError(f"no greeting: {reply}")
        return reply if isinstance(reply, Greeting) else Greeting(reply.code, reply.lines)

    def accept(self, reply: Reply | None = None) -> Reply:
        """Do what was asked and say so, with `reply` (2yz; 354 for DATA) or the usual words."""
        asked = self._asked()
        kind = type(asked)
        if kind is AuthDone or (kind is ContentReceived and self.config.is_lmtp):
            raise LocalProtocolError("answer with auth_accept, auth_refuse or accept_content")
        if reply is None:
            reply = self._usual.get(kind) or answers.in_own_words(asked, self.config, self.tls_active)
        elif reply.code != 354 if kind is Data else not reply.is_positive:
            raise LocalProtocolError(f"{asked!r} is not accepted by {reply}")
        else:
            reply = self._dress(reply, to_hello=kind in HELLOS)
        self._pending = None
        if kind is ContentReceived:
            self._end_content(reply)
        else:
            self.state = NEXT[self.state, kind, reply.code // 100]  # type: ignore[index]
            self._do(asked)
        return reply

    def refuse(self, reply: Reply) -> Reply:
        """Do not do what was asked and say why, with a 4yz or 5yz `reply`; 421 also closes."""
        asked = self._asked()
        if isinstance(asked, AuthDone):
            raise LocalProtocolError("answer with auth_refuse")
        if not reply.is_negative:
            raise LocalProtocolError(f"{reply} does not refuse")
        if isinstance(asked, ContentReceived):
            (only,) = self.accept_content([reply])
            return only
        self._pending = None
        self.has_refused_recipient |= isinstance(asked, Rcpt)
        if isinstance(asked, Bdat) and self._chunks is not None:
            self._chunks.problem, self.state = reply, NEXT[self.state, Bdat, reply.code // 100]
        if reply.code == 421:
            self._close()
        return self._dress(reply, to_hello=isinstance(asked, HELLOS))

    def accept_content(self, answers: Sequence[Reply]) -> tuple[Reply, ...]:
        """Answer a content: one reply in SMTP, one for each recipient in LMTP (RFC 2033 section 4.2)."""
        wanted = len(self.recipients) if self.config.is_lmtp else 1
        if not isinstance(self._asked(), ContentReceived) or len(answers) != wanted:
            raise LocalProtocolError(f"{wanted} replies to a content are due, {len(answers)} were given")
        if not all(reply.is_positive or reply.is_negative for reply in answers):
            raise LocalProtocolError("a content is answered by 2yz, 4yz or 5yz")
        self._pending = None
        self._end_content(answers[0])
        if any(reply.code == 421 for reply in answers):
            self._close()
        return tuple(map(self._dress, answers))

    def auth_accept(self, reply: Reply = replies.AUTH_OK) -> Reply:
        """The credentials are right (RFC 4954 section 4)."""
        return self._auth_answer(reply, reply.is_positive)

    def auth_refuse(self, reply: Reply = replies.AUTH_INVALID) -> Reply:
        """The credentials are wrong (535), or cannot be judged now (454)."""
        return self._auth_answer(reply, reply.is_negative)

    def _auth_answer(self, reply: Reply, fits: bool) -> Reply:
        asked = self._asked()
        if not isinstance(asked, AuthDone) or not fits:
            raise LocalProtocolError(f"{asked!r} is not answered by {reply}")
        self._pending = None
        self._end_authentication(AuthResponse, reply)
        self.username = asked.username if reply.is_positive else ""
        if reply.code == 421:
            self._close()
        return self._dress(reply)

    def shut_down(self, reply: Reply | None = None) -> Reply:
        """Say 421, whatever was going on (RFC 5321 section 3.8)."""
        if reply is None:
            reply = answers.goodbye(421, "4.3.2", self.config.hostname)
        if reply.code != 421:
            raise LocalProtocolError(f"{reply} does not shut down")
        self._pending = None
        self._close()
        return self._dress(reply)

    def reset_after_tls(self) -> int:
        """TLS is up: forget the client and all plaintext that came too early (RFC 3207 section 4.2): so many octets."""
        if self.state is not STARTING_TLS:
            raise LocalProtocolError("no TLS handshake is due")
        self.state, self.tls_active = GREETED, True
        self._forget_client()
        return self._lines.clear()

    def _close(self) -> None:
        self.state, self._reader = CLOSED, None
        self._lines.clear()
        self._refusals.clear()

    def _asked(self) -> Asked:
        if self._pending is None:
            raise LocalProtocolError("there is nothing to answer")
        return self._pending

    def _do(self, command: Asked) -> None:
        match command:
            case Rcpt():
                self.recipients.append(command)
            case Mail():
                self.sender, self._takes_utf8 = command, command.smtputf8
            case Data():
                self._reader = ContentReader(self.config.size_limit, self.config.text_line_limit)
                self._reader.feed(self._lines.take_rest())
            case Quit():
                self._close()
            case Ehlo() | Helo() | Lhlo():
                self._clear_transaction()
                self.client_name = command.domain
                self.is_extended = not isinstance(command, Helo)
            case Rset():
                self._clear_transaction()

    def _dress(self, reply: Reply, *, to_hello: bool = False) -> Reply:
        return answers.dress(reply, self.config, to_hello=to_hello)
