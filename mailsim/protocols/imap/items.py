"""What FETCH can ask for: data items and sections (RFC 9051 sections 6.4.5, RFC 3501 section 6.4.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mailsim.mail.mime import Section
from mailsim.protocols.imap import _encode
from mailsim.protocols.imap._encode import Piece

NAMES = frozenset(
    [
        "ENVELOPE",
        "FLAGS",
        "INTERNALDATE",
        "RFC822",
        "RFC822.HEADER",
        "RFC822.SIZE",
        "RFC822.TEXT",
        "BODY",
        "BODYSTRUCTURE",
        "UID",
        "MODSEQ",
    ]
)
_WHOLE = Section()
TEXTS_WITH_FIELDS = ("HEADER.FIELDS.NOT", "HEADER.FIELDS")


Partial: TypeAlias = "tuple[int, int | None]"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An item that is a name and nothing more: `FLAGS`, `RFC822.SIZE`, `BODYSTRUCTURE`..."""

    name: str

    def pieces(self) -> tuple[Piece, ...]:
        """The item as a client writes it."""
        return (self.name.encode("ascii"),)

    @property
    def answer_name(self) -> str:
        """The name under which the answer comes."""
        return self.name

    @property
    def sets_seen(self) -> bool:
        """Does reading it mark the mail as read?"""
        return self.name in {"RFC822", "RFC822.TEXT"}


@dataclass(frozen=True, slots=True)
class Body:
    """`BODY[section]<offset.count>`, or BODY.PEEK[...], which leaves `\\Seen` alone.

    A count of None means to the end: not in the grammar, but servers take it and clients say it.
    """

    section: Section = _WHOLE
    peek: bool = False
    partial: Partial | None = None

    def pieces(self) -> tuple[Piece, ...]:
        """The item as a client writes it; a strange field name may need a literal."""
        head = b"BODY.PEEK[" if self.peek else b"BODY["
        return (head, *_section_pieces(self.section), b"]", _partial_piece(self.partial))

    @property
    def answer_name(self) -> str:
        """The name under which the answer comes: without PEEK, and of the partial only the offset."""
        tail = "" if self.partial is None else f"<{self.partial[0]}>"
        return f"BODY[{section_name(self.section)}]{tail}"

    @property
    def sets_seen(self) -> bool:
        """Does reading it mark the mail as read?"""
        return not self.peek


@dataclass(frozen=True, slots=True)
class Binary:
    """`BINARY[part]<offset.count>`: a part without its transfer encoding (RFC 9051 section 6.4.5, RFC 3516).

    The RFC has part numbers only; some clients ask for other sections too, which have no encoding.
    """

    section: Section = _WHOLE
    peek: bool = False
    partial: Partial | None = None

    def pieces(self) -> tuple[Piece, ...]:
        """The item as a client writes it."""
        head = b"BINARY.PEEK[" if self.peek else b"BINARY["
        return (head, *_section_pieces(self.section), b"]", _partial_piece(self.partial))

    @property
    def answer_name(self) -> str:
        """The name under which the answer comes."""
        return f"BINARY[{section_name(self.section)}]" + ("" if self.partial is None else f"<{self.partial[0]}>")

    @property
    def sets_seen(self) -> bool:
        """Does reading it mark the mail as read?"""
        return not self.peek


@dataclass(frozen=True, slots=True)
class BinarySize:
    """`BINARY.SIZE[part]`: how many octets `BINARY[part]` would have."""

    section: Section = _WHOLE

    def pieces(self) -> tuple[Piece, ...]:
        """The item as a client writes it."""
        return (b"BINARY.SIZE[", *_section_pieces(self.section), b"]")

    @property
    def answer_name(self) -> str:
        """The name under which the answer comes."""
        return f"BINARY.SIZE[{section_name(self.section)}]"

    @property
    def sets_seen(self) -> bool:
        """It does not."""
        return False


def _partial_piece(partial: Partial | None) -> bytes:
    match partial:
        case None:
            return b""
        case (start, None):
            return b"<%d>" % start
        case (start, count):
            return b"<%d.%d>" % (start, count)


FetchItem: TypeAlias = Attribute | Body | Binary | BinarySize

FLAGS, UID, INTERNALDATE = Attribute("FLAGS"), Attribute("UID"), Attribute("INTERNALDATE")
SIZE, ENVELOPE = Attribute("RFC822.SIZE"), Attribute("ENVELOPE")
BODY, BODYSTRUCTURE = Attribute("BODY"), Attribute("BODYSTRUCTURE")
MODSEQ = Attribute("MODSEQ")
FAST: tuple[FetchItem, ...] = (FLAGS, INTERNALDATE, SIZE)
ALL: tuple[FetchItem, ...] = (*FAST, ENVELOPE)
FULL: tuple[FetchItem, ...] = (*ALL, BODY)
MACROS = {"ALL": ALL, "FAST": FAST, "FULL": FULL}


def section_name(section: Section) -> str:
    """What stands between the brackets, for a name in an answer."""
    return b"".join(_encode.inline(piece) for piece in _section_pieces(section)).decode("utf-8", "replace")


def _section_pieces(section: Section) -> tuple[Piece, ...]:
    words = [str(number) for number in section.path]
    head = ".".join([*words, section.text] if section.text else words).encode("ascii")
    if not section.text.startswith("HEADER.FIELDS"):
        return (head,)
    pieces: list[Piece] = [head, b" ("]
    for index, name in enumerate(section.fields):
        pieces += [b" ", _encode.astring(name)] if index else [_encode.astring(name)]
    return (*pieces, b")")


def sets_seen(items: tuple[FetchItem, ...]) -> bool:
    """Does a FETCH of these items set `\\Seen` (RFC 9051 section 6.4.5)?"""
    return any(item.sets_seen for item in items)
