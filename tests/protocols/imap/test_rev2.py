"""What a client gets by enabling IMAP4rev2 (RFC 9051, appendix E), and what one of IMAP4rev1 still has."""

from __future__ import annotations

import pytest

from tests.agents.imap_wire import ImapWorld, Wire
from tests.protocols.imap.transcripts import run

MAIL = b"From: a@skola.example\r\nSubject: hi\r\n\r\nhello\r\n"


def rev2(quota: int | None = None, delimiter: str = "/") -> Wire:
    world = ImapWorld(quota=quota, delimiter=delimiter)
    for _ in range(3):
        world.deliver(MAIL)
    wire = world.connect()
    wire.say(b"x1 LOGIN dan heslo\r\nx2 ENABLE IMAP4rev2\r\n")
    wire.connect = lambda: b""  # type: ignore[method-assign]
    return wire


def test_select_has_list_and_nothing_recent():
    run(rev2, r"""
        >> a1 SELECT INBOX
        << * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
        << * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] Flags that can be changed
        << * 3 EXISTS
        << * OK [UIDVALIDITY 1] UIDs valid
        << * OK [UIDNEXT 4] Predicted next UID
        << * OK [HIGHESTMODSEQ 4] Highest mod-sequence
        << * LIST (\HasNoChildren) "/" INBOX
        << a1 OK [READ-WRITE] SELECT completed
        >> a2 FETCH 1 FLAGS
        << * 1 FETCH (UID 1 FLAGS ())
        << a2 OK FETCH completed
        >> a3 EXAMINE Sent
        << * OK [CLOSED] Previous mailbox closed
        << * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
        << * OK [PERMANENTFLAGS ()] Flags that can be changed
        << * 0 EXISTS
        << * OK [UIDVALIDITY 2] UIDs valid
        << * OK [UIDNEXT 1] Predicted next UID
        << * OK [HIGHESTMODSEQ 1] Highest mod-sequence
        << * LIST (\HasNoChildren \Sent) "/" Sent
        << a3 OK [READ-ONLY] EXAMINE completed
    """)  # fmt: skip


def test_search_is_answered_with_esearch():
    run(rev2, r"""
        >> a1 SELECT INBOX
        << * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
        << * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] Flags that can be changed
        << * 3 EXISTS
        << * OK [UIDVALIDITY 1] UIDs valid
        << * OK [UIDNEXT 4] Predicted next UID
        << * OK [HIGHESTMODSEQ 4] Highest mod-sequence
        << * LIST (\HasNoChildren) "/" INBOX
        << a1 OK [READ-WRITE] SELECT completed
        >> a2 SEARCH ALL
        << * ESEARCH (TAG "a2") ALL 1:3
        << a2 OK SEARCH completed
        >> a3 UID SEARCH SEEN
        << * ESEARCH (TAG "a3") UID
        << a3 OK UID SEARCH completed
        >> a4 SEARCH SUBJECT "žluťoučký"
        << * ESEARCH (TAG "a4")
        << a4 OK SEARCH completed
        >> a5 SEARCH RETURN (SAVE) 2:3
        << a5 OK SEARCH completed
        >> a6 UID STORE $ +FLAGS.SILENT (\Deleted)
        << a6 OK UID STORE completed
        >> a7 UID MOVE $ Trash
        << * OK [COPYUID 5 2:3 1:2] Moved
        << * 2 EXPUNGE
        << * 2 EXPUNGE
        << a7 OK UID MOVE completed
    """)  # fmt: skip


def test_names_are_utf_8():
    run(rev2, r"""
        >> a1 CREATE "Příchozí/škola"
        << a1 OK CREATE completed
        >> a2 LIST "" "Př%"
        << * LIST (\HasChildren) "/" "Příchozí"
        << a2 OK LIST completed
        >> a3 STATUS "Příchozí/škola" (MESSAGES SIZE DELETED)
        << * STATUS "Příchozí/škola" (MESSAGES 0 SIZE 0 DELETED 0)
        << a3 OK STATUS completed
        >> a4 CREATE "R&D"
        << a4 OK CREATE completed
        >> a5 LIST "" "R*"
        << * LIST (\HasNoChildren) "/" R&D
        << a5 OK LIST completed
        >> a6 DELETE "Příchozí"
        << a6 OK DELETE completed
        >> a7 LIST "" "Př*"
        << * LIST (\NonExistent \HasChildren) "/" "Příchozí"
        << * LIST (\HasNoChildren) "/" "Příchozí/škola"
        << a7 OK LIST completed
    """)  # fmt: skip


def test_news_has_the_uid():
    world = ImapWorld.of([MAIL] * 2)
    watching, changing = world.connect(), world.connect()
    watching.say(b"a1 LOGIN dan heslo\r\na2 ENABLE IMAP4REV2\r\na3 SELECT INBOX\r\n")
    changing.say(b"b1 LOGIN dan heslo\r\nb2 SELECT INBOX\r\nb3 STORE 2 +FLAGS (\\Seen)\r\n")
    assert watching.say(b"a4 NOOP\r\n") == b"* 2 FETCH (UID 2 FLAGS (\\Seen))\r\na4 OK NOOP completed\r\n"


def test_the_separator_is_the_scenarios():
    run(lambda: rev2(delimiter="."), r"""
        >> a1 NAMESPACE
        << * NAMESPACE (("" ".")) NIL NIL
        << a1 OK NAMESPACE completed
        >> a2 CREATE a.b/c
        << a2 OK CREATE completed
        >> a3 LIST "" a%
        << * LIST (\HasChildren) "." a
        << a3 OK LIST completed
        >> a4 LIST "" a.%
        << * LIST (\HasNoChildren) "." a.b/c
        << a4 OK LIST completed
        >> a5 LIST "" ""
        << * LIST (\Noselect) "." ""
        << a5 OK LIST completed
    """)  # fmt: skip


def test_quota():
    run(lambda: rev2(quota=1000), r"""
        >> a1 GETQUOTAROOT inbox
        << * QUOTAROOT INBOX ""
        << * QUOTA "" (STORAGE 1 0)
        << a1 OK GETQUOTAROOT completed
        >> a2 GETQUOTA ""
        << * QUOTA "" (STORAGE 1 0)
        << a2 OK GETQUOTA completed
        >> a3 GETQUOTA other
        << a3 NO [NONEXISTENT] No such quota root
        >> a4 SETQUOTA "" (STORAGE 100)
        << a4 NO [NOPERM] Only an administrator may do this
    """)  # fmt: skip
    wire = rev2(quota=1000)
    assert wire.say(b"a1 APPEND INBOX {900+}\r\n%b\r\n" % (b"x" * 900)) == b"a1 NO [OVERQUOTA] Mailbox is full\r\n"
    wire.say(b"a2 SELECT INBOX\r\n")
    for _ in range(8):
        answer = wire.say(b"a3 COPY 1:3 Sent\r\n")
    assert answer.endswith(b"a3 NO [OVERQUOTA] Mailbox is full\r\n")


def test_special_uses_are_given_with_create():
    run(rev2, r"""
        >> a1 CREATE Archive (USE (\Archive))
        << a1 OK CREATE completed
        >> a2 LIST (SPECIAL-USE) "" A*
        << * LIST (\HasNoChildren \Archive) "/" Archive
        << a2 OK LIST completed
        >> a3 CREATE Older (USE (\Archive))
        << a3 NO [USEATTR] Another mailbox has this use
        >> a4 CREATE Other (USE (\Frobnicated))
        << a4 NO [USEATTR] This use is not known
    """)  # fmt: skip


def test_resynchronization_after_a_while():
    world = ImapWorld.of([MAIL] * 5)
    wire = world.connect()
    wire.say(b"a1 LOGIN dan heslo\r\na2 SELECT INBOX (CONDSTORE)\r\na3 UNSELECT\r\n")
    world.account.store_flags("INBOX", [2, 3], ["\\Deleted"])
    world.account.expunge("INBOX", [2])
    world.account.store_flags("INBOX", [5], ["\\Seen"])
    wire.say(b"a4 ENABLE QRESYNC\r\n")
    answer = wire.say(b"a5 SELECT INBOX (QRESYNC (1 6 1:5))\r\n").decode().splitlines()
    assert "* VANISHED (EARLIER) 2" in answer
    assert "* 2 FETCH (UID 3 FLAGS (\\Deleted) MODSEQ (7))" in answer
    assert "* 4 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (9))" in answer
    assert sum("FETCH" in line for line in answer) == 2
    other = wire.say(b"a6 SELECT INBOX (QRESYNC (77 6))\r\n")
    assert b"VANISHED" not in other
    assert b"FETCH" not in other


@pytest.mark.parametrize("logged_in", [False, True])
def test_who_talks_nothing_but_nonsense_is_left_alone(logged_in: bool):
    wire = ImapWorld().connect()
    if logged_in:
        wire.say(b"a1 LOGIN dan heslo\r\n")
    for _ in range(19):
        assert wire.say(b"a2 NONSENSE\r\n") == b"a2 BAD Unknown command NONSENSE\r\n"
    assert wire.say(b"a3 NOOP\r\n") == b"a3 OK NOOP completed\r\n"
    for _ in range(20):
        assert not wire.closed
        answer = wire.say(b"a4 NONSENSE\r\n")
    assert answer.endswith(b"* BYE Too many mistakes\r\n")
    assert wire.closed


def test_a_server_that_waits_for_nothing_says_bye():
    wire = ImapWorld().connect()
    assert wire.time_out() == b"* BYE Idle for too long\r\n"
    assert wire.closed


def test_nul_is_never_sent_in_a_literal():
    world = ImapWorld.of([b"Subject: x\r\n\r\na\0b\r\n"])
    wire = world.connect()
    wire.say(b"a1 LOGIN dan heslo\r\na2 SELECT INBOX\r\n")
    assert b"a\x80b" in wire.say(b"a3 FETCH 1 BODY.PEEK[]\r\n")
    assert b"~{5}\r\na\0b\r\n" in wire.say(b"a4 FETCH 1 BINARY.PEEK[1]\r\n")
    refused = wire.say(b"a5 APPEND INBOX {3+}\r\na\0b\r\n")
    assert refused == b"a5 BAD NUL in a literal\r\n"
