"""Simulated microseconds as the date that a header wants, and back (RFC 5322 section 3.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_DAY_S = 86_400
_MICROSECOND = timedelta(microseconds=1)


def rfc5322_date(at_us: int, utc_offset_minutes: int = 0) -> str:
    """`Mon, 01 Sep 2025 10:00:00 +0200` for microseconds since the Unix epoch; fractions are cut off."""
    return _date(at_us // 1_000_000, utc_offset_minutes)


@lru_cache(maxsize=256)  # a mail passes several servers within a second
def _date(at_s: int, utc_offset_minutes: int) -> str:
    day, second = divmod(at_s + 60 * utc_offset_minutes, _DAY_S)
    beginning, zone = _around_clock(day, utc_offset_minutes)
    return f"{beginning}{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}{zone}"


@lru_cache(maxsize=256)
def _around_clock(day: int, utc_offset_minutes: int) -> tuple[str, str]:
    """What stands before and after the time of day, on a day that is counted from 1970-01-01."""
    midnight = (_EPOCH + day * _DAY).replace(tzinfo=timezone(utc_offset_minutes * _MINUTE))
    beginning, _, zone = format_datetime(midnight).partition("00:00:00")
    return beginning, zone


def parse_date(text: str) -> tuple[int, int] | None:
    """A header's date as microseconds since the Unix epoch and its offset in minutes; None if it is none."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    offset = date.utcoffset()
    if offset is None:  # "-0000": the time is UTC, the place unknown
        return (date.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND, 0
    return (date - _EPOCH) // _MICROSECOND, offset // _MINUTE
