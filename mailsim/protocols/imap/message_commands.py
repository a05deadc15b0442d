"""Commands about the messages of the selected mailbox: FETCH, STORE, SEARCH, COPY, ... (RFC 9051 section 6.4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mailsim.protocols.imap import _encode
from mailsim.protocols.imap._encode import Piece
from mailsim.protocols.imap.command import Command
from mailsim.protocols.imap.items import FetchItem
from mailsim.protocols.imap.keys import SearchKey, is_ascii, keys_pieces
from mailsim.protocols.imap.sequence import SequenceSet


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
    """Which messages match all keys? `returns` are the options of RETURN (RFC 4731), None when there was none."""

    verb = "SEARCH"
    keys: tuple[SearchKey, ...]
    by_uid: bool = False
    returns: frozenset[str] | None = None

    def arguments(self) -> tuple[Piece, ...]:
        returns = b"" if self.returns is None else f" RETURN ({' '.join(sorted(self.returns))})".encode("ascii")
        charset = b"" if all(map(is_ascii, self.keys)) else b" CHARSET UTF-8"
        return (returns + charset + b" ", *keys_pieces(self.keys))


@dataclass(frozen=True, slots=True)
class Fetch(Command):
    """Give me these items of these messages; `changed_since` and `vanished` are of RFC 7162."""

    verb = "FETCH"
    sequence: SequenceSet
    items: tuple[FetchItem, ...]
    by_uid: bool = False
    changed_since: int | None = None
    vanished: bool = False

    def arguments(self) -> tuple[Piece, ...]:
        pieces: list[Piece] = [f" {self.sequence} ".encode("ascii")]
        if len(self.items) == 1:
            pieces += self.items[0].pieces()
        else:
            for index, item in enumerate(self.items):
                pieces += [b" " if index else b"(", *item.pieces()]
            pieces.append(b")")
        if self.changed_since is None:
            return tuple(pieces)
        return (*pieces, b" (CHANGEDSINCE %d%b)" % (self.changed_since, b" VANISHED" if self.vanished else b""))


class StoreMode(Enum):
    """How STORE treats the flags it is given."""

    REPLACE = "FLAGS"
    ADD = "+FLAGS"
    REMOVE = "-FLAGS"


@dataclass(frozen=True, slots=True)
class Store(Command):
    """Change flags, perhaps only of messages that nobody changed meanwhile (UNCHANGEDSINCE, RFC 7162)."""

    verb = "STORE"
    sequence: SequenceSet
    mode: StoreMode
    flags: tuple[str, ...]
    silent: bool = False
    by_uid: bool = False
    unchanged_since: int | None = None

    def arguments(self) -> tuple[Piece, ...]:
        condition = "" if self.unchanged_since is None else f"(UNCHANGEDSINCE {self.unchanged_since}) "
        how = self.mode.value + (".SILENT" if self.silent else "")
        return (f" {self.sequence} {condition}{how} ".encode("ascii") + _encode.flag_list(self.flags),)


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
