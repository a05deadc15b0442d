"""What an IMAP session does with mailboxes by name: list, count, create, rename, fill, weigh (RFC 9051 section 6.3)."""

from __future__ import annotations

from collections.abc import Sequence

from mailsim.agents.host import Host
from mailsim.agents.imap_answers import BAD_NAME, NO_MAILBOX, TRY_CREATE, Answer, Refusal, Words, refusal, refusal_of
from mailsim.agents.operations import Now
from mailsim.agents.store_notes import publish, publish_folders
from mailsim.mail.account import Account, NewMail
from mailsim.mail.changes import FolderDeleted, FolderRenamed
from mailsim.mail.folder import Folder
from mailsim.mail.identity import message_key
from mailsim.mail.mime_binary import without_binary
from mailsim.mail.newlines import with_crlf
from mailsim.protocols.imap import (
    Append,
    Create,
    Delete,
    GetQuota,
    GetQuotaRoot,
    ImapServer,
    List,
    ListData,
    Lsub,
    Names,
    Namespace,
    NamespaceData,
    QuotaData,
    QuotaRootData,
    Rename,
    Response,
    SetQuota,
    Status,
    StatusData,
    Subscribe,
    Unsubscribe,
    Upload,
    append_uid,
    list_answers,
    lsub_answers,
)

QUOTA_ROOT = ""
STORAGE_UNIT = 1024
"""STORAGE counts in these many octets (RFC 9208 section 5.1)."""
NO_ROOT = Words("No such quota root", "NONEXISTENT")
NO_PERMISSION = Words("Only an administrator may do this", "NOPERM")

USES = {use.lower(): use for use in ("\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash")}
"""Special uses that a mailbox can be made for; the other ones of RFC 6154 would be views of other mailboxes."""
UNKNOWN_USE = Words("This use is not known", "USEATTR")

OnNames = (
    List | Lsub | Status | Create | Delete | Rename | Subscribe | Unsubscribe | Append | Namespace
    | GetQuota | GetQuotaRoot | SetQuota
)  # fmt: skip
"""The commands that are answered here."""


class Mailboxes:
    """The mailboxes of the user of one session."""

    def __init__(self, host: Host, account: Account, engine: ImapServer) -> None:
        self.host, self.account, self.engine = host, account, engine

    async def answer(self, command: OnNames) -> Answer:
        """Do what the command says. Raises: Refusal."""
        match command:
            case List():
                return self._list(command), ""
            case Lsub():
                return [*lsub_answers(self.names(), command)], ""
            case Status(name, items):
                return [self._status(self.folder(name), items)], ""
            case Append():
                return await self._append(command)
            case Namespace():
                return [NamespaceData((("", self.account.delimiter),))], ""
            case GetQuota(root):
                if root != QUOTA_ROOT:
                    raise refusal(NO_ROOT)
                return [self._quota()], ""
            case GetQuotaRoot(name):
                shown = self.folder(name).name
                return [QuotaRootData(shown, (QUOTA_ROOT,), self.engine.is_rev2), self._quota()], ""
            case SetQuota():
                raise refusal(NO_PERMISSION)
        return await self._arrange(command)

    def folder(self, name: str, words: Words = NO_MAILBOX) -> Folder:
        """The folder of this name. Raises: Refusal."""
        folder = self.account.folder(name)
        if folder is None:
            raise refusal(words)
        return folder

    # --- LIST and STATUS ------------------------------------------------------------------------

    def names(self) -> Names:
        """All that LIST may show."""
        special_use = {folder.name: folder.special_use for folder in self.account.folders()}
        return Names(special_use, frozenset(self.account.subscribed), self.account.delimiter, self.engine.is_rev2)

    def entry(self, folder: Folder) -> ListData:
        """The LIST response for a mailbox that is opened (RFC 9051 section 6.3.2)."""
        shown = self.names().shown(folder.name, "")
        return ListData(shown, self.account.delimiter, folder.name, utf8=self.engine.is_rev2)

    def _list(self, command: List) -> list[Response]:
        told: list[Response] = []
        for entry in list_answers(self.names(), command):
            told.append(entry)
            folder = self.account.folder(entry.mailbox)
            if command.status and folder:
                told.append(self._status(folder, command.status))
        return told

    def _status(self, folder: Folder, items: Sequence[str]) -> StatusData:
        numbers = {
            "MESSAGES": lambda: len(folder),
            "RECENT": lambda: folder.recent,
            "UIDNEXT": lambda: folder.uid_next,
            "UIDVALIDITY": lambda: folder.uid_validity,
            "UNSEEN": lambda: folder.unseen,
            "SIZE": lambda: folder.bytes,
            "DELETED": lambda: len(folder.deleted),
            "DELETED-STORAGE": lambda: sum(m.size for uid in folder.deleted if (m := folder.get(uid))) // STORAGE_UNIT,
            "HIGHESTMODSEQ": lambda: folder.highest_modseq,
            "APPENDLIMIT": lambda: self.engine.config.append_limit,
        }
        return StatusData(folder.name, tuple((item, numbers[item]()) for item in items), self.engine.is_rev2)

    def _quota(self) -> QuotaData:
        quota = self.account.quota
        if quota.limit is None:
            return QuotaData(QUOTA_ROOT, ())
        used = -(-quota.used // STORAGE_UNIT)
        return QuotaData(QUOTA_ROOT, (("STORAGE", used, quota.limit // STORAGE_UNIT),))

    # --- changing -------------------------------------------------------------------------------

    async def _arrange(self, command: Create | Delete | Rename | Subscribe | Unsubscribe) -> Answer:
        account = self.account
        match command:
            case Create(name, special_use):
                outcome: object = account.create(name, _known_use(special_use))
            case Delete(name):
                outcome = account.delete(name)
            case Rename(old, new):
                outcome = account.rename(old, new)
            case Subscribe(name):
                outcome = account.subscribe(name)
            case Unsubscribe(name):
                outcome = account.subscribe(name, wanted=False)
        if no := refusal_of(outcome):
            raise no
        if isinstance(outcome, tuple | FolderDeleted | FolderRenamed):
            await publish_folders(self.host, outcome)
        return [], ""

    async def _append(self, command: Append) -> Answer:
        """All mails or none (RFC 3502 section 6.3.11)."""
        if not self.account.may_be_called(command.mailbox):
            raise refusal(BAD_NAME)
        folder = self.folder(command.mailbox, TRY_CREATE)
        now_us = self.host.calendar.epoch_us(await Now())
        mails = [self._new_mail(upload, now_us) for upload in command.uploads]
        added = self.account.append_all(folder.name, mails)
        if not isinstance(added, tuple):
            raise refusal_of(added) or Refusal("Not possible")
        for change, mail in zip(added, mails, strict=True):
            await publish(self.host, [change], message_key(mail.content))
        return [], append_uid(folder.uid_validity, *(change.uid for change in added))

    def _new_mail(self, upload: Upload, now_us: int) -> NewMail:
        if not upload.content:
            raise Refusal("An empty literal takes the APPEND back", "")
        content = with_crlf(without_binary(upload.content) if upload.is_binary else upload.content)
        if b"\0" in content:
            raise Refusal("NUL outside of a binary part", "UNKNOWN-CTE")
        given = upload.internal_date
        if given is None:
            return NewMail(content, now_us, frozenset(upload.flags))
        return NewMail(content, given.at_us, frozenset(upload.flags), given.zone_minutes)


def _known_use(use: str) -> str:
    """The special use in the RFC's spelling. Raises: Refusal."""
    if use and use.lower() not in USES:
        raise refusal(UNKNOWN_USE)
    return USES.get(use.lower(), "")
