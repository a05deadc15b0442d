"""Reading one field of a header out of raw bytes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.mail import header

MAIL = (
    b"Received: from a\r\n\tby b; date\r\n"
    b"Subject: =?utf-8?q?P=C5=99=C3=ADli=C5=A1?=\r\n =?utf-8?q?_=C5=BElu=C5=A5?=\r\n"
    b"X-Empty:\r\n"
    b"SUBJECT : second\r\n"
    b"not a field\r\n"
    b"\r\n"
    b"Subject: in the body\r\n"
)


def test_first_field_of_a_name_in_any_case() -> None:
    assert header.field(MAIL, "received") == b"from a\tby b; date"
    assert header.field(MAIL, "x-empty") == b""
    assert header.field(MAIL, "X-Emp") is None
    assert header.field(MAIL, "To") is None


def test_all_fields_of_a_name() -> None:
    assert header.field_all(MAIL, "subject")[1] == b"second"
    assert header.count(MAIL, "subject") == 2
    assert header.field_all(MAIL, "to") == ()


def test_fields_from_the_top_down() -> None:
    assert [name for name, _ in header.fields(MAIL)] == ["Received", "Subject", "X-Empty", "SUBJECT"]


def test_encoded_words_are_decoded_and_joined() -> None:
    assert header.text(MAIL, "Subject") == "Příliš žluť"
    assert header.text(MAIL, "To") is None


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (b"plain", "plain"),
        ("přímo".encode(), "přímo"),
        (b"\xff", "\ufffd"),
        (b"=?utf-8?b?xb5sdcWl?= and more", "žluť and more"),
        (b"=?no-such-charset?q?x?=", "=?no-such-charset?q?x?="),
        (b"=?utf-8?b?abcde?=", "=?utf-8?b?abcde?="),
        (b"=?iso-8859-2?Q?=BElu=BB?=", "žluť"),
    ],
)
def test_decoded(raw: bytes, read: str) -> None:
    assert header.decoded(raw) == read


def test_split() -> None:
    top, body = header.split(MAIL)
    assert top.endswith(b"not a field\r\n")
    assert body == b"Subject: in the body\r\n"
    assert header.split(b"A: b\r\n") == (b"A: b\r\n", b"")
    assert header.split(b"\r\nbody") == (b"", b"body")
    assert header.split(b"") == (b"", b"")


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.binary(max_size=60))
def test_garbage_is_read_without_complaint(content: bytes) -> None:
    header.fields(content)
    header.text(content, "Subject")
    header.split(content)


def test_the_body_costs_nothing() -> None:
    large = MAIL + b"x" * 50_000_000
    started = time.process_time()
    for _ in range(100):
        header.field(large, "To")
        header.count(large, "Received")
    assert time.process_time() - started < 0.5
