"""What changes in a mailbox goes into the trace, and wakes whoever has that mailbox open."""

from __future__ import annotations

from collections.abc import Iterable

from mailsim.agents.host import Host
from mailsim.agents.operations import Raise
from mailsim.mail.changes import Added, Change, Expunged, FlagsChanged, FolderCreated, FolderDeleted, FolderRenamed
from mailsim.trace.facts import (
    Fact,
    MdaDelivered,
    StoreAdded,
    StoreExpunged,
    StoreFlagged,
    StoreFolderCreated,
    StoreFolderDeleted,
    StoreFolderRenamed,
)


async def publish(host: Host, changes: Iterable[Change], msg: str = "", delivered_to: str = "") -> None:
    """Note each change as an event and raise the signals of the mailboxes; `msg` is the message that was added.

    Args: delivered_to: the recipient for whom the MDA has added it, "" when it was not the MDA.
    """
    changes, facts = tuple(changes), list[Fact]()
    for change in changes:
        if delivered_to and isinstance(change, Added):
            facts.append(MdaDelivered(msg, delivered_to, change.mailbox, change.folder))
        facts.append(_fact(change, msg))
    await host.record(*facts)
    for mailbox in dict.fromkeys(change.mailbox for change in changes):
        await Raise(host.mailbox_signal(mailbox))


async def publish_folders(host: Host, outcome: tuple[FolderCreated, ...] | FolderDeleted | FolderRenamed) -> None:
    """Note what happened to folders, and to the messages in them."""
    match outcome:
        case FolderDeleted(mailbox, folder, changes):
            await publish(host, changes)
            await host.record(StoreFolderDeleted(mailbox, folder))
        case FolderRenamed(mailbox, changes=changes, moved=moved, created=created):
            await host.record(*(StoreFolderCreated(mailbox, name) for name in created))
            await host.record(*(StoreFolderRenamed(mailbox, old, new) for old, new in moved))
            await publish(host, changes)
        case _:
            await host.record(*(StoreFolderCreated(one.mailbox, one.folder) for one in outcome))


def _fact(change: Change, msg: str) -> Fact:
    match change:
        case Added(mailbox, folder, uid, size):
            return StoreAdded(mailbox, folder, uid, size, msg)
        case FlagsChanged(mailbox, folder, uid, flags):
            return StoreFlagged(mailbox, folder, uid, tuple(sorted(flags)))
        case Expunged(mailbox, folder, uid, size):
            return StoreExpunged(mailbox, folder, uid, size)
