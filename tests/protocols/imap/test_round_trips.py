"""What is written is read back as the same value: commands by the server, responses by the client."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailsim.mail.mime import Address, BodyStructure, Envelope, Section, body_structure, envelope
from mailsim.protocols.imap import commands as c
from mailsim.protocols.imap import keys as k
from mailsim.protocols.imap import responses as r
from mailsim.protocols.imap._parse_responses import parse_response
from mailsim.protocols.imap._parser import parse_command
from mailsim.protocols.imap.dates import InternalDate, day_of, mail_date, parse_date
from mailsim.protocols.imap.fetch_data import FetchData
from mailsim.protocols.imap.items import Attribute, Body
from mailsim.protocols.imap.requests import encode_command
from mailsim.protocols.imap.sequence import STAR, SequenceSet
from tests.mail.test_mime import CORPUS, RFC_EXAMPLE

quick = settings(derandomize=True, deadline=None, max_examples=150)

texts = st.text(st.characters(min_codepoint=1, blacklist_categories=("Cs",)), max_size=8)
names = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12).filter(
    lambda name: name.upper() != "INBOX" or name == "INBOX"
)
atoms = st.from_regex(r"\A[A-Za-z$][A-Za-z0-9.-]{0,8}\Z")
flags = st.lists(st.sampled_from(["\\Seen", "\\Deleted", "\\Answered", "$Junk", "Work"]), max_size=4).map(tuple)
numbers = st.integers(1, 2**32 - 1)
ends = numbers | st.just(STAR)
ranges = st.tuples(ends, ends) | ends.map(lambda n: (n, n))
sets = st.lists(ranges, min_size=1, max_size=4).map(lambda found: SequenceSet(tuple(found)))
moments = st.builds(
    lambda seconds, zone: InternalDate(seconds * 1_000_000, zone),
    st.integers(-(10**9), 4 * 10**9),
    st.integers(-720, 840),
)
days = st.dates(date(1900, 1, 1), date(2100, 1, 1))
paths = st.lists(st.integers(1, 20), max_size=3).map(tuple)
fields = st.lists(texts.filter(bool), min_size=1, max_size=3).map(tuple)
sections = (
    st.builds(Section, paths, st.sampled_from(["", "HEADER", "TEXT"]))
    | st.builds(Section, paths, st.sampled_from(["HEADER.FIELDS", "HEADER.FIELDS.NOT"]), fields)
    | st.builds(Section, paths.filter(bool), st.just("MIME"))
)
partials = st.none() | st.tuples(st.integers(0, 2**40), st.integers(1, 2**40))
attributes = st.sampled_from(["FLAGS", "UID", "ENVELOPE", "BODY", "BODYSTRUCTURE", "RFC822", "RFC822.SIZE"])
items = st.lists(st.builds(Attribute, attributes) | st.builds(Body, sections, st.booleans(), partials), min_size=1)


def keys_of(words: st.SearchStrategy[str]) -> st.SearchStrategy[k.SearchKey]:
    simple = (
        st.sampled_from(list(k.SIMPLE.values()))
        | st.builds(k.HasFlag, atoms)
        | st.builds(k.LacksFlag, atoms)
        | st.builds(k.HeaderHas, st.sampled_from(["FROM", "SUBJECT", "X-TEST", "MESSAGE-ID"]), words)
        | st.builds(k.BodyHas, words)
        | st.builds(k.TextHas, words)
        | st.builds(k.Dated, st.sampled_from(k.RELATIONS), days, st.booleans())
        | st.builds(k.Larger, st.integers(0, 2**40))
        | st.builds(k.Smaller, st.integers(0, 2**40))
        | st.builds(k.Numbers, sets)
        | st.builds(k.Uids, sets)
    )
    return st.recursive(
        simple,
        lambda inner: (
            st.builds(k.Not, inner)
            | st.builds(k.Or, inner, inner)
            | st.lists(inner, min_size=1, max_size=3).map(lambda found: k.And(tuple(found)))
        ),
        max_leaves=6,
    )


search_keys = st.lists(keys_of(texts), min_size=1, max_size=4).map(tuple)
plain = [c.Capability, c.Noop, c.Logout, c.StartTls, c.Namespace, c.Idle, c.Check, c.Close, c.Unselect]
on_mailbox = [c.Select, c.Examine, c.Create, c.Delete, c.Subscribe, c.Unsubscribe]
commands = st.one_of(
    st.sampled_from([kind() for kind in plain]),
    *(st.builds(kind, names) for kind in on_mailbox),
    st.builds(c.Rename, names, names),
    st.builds(c.List, names, names),
    st.builds(c.Lsub, names, names),
    st.builds(c.Login, texts, texts),
    st.builds(c.Authenticate, atoms.map(str.upper), st.none() | st.binary(max_size=9)),
    st.builds(c.Status, names, st.just(("MESSAGES", "UIDNEXT"))),
    st.builds(c.Append, names, st.binary(max_size=20), flags, st.none() | moments),
    st.builds(c.Enable, st.lists(atoms.map(str.upper), min_size=1, max_size=3).map(tuple)),
    st.builds(c.Expunge, st.none() | sets),
    st.builds(c.Search, search_keys, st.booleans()),
    st.builds(c.Fetch, sets, items.map(tuple), st.booleans()),
    st.builds(c.Store, sets, st.sampled_from(c.StoreMode), flags, st.booleans(), st.booleans()),
    st.builds(c.Copy, sets, names, st.booleans()),
    st.builds(c.Move, sets, names, st.booleans()),
)


@settings(quick, max_examples=300)
@given(commands, st.sampled_from([-1, 4, 10_000]))
def test_commands(command: c.Command, waits_above: int):
    data = b"".join(encode_command("a7", command, waits_above))
    assert data.endswith(b"\r\n")
    assert parse_command(data[:-2]) == ("a7", command)


counts = st.integers(0, 2**32 - 1)
nstrings = st.none() | texts
addresses = st.lists(st.builds(Address, nstrings, nstrings, nstrings, nstrings), max_size=2).map(tuple)
envelopes = st.builds(
    Envelope, nstrings, nstrings, *([addresses] * 6), nstrings, nstrings
)  # fmt: skip
pairs = st.lists(st.tuples(texts.map(str.upper), texts), max_size=2).map(tuple)
extension = {
    "md5": nstrings,
    "disposition": st.none() | st.tuples(texts, pairs),
    "language": st.lists(texts, max_size=2).map(tuple),
    "location": nstrings,
}
single = {
    "parameters": pairs,
    "content_id": nstrings,
    "description": nstrings,
    "encoding": atoms.map(str.upper),
    "octets": st.integers(0, 2**40),
}
image = st.builds(BodyStructure, st.just("IMAGE"), texts.map(str.upper), **single, **extension)
plain_text = st.builds(BodyStructure, st.just("TEXT"), st.just("PLAIN"), **single, lines=counts, **extension)
without_md5 = {name: value for name, value in extension.items() if name != "md5"}
structures = st.recursive(
    image | plain_text,
    lambda inner: (
        st.builds(
            BodyStructure,
            st.just("MULTIPART"),
            st.just("MIXED"),
            pairs,
            parts=st.lists(inner, min_size=1, max_size=3).map(tuple),
            **without_md5,
        )
        | st.builds(
            BodyStructure,
            st.just("MESSAGE"),
            st.just("RFC822"),
            **single,
            lines=counts,
            envelope=envelopes,
            parts=st.tuples(inner),
            **extension,
        )
    ),
    max_leaves=3,
)
fetched = st.lists(
    st.tuples(st.just("FLAGS"), flags)
    | st.tuples(st.just("UID"), numbers)
    | st.tuples(st.just("RFC822.SIZE"), numbers)
    | st.tuples(st.just("INTERNALDATE"), moments)
    | st.tuples(st.just("ENVELOPE"), envelopes)
    | st.tuples(st.just("BODYSTRUCTURE"), structures)
    | st.tuples(st.just("BODY"), structures.map(BodyStructure.basic))
    | st.tuples(st.builds(Body, sections, st.just(False), partials).map(lambda b: b.answer_name), st.binary())
    | st.tuples(st.just("RFC822.HEADER"), st.none() | st.binary()),
    max_size=4,
).map(tuple)
line_texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1).filter(lambda t: t[0] != "[")
codes = st.sampled_from(["", "ALERT", "UIDNEXT 7", "PERMANENTFLAGS (\\Seen \\*)", "BADCHARSET (US-ASCII UTF-8)"])
delimiters = st.none() | st.sampled_from(["/", ".", "\\"])
spaces = st.lists(st.tuples(names, delimiters), max_size=2).map(tuple)
responses = st.one_of(
    st.builds(r.Tagged, atoms, st.sampled_from(["OK", "NO", "BAD"]), line_texts, codes),
    st.builds(r.Condition, st.sampled_from(["OK", "NO", "BAD", "BYE"]), line_texts, codes),
    st.builds(r.Continuation, line_texts),
    st.builds(r.CapabilityData, st.lists(atoms, min_size=1, max_size=4).map(tuple)),
    st.builds(r.Enabled, st.lists(atoms, max_size=4).map(tuple)),
    st.builds(r.Exists, counts),
    st.builds(r.Recent, counts),
    st.builds(r.Expunged, counts),
    st.builds(r.FlagsData, flags),
    st.builds(r.ListData, flags, delimiters, names, st.sampled_from(["LIST", "LSUB"])),
    st.builds(r.StatusData, names, st.lists(st.tuples(st.just("MESSAGES"), counts), max_size=2).map(tuple)),
    st.builds(r.SearchData, st.lists(numbers, max_size=5).map(tuple)),
    st.builds(r.NamespaceData, spaces, spaces, spaces),
    st.builds(FetchData, numbers, fetched),
)


@settings(quick, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(responses)
def test_responses(response: r.Response):
    data = response.to_bytes()
    assert data.endswith(b"\r\n")
    assert parse_response(data[:-2]) == response
    assert str(response).isprintable()
    assert response.fields()


@pytest.mark.parametrize("content", [*CORPUS.values(), RFC_EXAMPLE], ids=[*CORPUS, "RFC example"])
def test_structures_of_real_mails(content: bytes):
    full = body_structure(content)
    data = FetchData(
        1, (("ENVELOPE", envelope(content)), ("BODYSTRUCTURE", full), ("BODY", full.basic()), ("BODY[]", content))
    )
    assert parse_response(data.to_bytes()[:-2]) == data


def test_the_body_structures_of_rfc_3501_section_7_4_2():
    lines = (
        b'* 1 FETCH (BODY (("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 1152 23)("TEXT" "PLAIN"'
        b' ("CHARSET" "US-ASCII" "NAME" "cc.diff") "<960723163407.20117h@cac.washington.edu>" "Compiler diff"'
        b' "BASE64" 4554 73) "MIXED"))'
    )
    data = parse_response(lines)
    assert isinstance(data, FetchData)
    assert data.to_bytes() == lines + b"\r\n"


@quick
@given(sets, st.integers(1, 50))
def test_sequence_sets_mean_what_they_say(sequence: SequenceSet, largest: int):
    assert SequenceSet.parse(str(sequence)) == sequence
    expected = {n for n in range(1, largest + 1) if sequence.contains(n, largest)}
    assert {i + 1 for i in sequence.positions(list(range(1, largest + 1)))} == expected


@quick
@given(st.sets(st.integers(1, 40)))
def test_sequence_sets_of_numbers(chosen: set[int]):
    if chosen:
        sequence = SequenceSet.of(*chosen)
        assert list(sequence.numbers()) == sorted(chosen)
        assert SequenceSet.parse(str(sequence)) == sequence


def test_a_uid_range_with_a_star_always_has_the_last_message():
    assert list(SequenceSet.parse("3291:*").positions([5, 9])) == [1]
    assert list(SequenceSet.parse("559:*").positions([])) == []
    assert SequenceSet.parse("4:2,3:5,*").resolved(9) == [(2, 5), (9, 9)]
    assert str(SequenceSet.of(3, 1, 2, 9)) == "1:3,9"


@quick
@given(moments)
def test_moments(moment: InternalDate):
    assert InternalDate.parse(str(moment)) == moment
    assert parse_date(str(moment)[:11].strip()) == day_of(moment.at_us, moment.zone_minutes)


def test_moments_by_hand():
    moment = InternalDate.parse("17-Jul-1996 02:44:25 -0700")
    assert moment == InternalDate(837_596_665_000_000, -420)
    assert str(InternalDate(0, -30)) == "31-Dec-1969 23:30:00 -0030"
    for wrong in (
        "7-Jul-1996 02:44:25 +0000",
        "32-Jul-1996 02:44:25 +0000",
        " 1-Foo-1996 02:44:25 +0000",
        " 1-Jul-1996 24:00:00 +0000",
        " 1-Jul-0001 02:44:25 +0000",
        " 1-Jul-1996 02:44:25 +0060",
        "",
    ):
        with pytest.raises(ValueError, match=r"not a|no such"):
            InternalDate.parse(wrong)  # fmt: skip


def test_dates_of_mails():
    assert mail_date("Mon, 7 Feb 1994 21:52:25 -0800 (PST)") == date(1994, 2, 7)
    assert mail_date("7 Feb 94 21:52 GMT") == date(1994, 2, 7)
    assert mail_date("31 Feb 1994") is None
    assert mail_date("yesterday") is None


def test_response_codes():
    assert r.copy_uid(38505, [(304, 3956), (319, 3957), (320, 3958)]) == "COPYUID 38505 304,319:320 3956:3958"
    assert r.read_copy_uid("COPYUID 38505 304,319:320 3956:3958") == (38505, ((304, 3956), (319, 3957), (320, 3958)))
    assert r.copy_uid(1, []) == ""
    for broken in ("COPYUID 1 1:2 5", "COPYUID 1 x y", "COPYUID", "UIDNEXT 4", "COPYUID 1 1:4294967295 1:4294967295"):
        assert r.read_copy_uid(broken) is None
    assert r.code_argument("UIDNEXT 4392", "UIDNEXT") == "4392"
    assert r.code_of("PERMANENTFLAGS", ("\\Seen", "\\*")) == "PERMANENTFLAGS (\\Seen \\*)"
