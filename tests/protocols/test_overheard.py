"""What real programs say, cut into commands and contents by listening to both sides."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from mailsim.protocols.overheard import (
    DnsOverheard,
    ImapOverheard,
    Overheard,
    Piece,
    Pop3Overheard,
    SmtpOverheard,
)
from mailsim.protocols.pdu import Pdu

Dialogue = Sequence[tuple[str, bytes]]

SMTP: Dialogue = (
    ("S", b"220 mx.firma.example ESMTP\r\n"),
    ("C", b"EHLO a.example\r\n"),
    ("S", b"250-mx\r\n250 PIPELINING\r\n"),
    ("C", b"AUTH LOGIN\r\n"),
    ("S", b"334 VXNlcm5hbWU6\r\n"),
    ("C", b"YWxlbmE=\r\n"),
    ("S", b"235 ok\r\n"),
    ("C", b"MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n"),
    ("S", b"250 ok\r\n250 ok\r\n354 go on\r\n"),
    ("C", b"Message-ID: <1@a.example>\r\n\r\n..dot\r\nQUIT\r\n.\r\n"),
    ("S", b"250 queued\r\n221 bye\r\n"),
)
SMTP_SAID = (
    "EHLO a.example",
    "AUTH LOGIN",
    "YWxlbmE=",
    "MAIL FROM:<a@a.example>",
    "RCPT TO:<b@b.example>",
    "DATA",
    "Message-ID: <1@a.example> ... (43 octets)",
)
IMAP: Dialogue = (
    ("S", b"* OK ready\r\n"),
    ("C", b"a AUTHENTICATE PLAIN\r\n"),
    ("S", b"+ \r\n"),
    ("C", b"AGEAYg==\r\n"),
    ("S", b"a OK\r\n"),
    ("C", b"b APPEND INBOX {8}\r\n"),
    ("S", b"+ go on\r\n"),
    ("C", b"X: {3}\r\n\r\n"),
    ("S", b"b OK\r\n"),
    ("C", b"c LOGIN {5+}\r\nalena {3+}\r\nabc\r\nd UID FETCH 1 (FLAGS)\r\ne IDLE\r\n"),
    ("S", b"c OK\r\nd OK\r\n+ idling\r\n"),
    ("C", b"DONE\r\nf SELECT {3}\r\n"),
    ("S", b"e OK\r\nf NO not that\r\n"),
    ("C", b"g NOOP\r\n"),
)
IMAP_SAID = (
    "a AUTHENTICATE PLAIN",
    "AGEAYg==",
    "b APPEND INBOX {8}",
    "(10 octets)",
    "c LOGIN {5+}",
    "d UID FETCH 1 (FLAGS)",
    "e IDLE",
    "DONE",
    "f SELECT {3}",
    "g NOOP",
)
POP3: Dialogue = (
    ("S", b"+OK ready\r\n"),
    ("C", b"AUTH PLAIN\r\n"),
    ("S", b"+ \r\n"),
    ("C", b"AGEAYg==\r\n"),
    ("S", b"+OK in\r\n"),
    ("C", b"STAT\r\nRETR 1\r\n"),
)
POP3_SAID = ("AUTH PLAIN", "AGEAYg==", "STAT", "RETR 1")


def heard(overheard: Overheard, dialogue: Dialogue, size: int) -> list[Piece]:
    """Play a dialogue in pieces of `size` octets."""
    pieces: list[Piece] = []
    for side, data in dialogue:
        for start in range(0, len(data), size):
            if side == "S":
                overheard.server(data[start : start + size])
            else:
                pieces += overheard.client(data[start : start + size])
    return pieces


def said(pieces: Sequence[Piece]) -> list[Pdu]:
    return [piece.pdu for piece in pieces if piece.pdu is not None]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100_000])
@pytest.mark.parametrize(
    ("kind", "dialogue", "expected"),
    [(ImapOverheard, IMAP, IMAP_SAID), (Pop3Overheard, POP3, POP3_SAID)],
)
def test_every_byte_comes_out_and_commands_are_whole(
    kind: type[Overheard], dialogue: Dialogue, expected: Sequence[str], size: int
) -> None:
    pieces = heard(kind(), dialogue, size)
    assert tuple(map(str, said(pieces))) == expected
    assert b"".join(piece.data for piece in pieces) == b"".join(data for side, data in dialogue if side == "C")
    assert b"".join(pdu.to_bytes() for pdu in said(pieces)) == b"".join(piece.data for piece in pieces)
    assert pieces[0].begins
    assert all(after.begins == (before.pdu is not None) for before, after in pairwise(pieces))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64, 100_000])
def test_the_content_of_a_mail_ends_with_its_dot(size: int) -> None:
    pieces = heard(SmtpOverheard(), SMTP, size)
    texts = tuple(map(str, said(pieces)))
    assert texts[:6] == SMTP_SAID[:6]
    content = said(pieces)[6]
    assert content.role == "data"
    assert content.fields()["msg"] == "<1@a.example>"
    assert getattr(content, "data", b"") == b"Message-ID: <1@a.example>\r\n\r\n.dot\r\nQUIT\r\n"
    assert b"".join(piece.data for piece in pieces) == b"".join(data for side, data in SMTP if side == "C")


def test_the_fields_are_those_of_the_trace() -> None:
    pdus = said(heard(ImapOverheard(), IMAP, 64))
    assert pdus[0].fields() == {"tag": "a", "verb": "AUTHENTICATE", "arg": "PLAIN"}
    assert pdus[1].fields() == {"tag": "", "verb": "", "arg": "AGEAYg=="}
    assert pdus[3].role == "data"
    assert pdus[5].fields() == {"tag": "d", "verb": "UID FETCH", "arg": "1 (FLAGS)"}
    assert said(heard(SmtpOverheard(), SMTP, 64))[2].fields() == {"verb": "", "arg": "YWxlbmE="}


def test_a_chunk_of_bdat_is_counted() -> None:
    overheard = SmtpOverheard()
    pieces = overheard.client(b"BDAT 6 LAST\r\nab\r\ncdQUIT\r\n")
    assert [pdu.role for pdu in said(pieces)] == ["cmd", "data", "cmd"]
    assert said(pieces)[1].to_bytes() == b"ab\r\ncd"


def test_what_is_unfinished_is_known() -> None:
    overheard = SmtpOverheard()
    assert overheard.client(b"EHL") == [Piece(b"EHL", True, None)]
    assert overheard.unfinished == b"EHL"


def test_dns_over_tcp_comes_message_by_message() -> None:
    overheard = DnsOverheard()
    wire = bytes.fromhex("abcd01000001000000000000") + b"\x05firma\x07example\x00\x00\x0f\x00\x01"
    framed = len(wire).to_bytes(2, "big") + wire
    assert overheard.client(framed[:5]) == []
    [piece] = overheard.client(framed[5:])
    assert piece.data == framed
    assert piece.pdu is not None
    assert piece.pdu.fields()["qtype"] == "MX"
