"""Readable quantities of scenario files (`30s`, `10MB`, `64kbit/s`, `10:05`) and the integers they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

DURATIONS: Mapping[str, int] = {
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
}
"""Units of time in microseconds."""

SIZES: Mapping[str, int] = {
    "GB": 10**9,
    "MB": 10**6,
    "kB": 10**3,
    "GiB": 2**30,
    "MiB": 2**20,
    "KiB": 2**10,
    "B": 1,
}
"""Units of size in octets; decimal like the SIZE of a server, binary when the `i` says so (IEC 80000-13)."""

RATES: Mapping[str, int] = {"Gbit/s": 10**9, "Mbit/s": 10**6, "kbit/s": 10**3, "bit/s": 1}
"""Units of bandwidth in bits a second."""

LONGEST_US = 3650 * DURATIONS["d"]
LARGEST_SIZE = 2**40
FASTEST_BPS = 10**13

_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,6})?"
DURATION_PATTERN = rf"^{_NUMBER}(?:d|h|ms|m|s|us)(?: ?{_NUMBER}(?:d|h|ms|m|s|us))*$"
SIZE_PATTERN = rf"^{_NUMBER} ?(?:GB|MB|kB|KB|GiB|MiB|KiB|B)$"
RATE_PATTERN = rf"^{_NUMBER} ?(?:Gbit/s|Mbit/s|kbit/s|bit/s)$"
CLOCK_PATTERN = r"^(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?$"
MOMENT_PATTERN = f"(?:{DURATION_PATTERN})|(?:{CLOCK_PATTERN})"

_DURATION = re.compile(DURATION_PATTERN)
_DURATION_PART = re.compile(rf"({_NUMBER})(d|h|ms|m|s|us)")
_SIZE = re.compile(SIZE_PATTERN)
_RATE = re.compile(RATE_PATTERN)
_CLOCK = re.compile(CLOCK_PATTERN)


def parse_duration(text: str) -> int:
    """Microseconds of `30s`, `250ms`, `1.5h` or `1h30m`; raises ValueError."""
    text = text.strip()
    if not _DURATION.match(text):
        raise ValueError(text)
    parts = _DURATION_PART.findall(text)
    return _whole(sum(Decimal(number) * DURATIONS[unit] for number, unit in parts), LONGEST_US)


def format_duration(microseconds: int) -> str:
    """The duration in the largest unit that needs no fraction."""
    return _format(microseconds, DURATIONS, "0s")


def parse_size(text: str) -> int:
    """Octets of `10MB`, `64 KiB` or `512B`; raises ValueError."""
    return _single(text.replace("KB", "kB"), _SIZE, SIZES, LARGEST_SIZE)


def format_size(octets: int) -> str:
    """The size in the largest decimal unit that needs no fraction, or a binary one when only that fits."""
    decimal = {unit: factor for unit, factor in SIZES.items() if "i" not in unit}
    if octets % 1000 and not octets % 1024:
        return _format(octets, {unit: factor for unit, factor in SIZES.items() if unit not in decimal}, "0B")
    return _format(octets, decimal, "0B")


def parse_rate(text: str) -> int:
    """Bits a second of `100Mbit/s` or `64 kbit/s`, at least 1; raises ValueError."""
    rate = _single(text, _RATE, RATES, FASTEST_BPS)
    if rate < 1:
        raise ValueError(text)
    return rate


def format_rate(bits_a_second: int) -> str:
    """The bandwidth in the largest unit that needs no fraction."""
    return _format(bits_a_second, RATES, "0bit/s")


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happens: `us` after the scenario's start, or at a time of day (`is_clock`) of the start's day."""

    us: int
    is_clock: bool = False

    def since(self, day_us: int) -> int:
        """Microseconds since the start, which is `day_us` after midnight; negative when it is before the start."""
        return self.us - day_us if self.is_clock else self.us

    def __str__(self) -> str:
        if not self.is_clock:
            return format_duration(self.us)
        minutes, seconds = divmod(self.us // DURATIONS["s"], 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


def parse_moment(text: str) -> Moment:
    """A duration since the start, or a time of day such as `10:05`; raises ValueError."""
    text = text.strip()
    if _CLOCK.match(text):
        hours, minutes, seconds = (*map(int, text.split(":")), 0)[:3]
        return Moment((hours * 3600 + minutes * 60 + seconds) * DURATIONS["s"], is_clock=True)
    return Moment(parse_duration(text))


def _single(text: str, pattern: re.Pattern[str], units: Mapping[str, int], most: int) -> int:
    text = text.strip()
    if not pattern.match(text):
        raise ValueError(text)
    number = text.rstrip("/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz ")
    return _whole(Decimal(number) * units[text[len(number) :].strip()], most)


def _whole(amount: Decimal | int, most: int) -> int:
    if amount > most:
        raise ValueError(str(amount))
    return int(amount)


def _format(amount: int, units: Mapping[str, int], nothing: str) -> str:
    for unit, factor in units.items():
        if amount and amount % factor == 0:
            return f"{amount // factor}{unit}"
    return nothing
