"""Dates of IMAP, `17-Jul-1996 02:44:25 -0700` and `1-Feb-1994`, and integer microseconds (RFC 9051 section 9)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER_OF = {name.upper(): number for number, name in enumerate(MONTHS, 1)}
_EPOCH = date(1970, 1, 1).toordinal()
_SECOND_US = 1_000_000
_DAY_S = 86_400
_DATE = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})")
_DATE_TIME = re.compile(r"([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)([0-5]\d)")
_MAIL_DATE = re.compile(r"(?:^|[\s,])(\d{1,2})[\s-]+([A-Za-z]{3})[a-z]*[\s-]+(\d{4}|\d{2})\b")


@dataclass(frozen=True, slots=True, order=True)
class InternalDate:
    """A moment, in microseconds since the Unix epoch, and the zone in which it is shown.

    IMAP writes whole seconds: what is smaller is lost on the wire.
    """

    at_us: int
    zone_minutes: int = 0

    def __str__(self) -> str:
        days, second = divmod(self.at_us // _SECOND_US + self.zone_minutes * 60, _DAY_S)
        day = date.fromordinal(_EPOCH + days)
        hour, minute = divmod(abs(self.zone_minutes), 60)
        sign = "-" if self.zone_minutes < 0 else "+"
        clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        return f"{day.day:2}-{MONTHS[day.month - 1]}-{day.year:04} {clock} {sign}{hour:02}{minute:02}"

    @classmethod
    def parse(cls, text: str) -> InternalDate:
        """Read a date-time; raises ValueError when there is no such moment."""
        match = _DATE_TIME.fullmatch(text)
        if match is None:
            raise ValueError("not a date-time")
        day, month, year, hour, minute, second, sign, zone_hour, zone_minute = match.groups()
        if int(hour) > 23 or int(minute) > 59 or int(second) > 60:
            raise ValueError("no such time of day")
        zone = (int(zone_hour) * 60 + int(zone_minute)) * (-1 if sign == "-" else 1)
        days = _day(int(year), month, int(day)).toordinal() - _EPOCH
        seconds = days * _DAY_S + int(hour) * 3600 + int(minute) * 60 + int(second) - zone * 60
        return cls(seconds * _SECOND_US, zone)


def day_of(at_us: int, zone_minutes: int = 0) -> date:
    """The calendar day of a moment, as INTERNALDATE would write it."""
    return date.fromordinal(_EPOCH + (at_us // _SECOND_US + zone_minutes * 60) // _DAY_S)


def format_date(day: date) -> str:
    """A SEARCH date: `1-Feb-1994`."""
    return f"{day.day}-{MONTHS[day.month - 1]}-{day.year:04}"


def parse_date(text: str) -> date:
    """Read a SEARCH date; raises ValueError when there is no such day."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError("not a date")
    return _day(int(match[3]), match[2], int(match[1]))


def mail_date(value: str) -> date | None:
    """The day that a Date header names, in its own zone; None when it names none (RFC 5322 section 3.3)."""
    match = _MAIL_DATE.search(value)
    if match is None:
        return None
    year = int(match[3])
    if len(match[3]) == 2:
        year += 2000 if year < 50 else 1900  # RFC 5322 section 4.3
    try:
        return _day(year, match[2], int(match[1]))
    except ValueError:
        return None


def _day(year: int, month: str, day: int) -> date:
    if month.upper() not in _NUMBER_OF:
        raise ValueError("no such month")
    if not 2 <= year <= 9998:  # shown in another zone it must still have four digits
        raise ValueError("no such year")
    try:
        return date(year, _NUMBER_OF[month.upper()], day)
    except ValueError as error:
        raise ValueError("no such day") from error
