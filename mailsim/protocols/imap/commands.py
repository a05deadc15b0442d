"""The commands of IMAP as values: verbs, one dataclass each (RFC 3501 section 6, RFC 9051 section 6).

A command does not know its tag: the client engine gives it one when it is sent, the server engine keeps
it until it is answered. `arguments()` is how a client writes it; `by_uid` makes the UID form.
Names of mailboxes are text here and modified UTF-7 on the wire.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from mailsim.protocols.imap import _encode
from mailsim.protocols.imap._encode import Literal, Piece
from mailsim.protocols.imap.dates import InternalDate
from mailsim.protocols.imap.items import FetchItem
from mailsim.protocols.imap.keys import SearchKey, is_ascii, keys_pieces
from mailsim.protocols.imap.mailbox_names import encode_mailbox
from mailsim.protocols.imap.sequence import SequenceSet


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
class Capability(Command):
    """What can you do?"""

    verb = "CAPABILITY"


@dataclass(frozen=True, slots=True)
class Noop(Command):
    """Nothing; a chance for the server to report news."""

    verb = "NOOP"


@dataclass(frozen=True, slots=True)
class Logout(Command):
    """Good bye."""

    verb = "LOGOUT"


@dataclass(frozen=True, slots=True)
class StartTls(Command):
    """Begin TLS on this connection (RFC 9051 section 6.2.1)."""

    verb = "STARTTLS"


@dataclass(frozen=True, slots=True)
class Authenticate(Command):
    """SASL, with the first response if there is one (RFC 4959)."""

    verb = "AUTHENTICATE"
    mechanism: str
    initial: bytes | None = None

    def arguments(self) -> tuple[Piece, ...]:
        words = b" " + self.mechanism.encode("ascii")
        if self.initial is None:
            return (words,)
        return (words, b" " + (binascii.b2a_base64(self.initial, newline=False) or b"="))


@dataclass(frozen=True, slots=True)
class Login(Command):
    """User name and password as they are."""

    verb = "LOGIN"
    user: str
    password: str

    def arguments(self) -> tuple[Piece, ...]:
        return (b" ", _encode.astring(self.user), b" ", _encode.astring(self.password))


@dataclass(frozen=True, slots=True)
class OnMailbox(Command):
    """A command whose one argument is the name of a mailbox."""

    mailbox: str

    def arguments(self) -> tuple[Piece, ...]:
        return (b" ", _encode.mailbox(self.mailbox))


@dataclass(frozen=True, slots=True)
class Select(OnMailbox):
    """Open a mailbox."""

    verb = "SELECT"


@dataclass(frozen=True, slots=True)
class Examine(OnMailbox):
    """Open a mailbox for looking only."""

    verb = "EXAMINE"


@dataclass(frozen=True, slots=True)
class Create(OnMailbox):
    """Make a mailbox."""

    verb = "CREATE"


@dataclass(frozen=True, slots=True)
class Delete(OnMailbox):
    """Remove a mailbox with all that is in it."""

    verb = "DELETE"


@dataclass(frozen=True, slots=True)
class Subscribe(OnMailbox):
    """Put a mailbox on the list that LSUB shows."""

    verb = "SUBSCRIBE"


@dataclass(frozen=True, slots=True)
class Unsubscribe(OnMailbox):
    """Take it off that list."""

    verb = "UNSUBSCRIBE"


@dataclass(frozen=True, slots=True)
class Rename(Command):
    """Give a mailbox another name."""

    verb = "RENAME"
    old: str
    new: str

    def arguments(self) -> tuple[Piece, ...]:
        return (b" ", _encode.mailbox(self.old), b" ", _encode.mailbox(self.new))


@dataclass(frozen=True, slots=True)
class OnNames(Command):
    """A command about the names that match `reference` and `pattern` together."""

    reference: str
    pattern: str

    def arguments(self) -> tuple[Piece, ...]:
        return (b" ", _quoted(self.reference), b" ", _quoted(self.pattern))


@dataclass(frozen=True, slots=True)
class List(OnNames):
    """Which mailboxes are there? An empty pattern asks for the delimiter only."""

    verb = "LIST"


@dataclass(frozen=True, slots=True)
class Lsub(OnNames):
    """Which mailboxes are subscribed?"""

    verb = "LSUB"


@dataclass(frozen=True, slots=True)
class Namespace(Command):
    """Where do mailboxes live (RFC 2342)?"""

    verb = "NAMESPACE"


@dataclass(frozen=True, slots=True)
class Status(Command):
    """Numbers of a mailbox without opening it; items: MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN."""

    verb = "STATUS"
    mailbox: str
    items: tuple[str, ...]

    def arguments(self) -> tuple[Piece, ...]:
        return (b" ", _encode.mailbox(self.mailbox), f" ({' '.join(self.items)})".encode("ascii"))


@dataclass(frozen=True, slots=True)
class Append(Command):
    """Put a mail into a mailbox: an upload, not a delivery."""

    verb = "APPEND"
    mailbox: str
    content: bytes
    flags: tuple[str, ...] = ()
    internal_date: InternalDate | None = None

    def arguments(self) -> tuple[Piece, ...]:
        flags = b" " + _encode.flag_list(self.flags) if self.flags else b""
        moment = f' "{self.internal_date}"'.encode("ascii") if self.internal_date else b""
        return (b" ", _encode.mailbox(self.mailbox), flags + moment + b" ", Literal(self.content))


@dataclass(frozen=True, slots=True)
class Idle(Command):
    """Tell me when something happens, until DONE (RFC 2177)."""

    verb = "IDLE"


@dataclass(frozen=True, slots=True)
class Enable(Command):
    """Switch extensions on (RFC 5161)."""

    verb = "ENABLE"
    capabilities: tuple[str, ...]

    def arguments(self) -> tuple[Piece, ...]:
        return (f" {' '.join(self.capabilities)}".encode("ascii"),)


@dataclass(frozen=True, slots=True)
class Check(Command):
    """Ask for a checkpoint; gone in IMAP4rev2."""

    verb = "CHECK"


@dataclass(frozen=True, slots=True)
class Close(Command):
    """Expunge silently and leave the mailbox."""

    verb = "CLOSE"


@dataclass(frozen=True, slots=True)
class Unselect(Command):
    """Leave the mailbox, expunging nothing."""

    verb = "UNSELECT"


@dataclass(frozen=True, slots=True)
class Expunge(Command):
    """Remove what is marked `\\Deleted`; with UIDs (UID EXPUNGE, RFC 4315) only of those."""

    verb = "EXPUNGE"
    uids: SequenceSet | None = None

    @property
    def name(self) -> str:
        return "EXPUNGE" if self.uids is None else "UID EXPUNGE"

    def arguments(self) -> tuple[Piece, ...]:
        return () if self.uids is None else (f" {self.uids}".encode("ascii"),)


@dataclass(frozen=True, slots=True)
class Search(Command):
    """Which messages match all keys?"""

    verb = "SEARCH"
    keys: tuple[SearchKey, ...]
    by_uid: bool = False

    def arguments(self) -> tuple[Piece, ...]:
        charset = b"" if all(map(is_ascii, self.keys)) else b" CHARSET UTF-8"
        return (charset + b" ", *keys_pieces(self.keys))


@dataclass(frozen=True, slots=True)
class Fetch(Command):
    """Give me these items of these messages."""

    verb = "FETCH"
    sequence: SequenceSet
    items: tuple[FetchItem, ...]
    by_uid: bool = False

    def arguments(self) -> tuple[Piece, ...]:
        pieces: list[Piece] = [f" {self.sequence} ".encode("ascii")]
        if len(self.items) == 1:
            return (*pieces, *self.items[0].pieces())
        for index, item in enumerate(self.items):
            pieces += [b" " if index else b"(", *item.pieces()]
        return (*pieces, b")")


class StoreMode(Enum):
    """How STORE treats the flags it is given."""

    REPLACE = "FLAGS"
    ADD = "+FLAGS"
    REMOVE = "-FLAGS"


@dataclass(frozen=True, slots=True)
class Store(Command):
    """Change flags."""

    verb = "STORE"
    sequence: SequenceSet
    mode: StoreMode
    flags: tuple[str, ...]
    silent: bool = False
    by_uid: bool = False

    def arguments(self) -> tuple[Piece, ...]:
        how = self.mode.value + (".SILENT" if self.silent else "")
        return (f" {self.sequence} {how} ".encode("ascii") + _encode.flag_list(self.flags),)


@dataclass(frozen=True, slots=True)
class ToMailbox(Command):
    """A command that brings messages to the end of another mailbox."""

    sequence: SequenceSet
    mailbox: str
    by_uid: bool = False

    def arguments(self) -> tuple[Piece, ...]:
        return (f" {self.sequence} ".encode("ascii"), _encode.mailbox(self.mailbox))


@dataclass(frozen=True, slots=True)
class Copy(ToMailbox):
    """Copy messages to the end of another mailbox."""

    verb = "COPY"


@dataclass(frozen=True, slots=True)
class Move(ToMailbox):
    """Move messages to the end of another mailbox (RFC 6851)."""

    verb = "MOVE"


def _quoted(name: str) -> Piece:
    return _encode.string(encode_mailbox(name))
