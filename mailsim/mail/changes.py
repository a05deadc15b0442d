"""What happens to a mailbox and what is refused, as values: the words between a store and who uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Added:
    """A message is new in a folder. `bytes` is its size, `modseq` as in RFC 7162 section 3."""

    mailbox: str
    folder: str
    uid: int
    bytes: int
    flags: frozenset[str]
    modseq: int


@dataclass(frozen=True, slots=True)
class FlagsChanged:
    """The flags of a message are now these (all of them, not the difference)."""

    mailbox: str
    folder: str
    uid: int
    flags: frozenset[str]
    modseq: int


@dataclass(frozen=True, slots=True)
class Expunged:
    """A message is gone for good, and its `bytes` are free."""

    mailbox: str
    folder: str
    uid: int
    bytes: int
    modseq: int


Change: TypeAlias = Added | FlagsChanged | Expunged
"""What may happen to the messages of a folder; a folder's log is a list of these."""


@dataclass(frozen=True, slots=True)
class Copied:
    """Messages were copied or moved. `uids` pairs each old UID with its new one (RFC 4315 section 3).

    `changes` are in the order in which they happened: what was added to the target, then what was
    taken from the source (a move only).
    """

    uid_validity: int
    uids: tuple[tuple[int, int], ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class FolderCreated:
    """A folder is new (or may be selected again)."""

    mailbox: str
    folder: str


@dataclass(frozen=True, slots=True)
class FolderDeleted:
    """A folder is gone, and `changes` tells of the messages that went with it."""

    mailbox: str
    folder: str
    changes: tuple[Expunged, ...]


@dataclass(frozen=True, slots=True)
class FolderRenamed:
    """A folder has another name.

    `moved` are all folders whose names are others now, those below it too, with their new names; `created` those that
    were missing above it. When the INBOX is renamed it stays, and `changes` is what happened to its messages.
    """

    mailbox: str
    old: str
    new: str
    changes: tuple[Change, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    created: tuple[str, ...] = ()


# --- refusals: values, because the other side gets a reply of it -----------------------------------


@dataclass(frozen=True, slots=True)
class OverQuota:
    """The account has `limit` bytes, `used` of them are taken, and `wanted` more do not fit."""

    limit: int
    used: int
    wanted: int


@dataclass(frozen=True, slots=True)
class NoSuchFolder:
    """There is no folder of this name, or it holds no messages (`\\Noselect`)."""

    folder: str


@dataclass(frozen=True, slots=True)
class FolderExists:
    """There is a folder of this name already."""

    folder: str


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """The operation makes no sense for this folder; `why` is a slug (`inbox`, `bad-name`, `has-children`)."""

    folder: str
    why: str


@dataclass(frozen=True, slots=True)
class InUse:
    """Somebody has the maildrop lock (RFC 1939 section 4)."""

    mailbox: str
    owner: str
