"""Facts about people: what they do at a mail client, and what it shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mailsim.trace.facts.base import Fact


@dataclass(frozen=True, slots=True)
class UserActed(Fact):
    """A person did something at a MUA: `send`, `read`, ..."""

    kind: ClassVar[str] = "user.action"
    user: str
    action: str
    msg: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MessageShown(Fact):
    """A MUA put a message before its user."""

    kind: ClassVar[str] = "mua.show"
    user: str
    msg: str
    mailbox: str
    from_: str
    subject: str


@dataclass(frozen=True, slots=True)
class ListedMail:
    """One mail in the list of a MUA.

    Attributes:
        number: its place in the list, from 1. id: its UID, or unique-id of POP3. flags: separated by spaces.
        has: octets of it that this client has got.
    """

    number: int
    id: str
    flags: str
    subject: str
    has: int


@dataclass(frozen=True, slots=True)
class MailsListed(Fact):
    """What a MUA shows of a folder has changed; `trace.lists` puts the whole list together.

    Attributes:
        count: how many mails the list has now. gone: which are there no more, by the numbers that they had.
        mails: those that are new or look different, in the order of the list.
    """

    kind: ClassVar[str] = "mua.list"
    user: str
    folder: str
    count: int
    gone: tuple[int, ...]
    mails: tuple[ListedMail, ...]
