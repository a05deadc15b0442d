"""What changes in a mailbox goes into the trace, and wakes whoever has that mailbox open."""

from __future__ import annotations

from collections.abc import Iterable

from mailsim.agents.host import Host
from mailsim.agents.operations import Note, Raise
from mailsim.mail.changes import Added, Change, Expunged, FlagsChanged
from mailsim.trace.facts import Fact, StoreAdded, StoreExpunged, StoreFlagged


async def publish(host: Host, changes: Iterable[Change], msg: str = "") -> None:
    """Note each change as an event and raise the signals of the mailboxes; `msg` is the message that was added."""
    mailboxes: dict[str, None] = {}
    for change in changes:
        await Note(_fact(change, msg))
        mailboxes[change.mailbox] = None
    for mailbox in mailboxes:
        await Raise(host.mailbox_signal(mailbox))


def _fact(change: Change, msg: str) -> Fact:
    match change:
        case Added(mailbox, folder, uid, size):
            return StoreAdded(mailbox, folder, uid, size, msg)
        case FlagsChanged(mailbox, folder, uid, flags):
            return StoreFlagged(mailbox, folder, uid, tuple(sorted(flags)))
        case Expunged(mailbox, folder, uid, size):
            return StoreExpunged(mailbox, folder, uid, size)
