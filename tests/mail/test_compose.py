"""What a MUA composes, read back by the standard library's parser."""

from __future__ import annotations

import hashlib
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.mail import header
from mailsim.mail.body import base64_lines
from mailsim.mail.compose import Attachment, Mailbox, compose, rfc5322_date
from mailsim.mail.dates import parse_date
from mailsim.mail.encoding import address_field, encoded_words, fold, text_field

ALENA = Mailbox("Alena Nováková", "alena@skola.example")
BOREK = Mailbox("Bořek Stavitel, ml.", "borek@firma.example")
DAN = Mailbox("", "dan@skola.example")
START_US = 1_756_713_600_000_000  # Mon, 01 Sep 2025 08:00:00 UTC
QUICK = settings(derandomize=True, deadline=None, max_examples=150)
PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs")) | st.just(" "), max_size=120)


def write(subject: str = "Ahoj", body: str = "Ahoj\n", **more: object) -> bytes:
    given_fields: dict[str, object] = {
        "sender": ALENA,
        "to": [BOREK],
        "subject": subject,
        "body": body,
        "date_us": START_US,
        "utc_offset_minutes": 120,
        "message_id": "<1@skola.example>",
    }
    return compose(**(given_fields | more))  # type: ignore[arg-type]


def read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    assert not any(part.defects for part in message.walk())
    return message


def test_a_plain_mail_byte_by_byte() -> None:
    assert write(to=[DAN, Mailbox("Eva", "eva@skola.example")], sender=DAN) == (
        b"Date: Mon, 01 Sep 2025 10:00:00 +0200\r\n"
        b"From: dan@skola.example\r\n"
        b"To: dan@skola.example, Eva <eva@skola.example>\r\n"
        b"Message-ID: <1@skola.example>\r\n"
        b"Subject: Ahoj\r\n"
        b"MIME-Version: 1.0\r\n"
        b'Content-Type: text/plain; charset="us-ascii"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"Ahoj\r\n"
    )


def test_czech_becomes_encoded_words_and_quoted_printable() -> None:
    content = write("Příliš žluťoučký kůň", "Úpěl ďábelské ódy, a to dlouho.\n")
    assert content.isascii()
    assert b"Subject: =?utf-8?q?P=C5=99=C3=ADli=C5=A1_=C5=BElu=C5=A5ou=C4=8Dk=C3=BD_k?=\r\n =?utf-8" in content
    message = read(content)
    assert message["Subject"] == "Příliš žluťoučký kůň"
    assert message["From"].addresses[0].display_name == "Alena Nováková"
    assert message["To"].addresses[0].display_name == "Bořek Stavitel, ml."
    assert message["Content-Transfer-Encoding"] == "quoted-printable"
    assert message.get_content().splitlines() == ["Úpěl ďábelské ódy, a to dlouho."]


def test_text_that_is_hardly_ascii_becomes_base64() -> None:
    message = read(write(body="Привет, как дела?\n"))
    assert message["Content-Transfer-Encoding"] == "base64"
    assert message.get_content() == "Привет, как дела?\r\n"


def test_attachments() -> None:
    content = write(
        attachments=[
            Attachment("úkol č. 1 – zadání.pdf", bytes(1000), "application/pdf"),
            Attachment("mail.eml", b"Subject: x\r\n\r\n\xc3\xa1\r\n", "message/rfc822"),
            Attachment("ž" * 60 + ".txt", b""),
        ]
    )
    message = read(content)
    pdf, eml, long = message.iter_attachments()
    assert [part.get_filename() for part in (pdf, eml, long)] == [
        "úkol č. 1 – zadání.pdf",
        "mail.eml",
        "ž" * 60 + ".txt",
    ]
    assert pdf.get_content() == bytes(1000)
    assert eml.get_content()["Subject"] == "x"
    assert message["Content-Transfer-Encoding"] == "8bit"
    assert max(map(len, content.split(b"\r\n"))) <= 76


def test_thousand_octets_are_1372_in_base64() -> None:
    assert len(base64_lines(bytes(1000))) == 1336 + 2 * 18
    assert base64_lines(b"") == b""


def test_a_boundary_is_never_in_the_text() -> None:
    first = read(write(attachments=[Attachment("a", b"a")])).get_boundary()
    assert first is not None
    message = read(write(body=f"--{first}\n", attachments=[Attachment("a", b"a")]))
    assert message.get_boundary() != first
    body = message.get_body()
    assert body is not None
    assert body.get_content() == f"--{first}\r\n" or body.get_content() == f"--{first}\n"


def test_only_the_own_copy_shows_bcc() -> None:
    assert read(write(bcc=[DAN]))["Bcc"] is None
    assert read(write(bcc=[DAN], keep_bcc=True))["Bcc"] == "dan@skola.example"


def test_extra_headers() -> None:
    references = " ".join(f"<{n}@skola.example>" for n in range(20))
    message = read(write(extra_headers=[("References", references), ("In-Reply-To", "<0@skola.example>")]))
    assert message["References"] == references
    assert message["In-Reply-To"] == "<0@skola.example>"


@pytest.mark.parametrize(
    "more",
    [
        {"subject": "a\r\nBcc: x@y.example"},
        {"to": [Mailbox("a\nb", "x@y.example")]},
        {"to": [Mailbox("", "x@y.example\r\nX: y")]},
        {"extra_headers": [("X", "a\0b")]},
    ],
)
def test_nobody_smuggles_a_header_in(more: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="control"):
        write(**more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at_us", "offset", "date"),
    [
        (START_US, 120, "Mon, 01 Sep 2025 10:00:00 +0200"),
        (START_US + 999_999, 0, "Mon, 01 Sep 2025 08:00:00 +0000"),
        (START_US, -210, "Mon, 01 Sep 2025 04:30:00 -0330"),
        (0, 0, "Thu, 01 Jan 1970 00:00:00 +0000"),
    ],
)
def test_dates(at_us: int, offset: int, date: str) -> None:
    assert rfc5322_date(at_us, offset) == date
    assert parse_date(date) == (at_us // 1_000_000 * 1_000_000, offset)


def test_dates_that_are_none() -> None:
    assert parse_date("yesterday") is None
    assert parse_date("") is None
    assert parse_date("Mon, 01 Sep 2025 08:00:00 -0000") == (START_US, 0)


@QUICK
@given(PRINTABLE)
def test_any_subject_comes_back(subject: str) -> None:
    field = text_field("Subject", subject)
    lines = field.split(b"\r\n")
    assert all(len(line) <= 76 for line in lines) or subject.isascii()
    assert all(line.strip() for line in lines[1:-1])
    assert read(field + b"\r\n")["Subject"] == subject


@QUICK
@given(PRINTABLE.filter(lambda name: not name.isspace()))
def test_any_display_name_comes_back(name: str) -> None:
    value = header.field(address_field("To", [Mailbox(name, "x@y.example"), DAN]), "To")
    assert value is not None
    first, second = getaddresses([value.decode()])  # before decoding: a decoded comma divides nothing
    assert (header.decoded(first[0].encode()), first[1]) == (name, "x@y.example")
    assert second == ("", "dan@skola.example")


@QUICK
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_body_comes_back(body: str) -> None:
    content = write(body=body)
    assert content.isascii()
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    payload = read(content).get_payload(decode=True)
    assert isinstance(payload, bytes)
    expected = body.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").replace("\n", "\r\n")
    assert payload.decode().removesuffix("\r\n") == expected


def test_no_character_is_cut_in_two() -> None:
    for word in encoded_words("🐎" * 50 + "ž" * 50):
        assert len(word) <= 75
        assert "\ufffd" not in str(read(f"Subject: {word}\r\n\r\n".encode())["Subject"])


def test_fold_leaves_long_words_whole() -> None:
    assert fold("X", ["a" * 90, "b"]) == b"X:\r\n " + b"a" * 90 + b"\r\n b\r\n"


def test_the_same_bytes_on_every_python() -> None:
    content = write(
        'Re: "Žluťoučký" kůň, =?utf-8?q?x?= ' * 4,
        "Ahoj,\n.\ntrailing \n" + "dlouhý řádek " * 30,
        cc=[BOREK, Mailbox('O"Hara, J.', "o@firma.example"), DAN] * 3,
        attachments=[Attachment("Výkaz – září.csv", b"a;b\n" * 99, "text/csv")],
    )
    assert hashlib.sha256(content).hexdigest() == ("bd1fc244db189939a11ec1280c231f2c740a658dfdec18e293d52a2ebe657cea")
