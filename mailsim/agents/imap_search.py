"""Searches an open mailbox: which of the messages that this session knows match all keys (RFC 9051 section 6.4.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from mailsim.mail.folder import Folder
from mailsim.protocols.imap import Hit, MailboxView, Search, SearchContext, keys, matches_all


def found_by(command: Search, view: MailboxView, folder: Folder, saved: frozenset[int], zone_minutes: int) -> list[Hit]:
    """The messages found, by rising number; one that another session has removed is found no more."""
    largest = view.uids[-1] if view.uids else 0
    context = SearchContext(len(view), largest, frozenset(view.recent), zone_minutes, saved)
    candidates, others = _candidates(command.keys, view)
    hits = []
    for number, uid in candidates:
        message = folder.get(uid)
        if message is not None and matches_all(message, number, others, context):
            hits.append(Hit(number, uid, message.modseq))
    return hits


Candidates: TypeAlias = "tuple[Iterable[tuple[int, int]], Sequence[keys.SearchKey]]"


def _candidates(wanted: tuple[keys.SearchKey, ...], view: MailboxView) -> Candidates:
    """Number and UID of the messages worth a look, and the keys that they must still match.

    When a set is among the keys these are the messages in it, however large the mailbox and the set.
    """
    for index, key in enumerate(wanted):
        others = (*wanted[:index], *wanted[index + 1 :])
        match key:
            case keys.Uids(sequence) if not sequence.is_saved:
                return view.resolve(sequence, by_uid=True) or [], others
            case keys.Numbers(sequence) if not sequence.is_saved:
                return [(number, view.uids[number - 1]) for number in sequence.within(len(view))], others
    return enumerate(view.uids, 1), wanted
