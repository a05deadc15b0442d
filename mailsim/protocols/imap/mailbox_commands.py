"""Commands about mailboxes by name: SELECT, CREATE, LIST, STATUS, APPEND, quota, ... (RFC 9051 section 6.3)."""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.protocols.imap import _encode
from mailsim.protocols.imap._encode import Literal, Piece
from mailsim.protocols.imap.command import Command, OnMailbox
from mailsim.protocols.imap.dates import InternalDate
from mailsim.protocols.imap.mailbox_names import encode_mailbox
from mailsim.protocols.imap.sequence import SequenceSet


@dataclass(frozen=True, slots=True)
class Resynchronize:
    """What a client remembers of a mailbox: QRESYNC (RFC 7162 section 3.2.5).

    `known` are the UIDs that it has, None for all; `numbers` and `uids` are some message numbers and their UIDs.
    """

    uid_validity: int
    modseq: int
    known: SequenceSet | None = None
    numbers: SequenceSet | None = None
    uids: SequenceSet | None = None

    def __str__(self) -> str:
        known = f" {self.known}" if self.known else ""
        match = f" ({self.numbers} {self.uids})" if self.numbers and self.uids else ""
        return f"QRESYNC ({self.uid_validity} {self.modseq}{known}{match})"


@dataclass(frozen=True, slots=True)
class OpenMailbox(OnMailbox):
    """A command that opens a mailbox; the options are of RFC 7162."""

    condstore: bool = False
    resynchronize: Resynchronize | None = None

    def arguments(self) -> tuple[Piece, ...]:
        options = ["CONDSTORE"] if self.condstore else []
        options += [str(self.resynchronize)] if self.resynchronize else []
        tail = f" ({' '.join(options)})" if options else ""
        return (b" ", _encode.mailbox(self.mailbox), tail.encode("ascii"))


@dataclass(frozen=True, slots=True)
class Select(OpenMailbox):
    """Open a mailbox."""

    verb = "SELECT"


@dataclass(frozen=True, slots=True)
class Examine(OpenMailbox):
    """Open a mailbox for looking only."""

    verb = "EXAMINE"


@dataclass(frozen=True, slots=True)
class Create(OnMailbox):
    """Make a mailbox, perhaps with a special use (RFC 6154 section 3)."""

    verb = "CREATE"
    special_use: str = ""

    def arguments(self) -> tuple[Piece, ...]:
        use = f" (USE ({self.special_use}))" if self.special_use else ""
        return (b" ", _encode.mailbox(self.mailbox), use.encode("ascii"))


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
class List(Command):
    """Which mailboxes are there? An empty pattern asks for the delimiter only.

    Args:
        reference, pattern: the names wanted; more patterns in `others` (RFC 5258).
        selection: options that choose, such as `SUBSCRIBED`; None when there were no parentheses.
        returns: options that tell more, such as `CHILDREN`; None when there was no RETURN.
        status: the items of the STATUS that each mailbox is to have (RFC 5819).
    """

    verb = "LIST"
    reference: str
    pattern: str
    others: tuple[str, ...] = ()
    selection: frozenset[str] | None = None
    returns: frozenset[str] | None = None
    status: tuple[str, ...] = ()

    @property
    def patterns(self) -> tuple[str, ...]:
        """Every pattern."""
        return (self.pattern, *self.others)

    @property
    def is_extended(self) -> bool:
        """Is it more than the LIST of IMAP4rev1?"""
        return self.selection is not None or self.returns is not None or bool(self.others)

    def arguments(self) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        if self.selection is not None:
            pieces.append(f" ({' '.join(sorted(self.selection))})".encode("ascii"))
        pieces += [b" ", _quoted(self.reference), b" "]
        if not self.others:
            pieces.append(_quoted(self.pattern))
        for index, pattern in enumerate(self.patterns if self.others else ()):
            pieces += [b" " if index else b"(", _quoted(pattern)]
        return (*pieces, b")" if self.others else b"", self._returns())

    def _returns(self) -> bytes:
        if self.returns is None:
            return b""
        words = [*sorted(self.returns), *([f"STATUS ({' '.join(self.status)})"] if self.status else [])]
        return f" RETURN ({' '.join(words)})".encode("ascii")


@dataclass(frozen=True, slots=True)
class Lsub(Command):
    """Which mailboxes are subscribed? Gone in IMAP4rev2."""

    verb = "LSUB"
    reference: str
    pattern: str

    def arguments(self) -> tuple[Piece, ...]:
        return (b" ", _quoted(self.reference), b" ", _quoted(self.pattern))


@dataclass(frozen=True, slots=True)
class Status(Command):
    """Numbers of a mailbox without opening it; items: MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE DELETED ..."""

    verb = "STATUS"
    mailbox: str
    items: tuple[str, ...]

    def arguments(self) -> tuple[Piece, ...]:
        return (b" ", _encode.mailbox(self.mailbox), f" ({' '.join(self.items)})".encode("ascii"))


@dataclass(frozen=True, slots=True)
class Upload:
    """One mail of an APPEND; `is_binary` says that it came as a literal8 (RFC 3516)."""

    content: bytes
    flags: tuple[str, ...] = ()
    internal_date: InternalDate | None = None
    is_binary: bool = False

    def pieces(self) -> tuple[Piece, ...]:
        """The mail as a client writes it."""
        flags = b" " + _encode.flag_list(self.flags) if self.flags else b""
        moment = f' "{self.internal_date}"'.encode("ascii") if self.internal_date else b""
        return (flags + moment + (b" ~" if self.is_binary else b" "), Literal(self.content))


@dataclass(frozen=True, slots=True)
class Append(Command):
    """Put a mail into a mailbox: an upload, not a delivery. `others` are more of them (RFC 3502)."""

    verb = "APPEND"
    mailbox: str
    content: bytes
    flags: tuple[str, ...] = ()
    internal_date: InternalDate | None = None
    is_binary: bool = False
    others: tuple[Upload, ...] = ()

    @property
    def uploads(self) -> tuple[Upload, ...]:
        """Every mail."""
        return (Upload(self.content, self.flags, self.internal_date, self.is_binary), *self.others)

    def arguments(self) -> tuple[Piece, ...]:
        mails = (piece for upload in self.uploads for piece in upload.pieces())
        return (b" ", _encode.mailbox(self.mailbox), *mails)


@dataclass(frozen=True, slots=True)
class GetQuota(Command):
    """How much may be under this quota root, and how much is (RFC 9208)?"""

    verb = "GETQUOTA"
    root: str

    def arguments(self) -> tuple[Piece, ...]:
        return (b" ", _quoted(self.root))


@dataclass(frozen=True, slots=True)
class GetQuotaRoot(OnMailbox):
    """Which quota roots does a mailbox count for, and what are their quotas?"""

    verb = "GETQUOTAROOT"


@dataclass(frozen=True, slots=True)
class SetQuota(Command):
    """Change what may be under a quota root; for administrators."""

    verb = "SETQUOTA"
    root: str
    limits: tuple[tuple[str, int], ...]

    def arguments(self) -> tuple[Piece, ...]:
        limits = " ".join(f"{resource} {limit}" for resource, limit in self.limits)
        return (b" ", _quoted(self.root), f" ({limits})".encode("ascii"))


def _quoted(name: str) -> Piece:
    return _encode.string(encode_mailbox(name))
