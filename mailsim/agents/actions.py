"""What a person does at a mail client, as values: write, read, open, mark, move, delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from mailsim.mail.compose import Attachment


@dataclass(frozen=True, slots=True)
class SendMail:
    """The user writes a mail and presses Send; recipients are addresses."""

    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    attachments: tuple[Attachment, ...] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody who shall get it, each once: the envelope does not tell To from Bcc."""
        return tuple(dict.fromkeys((*self.to, *self.cc, *self.bcc)))


@dataclass(frozen=True, slots=True)
class ReadMail:
    """The user looks for new mail; `protocol` is the client's own unless it is given.

    `stay_us`: by IMAP, how long the client stays connected, to hear of what others do.
    """

    protocol: Literal["imap", "pop3"] | None = None
    stay_us: int = 0


@dataclass(frozen=True, slots=True)
class Which:
    """Which mails of a folder the user means, by what the list on the screen shows.

    Attributes:
        subjects: those with these subjects. last: the lowest so many of the list. every: all.
    """

    subjects: tuple[str, ...] = ()
    last: int = 0
    every: bool = False
    folder: str = "INBOX"

    def __str__(self) -> str:
        if self.subjects:
            return ", ".join(self.subjects)
        return f"{self.folder} *" if self.every else f"{self.folder} -{self.last}"


@dataclass(frozen=True, slots=True)
class OpenMail:
    """The user opens mails, or one part of them (e.g. `2`, an attachment); "" is the whole mail."""

    which: Which
    part: str = ""


@dataclass(frozen=True, slots=True)
class FlagMail:
    """The user marks mails, or takes marks away."""

    which: Which
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MoveMail:
    """The user puts mails into another folder."""

    which: Which
    to: str


@dataclass(frozen=True, slots=True)
class DeleteMail:
    """The user presses Delete."""

    which: Which


@dataclass(frozen=True, slots=True)
class ExpungeMail:
    """The user has everything removed that is marked as deleted."""

    which: Which = Which(every=True)


OnMails: TypeAlias = OpenMail | FlagMail | MoveMail | DeleteMail | ExpungeMail
"""What is done with mails that are there."""
Action: TypeAlias = SendMail | ReadMail | OnMails
NAMES: dict[type[object], str] = {
    OpenMail: "open",
    FlagMail: "flag",
    MoveMail: "move",
    DeleteMail: "delete",
    ExpungeMail: "expunge",
}
"""How the trace calls them."""
