"""Mails of eight bits written in seven; Python's email package reads both and must see no difference."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.mail.seven_bit import NotConvertible, has_header_beyond_ascii, to_seven_bit

CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy.\r\n.\r\n konec \r\n"


def leaves(content: bytes) -> list[tuple[str, bytes]]:
    """Type and decoded body of each part, read by somebody else."""
    found = []
    for part in message_from_bytes(content, policy=policy.SMTP).walk():
        assert isinstance(part, Message)
        if not part.is_multipart():
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            found.append((part.get_content_type(), payload))
    return found


def mail(body: bytes, kind: str = "text/plain; charset=utf-8", encoding: str = "8bit") -> bytes:
    return (
        f"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode() + body


def test_a_text_becomes_quoted_printable() -> None:
    content = mail(CZECH.encode())
    converted = to_seven_bit(content)
    assert converted.isascii()
    assert b"Content-Transfer-Encoding: quoted-printable\r\n\r\nP=C5=99=C3=ADli=C5=A1" in converted
    assert leaves(converted) == leaves(content)
    assert max(map(len, converted.split(b"\r\n"))) <= 76


@pytest.mark.parametrize("kind", ["image/png", "text/plain; charset=utf-8"])
def test_what_nobody_could_read_becomes_base64(kind: str) -> None:
    content = mail(("Привет, мир\r\n" * 20).encode(), kind)
    converted = to_seven_bit(content)
    assert b"Content-Transfer-Encoding: base64" in converted
    assert leaves(converted) == leaves(content)


NESTED = (
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\npreamble\r\n"
    b"--a\r\n\r\nascii\r\n"
    b"--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>\xc5\xbelu\xc5\xa5\r\n"
    b"--a\r\nContent-Type: message/rfc822\r\ncontent-transfer-encoding:\r\n 8bit\r\n\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\nContent-Transfer-Encoding: 8bit\r\n"
    b"Content-Type: text/plain; charset=iso-8859-2\r\n\r\nk\xf9\xf2\r\n--b--\r\n"
    b"--a--\r\nepilogue\r\n"
)


def test_parts_within_parts() -> None:
    converted = to_seven_bit(NESTED)
    assert converted.isascii()
    assert leaves(converted) == leaves(NESTED)
    assert converted.count(b"quoted-printable") == 2
    assert b"8bit" not in converted
    assert converted.count(b": 7bit") == 2
    assert b"--a\r\n\r\nascii\r\n--a" in converted


def test_ascii_stays_as_it_is() -> None:
    assert to_seven_bit(mail(b"abc\r\n")) == mail(b"abc\r\n")


@pytest.mark.parametrize(
    "content",
    [
        "Subject: x\r\n\r\nž\r\n".encode(),
        mail("ž\r\n".encode(), encoding="quoted-printable"),
        mail("ž\r\n".encode(), "message/partial; id=x"),
        "Subject: ž\r\nMIME-Version: 1.0\r\n\r\nž\r\n".encode(),
        NESTED.replace(b"preamble", b"\xc5\xbe"),
    ],
)
def test_what_cannot_be_written_in_seven_bits(content: bytes) -> None:
    with pytest.raises(NotConvertible):
        to_seven_bit(content)


def test_headers_beyond_ascii() -> None:
    assert not has_header_beyond_ascii(NESTED)
    assert has_header_beyond_ascii("Subject: ž\r\n\r\n".encode())
    assert has_header_beyond_ascii(NESTED.replace(b"\r\n\r\nk", "\r\nX: ž\r\n\r\nk".encode()))


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=90), min_size=1, max_size=6)
)
@settings(derandomize=True, deadline=None, max_examples=150)
def test_any_text_comes_back(lines: list[str]) -> None:
    for kind in ("text/plain; charset=utf-8", "application/octet-stream"):
        content = mail("".join(f"{line}\r\n" for line in lines).encode(), kind)
        assert leaves(to_seven_bit(content)) == leaves(content)
