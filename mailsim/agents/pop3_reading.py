"""The POP3 half of a mail client: takes copies away, and must remember by itself what it has.

POP3 knows no folders, no flags and no "new": the server numbers what is there, and only unique-ids stay the same
from one session to the next (RFC 1939 section 7, UIDL). Whether the original goes is for the client to say (DELE).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from mailsim.agents.actions import OpenMail
from mailsim.agents.local_folder import LocalFolder, LocalMail
from mailsim.agents.operations import Note, Now
from mailsim.agents.policy import MuaPolicy
from mailsim.agents.pop3_client import Pop3Client
from mailsim.mail import header
from mailsim.mail.identity import message_key
from mailsim.protocols.pop3 import List, Reply, Retr, Stat, Top, Uidl, scan_listings, unique_ids
from mailsim.trace.facts import MessageShown, PolicyVerdict

INBOX = "INBOX"


@dataclass(slots=True)
class Pop3Reading:
    """What one client has downloaded.

    Attributes:
        folder: its own inbox, on its own disk; by unique-id, or, without UIDL, by the order of arrival.
        wishes: mails that the user wants to open.
    """

    user: str
    policy: MuaPolicy
    log_in: Callable[[Pop3Client], Awaitable[bool]]
    folder: LocalFolder = field(default_factory=lambda: LocalFolder(INBOX))
    wishes: list[OpenMail] = field(default_factory=list)

    async def visit(self, pop3: Pop3Client) -> None:
        """One session: download what is not here yet, and delete on the server only if the user wants so."""
        if await self.log_in(pop3):
            await self._transaction(pop3)
        await self._is_granted(await pop3.quit())
        listed = self.folder.changed_list(self.user)
        if listed is not None:
            await Note(listed)

    async def _transaction(self, pop3: Pop3Client) -> None:
        await pop3.ask(Stat())
        listing = await pop3.ask(List())
        sizes = scan_listings(listing) if await self._is_granted(listing) else {}
        ids = await self._unique_ids(pop3) if sizes else {}
        if ids is None:
            return
        for number in sizes:
            mail = self._known(ids.get(number, ""))
            if mail is None or ("" not in mail.is_complete and self._is_wanted(mail)):
                mail = await self._download(pop3, number, ids.get(number, ""), mail)
            if mail is not None and self._may_go(mail, await Now()):
                await self._is_granted(await pop3.delete(number))

    async def _unique_ids(self, pop3: Pop3Client) -> dict[int, str] | None:
        """Message number -> unique-id; nothing when they are not to be remembered, None when the server refuses."""
        if not self.policy.pop3_remember:
            return {}
        reply = await pop3.ask(Uidl())
        return dict(unique_ids(reply)) if await self._is_granted(reply) else None

    async def _is_granted(self, reply: Reply) -> bool:
        """Has the server done it? If not, the user is told."""
        if not reply.ok:
            await Note(PolicyVerdict("inbox", "failed", str(reply)))
        return reply.ok

    def _known(self, unique_id: str) -> LocalMail | None:
        return self.folder.by_id(unique_id) if unique_id else None

    def _is_wanted(self, mail: LocalMail) -> bool:
        return any(mail in self.folder.chosen(wish.which) for wish in self.wishes)

    def _may_go(self, mail: LocalMail, now_us: int) -> bool:
        policy = self.policy
        is_old = now_us - mail.since_us >= policy.pop3_delete_after_us
        return policy.pop3_delete and "" in mail.is_complete and is_old

    async def _download(
        self, pop3: Pop3Client, number: int, unique_id: str, known: LocalMail | None
    ) -> LocalMail | None:
        """RETR; or TOP, for a client that shows beginnings first."""
        lines = 0 if known is not None else self.policy.pop3_preview_lines
        reply = await pop3.ask(Top(number, lines) if lines else Retr(number))
        if not await self._is_granted(reply):
            return known
        content = reply.body or b""
        mail = known or LocalMail(unique_id or f"#{len(self.folder.mails) + 1}", since_us=await Now())
        section = "TOP" if lines else ""
        if known is None:
            mail.keep(section, content)
            self.folder.add(mail)
        else:
            self.folder.keep(mail, section, content)
        mail.is_complete.add(section)
        mail.sender, mail.subject = header.text(content, "From") or "", header.text(content, "Subject") or ""
        mail.msg = message_key(content)
        await Note(MessageShown(self.user, mail.msg, self.user, mail.sender, mail.subject))
        return mail
