"""The IMAP half of a mail client: looks at the list first, takes what it wants, and stays in step with the server.

A visit opens a folder and brings the client's list of it up to date: which mails are new, which are gone, whose
flags are others (RFC 4549 tells it for clients that were offline). Then it does what its user wants, and if
the user stays, it listens for what others do with the same mailbox (IDLE, RFC 2177).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence

from mailsim.agents.actions import (
    DeleteMail,
    ExpungeMail,
    FlagMail,
    MoveMail,
    OnMails,
    OpenMail,
    ReadMail,
    Which,
)
from mailsim.agents.imap_client import ImapClient
from mailsim.agents.local_folder import LocalFolder, LocalMail, first_text, leaves, shown
from mailsim.agents.operations import Note, Now, Raise, Signal, Sleep, Spawn
from mailsim.agents.policy import MuaPolicy
from mailsim.mail import header
from mailsim.mail.identity import message_key
from mailsim.mail.mime import BodyStructure, Section
from mailsim.mail.mime_envelope import envelope
from mailsim.protocols.imap import (
    Command,
    Condition,
    Copy,
    Exists,
    Expunge,
    Expunged,
    Fetch,
    FetchData,
    Move,
    Noop,
    Response,
    Search,
    SearchData,
    Select,
    SequenceSet,
    Store,
    StoreMode,
    Tagged,
    code_argument,
    keys,
)
from mailsim.protocols.imap.items import BODYSTRUCTURE, ENVELOPE, FLAGS, SIZE, UID, Body, FetchItem
from mailsim.trace.facts import MessageShown, PolicyVerdict

INBOX, TRASH, DELETED = "INBOX", "Trash", "\\Deleted"
Task = ReadMail | OnMails


class ImapReading:
    """What one client remembers of the folders, and what its user still wants of them.

    Attributes:
        folders: name -> what is here of it. wishes: what the user wants, oldest first. is_open: whether somebody
            is connected and will see to it. wish: raised when there is a new one.
    """

    def __init__(self, user: str, policy: MuaPolicy, log_in: Callable[[ImapClient], Awaitable[bool]]) -> None:
        self.user, self.policy, self.log_in = user, policy, log_in
        self.folders: dict[str, LocalFolder] = {}
        self.wishes: deque[Task] = deque()
        self.wish = Signal()
        self.is_open = False
        self._stays = 0

    def folder(self, name: str) -> LocalFolder:
        """What is known of a folder; nothing at first."""
        return self.folders.setdefault(name, LocalFolder(name, self.policy.cache_by == "number"))

    async def visit(self, imap: ImapClient) -> None:
        """One connection, from logging in to LOGOUT: until nothing is wanted any more and the user goes."""
        session = Session(self, imap)
        if await self.log_in(imap):
            while self.wishes or self._stays:
                if self.wishes:
                    await session.do(self.wishes[0])
                    self.wishes.popleft()
                else:
                    await session.wait()
        await imap.logout()

    async def stay(self, delay_us: int) -> None:
        """Keep the connection open for so long."""
        self._stays += 1
        await Spawn(f"the client of {self.user} stays connected", self._leave(delay_us))

    async def _leave(self, delay_us: int) -> None:
        await Sleep(delay_us)
        self._stays -= 1
        await Raise(self.wish)

    def broken(self) -> None:
        """The connection is lost, and with it the wish to stay."""
        self._stays = 0


class Session:
    """One open connection, and the folder that is selected in it."""

    def __init__(self, reading: ImapReading, imap: ImapClient) -> None:
        self.reading, self.imap, self.policy = reading, imap, reading.policy
        self.folder = LocalFolder("")

    async def do(self, task: Task) -> None:
        """One thing that the user wants."""
        name = INBOX if isinstance(task, ReadMail) else task.which.folder
        if not await self._select(name):
            return
        match task:
            case ReadMail(stay_us=stay_us):
                if stay_us:
                    await self.reading.stay(stay_us)
            case OpenMail(which, part):
                for mail in self.folder.chosen(which):
                    await self._open(mail, part)
            case FlagMail(which, add, remove):
                await self._store(which, StoreMode.ADD, add)
                await self._store(which, StoreMode.REMOVE, remove)
            case MoveMail(which, to):
                await self._move(which, to)
            case DeleteMail(which):
                await self._delete(which)
            case ExpungeMail():
                await self._ask(Expunge())
        await self._show_list()

    async def wait(self) -> None:
        """Wait for news, or for the user."""
        is_idle = self.policy.idle and self.imap.engine.can("IDLE")
        if not is_idle or (await self.imap.idle(self.reading.wish, self._hear_idle)).status != "OK":
            await Sleep(self.policy.poll_us)
            await self._ask(Noop())
        await self._catch_up()

    # --- keeping in step ------------------------------------------------------------------------

    async def _select(self, name: str) -> bool:
        if self.folder.name == name:
            await self._catch_up()
            return True
        self.folder = self.reading.folder(name)
        tagged, told = await self._ask(Select(name))
        if tagged.status != "OK":
            self.folder = LocalFolder("")
            return False
        await self._check_validity(_code(told, "UIDVALIDITY"))
        await self._synchronize(_code(told, "HIGHESTMODSEQ"))
        return True

    async def _check_validity(self, uid_validity: str) -> None:
        """Other UIDVALIDITY, other UIDs: what was kept under the old ones must go (RFC 9051 section 2.3.1.1)."""
        folder = self.folder
        if folder.uid_validity not in ("", uid_validity):
            await Note(PolicyVerdict("uidvalidity", "forget", f"{folder.uid_validity} -> {uid_validity}"))
            folder.forget()
        folder.uid_validity = uid_validity

    async def _synchronize(self, modseq: str) -> None:
        folder = self.folder
        if folder.by_number:
            folder.have(folder.mails[: self.imap.exists])
            folder.modseq = modseq
        elif await self._learn_which() and await self._learn_flags(modseq):
            folder.modseq = modseq
        await self._catch_up()

    async def _learn_which(self) -> bool:
        """Which of the mails in the list are still there; False when the server does not say."""
        tagged, told = await self._request(Search((keys.All(),), by_uid=True))
        if tagged.status != "OK":
            return False
        uids = next((data.numbers for data in told if isinstance(data, SearchData)), ())
        self.folder.have([mail for uid in uids if (mail := self.folder.by_id(str(uid))) is not None])
        return True

    async def _learn_flags(self, modseq: str) -> bool:
        """Flags of the mails that are known: only of those that changed, where the server counts changes."""
        folder = self.folder
        since = int(folder.modseq) if self.policy.condstore and folder.modseq and modseq else None
        if not folder.mails or (since is not None and folder.modseq == modseq):
            return True
        uids = SequenceSet.from_numbers(mail.uid for mail in folder.mails)
        tagged, _ = await self._ask(Fetch(uids, (FLAGS,), by_uid=True, changed_since=since))
        return tagged.status == "OK"

    async def _catch_up(self) -> None:
        """Ask about mails that the server has more than the list, and take what the settings say."""
        first, last = len(self.folder.mails) + 1, self.imap.exists
        if first <= last:
            new = await self._list_new(first, last)
            await self._show_list()
            await self._take(new)
        await self._show_list()

    async def _list_new(self, first: int, last: int) -> list[LocalMail]:
        structure = () if self.policy.fetch == "whole" else (BODYSTRUCTURE,)
        items: tuple[FetchItem, ...] = (UID, FLAGS, SIZE, ENVELOPE, *structure)
        _, told = await self._request(Fetch(SequenceSet(((first, last),)), items))
        now, new = await Now(), list[LocalMail]()
        for data in told:
            if isinstance(data, FetchData) and data.uid and data.number == len(self.folder.mails) + 1:
                mail = LocalMail(str(data.uid), since_us=now)
                mail.learn(data)
                self.folder.add(mail)
                new.append(mail)
            else:
                self._hear(data)
        return new

    async def _take(self, new: Iterable[LocalMail]) -> None:
        for mail in new:
            if self.policy.fetch == "whole":
                await self._open(mail, "")
            elif self.policy.fetch == "text" and mail.structure is not None:
                await self._open(mail, ".".join(map(str, first_text(mail.structure))))

    def _hear(self, response: Response) -> bool:
        """Take over what the server says without being asked; does the client want to ask about it?"""
        match response:
            case Exists(number):
                self.imap.exists = number
                return number > len(self.folder.mails)
            case Expunged(number):
                self.folder.expunged(number)
                self.imap.exists -= 1
            case FetchData() as data:
                mail = self._mail_of(data)
                if mail is not None:
                    self.folder.learn(mail, data)
        return False

    async def _hear_idle(self, told: Sequence[Response]) -> bool:
        wishes = [self._hear(response) for response in told]
        await self._show_list()
        return any(wishes)

    def _mail_of(self, data: FetchData) -> LocalMail | None:
        if data.uid and not self.folder.by_number:
            return self.folder.by_id(str(data.uid))
        return self.folder.at(data.number)

    async def _request(self, command: Command) -> tuple[Tagged, list[Response]]:
        """Ask the server for something, and let the user know if it refuses."""
        tagged, told = await self.imap.ask(command)
        if tagged.status != "OK":
            await Note(PolicyVerdict("inbox", "failed", f"{tagged.status} {tagged.text}"))
        return tagged, told

    async def _ask(self, command: Command) -> tuple[Tagged, list[Response]]:
        """The same, and take over what the server says by the way."""
        tagged, told = await self._request(command)
        for response in told:
            self._hear(response)
        return tagged, told

    async def _show_list(self) -> None:
        listed = self.folder.changed_list(self.reading.user)
        if listed is not None:
            await Note(listed)

    # --- opening --------------------------------------------------------------------------------

    async def _open(self, mail: LocalMail, part: str) -> None:
        """Show a mail or a part of it; what is here already is not asked for again."""
        if part not in mail.is_complete:
            if part and (size := _size_of(mail, part)) > self.policy.fetch_chunk > 0:
                await self._fetch_in_chunks(mail, part, size)
            else:
                await self._fetch_at_once(mail, part)
        if part in mail.is_complete:
            await self._show(mail, part)

    async def _fetch_at_once(self, mail: LocalMail, part: str) -> None:
        content = await self._fetch(mail, Body(_section(part), peek=not self.policy.mark_seen))
        if content is not None:
            self.folder.keep(mail, part, content)
            mail.is_complete.add(part)

    async def _fetch_in_chunks(self, mail: LocalMail, part: str, size: int) -> None:
        """A piece at a time, from where the last one ended, even if that was in another connection."""
        chunk = self.policy.fetch_chunk
        while (have := len(mail.parts.get(part, b""))) < size:
            peek = not self.policy.mark_seen
            content = await self._fetch(mail, Body(_section(part), peek, (have, min(chunk, size - have))))
            if not content:
                return
            self.folder.keep(mail, part, mail.parts.get(part, b"") + content)
        mail.is_complete.add(part)

    async def _fetch(self, mail: LocalMail, item: Body) -> bytes | None:
        """The octets of an item; by UID, or, in belief M31, by the number that the mail is thought to have."""
        by_uid = not self.folder.by_number
        number = mail.uid if by_uid else self.folder.number_of(mail)
        _, told = await self._ask(Fetch(SequenceSet.of(number), (item,), by_uid=by_uid))
        for data in told:
            if isinstance(data, FetchData) and isinstance(content := data.get(item.answer_name), bytes):
                return content
        return None

    async def _show(self, mail: LocalMail, part: str) -> None:
        content = mail.parts[part]
        if part:
            sender, subject, msg = mail.sender, mail.subject, mail.msg
        else:
            subject, sender, msg = *shown(envelope(content))[:2], message_key(content)
            sender = header.text(content, "From") or sender
        user = self.reading.user
        await Note(MessageShown(user, msg, user, sender, subject))

    # --- changing -------------------------------------------------------------------------------

    def _uids(self, which: Which) -> Sequence[int]:
        return [mail.uid for mail in self.folder.chosen(which)]

    async def _store(self, which: Which, mode: StoreMode, flags: Sequence[str]) -> None:
        uids = self._uids(which)
        if uids and flags:
            await self._ask(Store(SequenceSet.from_numbers(uids), mode, tuple(flags), by_uid=True))

    async def _move(self, which: Which, to: str) -> None:
        """MOVE, or what it stands for where the server has none (RFC 6851 section 3.3)."""
        uids = self._uids(which)
        if not uids:
            return
        numbers = SequenceSet.from_numbers(uids)
        if self.imap.engine.can("MOVE") or self.imap.engine.can("IMAP4rev2"):
            await self._ask(Move(numbers, to, by_uid=True))
        elif (await self._ask(Copy(numbers, to, by_uid=True)))[0].status == "OK":
            await self._store(which, StoreMode.ADD, (DELETED,))
            await self._ask(Expunge(numbers if self.imap.engine.can("UIDPLUS") else None))

    async def _delete(self, which: Which) -> None:
        if self.policy.delete == "trash" and self.folder.name != TRASH:
            await self._move(which, TRASH)
            return
        uids = self._uids(which)
        await self._store(which, StoreMode.ADD, (DELETED,))
        if uids and self.policy.delete != "mark":
            has_uids = self.imap.engine.can("UIDPLUS") or self.imap.engine.can("IMAP4rev2")
            await self._ask(Expunge(SequenceSet.from_numbers(uids) if has_uids else None))


def _code(told: Iterable[Response], name: str) -> str:
    """What a response code says, e.g. of `* OK [UIDVALIDITY 3857529045]`."""
    codes = (code_argument(one.code, name) for one in told if isinstance(one, Condition))
    return next((code for code in codes if code is not None), "")


def _section(part: str) -> Section:
    return Section(tuple(int(number) for number in part.split("."))) if part else Section()


def _size_of(mail: LocalMail, part: str) -> int:
    structure: BodyStructure | None = mail.structure
    sizes = {".".join(map(str, path)): leaf.octets for path, leaf in leaves(structure)} if structure else {}
    return sizes.get(part, 0)
