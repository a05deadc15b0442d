"""Answers the items of a FETCH from a message (RFC 9051 section 6.4.5); pure."""

from __future__ import annotations

from collections.abc import Iterable

from mailsim.mail.mime import Section, body_structure, envelope, section_bytes
from mailsim.mail.mime_binary import decoded_section
from mailsim.protocols.imap.dates import InternalDate
from mailsim.protocols.imap.fetch_data import FetchData, FetchValue
from mailsim.protocols.imap.items import FLAGS, MODSEQ, UID, Attribute, Binary, BinarySize, Body, FetchItem, Partial
from mailsim.protocols.imap.message import MessageLike

_SYSTEM_ORDER = ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")


def fetch_items(
    message: MessageLike,
    number: int,
    items: Iterable[FetchItem],
    *,
    by_uid: bool = False,
    recent: bool = False,
    with_flags: bool = False,
    with_modseq: bool = False,
    zone_minutes: int = 0,
) -> FetchData:
    """The FETCH response for one message.

    Args:
        number: its message sequence number.
        by_uid: the UID is told even when it was not asked for, as for UID FETCH.
        recent: show `\\Recent`.
        with_flags: tell the flags too, because reading has just set `\\Seen`.
        with_modseq: tell the mod-sequence too (RFC 7162 section 3.2).
        zone_minutes: the zone in which INTERNALDATE is shown, unless the message has its own.

    Raises: UnknownEncoding when a BINARY item cannot be decoded.
    """
    wanted = [*items]
    if by_uid and UID not in wanted:
        wanted.insert(0, UID)
    if with_flags and FLAGS not in wanted:
        wanted.append(FLAGS)
    if with_modseq:
        wanted.append(MODSEQ)
    pairs = ((item.answer_name, _value(message, item, recent, zone_minutes)) for item in dict.fromkeys(wanted))
    return FetchData(number, tuple(pairs))


def flags_shown(flags: Iterable[str], recent: bool = False) -> tuple[str, ...]:
    """Flags in a fixed order: the system's own, keywords by name, `\\Recent` last."""
    given = set(flags)
    system = [flag for flag in _SYSTEM_ORDER if flag in given]
    keywords = sorted(given.difference(_SYSTEM_ORDER))
    return (*system, *keywords, *(("\\Recent",) if recent else ()))


def _value(message: MessageLike, item: FetchItem, recent: bool, zone_minutes: int) -> FetchValue:
    match item:
        case Body(section, _, partial):
            return _cut(_without_nul(section_bytes(message.content, section)), partial)
        case Binary(section, _, partial):
            return _cut(decoded_section(message.content, section), partial)
        case BinarySize(section):
            return len(decoded_section(message.content, section) or b"")
        case Attribute():
            return _attribute(message, item, recent, zone_minutes)


def _attribute(message: MessageLike, item: Attribute, recent: bool, zone_minutes: int) -> FetchValue:
    match item.name:
        case "FLAGS":
            return flags_shown(message.flags, recent)
        case "UID":
            return message.uid
        case "INTERNALDATE":
            zone = message.zone_minutes
            return InternalDate(message.internal_date_us, zone_minutes if zone is None else zone)
        case "RFC822.SIZE":
            return message.size
        case "ENVELOPE":
            return envelope(message.content)
        case "BODYSTRUCTURE":
            return body_structure(message.content)
        case "BODY":
            return body_structure(message.content).basic()
        case "MODSEQ":
            return message.modseq
        case "RFC822":
            return _without_nul(message.content)
        case "RFC822.HEADER":
            return _without_nul(section_bytes(message.content, Section((), "HEADER")))
        case "RFC822.TEXT":
            return _without_nul(section_bytes(message.content, Section((), "TEXT")))
        case name:
            raise ValueError(f"not a data item: {name}")


def _without_nul(octets: bytes | None) -> bytes | None:
    """A literal has no NUL (RFC 9051 section 9); one that came by SMTP is shown as another octet, sizes stay."""
    return octets.replace(b"\0", b"\x80") if octets and b"\0" in octets else octets


def _cut(octets: bytes | None, partial: Partial | None) -> bytes | None:
    if octets is None or partial is None:
        return octets
    start, count = partial
    return octets[start:] if count is None else octets[start : start + count]
