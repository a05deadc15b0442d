"""The MDA: writes mail into mailboxes, spoken to by LMTP from the MTA of the same host (RFC 2033, RFC 5598).

It is the last server that sees the envelope, so it saves the reverse-path in the field Return-Path (RFC 5321
section 4.4). It does not show mail to anybody: that is what the access servers do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mailsim.agents.host import Host
from mailsim.agents.operations import Connection, Note, Now
from mailsim.agents.policy import MdaPolicy
from mailsim.agents.reception import server_config
from mailsim.agents.smtp_server import Opinion, Service, Session
from mailsim.agents.store_notes import publish
from mailsim.mail.identity import message_key
from mailsim.mail.store import Account, Added, Store
from mailsim.mail.trace_fields import prepend, return_path, without_return_path
from mailsim.protocols.smtp import ContentReceived, Rcpt, Reply
from mailsim.trace.facts import MdaRejected

UNKNOWN_USER = Reply.of(550, "5.1.1", "No such mailbox")
FULL_FOR_NOW = Reply.of(452, "4.2.2", "Mailbox full")
FULL = Reply.of(552, "5.2.2", "Mailbox full")
NO_FOLDER = Reply.of(451, "4.3.5", "The mailbox has no such folder")
DELIVERED = Reply.of(250, "2.1.5", "Delivered")


def mda_service(host: Host, policy: MdaPolicy) -> Service:
    """The server of LMTP as its policy wants it."""
    config = server_config(policy.reception, hostname=host.name, is_lmtp=True, size_limit=0)
    return Service(host, config, policy.reception, policy.command_timeout_us)


class MdaSession(Session):
    """One visit of the MTA."""

    protocol = "lmtp"
    role = "mda"

    def __init__(self, service: Service, policy: MdaPolicy, store: Store, connection: Connection) -> None:
        super().__init__(service, connection)
        self.policy, self.store = policy, store

    async def _recipient(self, rcpt: Rcpt) -> Reply:
        if self._accounts(rcpt.path):
            return self.engine.accept()
        await Note(MdaRejected("", rcpt.path, UNKNOWN_USER.code, "unknown-user"))
        return self.engine.refuse(UNKNOWN_USER)

    def _accounts(self, address: str) -> list[Account]:
        """The mailboxes behind an address: one, or those of an alias."""
        names = self.host.directory.mailboxes(address)
        return [account for name in names if (account := self.store.account(name))]

    async def _content(self, received: ContentReceived) -> Sequence[Reply]:
        """One reply for each recipient: that is what LMTP is for (RFC 2033 section 4.2)."""
        assert self.engine.sender is not None
        content = prepend(without_return_path(received.data), return_path(self.engine.sender.path))
        answers = [await self._deliver(rcpt.path, content) for rcpt in tuple(self.engine.recipients)]
        return self.engine.accept_content(answers)

    opinions: ClassVar[Mapping[type[Any], Opinion]] = {**Session.opinions, Rcpt: _recipient, ContentReceived: _content}

    async def _deliver(self, address: str, content: bytes) -> Reply:
        """Into all mailboxes of the address, or into none."""
        accounts, message, folder = self._accounts(address), message_key(content), self.policy.folder
        mailboxes = tuple(account.name for account in accounts)
        is_full = any(account.no_room_for(len(content)) for account in accounts)
        if is_full or await self.host.troubles.strike("over_quota", addresses=mailboxes):
            reply = FULL_FOR_NOW if self.policy.over_quota == "defer" else FULL
            await Note(MdaRejected(message, address, reply.code, "over-quota"))
            return reply
        if not all(account.folder(folder) for account in accounts):
            await Note(MdaRejected(message, address, NO_FOLDER.code, "no-folder"))
            return NO_FOLDER
        received_us = self.host.calendar.epoch_us(await Now())
        changes = [account.append(folder, content, received_us) for account in accounts]
        stored = [added for added in changes if isinstance(added, Added)]
        assert len(stored) == len(changes)
        await publish(self.host, stored, message, delivered_to=address)
        return DELIVERED
