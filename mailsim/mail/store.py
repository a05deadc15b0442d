"""The message store of one host: accounts, their folders, the quota and the maildrop lock.

MDA, IMAP and POP3 server share one `Store`; that is all that they have in common (RFC 5598 section 4.2.3).
UIDs are given as those that exist, not as ranges without end: who reads `1:*` looks at `folder.uids()` first.
Every operation of an `Account` happens wholly or not at all, and gives the changes that it made as values,
so that an agent can write them into the trace. A refusal (`OverQuota`, `NoSuchFolder`, ...) is a value too:

    match account.append("INBOX", content, internal_date_us=now_us):
        case Added() as added: ...
        case OverQuota(limit, used, wanted): ...
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
    NO_FLAGS,
    SEEN,
    SYSTEM_FLAGS,
    FlagAction,
    Folder,
    Message,
    canonical_flags,
)

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
    "NoSuchFolder",
    "NotAllowed",
    "OverQuota",
    "Quota",
    "Store",
    "canonical_flags",
]

INBOX = "INBOX"
DELIMITER = "/"
SPECIAL_USE = {"Sent": "\\Sent", "Drafts": "\\Drafts", "Junk": "\\Junk", "Trash": "\\Trash"}
"""The folders that every account is born with, and their attributes (RFC 6154 section 2)."""
NAME_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Quota:
    """Bytes that an account may hold (None: as many as it likes) and bytes that it holds.

    A message marked `\\Deleted` still takes its bytes: only expunge frees them.
    """

    limit: int | None
    used: int


@dataclass(frozen=True, slots=True)
class MaildropLock:
    """The right to change the INBOX while a POP3 session has it open; `owner` names the session."""

    mailbox: str
    owner: str
    number: int


class Account:
    """The mailbox of one user: folders by name, under one quota."""

    def __init__(self, name: str, store: Store, quota_bytes: int | None = None) -> None:
        self.name, self.quota_limit = name, quota_bytes
        self._store = store
        self._folders: dict[str, Folder] = {}
        self._used = 0
        self._lock: MaildropLock | None = None
        self._locks_taken = 0
        self._add_folder(INBOX)
        for folder, special_use in SPECIAL_USE.items():
            self._add_folder(folder, special_use)

    # --- looking -------------------------------------------------------------------------------

    @property
    def inbox(self) -> Folder:
        """The folder where mail arrives; it always exists."""
        return self._folders[INBOX]

    @property
    def quota(self) -> Quota:
        """Bytes allowed and bytes used, over all folders."""
        return Quota(self.quota_limit, self._used)

    def folder(self, name: str) -> Folder | None:
        """The folder of this name that can hold messages, or None. `INBOX` may be in any case."""
        folder = self._folders.get(canonical_name(name))
        return folder if folder and folder.selectable else None

    def folders(self) -> tuple[Folder, ...]:
        """Every folder, for LIST: the INBOX, then the others by name; those not `selectable` too."""
        return tuple(sorted(self._folders.values(), key=lambda f: (f.name != INBOX, f.name)))

    def special(self, use: str) -> Folder | None:
        """The folder with a special use such as `\\Sent`, whatever its name is."""
        return next((f for f in self.folders() if f.special_use == use and f.selectable), None)

    def has_room_for(self, size: int) -> OverQuota | None:
        """The refusal that `size` more bytes would meet, or None."""
        if self.quota_limit is None or self._used + size <= self.quota_limit:
            return None
        return OverQuota(self.quota_limit, self._used, size)

    # --- messages ------------------------------------------------------------------------------

    def append(
        self, folder: str, content: bytes, internal_date_us: int, flags: Iterable[str] = NO_FLAGS
    ) -> Added | NoSuchFolder | OverQuota:
        """Put a message at the end of a folder; O(1)."""
        target = self.folder(folder)
        if target is None:
            return NoSuchFolder(folder)
        if refusal := self.has_room_for(len(content)):
            return refusal
        self._used += len(content)
        return target.add(content, canonical_flags(flags), internal_date_us, target.next_modseq())

    def store_flags(
        self, folder: str, uids: Iterable[int], flags: Iterable[str], action: FlagAction = FlagAction.REPLACE
    ) -> tuple[FlagsChanged, ...] | NoSuchFolder:
        """Change flags; UIDs that are not there are passed over (RFC 9051 section 6.4.9).

        Only messages whose flags really become others are in the result.
        """
        target = self.folder(folder)
        if target is None:
            return NoSuchFolder(folder)
        given = canonical_flags(flags)
        wanted = ((message, _apply(message.flags, given, action)) for message in _present(target, uids))
        changing = [(message, new) for message, new in wanted if new != message.flags]
        if not changing:
            return ()
        modseq = target.next_modseq()
        return tuple(target.set_flags(message, new, modseq) for message, new in changing)

    def expunge(
        self, folder: str, uids: Iterable[int] | None = None, lock: MaildropLock | None = None
    ) -> tuple[Expunged, ...] | NoSuchFolder | InUse:
        """Remove what is marked `\\Deleted`: everything, or of `uids` only (UID EXPUNGE, RFC 4315)."""
        target = self.folder(folder)
        if target is None:
            return NoSuchFolder(folder)
        doomed = sorted(target.deleted if uids is None else target.deleted.intersection(uids))
        return self._remove(target, _present(target, doomed), lock)

    def remove(
        self, folder: str, uids: Iterable[int], lock: MaildropLock | None = None
    ) -> tuple[Expunged, ...] | NoSuchFolder | InUse:
        """Remove messages, marked or not: the UPDATE state of POP3 (RFC 1939 section 6)."""
        target = self.folder(folder)
        if target is None:
            return NoSuchFolder(folder)
        return self._remove(target, _present(target, uids), lock)

    def copy(self, folder: str, uids: Iterable[int], target: str) -> Copied | NoSuchFolder | OverQuota:
        """Copy messages with flags and internal date, all of them or none (RFC 9051 section 6.4.7)."""
        source, destination = self.folder(folder), self.folder(target)
        if source is None or destination is None:
            return NoSuchFolder(folder if source is None else target)
        messages = _present(source, uids)
        if refusal := self.has_room_for(sum(message.size for message in messages)):
            return refusal
        added = _duplicate(messages, destination)
        self._used += sum(change.bytes for change in added)
        pairs = tuple((old.uid, new.uid) for old, new in zip(messages, added, strict=True))
        return Copied(destination.uid_validity, pairs, added)

    def move(
        self, folder: str, uids: Iterable[int], target: str, lock: MaildropLock | None = None
    ) -> Copied | NoSuchFolder | InUse:
        """Move messages (RFC 6851); nobody ever sees them twice or not at all."""
        source, destination = self.folder(folder), self.folder(target)
        if source is None or destination is None:
            return NoSuchFolder(folder if source is None else target)
        if refusal := self._locked(source, lock):
            return refusal
        messages = _present(source, uids)
        added = _duplicate(messages, destination)
        removed = _drop(messages, source)
        pairs = tuple((old.uid, new.uid) for old, new in zip(messages, added, strict=True))
        return Copied(destination.uid_validity, pairs, (*added, *removed))

    # --- folders -------------------------------------------------------------------------------

    def create(self, name: str) -> tuple[FolderCreated, ...] | FolderExists | NotAllowed:
        """Create a folder, and the folders above it that are missing (RFC 9051 section 6.3.4)."""
        wanted = canonical_name(name.removesuffix(DELIMITER))
        if not is_good_name(wanted):
            return NotAllowed(name, "bad-name")
        if self.folder(wanted):
            return FolderExists(wanted)
        missing = [step for step in _steps(wanted) if step not in self._folders or step == wanted]
        for step in missing:
            self._add_folder(step)
        return tuple(FolderCreated(self.name, step) for step in missing)

    def delete(self, name: str) -> FolderDeleted | NoSuchFolder | NotAllowed:
        """Delete a folder with its messages; one that has children stays as a name (RFC 9051 section 6.3.5)."""
        name = canonical_name(name)
        folder = self._folders.get(name)
        if folder is None:
            return NoSuchFolder(name)
        if name == INBOX:
            return NotAllowed(name, "inbox")
        has_children = bool(self._below(name))
        if has_children and not folder.selectable:
            return NotAllowed(name, "has-children")
        gone = _drop(list(folder), folder)
        self._used -= sum(change.bytes for change in gone)
        folder.exists = False
        del self._folders[name]
        if has_children:
            self._add_folder(name).selectable = False
        return FolderDeleted(self.name, name, gone)

    def rename(self, old: str, new: str) -> FolderRenamed | NoSuchFolder | FolderExists | NotAllowed | InUse:
        """Rename a folder and all below it (RFC 9051 section 6.3.6).

        The INBOX stays, with what is below it; its messages move to the new folder.
        """
        old, new = canonical_name(old), canonical_name(new.removesuffix(DELIMITER))
        if old not in self._folders:
            return NoSuchFolder(old)
        if not is_good_name(new) or new.startswith(old + DELIMITER):
            return NotAllowed(new, "bad-name")
        below = [] if old == INBOX else self._below(old)
        moving = {name: new + name[len(old) :] for name in (old, *below)}
        if taken := [name for name in moving.values() if name in self._folders]:
            return FolderExists(taken[0])
        if old == INBOX:
            return self._empty_inbox(new)
        for name in _steps(new)[:-1]:
            if name not in self._folders:
                self._add_folder(name)
        for name, renamed in moving.items():
            folder = self._folders[renamed] = self._folders.pop(name)
            folder.name = renamed
        return FolderRenamed(self.name, old, new)

    def subscribe(self, name: str, wanted: bool = True) -> NoSuchFolder | None:
        """Put a folder on the list that LSUB shows, or take it off."""
        folder = self._folders.get(canonical_name(name))
        if folder is None:
            return NoSuchFolder(name)
        folder.subscribed = wanted
        return None

    # --- the maildrop lock ---------------------------------------------------------------------

    def lock_maildrop(self, owner: str) -> MaildropLock | InUse:
        """Open the INBOX for one POP3 session: until it is unlocked nobody else removes from it."""
        if self._lock:
            return InUse(self.name, self._lock.owner)
        self._locks_taken += 1
        self._lock = MaildropLock(self.name, owner, self._locks_taken)
        return self._lock

    def unlock_maildrop(self, lock: MaildropLock) -> None:
        """Give the lock back; one that was given back already does no harm."""
        if self._lock == lock:
            self._lock = None

    # --- inside --------------------------------------------------------------------------------

    def _locked(self, folder: Folder, lock: MaildropLock | None) -> InUse | None:
        if self._lock is None or self._lock == lock or folder.name != INBOX:
            return None
        return InUse(self.name, self._lock.owner)

    def _remove(
        self, folder: Folder, messages: list[Message], lock: MaildropLock | None
    ) -> tuple[Expunged, ...] | InUse:
        if refusal := self._locked(folder, lock):
            return refusal
        gone = _drop(messages, folder)
        self._used -= sum(change.bytes for change in gone)
        return gone

    def _add_folder(self, name: str, special_use: str = "") -> Folder:
        folder = Folder(self.name, name, self._store.next_uid_validity(), special_use)
        folder.subscribed = name == INBOX or bool(special_use)
        self._folders[name] = folder
        return folder

    def _below(self, name: str) -> list[str]:
        return sorted(other for other in self._folders if other.startswith(name + DELIMITER))

    def _empty_inbox(self, new: str) -> FolderRenamed | InUse:
        if refusal := self._locked(self.inbox, None):
            return refusal
        for name in _steps(new):
            if name not in self._folders:
                self._add_folder(name)
        messages = list(self.inbox)
        added = _duplicate(messages, self._folders[new])
        return FolderRenamed(self.name, INBOX, new, (*added, *_drop(messages, self.inbox)))


class Store:
    """All accounts of one host."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._uid_validity = 0

    def create_account(self, name: str, quota_bytes: int | None = None) -> Account:
        """A new, empty account with an INBOX and the special-use folders; raises ValueError if it exists."""
        if name in self._accounts:
            raise ValueError(f"account {name} exists")
        account = self._accounts[name] = Account(name, self, quota_bytes)
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


def canonical_name(name: str) -> str:
    """A folder's name as it is kept: INBOX is the same in any case (RFC 9051 section 5.1)."""
    first, delimiter, rest = name.partition(DELIMITER)
    return INBOX + delimiter + rest if first.upper() == INBOX else name


def is_good_name(name: str) -> bool:
    """May a folder be called so? No empty step, no wildcard, no control character."""
    return (
        len(name) <= NAME_LIMIT
        and all(name.split(DELIMITER))
        and not any(c in "%*" or ord(c) < 32 or ord(c) == 127 for c in name)
    )


def _steps(name: str) -> list[str]:
    """`a/b/c` gives `a`, `a/b`, `a/b/c`."""
    parts = name.split(DELIMITER)
    return [DELIMITER.join(parts[: i + 1]) for i in range(len(parts))]


def _apply(old: frozenset[str], given: frozenset[str], action: FlagAction) -> frozenset[str]:
    match action:
        case FlagAction.ADD:
            return old | given
        case FlagAction.REMOVE:
            return old - given
        case FlagAction.REPLACE:
            return given


def _present(folder: Folder, uids: Iterable[int]) -> list[Message]:
    """The messages with these UIDs, each once, in the order given; the rest is passed over."""
    found = (folder.get(uid) for uid in dict.fromkeys(uids))
    return [message for message in found if message]


def _duplicate(messages: list[Message], target: Folder) -> tuple[Added, ...]:
    if not messages:
        return ()
    modseq = target.next_modseq()
    return tuple(target.add(m.content, m.flags, m.internal_date_us, modseq) for m in messages)


def _drop(messages: list[Message], folder: Folder) -> tuple[Expunged, ...]:
    if not messages:
        return ()
    modseq = folder.next_modseq()
    return tuple(folder.remove(message, modseq) for message in messages)
