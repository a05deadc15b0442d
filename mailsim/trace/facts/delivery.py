"""Facts about mailboxes: what is delivered, changed and removed, and notifications to senders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mailsim.trace.facts.base import Fact


@dataclass(frozen=True, slots=True)
class MdaDelivered(Fact):
    """Final delivery: the MDA wrote the mail into a mailbox."""

    kind: ClassVar[str] = "mda.deliver"
    msg: str
    rcpt: str
    mailbox: str
    folder: str


@dataclass(frozen=True, slots=True)
class MdaRejected(Fact):
    """The MDA could not deliver."""

    kind: ClassVar[str] = "mda.reject"
    msg: str
    rcpt: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class StoreAdded(Fact):
    """A message is new in a folder of a mailbox."""

    kind: ClassVar[str] = "store.add"
    mailbox: str
    folder: str
    uid: int
    bytes: int
    msg: str = ""


@dataclass(frozen=True, slots=True)
class StoreFlagged(Fact):
    """The flags of a message are now these."""

    kind: ClassVar[str] = "store.flag"
    mailbox: str
    folder: str
    uid: int
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoreFolderCreated(Fact):
    """A mailbox has a new folder."""

    kind: ClassVar[str] = "store.create"
    mailbox: str
    folder: str


@dataclass(frozen=True, slots=True)
class StoreFolderDeleted(Fact):
    """A folder is gone, with all that was in it."""

    kind: ClassVar[str] = "store.delete"
    mailbox: str
    folder: str


@dataclass(frozen=True, slots=True)
class StoreFolderRenamed(Fact):
    """A folder has another name."""

    kind: ClassVar[str] = "store.rename"
    mailbox: str
    folder: str
    to: str


@dataclass(frozen=True, slots=True)
class StoreExpunged(Fact):
    """A message is gone for good."""

    kind: ClassVar[str] = "store.expunge"
    mailbox: str
    folder: str
    uid: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DsnMade(Fact):
    """A server wrote a delivery status notification (RFC 3464); `for_` is the message it is about."""

    kind: ClassVar[str] = "dsn.make"
    for_: str
    rcpt: str
    action: str
    status: str
    msg: str
    to: str
