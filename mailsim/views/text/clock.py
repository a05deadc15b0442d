"""Moments of simulated time on the clock of the scenario."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from mailsim.trace.trace import World

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(world: World, at_us: int) -> datetime:
    """The date and time of a moment, in the time zone of the scenario."""
    zone = timezone(timedelta(minutes=world.utc_offset_minutes))
    return (_EPOCH + timedelta(microseconds=world.start_us + at_us)).astimezone(zone)


def clock_time(world: World, at_us: int) -> str:
    """`10:05:30.250`, cut to milliseconds; with `+1d` in front on the days after the first."""
    start, now = moment(world, 0), moment(world, at_us)
    days = (now.date() - start.date()).days
    text = f"{now:%H:%M:%S}.{now.microsecond // 1000:03}"
    return f"+{days}d {text}" if days else text


def date_and_time(world: World, at_us: int) -> str:
    """`2026-11-24 10:00:00 +01:00`: the same everywhere."""
    return moment(world, at_us).isoformat(sep=" ", timespec="seconds")
