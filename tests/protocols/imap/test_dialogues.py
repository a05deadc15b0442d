"""The server in dialogues, as its client sees it."""

from __future__ import annotations

import pytest

from tests.agents.imap_wire import ImapWorld, Wire
from tests.protocols.imap.transcripts import run

MAIL = b"From: Alena <alena@skola.example>\r\nSubject: ahoj\r\nDate: Mon, 5 Jan 2026 08:00:00 +0100\r\n\r\nhello\r\n"


CAPABILITIES = (
    "ENABLE ID IDLE NAMESPACE CHILDREN UNSELECT UIDPLUS MOVE ESEARCH SEARCHRES LIST-EXTENDED LIST-STATUS SPECIAL-USE"
    " CREATE-SPECIAL-USE STATUS=SIZE BINARY MULTIAPPEND CONDSTORE QRESYNC QUOTA QUOTA=RES-STORAGE"
)


def filled(count: int = 3, **config: object) -> Wire:
    return ImapWorld.of([MAIL] * count).unconnected(**config)


def in_inbox() -> Wire:
    server = filled()
    server.connect()
    server.receive(b"x1 LOGIN dan heslo\r\nx2 SELECT INBOX\r\n")
    server.connect = lambda: b""  # type: ignore[method-assign]
    return server


MECHANISMS = "AUTH=PLAIN AUTH=LOGIN AUTH=CRAM-MD5 AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-256"


def test_greeting_tells_the_capabilities():
    assert filled().connect().decode() == (
        f"* OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR {MECHANISMS} {CAPABILITIES}]"
        " mail.skola.example IMAP service ready\r\n"
    )


def test_from_login_to_logout():
    run(filled, r"""
        >> a1 CAPABILITY
        << * CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR AUTH=PLAIN ...
        << a1 OK CAPABILITY completed
        >> a2 login dan wrong
        << a2 NO [AUTHENTICATIONFAILED] Authentication failed
        >> a3 LoGiN "dan" "heslo"
        << a3 OK [CAPABILITY ...
        >> a4 SELECT inbox
        << * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
        << * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] Flags that can be changed
        << * 3 EXISTS
        << * 3 RECENT
        << * OK [UNSEEN 1] First unseen message
        << * OK [UIDVALIDITY 1] UIDs valid
        << * OK [UIDNEXT 4] Predicted next UID
        << * OK [HIGHESTMODSEQ 4] Highest mod-sequence
        << a4 OK [READ-WRITE] SELECT completed
        >> a5 LOGOUT
        << * BYE mail.skola.example IMAP service logging out
        << a5 OK LOGOUT completed
    """)  # fmt: skip


def test_the_states_decide_what_is_legal():
    run(filled, r"""
        >> a1 SELECT INBOX
        << a1 BAD SELECT is not allowed in the not-authenticated state
        >> a2 LOGIN dan heslo
        << a2 OK [CAPABILITY ...
        >> a3 LOGIN dan heslo
        << a3 BAD LOGIN is not allowed in the authenticated state
        >> a4 FETCH 1 FLAGS
        << a4 BAD FETCH is not allowed in the authenticated state
        >> a5 EXAMINE INBOX
        << * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
        << * OK [PERMANENTFLAGS ()] Flags that can be changed
        << * 3 EXISTS
        << * 3 RECENT
        << * OK [UNSEEN 1] First unseen message
        << * OK [UIDVALIDITY 1] UIDs valid
        << * OK [UIDNEXT 4] Predicted next UID
        << * OK [HIGHESTMODSEQ 4] Highest mod-sequence
        << a5 OK [READ-ONLY] EXAMINE completed
        >> a6 STORE 1 +FLAGS (\Seen)
        << a6 NO [READ-ONLY] Mailbox is read-only
        >> a7 SELECT missing
        << * OK [CLOSED] Previous mailbox closed
        << a7 NO [NONEXISTENT] No such mailbox
        >> a8 CHECK
        << a8 BAD CHECK is not allowed in the authenticated state
    """)  # fmt: skip


def test_literals_are_invited_unless_they_come_uninvited():
    run(filled, r"""
        >> a1 LOGIN {3}
        << + Ready for literal data
        >> dan {5}
        << + Ready for literal data
        >> heslo
        << a1 OK [CAPABILITY ...
    """)  # fmt: skip
    run(filled, r"""
        >> a1 LOGIN {3+}
        >> dan {5+}
        >> heslo
        << a1 OK [CAPABILITY ...
    """)  # fmt: skip


def test_authenticate_plain_in_both_forms():
    run(filled, """
        >> a1 AUTHENTICATE PLAIN AGRhbgBoZXNsbw==
        << a1 OK [CAPABILITY ...
    """)  # fmt: skip
    run(filled, """
        >> a1 AUTHENTICATE plain
        << +SP
        >> AGRhbgB3cm9uZw==
        << a1 NO [AUTHENTICATIONFAILED] Authentication failed
        >> a2 AUTHENTICATE PLAIN
        << +SP
        >> *
        << a2 BAD AUTHENTICATE cancelled
        >> a3 AUTHENTICATE PLAIN
        << +SP
        >> not base64
        << a3 BAD not base64
        >> a4 AUTHENTICATE PLAIN
        << +SP
        >> xx {5}
        << a4 BAD Literals have no place here
        >> a5 NOOP
        << a5 OK NOOP completed
    """.replace("+SP", "+ "))  # fmt: skip


def test_passwords_need_tls_where_the_server_says_so():
    run(lambda: filled(plaintext_login=False, starttls=True), """
        >> a1 CAPABILITY
        << * CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR STARTTLS LOGINDISABLED ...
        << a1 OK CAPABILITY completed
        >> a2 LOGIN dan heslo
        << a2 NO [PRIVACYREQUIRED] Logging in needs TLS
        >> a3 LOGIN {3}
        << a3 NO [PRIVACYREQUIRED] Logging in needs TLS
    """)  # fmt: skip


def test_list_lsub_and_the_hierarchy():
    run(in_inbox, r"""
        >> a1 LIST "" *
        << * LIST (\HasNoChildren) "/" INBOX
        << * LIST (\HasNoChildren \Drafts) "/" Drafts
        << * LIST (\HasNoChildren \Junk) "/" Junk
        << * LIST (\HasChildren) "/" Pr&AOE-ce
        << * LIST (\HasNoChildren) "/" Pr&AOE-ce/&AWA-kola
        << * LIST (\HasNoChildren \Sent) "/" Sent
        << * LIST (\HasNoChildren \Trash) "/" Trash
        << a1 OK LIST completed
        >> a2 DELETE Pr&AOE-ce
        << a2 OK DELETE completed
        >> a2 LIST "" P%
        << * LIST (\Noselect \HasChildren) "/" Pr&AOE-ce
        << a2 OK LIST completed
        >> a3 LIST "Pr&AOE-ce/" "%"
        << * LIST (\HasNoChildren) "/" Pr&AOE-ce/&AWA-kola
        << a3 OK LIST completed
        >> a4 LIST "" ""
        << * LIST (\Noselect) "/" ""
        << a4 OK LIST completed
        >> a5 LSUB "" *
        << * LSUB () "/" INBOX
        << * LSUB () "/" Drafts
        << * LSUB () "/" Junk
        << * LSUB () "/" Sent
        << * LSUB () "/" Trash
        << a5 OK LSUB completed
        >> a6 LIST "" "&AOE"
        << a6 OK LIST completed
        >> a6 SELECT "&AOE"
        << * OK [CLOSED] Previous mailbox closed
        << a6 NO [NONEXISTENT] No such mailbox
        >> a7 NAMESPACE
        << * NAMESPACE (("" "/")) NIL NIL
        << a7 OK NAMESPACE completed
    """)  # fmt: skip


def test_mailboxes_are_made_renamed_and_removed():
    run(in_inbox, r"""
        >> a1 CREATE "M&AOk- v&ARs-ci"
        << a1 OK CREATE completed
        >> a2 CREATE "M&AOk- v&ARs-ci"
        << a2 NO [ALREADYEXISTS] Mailbox exists
        >> a3 RENAME "M&AOk- v&ARs-ci" Archive
        << a3 OK RENAME completed
        >> a4 STATUS Archive (MESSAGES UIDNEXT UIDVALIDITY UNSEEN RECENT)
        << * STATUS Archive (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 8 UNSEEN 0 RECENT 0)
        << a4 OK STATUS completed
        >> a5 SUBSCRIBE Archive
        << a5 OK SUBSCRIBE completed
        >> a6 UNSUBSCRIBE Archive
        << a6 OK UNSUBSCRIBE completed
        >> a7 DELETE Archive
        << a7 OK DELETE completed
        >> a8 DELETE Archive
        << a8 NO [NONEXISTENT] No such mailbox
        >> a9 STATUS INBOX (MESSAGES SIZE DELETED)
        << * STATUS INBOX (MESSAGES 3 SIZE 291 DELETED 0)
        << a9 OK STATUS completed
        >> a10 STATUS INBOX (NUMBER)
        << a10 BAD Unknown status item NUMBER
    """)  # fmt: skip


def test_fetch_and_what_it_does_to_seen():
    run(in_inbox, r"""
        >> a1 FETCH 1:2 (UID FLAGS INTERNALDATE RFC822.SIZE)
        << * 1 FETCH (UID 1 FLAGS (\Recent) INTERNALDATE " 5-Jan-2026 07:00:00 +0000" RFC822.SIZE 97)
        << * 2 FETCH (UID 2 FLAGS (\Recent) INTERNALDATE " 5-Jan-2026 07:00:00 +0000" RFC822.SIZE 97)
        << a1 OK FETCH completed
        >> a2 FETCH 1 BODY.PEEK[TEXT]
        << * 1 FETCH (BODY[TEXT] {7}
        << hello
        << )
        << a2 OK FETCH completed
        >> a3 UID FETCH 1 BODY[TEXT]<1.3>
        << * 1 FETCH (UID 1 BODY[TEXT]<1> {3}
        << ell FLAGS (\Seen \Recent))
        << a3 OK UID FETCH completed
        >> a4 FETCH 1 BODY[HEADER.FIELDS (Subject Missing)]
        << * 1 FETCH (BODY[HEADER.FIELDS (Subject Missing)] {17}
        << Subject: ahoj
        <<
        << )
        << a4 OK FETCH completed
        >> a5 FETCH 4 FLAGS
        << a5 BAD No such message number
        >> a6 UID FETCH 400 FLAGS
        << a6 OK UID FETCH completed
        >> a7 FETCH 3 BODY[]<200.10>
        << * 3 FETCH (BODY[]<200> {0}
        <<  FLAGS (\Seen \Recent))
        << a7 OK FETCH completed
        >> a8 FETCH 3 BODY[7]
        << * 3 FETCH (BODY[7] NIL)
        << a8 OK FETCH completed
        >> a9 FETCH * FAST
        << * 3 FETCH (FLAGS (\Seen \Recent) INTERNALDATE " 5-Jan-2026 07:00:00 +0000" RFC822.SIZE 97)
        << a9 OK FETCH completed
        >> b1 FETCH 1 (ENVELOPE BODY BODYSTRUCTURE)
        << * 1 FETCH (ENVELOPE ("Mon, 5 Jan 2026 08:00:00 +0100" "ahoj" (("Alena" NIL "alena" "skola.example"))...
        << b1 OK FETCH completed
    """)  # fmt: skip


def test_store_in_all_modes():
    run(in_inbox, r"""
        >> a1 STORE 1 +FLAGS (\Deleted $Junk)
        << * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Junk)
        << * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft $Junk \*)] Flags that can be changed
        << * 1 FETCH (FLAGS (\Deleted $Junk \Recent))
        << a1 OK STORE completed
        >> a2 UID STORE 1:2 FLAGS.SILENT \Flagged
        << a2 OK UID STORE completed
        >> a3 UID STORE 1 -FLAGS ()
        << * 1 FETCH (UID 1 FLAGS (\Flagged \Recent))
        << a3 OK UID STORE completed
        >> a4 STORE 1 FLAGS (\Recent)
        << a4 BAD This flag cannot be set by a client
        >> a5 STORE 1 FLAG (\Seen)
        << a5 BAD expected FLAGS, +FLAGS or -FLAGS
    """)  # fmt: skip


def test_expunge_copy_and_move():
    run(in_inbox, r"""
        >> a1 STORE 1,3 +FLAGS.SILENT (\Deleted)
        << a1 OK STORE completed
        >> a2 UID EXPUNGE 3
        << * 3 EXPUNGE
        << * 2 RECENT
        << a2 OK UID EXPUNGE completed
        >> a3 EXPUNGE
        << * 1 EXPUNGE
        << * 1 RECENT
        << a3 OK EXPUNGE completed
        >> a4 COPY 1 Sent
        << a4 OK [COPYUID 2 2 1] COPY completed
        >> a5 COPY 1 nowhere
        << a5 NO [TRYCREATE] No such mailbox
        >> a6 UID MOVE 2 Sent
        << * OK [COPYUID 2 2 2] Moved
        << * 1 EXPUNGE
        << * 0 RECENT
        << a6 OK UID MOVE completed
        >> a7 FETCH 1:* FLAGS
        << a7 BAD No such message number
        >> a8 CLOSE
        << a8 OK CLOSE completed
    """)  # fmt: skip


def test_append_with_flags_and_date():
    run(in_inbox, r"""
        >> a1 APPEND Sent (\Seen) "17-Jul-1996 02:44:25 -0700" {18}
        << + Ready for literal data
        >> Subject: x
        >>
        >> body
        << a1 OK [APPENDUID 2 1] APPEND completed
        >> a2 SELECT Sent
        << * OK [CLOSED] Previous mailbox closed
        << * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
        << * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] Flags that can be changed
        << * 1 EXISTS
        << * 1 RECENT
        << * OK [UIDVALIDITY 2] UIDs valid
        << * OK [UIDNEXT 2] Predicted next UID
        << * OK [HIGHESTMODSEQ 2] Highest mod-sequence
        << a2 OK [READ-WRITE] SELECT completed
        >> a3 FETCH 1 (INTERNALDATE FLAGS)
        << * 1 FETCH (INTERNALDATE "17-Jul-1996 02:44:25 -0700" FLAGS (\Seen \Recent))
        << a3 OK FETCH completed
        >> a4 APPEND Sent "quoted"
        << a4 BAD not a date-time
        >> a5 APPEND missing {1+}
        >> x
        << a5 NO [TRYCREATE] No such mailbox
    """)  # fmt: skip


def test_search():
    run(in_inbox, r"""
        >> a1 SEARCH ALL
        << * SEARCH 1 2 3
        << a1 OK SEARCH completed
        >> a2 UID SEARCH UNSEEN FROM "ALENA" NOT 2 SENTON 5-Jan-2026
        << * SEARCH 1 3
        << a2 OK UID SEARCH completed
        >> a3 SEARCH CHARSET UTF-8 OR TEXT {4}
        << + Ready for literal data
        >> kůn (SUBJECT ahoj 3:*)
        << * SEARCH 3
        << a3 OK SEARCH completed
        >> a8 SEARCH TEXT {5}
        << + Ready for literal data
        >> kůň
        << a8 BAD text does not fit the charset
        >> a4 SEARCH CHARSET KOI8-R ALL
        << a4 NO [BADCHARSET (US-ASCII UTF-8 ISO-8859-1 ...
        >> a5 SEARCH SEEN
        << * SEARCH
        << a5 OK SEARCH completed
        >> a6 SEARCH FROBNICATED
        << a6 BAD Unknown search key FROBNICATED
        >> a7 SEARCH ON 30-Feb-2026
        << a7 BAD no such day
    """)  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "reply"),
    [
        ("", "* BAD Invalid tag"),
        ("+ NOOP", "* BAD Invalid tag"),
        ("* NOOP", "* BAD Invalid tag"),
        ("a1", "a1 BAD expected a space"),
        ("a1 FROB", "a1 BAD Unknown command FROB"),
        ("a1 UID NOOP", "a1 BAD Unknown command UID NOOP"),
        ("a1 UID", "a1 BAD expected a space"),
        ("a1 NOOP now", "a1 BAD unexpected text after the arguments"),
        ("a1  NOOP", "a1 BAD expected a keyword"),
        ("a1 FROB {100}", "a1 BAD Unknown command"),
        ("a1 LOGIN dan", "a1 BAD expected a space"),
        ('a1 LOGIN dan "hes', "a1 BAD expected a string"),
        ('a1 LOGIN dan "a\\b"', "a1 BAD expected a string"),
        ("a1 LOGIN {90000}", "a1 BAD [TOOBIG] Literal too large"),
        ("a1 LOGIN {99999999999999999999}", "a1 BAD [TOOBIG] Literal too large"),
        ("a1 STARTTLS", "a1 BAD STARTTLS is not offered"),
        ("a1 AUTHENTICATE PLAIN a", "a1 BAD not base64"),
    ],
)
def test_nonsense_gets_bad_and_the_dialogue_goes_on(sent: str, reply: str):
    run(filled, f"""
        >> {sent}
        << {reply}
        >> z9 NOOP
        << z9 OK NOOP completed
    """)  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ("FETCH 0 FLAGS", "invalid sequence set"),
        ("FETCH 01 FLAGS", "invalid sequence set"),
        ("FETCH 1, FLAGS", "invalid sequence set"),
        ("FETCH 1::2 FLAGS", "invalid sequence set"),
        ("FETCH 4294967296 FLAGS", "number out of range"),
        ("FETCH a FLAGS", "expected a sequence set"),
        ("FETCH 1 (FLAGS  UID)", "expected a data item"),
        ("FETCH 1 (ALL)", "Unknown data item ALL"),
        ("FETCH 1 (FLAGS", "expected ')'"),
        ("FETCH 1 BODY[MIME]", "Unknown section"),
        ("FETCH 1 BODY[0]", "expected a section"),
        ("FETCH 1 BODY[1.]", "expected a section"),
        ("FETCH 1 BODY[HEADER.FIELDS ()]", "expected a string"),
        ("FETCH 1 BODY[]<1", "expected '.'"),
        ("FETCH 1 BODY[]<1.0>", "number out of range"),
        ("FETCH 1 RFC822.PEEK", "Unknown data item RFC822.PEEK"),
        ("COPY 1 \u0161kola", "expected a string"),
        ("SEARCH (ALL", "expected ')'"),
        ("SEARCH " + "NOT " * 60 + "ALL", "search keys are too deep"),
        ("SEARCH LARGER x", "expected a number"),
    ],
)
def test_arguments_that_the_grammar_refuses(sent: str, problem: str):
    run(in_inbox, f"""
        >> a1 {sent}
        << a1 BAD {problem}
    """)  # fmt: skip
