"""One folder of a mailbox: messages by UID, and the log of everything that happened to them.

UIDs only grow (RFC 9051 section 2.3.1.1), and a Python dict keeps the order of insertion. So one dict
from UID to message is at once the lookup and the list in UID order: append, lookup, change of flags
and removal are O(1), however many messages there are.

Several sessions look at one folder and must be told what the others do. Instead of calling them,
the folder keeps a log, and each session remembers how far it has read:

    seen = folder.watch()
    ...
    for change in folder.changes_since(seen): ...       # `* 3 EXISTS`, `* 2 EXPUNGE`, ...
    seen = folder.cursor

Until the first session looks nobody can ask, so nothing is logged: mails that only POP3 sees come and go, and leave
nothing behind.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from mailsim.mail.changes import Added, Change, Expunged, FlagsChanged

SEEN, ANSWERED, FLAGGED, DELETED, DRAFT = "\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"
SYSTEM_FLAGS = (ANSWERED, FLAGGED, DELETED, SEEN, DRAFT)
_SPELLING = {flag.lower(): flag for flag in SYSTEM_FLAGS}
_SYSTEM = frozenset(SYSTEM_FLAGS)
NO_FLAGS: frozenset[str] = frozenset()
C = TypeVar("C", Added, FlagsChanged, Expunged)


class FlagAction(Enum):
    """How STORE treats the flags that it is given (RFC 9051 section 6.4.6)."""

    REPLACE = "FLAGS"
    ADD = "+FLAGS"
    REMOVE = "-FLAGS"


@dataclass(frozen=True, slots=True)
class Message:
    """A message at rest: `content` never changes, flags do.

    `internal_date_us` counts from the Unix epoch; `zone_minutes` is the zone (minutes east) that it was given in, None
    for the server's own.
    """

    uid: int
    flags: frozenset[str]
    internal_date_us: int
    content: bytes = field(repr=False)
    modseq: int
    zone_minutes: int | None = None

    @property
    def size(self) -> int:
        """Octets of the content (RFC822.SIZE)."""
        return len(self.content)


class Folder:
    """Messages under one name. Look here, but change things through `Account`, which knows the quota.

    Attributes:
        mailbox, name: the account and the folder's name in it.
        uid_validity, uid_next: RFC 9051 section 2.3.1.1.
        highest_modseq: RFC 7162 section 3.1.2.1; 1 for a folder that nothing ever happened to.
        special_use: `\\Sent`, `\\Trash`, ... (RFC 6154), or "".
        exists: False once the folder was deleted; a session that has it open must end.
        unseen, deleted: how many messages lack `\\Seen`, and the UIDs of those that have `\\Deleted`.
        keywords: those that a message here has or had, by first use.
    """

    def __init__(self, mailbox: str, name: str, uid_validity: int, special_use: str = "") -> None:
        self.mailbox, self.name, self.special_use = mailbox, name, special_use
        self.exists = True
        self._logged_from: int | None = None
        self.reset(uid_validity)

    def reset(self, uid_validity: int) -> None:
        """Begin anew, empty: every UID that a client remembers has become worthless."""
        self.uid_validity, self.uid_next = uid_validity, 1
        self.highest_modseq = 1
        self.unseen, self.bytes = 0, 0
        self.deleted: set[int] = set()
        self._recent_from = 1
        self._messages: dict[int, Message] = {}
        self._log: list[Change] = []
        self._spelling: dict[str, str] = {}

    # --- reading -------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._messages)

    def __bool__(self) -> bool:
        return True  # an empty folder is a folder, so that `if account.folder(name)` means what it says

    def __iter__(self) -> Iterator[Message]:
        """Messages in the order of their UIDs."""
        return iter(self._messages.values())

    def __contains__(self, uid: object) -> bool:
        return uid in self._messages

    def get(self, uid: int) -> Message | None:
        """The message with this UID, or None."""
        return self._messages.get(uid)

    def uids(self) -> list[int]:
        """All UIDs, ascending: position i holds message sequence number i + 1."""
        return list(self._messages)

    @property
    def keywords(self) -> tuple[str, ...]:
        """Flags beside the system's, each spelled as whoever used it first here."""
        return tuple(self._spelling.values())

    def watch(self) -> int:
        """From now on every change is logged; gives the cursor to read from."""
        if self._logged_from is None:
            self._logged_from = self.highest_modseq
        return self.cursor

    @property
    def cursor(self) -> int:
        """How many changes were logged so far."""
        return len(self._log)

    def changes_since(self, cursor: int) -> Sequence[Change]:
        """What happened after a session's `cursor` was taken, in order."""
        return self._log[cursor:]

    def expunged_after_modseq(self, modseq: int) -> set[int]:
        """The UIDs that are gone since a mod-sequence that a client remembers (RFC 7162 section 3.2).

        What happened before the log began is not known any more: then it is every UID that is missing (section 5.1).
        """
        if self._logged_from is None or modseq < self._logged_from:
            return set(range(1, self.uid_next)) - self._messages.keys()
        changes = self._log[bisect_right(self._log, modseq, key=lambda change: change.modseq) :]
        return {change.uid for change in changes if isinstance(change, Expunged)}

    @property
    def recent(self) -> int:
        """How many messages no session has been told of (RFC 3501 section 2.3.2)."""
        return sum(1 for uid in range(self._recent_from, self.uid_next) if uid in self._messages)

    def unclaimed(self) -> frozenset[int]:
        """The UIDs that no session has been told of, which stays so (EXAMINE)."""
        return frozenset(uid for uid in range(self._recent_from, self.uid_next) if uid in self._messages)

    def claim_recent(self) -> frozenset[int]:
        """The UIDs that no session has been told of; from now on one has."""
        claimed = self.unclaimed()
        self._recent_from = self.uid_next
        return claimed

    # --- changing (Account only) ---------------------------------------------------------------

    def add(
        self,
        content: bytes,
        flags: frozenset[str],
        internal_date_us: int,
        modseq: int,
        zone_minutes: int | None = None,
    ) -> Added:
        """Put a message at the end."""
        uid = self.uid_next
        self.uid_next = uid + 1
        self._put(Message(uid, flags, internal_date_us, content, modseq, zone_minutes))
        self.unseen += SEEN not in flags
        self.bytes += len(content)
        return self._logged(Added(self.mailbox, self.name, uid, len(content), flags, modseq))

    def set_flags(self, message: Message, flags: frozenset[str], modseq: int) -> FlagsChanged:
        """Give a message exactly these flags."""
        self.unseen += (SEEN in message.flags) - (SEEN in flags)
        dated = (message.internal_date_us, message.content, modseq, message.zone_minutes)
        self._put(Message(message.uid, flags, *dated))
        return self._logged(FlagsChanged(self.mailbox, self.name, message.uid, flags, modseq))

    def remove(self, message: Message, modseq: int) -> Expunged:
        """Take a message out for good."""
        del self._messages[message.uid]
        self.deleted.discard(message.uid)
        self.unseen -= SEEN not in message.flags
        self.bytes -= message.size
        return self._logged(Expunged(self.mailbox, self.name, message.uid, message.size, modseq))

    def spelled(self, flags: Iterable[str]) -> frozenset[str]:
        """Flags as this folder keeps them: a keyword is the same in any case (RFC 9051 section 2.3.2)."""
        given = canonical_flags(flags)
        if given <= _SYSTEM:
            return given
        spelling = self._spelling
        return frozenset(f if f in _SYSTEM else spelling.setdefault(f.lower(), f) for f in sorted(given))

    def next_modseq(self) -> int:
        """One operation, one mod-sequence."""
        self.highest_modseq += 1
        return self.highest_modseq

    def _logged(self, change: C) -> C:
        if self._logged_from is not None:
            self._log.append(change)
        return change

    def _put(self, message: Message) -> None:
        self._messages[message.uid] = message
        if DELETED in message.flags:
            self.deleted.add(message.uid)
        else:
            self.deleted.discard(message.uid)


def canonical_flags(flags: Iterable[str]) -> frozenset[str]:
    """Flags as a store keeps them: system flags in the RFC's spelling, `\\Recent` never (RFC 9051 2.3.2)."""
    spelled = (_SPELLING.get(flag.lower(), flag) for flag in flags)
    return frozenset(flag for flag in spelled if flag.lower() != "\\recent") or NO_FLAGS
