"""A whole IMAP server around the engine: dictionaries for a store, one function for an agent.

Serves the transcripts here and the real clients in tests/interop. What sessions tell each other goes
through `Mailbox.watchers`: every session that has the mailbox selected has its view there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from mailsim.protocols.imap import (
    INBOX,
    Append,
    Authenticate,
    Capability,
    Check,
    Close,
    Command,
    Condition,
    Copy,
    Create,
    Delete,
    Done,
    Enable,
    Enabled,
    Examine,
    Expunge,
    Fetch,
    Idle,
    ImapServer,
    ImapServerConfig,
    List,
    ListData,
    Login,
    Logout,
    Lsub,
    MailboxView,
    Move,
    Namespace,
    NamespaceData,
    Noop,
    ReadyForLiteral,
    Refused,
    Rename,
    Response,
    SaslResponse,
    Search,
    SearchContext,
    SearchData,
    Select,
    StartTls,
    Status,
    StatusData,
    Store,
    StoreMode,
    Subscribe,
    Unselect,
    Unsubscribe,
    append_uid,
    copy_uid,
    fetch_items,
    flags_shown,
    listed,
    matches_all,
    root_of,
    selected,
    sets_seen,
)

NOW_US = 1_767_596_400_000_000
SYSTEM = ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")


@dataclass(frozen=True)
class Message:
    uid: int
    flags: frozenset[str]
    internal_date_us: int
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass
class Mailbox:
    uid_validity: int
    uid_next: int = 1
    messages: dict[int, Message] = field(default_factory=dict)
    recent: set[int] = field(default_factory=set)
    watchers: list[MailboxView] = field(default_factory=list)

    def add(self, content: bytes, flags: Iterable[str] = (), at_us: int = NOW_US) -> int:
        uid = self.uid_next
        self.uid_next += 1
        self.messages[uid] = Message(uid, frozenset(flags), at_us, content)
        if not self.watchers:
            self.recent.add(uid)
        for number, view in enumerate(self.watchers):
            view.appeared(uid, recent=number == 0)
        return uid

    def remove(self, uid: int) -> None:
        del self.messages[uid]
        for view in self.watchers:
            view.vanished(uid)

    def set_flags(self, uid: int, flags: frozenset[str]) -> None:
        if flags != self.messages[uid].flags:
            self.messages[uid] = replace(self.messages[uid], flags=flags)
            for view in self.watchers:
                view.flags_changed(uid, flags_shown(flags))


class Account:
    def __init__(self) -> None:
        self.passwords = {"dan": "heslo", "žofie": "kůň"}
        self.mailboxes: dict[str, Mailbox] = {INBOX: Mailbox(1), "Sent": Mailbox(2), "Práce/Škola": Mailbox(3)}
        self.subscribed = {INBOX, "Sent"}


class TinyServer:
    """One connection: bytes in, bytes out."""

    def __init__(self, account: Account | None = None, **config: object) -> None:
        self.account = account or Account()
        self.engine = ImapServer(ImapServerConfig("mail.skola.example", **config))  # type: ignore[arg-type]
        self.box: Mailbox | None = None
        self.view: MailboxView | None = None

    @property
    def closed(self) -> bool:
        return self.engine.closed

    def connect(self) -> bytes:
        return self.engine.greeting().to_bytes()

    def receive(self, data: bytes) -> bytes:
        self.engine.receive(data)
        out = []
        while (event := self.engine.next_event()) is not None:
            match event:
                case Refused(reply=reply) | ReadyForLiteral(reply=reply):
                    out.append(reply.to_bytes())
                case _:
                    out += [response.to_bytes() for response in self._react(event)]
        return b"".join(out)

    def news(self, *, expunge_allowed: bool | None = None) -> list[Response]:
        """Also for a test that wants to see what an idling session is told."""
        if self.view is None:
            return []
        allowed = self.engine.expunge_allowed if expunge_allowed is None else expunge_allowed
        return self.view.news(allowed)

    def _react(self, event: Command | SaslResponse | Done) -> Iterator[Response]:
        match event:
            case Authenticate(_, None):
                yield self.engine.challenge()
            case Authenticate(_, bytes() as initial):
                yield self._plain(initial)
            case SaslResponse(data):
                yield self._plain(data or b"")
            case Idle():
                yield self.engine.idling()
                yield from self.news()
            case Done():
                yield from self.news()
                yield self.engine.ok("IDLE completed")
            case Command():
                refusal, code, answers = "", "", []
                try:
                    for answer in self._answer(event):
                        if isinstance(answer, str):
                            code = answer
                        else:
                            answers.append(answer)
                except Trouble as trouble:
                    refusal, code = str(trouble), trouble.code
                yield from answers
                yield from () if isinstance(event, Select | Examine) else self.news()
                if refusal == "BAD":
                    yield self.engine.bad("No such message number")
                elif refusal:
                    yield self.engine.no(refusal, code)
                else:
                    yield self.engine.ok(code=code)

    def _plain(self, response: bytes) -> Response:
        _, user, password = response.decode().split("\0")
        if self.account.passwords.get(user) != password:
            return self.engine.no("Authentication failed", "AUTHENTICATIONFAILED")
        return self.engine.ok()

    def _answer(self, command: Command) -> Iterator[Response | str]:
        boxes = self.account.mailboxes
        match command:
            case Capability():
                yield self.engine.capability_data
            case Noop() | Check() | StartTls():
                pass
            case Enable():
                yield Enabled(())
            case Logout():
                yield self.engine.bye()
            case Login(user, password):
                if self.account.passwords.get(user) != password:
                    raise Trouble("Authentication failed", "AUTHENTICATIONFAILED")
            case Namespace():
                yield NamespaceData()
            case Select(name) | Examine(name):
                self._leave()
                yield from self._select(self._box(name), isinstance(command, Examine))
            case Create(name):
                if name in boxes:
                    raise Trouble("Mailbox exists", "ALREADYEXISTS")
                boxes[name] = Mailbox(len(boxes) + 10)
            case Delete(name):
                self._box(name)
                del boxes[name]
            case Rename(old, new):
                self._box(old)
                boxes[new] = boxes.pop(old)
            case Subscribe(name):
                self.account.subscribed.add(name)
            case Unsubscribe(name):
                self.account.subscribed.discard(name)
            case List(reference, "") | Lsub(reference, ""):
                yield ListData(("\\Noselect",), "/", root_of(reference), command.verb)
            case List(reference, pattern) | Lsub(reference, pattern):
                names = self.account.subscribed if isinstance(command, Lsub) else boxes
                for name, there in listed(names, reference, pattern):
                    yield ListData(() if there else ("\\Noselect",), "/", name, command.verb)
            case Status(name, items):
                yield self._status(name, items)
            case Append(name, content, flags, moment):
                box = self._box(name, "TRYCREATE")
                uid = box.add(content, flags, moment.at_us if moment else NOW_US)
                yield append_uid(box.uid_validity, uid)
            case _:
                yield from self._answer_selected(command)

    def _answer_selected(self, command: Command) -> Iterator[Response | str]:
        box, view = self.box, self.view
        assert box is not None
        assert view is not None
        match command:
            case Close():
                self._remove(set(box.messages) if not view.read_only else set())
                view.news(True)
                self._leave()
            case Unselect():
                self._leave()
            case Expunge(uids):
                largest = max(box.messages, default=0)
                self._remove({uid for uid in box.messages if uids is None or uids.contains(uid, largest)})
            case Search(keys, by_uid):
                context = SearchContext(len(view), max(view.uids, default=0), frozenset(view.recent))
                yield SearchData(
                    tuple(
                        uid if by_uid else number
                        for number, uid in enumerate(view.uids, 1)
                        if uid in box.messages and matches_all(box.messages[uid], number, keys, context)
                    )
                )
            case Fetch():
                yield from self._fetch(command, box, view)
            case Store():
                yield from self._store(command, box, view)
            case Copy() | Move():
                yield from self._transfer(command, box)

    def _fetch(self, command: Fetch, box: Mailbox, view: MailboxView) -> Iterator[Response]:
        for number, uid in self._meant(command):
            message = box.messages[uid]
            told = sets_seen(command.items) and not view.read_only and "\\Seen" not in message.flags
            if told:
                box.set_flags(uid, message.flags | {"\\Seen"})
                view.flags_told(uid)
            yield fetch_items(
                box.messages[uid],
                number,
                command.items,
                by_uid=command.by_uid,
                recent=uid in view.recent,
                with_flags=told,
            )

    def _store(self, command: Store, box: Mailbox, view: MailboxView) -> Iterator[Response]:
        if view.read_only:
            raise Trouble("Mailbox is read-only")
        given = frozenset(command.flags)
        for number, uid in self._meant(command):
            old = box.messages[uid].flags
            new = {StoreMode.REPLACE: given, StoreMode.ADD: old | given, StoreMode.REMOVE: old - given}
            box.set_flags(uid, new[command.mode])
            view.flags_told(uid)
            if not command.silent:
                yield fetch_items(
                    box.messages[uid], number, (), by_uid=command.by_uid, with_flags=True, recent=uid in view.recent
                )

    def _transfer(self, command: Copy | Move, box: Mailbox) -> Iterator[Response | str]:
        target = self._box(command.mailbox, "TRYCREATE")
        meant = [box.messages[uid] for _, uid in self._meant(command)]
        pairs = [(m.uid, target.add(m.content, m.flags, m.internal_date_us)) for m in meant]
        code = copy_uid(target.uid_validity, pairs)
        if isinstance(command, Copy):
            yield code
        elif pairs:
            yield Condition("OK", "Moved", code)
            for uid, _ in pairs:
                box.remove(uid)

    def _meant(self, command: Fetch | Store | Copy | Move) -> list[tuple[int, int]]:
        assert self.view is not None
        assert self.box is not None
        pairs = self.view.resolve(command.sequence, command.by_uid)
        if pairs is None:
            raise Trouble("BAD")
        return [(number, uid) for number, uid in pairs if uid in self.box.messages]

    def _remove(self, uids: set[int]) -> None:
        assert self.box is not None
        for uid in sorted(uids):
            if "\\Deleted" in self.box.messages[uid].flags:
                self.box.remove(uid)

    def _box(self, name: str, code: str = "NONEXISTENT") -> Mailbox:
        if name not in self.account.mailboxes:
            raise Trouble("No such mailbox", code)
        return self.account.mailboxes[name]

    def _select(self, box: Mailbox, read_only: bool) -> Iterator[Response | str]:
        recent = set(box.recent)
        if not read_only:
            box.recent.clear()
        self.box, self.view = box, MailboxView(sorted(box.messages), recent, read_only)
        box.watchers.append(self.view)
        unseen = [n for n, uid in enumerate(self.view.uids, 1) if "\\Seen" not in box.messages[uid].flags]
        yield from selected(
            exists=len(box.messages),
            recent=len(recent),
            flags=SYSTEM,
            permanent=() if read_only else (*SYSTEM, "\\*"),
            uid_validity=box.uid_validity,
            uid_next=box.uid_next,
            first_unseen=unseen[0] if unseen else None,
        )
        yield "READ-ONLY" if read_only else "READ-WRITE"

    def _leave(self) -> None:
        if self.box and self.view:
            self.box.watchers = [view for view in self.box.watchers if view is not self.view]
        self.box = self.view = None

    def _status(self, name: str, items: tuple[str, ...]) -> Response:
        box = self._box(name)
        numbers = {
            "MESSAGES": len(box.messages),
            "RECENT": len(box.recent),
            "UIDNEXT": box.uid_next,
            "UIDVALIDITY": box.uid_validity,
            "UNSEEN": sum("\\Seen" not in message.flags for message in box.messages.values()),
        }
        return StatusData(name, tuple((item, numbers[item]) for item in items))


class Trouble(Exception):
    """NO with this text and code; "BAD" alone is a BAD."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code
