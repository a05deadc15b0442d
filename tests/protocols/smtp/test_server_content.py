"""Content at the server: dots, the one true end, smuggling, size, long lines, LMTP's many replies."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.errors import LocalProtocolError
from mailsim.protocols.smtp import Content, ContentReceived, Reply, SmtpServer, SmtpServerConfig
from mailsim.protocols.smtp.content import ContentReader, has_bare_line_end, has_long_line
from tests.protocols.smtp.small_world import HOST, WAYS, SmallWorld, greeted

ENVELOPE = """
>> MAIL FROM:<alena@skola.example>
>> RCPT TO:<dan@firma.example>
>> DATA
<< 250 2.1.0 Sender ok
<< 250 2.1.5 Recipient ok
<< 354 Start mail input; end with <CRLF>.<CRLF>
"""
ACCEPTED = "250 2.0.0 Message accepted"
BARE = "550 5.6.0 The message holds a CR or LF that stands alone"
TOO_BIG = "552 5.3.4 Message size exceeds fixed maximum message size"


@pytest.mark.parametrize(
    ("sent", "content"),
    [
        ([""], "\r\n"),
        ([], ""),
        (["text"], "text\r\n"),
        (["..", "...", ".. .", "..profile"], ".\r\n..\r\n. .\r\n.profile\r\n"),
        ([".odd but legal"], "odd but legal\r\n"),
        ([". "], " \r\n"),
        (["a", "", ""], "a\r\n\r\n\r\n"),
        ([r"\x00\xff\x1a"], "\0\xff\x1a\r\n"),
    ],
)
def test_dots_and_the_end(sent: list[str], content: str) -> None:
    world = greeted(ENVELOPE + "\n".join(f">> {line}" for line in [*sent, "."]) + f"\n<< {ACCEPTED}")
    assert world.mails[0][2] == content.encode("latin-1")


SMUGGLED = r"MAIL FROM:<ceo@bank.example>\r\nRCPT TO:<dan@firma.example>\r\nDATA\r\nforged"


@pytest.mark.parametrize(
    "false_end",
    [
        r"\n.\n",
        r"\n.\r\n",
        r"\r\n.\n",
        r"\r.\r",
        r"\r.\r\n",
        r"\r\n.\r",
        r"\n\n.\r\n",
        r"\r\n.\r.\r\n",
        r"\n.\r\n.\n",
        r"\r\n\n.\n\r\n",
    ],
)
def test_no_false_end_ends_a_message(false_end: str) -> None:
    """All the ways in which SMTP smuggling was done: one message in, one message refused, no command run."""
    world = greeted(
        ENVELOPE
        + rf"""
        >> first{false_end}{SMUGGLED}
        >> .
        << {BARE}
        >> NOOP
        << 250 2.0.0 Ok
        """
    )
    assert world.mails == []


@pytest.mark.parametrize("content", [r"a\rb", r"a\nb", r"\n", r"a\r\r\nb", r"a\n\rb", r"a\r"])
def test_bare_cr_or_lf_in_content(content: str) -> None:
    assert greeted(ENVELOPE + f">> {content}\n>> .\n<< {BARE}").mails == []


def test_bare_line_ends_in_commands() -> None:
    bare = "500 5.5.2 Lines end with CR LF, and neither may stand alone"
    greeted(r">> NOOP\nRSET\nDATA" + f"\n<< {bare}\n>> NOOP\n<< 250 2.0.0 Ok")
    greeted(r">> NOOP\rRSET" + f"\n<< {bare}\n>> NOOP\n<< 250 2.0.0 Ok")
    greeted(r">> NOOP\r" + f"\n<< {bare}\n>> NOOP\n<< 250 2.0.0 Ok")


def test_a_bare_lf_is_refused_at_once() -> None:
    """A person behind a tool that sends LF only shall learn why nothing works, and be answered once."""
    world = SmallWorld()
    world.connect()
    assert world.receive(b"EHLO x\n").startswith(b"500 5.5.2 Lines end")
    assert world.receive(b"QUIT\nQUIT\n") == b""
    assert world.receive(b"QUIT\r\n") == b""
    assert world.receive(b"NOOP\r\n") == b"250 2.0.0 Ok\r\n"


def test_command_lines_are_limited() -> None:
    too_long = "500 5.5.2 Line too long"
    greeted(f">> NOOP {'x' * 505}\n<< 250 2.0.0 Ok")
    greeted(f">> NOOP {'x' * 506}\n<< {too_long}\n>> NOOP\n<< 250 2.0.0 Ok")
    greeted(f">> {'x' * 100_000}\n<< {too_long}\n>> NOOP\n<< 250 2.0.0 Ok")


def test_extensions_make_room_for_their_parameters_in_mail() -> None:
    path = "MAIL FROM:<a@b.example>"
    padding = " " * (512 + 26 + 17 + 10 + 117 - 2 - len(path))
    greeted(f">> {path}{padding}\n<< 250 2.1.0 Sender ok")
    greeted(f">> {path}{padding} \n<< 500 5.5.2 Line too long")


def test_a_line_without_an_end_does_not_fill_the_memory() -> None:
    world = SmallWorld(auth_mechanisms=("PLAIN",))
    world.connect()
    heard = b"".join(world.receive(b"x" * 1000) for _ in range(2000))
    assert heard == b"500 5.5.2 Line too long\r\n"
    assert len(world.server._lines) < 14000
    assert world.receive(b"\r") + world.receive(b"\nNOOP\r\n") == b"250 2.0.0 Ok\r\n"


def test_too_big_a_message_is_thrown_away_while_it_comes() -> None:
    world = SmallWorld(size_limit=10_000)
    world.connect()
    world.receive(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n")
    reader = world.server._reader
    assert reader is not None
    for _ in range(3000):
        assert world.receive(b"..0123456789\r\n" * 10) == b""
        assert len(reader._data) < 12_000
    assert world.receive(b".\r\n").decode() == TOO_BIG + "\r\n"
    assert world.mails == []
    assert world.receive(b"NOOP\r\n") == b"250 2.0.0 Ok\r\n"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("size", "reply"), [(300, ACCEPTED), (301, TOO_BIG), (303, TOO_BIG), (2000, TOO_BIG)])
def test_the_limit_is_exact_and_dots_do_not_count(way: str, size: int, reply: str) -> None:
    world = SmallWorld(size_limit=300)
    world.connect()
    world.receive(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n")
    dots = (b".\r\n" * size)[: size - 2 - size % 3]
    data = dots + b"x" * (size - len(dots) - 2) + b"\r\n"
    assert len(data) == size
    wire = Content(data).to_bytes()
    assert len(wire) > size * 4 // 3
    assert b"".join(map(world.receive, WAYS[way](wire))).decode() == reply + "\r\n"


def test_text_lines_are_limited() -> None:
    refused = "554 5.6.0 The message has a line that is too long"
    assert greeted(ENVELOPE + f">> .{'.' * 998}\n>> .\n<< {ACCEPTED}").mails[0][2] == b"." * 998 + b"\r\n"
    greeted(ENVELOPE + f">> {'x' * 999}\n>> .\n<< {refused}")
    greeted(ENVELOPE + f">> a\n>> {'x' * 5000}\n>> b\n>> .\n<< {refused}")


def lmtp(transcript: str, **settings: object) -> SmallWorld:
    return greeted(transcript, is_lmtp=True, **settings)


def test_lmtp_answers_for_each_recipient() -> None:
    world = lmtp(
        """
        >> MAIL FROM:<alena@skola.example>
        >> RCPT TO:<dan@firma.example>
        >> RCPT TO:<nobody@firma.example>
        >> RCPT TO:<full@firma.example>
        >> DATA
        << 250 2.1.0 Sender ok
        << 250 2.1.5 Recipient ok
        << 550 5.1.1 No such user
        << 250 2.1.5 Recipient ok
        << 354 Start mail input; end with <CRLF>.<CRLF>
        >> text
        >> .
        >> NOOP
        << 250 2.1.5 Delivered
        << 452 4.2.2 Mailbox full
        << 250 2.0.0 Ok
        """
    )
    assert world.mails[0][1] == ["dan@firma.example", "full@firma.example"]


def test_lmtp_knows_no_ehlo_and_no_data_without_recipients() -> None:
    lmtp(
        """
        >> EHLO x
        << 500 5.5.2 Command unrecognized
        >> HELO x
        << 500 5.5.2 Command unrecognized
        >> MAIL FROM:<>
        << 250 2.1.0 Sender ok
        >> RCPT TO:<nobody@firma.example>
        << 550 5.1.1 No such user
        >> DATA
        << 503 5.5.1 Send RCPT first
        """
    )


def test_lmtp_also_refuses_once_for_each_recipient() -> None:
    lmtp(
        rf"""
        >> MAIL FROM:<>
        >> RCPT TO:<a@firma.example>
        >> RCPT TO:<b@firma.example>
        >> DATA
        << 250 2.1.0 Sender ok
        << 250 2.1.5 Recipient ok
        << 250 2.1.5 Recipient ok
        << 354 Start mail input; end with <CRLF>.<CRLF>
        >> te\nxt
        >> .
        >> RSET
        << {BARE}
        << {BARE}
        << 250 2.0.0 Reset ok
        """
    )


def test_lmtp_wants_the_right_number_of_replies() -> None:
    server = SmtpServer(SmtpServerConfig(hostname=HOST, is_lmtp=True))
    assert "LMTP" in str(server.greeting())
    server.receive(b"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n")
    for _ in range(5):
        server.next_event()
        server.accept()
    server.receive(b".\r\n")
    assert server.next_event() == ContentReceived(b"", 3)
    ok, no = Reply.of(250, "2.0.0", "Ok"), Reply.of(550, "5.2.1", "Mailbox disabled")
    with pytest.raises(LocalProtocolError):
        server.accept()
    with pytest.raises(LocalProtocolError):
        server.refuse(no)
    for wrong in ([], [ok], [ok, ok, ok], [ok, Reply(354)]):
        with pytest.raises(LocalProtocolError):
            server.accept_content(wrong)
    assert server.accept_content([ok, no]) == (ok, no)


LINES = st.lists(st.sampled_from([b"", b".", b"..", b".a", b"a.", b" .", b"text"]), max_size=12)


@given(LINES, st.integers(0, 2**32), st.binary(max_size=20))
@settings(derandomize=True, deadline=None, max_examples=150)
def test_any_content_comes_back_as_it_was(lines: list[bytes], seed: int, behind: bytes) -> None:
    data = b"".join(line + b"\r\n" for line in lines)
    reader = ContentReader(10_000, 1000)
    wire = Content(data).to_bytes() + behind
    arrived = None
    position = 0
    while arrived is None:
        step = seed % 7 + 1
        reader.feed(wire[position : position + step])
        position += step
        seed //= 3
        arrived = reader.take()
    assert arrived.data == data
    assert arrived.problem is None
    assert arrived.wire_size == len(wire) - len(behind)
    assert arrived.rest + wire[position:] == behind


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"x"]), max_size=30).map(b"".join))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_the_end_is_where_a_naive_search_finds_it(stream: bytes) -> None:
    reader = ContentReader(0, 1000)
    arrived = None
    for i in range(len(stream)):
        reader.feed(stream[i : i + 1])
        if (arrived := reader.take()) is not None:
            break
    end = (b"\r\n" + stream).find(b"\r\n.\r\n")
    assert (arrived is None) == (end < 0)
    if arrived is not None:
        raw = stream[:end]
        bare = b"\r" in raw.replace(b"\r\n", b"") or b"\n" in raw.replace(b"\r\n", b"")
        assert (arrived.problem is not None) == bare
        assert has_bare_line_end(raw) == bare
        assert arrived.wire_size == end + 3


@given(st.lists(st.integers(0, 15), max_size=8), st.integers(3, 14))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_long_lines_are_found(lengths: list[int], limit: int) -> None:
    data = b"".join(b"x" * length + b"\r\n" for length in lengths)
    assert has_long_line(data, limit) == any(length + 2 > limit for length in lengths)
