"""The line buffer: whatever the chopping, the same lines; linear time; nothing kept for long."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.protocols.lines import LineBuffer


def test_lines_come_whole_and_in_order() -> None:
    buffer = LineBuffer()
    assert buffer.take_line() is None
    buffer.feed(b"one\r\ntwo\nthr")
    assert [buffer.take_line(), buffer.take_line(), buffer.take_line()] == [b"one\r\n", b"two\n", None]
    assert len(buffer) == 3
    buffer.feed(b"ee\r")
    assert buffer.take_line() is None
    buffer.feed(b"\n\r\n")
    assert [buffer.take_line(), buffer.take_line(), buffer.take_line()] == [b"three\r\n", b"\r\n", None]
    assert len(buffer) == 0


def test_counted_blocks() -> None:
    buffer = LineBuffer()
    buffer.feed(b"ab\ncd")
    assert buffer.take(6) is None
    assert buffer.take(4) == b"ab\nc"
    assert buffer.take_line() is None
    buffer.feed(b"\nrest")
    assert buffer.take_line() == b"d\n"
    assert buffer.take(0) == b""
    assert buffer.take_up_to(100) == b"rest"
    assert buffer.take_up_to(100) == b""


def test_clear_says_what_was_lost() -> None:
    buffer = LineBuffer()
    buffer.feed(b"a\nbc\n")
    buffer.take_line()
    assert buffer.clear() == 3
    assert buffer.clear() == 0
    buffer.feed(b"d\n")
    assert buffer.take_line() == b"d\n"


def test_what_was_fed_may_change_later() -> None:
    mutable = bytearray(b"abc\nde")
    buffer = LineBuffer()
    buffer.feed(mutable)  # type: ignore[arg-type]
    mutable[:] = b"xxxxxx"
    buffer.feed(b"f\n")
    assert [buffer.take_line(), buffer.take_line()] == [b"abc\n", b"def\n"]


def test_what_was_taken_does_not_stay() -> None:
    """A long connection in the middle of lines keeps no more than about what it has not taken."""
    buffer = LineBuffer()
    buffer.feed(b"half")
    for _ in range(20_000):
        buffer.feed(b" a line\r\nhalf")
        assert buffer.take_line() == b"half a line\r\n"
    assert len(buffer) == 4
    assert len(buffer._data) < 200_000


class CountingFind(bytearray):
    """Counts the octets that searches have looked at."""

    looked_at = 0

    def find(self, needle: bytes, start: int = 0) -> int:  # type: ignore[override]
        found = super().find(needle, start)
        CountingFind.looked_at += (len(self) if found < 0 else found) - start
        return found


def test_a_long_line_byte_by_byte_is_searched_once() -> None:
    CountingFind.looked_at = 0
    buffer = LineBuffer()
    buffer._data = CountingFind(b"x")
    for _ in range(50_000):
        buffer.feed(b"x")
        assert buffer.take_line() is None
    buffer.feed(b"\n")
    line = buffer.take_line()
    assert line is not None
    assert len(line) == 50_002
    assert CountingFind.looked_at < 100_010


STEPS = st.one_of(
    st.tuples(st.just("feed"), st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"bc"]), max_size=8).map(b"".join)),
    st.tuples(st.sampled_from(["take", "take_up_to"]), st.integers(0, 6)),
    st.tuples(st.just("take_line"), st.none()),
    st.tuples(st.just("clear"), st.none()),
)


@given(st.lists(STEPS, max_size=40))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_the_same_as_the_obvious_buffer(steps: list[tuple[str, object]]) -> None:
    buffer, plain = LineBuffer(), b""
    for step, argument in steps:
        match step, argument:
            case "feed", bytes(data):
                buffer.feed(data)
                plain += data
            case "take", int(count):
                wanted = plain[:count] if len(plain) >= count else None
                assert buffer.take(count) == wanted
                plain = plain[len(wanted or b"") :]
            case "take_up_to", int(count):
                assert buffer.take_up_to(count) == plain[:count]
                plain = plain[count:]
            case "clear", None:
                assert buffer.clear() == len(plain)
                plain = b""
            case _:
                line, lf, rest = plain.partition(b"\n")
                assert buffer.take_line() == (line + lf if lf else None)
                plain = rest if lf else plain
        assert len(buffer) == len(plain)
