"""What an MTA's disk knows of a mail in the queue, and when the mail is tried again (RFC 5321 section 4.5.4.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from mailsim.agents.policy import MINUTE_US, MtaPolicy
from mailsim.mail.envelope import Envelope


@dataclass(slots=True)
class Entry:
    """One recipient who has no end yet.

    Attributes:
        tries: attempts so far. next_us: when the next one is due. reason: what the last one ended with.
        is_warned: whether the sender has been told that the mail is late.
    """

    tries: int = 0
    next_us: int = 0
    reason: str = ""
    is_warned: bool = False


@dataclass(slots=True)
class QueuedMail:
    """A mail in the queue; `entries` are the recipients who have no end yet, `envelope` is as it came in."""

    id: str
    message: str
    envelope: Envelope
    content: bytes = field(repr=False)
    arrived_us: int
    entries: dict[str, Entry]

    @property
    def waiting(self) -> tuple[str, ...]:
        """The recipients who have no end yet."""
        return tuple(self.entries)


def next_try(policy: MtaPolicy, arrived_us: int, tries: int, started_us: int, now_us: int, chance: Random) -> int:
    """When to try again after attempt number `tries`, which began at `started_us` and failed now.

    At least the retry interval lies between attempts; it may grow, and chance may add to it. The last attempt is at the
    time of expiry, so that nobody gets a bounce without a last try.
    """
    interval_us = policy.retry_interval_us
    if policy.retry_backoff > 1:
        grown = interval_us * policy.retry_backoff ** min(tries - 1, 64)
        interval_us = max(interval_us, round(min(grown, policy.retry_max_us)))
    if policy.retry_jitter:
        interval_us += round(interval_us * policy.retry_jitter * chance.random())
    next_us = max(started_us + interval_us, now_us + MINUTE_US)
    last_us = arrived_us + policy.expire_us
    return min(next_us, last_us) if now_us < last_us else next_us
