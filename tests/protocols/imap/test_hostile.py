"""What no mail client says: the server stays polite, and stays."""

from __future__ import annotations

import pytest

from tests.agents.imap_wire import ImapWorld, Wire

BYTES = b"\xff\xfe"
LITERAL = b"{2+}\r\n" + BYTES
MAIL = b"Subject: " + BYTES + b"\r\n\r\n" + BYTES + b"\r\n"


def opened() -> Wire:
    wire = ImapWorld.of([MAIL] * 2).connect()
    wire.say(b"a1 LOGIN dan heslo\r\na2 SELECT INBOX\r\n")
    return wire


@pytest.mark.parametrize("line", [b"LOGIN " + LITERAL + b" x", b"LOGIN dan " + LITERAL, "LOGIN {4+}\r\nřř x".encode()])
def test_a_password_of_any_octets_is_only_wrong(line: bytes):
    wire = ImapWorld().connect()
    assert wire.say(b"a1 " + line + b"\r\n") == b"a1 NO [AUTHENTICATIONFAILED] Authentication failed\r\n"
    assert b"a2 OK" in wire.say(b"a2 LOGIN dan heslo\r\n")


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"CREATE " + LITERAL, b"BAD 8-bit mailbox name"),
        (b'LIST "" ' + LITERAL, b"BAD 8-bit mailbox name"),
        (b'LIST "" &AOE', b"OK LIST completed"),
        (b'LIST "" ("" "")', b"OK LIST completed"),
        (b'LIST "" (' + b"a " * 200 + b"b)", b"NO [LIMIT] Too many patterns in one LIST"),
        (b'LIST "" ' + b"*%" * 5000, b"OK LIST completed"),
        (b'LIST "" ' + b"*a" * 5000, b"OK LIST completed"),
        (b"SEARCH SUBJECT " + LITERAL, b"BAD text does not fit the charset"),
        (b"SEARCH CHARSET " + LITERAL + b" ALL", b"NO [BADCHARSET (US-ASCII"),
        (b"SEARCH HEADER " + LITERAL + b" x", b"OK SEARCH completed"),
        (b"UID SEARCH UID " + b",".join(b"%d" % n for n in range(1, 9000)), b"OK UID SEARCH completed"),
        (b"SEARCH " + b"(" * 60 + b"ALL" + b")" * 60, b"BAD search keys are too deep"),
        (b"FETCH 1 (ENVELOPE BODY[HEADER.FIELDS (" + LITERAL + b" Subject)])", b"OK FETCH completed"),
        (b"FETCH 1 BODY[" + b"1." * 200 + b"1]", b"BAD section is too deep"),
        (b"FETCH 1 BODY[1.1.1.1.1.HEADER]", b"OK FETCH completed"),
        (b"STORE 1 FLAGS (" + b"a" * 5000 + b")", b"OK STORE completed"),
        (b"ID (" + b'"a" "b" ' * 40 + b")", b"BAD ID has too much to say"),
        (b"GETQUOTA " + LITERAL, b"NO [NONEXISTENT] No such quota root"),
        (b"SELECT INBOX (QRESYNC (1 1))", b"BAD QRESYNC is not enabled"),
        (b'DELETE "/"', b"NO [NONEXISTENT] No such mailbox"),
        (b'CREATE "//"', b"NO [CANNOT] Not possible with this name"),
        (b"RENAME INBOX INBOX/x", b"NO [CANNOT] Not possible with this name"),
        (b"COPY 1 {3+}\r\na\0b", b"BAD NUL in a literal"),
    ],
)
def test_strange_commands(line: bytes, reply: bytes):
    wire = opened()
    last = wire.say(b"a3 " + line + b"\r\n").removesuffix(b"\r\n").rpartition(b"\r\n")[2]
    assert last.startswith(b"a3 " + reply)
    assert wire.say(b"a4 FETCH 1 UID\r\n").endswith(b"a4 OK FETCH completed\r\n")
