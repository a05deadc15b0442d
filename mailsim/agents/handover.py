"""How one mail is handed over on an open connection: the server's offers decide what it gets (RFC 5321 section 3.3).

First the mail is made to fit, or the reason is told why it does not: too big (RFC 1870), addresses or header in UTF-8
(RFC 6531), eight-bit bodies (RFC 6152). Then come one or more transactions: a server has a limit of recipients, and
whoever did not fit in gets his own transaction (RFC 5321 section 4.5.3.1.10).

Every recipient gets the reply that decided about him. What we conclude without having been told is a
`Conclusion`, so that no notification quotes a server that has said nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from typing import TYPE_CHECKING

from mailsim.agents.outcome import Conclusion
from mailsim.agents.policy import Transfer
from mailsim.mail.domains import ascii_domain
from mailsim.mail.envelope import Envelope, Wish
from mailsim.mail.seven_bit import NotConvertible, has_header_beyond_ascii, to_seven_bit
from mailsim.mail.xtext import encode_unicode
from mailsim.protocols.smtp import Bdat, BdatLast, Content, Rcpt, Reply, State
from mailsim.protocols.smtp.commands import DATA, RSET, mail, rcpt
from mailsim.protocols.smtp.content import size_of
from mailsim.protocols.smtp.parameters import dsn_of_mail, dsn_of_rcpt

if TYPE_CHECKING:
    from mailsim.agents.smtp_client import SmtpClient

Replies = MutableMapping[str, Reply]

EIGHT_BITS = Conclusion.of(554, "5.6.3", "The next server does not take eight-bit mail")
TOO_BIG = Conclusion.of(552, "5.3.4", "The next server does not take mail of this size")
SENDER_BEYOND_ASCII = Conclusion.of(550, "5.6.7", "The next server takes no sender address beyond ASCII")
RECIPIENT_BEYOND_ASCII = Conclusion.of(553, "5.6.7", "The next server takes no recipient address beyond ASCII")
CLOSED_EARLY = Conclusion.of(451, "4.4.2", "The server closed the connection before this recipient")
HEADER_BEYOND_ASCII = Conclusion.of(554, "5.6.9", "The next server takes no header beyond ASCII")
TOO_MANY = ("4.5.3", "5.5.3", "")


class Handover:
    """One mail on its way to one server.

    Attributes:
        message: the name of the mail in the trace.
        replies: recipient -> the reply that decided about him; grows while the dialogue goes on.
        one_by_one: no pipelining, though the server may offer it.
        all_or_nothing: give up as soon as one recipient is refused (belief M27).
    """

    def __init__(
        self,
        smtp: SmtpClient,
        envelope: Envelope,
        content: bytes,
        replies: Replies,
        policy: Transfer,
        *,
        message: str,
        one_by_one: bool,
        all_or_nothing: bool,
    ) -> None:
        self.smtp, self.engine, self.policy = smtp, smtp.engine, policy
        self.envelope, self.content, self.message, self.replies = envelope, content, message, replies
        self.all_or_nothing = all_or_nothing
        self.one_by_one = one_by_one or all_or_nothing or not self.engine.can_pipeline
        self._passes_wishes_on = policy.dsn and "DSN" in self.engine.extensions
        self._recipients: dict[str, Rcpt] = {}
        self._mail = mail("")

    async def run(self) -> None:
        """The whole of it. Raises: ConnectionLost, RemoteProtocolError; who has no reply then is undecided."""
        refusal = self._make_fit()
        if refusal is not None:
            self._decide(self.envelope.recipients, refusal)
            return
        waiting = [name for name in self.envelope.recipients if name not in self.replies]
        while waiting and not self.engine.is_closed:
            limit = max(1, self.policy.max_recipients)
            batch, rest = waiting[:limit], waiting[limit:]
            await self._transaction(batch)
            waiting = [*self._did_not_fit_in(batch), *rest]
        # The server has said goodbye between two transactions: the others are for another connection.
        self._decide(waiting, CLOSED_EARLY)

    def _did_not_fit_in(self, batch: Sequence[str]) -> list[str]:
        """Those whom the server refused for being too many, if it took others (RFC 5321 section 4.5.3.1.10).

        Old servers say 552 for it, which means the same there.
        """
        if self.all_or_nothing or self.engine.is_closed:
            return []
        again = [n for n in batch if self.replies[n].code in (452, 552) and self.replies[n].enhanced in TOO_MANY]
        if not again or not any(self.replies[name].is_positive for name in batch):
            return []
        for name in again:
            del self.replies[name]
        return again

    # --- making it fit --------------------------------------------------------------------------

    def _make_fit(self) -> Conclusion | None:
        """Prepare MAIL, every RCPT and the content; gives why none of it can be said to this server."""
        offers = self.engine.extensions
        sender, content = self.envelope.reverse_path, self.content
        takes_utf8 = "SMTPUTF8" in offers
        has_utf8_header = self.envelope.smtputf8 and has_header_beyond_ascii(content)
        if not takes_utf8:
            sender = _with_ascii_domain(sender)
            if not sender.isascii():
                return SENDER_BEYOND_ASCII
            if has_utf8_header:
                self._addressed(takes_utf8)
                return HEADER_BEYOND_ASCII
        if not content.isascii() and "8BITMIME" not in offers:
            try:
                content = self._in_seven_bits(content)
            except NotConvertible:
                return EIGHT_BITS
        if self.policy.check_size and 0 < self.engine.size_limit < size_of(content):
            return TOO_BIG
        self.content = content
        self._recipients = self._addressed(takes_utf8)
        parameters = self.engine.mail_parameters(content)
        if takes_utf8 and (has_utf8_header or not "".join((sender, *self._recipients)).isascii()):
            parameters += (("SMTPUTF8", None),)
        if self._passes_wishes_on:
            parameters += dsn_of_mail(self.envelope)
        self._mail = mail(sender, parameters)
        return None

    def _in_seven_bits(self, content: bytes) -> bytes:
        if self.policy.eight_bit == "bounce":
            raise NotConvertible("by policy")
        return to_seven_bit(content)

    def _addressed(self, takes_utf8: bool) -> dict[str, Rcpt]:
        """The RCPT for each recipient; who cannot be named to this server gets his reply at once."""
        commands: dict[str, Rcpt] = {}
        for name in self.envelope.recipients:
            path = name if takes_utf8 else _with_ascii_domain(name)
            if not takes_utf8 and not path.isascii():
                self.replies[name] = RECIPIENT_BEYOND_ASCII
                continue
            wish = self.envelope.wish(name)
            if not takes_utf8 and not wish.orcpt.isascii():
                kind, _, address = wish.orcpt.partition(";")
                wish = Wish(wish.notify, f"{kind};{encode_unicode(address)}")  # RFC 6533 section 3
            commands[name] = rcpt(path, dsn_of_rcpt(wish) if self._passes_wishes_on else ())
        return commands

    # --- one transaction ------------------------------------------------------------------------

    async def _transaction(self, batch: Sequence[str]) -> None:
        """MAIL, RCPT for everybody of the batch, and the content if anybody was accepted."""
        if self.engine.state is not State.READY:
            await self.smtp.ask(RSET)
        by_data = not (self.policy.chunking and "CHUNKING" in self.engine.extensions)
        ready = await (self._in_turn(batch, by_data) if self.one_by_one else self._at_once(batch, by_data))
        if not ready:
            return
        accepted = [name for name in batch if name not in self.replies]
        if by_data:
            # A server that says 354 although it refused everybody gets an empty content, which it must refuse.
            await self.smtp.send([Content(self.content if accepted else b"", self.message)])
            await self._hear_of_content(accepted)
        elif accepted and await self._send_chunks(accepted):
            await self._hear_of_content(accepted)

    async def _in_turn(self, batch: Sequence[str], by_data: bool) -> bool:
        """One command, one reply (RFC 5321 section 3.3). Gives whether the content may follow."""
        reply = await self.smtp.ask(self._mail)
        if not reply.is_positive:
            return self._decide(batch, reply)
        for name in batch:
            reply = await self.smtp.ask(self._recipients[name])
            if self.engine.is_closed:
                return self._decide(batch, reply)
            if not reply.is_positive:
                self.replies[name] = reply
                if self.all_or_nothing:
                    await self.smtp.ask(RSET)
                    return self._decide(batch, reply)
        if all(name in self.replies for name in batch):
            await self.smtp.ask(RSET)
            return False
        if not by_data:
            return True
        reply = await self.smtp.ask(DATA, self.smtp.timeouts.data_us)
        return reply.is_intermediate or self._decide(batch, reply)

    async def _at_once(self, batch: Sequence[str], by_data: bool) -> bool:
        """MAIL, every RCPT and DATA in one write; the replies come in the same order (RFC 2920)."""
        await self.smtp.send([self._mail, *(self._recipients[name] for name in batch), *([DATA] if by_data else [])])
        timeouts = self.smtp.timeouts
        reply = await self.smtp.answer(timeouts.command_us)
        if not reply.is_positive:
            self._decide(batch, reply)
        for name in () if self.engine.is_closed else batch:
            reply = await self.smtp.answer(timeouts.command_us)
            if self.engine.is_closed:
                break
            if not reply.is_positive:
                self.replies.setdefault(name, reply)
        if self.engine.is_closed:
            return self._decide(batch, reply)
        if not by_data:
            return True
        reply = await self.smtp.answer(timeouts.data_us)
        return reply.is_intermediate or self._decide(batch, reply)

    async def _send_chunks(self, accepted: Sequence[str]) -> bool:
        """The content by BDAT (RFC 3030); gives whether the reply to the last chunk is still to come."""
        chunks = self._chunks()
        for number, chunk in enumerate(chunks):
            await self.smtp.send([chunk])
            if number < len(chunks) - 1:
                reply = await self.smtp.answer(self.smtp.timeouts.final_us)
                if not reply.is_positive:
                    return self._decide(accepted, reply)
        return True

    def _chunks(self) -> list[Bdat]:
        data, size = self.content, max(1, self.policy.chunk_size)
        pieces = [data[start : start + size] for start in range(0, len(data), size)] or [b""]
        last = BdatLast(len(pieces[-1]), pieces[-1], self.message, len(data))
        return [*(Bdat(len(piece), piece) for piece in pieces[:-1]), last]

    async def _hear_of_content(self, accepted: Sequence[str]) -> None:
        """The 250 to the content moves the responsibility (RFC 5321 section 4.2.5); LMTP has one for each."""
        reply = await self.smtp.answer(self.smtp.timeouts.final_us)
        if not self.engine.is_lmtp:
            self._decide(accepted, reply)
            return
        for position, name in enumerate(accepted):
            if position:
                reply = await self.smtp.answer(self.smtp.timeouts.final_us)
            self.replies[name] = reply

    def _decide(self, names: Iterable[str], reply: Reply) -> bool:
        """The reply decides about everybody who has no other reply yet; the content may not follow."""
        for name in names:
            self.replies.setdefault(name, reply)
        return False


def _with_ascii_domain(path: str) -> str:
    """The address with its domain as the DNS knows it, if that makes it ASCII (RFC 6531 section 3.2)."""
    local_part, at, domain = path.rpartition("@")
    if path.isascii() or not at or not local_part.isascii():
        return path
    return f"{local_part}@{ascii_domain(domain)}"
