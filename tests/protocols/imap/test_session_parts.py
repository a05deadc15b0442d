"""The pure parts of a session: the view, names and patterns, FETCH items, SEARCH keys."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.mail.folder import Message
from mailsim.protocols.imap import (
    ALL,
    FULL,
    List,
    Lsub,
    MailboxView,
    Names,
    NewsStyle,
    SearchContext,
    SequenceSet,
    decode_mailbox,
    encode_mailbox,
    fetch_items,
    flags_shown,
    keys,
    list_answers,
    lsub_answers,
    matches,
    matches_pattern,
    root_of,
)
from mailsim.protocols.imap._parser import parse_command
from mailsim.protocols.imap.responses import Response
from tests.agents.imap_wire import ImapWorld, Wire
from tests.mail.test_mime import CORPUS, crlf


def told(responses: list[Response]) -> list[str]:
    return [str(response) for response in responses]


# --- the view ------------------------------------------------------------------------------------------


def test_the_last_five_of_nine_expunged_in_both_orders():
    for descending, expected in ((False, [5, 5, 5, 5, 5]), (True, [9, 8, 7, 6, 5])):
        view = MailboxView(range(11, 20), descending=descending)
        for uid in (19, 15, 17, 16, 18):
            view.vanished(uid)
        assert told(view.news(True)) == [f"* {number} EXPUNGE" for number in expected]
        assert view.uids == [11, 12, 13, 14]


def test_removals_wait_until_they_may_be_told():
    view = MailboxView([1, 2, 3])
    view.vanished(2)
    view.appeared(7, recent=True)
    view.flags_changed(3, ("\\Seen",))
    view.flags_changed(2, ("\\Seen",))
    assert told(view.news(False)) == ["* 4 EXISTS", "* 1 RECENT", "* 3 FETCH (FLAGS (\\Seen))"]
    assert view.number_of(3) == 3
    assert view.has_news
    assert told(view.news(True)) == ["* 2 EXPUNGE"]
    assert (view.number_of(3), view.number_of(7), view.number_of(2)) == (2, 3, None)
    assert not view.has_news
    assert view.news(True) == []


def test_a_message_that_came_and_went_untold_is_not_told():
    view = MailboxView([1])
    view.appeared(2)
    view.vanished(2)
    assert view.news(True) == []


def test_only_the_last_flags_are_told_and_own_changes_not_at_all():
    view = MailboxView([1, 2], recent=[1])
    view.flags_changed(1, ("\\Seen",))
    view.flags_changed(1, ("\\Flagged", "\\Seen"), 5)
    view.flags_changed(2, ())
    view.flags_told(2)
    style = NewsStyle(with_uid=True, with_modseq=True)
    assert told(view.news(True, style)) == ["* 1 FETCH (UID 1 FLAGS (\\Flagged \\Seen \\Recent) MODSEQ (5))"]


def test_news_for_who_has_enabled_qresync():
    view = MailboxView([11, 12, 13, 17])
    for uid in (13, 11, 12):
        view.vanished(uid)
    view.appeared(18, recent=True)
    assert told(view.news(True, NewsStyle(recent=False, vanished=True))) == ["* VANISHED 11:13", "* 2 EXISTS"]


def test_resolving_numbers_and_uids():
    view = MailboxView([3, 5, 9])
    assert view.resolve(SequenceSet.parse("2:*")) == [(2, 5), (3, 9)]
    assert view.resolve(SequenceSet.parse("1,3,1")) == [(1, 3), (3, 9)]
    assert view.resolve(SequenceSet.parse("2:4")) is None
    assert view.resolve(SequenceSet.parse("4:6,100:*"), by_uid=True) == [(2, 5), (3, 9)]
    assert view.resolve(SequenceSet.parse("1:4294967295"), by_uid=True) == [(1, 3), (2, 5), (3, 9)]
    assert MailboxView([]).resolve(SequenceSet.parse("*")) is None
    assert MailboxView([]).resolve(SequenceSet.parse("*"), by_uid=True) == []


def opened(world: ImapWorld) -> Wire:
    wire = world.connect()
    wire.say(b"1 LOGIN dan heslo\r\n2 SELECT INBOX\r\n")
    return wire


def test_two_clients_of_one_mailbox():
    world = ImapWorld.of([b"Subject: x\r\n\r\nhello\r\n"] * 3)
    laptop, phone = opened(world), opened(world)
    phone.say(b"3 IDLE\r\n")
    world.deliver(b"Subject: new\r\n\r\n")
    assert phone.heard() == b"* 4 EXISTS\r\n* 1 RECENT\r\n"
    laptop.say(b"4 FETCH 2 BODY[]\r\n")
    assert phone.heard() == b"* 2 FETCH (FLAGS (\\Seen))\r\n"
    laptop.say(b"5 STORE 1 +FLAGS.SILENT (\\Deleted)\r\n6 EXPUNGE\r\n")
    assert phone.heard() == b"* 1 EXPUNGE\r\n"
    assert phone.say(b"DONE\r\n") == b"3 OK IDLE terminated\r\n"
    assert phone.say(b"7 UID FETCH 2 FLAGS\r\n") == (
        b"* 1 FETCH (UID 2 FLAGS (\\Seen))\r\n7 OK UID FETCH completed\r\n"
    )
    laptop.say(b"8 STORE 2 +FLAGS.SILENT (\\Deleted)\r\n9 EXPUNGE\r\n")
    answer = phone.say(b"8 FETCH 1:3 UID\r\n")  # one is gone, its number is not
    assert answer.count(b"FETCH (UID") == 2
    assert answer.endswith(b"8 NO [EXPUNGEISSUED] Some of the messages are gone\r\n")
    assert phone.say(b"9 NOOP\r\n") == b"* 2 EXPUNGE\r\n9 OK NOOP completed\r\n"


def test_a_hundred_thousand_removals_in_linear_time():
    view = MailboxView(range(1, 100_001))
    start = time.process_time()
    for uid in range(1, 100_001, 2):
        view.vanished(uid)
    assert len(view.news(True)) == 50_000
    assert time.process_time() - start < 5  # one by one out of a list it would be minutes


# --- names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("Odeslaná pošta", "Odeslan&AOE- po&AWE-ta"),
        ("Koncepty", "Koncepty"),
        ("A & B", "A &- B"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("😀", "&2D3eAA-"),
        ("tab\t", "tab&AAk-"),
    ],
)
def test_modified_utf_7(name: str, wire: str):
    assert encode_mailbox(name) == wire
    assert decode_mailbox(wire) == name


@pytest.mark.parametrize(
    "wire", ["&", "a&b", "&AGE-", "&U,BTFw-&ZeVnLIqe-", "&2D0-", "&!!-", "&AOE", "škola", "&AOF-", "&A-", "a\x7f"]
)
def test_names_that_are_not_in_the_one_right_form(wire: str):
    with pytest.raises(ValueError, match="not modified UTF-7"):
        decode_mailbox(wire)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(st.characters(blacklist_categories=("Cs",))))
def test_every_name_goes_there_and_back(name: str):
    assert encode_mailbox(name).isascii()
    assert decode_mailbox(encode_mailbox(name)) == name


@pytest.mark.parametrize(
    ("pattern", "name", "does"),
    [
        ("*", "a/b", True),
        ("%", "a/b", False),
        ("%", "a", True),
        ("a/%", "a/b", True),
        ("a/%", "a/b/c", False),
        ("a*c", "a/b/c", True),
        ("%/%", "a/b", True),
        ("a", "a/b", False),
        ("", "", True),
        ("*%*", "x", True),
        ("a%b", "ab", True),
        ("a.c", "abc", False),
    ],
)
def test_patterns(pattern: str, name: str, does: bool):
    assert matches_pattern(name, pattern, "/") is does


def test_a_pattern_of_stars_is_cheap():
    start = time.process_time()
    assert not matches_pattern("a" * 200, "*a" * 100 + "b", "/")
    assert time.process_time() - start < 1


def names(*there: str, subscribed: Iterable[str] = ()) -> Names:
    return Names(dict.fromkeys(there, ""), frozenset(subscribed), "/")


def test_a_level_that_only_has_others_below_it_is_listed():
    assert told(list_answers(names("foo/bar"), List("", "%"))) == ['* LIST (\\Noselect \\HasChildren) "/" foo']
    assert told(list_answers(names("foo", "foo/bar"), List("", "%"))) == ['* LIST (\\HasChildren) "/" foo']
    assert told(list_answers(names("INBOX", "Archive"), List("", "inb%"))) == ['* LIST (\\HasNoChildren) "/" INBOX']
    assert [one.mailbox for one in list_answers(names("a/b/c", "a/d"), List("a/", "%"))] == ["a/b", "a/d"]
    assert (root_of("/usr/x"), root_of("x")) == ("/", "")


@pytest.mark.parametrize("arguments", [b'() "" ""', b'"" ("")', b'"" "" RETURN (CHILDREN)', b'x ("" "")'])
def test_only_the_basic_list_asks_for_the_delimiter_with_an_empty_name(arguments: bytes):
    """RFC 5258 section 3: the extended one ignores empty names, whatever stands before them."""
    _, command = parse_command(b"a LIST " + arguments)
    assert isinstance(command, List)
    assert told(list_answers(names("x", "INBOX"), command)) == []


def test_lsub_shows_subscriptions_and_the_levels_above_them():
    known = names("foo", "foo/bar", subscribed=["foo/bar", "gone"])
    assert told(lsub_answers(known, Lsub("", "%"))) == [
        '* LSUB (\\Noselect) "/" foo',
        '* LSUB () "/" gone',
    ]
    assert told(lsub_answers(known, Lsub("", "foo*"))) == ['* LSUB () "/" foo/bar']


# The numbers are those of the examples in RFC 9051 section 6.3.9.8.
FRUIT = names(
    *("INBOX", "Fruit", "Fruit/Apple", "Fruit/Banana", "Tofu", "Vegetable", "Vegetable/Broccoli", "Vegetable/Corn"),
    subscribed=["INBOX", "Fruit/Banana", "Fruit/Peach", "Vegetable", "Vegetable/Broccoli"],
)


def test_example_3_subscribed_names_whether_they_are_there_or_not():
    command = List("", "*", selection=frozenset({"SUBSCRIBED"}))
    assert told(list_answers(FRUIT, command)) == [
        '* LIST (\\Subscribed \\HasNoChildren) "/" INBOX',
        '* LIST (\\Subscribed \\HasNoChildren) "/" Fruit/Banana',
        '* LIST (\\Subscribed \\NonExistent \\HasNoChildren) "/" Fruit/Peach',
        '* LIST (\\Subscribed \\HasChildren) "/" Vegetable',
        '* LIST (\\Subscribed \\HasNoChildren) "/" Vegetable/Broccoli',
    ]


def test_example_8_children_that_are_subscribed():
    known = names("Foo", "Foo/Bar", "Foo/Baz", "Moo", subscribed=["Foo/Baz"])
    plain = List("", "%", selection=frozenset({"SUBSCRIBED"}))
    assert list_answers(known, plain) == []
    recursive = List("", "%", selection=frozenset({"SUBSCRIBED", "RECURSIVEMATCH"}))
    assert told(list_answers(known, recursive)) == ['* LIST (\\HasChildren) "/" Foo ("CHILDINFO" ("SUBSCRIBED"))']
    reached = List("", "*", selection=frozenset({"SUBSCRIBED", "RECURSIVEMATCH"}))
    assert told(list_answers(known, reached)) == ['* LIST (\\Subscribed \\HasNoChildren) "/" Foo/Baz']


# --- fetch ---------------------------------------------------------------------------------------------


def message(content: bytes, *flags: str, uid: int = 7, at_us: int = 0) -> Message:
    return Message(uid, frozenset(flags), at_us, content, 1)


def test_fetch_adds_what_the_command_implies():
    data = fetch_items(message(b"\r\n", "\\Seen", "b", "a"), 3, ALL[:1], by_uid=True, recent=True)
    assert str(data) == "* 3 FETCH (UID 7 FLAGS (\\Seen a b \\Recent))"
    data = fetch_items(message(b"\r\n", "\\Seen"), 3, (), with_flags=True)
    assert data.items == (("FLAGS", ("\\Seen",)),)
    assert flags_shown(["x", "\\Draft", "\\Answered"]) == ("\\Answered", "\\Draft", "x")


def test_fetch_shows_the_zone_that_it_is_given():
    data = fetch_items(message(b"\r\n"), 1, ALL, zone_minutes=60)
    assert str(data.get("INTERNALDATE")) == " 1-Jan-1970 01:00:00 +0100"
    assert data.get("RFC822.SIZE") == 2
    assert "ENVELOPE" in data


def test_envelopes_of_many_mails_take_linear_time():
    def seconds(count: int) -> float:
        mails = [message(CORPUS["plain"] + b"%d" % n, uid=n) for n in range(count)]
        start = time.process_time()
        for number, mail in enumerate(mails, 1):
            fetch_items(mail, number, FULL).to_bytes()
        return time.process_time() - start

    best = {count: min(seconds(count) for _ in range(3)) for count in (200, 800)}
    assert best[800] < 12 * best[200]


# --- search --------------------------------------------------------------------------------------------

NOWHERE = SearchContext(9, 99)


def found(content: bytes, key: keys.SearchKey, *flags: str) -> bool:
    return matches(message(content, *flags, at_us=1_767_596_400_000_000), 4, key, NOWHERE)


@pytest.mark.parametrize("name", ["plain", "alternative", "attachments", "forwarded", "base64 text"])
def test_texts_are_found_decoded_and_in_any_case(name: str):
    assert found(CORPUS[name], keys.BodyHas("žluťoučký KŮŇ"))
    assert found(CORPUS[name], keys.TextHas("ŽLUŤOUČKÝ"))
    assert not found(CORPUS[name], keys.BodyHas("velbloud"))


def test_headers():
    mail = CORPUS["plain"]
    assert found(mail, keys.HeaderHas("SUBJECT", "ŽLUŤOUČKÝ kůň"))
    assert found(mail, keys.HeaderHas("TO", "bořek šťastný"))
    assert found(mail, keys.HeaderHas("TO", "@firma.example"))
    assert not found(mail, keys.HeaderHas("CC", "a"))
    assert found(mail, keys.HeaderHas("MESSAGE-ID", ""))
    assert not found(mail, keys.HeaderHas("X-MISSING", ""))
    assert found(mail, keys.TextHas("message-id: <1@skola"))
    assert not found(mail, keys.BodyHas("1@skola.example"))


def test_addresses_are_searched_as_the_envelope_has_them():
    """RFC 3501 section 6.4.4: FROM, TO, CC and BCC look into the fields of the envelope structure."""
    mail = crlf(
        'From: "Doe, \\"Jane\\"" <jane (at home) @ x.example>\nTo: crew: a (first)@y.example;\nX-To: a(b)@c\n\n'
    )
    assert found(mail, keys.HeaderHas("FROM", "JANE@x.example"))
    assert found(mail, keys.HeaderHas("FROM", 'doe, "jane"'))
    assert found(mail, keys.HeaderHas("FROM", "at home"))
    assert found(mail, keys.HeaderHas("TO", "a@y.example"))
    assert found(mail, keys.HeaderHas("TO", "crew"))
    assert not found(mail, keys.HeaderHas("TO", "jane"))
    assert not found(mail, keys.HeaderHas("X-TO", "a@c"))


def test_dates_disregard_time_and_zone():
    mail = crlf("Date: Sun, 4 Jan 2026 23:59:59 -1200\n\n")
    assert found(mail, keys.Dated("ON", date(2026, 1, 5)))
    assert found(mail, keys.Dated("SINCE", date(2026, 1, 5)))
    assert not found(mail, keys.Dated("BEFORE", date(2026, 1, 5)))
    assert found(mail, keys.Dated("ON", date(2026, 1, 4), sent=True))
    assert found(mail, keys.Dated("BEFORE", date(2026, 1, 5), sent=True))
    assert not found(b"\r\n", keys.Dated("SINCE", date(1900, 1, 5), sent=True))


def test_flags_sizes_and_sets():
    assert found(b"\r\n", keys.HasFlag("\\Seen"), "\\Seen")
    assert found(b"\r\n", keys.HasFlag("$JUNK"), "$Junk")
    assert found(b"\r\n", keys.LacksFlag("\\Seen"))
    assert not found(b"\r\n", keys.HasFlag("\\Recent"))
    assert found(b"\r\n", keys.SIMPLE["OLD"])
    assert found(b"\r\n", keys.Larger(1))
    assert not found(b"\r\n", keys.Larger(2))
    assert found(b"\r\n", keys.Smaller(3))
    assert found(b"\r\n", keys.Numbers(SequenceSet.parse("4:*")))
    assert not found(b"\r\n", keys.Numbers(SequenceSet.parse("5:*")))
    assert found(b"\r\n", keys.Uids(SequenceSet.parse("1:7")))


def test_combinations():
    yes, no = keys.All(), keys.Not(keys.All())
    assert found(b"", keys.Or(no, yes))
    assert not found(b"", keys.Or(no, no))
    assert not found(b"", keys.And((yes, no)))
    assert found(b"", keys.Not(keys.And((yes, no))))
