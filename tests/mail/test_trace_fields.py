"""Received and Return-Path, and how a message is known again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.mail.header import field
from mailsim.mail.identity import message_key
from mailsim.mail.trace_fields import (
    Received,
    count_received,
    parse_received,
    prepend,
    received,
    received_lines,
    return_path,
    without_return_path,
)

START_US = 1_756_713_600_000_000
LINE = received(
    "pc.skola.example",
    "192.0.2.10",
    "pc.skola.example",
    "mail.skola.example",
    "ESMTPA",
    "52S2SL2222",
    "borek@firma.example",
    START_US,
    120,
)


def test_received_byte_by_byte() -> None:
    assert LINE == (
        b"Received: from pc.skola.example (pc.skola.example [192.0.2.10])\r\n"
        b"\tby mail.skola.example with ESMTPA id 52S2SL2222\r\n"
        b"\tfor <borek@firma.example>; Mon, 01 Sep 2025 10:00:00 +0200\r\n"
    )


def test_received_without_name_and_recipient() -> None:
    line = received("[IPv6:2001:db8::1]", "2001:db8::1", None, "mx.firma.example", "SMTP", "A1", None, START_US, 0)
    assert line == (
        b"Received: from [IPv6:2001:db8::1] ([IPv6:2001:db8::1])\r\n"
        b"\tby mx.firma.example with SMTP id A1;\r\n"
        b"\tMon, 01 Sep 2025 08:00:00 +0000\r\n"
    )
    (read,) = received_lines(line + b"\r\n")
    assert (read.from_ip, read.from_name, read.for_recipient) == ("2001:db8::1", "", "")


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9](\.example)?", fullmatch=True)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    st.builds(
        Received,
        from_helo=NAMES,
        from_ip=st.ip_addresses().map(str),
        from_name=NAMES | st.just(""),
        by=NAMES,
        with_protocol=st.sampled_from(["SMTP", "ESMTP", "ESMTPSA", "LMTP"]),
        id=st.from_regex(r"[0-9A-Z]{1,12}", fullmatch=True),
        for_recipient=NAMES.map(lambda name: f"{name}@{name}") | st.just(""),
        at_us=st.integers(0, 4_000_000_000).map(lambda s: s * 1_000_000),
        utc_offset_minutes=st.integers(-720, 840),
    )
)
def test_received_round_trip(line: Received) -> None:
    content = line.to_bytes() + b"\r\n"
    assert received_lines(content) == (line,)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            b"from mail-x.posta.example (mail-x.posta.example. [203.0.113.5]) by mx.firma.example (Postfix) with ESMTPS"
            b" id 4Zx1 for <b@firma.example> (version=TLS1_3); Mon, 1 Sep 2025 08:00:00 +0000 (UTC)",
            ("mail-x.posta.example", "203.0.113.5", "mx.firma.example", "ESMTPS", "4Zx1", "b@firma.example"),
        ),
        (
            b"by 2002:a17:90a with SMTP id x1csp; Mon, 01 Sep 2025 08:00:00 -0000",
            ("", "", "2002:a17:90a", "SMTP", "x1csp", ""),
        ),
        (
            b"FROM a (HELO b) BY c VIA TCP WITH SMTP ID d ; Mon, 1 Sep 2025 08:00 GMT",
            ("a", "", "c", "SMTP", "d", ""),
        ),
    ],
)
def test_lines_of_others(value: bytes, expected: tuple[str, ...]) -> None:
    line = parse_received(value)
    assert line is not None
    assert (line.from_helo, line.from_ip, line.by, line.with_protocol, line.id, line.for_recipient) == expected
    assert line.at_us == START_US


@pytest.mark.parametrize(
    "value", [b"", b"from a by b", b"from a; Mon, 01 Sep 2025 08:00:00 +0000", b"by b; then", b"(((((;;;"]
)
def test_lines_that_make_no_sense(value: bytes) -> None:
    assert parse_received(value) is None


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.binary(max_size=80))
def test_garbage_is_none(value: bytes) -> None:
    parse_received(value + b"; Mon, 01 Sep 2025 08:00:00 +0000")
    parse_received(value)


def test_servers_are_counted() -> None:
    content = b"Subject: x\r\n\r\nReceived: in the body\r\n"
    assert count_received(content) == 0
    twice = prepend(prepend(content, LINE), LINE)
    assert count_received(twice) == 2
    assert twice.endswith(content)


@pytest.mark.parametrize("text", [b"Hello\r\n", b"Hello\r\nDate: none\r\n", b" Subject: x\r\n", b"\xc4\x8dau: x\r\n"])
def test_text_without_a_header_stays_text(text: bytes) -> None:
    content = prepend(text, LINE)
    assert content == LINE + b"\r\n" + text
    assert prepend(content, return_path("")) == return_path("") + content


@pytest.mark.parametrize("content", [b"", b"\r\nHello\r\n", b"a : b\r\n", b"From x@y Thu Nov 26\r\nA: b\r\n"])
def test_no_empty_line_where_none_is_missing(content: bytes) -> None:
    assert prepend(content, LINE) == LINE + content


def test_return_path() -> None:
    assert return_path("") == b"Return-Path: <>\r\n"
    content = prepend(b"A: b\r\nRETURN-PATH:\r\n <x@y>\r\nC: d\r\n\r\nReturn-Path: z\r\n", return_path("a@b"))
    cleaned = without_return_path(content)
    assert cleaned == b"A: b\r\nC: d\r\n\r\nReturn-Path: z\r\n"
    assert without_return_path(cleaned) == cleaned


class TestMessageKey:
    def test_message_id(self) -> None:
        content = b"message-ID:\r\n <1@skola.example> (comment)\r\n\r\n"
        assert message_key(content) == message_key(prepend(content, LINE)) == "<1@skola.example>"

    def test_id_of_the_first_server(self) -> None:
        second = LINE.replace(b"52S2SL2222", b"OTHER")
        assert message_key(prepend(b"Subject: x\r\n\r\n", second, LINE)) == "52S2SL2222"

    def test_hash(self) -> None:
        content = b"Subject: x\r\n\r\nAhoj\r\n"
        key = message_key(content)
        assert key == message_key(return_path("a@b") + content)
        assert key != message_key(content + b"x")
        assert len(key) == 12
        assert field(content, "Message-ID") is None


def test_a_line_tells_the_cipher_suite_when_there_was_tls() -> None:
    """RFC 8314 section 4.3: behind everything that RFC 5321 section 4.4 has."""
    tls = "TLS_AES_256_GCM_SHA384"
    line = received("a.example", "192.0.2.1", None, "mx.example", "ESMTPS", "A1", "b@mx.example", START_US, 0, tls)
    assert line.decode().split("\r\n")[2:] == [
        "\tfor <b@mx.example>",
        "\ttls TLS_AES_256_GCM_SHA384; Mon, 01 Sep 2025 08:00:00 +0000",
        "",
    ]
    (parsed,) = received_lines(line + b"\r\n")
    assert (parsed.for_recipient, parsed.tls) == ("b@mx.example", tls)
    assert parsed.to_bytes() == line
