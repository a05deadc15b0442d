"""Turns simulated time into dates: microseconds since the start, and the start's place in the calendar."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the scenario starts (microseconds since the Unix epoch) and in which time zone (minutes east)."""

    start_us: int
    utc_offset_minutes: int = 0

    def epoch_us(self, at_us: int) -> int:
        """Microseconds since the Unix epoch of a moment of simulated time."""
        return self.start_us + at_us
