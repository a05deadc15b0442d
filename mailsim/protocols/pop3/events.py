"""What a POP3 server engine asks of its agent, and what it has already answered by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from mailsim.protocols.pop3.commands import Command
from mailsim.protocols.pop3.replies import Challenge, Reply
from mailsim.protocols.sasl import Credentials


@dataclass(frozen=True, slots=True)
class Login:
    """Are these credentials right, and is the maildrop free? Answer with `open_maildrop` or `refuse`.

    `mechanism` is `USER` for USER and PASS, `APOP`, or the SASL mechanism.
    """

    credentials: Credentials = field(repr=False)
    mechanism: str = "USER"

    @property
    def name(self) -> str:
        """Who wants in."""
        return self.credentials.username


@dataclass(frozen=True, slots=True)
class ApopLogin:
    """Does the digest fit the user's secret (`apop_matches`)? Answer with `open_maildrop` or `refuse`."""

    name: str
    timestamp: str
    digest: str
    mechanism: str = "APOP"


@dataclass(frozen=True, slots=True)
class Retrieve:
    """RETR or TOP: answer with `content` (the whole message either way) or `refuse`."""

    number: int
    uid: str
    lines: int | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """QUIT in the TRANSACTION state: remove these, unlock, then answer with `goodbye` or `refuse`."""

    uids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StartTls:
    """STLS: answer with `start_tls` and begin TLS after its reply, or `refuse`."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A legal command, before anything is done about it: answer with `obey`, which gives the event, or `refuse`."""

    command: Command


@dataclass(frozen=True, slots=True)
class Answered:
    """The engine knew the answer: send `reply`."""

    command: Command
    reply: Reply | Challenge


@dataclass(frozen=True, slots=True)
class Refused:
    """The grammar or the state forbids this line: send `reply`."""

    line: bytes
    reply: Reply


Event: TypeAlias = Login | ApopLogin | Retrieve | Update | StartTls | Announced | Answered | Refused
