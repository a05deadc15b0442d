"""What one session knows of the selected mailbox: numbers, UIDs, and news that were not told yet.

Message sequence numbers are an agreement between one client and its server. The server may change
it only by saying so: `EXISTS` adds at the end, `EXPUNGE` takes one out and renumbers the rest, and
EXPUNGE must not be said while a command that uses numbers is answered (RFC 9051 section 7.5.1). So
each session has a view of its own: other sessions' changes are collected with `appeared`, `vanished` and
`flags_changed`, and told by `news` when that is allowed. A message that has vanished keeps its number
until then. The view knows no store: everything is UIDs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from mailsim.protocols.imap.fetch_data import FetchData
from mailsim.protocols.imap.responses import Exists, Expunged, Recent, Response, Vanished
from mailsim.protocols.imap.sequence import SequenceSet


@dataclass(frozen=True, slots=True)
class NewsStyle:
    """How news is told to this client: it depends on what the client has enabled.

    Args:
        recent: with `\\Recent` and RECENT (IMAP4rev1).
        with_uid: FETCH that nobody asked for has the UID (RFC 9051 section 7.5.2).
        with_modseq: and the mod-sequence (CONDSTORE).
        vanished: VANISHED with UIDs instead of EXPUNGE with numbers (QRESYNC).
    """

    recent: bool = True
    with_uid: bool = False
    with_modseq: bool = False
    vanished: bool = False


class MailboxView:
    """The selected mailbox as this session has been told of it.

    Args:
        uids: UIDs that exist, in rising order: position i is message number i + 1.
        recent: those that this session is the first to be told of.
        read_only: EXAMINE.
        descending: report expunges from the highest number down (9, 8, 7 instead of 7, 7, 7).
    """

    def __init__(
        self,
        uids: Iterable[int],
        recent: Iterable[int] = (),
        read_only: bool = False,
        descending: bool = False,
    ) -> None:
        self.uids = list(uids)
        self.recent = set(recent)
        self.read_only, self.descending = read_only, descending
        self._new: dict[int, None] = {}  # in order of arrival
        self._new_recent: set[int] = set()
        self._gone: set[int] = set()
        self._flags: dict[int, tuple[tuple[str, ...], int]] = {}

    def __len__(self) -> int:
        return len(self.uids)

    # --- numbers -----------------------------------------------------------------------------------

    def number_of(self, uid: int) -> int | None:
        """The message number of a UID that the client has been told of."""
        index = bisect_left(self.uids, uid)
        return index + 1 if index < len(self.uids) and self.uids[index] == uid else None

    def uid_of(self, number: int) -> int | None:
        """The UID behind a message number."""
        return self.uids[number - 1] if 1 <= number <= len(self.uids) else None

    def resolve(self, sequence: SequenceSet, by_uid: bool = False) -> list[tuple[int, int]] | None:
        """Pairs of number and UID that the set means, rising.

        None when a message number is larger than there are messages: that is a BAD. UIDs that do not
        exist are passed over (RFC 3501 sections 6.4.8 and 9).
        """
        if by_uid:
            return [(index + 1, self.uids[index]) for index in sequence.positions(self.uids)]
        count = len(self.uids)
        ranges = sequence.resolved(count)
        if count == 0 or ranges[-1][1] > count:
            return None
        return [(n, self.uids[n - 1]) for low, high in ranges for n in range(low, high + 1)]

    # --- news --------------------------------------------------------------------------------------

    def appeared(self, uid: int, recent: bool = False) -> None:
        """A message was added to the mailbox."""
        self._new[uid] = None
        if recent:
            self._new_recent.add(uid)

    def vanished(self, uid: int) -> None:
        """A message was expunged, by this session or by another."""
        if uid in self._new:  # never told of, so there is nothing to take back
            del self._new[uid]
            self._new_recent.discard(uid)
        else:
            self._gone.add(uid)
        self._flags.pop(uid, None)

    def flags_changed(self, uid: int, flags: tuple[str, ...], modseq: int = 0) -> None:
        """Another session (or another command) has given a message these flags, all of them, without `\\Recent`."""
        self._flags[uid] = (flags, modseq)

    def flags_told(self, uid: int) -> None:
        """The client knows the flags of this message already (a FETCH or a STORE answer had them)."""
        self._flags.pop(uid, None)

    @property
    def has_news(self) -> bool:
        """Is there something to tell?"""
        return bool(self._new or self._gone or self._flags)

    def news(self, expunge_allowed: bool, style: NewsStyle | None = None) -> list[Response]:
        """The untagged responses for everything that is new, as far as it may be told now.

        `expunge_allowed`: `server.expunge_allowed`; when it is False the removals stay for later.
        """
        style = style or NewsStyle()
        told: list[Response] = []
        recent = len(self.recent)
        if expunge_allowed and self._gone:
            told += self._tell_removals(style.vanished)
        if self._new:
            self.uids += self._new
            self.recent |= self._new_recent
            told.append(Exists(len(self.uids)))
        if style.recent and (self._new or recent != len(self.recent)):
            told.append(Recent(len(self.recent)))
        self._new, self._new_recent = {}, set()
        return told + self._tell_flags(style)

    def _tell_removals(self, vanished: bool) -> list[Response]:
        gone, self._gone = self._gone, set()
        numbers = [n for n, uid in enumerate(self.uids, 1) if uid in gone]
        self.uids = [uid for uid in self.uids if uid not in gone]
        self.recent -= gone
        if vanished:
            return [Vanished(SequenceSet.of(*gone))]
        if self.descending:
            return [Expunged(number) for number in reversed(numbers)]
        return [Expunged(number - told) for told, number in enumerate(numbers)]

    def _tell_flags(self, style: NewsStyle) -> list[Response]:
        told: list[Response] = []
        changed, self._flags = sorted(self._flags.items()), {}
        for uid, (flags, modseq) in changed:
            number = self.number_of(uid)
            if number is not None and uid not in self._gone:
                shown = (*flags, "\\Recent") if style.recent and uid in self.recent else flags
                head = (("UID", uid),) if style.with_uid else ()
                tail = (("MODSEQ", modseq),) if style.with_modseq else ()
                told.append(FetchData(number, (*head, ("FLAGS", shown), *tail)))
        return told
