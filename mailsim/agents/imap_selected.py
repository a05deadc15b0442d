"""An open mailbox of an IMAP session: FETCH, STORE, EXPUNGE, COPY, MOVE, SEARCH, and news of what others do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mailsim.agents.host import Host
from mailsim.agents.imap_answers import (
    BAD_NAME,
    GONE,
    NO_MAILBOX,
    READ_ONLY,
    TRY_CREATE,
    Answer,
    Refusal,
    refusal,
    refusal_of,
)
from mailsim.agents.imap_search import found_by
from mailsim.agents.store_notes import publish
from mailsim.mail.account import Account
from mailsim.mail.changes import Added, Change, Copied, Expunged, FlagsChanged, NoSuchFolder
from mailsim.mail.folder import SEEN, SYSTEM_FLAGS, FlagAction, Folder, Message
from mailsim.mail.mime_binary import UnknownEncoding
from mailsim.protocols.imap import (
    Check,
    Close,
    Command,
    Condition,
    Copy,
    Expunge,
    Fetch,
    FlagsData,
    ImapServer,
    MailboxView,
    Move,
    NewsStyle,
    Response,
    Resynchronize,
    Search,
    SequenceSet,
    Store,
    StoreMode,
    Unselect,
    Vanished,
    code_of,
    copy_uid,
    fetch_items,
    flags_shown,
    search_answer,
    selected,
    sets_seen,
    told_of,
)
from mailsim.protocols.imap.items import FLAGS, MODSEQ, FetchItem

ACTIONS = {
    StoreMode.REPLACE: FlagAction.REPLACE,
    StoreMode.ADD: FlagAction.ADD,
    StoreMode.REMOVE: FlagAction.REMOVE,
}


class SelectedMailbox:
    """One session's look at one folder. What others change reaches it by the folder's log of changes."""

    def __init__(self, host: Host, account: Account, folder: Folder, engine: ImapServer, read_only: bool) -> None:
        self.host, self.account, self.folder, self.engine = host, account, folder, engine
        recent = folder.unclaimed() if read_only else folder.claim_recent()
        self.view = MailboxView(folder.uids(), recent, read_only)
        self.is_left = False
        self.saved: frozenset[int] = frozenset()
        """UIDs of what `$` means (RFC 5182)."""
        self._cursor = folder.watch()
        self._told_keywords = len(folder.keywords)

    @property
    def style(self) -> NewsStyle:
        """How this client is told of news: by what it has enabled."""
        enabled = self.engine.enabled
        rev2, resync = self.engine.is_rev2, "QRESYNC" in enabled
        return NewsStyle(not rev2, rev2 or resync, "CONDSTORE" in enabled, resync)

    # --- opening --------------------------------------------------------------------------------

    def opened(self) -> list[Response]:
        """The answer to SELECT or EXAMINE (RFC 9051 section 6.3.2)."""
        folder, is_rev2 = self.folder, self.engine.is_rev2
        unseen = not is_rev2 and folder.unseen
        return selected(
            exists=len(folder),
            recent=None if is_rev2 else len(self.view.recent),
            flags=self._flag_names(),
            permanent=self._permanent_flags(),
            uid_validity=folder.uid_validity,
            uid_next=folder.uid_next,
            first_unseen=next((n for n, m in enumerate(folder, 1) if SEEN not in m.flags), None) if unseen else None,
            highest_modseq=folder.highest_modseq,
        )

    def resynchronized(self, remembered: Resynchronize) -> list[Response]:
        """What changed since the client looked last: who is gone, and whose flags are others (RFC 7162 3.2.5)."""
        if remembered.uid_validity != self.folder.uid_validity:
            return []
        known = remembered.known or SequenceSet(((1, max(1, self.folder.uid_next - 1)),))
        wanted = self.view.resolve(known, by_uid=True) or []
        changed = [pair for pair in wanted if self._message(pair[1]).modseq > remembered.modseq]
        return [*self._vanished_since(remembered.modseq, known), *self._flags_told(changed)]

    def _vanished_since(self, modseq: int, known: SequenceSet) -> list[Response]:
        gone = self.folder.expunged_after_modseq(modseq)
        largest = self.folder.uid_next - 1
        told = sorted(uid for uid in gone if known.contains(uid, largest))
        return [Vanished(SequenceSet.from_numbers(told), earlier=True)] if told else []

    def _flags_told(self, pairs: Iterable[tuple[int, int]]) -> list[Response]:
        return [self._told(number, uid, (FLAGS, MODSEQ), with_uid=True) for number, uid in pairs]

    def _flag_names(self) -> tuple[str, ...]:
        return (*flags_shown(SYSTEM_FLAGS), *self.folder.keywords)

    def _permanent_flags(self) -> tuple[str, ...]:
        return () if self.view.read_only else (*self._flag_names(), "\\*")

    # --- news -----------------------------------------------------------------------------------

    def news(self, expunge_allowed: bool) -> Sequence[Response]:
        """What this session has not been told yet, as far as it may be told now (RFC 9051 section 7.5.1)."""
        self._catch_up()
        if not self.view.has_news:
            return ()
        return [*self._new_keywords(), *self.view.news(expunge_allowed, self.style)]

    def _catch_up(self) -> None:
        changes = self.folder.changes_since(self._cursor)
        if not changes:
            return
        recent = self.folder.unclaimed() if self.view.read_only else self.folder.claim_recent()
        for change in changes:
            match change:
                case Added(uid=uid):
                    self.view.appeared(uid, recent=uid in recent)
                case Expunged(uid=uid):
                    self.view.vanished(uid)
                case FlagsChanged(uid=uid, flags=flags, modseq=modseq):
                    self.view.flags_changed(uid, flags_shown(flags), modseq)
        self._cursor = self.folder.cursor

    def _new_keywords(self) -> list[Response]:
        """Before a keyword that is new here is shown, the client is told that there is one (RFC 3501 section 7.2.6)."""
        if self._told_keywords == len(self.folder.keywords):
            return []
        self._told_keywords = len(self.folder.keywords)
        permanent = Condition("OK", "Flags that can be changed", code_of("PERMANENTFLAGS", self._permanent_flags()))
        return [FlagsData(self._flag_names()), permanent]

    # --- commands -------------------------------------------------------------------------------

    async def answer(self, command: Command) -> Answer:
        """Do what the command says. Raises: Refusal."""
        match command:
            case Check():
                return [], ""
            case Unselect():
                self.is_left = True
                return [], ""
            case Close():
                return await self._close()
            case Expunge(uids):
                self._must_be_writable()
                return [], await self._expunge(None if uids is None else self._uids(uids))
            case Search():
                return self._search(command), ""
            case Fetch():
                return await self._fetch(command), ""
            case Store():
                return await self._store(command)
            case Copy() | Move():
                return await self._transfer(command)
        raise Refusal(f"{command.name} is not supported")

    async def _close(self) -> Answer:
        code = "" if self.view.read_only else await self._expunge(None)
        self.is_left = True
        return [], code

    async def _expunge(self, uids: Iterable[int] | None) -> str:
        outcome = self.account.expunge(self.folder.name, uids)
        if no := refusal_of(outcome):
            raise no
        assert isinstance(outcome, tuple)
        await self._publish(outcome)
        return self._highest_modseq() if outcome else ""

    def _highest_modseq(self) -> str:
        """The code with which a removal ends, for who keeps count (RFC 7162 section 3.2.8)."""
        return code_of("HIGHESTMODSEQ", self.folder.highest_modseq) if self.style.with_modseq else ""

    def _search(self, command: Search) -> list[Response]:
        offset = self.host.calendar.utc_offset_minutes
        hits = found_by(command, self.view, self.folder, self.saved, offset)
        if command.returns is not None and "SAVE" in command.returns:
            self.saved = frozenset(hit.uid for hit in told_of(hits, command.returns))
        return search_answer(command, hits, self.engine.tag, self.engine.is_rev2)

    async def _fetch(self, command: Fetch) -> list[Response]:
        """Looking at a body with BODY[...] marks the message as seen; BODY.PEEK[...] does not."""
        meant, is_complete = self._meant(command)
        told = self._vanished_told(command)
        if command.changed_since is not None:
            meant = [pair for pair in meant if self._message(pair[1]).modseq > command.changed_since]
        unseen = await self._mark_seen(command, meant)
        told += self._new_keywords()
        with_modseq = command.changed_since is not None
        try:
            for number, uid in meant:
                marked = uid in unseen
                told.append(
                    self._told(number, uid, command.items, command.by_uid, with_flags=marked, with_modseq=with_modseq)
                )
        except UnknownEncoding:
            raise Refusal("The encoding of this part is not known", "UNKNOWN-CTE", data=told) from None
        if not is_complete:
            raise refusal(GONE, told)
        return told

    def _vanished_told(self, command: Fetch) -> list[Response]:
        if not command.vanished:
            return []
        if not self.style.vanished:
            raise Refusal("QRESYNC is not enabled", is_bad=True)
        assert command.changed_since is not None
        return self._vanished_since(command.changed_since, self._set(command.sequence, by_uid=True))

    async def _mark_seen(self, command: Fetch, meant: Sequence[tuple[int, int]]) -> set[int]:
        marks = sets_seen(command.items) and not self.view.read_only
        unseen = {uid for _, uid in meant if marks and SEEN not in self._message(uid).flags}
        if unseen:
            await self._set_flags(unseen, (SEEN,), FlagAction.ADD)
        return unseen

    def _told(
        self,
        number: int,
        uid: int,
        items: tuple[FetchItem, ...],
        with_uid: bool = False,
        *,
        with_flags: bool = False,
        with_modseq: bool = False,
    ) -> Response:
        style = self.style
        return fetch_items(
            self._message(uid),
            number,
            items,
            by_uid=with_uid or style.with_uid,
            recent=style.recent and uid in self.view.recent,
            with_flags=with_flags,
            with_modseq=with_modseq or (with_flags and style.with_modseq),
            zone_minutes=self.host.calendar.utc_offset_minutes,
        )

    async def _store(self, command: Store) -> Answer:
        self._must_be_writable()
        meant, is_complete = self._meant(command)
        since = command.unchanged_since
        changed = {uid for _, uid in meant if since is not None and self._message(uid).modseq > since}
        failed = [pair for pair in meant if pair[1] in changed]
        done = [pair for pair in meant if pair[1] not in changed]
        await self._set_flags([uid for _, uid in done], command.flags, ACTIONS[command.mode])
        told = [*self._new_keywords(), *self._stored(command, done)]
        if not is_complete:
            raise refusal(GONE, told)
        return told, self._modified(failed, command.by_uid)

    def _stored(self, command: Store, done: Sequence[tuple[int, int]]) -> list[Response]:
        """The new flags; after .SILENT only the mod-sequences, for who keeps count (RFC 7162 section 3.1.3)."""
        if not command.silent:
            return [self._told(number, uid, (), command.by_uid, with_flags=True) for number, uid in done]
        if self.style.with_modseq:
            return [self._told(number, uid, (), command.by_uid, with_modseq=True) for number, uid in done]
        return []

    def _modified(self, failed: Sequence[tuple[int, int]], by_uid: bool) -> str:
        if not failed:
            return ""
        return f"MODIFIED {SequenceSet.from_numbers(pair[by_uid] for pair in failed)}"

    async def _transfer(self, command: Copy | Move) -> Answer:
        if isinstance(command, Move):
            self._must_be_writable()
        meant, is_complete = self._meant(command)
        target = command.mailbox
        if not self.account.may_be_called(target):
            raise refusal(BAD_NAME)
        if not self.account.folder(target):
            raise refusal(TRY_CREATE)
        if not is_complete:
            raise refusal(GONE)
        name, uids = self.folder.name, [uid for _, uid in meant]
        move = isinstance(command, Move)
        outcome = self.account.move(name, uids, target) if move else self.account.copy(name, uids, target)
        if no := refusal_of(outcome):
            raise no
        assert isinstance(outcome, Copied)
        await self._publish(outcome.changes)
        code = copy_uid(outcome.uid_validity, outcome.uids)
        if move and code:
            return [Condition("OK", "Moved", code)], self._highest_modseq()
        return [], code

    # --- inside ---------------------------------------------------------------------------------

    def _set(self, sequence: SequenceSet, by_uid: bool) -> SequenceSet:
        """The set that is meant: itself, or what `$` stands for, as UIDs or as the numbers that they have now."""
        if not sequence.is_saved:
            return sequence
        uids = sorted(self.saved)
        return SequenceSet.of(*uids if by_uid else filter(None, map(self.view.number_of, uids)))

    def _uids(self, sequence: SequenceSet) -> list[int]:
        return [uid for _, uid in self.view.resolve(self._set(sequence, by_uid=True), by_uid=True) or []]

    def _meant(self, command: Fetch | Store | Copy | Move) -> tuple[list[tuple[int, int]], bool]:
        """Number and UID of each message meant that still exists; and whether those are all.

        Whoever speaks of a message by its number has seen it, and wants to hear that it is gone (RFC 2180 section 4).
        """
        sequence = self._set(command.sequence, command.by_uid)
        pairs = self.view.resolve(sequence, command.by_uid) if sequence.ranges else []
        if pairs is None:
            raise Refusal("No such message number", is_bad=True)
        present = [pair for pair in pairs if pair[1] in self.folder]
        return present, command.by_uid or len(present) == len(pairs)

    def _message(self, uid: int) -> Message:
        message = self.folder.get(uid)
        assert message is not None
        return message

    async def _set_flags(self, uids: Iterable[int], flags: Iterable[str], action: FlagAction) -> None:
        changes = self.account.store_flags(self.folder.name, uids, flags, action)
        if isinstance(changes, NoSuchFolder):
            raise refusal(NO_MAILBOX)
        await self._publish(changes)
        self._catch_up()
        for change in changes:
            self.view.flags_told(change.uid)

    async def _publish(self, changes: Sequence[Change]) -> None:
        await publish(self.host, changes)

    def _must_be_writable(self) -> None:
        if self.view.read_only:
            raise refusal(READ_ONLY)
