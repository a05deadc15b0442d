"""The message store: what operations give back, what they refuse, and what stays true whatever is done."""

from __future__ import annotations

import time

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mailsim.mail.store import (
    DELETED,
    FLAGGED,
    INBOX,
    SEEN,
    Account,
    Added,
    Copied,
    Expunged,
    FlagAction,
    FlagsChanged,
    Folder,
    FolderCreated,
    FolderDeleted,
    FolderExists,
    FolderRenamed,
    InUse,
    MaildropLock,
    NewMail,
    NoSuchFolder,
    NotAllowed,
    OverQuota,
    Quota,
    Store,
)

MAIL = b"Subject: ahoj\r\n\r\nBoo\r\n"


def account(quota_bytes: int | None = None) -> Account:
    return Store().create_account("borek@firma.example", quota_bytes)


def filled(count: int) -> Account:
    box = account()
    for number in range(count):
        box.append(INBOX, MAIL, number)
    return box


def folder_of(box: Account, name: str) -> Folder:
    folder = box.folder(name)
    assert folder is not None
    return folder


class TestMessages:
    def test_append_tells_what_was_added(self) -> None:
        box = account()
        assert box.append("inbox", MAIL, 5, ["\\seen", "\\Recent", "$Work"]) == Added(
            "borek@firma.example", "INBOX", 1, len(MAIL), frozenset({SEEN, "$Work"}), 2
        )
        message = box.inbox.get(1)
        assert message is not None
        assert (message.content, message.internal_date_us, message.size) == (MAIL, 5, len(MAIL))
        assert (box.inbox.uid_next, box.inbox.highest_modseq, box.inbox.unseen) == (2, 2, 0)

    def test_append_to_nowhere(self) -> None:
        assert account().append("Work", MAIL, 0) == NoSuchFolder("Work")

    def test_flags_are_added_removed_and_replaced(self) -> None:
        box = filled(2)
        box.store_flags(INBOX, [1, 2], [SEEN, FLAGGED])
        (change,) = box.store_flags(INBOX, [1], [SEEN], FlagAction.REMOVE)  # type: ignore[misc]
        assert change.flags == {FLAGGED}
        box.store_flags(INBOX, [2], [DELETED], FlagAction.ADD)
        message = box.inbox.get(2)
        assert message is not None
        assert message.flags == {SEEN, FLAGGED, DELETED}
        assert box.inbox.unseen == 1

    def test_flags_that_are_there_already_change_nothing(self) -> None:
        box = filled(1)
        before = box.inbox.highest_modseq
        assert box.store_flags(INBOX, [1, 77], [SEEN], FlagAction.REMOVE) == ()
        assert box.inbox.highest_modseq == before

    def test_expunge_takes_what_is_marked(self) -> None:
        box = filled(4)
        box.store_flags(INBOX, [1, 3, 4], [DELETED])
        gone = box.expunge(INBOX, [3, 2])
        assert isinstance(gone, tuple)
        assert [(c.uid, c.bytes) for c in gone] == [(3, len(MAIL))]
        gone = box.expunge(INBOX)
        assert isinstance(gone, tuple)
        assert [c.uid for c in gone] == [1, 4]
        assert box.inbox.uids() == [2]
        assert box.inbox.uid_next == 5

    def test_copy_keeps_flags_and_date(self) -> None:
        box = filled(3)
        box.store_flags(INBOX, [2], [FLAGGED])
        result = box.copy(INBOX, [2, 9, 3, 2], "Trash")
        assert isinstance(result, Copied)
        assert result.uids == ((2, 1), (3, 2))
        copy = folder_of(box, "Trash").get(1)
        assert copy is not None
        assert (copy.flags, copy.internal_date_us) == (frozenset({FLAGGED}), 1)
        assert len(box.inbox) == 3

    def test_move_adds_then_expunges(self) -> None:
        box = filled(2)
        result = box.move(INBOX, [1], "Junk")
        assert isinstance(result, Copied)
        assert [type(change) for change in result.changes] == [Added, Expunged]
        assert box.inbox.uids() == [2]
        assert box.quota.used == 2 * len(MAIL)

    def test_move_within_one_folder_gives_new_uids(self) -> None:
        box = filled(2)
        box.move(INBOX, [1], INBOX)
        assert box.inbox.uids() == [2, 3]

    def test_a_keyword_is_the_same_in_any_case(self) -> None:
        box = filled(2)
        box.store_flags("INBOX", [1], ["$Forwarded"], FlagAction.ADD)
        box.store_flags("INBOX", [2], ["$forwarded", "\\seen"], FlagAction.ADD)
        assert [sorted(m.flags) for m in box.inbox] == [["$Forwarded"], ["$Forwarded", "\\Seen"]]
        assert box.store_flags("INBOX", [1], ["$FORWARDED"], FlagAction.ADD) == ()
        assert box.inbox.keywords == ("$Forwarded",)

    def test_several_are_appended_together_or_not_at_all(self) -> None:
        box = account(2 * len(MAIL))
        three = [NewMail(MAIL, 0)] * 3
        assert isinstance(box.append_all("INBOX", three), OverQuota)
        assert len(box.inbox) == 0
        added = box.append_all("INBOX", three[:2])
        assert isinstance(added, tuple)
        assert [one.uid for one in added] == [1, 2]

    def test_recent_is_claimed_once(self) -> None:
        box = filled(2)
        assert box.inbox.recent == 2
        assert box.inbox.claim_recent() == {1, 2}
        assert box.inbox.claim_recent() == frozenset()
        box.append(INBOX, MAIL, 0)
        assert box.inbox.recent == 1


class TestQuota:
    def test_what_does_not_fit_is_refused_whole(self) -> None:
        box = account(quota_bytes=50)
        assert isinstance(box.append(INBOX, b"x" * 30, 0), Added)
        assert box.append(INBOX, b"x" * 21, 0) == OverQuota(50, 30, 21)
        assert box.copy(INBOX, [1], "Trash") == OverQuota(50, 30, 30)
        assert isinstance(box.move(INBOX, [1], "Trash"), Copied)
        assert box.quota == Quota(50, 30)

    def test_marking_as_deleted_frees_nothing(self) -> None:
        box = account(quota_bytes=50)
        box.append(INBOX, b"x" * 30, 0)
        box.store_flags(INBOX, [1], [DELETED])
        assert box.quota.used == 30
        box.expunge(INBOX)
        assert box.quota.used == 0
        assert box.no_room_for(50) is None


class TestSessions:
    def test_each_session_reads_the_log_at_its_own_pace(self) -> None:
        box = filled(1)
        phone = laptop = box.inbox.watch()
        box.append(INBOX, MAIL, 0)
        assert [type(c) for c in box.inbox.changes_since(laptop)] == [Added]
        laptop = box.inbox.cursor
        box.store_flags(INBOX, [1], [DELETED])
        box.expunge(INBOX)
        assert [type(c) for c in box.inbox.changes_since(laptop)] == [FlagsChanged, Expunged]
        assert [type(c) for c in box.inbox.changes_since(phone)] == [Added, FlagsChanged, Expunged]

    def test_who_is_gone_since_a_modseq(self) -> None:
        box = filled(4)
        box.inbox.watch()
        box.store_flags(INBOX, [1, 2, 4], [DELETED])
        box.expunge(INBOX, [2])
        known = box.inbox.highest_modseq
        box.expunge(INBOX, [1, 4])
        assert box.inbox.expunged_after_modseq(known) == {1, 4}
        assert box.inbox.expunged_after_modseq(box.inbox.highest_modseq) == set()

    def test_what_was_before_anybody_looked_is_not_known_exactly(self) -> None:
        box = filled(3)
        box.store_flags(INBOX, [1, 2], [DELETED])
        box.expunge(INBOX, [1])
        known = box.inbox.highest_modseq
        box.expunge(INBOX, [2])
        assert box.inbox.changes_since(0) == []
        assert box.inbox.expunged_after_modseq(known) == {1, 2}  # RFC 7162 section 5.1
        box.inbox.watch()
        assert box.inbox.expunged_after_modseq(known) == {1, 2}
        assert box.inbox.expunged_after_modseq(box.inbox.highest_modseq) == set()

    def test_a_deleted_folder_tells_its_sessions(self) -> None:
        box = account()
        trash = folder_of(box, "Trash")
        box.delete("Trash")
        assert not trash.exists


class TestFolders:
    def test_an_account_is_born_with_special_folders(self) -> None:
        box = account()
        assert [(f.name, f.special_use) for f in box.folders()] == [
            ("INBOX", ""),
            ("Drafts", "\\Drafts"),
            ("Junk", "\\Junk"),
            ("Sent", "\\Sent"),
            ("Trash", "\\Trash"),
        ]
        assert set(box.subscribed) == {f.name for f in box.folders()}
        assert box.special("\\Sent") is box.folder("Sent")

    def test_create_makes_what_is_missing_above(self) -> None:
        box = account()
        assert box.create("a/b/") == (
            FolderCreated(box.name, "a"),
            FolderCreated(box.name, "a/b"),
        )
        assert box.create("a/b") == FolderExists("a/b")
        assert box.create("Inbox") == FolderExists("INBOX")

    @pytest.mark.parametrize("name", ["", "/", "a//b", "/a", "a*", "a%", "a\r\nb", "x" * 300])
    def test_bad_names(self, name: str) -> None:
        assert account().create(name) == NotAllowed(name, "bad-name")

    def test_inbox_cannot_be_deleted(self) -> None:
        assert account().delete("inbox") == NotAllowed("INBOX", "inbox")

    def test_a_folder_with_children_leaves_its_name(self) -> None:
        box = account()
        box.create("a/b")
        box.append("a", MAIL, 0)
        result = box.delete("a")
        assert isinstance(result, FolderDeleted)
        assert len(result.changes) == 1
        assert box.folder("a") is None
        assert [f.name for f in box.folders()][-1] == "a/b"
        assert box.append("a", MAIL, 0) == NoSuchFolder("a")
        assert box.delete("a") == NotAllowed("a", "has-children")
        assert box.create("a") == (FolderCreated(box.name, "a"),)

    def test_a_folder_made_again_has_a_larger_uid_validity(self) -> None:
        box = account()
        old = folder_of(box, "Trash").uid_validity
        box.delete("Trash")
        box.create("Trash")
        assert folder_of(box, "Trash").uid_validity > old

    def test_rename_takes_the_children_along(self) -> None:
        box = account()
        box.create("a/b")
        box.append("a/b", MAIL, 0)
        moved = (("a", "x/y"), ("a/b", "x/y/b"))
        assert box.rename("a", "x/y") == FolderRenamed(box.name, "a", "x/y", moved=moved, created=("x",))
        assert len(folder_of(box, "x/y/b")) == 1
        assert box.folder("a/b") is None
        assert box.rename("x", "x/z") == NotAllowed("x/z", "bad-name")
        assert box.rename("x", "Sent") == FolderExists("Sent")
        assert box.rename("q", "r") == NoSuchFolder("q")

    def test_a_name_that_only_has_children_is_renamed_with_them(self) -> None:
        box = account()
        box.create("a/b/c")
        box.delete("a/b")
        box.delete("a")
        assert box.rename("a", "Sent") == FolderExists("Sent")
        moved = (("a/b/c", "x/b/c"),)
        assert box.rename("a", "x") == FolderRenamed(box.name, "a", "x", moved=moved, created=("x", "x/b"))
        assert box.folder("x/b/c")
        assert box.folder("a/b/c") is None

    def test_a_renamed_folder_never_gets_a_smaller_uid_validity(self) -> None:
        box = account()
        box.create("old")
        box.create("new")
        before = folder_of(box, "new").uid_validity
        box.delete("new")
        box.rename("old", "new")
        assert folder_of(box, "new").uid_validity > before

    def test_the_separator_may_be_a_dot(self) -> None:
        box = Store(".").create_account("dan@firma.example")
        assert box.create("a.b/c") == (FolderCreated(box.name, "a"), FolderCreated(box.name, "a.b/c"))
        assert box.folder("inbox") is box.inbox
        assert box.create("a..b") == NotAllowed("a..b", "bad-name")

    def test_names_are_kept_in_composed_form(self) -> None:
        box = account()
        box.create("Pra\u0301ce")
        assert box.folder("Pr\u00e1ce") is box.folder("Pra\u0301ce")
        assert box.folder("Pr\u00e1ce")

    def test_rename_of_the_inbox_empties_it(self) -> None:
        box = filled(2)
        box.create("INBOX/work")
        result = box.rename("INBOX", "Old/2025")
        assert isinstance(result, FolderRenamed)
        assert len(box.inbox) == 0
        assert len(folder_of(box, "Old/2025")) == 2
        assert box.folder("INBOX/work")
        assert box.inbox.uid_next == 3

    def test_subscriptions(self) -> None:
        box = account()
        assert box.subscribe("Junk", wanted=False) is None
        assert "Junk" not in box.subscribed
        assert box.subscribe("Junk", wanted=False) is None
        assert box.subscribe("nowhere") == NoSuchFolder("nowhere")

    def test_a_subscription_outlives_its_folder(self) -> None:
        box = account()
        box.delete("Trash")
        assert "Trash" in box.subscribed


class TestMaildropLock:
    def test_only_one_session_holds_it(self) -> None:
        box = filled(1)
        lock = box.lock_maildrop("c1")
        assert isinstance(lock, MaildropLock)
        assert box.lock_maildrop("c2") == InUse("borek@firma.example", "c1")
        box.unlock_maildrop(lock)
        again = box.lock_maildrop("c2")
        assert isinstance(again, MaildropLock)
        box.unlock_maildrop(lock)
        assert box.lock_maildrop("c3") == InUse("borek@firma.example", "c2")

    def test_others_may_add_but_not_remove(self) -> None:
        box = filled(2)
        box.store_flags(INBOX, [1], [DELETED])
        lock = box.lock_maildrop("c1")
        assert isinstance(lock, MaildropLock)
        assert isinstance(box.append(INBOX, MAIL, 0), Added)
        refusal = InUse(box.name, "c1")
        assert box.expunge(INBOX) == refusal
        assert box.move(INBOX, [1], "Trash") == refusal
        assert box.rename(INBOX, "Old") == refusal
        assert box.remove(INBOX, [2]) == refusal
        assert box.inbox.uids() == [1, 2, 3]
        assert box.remove(INBOX, [2], lock) == (Expunged(box.name, INBOX, 2, len(MAIL), 6),)


def test_accounts_of_one_host() -> None:
    store = Store()
    alena, dan = store.create_account("alena"), store.create_account("dan")
    assert list(store) == [alena, dan]
    assert store.account("dan") is dan
    assert store.account("nobody") is None
    with pytest.raises(ValueError, match="exists"):
        store.create_account("dan")
    assert len({f.uid_validity for box in store for f in box.folders()}) == 10


def test_time_grows_in_proportion_up_to_100_000_messages() -> None:
    def work(count: int) -> float:
        started = time.process_time()
        box = filled(count)
        for uid in range(1, count, 7):
            box.store_flags(INBOX, [uid], [DELETED])
        box.expunge(INBOX)
        return time.process_time() - started

    work(1_000)
    small, large = work(10_000), work(100_000)
    assert large / small < 30, f"10 times the messages took {large / small:.0f} times as long"


FOLDERS = st.sampled_from(["INBOX", "Sent", "Trash", "a", "a/b"])
UIDS = st.lists(st.integers(1, 8), max_size=4)
FLAGS = st.sets(st.sampled_from([SEEN, FLAGGED, DELETED, "$Label"]), max_size=3)


class StoreMachine(RuleBasedStateMachine):
    """Does anything to an account; a session per folder learns of it through the log alone."""

    def __init__(self) -> None:
        super().__init__()
        self.box = account(quota_bytes=400)
        self.views: dict[Folder, tuple[int, dict[int, frozenset[str]]]] = {}
        self.lock: MaildropLock | None = None

    @rule(folder=FOLDERS, size=st.integers(0, 90), flags=FLAGS)
    def append(self, folder: str, size: int, flags: set[str]) -> None:
        used = self.box.quota.used
        match self.box.append(folder, b"x" * size, 0, flags):
            case Added():
                assert used + size == self.box.quota.used <= 400
            case OverQuota(limit, used_then, wanted):
                assert used_then + wanted > limit
            case NoSuchFolder():
                assert self.box.folder(folder) is None

    @rule(folder=FOLDERS, uids=UIDS, flags=FLAGS, action=st.sampled_from(list(FlagAction)))
    def store(self, folder: str, uids: list[int], flags: set[str], action: FlagAction) -> None:
        self.box.store_flags(folder, uids, flags, action)

    @rule(folder=FOLDERS, uids=st.none() | UIDS)
    def expunge(self, folder: str, uids: list[int] | None) -> None:
        self.box.expunge(folder, uids)

    @rule(folder=FOLDERS, uids=UIDS)
    def remove(self, folder: str, uids: list[int]) -> None:
        self.box.remove(folder, uids, self.lock)

    @rule(folder=FOLDERS, uids=UIDS, destination=FOLDERS)
    def copy(self, folder: str, uids: list[int], destination: str) -> None:
        self.box.copy(folder, uids, destination)

    @rule(folder=FOLDERS, uids=UIDS, destination=FOLDERS)
    def move(self, folder: str, uids: list[int], destination: str) -> None:
        before = sum(map(len, self.box.folders()))
        self.box.move(folder, uids, destination)
        assert sum(map(len, self.box.folders())) == before

    @rule(folder=FOLDERS)
    def create(self, folder: str) -> None:
        self.box.create(folder)
        assert self.box.folder(folder)

    @rule(folder=FOLDERS)
    def delete(self, folder: str) -> None:
        self.box.delete(folder)

    @rule(old=FOLDERS, new=FOLDERS)
    def rename(self, old: str, new: str) -> None:
        before = sum(map(len, self.box.folders()))
        self.box.rename(old, new)
        assert sum(map(len, self.box.folders())) == before

    @rule()
    def lock_or_unlock(self) -> None:
        if self.lock:
            self.box.unlock_maildrop(self.lock)
            self.lock = None
        else:
            lock = self.box.lock_maildrop("c1")
            assert isinstance(lock, MaildropLock)
            self.lock = lock

    @invariant()
    def the_quota_is_the_sum_of_all_messages(self) -> None:
        assert self.box.quota.used == sum(m.size for f in self.box.folders() for m in f)

    @invariant()
    def counters_agree_with_the_messages(self) -> None:
        for folder in self.box.folders():
            assert folder.unseen == sum(SEEN not in m.flags for m in folder)
            assert folder.deleted == {m.uid for m in folder if DELETED in m.flags}
            assert folder.bytes == sum(m.size for m in folder)
            assert folder.uids() == sorted(folder.uids())
            assert all(m.uid < folder.uid_next and m.modseq <= folder.highest_modseq for m in folder)

    @invariant()
    def who_follows_the_log_knows_the_folder(self) -> None:
        for folder in self.box.folders():
            if folder not in self.views:
                self.views[folder] = (folder.watch(), {m.uid: m.flags for m in folder})
            cursor, view = self.views[folder]
            for change in folder.changes_since(cursor):
                match change:
                    case Added(uid=uid, flags=flags):
                        assert uid not in view
                        view[uid] = flags
                    case FlagsChanged(uid=uid, flags=flags):
                        assert view[uid] != flags
                        view[uid] = flags
                    case Expunged(uid=uid):
                        del view[uid]
            self.views[folder] = (folder.cursor, view)
            assert view == {m.uid: m.flags for m in folder}


TestAnythingInAnyOrder = StoreMachine.TestCase
TestAnythingInAnyOrder.settings = settings(derandomize=True, deadline=None, max_examples=60, stateful_step_count=30)
