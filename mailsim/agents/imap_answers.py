"""How a command of IMAP is answered: untagged data and the code of its OK, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mailsim.mail.changes import FolderExists, InUse, NoSuchFolder, NotAllowed, OverQuota
from mailsim.protocols.imap import Response

Answer: TypeAlias = "tuple[list[Response], str]"
"""Untagged data for a command, and the response code of its OK."""


class Refusal(Exception):
    """The command is answered with NO (or BAD), this text and this response code; `data` still goes before it."""

    def __init__(self, text: str, code: str = "", is_bad: bool = False, data: Sequence[Response] = ()) -> None:
        super().__init__(text)
        self.text, self.code, self.is_bad, self.data = text, code, is_bad, data


@dataclass(frozen=True, slots=True)
class Words:
    """Text and code of a NO (RFC 5530 section 3, RFC 9051 section 7.1)."""

    text: str
    code: str


NO_MAILBOX = Words("No such mailbox", "NONEXISTENT")
EXISTS = Words("Mailbox exists", "ALREADYEXISTS")
BAD_NAME = Words("Not possible with this name", "CANNOT")
HAS_CHILDREN = Words("There are mailboxes below it", "HASCHILDREN")
USE_TAKEN = Words("Another mailbox has this use", "USEATTR")
OPEN_ELSEWHERE = Words("Mailbox is open elsewhere", "INUSE")
FULL = Words("Mailbox is full", "OVERQUOTA")
GONE = Words("Some of the messages are gone", "EXPUNGEISSUED")
TRY_CREATE = Words("No such mailbox", "TRYCREATE")
READ_ONLY = Words("Mailbox is read-only", "READ-ONLY")
WRONG_PASSWORD = Words("Authentication failed", "AUTHENTICATIONFAILED")

NOT_ALLOWED = {"bad-name": BAD_NAME, "inbox": BAD_NAME, "has-children": HAS_CHILDREN, "special-use": USE_TAKEN}


def refusal(words: Words, data: Sequence[Response] = ()) -> Refusal:
    """The NO with these words."""
    return Refusal(words.text, words.code, data=data)


def refusal_of(outcome: object) -> Refusal | None:
    """The NO for what the store refuses; None when it did what it was asked."""
    match outcome:
        case NoSuchFolder():
            return refusal(NO_MAILBOX)
        case FolderExists():
            return refusal(EXISTS)
        case NotAllowed(why=why):
            return refusal(NOT_ALLOWED[why])
        case InUse():
            return refusal(OPEN_ELSEWHERE)
        case OverQuota():
            return refusal(FULL)
    return None
