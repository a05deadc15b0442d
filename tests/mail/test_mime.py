"""MIME ranges over raw bytes: against the stdlib's parser, against the RFC's example, and on broken mails."""

from __future__ import annotations

import base64
import email
import email.policy
import time
from email.message import EmailMessage, Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.mail.mime import (
    Address,
    BodyStructure,
    Part,
    Section,
    body_structure,
    decode_words,
    envelope,
    parse,
    parse_addresses,
    section_bytes,
    texts,
)
from mailsim.mail.mime import find_part as find
from mailsim.mail.mime_envelope import _address_list
from mailsim.mail.mime_headers import decode_base64


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def composed(*attachments: bytes, html: str = "") -> EmailMessage:
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = "Alena Nová <alena@skola.example>"
    mail["To"] = "Dan <dan@skola.example>, Bořek Šťastný <borek@firma.example>"
    mail["Subject"] = "Žluťoučký kůň úpěl ďábelské ódy a ještě dlouho potom ani nepípl, takže se řádek zalomí"
    mail["Date"] = "Mon, 05 Jan 2026 08:00:00 +0100"
    mail["Message-ID"] = "<1@skola.example>"
    mail.set_content("Příliš žluťoučký kůň\n.\nřádek\n")
    if html:
        mail.add_alternative(html, subtype="html")
    for number, octets in enumerate(attachments):
        mail.add_attachment(octets, maintype="application", subtype="pdf", filename=f"příloha{number}.pdf")
    return with_fixed_boundaries(mail, "a")


def forwarded() -> EmailMessage:
    mail = composed()
    mail.add_attachment(composed(b"abc" * 100, html="<p>kůň</p>"))
    return with_fixed_boundaries(mail, "f")


def with_fixed_boundaries(mail: EmailMessage, prefix: str) -> EmailMessage:
    """The same boundaries in every process: the stdlib draws them by chance."""
    for number, part in enumerate(mail.walk()):
        if part.is_multipart() and part.get_content_maintype() == "multipart" and part.get_boundary() is None:
            part.set_boundary(f"==={prefix}{number}===")
    return mail


BASE64_TEXT = (
    crlf("MIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-2\nContent-Transfer-Encoding: base64\n\n")
    + base64.b64encode("žluťoučký kůň\r\n".encode("iso-8859-2"))
    + b"\r\n"
)

CORPUS = {
    "plain": composed().as_bytes(),
    "alternative": composed(html="<p>ahoj</p>").as_bytes(),
    "attachments": composed(b"\x00\xff" * 500, b"x", html="<b>kůň</b>").as_bytes(),
    "forwarded": forwarded().as_bytes(),
    "base64 text": BASE64_TEXT,
    "no mime": crlf("From: a@b.example\nSubject: hi\n\nhello\nworld\n"),
    "digest": crlf(
        'Content-Type: multipart/digest; boundary="d"\n\n--d\n\nSubject: one\n\n1\n--d\n\nSubject: two\n\n2\n--d--\n'
    ),
}


@pytest.mark.parametrize("name", CORPUS)
def test_the_tree_is_the_one_that_the_stdlib_sees(name: str):
    content = CORPUS[name]
    same_tree(parse(content), email.message_from_bytes(content, policy=email.policy.SMTP))


def same_tree(part: Part, message: Message) -> None:
    assert f"{part.type}/{part.subtype}".lower() == message.get_content_type()
    if message.get_content_maintype() == "multipart":
        children = message.get_payload()
        assert len(part.children) == len(children)
        for ours, theirs in zip(part.children, children, strict=True):
            same_tree(ours, theirs)
    elif message.get_content_type() == "message/rfc822":
        assert part.message is not None
        same_tree(part.message, message.get_payload(0))
    else:
        theirs = message.get_payload(decode=True)
        if part.type == "TEXT":
            (text,) = texts(part_as_mail(part))
            assert text.splitlines() == theirs.decode(message.get_content_charset("utf-8")).splitlines()
        else:
            assert decode_base64(part.body) == theirs


def part_as_mail(part: Part) -> bytes:
    return part.header.content[part.header.start : part.end]


@pytest.mark.parametrize("name", CORPUS)
def test_the_envelope_has_what_the_stdlib_reads(name: str):
    content = CORPUS[name]
    theirs = email.message_from_bytes(content, policy=email.policy.SMTP)
    ours = envelope(content)
    assert decode_words(ours.subject or "") == (theirs["subject"] or "")
    assert ours.message_id == (theirs["message-id"] or None)
    expected = theirs["to"].addresses if theirs["to"] else ()
    found = [(decode_words(a.name or ""), a.mailbox, a.host) for a in ours.to]
    assert found == [(a.display_name, a.username, a.domain) for a in expected]


RFC_EXAMPLE = crlf("""\
Subject: outer
Content-Type: multipart/mixed; boundary=a

preamble
--a
Content-Type: text/plain

one
--a
Content-Type: application/octet-stream

two
--a
Content-Type: message/rfc822

Subject: third
Content-Type: multipart/mixed; boundary=b

--b

three one
--b
Content-Type: application/octet-stream

three two
--b--
--a
Content-Type: multipart/mixed; boundary=c

--c
Content-Type: image/gif
X-Note: gif

four one
--c
Content-Type: message/rfc822

Subject: four two
Content-Type: multipart/mixed; boundary=d

--d

four two one
--d
Content-Type: multipart/alternative; boundary=e

--e

four two two one
--e
Content-Type: text/richtext

four two two two
--e--
--d--
--c--
--a--
epilogue
""")


def fetch(path: str, text: str = "", *fields: str) -> bytes | None:
    numbers = tuple(int(n) for n in path.split(".") if n)
    return section_bytes(RFC_EXAMPLE, Section(numbers, text, fields))


def test_part_numbers_of_the_example_in_rfc_3501_section_6_4_5():
    assert fetch("1") == b"one"
    assert fetch("2") == b"two"
    assert fetch("3.1") == b"three one"
    assert fetch("3.2") == b"three two"
    assert fetch("3", "HEADER") == b"Subject: third\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    assert (fetch("3", "HEADER") or b"") + (fetch("3", "TEXT") or b"") == fetch("3")
    assert fetch("4.1") == b"four one"
    assert fetch("4.1", "MIME") == b"Content-Type: image/gif\r\nX-Note: gif\r\n\r\n"
    assert fetch("4.2", "HEADER.FIELDS", "SUBJECT") == b"Subject: four two\r\n\r\n"
    assert fetch("4.2.1") == b"four two one"
    assert fetch("4.2.2.1") == b"four two two one"
    assert fetch("4.2.2.2") == b"four two two two"


def test_the_whole_and_its_two_halves():
    assert fetch("") == RFC_EXAMPLE
    assert (fetch("", "HEADER") or b"") + (fetch("", "TEXT") or b"") == RFC_EXAMPLE
    assert (fetch("", "TEXT") or b"").startswith(b"preamble\r\n")


@pytest.mark.parametrize("path", ["5", "1.1", "3.3", "4.1.1", "4.2.2.3", "4.3"])
def test_sections_that_are_not_there(path: str):
    assert fetch(path) is None


def test_header_and_text_need_a_message():
    assert fetch("1", "HEADER") is None
    assert fetch("4", "TEXT") is None
    assert fetch("9", "MIME") is None


def test_a_mail_without_parts_has_part_1():
    mail = crlf("Subject: hi\n\nhello\n")
    assert section_bytes(mail, Section((1,))) == b"hello\r\n"
    assert section_bytes(mail, Section((1,), "MIME")) == b"Subject: hi\r\n\r\n"
    assert section_bytes(mail, Section((2,))) is None
    assert section_bytes(mail, Section((1, 1))) is None


def test_header_subsets_keep_the_bytes_the_order_and_the_blank_line():
    mail = crlf("Received: a\nSUBJECT : strange\nreceived: b\n\tfolded\nTo: x@y.example\n\nbody")
    only = section_bytes(mail, Section((), "HEADER.FIELDS", ("Received", "Subject", "Missing")))
    assert only == b"Received: a\r\nSUBJECT : strange\r\nreceived: b\r\n\tfolded\r\n\r\n"
    others = section_bytes(mail, Section((), "HEADER.FIELDS.NOT", ("RECEIVED",)))
    assert others == b"SUBJECT : strange\r\nTo: x@y.example\r\n\r\n"


def test_no_blank_line_means_no_body():
    mail = b"Subject: only a header\r\n"
    assert section_bytes(mail, Section((), "HEADER")) == mail
    assert section_bytes(mail, Section((), "TEXT")) == b""
    assert section_bytes(mail, Section((), "HEADER.FIELDS", ("Subject",))) == mail


def test_body_structure_of_a_text_with_an_attachment():
    mail = crlf("""\
Content-Type: multipart/mixed; boundary="=x="; start=1

--=x=
Content-Type: TEXT/PLAIN; CHARSET=US-ASCII

hello
there

--=x=
Content-Type: TEXT/PLAIN; CHARSET=US-ASCII; NAME="cc\\"s.diff"
Content-ID: <960723163407.20117h@cac.washington.edu>
Content-Description: Compiler diff
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="cc.diff"; size=6
Content-Language: en, cs
Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==
Content-Location: http://a.example/

QUJD
REVG
--=x=--
""")
    structure = body_structure(mail)
    assert (structure.type, structure.subtype) == ("MULTIPART", "MIXED")
    assert structure.parameters == (("BOUNDARY", "=x="), ("START", "1"))
    text, patch = structure.parts
    assert (text.octets, text.lines) == (len("hello\r\nthere\r\n"), 2)
    assert patch == BodyStructure(
        "TEXT",
        "PLAIN",
        (("CHARSET", "US-ASCII"), ("NAME", 'cc"s.diff')),
        "<960723163407.20117h@cac.washington.edu>",
        "Compiler diff",
        "BASE64",
        10,
        1,
        md5="Q2hlY2sgSW50ZWdyaXR5IQ==",
        disposition=("attachment", (("FILENAME", "cc.diff"), ("SIZE", "6"))),
        language=("en", "cs"),
        location="http://a.example/",
    )
    assert structure.basic().parameters == ()
    assert structure.basic().parts[1].disposition is None


def test_body_structure_of_a_mail_in_a_mail():
    structure = body_structure(CORPUS["forwarded"])
    inner = structure.parts[1]
    assert (inner.type, inner.subtype) == ("MESSAGE", "RFC822")
    assert inner.envelope is not None
    assert inner.envelope.sender_from[0].host == "skola.example"
    assert [part.subtype for part in inner.parts[0].parts] == ["ALTERNATIVE", "PDF"]
    body = section_bytes(CORPUS["forwarded"], Section((2,)))
    assert body is not None
    assert (inner.octets, inner.lines) == (len(body), body.count(b"\n"))


def test_defaults_of_a_mail_that_says_nothing():
    assert body_structure(b"\r\nhello\r\n") == BodyStructure(
        "TEXT", "PLAIN", (("CHARSET", "US-ASCII"),), octets=7, lines=1
    )


# --- broken mails ------------------------------------------------------------------------------------


def leaves(mail: bytes) -> list[tuple[str, bytes]]:
    return [(p.subtype, p.body) for p in parse(mail).walk() if not p.children and not p.message]


def test_a_part_without_its_closing_line_ends_at_the_parents_boundary():
    mail = crlf("""\
Content-Type: multipart/mixed; boundary=out

--out
Content-Type: multipart/alternative; boundary=in

--in

inner
--out

after
--out--
""")
    assert leaves(mail) == [("PLAIN", b"inner"), ("PLAIN", b"after")]


def test_a_multipart_that_is_cut_off():
    assert leaves(crlf("Content-Type: multipart/mixed; boundary=x\n\n--x\n\nhalf of")) == [("PLAIN", b"half of")]


@pytest.mark.parametrize("head", ["Content-Type: multipart/mixed", "Content-Type: multipart/mixed; boundary=zz"])
def test_a_multipart_without_parts_shows_one_empty_text(head: str):
    structure = body_structure(crlf(f"{head}\n\nno boundary here\n"))
    assert [(p.type, p.octets) for p in structure.parts] == [("TEXT", 0)]


def test_a_boundary_that_begins_like_another_is_another():
    mail = crlf(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--bb\nnot me --b\n--b trailing\n--b  \n\nlast\n--b--\n"
    )
    assert leaves(mail) == [("PLAIN", b"--bb\r\nnot me --b\r\n--b trailing"), ("PLAIN", b"last")]


def test_empty_parts_and_a_boundary_at_once():
    mail = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b--\n")
    assert leaves(mail) == [("PLAIN", b""), ("PLAIN", b"")]


@pytest.mark.parametrize("value", ["garbage", "", "text", "/plain", "text/", "; charset=x", "te xt/plain"])
def test_a_broken_content_type_means_plain_text(value: str):
    structure = body_structure(crlf(f"Content-Type: {value}\n\nhi"))
    assert (structure.type, structure.subtype) == ("TEXT", "PLAIN")


def test_bare_line_feeds_are_read_too():
    mail = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n"
    assert leaves(mail) == [("PLAIN", b"one"), ("PLAIN", b"two")]


def test_a_thousand_mails_in_each_other_are_not_followed_for_ever():
    mail = b"Content-Type: message/rfc822\r\n\r\n" * 1000
    assert sum(1 for _ in parse(mail).walk()) < 100


def test_many_empty_parts_are_bounded():
    mail = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 50_000
    assert len(parse(mail).children) <= 10_000


def test_nested_boundaries_take_linear_time():
    def seconds(size: int) -> float:
        head = b"".join(
            b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (depth, depth) for depth in range(40)
        )
        mail = head + b"\r\n" + b"-- --\r\n" * size
        start = time.process_time()
        parse.__wrapped__(mail)
        return time.process_time() - start

    seconds(1000)
    assert seconds(80_000) < 60 * max(seconds(8_000), 0.001)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            [
                *(b"--b", b"--b--", b"--c", b"\r\n", b"\n", b"Content-Type: ", b"multipart/mixed; boundary=b", b";"),
                *(b"message/rfc822", b"multipart/digest; boundary=c", b"\xff\xfe", b"(", b"<a@b>", b":", b",", b'"'),
                *(b"From: ", b"To: ", b"=?utf-8?q?=C5?=", b"=?x?b?a?=", b" ", b"\x00"),
            ]
        ),
        max_size=40,
    )
)
def test_whatever_is_sent_ranges_stay_inside(words: list[bytes]):
    mail = b"".join(words)
    for part in parse(mail).walk():
        assert 0 <= part.header.start <= part.header.fields_end <= part.header.end <= part.end <= len(mail)
    assert body_structure(mail).basic()
    assert envelope(mail)
    list(texts(mail))
    assert find(parse(mail), ()) is parse(mail)


# --- header values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("dan@skola.example", [(None, None, "dan", "skola.example")]),
        ("Dan <dan@skola.example>", [("Dan", None, "dan", "skola.example")]),
        ('"Novák, Dan" <dan@skola.example>', [("Novák, Dan", None, "dan", "skola.example")]),
        ('"a \\"b\\" c" <d@e.example>', [('a "b" c', None, "d", "e.example")]),
        ("J. R. Tolkien <j.r@e.example>", [("J. R. Tolkien", None, "j.r", "e.example")]),
        ("dan@skola.example (Dan N.)", [("Dan N.", None, "dan", "skola.example")]),
        ('"two words"@e.example', [(None, None, "two words", "e.example")]),
        ("<@one.example,@two.example:joe@three.example>",
         [(None, "@one.example,@two.example", "joe", "three.example")]),
        ("undisclosed-recipients:;", [(None, None, "undisclosed-recipients", None), (None, None, None, None)]),
        ("Friends: a@b.example, C <c@d.example>; e@f.example",
         [(None, None, "Friends", None), (None, None, "a", "b.example"), ("C", None, "c", "d.example"),
          (None, None, None, None), (None, None, "e", "f.example")]),
        ("root", [(None, None, "root", "")]),
        ("a@[192.0.2.1]", [(None, None, "a", "[192.0.2.1]")]),
        ("a @ b . example", [(None, None, "a", "b.example")]),
        ("a@b.example (x (nested \\) y)), , c@d.example",
         [("x (nested ) y)", None, "a", "b.example"), (None, None, "c", "d.example")]),
        ("=?utf-8?q?Bo=C5=99ek?= <b@f.example>", [("=?utf-8?q?Bo=C5=99ek?=", None, "b", "f.example")]),
        ("", []),
        (" , ;", []),
        ("Dan <dan@skola.example", [("Dan", None, "dan", "skola.example")]),
    ],
)  # fmt: skip
def test_addresses(value: str, expected: list[tuple[str | None, str | None, str | None, str | None]]):
    assert parse_addresses(value) == tuple(Address(*parts) for parts in expected)
    assert _address_list(value) == parse_addresses(value)


def test_envelope_defaults():
    mail = crlf("From: a@b.example\nSubject:\nReply-To: \nTo: c@d.example\nTo: e@f.example\n\n")
    found = envelope(mail)
    assert found.subject == ""
    assert found.date is found.message_id is found.in_reply_to is None
    assert found.sender == found.reply_to == found.sender_from == parse_addresses("a@b.example")
    assert [str(address) for address in found.to] == ["c@d.example", "e@f.example"]
    assert found.cc == ()


def test_envelope_unfolds_but_does_not_decode():
    mail = crlf("Subject: =?utf-8?Q?k=C5=AF=C5=88?=\n =?utf-8?B?w7pww6Js?=\n\n")
    assert envelope(mail).subject == "=?utf-8?Q?k=C5=AF=C5=88?= =?utf-8?B?w7pww6Js?="


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=?utf-8?Q?k=C5=AF=C5=88?= =?utf-8?B?w7pwxJts?=", "kůňúpěl"),
        ("a =?iso-8859-2?q?=BElu=BB?= b", "a žluť b"),
        ("=?utf-8?q?a_b?=", "a b"),
        ("=?UTF-8*cs?Q?=C5=AF?=", "ů"),
        ("=?unknown?q?x=C5=AF?=", "xů"),
        ("=?unicode_escape?q?=5Cd?=", "\\d"),
        ("=?utf-8?b?w7pwxJts", "=?utf-8?b?w7pwxJts"),
        ("=?utf-8?b?w7pwxJt?=", "úpě"),
        ("=?utf-8?b?w7pwxJ?=", "úp�"),
        ("no words", "no words"),
    ],
)
def test_encoded_words(value: str, expected: str):
    assert decode_words(value) == expected


def test_texts_are_decoded():
    assert list(texts(BASE64_TEXT)) == ["žluťoučký kůň\r\n"]
    (plain, html) = texts(CORPUS["alternative"])
    assert plain.startswith("Příliš žluťoučký kůň")
    assert "<p>ahoj</p>" in html
