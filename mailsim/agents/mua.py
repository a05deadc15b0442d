"""The MUA: the mail client of one person, which writes, submits and reads mail (RFC 5598 section 4.2.1).

It speaks to two servers that its user has set up, and to no others: to the MSA when it sends, to an access
server when it reads. It needs the DNS only for the addresses of these two; who is responsible for the
recipient's domain is not its business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mailsim.agents.actions import NAMES, Action, OnMails, ReadMail, SendMail
from mailsim.agents.host import Host
from mailsim.agents.identity import Identity
from mailsim.agents.operations import Call, Note, Now, Sleep, Spawn
from mailsim.agents.policy import MuaPolicy
from mailsim.mail.compose import Mailbox, compose
from mailsim.mail.envelope import Envelope
from mailsim.mail.identity import message_key
from mailsim.trace.facts import UserActed

if TYPE_CHECKING:
    from mailsim.agents.inbox import Inbox
    from mailsim.agents.outbox import Outbox

__all__ = ["Account", "Action", "Mua", "ReadMail", "SendMail"]


@dataclass(frozen=True, slots=True)
class Account:
    """What a user types when setting up a mail client; the hosts are names (or IP addresses) of servers."""

    address: str
    password: str
    submission_host: str
    access_host: str
    name: str = ""
    login: str = ""

    @property
    def login_name(self) -> str:
        """By default the whole address."""
        return self.login or self.address

    def identity(self, host: Host, policy: MuaPolicy) -> Identity:
        """Who this client says that it is."""
        return Identity(self.login_name, self.password, policy.auth_mechanisms, host.random(f"login {self.address}"))


class Mua:
    """One client on one host.

    Args: address_book: address -> name, for the recipients whose names the user knows.
    """

    def __init__(
        self, host: Host, account: Account, policy: MuaPolicy, address_book: Mapping[str, str] | None = None
    ) -> None:
        self.host, self.account, self.policy = host, account, policy
        self.address_book = address_book or {}

    @cached_property
    def outbox(self) -> Outbox:
        """Its sending half, loaded when there is something to send."""
        from mailsim.agents.outbox import Outbox

        return Outbox(self.host, self.account, self.policy)

    @cached_property
    def inbox(self) -> Inbox:
        """Its reading half, loaded when there is something to read."""
        from mailsim.agents.inbox import Inbox

        return Inbox(self.host, self.account, self.policy)

    async def run(self, actions: Iterable[tuple[int, Action]]) -> None:
        """Do what the user does, each action at its time (microseconds of simulated time); what is past is past."""
        now_us = await Now()
        actions = [timed for timed in actions if timed[0] >= now_us]
        for at_us, action in sorted(actions, key=lambda timed: timed[0]):
            await Sleep(max(0, at_us - await Now()))
            await Spawn(f"mua of {self.account.address}", self.do(action))

    def do(self, action: Action) -> Call[None]:
        """One action from its beginning to its end; others may go on meanwhile."""
        return self._send(action) if isinstance(action, SendMail) else self._read(action)

    async def _read(self, action: ReadMail | OnMails) -> None:
        if isinstance(action, ReadMail):
            await Note(UserActed(self.account.address, "read"))
        else:
            await Note(UserActed(self.account.address, NAMES[type(action)], detail=str(action.which)))
        await self.inbox.do(action)

    async def _send(self, mail: SendMail) -> None:
        content = self.compose(mail, await Now(), keep_bcc=self.policy.keep_bcc)
        message = message_key(content)
        await Note(UserActed(self.account.address, "send", message, mail.subject))
        is_sent = await self.outbox.submit(Envelope(self.account.address, mail.recipients), content, message)
        if is_sent and self.policy.save_sent:
            await self.inbox.save_sent(content, message)

    def compose(self, mail: SendMail, now_us: int, *, keep_bcc: bool = False) -> bytes:
        """The message with its header; the recipients in Bcc leave no trace in it (RFC 5322 section 3.6.3)."""
        calendar = self.host.calendar
        number = self.host.random(f"mua {self.account.address}").getrandbits(64)
        return compose(
            Mailbox(self.account.name, self.account.address),
            self._people(mail.to),
            self._people(mail.cc),
            mail.subject,
            mail.text,
            date_us=calendar.epoch_us(now_us),
            utc_offset_minutes=calendar.utc_offset_minutes,
            message_id=f"<{number:016x}@{self.account.address.rpartition('@')[2]}>",
            attachments=mail.attachments,
            bcc=self._people(mail.bcc),
            keep_bcc=keep_bcc,
        )

    def _people(self, addresses: Sequence[str]) -> list[Mailbox]:
        return [Mailbox(self.address_book.get(address, ""), address) for address in addresses]
