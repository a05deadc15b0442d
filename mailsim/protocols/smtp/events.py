"""What the engines hand out besides commands: typed events, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from mailsim.protocols.pdu import Raw
from mailsim.protocols.sasl import Credentials
from mailsim.protocols.smtp.commands import (
    Bdat,
    Command,
    Data,
    Expn,
    Hello,
    Help,
    Mail,
    Noop,
    Quit,
    Rcpt,
    Rset,
    StartTls,
    Vrfy,
)
from mailsim.protocols.smtp.replies import Challenge, Reply


@dataclass(frozen=True, slots=True)
class Refused:
    """Grammar, order, a limit or the configuration refused something; send `reply`.

    `line` is the beginning of what was refused, b"" for a content.
    """

    line: bytes
    reply: Reply


@dataclass(frozen=True, slots=True)
class AuthDone:
    """The client has said who it is; answer with `auth_accept` or `auth_refuse`."""

    mechanism: str
    credentials: Credentials

    @property
    def username(self) -> str:
        return self.credentials.username


@dataclass(frozen=True, slots=True)
class ContentReceived:
    """The content is complete, by DATA or by BDAT; `wire_size` counts the octets of the wire, its dots too."""

    data: bytes
    wire_size: int


class Answered(NamedTuple):
    """A reply came, and this is what it answers.

    `command` is None for the greeting and for a 421 that nobody asked for. `recipient` tells whose
    delivery an LMTP reply to the content is about.
    """

    command: Command | Raw | None
    reply: Reply
    recipient: Rcpt | None = None


Asked: TypeAlias = (
    Hello | Mail | Rcpt | Data | Bdat | Rset | Noop | Vrfy | Expn | Help | Quit | StartTls | AuthDone | ContentReceived
)
"""What waits for the server's answer; never a bare Auth, whose exchange the engine runs itself, nor a BdatLast,
which comes as ContentReceived like the content after DATA."""

ServerEvent: TypeAlias = Asked | Refused | Challenge
"""What `SmtpServer.next_event` gives; a Refused (its reply) and a Challenge are only to be sent."""
