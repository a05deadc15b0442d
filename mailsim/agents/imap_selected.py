"""An open mailbox of an IMAP session: FETCH, STORE, SEARCH, EXPUNGE, COPY, MOVE, and news of what others do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from mailsim.agents.host import Host
from mailsim.agents.store_notes import publish
from mailsim.mail.changes import Added, Change, Copied, Expunged, FlagsChanged
from mailsim.mail.folder import SEEN, SYSTEM_FLAGS, FlagAction, Folder
from mailsim.mail.store import Account, InUse, NoSuchFolder, OverQuota
from mailsim.protocols.imap import (
    Check,
    Close,
    Command,
    Condition,
    Copy,
    Expunge,
    Fetch,
    MailboxView,
    Move,
    Response,
    Search,
    SearchContext,
    SearchData,
    Store,
    StoreMode,
    Unselect,
    copy_uid,
    fetch_items,
    flags_shown,
    matches_all,
    selected,
    sets_seen,
)

Answer: TypeAlias = "tuple[list[Response], str]"
"""Untagged data for a command, and the response code of its OK."""

ACTIONS = {
    StoreMode.REPLACE: FlagAction.REPLACE,
    StoreMode.ADD: FlagAction.ADD,
    StoreMode.REMOVE: FlagAction.REMOVE,
}


class Refusal(Exception):
    """The command is answered with NO (or BAD), this text and this response code; `data` still goes before it."""

    def __init__(self, text: str, code: str = "", is_bad: bool = False, data: Sequence[Response] = ()) -> None:
        super().__init__(text)
        self.text, self.code, self.is_bad, self.data = text, code, is_bad, data


class SelectedMailbox:
    """One session's look at one folder. What others change reaches it by the folder's log of changes."""

    def __init__(self, host: Host, account: Account, folder: Folder, read_only: bool) -> None:
        self.host, self.account, self.folder = host, account, folder
        recent = frozenset[int]() if read_only else folder.claim_recent()
        self.view = MailboxView(folder.uids(), recent, read_only)
        self.is_left = False
        self._cursor = folder.cursor

    def opened(self) -> list[Response]:
        """What SELECT and EXAMINE tell (RFC 3501 section 6.3.1)."""
        folder = self.folder
        first = next((number for number, message in enumerate(folder, 1) if SEEN not in message.flags), None)
        flags = flags_shown(SYSTEM_FLAGS)
        return selected(
            exists=len(folder),
            recent=len(self.view.recent),
            flags=flags,
            permanent=() if self.view.read_only else (*flags, "\\*"),
            uid_validity=folder.uid_validity,
            uid_next=folder.uid_next,
            first_unseen=first if folder.unseen else None,
        )

    def news(self, expunge_allowed: bool) -> Sequence[Response]:
        """What this session has not been told yet, as far as it may be told now (RFC 9051 section 7.5.1)."""
        self._catch_up()
        return self.view.news(expunge_allowed) if self.view.has_news else ()

    def _catch_up(self) -> None:
        changes = self.folder.changes_since(self._cursor)
        if not changes:
            return
        recent = frozenset[int]() if self.view.read_only else self.folder.claim_recent()
        for change in changes:
            match change:
                case Added(uid=uid):
                    self.view.appeared(uid, recent=uid in recent)
                case Expunged(uid=uid):
                    self.view.vanished(uid)
                case FlagsChanged(uid=uid, flags=flags):
                    self.view.flags_changed(uid, flags_shown(flags))
        self._cursor = self.folder.cursor

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
                if not self.view.read_only:
                    await self._expunge(None)
                self.is_left = True
                return [], ""
            case Expunge(uids):
                self._must_be_writable()
                largest = max(self.view.uids, default=0)
                await self._expunge(None if uids is None else [u for u in self.view.uids if uids.contains(u, largest)])
                return [], ""
            case Search():
                return [self._search(command)], ""
            case Fetch():
                return await self._fetch(command), ""
            case Store():
                return await self._store(command), ""
            case Copy() | Move():
                return await self._transfer(command)
        raise Refusal(f"{command.name} is not supported")

    async def _expunge(self, uids: Iterable[int] | None) -> None:
        outcome = self.account.expunge(self.folder.name, uids)
        match outcome:
            case InUse():
                raise Refusal("Mailbox is open elsewhere", "INUSE")
            case NoSuchFolder():
                raise Refusal("Mailbox was deleted", "NONEXISTENT")
        await self._publish(outcome)

    def _search(self, command: Search) -> Response:
        view, folder = self.view, self.folder
        offset = self.host.calendar.utc_offset_minutes
        context = SearchContext(len(view), max(view.uids, default=0), frozenset(view.recent), offset)
        found = []
        for number, uid in enumerate(view.uids, 1):
            message = folder.get(uid)
            if message is not None and matches_all(message, number, command.keys, context):
                found.append(uid if command.by_uid else number)
        return SearchData(tuple(found))

    async def _fetch(self, command: Fetch) -> list[Response]:
        """Looking at a body with BODY[...] marks the message as seen; BODY.PEEK[...] does not."""
        marks = sets_seen(command.items) and not self.view.read_only
        meant = self._meant(command)
        unseen = {uid for _, uid in meant if marks and SEEN not in self._flags(uid)}
        if unseen:
            await self._set_flags(unseen, (SEEN,), FlagAction.ADD)
        offset = self.host.calendar.utc_offset_minutes
        told: list[Response] = []
        for number, uid in meant:
            message = self.folder.get(uid)
            assert message is not None
            told.append(
                fetch_items(
                    message,
                    number,
                    command.items,
                    by_uid=command.by_uid,
                    recent=uid in self.view.recent,
                    with_flags=uid in unseen,
                    zone_minutes=offset,
                )
            )
        return told

    async def _store(self, command: Store) -> list[Response]:
        self._must_be_writable()
        meant = self._meant(command)
        await self._set_flags([uid for _, uid in meant], command.flags, ACTIONS[command.mode])
        if command.silent:
            return []
        told: list[Response] = []
        for number, uid in meant:
            message = self.folder.get(uid)
            assert message is not None
            recent = uid in self.view.recent
            told.append(fetch_items(message, number, (), by_uid=command.by_uid, with_flags=True, recent=recent))
        return told

    async def _transfer(self, command: Copy | Move) -> Answer:
        uids = [uid for _, uid in self._meant(command)]
        name = self.folder.name
        if isinstance(command, Move):
            self._must_be_writable()
            outcome: object = self.account.move(name, uids, command.mailbox)
        else:
            outcome = self.account.copy(name, uids, command.mailbox)
        match outcome:
            case Copied(uid_validity, pairs, changes):
                await self._publish(changes)
                code = copy_uid(uid_validity, pairs) if pairs else ""
                if isinstance(command, Move) and code:
                    return [Condition("OK", "Moved", code)], ""
                return [], code
            case OverQuota():
                raise Refusal("Mailbox is full", "OVERQUOTA")
            case InUse():
                raise Refusal("Mailbox is open elsewhere", "INUSE")
        raise Refusal("No such mailbox", "TRYCREATE")

    # --- inside ---------------------------------------------------------------------------------

    def _meant(self, command: Fetch | Store | Copy | Move) -> list[tuple[int, int]]:
        """Number and UID of each message meant that still exists."""
        pairs = self.view.resolve(command.sequence, command.by_uid)
        if pairs is None:
            raise Refusal("No such message number", is_bad=True)
        return [(number, uid) for number, uid in pairs if uid in self.folder]

    def _flags(self, uid: int) -> frozenset[str]:
        message = self.folder.get(uid)
        return message.flags if message else frozenset()

    async def _set_flags(self, uids: Iterable[int], flags: Iterable[str], action: FlagAction) -> None:
        changes = self.account.store_flags(self.folder.name, uids, flags, action)
        if isinstance(changes, NoSuchFolder):
            raise Refusal("Mailbox was deleted", "NONEXISTENT")
        await self._publish(changes)
        self._catch_up()
        for change in changes:
            self.view.flags_told(change.uid)

    async def _publish(self, changes: Sequence[Change]) -> None:
        await publish(self.host, changes)

    def _must_be_writable(self) -> None:
        if self.view.read_only:
            raise Refusal("Mailbox is read-only")
