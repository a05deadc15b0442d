"""Searches an open mailbox: which of the messages that this session knows match all keys (RFC 9051 section 6.4.4)."""

from __future__ import annotations

from collections.abc import Iterable

from mailsim.mail.folder import Folder
from mailsim.protocols.imap import Hit, MailboxView, Search, SearchContext, keys, matches_all


def found_by(command: Search, view: MailboxView, folder: Folder, saved: frozenset[int], zone_minutes: int) -> list[Hit]:
    """The messages found, by rising number; one that another session has removed is found no more."""
    largest = view.uids[-1] if view.uids else 0
    context = SearchContext(len(view), largest, frozenset(view.recent), zone_minutes, saved)
    hits = []
    for number, uid in _candidates(command.keys, view):
        message = folder.get(uid)
        if message is not None and matches_all(message, number, command.keys, context):
            hits.append(Hit(number, uid, message.modseq))
    return hits


def _candidates(wanted: tuple[keys.SearchKey, ...], view: MailboxView) -> Iterable[tuple[int, int]]:
    """Number and UID of the messages worth a look: all, or the few that a set among the keys names."""
    for key in wanted:
        match key:
            case keys.Uids(sequence) if not sequence.is_saved:
                return view.resolve(sequence, by_uid=True) or []
            case keys.Numbers(sequence) if not sequence.is_saved:
                return [(number, view.uids[number - 1]) for number in sequence.within(len(view))]
    return enumerate(view.uids, 1)
