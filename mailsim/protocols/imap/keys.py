"""The keys of SEARCH as values (RFC 3501 section 6.4.4): a small tree that `search.matches` walks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from mailsim.protocols.imap import _encode
from mailsim.protocols.imap._encode import Piece
from mailsim.protocols.imap.dates import format_date
from mailsim.protocols.imap.sequence import SequenceSet


@dataclass(frozen=True, slots=True)
class All:
    """Every message."""


@dataclass(frozen=True, slots=True)
class HasFlag:
    """`SEEN`, `KEYWORD $Forwarded`, `RECENT`: the flag is set."""

    flag: str


@dataclass(frozen=True, slots=True)
class LacksFlag:
    """`UNSEEN`, `UNKEYWORD $Forwarded`, `OLD`: the flag is not set."""

    flag: str


@dataclass(frozen=True, slots=True)
class HeaderHas:
    """`HEADER name text`, `FROM text`, `SUBJECT text`...: a field contains the text; "" asks for the field alone."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class BodyHas:
    """`BODY text`: the body contains the text."""

    text: str


@dataclass(frozen=True, slots=True)
class TextHas:
    """`TEXT text`: header or body contain the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Dated:
    """`BEFORE`, `ON`, `SINCE` (internal date) and `SENTBEFORE`, `SENTON`, `SENTSINCE` (Date field)."""

    relation: str
    day: date
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Larger:
    """More octets than this."""

    octets: int


@dataclass(frozen=True, slots=True)
class Smaller:
    """Fewer octets than this."""

    octets: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """Message sequence numbers."""

    sequence: SequenceSet


@dataclass(frozen=True, slots=True)
class Uids:
    """`UID set`."""

    sequence: SequenceSet


@dataclass(frozen=True, slots=True)
class Modified:
    """`MODSEQ n`: the mod-sequence is at least this (RFC 7162 section 3.1.5)."""

    modseq: int


@dataclass(frozen=True, slots=True)
class Not:
    """The other ones."""

    key: SearchKey


@dataclass(frozen=True, slots=True)
class Or:
    """Either."""

    left: SearchKey
    right: SearchKey


@dataclass(frozen=True, slots=True)
class And:
    """All of them: a parenthesized list."""

    keys: tuple[SearchKey, ...]


SearchKey: TypeAlias = (
    All
    | HasFlag
    | LacksFlag
    | HeaderHas
    | BodyHas
    | TextHas
    | Dated
    | Larger
    | Smaller
    | Numbers
    | Uids
    | Modified
    | Not
    | Or
    | And
)

SYSTEM = {
    "ANSWERED": "\\Answered",
    "DELETED": "\\Deleted",
    "DRAFT": "\\Draft",
    "FLAGGED": "\\Flagged",
    "SEEN": "\\Seen",
}
FIELDS = ("BCC", "CC", "FROM", "SUBJECT", "TO")
RELATIONS = ("BEFORE", "ON", "SINCE")
SIMPLE: dict[str, SearchKey] = {
    "ALL": All(),
    "RECENT": HasFlag("\\Recent"),
    "OLD": LacksFlag("\\Recent"),
    "NEW": And((HasFlag("\\Recent"), LacksFlag("\\Seen"))),
    **{word: HasFlag(flag) for word, flag in SYSTEM.items()},
    **{f"UN{word}": LacksFlag(flag) for word, flag in SYSTEM.items()},
}
_WORD_OF = {key: word.encode("ascii") for word, key in SIMPLE.items()}


def key_pieces(key: SearchKey) -> tuple[Piece, ...]:
    """A key as a client writes it."""
    if key in _WORD_OF:
        return (_WORD_OF[key],)
    match key:
        case HasFlag(flag):
            return (b"KEYWORD " + flag.encode("ascii"),)
        case LacksFlag(flag):
            return (b"UNKEYWORD " + flag.encode("ascii"),)
        case HeaderHas(field, text) if field.upper() in FIELDS:
            return (field.upper().encode("ascii") + b" ", _encode.astring(text))
        case HeaderHas(field, text):
            return (b"HEADER ", _encode.astring(field), b" ", _encode.astring(text))
        case BodyHas(text):
            return (b"BODY ", _encode.astring(text))
        case TextHas(text):
            return (b"TEXT ", _encode.astring(text))
        case Dated(relation, day, sent):
            return (f"{'SENT' if sent else ''}{relation} {format_date(day)}".encode("ascii"),)
        case Larger(octets):
            return (b"LARGER %d" % octets,)
        case Smaller(octets):
            return (b"SMALLER %d" % octets,)
        case Numbers(sequence):
            return (str(sequence).encode("ascii"),)
        case Uids(sequence):
            return (f"UID {sequence}".encode("ascii"),)
        case Modified(modseq):
            return (b"MODSEQ %d" % modseq,)
        case Not(inner):
            return (b"NOT ", *key_pieces(inner))
        case Or(left, right):
            return (b"OR ", *key_pieces(left), b" ", *key_pieces(right))
        case And(keys):
            return (b"(", *keys_pieces(keys), b")")
        case All():
            return (b"ALL",)


def keys_pieces(keys: tuple[SearchKey, ...]) -> tuple[Piece, ...]:
    """Keys with spaces between them."""
    pieces: list[Piece] = []
    for index, key in enumerate(keys):
        pieces += [b" ", *key_pieces(key)] if index else key_pieces(key)
    return tuple(pieces)


def asks_for_modseq(keys: tuple[SearchKey, ...]) -> bool:
    """Is there a MODSEQ anywhere in the keys, so that the answer tells the highest (RFC 7162 section 3.1.5)?"""
    return any(_has_modseq(key) for key in keys)


def _has_modseq(key: SearchKey) -> bool:
    match key:
        case Modified():
            return True
        case Not(inner):
            return _has_modseq(inner)
        case Or(left, right):
            return _has_modseq(left) or _has_modseq(right)
        case And(keys):
            return asks_for_modseq(keys)
        case _:
            return False


def is_ascii(key: SearchKey) -> bool:
    """Can the key be sent without a CHARSET?"""
    match key:
        case HeaderHas(field, text):
            return field.isascii() and text.isascii()
        case BodyHas(text) | TextHas(text):
            return text.isascii()
        case Not(inner):
            return is_ascii(inner)
        case Or(left, right):
            return is_ascii(left) and is_ascii(right)
        case And(keys):
            return all(map(is_ascii, keys))
        case _:
            return True
