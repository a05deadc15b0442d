"""Quantities read as a person writes them, and are written back so that they read the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.scenario import units

QUICK = settings(derandomize=True, deadline=None, max_examples=100)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("30s", 30_000_000),
        ("5m", 300_000_000),
        ("2h", 7_200_000_000),
        ("5d", 432_000_000_000),
        ("250ms", 250_000),
        ("10us", 10),
        ("1.5s", 1_500_000),
        ("1h30m", 5_400_000_000),
        ("1h 30m", 5_400_000_000),
        ("0s", 0),
    ],
)
def test_durations(text: str, microseconds: int) -> None:
    assert units.parse_duration(text) == microseconds


@pytest.mark.parametrize("text", ["", "30", "s", "30 s", "-5s", "5 minutes", "5M", "1e3s", "9" * 14 + "d", "5s\n5"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the text itself is all that it says)
        units.parse_duration(text)


@pytest.mark.parametrize(
    ("text", "octets"), [("10MB", 10_000_000), ("512B", 512), ("1MiB", 1_048_576), ("1.5 KB", 1500), ("0B", 0)]
)
def test_sizes(text: str, octets: int) -> None:
    assert units.parse_size(text) == octets


def test_rates() -> None:
    assert units.parse_rate("64kbit/s") == 64_000
    assert units.parse_rate("100Mbit/s") == 100_000_000
    assert units.format_rate(64_000) == "64kbit/s"
    with pytest.raises(ValueError):  # noqa: PT011  (the text itself is all that it says)
        units.parse_rate("0bit/s")


def test_a_time_of_day_counts_from_the_start() -> None:
    ten = 10 * units.DURATIONS["h"]
    assert units.parse_moment("10:05").since(ten) == 5 * units.DURATIONS["m"]
    assert units.parse_moment("9:59:30").since(ten) == -30 * units.DURATIONS["s"]
    assert units.parse_moment("5m").since(ten) == 5 * units.DURATIONS["m"]
    assert str(units.parse_moment("9:05")) == "09:05"
    assert str(units.parse_moment("23:59:01")) == "23:59:01"


@given(st.integers(0, units.LONGEST_US))
@QUICK
def test_a_duration_survives_being_written(microseconds: int) -> None:
    assert units.parse_duration(units.format_duration(microseconds)) == microseconds


@given(st.integers(0, units.LARGEST_SIZE))
@QUICK
def test_a_size_survives_being_written(octets: int) -> None:
    assert units.parse_size(units.format_size(octets)) == octets


@given(st.integers(1, units.FASTEST_BPS))
@QUICK
def test_a_rate_survives_being_written(rate: int) -> None:
    assert units.parse_rate(units.format_rate(rate)) == rate
