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

from collections.abc import Callable, Sequence
from typing import Any

from mailsim.errors import LocalProtocolError
from mailsim.protocols.smtp import answers, replies
from mailsim.protocols.smtp.commands import (
    AuthResponse,
    Bdat,
    Data,
    Ehlo,
    Helo,
    Lhlo,
    Mail,
    Quit,
    Rcpt,
    Rset,
)
from mailsim.protocols.smtp.content import ContentReader
from mailsim.protocols.smtp.events import Asked, AuthDone, ContentReceived
from mailsim.protocols.smtp.listening import Listener
from mailsim.protocols.smtp.replies import Greeting, Reply
from mailsim.protocols.smtp.states import (
    CLOSED,
    CONNECTED,
    GREETED,
    NEXT,
    STARTING_TLS,
    TURNED_AWAY,
)

HELLOS = (Ehlo, Helo, Lhlo)


class SmtpServer(Listener):
    """One connection, seen by the server; LMTP when the configuration says so.

    Public state: `state`, `client_name` (of EHLO), `is_extended` (EHLO, not HELO), `tls_active`,
    `username` (authenticated, or ""), and the transaction: `sender`, `recipients` and `has_refused_recipient`.
    """

    def greeting(self, reply: Reply | None = None) -> Greeting:
        """The first thing to send: 220 by default; a negative `reply` (554) turns the client away."""
        if self.state is not CONNECTED:
            raise LocalProtocolError("the greeting has been sent")
        if reply is None:
            reply = answers.welcome(self.config)
        if reply.code == 220:
            self.state = GREETED
        elif reply.is_negative:
            self.state = CLOSED if reply.code == 421 else TURNED_AWAY
        else:
            raise LocalProtocolError(f"no greeting: {reply}")
        return reply if isinstance(reply, Greeting) else Greeting(reply.code, reply.lines)

    def accept(self, reply: Reply | None = None) -> Reply:
        """Do what was asked and say so, with `reply` (2yz; 354 for DATA) or the usual words."""
        asked = self._pending
        kind = type(asked)
        if reply is None:
            reply = self._usual.get(kind) or answers.in_own_words(self._asked(), self.config, self.tls_active)
        else:
            reply = answers.fitting(self._asked(), reply, self.config)
        self._pending = None
        if kind is ContentReceived:
            self._end_content(reply)
            return reply
        self.state = NEXT[self.state, kind, reply.code // 100]  # type: ignore[index]
        effect = _EFFECTS.get(kind)
        if effect is not None:
            effect(self, asked)
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
        wanted = self._replies_due
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

    def _asked(self) -> Asked:
        if self._pending is None:
            raise LocalProtocolError("there is nothing to answer")
        return self._pending

    # What an accepted command does

    def _meet(self, command: Ehlo | Helo | Lhlo) -> None:
        self.client_name = command.domain
        self.is_extended = not isinstance(command, Helo)
        self._clear_transaction()

    def _begin_transaction(self, command: Mail) -> None:
        self.sender = command

    def _add_recipient(self, command: Rcpt) -> None:
        self.recipients.append(command)

    def _begin_content(self, _: Data) -> None:
        self._reader = ContentReader(self.config.size_limit, self.config.text_line_limit)
        self._reader.feed(self._lines.take_rest())


_EFFECTS: dict[type[Any], Callable[[SmtpServer, Any], None]] = {
    Ehlo: SmtpServer._meet,
    Helo: SmtpServer._meet,
    Lhlo: SmtpServer._meet,
    Mail: SmtpServer._begin_transaction,
    Rcpt: SmtpServer._add_recipient,
    Data: SmtpServer._begin_content,
    Rset: lambda server, _: server._clear_transaction(),
    Quit: lambda server, _: server._close(),
}
