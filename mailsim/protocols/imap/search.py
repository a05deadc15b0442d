"""Does a message match a SEARCH key (RFC 3501 section 6.4.4)? Pure.

Texts are compared without regard to case, after encoded words, transfer encodings and charsets were
decoded; that work is remembered for a few messages, because one SEARCH has many keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import assert_never

from mailsim.mail.mime import Header, decode_words, header_at, parse, texts
from mailsim.mail.mime_envelope import parse_addresses
from mailsim.protocols.imap import keys as k
from mailsim.protocols.imap.dates import day_of, mail_date
from mailsim.protocols.imap.message import MessageLike

ADDRESS_FIELDS = frozenset({"bcc", "cc", "from", "to"})
"""What is searched in the ENVELOPE, too, not only as it was written (RFC 3501 section 6.4.4)."""


@dataclass(frozen=True, slots=True)
class SearchContext:
    """What a key may depend on beside the message: the largest number and UID (`*`), and what is recent."""

    largest_number: int
    largest_uid: int
    recent: frozenset[int] = frozenset()
    zone_minutes: int = 0
    saved: frozenset[int] = frozenset()
    """UIDs that `$` means (RFC 5182)."""


def matches_all(message: MessageLike, number: int, keys: Iterable[k.SearchKey], context: SearchContext) -> bool:
    """Do all keys match? The keys of a SEARCH command are joined by AND."""
    return all(matches(message, number, key, context) for key in keys)


def matches(message: MessageLike, number: int, key: k.SearchKey, context: SearchContext) -> bool:
    """Does one key match this message with this message number?"""
    match key:
        case k.All():
            return True
        case k.HasFlag(flag):
            return _has_flag(message, flag, context)
        case k.LacksFlag(flag):
            return not _has_flag(message, flag, context)
        case k.HeaderHas(field, text):
            return _header_has(message.content, field.lower(), text.casefold())
        case k.BodyHas(text):
            return text.casefold() in body_text(message.content)
        case k.TextHas(text):
            folded = text.casefold()
            return folded in header_texts(message.content) or folded in body_text(message.content)
        case k.Dated(relation, day, sent):
            return _dated(_day(message, sent, context), relation, day)
        case k.Larger(octets):
            return message.size > octets
        case k.Smaller(octets):
            return message.size < octets
        case k.Numbers(sequence) | k.Uids(sequence) if sequence.is_saved:
            return message.uid in context.saved
        case k.Numbers(sequence):
            return sequence.contains(number, context.largest_number)
        case k.Uids(sequence):
            return sequence.contains(message.uid, context.largest_uid)
        case k.Modified(modseq):
            return message.modseq >= modseq
        case k.Not(inner):
            return not matches(message, number, inner, context)
        case k.Or(left, right):
            return matches(message, number, left, context) or matches(message, number, right, context)
        case k.And(keys):
            return matches_all(message, number, keys, context)
    assert_never(key)


def _has_flag(message: MessageLike, flag: str, context: SearchContext) -> bool:
    if flag == "\\Recent":
        return message.uid in context.recent
    if flag in message.flags:
        return True
    folded = flag.lower()
    return any(folded == one.lower() for one in message.flags)


def _header_has(content: bytes, field: str, folded: str) -> bool:
    values = tuple(_header(content).all(field))
    if any(folded in decode_words(value).casefold() for value in values):
        return True
    return field in ADDRESS_FIELDS and any(folded in _addresses_text(value) for value in values)


def _addresses_text(value: str) -> str:
    """The addresses of a field as ENVELOPE has them, without comments, quotes and spaces inside; case folded."""
    addresses = parse_addresses(value)
    return ", ".join(f"{decode_words(address.name or '')} <{address}>" for address in addresses).casefold()


def _day(message: MessageLike, sent: bool, context: SearchContext) -> date | None:
    if not sent:
        zone = message.zone_minutes
        return day_of(message.internal_date_us, context.zone_minutes if zone is None else zone)
    value = _header(message.content).first("date")
    return None if value is None else mail_date(value)


def _dated(day: date | None, relation: str, wanted: date) -> bool:
    if day is None:
        return False
    match relation:
        case "BEFORE":
            return day < wanted
        case "ON":
            return day == wanted
        case _:
            return day >= wanted


@lru_cache(maxsize=16)
def _header(content: bytes) -> Header:
    return header_at(content)


@lru_cache(maxsize=16)
def header_texts(content: bytes) -> str:
    """The headers as SEARCH TEXT sees them, of the mail and of all within: unfolded, decoded, case folded."""
    return "\n".join(_header_lines(part.header) for part in parse(content).walk()).casefold()


def _header_lines(header: Header) -> str:
    return "\n".join(f"{field.name}: {decode_words(header.value(field))}" for field in header.fields)


@lru_cache(maxsize=16)
def body_text(content: bytes) -> str:
    """The text parts as SEARCH BODY sees them, which looks at no header (RFC 9051): decoded, case folded."""
    return "\n".join(texts(content)).casefold()
