"""What an IMAP session does beside its commands: when it hangs up, and which zone a date is shown in."""

from __future__ import annotations

import pytest

from mailsim.agents.policy import AccessPolicy
from tests.agents.imap_wire import ImapWorld, Wire

MAIL = b"Subject: dates\r\n\r\ntext\r\n"
LATE = b'"31-Dec-2025 23:30:00 -0800"'


def logged_in(world: ImapWorld) -> Wire:
    wire = world.connect()
    wire.say(b"a LOGIN dan heslo\r\n")
    return wire


@pytest.mark.parametrize("limit", [1, 3])
def test_it_hangs_up_after_so_many_mistakes_in_a_row(limit: int) -> None:
    wire = logged_in(ImapWorld(policy=AccessPolicy(imap_max_errors=limit)))
    for _ in range(limit - 1):
        assert wire.say(b"b NONSENSE\r\n").startswith(b"b BAD ")
    if limit > 1:
        assert b"c OK" in wire.say(b"c NOOP\r\n")  # from here on it counts anew
        for _ in range(limit - 1):
            wire.say(b"d NONSENSE\r\n")
    assert not wire.closed
    assert wire.say(b"e NONSENSE\r\n").endswith(b"* BYE Too many mistakes\r\n")
    assert wire.closed


def test_it_never_hangs_up_when_policy_says_so() -> None:
    wire = logged_in(ImapWorld(policy=AccessPolicy(imap_max_errors=0)))
    assert all(wire.say(b"b NONSENSE\r\n").startswith(b"b BAD ") for _ in range(100))
    assert not wire.closed


def uploaded(date: bytes = b"") -> Wire:
    wire = logged_in(ImapWorld(utc_offset_minutes=60))
    wire.say(b"b APPEND INBOX %s{%d+}\r\n%s\r\n" % (date, len(MAIL), MAIL))
    wire.say(b"c SELECT INBOX\r\n")
    return wire


def test_internaldate_keeps_the_zone_of_append() -> None:
    wire = uploaded(LATE + b" ")
    assert wire.say(b"d FETCH 1 INTERNALDATE\r\n").startswith(b"* 1 FETCH (INTERNALDATE %s)" % LATE)


def test_the_zone_stays_with_flags_copies_and_moves() -> None:
    wire = uploaded(LATE + b" ")
    wire.say(b"d STORE 1 +FLAGS (\\Seen)\r\n")
    wire.say(b"e COPY 1 Sent\r\n")
    wire.say(b"f MOVE 1 Trash\r\n")
    for folder in (b"Sent", b"Trash"):
        wire.say(b"g SELECT %s\r\n" % folder)
        assert LATE in wire.say(b"h FETCH 1 INTERNALDATE\r\n")


def test_a_day_is_searched_in_the_zone_of_the_mail() -> None:
    """RFC 9051 section 6.4.4: time and zone are disregarded, so the day counts that INTERNALDATE shows."""
    wire = uploaded(LATE + b" ")
    assert wire.say(b"d SEARCH ON 31-Dec-2025\r\n").startswith(b"* SEARCH 1\r\n")
    assert wire.say(b"e SEARCH ON 1-Jan-2026\r\n").startswith(b"* SEARCH\r\n")


def test_a_mail_without_a_date_is_shown_in_the_zone_of_the_server() -> None:
    assert b" +0100" in uploaded().say(b"d FETCH 1 INTERNALDATE\r\n")
