"""The message store of one host: the accounts that MDA, IMAP and POP3 server share (RFC 5598 section 4.2.3).

It is all that those three have in common. What can be done with a mailbox is in `account`, what one folder
keeps in `folder`, and the words for what happened in `changes`.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailsim.mail.account import SPECIAL_USE, Account, MaildropLock, NewMail, Quota
from mailsim.mail.changes import (
    Added,
    Change,
    Copied,
    Expunged,
    FlagsChanged,
    FolderCreated,
    FolderDeleted,
    FolderExists,
    FolderRenamed,
    InUse,
    NoSuchFolder,
    NotAllowed,
    OverQuota,
)
from mailsim.mail.folder import (
    ANSWERED,
    DELETED,
    DRAFT,
    FLAGGED,
    SEEN,
    SYSTEM_FLAGS,
    FlagAction,
    Folder,
    Message,
    canonical_flags,
)
from mailsim.mail.folder_names import INBOX

__all__ = [
    "ANSWERED",
    "DELETED",
    "DELIMITER",
    "DRAFT",
    "FLAGGED",
    "INBOX",
    "SEEN",
    "SPECIAL_USE",
    "SYSTEM_FLAGS",
    "Account",
    "Added",
    "Change",
    "Copied",
    "Expunged",
    "FlagAction",
    "FlagsChanged",
    "Folder",
    "FolderCreated",
    "FolderDeleted",
    "FolderExists",
    "FolderRenamed",
    "InUse",
    "MaildropLock",
    "Message",
    "NewMail",
    "NoSuchFolder",
    "NotAllowed",
    "OverQuota",
    "Quota",
    "Store",
    "canonical_flags",
]

DELIMITER = "/"


class Store:
    """All accounts of one host; `delimiter` separates the levels of their folders' names."""

    def __init__(self, delimiter: str = DELIMITER) -> None:
        self.delimiter = delimiter
        self._accounts: dict[str, Account] = {}
        self._uid_validity = 0

    def create_account(self, name: str, quota_bytes: int | None = None) -> Account:
        """A new, empty account with an INBOX and the special-use folders; raises ValueError if it exists."""
        if name in self._accounts:
            raise ValueError(f"account {name} exists")
        account = self._accounts[name] = Account(name, self.next_uid_validity, quota_bytes, self.delimiter)
        return account

    def account(self, name: str) -> Account | None:
        """The account of this exact name, or None."""
        return self._accounts.get(name)

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    def next_uid_validity(self) -> int:
        """A number that no folder of this host ever had, and larger than all of those."""
        self._uid_validity += 1
        return self._uid_validity
