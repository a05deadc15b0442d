"""What all commands of IMAP have in common (RFC 9051 section 6).

A command does not know its tag: the client engine gives it one when it is sent, the server engine keeps it until it
is answered. `arguments()` is how a client writes it; `by_uid` makes the UID form. Names of mailboxes are text here and
modified UTF-7 on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mailsim.protocols.imap import _encode
from mailsim.protocols.imap._encode import Piece


class Command:
    """What all commands can do."""

    __slots__ = ()
    verb: ClassVar[str]
    by_uid: bool = False

    def arguments(self) -> tuple[Piece, ...]:
        """What follows the verb, each argument with its space."""
        return ()

    @property
    def name(self) -> str:
        """The verb as a person says it: `UID FETCH`."""
        return f"UID {self.verb}" if self.by_uid else self.verb


@dataclass(frozen=True, slots=True)
class OnMailbox(Command):
    """A command whose one argument is the name of a mailbox."""

    mailbox: str

    def arguments(self) -> tuple[Piece, ...]:
        return (b" ", _encode.mailbox(self.mailbox))
