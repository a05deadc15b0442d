"""Two clients say whatever comes into their minds: their views agree with the store, and nothing is lost."""

from __future__ import annotations

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mailsim.mail.store import INBOX, InUse
from mailsim.protocols.imap import Tagged
from mailsim.trace.facts import (
    StoreAdded,
    StoreExpunged,
    StoreFlagged,
    StoreFolderCreated,
    StoreFolderDeleted,
    StoreFolderRenamed,
)
from tests.agents.imap_observer import Observer
from tests.agents.imap_wire import START_US, ImapWorld
from tests.mail.mails import MAILS

MAIL = MAILS["simple"]
FOLDERS = st.sampled_from(["INBOX", "Sent", "Trash", "work", "work/deep", "nowhere"])
SETS = st.sampled_from(["1", "1:*", "*", "2:3", "1,3", "4:2", "99", "$", "1:4294967295"])
FLAGS = st.sampled_from(["\\Seen", "\\Deleted", "\\Flagged \\Deleted", "$Label", "\\Answered \\Seen", ""])
MODES = st.sampled_from(["FLAGS", "+FLAGS", "-FLAGS", "+FLAGS.SILENT", "FLAGS.SILENT"])
ITEMS = st.sampled_from(
    ["FLAGS", "ALL", "FULL", "(UID FLAGS)", "BODY[]", "BODY.PEEK[1]<3.5>", "BODYSTRUCTURE", "MODSEQ"]
)
KEYS = st.sampled_from(
    ["ALL", "UNSEEN", "DELETED", "1:3", "UID 2:*", "NOT $", "SUBJECT simple", "OR SEEN NEW", "MODSEQ 3"]
)
WHO = st.sampled_from([0, 1])
UID = st.sampled_from(["", "UID "])
NONSENSE = st.sampled_from(
    [
        "",
        "FETCH",
        "FETCH 1",
        "STORE 1 FLAGS (",
        "UID",
        "SEARCH (",
        "SELECT",
        "APPEND INBOX",
        "STATUS INBOX",
        "LIST",
        "SELECT INBOX (QRESYNC (1 1))",
    ]
)


class TwoClients(RuleBasedStateMachine):
    """A mailbox, and two who have it open."""

    @initialize(qresync=st.booleans(), rev2=st.booleans())
    def open(self, qresync: bool, rev2: bool) -> None:
        self.world = ImapWorld.of([MAIL] * 3)
        self.before = {folder.name: set(folder.uids()) for folder in self.world.account.folders()}
        self.clients = [Observer(self.world, "a"), Observer(self.world, "b")]
        if qresync:
            self.clients[0].say("ENABLE QRESYNC")
        if rev2:
            self.clients[1].say("ENABLE IMAP4rev2")
        for client in self.clients:
            client.say("SELECT INBOX")

    @rule(who=WHO, mailbox=FOLDERS, read_only=st.booleans())
    def select(self, who: int, mailbox: str, read_only: bool) -> None:
        told = self.clients[who].say(f"{'EXAMINE' if read_only else 'SELECT'} {mailbox}")
        if not isinstance(told[-1], Tagged) or told[-1].status != "OK":
            self.clients[who].exists = None

    @rule(who=WHO, verb=st.sampled_from(["CLOSE", "UNSELECT"]))
    def leave(self, who: int, verb: str) -> None:
        self.clients[who].say(verb)
        self.clients[who].exists = None

    @rule(who=WHO, uid=UID, numbers=SETS, mode=MODES, flags=FLAGS)
    def store(self, who: int, uid: str, numbers: str, mode: str, flags: str) -> None:
        self.clients[who].say(f"{uid}STORE {numbers} {mode} ({flags})")

    @rule(who=WHO, uid=UID, numbers=SETS, items=ITEMS)
    def fetch(self, who: int, uid: str, numbers: str, items: str) -> None:
        self.clients[who].say(f"{uid}FETCH {numbers} {items}")

    @rule(who=WHO, uid=UID, returns=st.sampled_from(["", "RETURN (SAVE) ", "RETURN (MIN COUNT) "]), keys=KEYS)
    def search(self, who: int, uid: str, returns: str, keys: str) -> None:
        self.clients[who].say(f"{uid}SEARCH {returns}{keys}")

    @rule(
        who=WHO, line=st.sampled_from(["EXPUNGE", "UID EXPUNGE 1:*", "UID EXPUNGE 2", "UID EXPUNGE $", "NOOP", "CHECK"])
    )
    def expunge(self, who: int, line: str) -> None:
        self.clients[who].say(line)

    @rule(who=WHO, uid=UID, verb=st.sampled_from(["COPY", "MOVE"]), numbers=SETS, mailbox=FOLDERS)
    def transfer(self, who: int, uid: str, verb: str, numbers: str, mailbox: str) -> None:
        self.clients[who].say(f"{uid}{verb} {numbers} {mailbox}")

    @rule(who=WHO, mailbox=FOLDERS, flags=FLAGS)
    def append(self, who: int, mailbox: str, flags: str) -> None:
        self.clients[who].say(f"APPEND {mailbox} ({flags}) {{{len(MAIL)}+}}\r\n".encode() + MAIL)

    @rule(who=WHO, verb=st.sampled_from(["CREATE", "DELETE", "SUBSCRIBE", "UNSUBSCRIBE"]), mailbox=FOLDERS)
    def arrange(self, who: int, verb: str, mailbox: str) -> None:
        self.clients[who].say(f"{verb} {mailbox}")

    @rule(who=WHO, old=FOLDERS, new=FOLDERS)
    def rename(self, who: int, old: str, new: str) -> None:
        self.clients[who].say(f"RENAME {old} {new}")

    @rule(who=WHO, line=NONSENSE)
    def nonsense(self, who: int, line: str) -> None:
        self.clients[who].say(line)

    @rule(who=WHO)
    def look_around(self, who: int) -> None:
        self.clients[who].say('LIST "" * RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN))')

    @rule()
    def delivery(self) -> None:
        added = self.world.account.append(INBOX, MAIL, START_US)
        assert added
        self.before[INBOX].add(added.uid)  # type: ignore[union-attr]

    @rule(who=WHO)
    def idle(self, who: int) -> None:
        idler, other = self.clients[who], self.clients[1 - who]
        idler.say("IDLE")
        other.say("UID STORE 1:* +FLAGS (\\Flagged)")
        idler.listen()
        idler.send(b"DONE\r\n")

    @rule()
    def pop3_removes_the_first(self) -> None:
        account = self.world.account
        lock = account.lock_maildrop("pop3")
        if not isinstance(lock, InUse):
            gone = account.remove(INBOX, account.inbox.uids()[:1], lock)
            account.unlock_maildrop(lock)
            self.before[INBOX] -= {change.uid for change in gone}  # type: ignore[union-attr]

    @invariant()
    def after_noop_every_view_is_the_store(self) -> None:
        for client in getattr(self, "clients", ()):
            client.say("NOOP")
            selected = client.wire.session.selected
            assert (selected is None) is (client.exists is None)
            if selected is None or not selected.folder.exists:
                continue
            client.say("UID FETCH 1:* FLAGS")
            folder = selected.folder
            assert client.exists == len(folder)
            assert [client.uids[number] for number in sorted(client.uids)] == folder.uids()
            assert [client.flags[number] for number in sorted(client.flags)] == [m.flags for m in folder]

    @invariant()
    def the_events_tell_all_that_happened(self) -> None:
        if not hasattr(self, "world"):
            return
        there = {folder.uid_validity: set(folder.uids()) for folder in self.world.account.folders()}
        assert sum(map(len, there.values())) == self._told()
        assert {folder.name for folder in self.world.account.folders()} == self._folders_told()
        used = sum(message.size for folder in self.world.account.folders() for message in folder)
        assert self.world.account.quota.used == used

    def _folders_told(self) -> set[str]:
        names = set(self.before)
        for fact in self.world.facts:
            match fact:
                case StoreFolderCreated(_, name):
                    names.add(name)
                case StoreFolderDeleted(_, name):
                    names.remove(name)
                case StoreFolderRenamed(_, old, new):
                    names.remove(old)
                    names.add(new)
        return names

    def _told(self) -> int:
        facts = self.world.facts
        added = sum(isinstance(fact, StoreAdded) for fact in facts)
        removed = sum(isinstance(fact, StoreExpunged) for fact in facts)
        assert all(isinstance(fact.flags, tuple) for fact in facts if isinstance(fact, StoreFlagged))
        return sum(map(len, self.before.values())) + added - removed


TestTwoClients = TwoClients.TestCase
TestTwoClients.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, derandomize=True, phases=[Phase.generate]
)
