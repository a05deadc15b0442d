"""Paths, domains, parameters: what RFC 5321 section 4.1.2 allows, and what it does not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.mail.xtext import decode_unicode, decode_xtext, encode_unicode, encode_xtext
from mailsim.protocols.smtp.grammar import (
    GrammarError,
    check_domain,
    check_path,
    is_address_literal,
    parse_parameters,
    parse_path,
    split_mailbox,
)


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("<>", ""),
        ("<a@b>", "a@b"),
        ("<a.b+c=d@x-1.y--2.example>", "a.b+c=d@x-1.y--2.example"),
        ("<!#$%&'*+/=?^_`{|}~-@b.example>", "!#$%&'*+/=?^_`{|}~-@b.example"),
        ('<"a b"@c.example>', '"a b"@c.example'),
        ('<"">', None),
        ('<""@c.example>', '""@c.example'),
        (r'<"a\"\\@>"@c.example>', r'"a\"\\@>"@c.example'),
        ('<"a"b"@c.example>', None),
        ("<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        ("<a@[IPv6:2001:db8::7]>", "a@[IPv6:2001:db8::7]"),
        ("<@one.example:a@b.example>", "a@b.example"),
        ("<@one.example,@two.example:a@b.example>", "a@b.example"),
        ("<@one.example>", None),
        ("<@one.example,a@b.example>", None),
        ("<a@b.example.>", None),
        ("<a@-b.example>", None),
        ("<a@b-.example>", None),
        ("<a..b@c.example>", None),
        ("<a.@c.example>", None),
        ("<@c.example>", None),
        ("<a@b@c.example>", None),
        ("<a(comment)@c.example>", None),
        ("<<a@b.example>>", None),
        ("< a@b.example>", None),
        ("<a@b.example >", None),
        ("a@b.example", None),
        ("", None),
        ("<", None),
        ("<postmaster>", None),
    ],
)
def test_path(text: str, mailbox: str | None) -> None:
    if mailbox is None:
        with pytest.raises(GrammarError):
            parse_path(text)
    else:
        assert parse_path(text) == (mailbox, len(text))
        check_path(mailbox)


def test_a_path_ends_at_its_bracket() -> None:
    assert parse_path("FROM:<a@b.example> SIZE=1", 5) == ("a@b.example", 18)
    assert parse_path('FROM:<"a>"@b.example>>', 5) == ('"a>"@b.example', 21)


def test_bare_postmaster() -> None:
    assert parse_path("<PostMaster>", bare_postmaster=True) == ("PostMaster", 12)
    check_path("postmaster", bare_postmaster=True)
    with pytest.raises(GrammarError):
        parse_path("<hostmaster>", bare_postmaster=True)


@pytest.mark.parametrize(
    "path", ["a@b.example>", "a@b.example> SIZE=1", "@x.example:a@b.example", "<a@b.example>", "a"]
)
def test_check_path_takes_a_path_and_nothing_else(path: str) -> None:
    with pytest.raises(GrammarError):
        check_path(path)


def test_limits_of_section_4_5_3_1() -> None:
    domain = ".".join(["d" * 47] * 5)
    assert len(domain) == 239
    local = "a" * (256 - 3 - 239)
    assert parse_path(f"<{local}@{domain}>")[1] == 256
    with pytest.raises(GrammarError, match="Path"):
        parse_path(f"<{local}a@{domain}>")
    assert parse_path(f"<{'a' * 64}@b.example>")
    with pytest.raises(GrammarError, match="Local"):
        parse_path(f"<{'a' * 65}@b.example>")
    check_domain(".".join(["d" * 63] * 3 + ["d" * 63]))
    with pytest.raises(GrammarError, match="Domain"):
        check_domain(".".join(["d" * 63] * 4) + ".d")
    with pytest.raises(GrammarError, match="Label"):
        check_domain("d" * 64 + ".example")


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("[192.0.2.1]", True),
        ("[255.255.255.255]", True),
        ("[256.0.2.1]", False),
        ("[192.0.2]", False),
        ("[192.0.2.1.5]", False),
        ("[192.0.2.+1]", False),
        ("[ 192.0.2.1]", False),
        ("192.0.2.1", False),
        ("[IPv6:2001:db8:0:0:0:0:0:1]", True),
        ("[ipv6:::]", True),
        ("[IPv6:::ffff:192.0.2.1]", True),
        ("[IPv6:1:2:3:4:5:6::]", True),
        ("[IPv6:1:2:3:4:5:6:7::]", False),
        ("[IPv6:1::3:4:5:6:192.0.2.1]", False),
        ("[IPv6:fe80::1%eth0]", False),
        ("[2001:db8::1]", False),
        ("[x400:something]", False),
        ("[]", False),
        ("[", False),
        ("", False),
    ],
)
def test_address_literal(text: str, good: bool) -> None:
    assert is_address_literal(text) is good


@pytest.mark.parametrize(
    "domain", ["", ".", "a.", ".a", "a..b", "a_b", "a b", "ž.example", "a\n", "-a", "[1.2.3.4", "٣.example"]
)
def test_bad_domain(domain: str) -> None:
    with pytest.raises(GrammarError):
        check_domain(domain)


def test_split_mailbox() -> None:
    assert split_mailbox("a@b.example") == ("a", "b.example")
    assert split_mailbox('"a@b"@c.example') == ('"a@b"', "c.example")
    assert split_mailbox("a@[IPv6:::1]") == ("a", "[IPv6:::1]")
    assert split_mailbox("postmaster") == ("postmaster", "")


def test_parameters() -> None:
    assert parse_parameters("") == ()
    assert parse_parameters("size=1 Body=8BITMIME SMTPUTF8") == (
        ("SIZE", "1"),
        ("BODY", "8BITMIME"),
        ("SMTPUTF8", None),
    )
    for bad in (" ", "A ", "A  B", "-A", "A=", "A=b=c", "A=\x7f", "A=a A=b", "a=1 A", "ž=1", "="):
        with pytest.raises(GrammarError):
            parse_parameters(bad)


def test_xtext() -> None:
    assert decode_xtext("e+3Dmc2@example.com") == "e=mc2@example.com"
    assert decode_xtext("a+2Bb") == "a+b"
    for bad in ("+", "a+3", "a+3d", "+GG", "++2B"):
        with pytest.raises(ValueError, match="bad xtext"):
            decode_xtext(bad)
    assert encode_xtext("e=mc+2 x") == "e+3Dmc+2B2+20x"


@given(st.text(st.characters(max_codepoint=126)))
def test_xtext_there_and_back(text: str) -> None:
    assert decode_xtext(encode_xtext(text)) == text
    assert decode_unicode(encode_unicode(text + "žš")) == text + "žš"


@pytest.mark.parametrize(
    "path", ["jiří@firma.example", '"jiří n"@firma.example', "a@žluť.example", "用户@例え.example"]
)
def test_addresses_beyond_ascii(path: str) -> None:
    assert parse_path(f"<{path}>") == (path, len(path) + 2)


@pytest.mark.parametrize("path", ["a\u00a0b@x.example", "a\u2028b@x.example", "a@x\u3002y.example", "a\x80@x.example"])
def test_white_space_beyond_ascii_is_no_letter(path: str) -> None:
    with pytest.raises(GrammarError):
        parse_path(f"<{path}>")


def test_the_limits_count_octets_of_utf8() -> None:
    parse_path(f"<{'ž' * 32}@x.example>")
    with pytest.raises(GrammarError, match="Local part too long"):
        parse_path(f"<{'ž' * 33}@x.example>")


@given(st.text(st.sampled_from('a.@<>[]",:-\\ ž\0'), max_size=24))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_garbage_is_an_error_or_comes_back(text: str) -> None:
    try:
        mailbox, end = parse_path(text)
    except GrammarError:
        return
    assert text[0] == "<"
    assert text[end - 1] == ">"
    assert text[:end].endswith(mailbox + ">")
    assert parse_path(f"<{mailbox}>") == (mailbox, len(mailbox) + 2)


@pytest.mark.parametrize(
    "text",
    [
        "<" + "a" * 6000,
        "<" + "a." * 3000,
        "<a@" + "b-" * 3000,
        "<@" + "a,@" * 2000,
        '<"' + "\\a" * 3000,
        "<a@[" + ":" * 6000,
    ],
)
def test_hostile_paths_take_linear_time(text: str) -> None:
    begin = time.process_time()
    for _ in range(20):
        with pytest.raises(GrammarError):
            parse_path(text)
    assert time.process_time() - begin < 0.5
