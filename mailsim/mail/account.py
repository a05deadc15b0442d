"""The mailbox of one user: folders under one quota, and the maildrop lock.

Every operation happens wholly or not at all, and gives the changes that it made as values, so that an agent can
write them into the trace. A refusal (`OverQuota`, `NoSuchFolder`, ...) is a value too:

    match account.append("INBOX", content, internal_date_us=now_us):
        case Added() as added: ...
        case OverQuota(limit, used, wanted): ...

UIDs are given as those that exist, not as ranges without end: who reads `1:*` looks at `folder.uids()` first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
from mailsim.mail.folder import NO_FLAGS, FlagAction, Folder, Message
from mailsim.mail.folder_names import INBOX
from mailsim.mail.folder_tree import FolderTree

SPECIAL_USE = {"Sent": "\\Sent", "Drafts": "\\Drafts", "Junk": "\\Junk", "Trash": "\\Trash"}
"""The folders that every account is born with, and their attributes (RFC 6154 section 2)."""


@dataclass(frozen=True, slots=True)
class NewMail:
    """A message that is not in a folder yet."""

    content: bytes
    internal_date_us: int
    flags: frozenset[str] = NO_FLAGS
    zone_minutes: int | None = None


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

    def __init__(
        self, name: str, next_uid_validity: Callable[[], int], quota_bytes: int | None = None, delimiter: str = "/"
    ) -> None:
        self.name, self.quota_limit = name, quota_bytes
        self._tree = FolderTree(name, delimiter, next_uid_validity)
        self._used = 0
        self._lock: MaildropLock | None = None
        self._locks_taken = 0
        for folder, special_use in {INBOX: "", **SPECIAL_USE}.items():
            self._tree.add(folder, special_use)
            self._tree.subscribe(folder)

    # --- looking -------------------------------------------------------------------------------

    @property
    def inbox(self) -> Folder:
        """The folder where mail arrives; it always exists."""
        return self._tree[INBOX]

    @property
    def delimiter(self) -> str:
        """What separates the levels of a folder's name."""
        return self._tree.delimiter

    @property
    def subscribed(self) -> tuple[str, ...]:
        """The names on the list that LSUB shows, whether there are such folders or not."""
        return self._tree.subscribed

    @property
    def quota(self) -> Quota:
        """Bytes allowed and bytes used, over all folders."""
        return Quota(self.quota_limit, self._used)

    def folder(self, name: str) -> Folder | None:
        """The folder of this name, or None. `INBOX` may be in any case."""
        return self._tree.get(name)

    def may_be_called(self, name: str) -> bool:
        """Is this the name of a folder, or could it become one?"""
        return self._tree.is_good(self._tree.canonical(name.removesuffix(self.delimiter)))

    def folders(self) -> tuple[Folder, ...]:
        """Every folder, for LIST: the INBOX, then the others by name."""
        return self._tree.all()

    def special(self, use: str) -> Folder | None:
        """The folder with a special use such as `\\Sent`, whatever its name is."""
        return next((f for f in self.folders() if f.special_use == use), None)

    def no_room_for(self, size: int) -> OverQuota | None:
        """The refusal that `size` more bytes would meet, or None."""
        if self.quota_limit is None or self._used + size <= self.quota_limit:
            return None
        return OverQuota(self.quota_limit, self._used, size)

    # --- messages ------------------------------------------------------------------------------

    def append(
        self, folder: str, content: bytes, internal_date_us: int, flags: Iterable[str] = NO_FLAGS
    ) -> Added | NoSuchFolder | OverQuota:
        """Put a message at the end of a folder; O(1)."""
        added = self.append_all(folder, [NewMail(content, internal_date_us, frozenset(flags))])
        return added[0] if isinstance(added, tuple) else added

    def append_all(self, folder: str, mails: Sequence[NewMail]) -> tuple[Added, ...] | NoSuchFolder | OverQuota:
        """Put messages at the end of a folder, all of them or none (RFC 3502)."""
        target = self.folder(folder)
        if target is None:
            return NoSuchFolder(folder)
        size = sum(len(mail.content) for mail in mails)
        if refusal := self.no_room_for(size):
            return refusal
        self._used += size
        modseq = target.next_modseq()
        return tuple(
            target.add(mail.content, target.spelled(mail.flags), mail.internal_date_us, modseq, mail.zone_minutes)
            for mail in mails
        )

    def store_flags(
        self, folder: str, uids: Iterable[int], flags: Iterable[str], action: FlagAction = FlagAction.REPLACE
    ) -> tuple[FlagsChanged, ...] | NoSuchFolder:
        """Change flags; UIDs that are not there are passed over (RFC 9051 section 6.4.9).

        Only messages whose flags really become others are in the result.
        """
        target = self.folder(folder)
        if target is None:
            return NoSuchFolder(folder)
        present = _present(target, uids)
        if not present:
            return ()
        given = target.spelled(flags)
        wanted = ((message, _apply(message.flags, given, action)) for message in present)
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
        if refusal := self.no_room_for(sum(message.size for message in messages)):
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

    def rebuild(self, folder: str) -> tuple[Change, ...] | NoSuchFolder:
        """Number the messages of a folder anew under another UIDVALIDITY, as when its index was lost.

        Every UID that a client remembers is worth nothing after it (RFC 9051 section 2.3.1.1).
        """
        old = self.folder(folder)
        if old is None:
            return NoSuchFolder(folder)
        messages = list(old)
        gone = _drop(messages, old)
        return (*gone, *_duplicate(messages, self._tree.replace(old)))

    # --- folders -------------------------------------------------------------------------------

    def create(self, name: str, special_use: str = "") -> tuple[FolderCreated, ...] | FolderExists | NotAllowed:
        """Create a folder, and the folders above it that are missing (RFC 9051 section 6.3.4)."""
        return self._tree.create(name, special_use)

    def delete(self, name: str) -> FolderDeleted | NoSuchFolder | NotAllowed:
        """Delete a folder with its messages; if it has children, its name stays above them (RFC 9051 section 6.3.5)."""
        folder, name = self.folder(name), self._tree.canonical(name)
        if folder is None:
            return NotAllowed(name, "has-children") if self._tree.below(name) else NoSuchFolder(name)
        if name == INBOX:
            return NotAllowed(name, "inbox")
        gone = _drop(list(folder), folder)
        self._used -= sum(change.bytes for change in gone)
        self._tree.remove(folder)
        return FolderDeleted(self.name, name, gone)

    def rename(self, old: str, new: str) -> FolderRenamed | NoSuchFolder | FolderExists | NotAllowed | InUse:
        """Rename a folder and all below it (RFC 9051 section 6.3.6).

        The INBOX stays, with what is below it; its messages move to the new folder.
        """
        moving = self._tree.moves(old, new)
        if not isinstance(moving, dict):
            return moving
        if INBOX in moving:
            return self._empty_inbox(moving[INBOX])
        created = self._tree.rename(moving)
        old, new = self._tree.canonical(old), self._tree.canonical(new.removesuffix(self.delimiter))
        return FolderRenamed(self.name, old, new, moved=tuple(moving.items()), created=created)

    def subscribe(self, name: str, wanted: bool = True) -> NoSuchFolder | None:
        """Put a name on the list that LSUB shows, or take it off."""
        return self._tree.subscribe(name, wanted)

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
        if self._lock is lock:
            self._lock = None

    # --- inside --------------------------------------------------------------------------------

    def _locked(self, folder: Folder, lock: MaildropLock | None) -> InUse | None:
        if self._lock is None or self._lock is lock or folder.name != INBOX:
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

    def _empty_inbox(self, new: str) -> FolderRenamed | InUse:
        if refusal := self._locked(self.inbox, None):
            return refusal
        made = self._tree.create(new)
        created = tuple(one.folder for one in made) if isinstance(made, tuple) else ()
        messages = list(self.inbox)
        added = _duplicate(messages, self._tree[new])
        return FolderRenamed(self.name, INBOX, new, (*added, *_drop(messages, self.inbox)), created=created)


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
    return tuple(
        target.add(m.content, target.spelled(m.flags), m.internal_date_us, modseq, m.zone_minutes) for m in messages
    )


def _drop(messages: list[Message], folder: Folder) -> tuple[Expunged, ...]:
    if not messages:
        return ()
    modseq = folder.next_modseq()
    return tuple(folder.remove(message, modseq) for message in messages)
