"""DNS messages between bytes and values, without paying for dnspython on every packet (RFC 1035 section 4).

Building or parsing a message with dnspython costs about 100 us, and a mail needs six of each. But the
same few questions and answers go over the wire again and again, different only in their id and in TTLs
that count down. So both are blanked before a message is looked up among those already parsed: where the
TTLs stand is found by walking the records, which is cheap.

dnspython shuffles records when it encodes unless told not to, and picks random ids unless given one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

import dns.exception
import dns.flags
import dns.message
import dns.rrset
from dns.rcode import Rcode
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from mailsim.errors import RemoteProtocolError
from mailsim.protocols.dns.values import Question, RRset

HEADER_BYTES = 12
QR, AA, TC, RD, RA, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0010

Section: TypeAlias = tuple[RRset, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """A decoded message: what stands in its four sections, and its rcode with the bits of EDNS.

    Attributes:
        edns_size: the largest UDP answer that the sender takes (RFC 6891), None without EDNS.
        edns_version: None without EDNS.
        dnssec_ok: the bit DO, which an answer repeats (RFC 3225 section 3) though it has no signatures.
    """

    rcode: Rcode
    question: Question | None
    answer: Section
    authority: Section
    additional: Section
    edns_size: int | None
    edns_version: int | None
    dnssec_ok: bool = False


def decode(wire: bytes) -> Content:
    """Decode a message. Raises: RemoteProtocolError when it breaks the format."""
    blank, ttls = _without_times(wire)
    shape = _shape(blank)
    answer, authority, additional = (
        tuple(rrset.with_ttl(min(_sane(ttls[i]) for i in records)) for rrset, records in section)
        for section in shape.sections
    )
    bare = shape.bare
    return replace(bare, answer=answer, authority=authority, additional=additional)


_REMEMBERED = 4096
_KEY_END = HEADER_BYTES + 24
"""Flags, counts and the beginning of the question tell most messages apart."""
_TIMELESS: dict[tuple[int, bytes], tuple[bytes, tuple[int, ...]]] = {}
"""Messages without their times, and where the TTLs stand in each."""
_UNKNOWN: tuple[bytes, tuple[int, ...]] = (b"", ())


def timeless(wire: bytes) -> bytes:
    """The message with id 0 and TTLs of 0: the same bytes, however often and whenever the same thing is said.

    Raises: RemoteProtocolError when it breaks the format.
    """
    # Nearly always the same thing was said before: then its TTLs stand where they stood.
    key = (len(wire), wire[2:_KEY_END])
    known, offsets = _TIMELESS.get(key, _UNKNOWN)
    blank = bytearray(wire)
    blank[0:2] = b"\x00\x00"
    for offset in offsets:
        blank[offset : offset + 4] = b"\x00\x00\x00\x00"
    if blank == known:
        return known
    if len(_TIMELESS) >= _REMEMBERED:
        _TIMELESS.clear()
    known = _without_times(wire)[0]
    _TIMELESS[key] = known, tuple(ttl_offsets(wire))
    return known


def _without_times(wire: bytes) -> tuple[bytes, list[int]]:
    """The message with id, TTLs and options blank, and the TTLs that stood there."""
    offsets, options = _walk(wire)
    blank = bytearray(wire)
    blank[0:2] = b"\x00\x00"
    for start, end in options:
        _hide_options(blank, start, end)
    ttls = []
    for offset in offsets:
        ttls.append(int.from_bytes(wire[offset : offset + 4], "big"))
        blank[offset : offset + 4] = b"\x00\x00\x00\x00"
    return bytes(blank), ttls


def encode(
    question: Question | None,
    *,
    flags: int,
    rcode: Rcode = Rcode.NOERROR,
    answer: Iterable[RRset] = (),
    authority: Iterable[RRset] = (),
    additional: Iterable[RRset] = (),
    edns_size: int | None = None,
    dnssec_ok: bool = False,
    max_size: int = 65535,
) -> bytes:
    """A message with id 0. What does not fit is left out, and TC set when that matters (RFC 2181 section 9)."""
    message = dns.message.QueryMessage(id=0)
    message.flags = dns.flags.Flag(flags)
    if question is not None:
        message.question.append(dns.rrset.RRset(question.name, IN, question.type))
    if edns_size is not None:
        message.use_edns(0, dns.flags.DO if dnssec_ok else 0, edns_size)
    message.set_rcode(rcode)
    message.answer.extend(map(_library_form, answer))
    message.authority.extend(map(_library_form, authority))
    message.additional.extend(map(_library_form, additional))
    return message.to_wire(max_size=max_size, prefer_truncation=True, want_shuffle=False)


def ttl_offsets(wire: bytes) -> list[int]:
    """Where the TTL of each record stands, pseudo-records left out: the OPT's field there is no time.

    Raises: RemoteProtocolError when the records do not end where the message does.
    """
    return _walk(wire)[0]


def _walk(wire: bytes) -> tuple[list[int], list[tuple[int, int]]]:
    """Where the TTL of each record stands, and from where to where EDNS options do."""
    offsets, options = [], []
    try:
        _, _, questions, answers, authority, additional = struct.unpack_from("!6H", wire)
        position = HEADER_BYTES
        for _ in range(questions):
            position = _after_name(wire, position) + 4
        for _ in range(answers + authority + additional):
            position = _after_name(wire, position)
            kind, _, _, length = struct.unpack_from("!HHIH", wire, position)
            if kind not in _PSEUDO_TYPES:
                offsets.append(position + 4)
            position += 10 + length
            if kind == RdataType.OPT:
                options.append((position - length, position))
    except (IndexError, struct.error):
        raise RemoteProtocolError("DNS message ends in the middle of a record") from None
    if position != len(wire):
        raise RemoteProtocolError("DNS message and its counts disagree")
    return offsets, options


def _hide_options(blank: bytearray, start: int, end: int) -> None:
    """Give every EDNS option a code that nobody knows: all are ignored (RFC 6891 section 6.1.2).

    dnspython would refuse the whole message for a cookie or a client subnet that is not as it should be.
    """
    while start + 4 <= end:
        blank[start : start + 2] = _UNKNOWN_OPTION
        start += 4 + int.from_bytes(blank[start + 2 : start + 4], "big")


def question_end(wire: bytes) -> int:
    """Where the only question ends. Raises: RemoteProtocolError."""
    try:
        return _after_name(wire, HEADER_BYTES) + 4
    except IndexError:
        raise RemoteProtocolError("DNS message ends in the middle of its question") from None


_UNKNOWN_OPTION = b"\xff\xff"  # reserved: no option will ever have this code
_PSEUDO_TYPES = frozenset((RdataType.OPT, RdataType.TSIG))
_Numbered: TypeAlias = "tuple[tuple[RRset, tuple[int, ...]], ...]"


@dataclass(frozen=True, slots=True)
class _Shape:
    """A message whose TTLs are blank; each RRset knows which records of the message it was made of."""

    bare: Content
    sections: tuple[_Numbered, _Numbered, _Numbered]


@lru_cache(maxsize=4096)
def _shape(blank: bytes) -> _Shape:
    try:
        message = dns.message.from_wire(blank, keyring=False, one_rr_per_rrset=True)
    except (dns.exception.DNSException, ValueError, struct.error) as problem:
        raise RemoteProtocolError(f"malformed DNS message: {type(problem).__name__}") from problem
    number = 0
    sections = []
    for section in (message.answer, message.authority, message.additional):
        sections.append(_group(section, number))
        number += len(section)
    question = None
    if len(message.question) == 1 and message.question[0].rdclass == IN:
        question = Question(message.question[0].name, message.question[0].rdtype)
    has_edns = message.edns >= 0
    bare = Content(
        message.rcode(),
        question,
        (),
        (),
        (),
        message.payload if has_edns else None,
        message.edns if has_edns else None,
        bool(message.ednsflags & dns.flags.DO),
    )
    return _Shape(bare, (sections[0], sections[1], sections[2]))


def _group(records: list[dns.rrset.RRset], first_number: int) -> _Numbered:
    """Records of one name and type together, in the order in which they first appear."""
    groups: dict[Question, tuple[dns.rrset.RRset, list[int]]] = {}
    rdatas: dict[Question, list[dns.rdata.Rdata]] = {}
    for number, record in enumerate(records, first_number):
        if record.rdclass != IN or not record:
            continue
        key = Question(record.name, record.rdtype)
        groups.setdefault(key, (record, []))[1].append(number)
        known = rdatas.setdefault(key, [])
        if record[0] not in known:
            known.append(record[0])
    return tuple(
        (RRset(first.name, first.rdtype, 0, tuple(rdatas[key])), tuple(numbers))
        for key, (first, numbers) in groups.items()
    )


def _after_name(wire: bytes, position: int) -> int:
    length = wire[position]
    while length:
        if length >= 0xC0:
            return position + 2
        position += length + 1
        length = wire[position]
    return position + 1


def _sane(ttl: int) -> int:
    """A TTL with the top bit set means 0 (RFC 2181 section 8)."""
    return ttl if ttl < 0x8000_0000 else 0


def _library_form(rrset: RRset) -> dns.rrset.RRset:
    form = dns.rrset.RRset(rrset.name, IN, rrset.type)
    for rdata in rrset.data:
        form.add(rdata, rrset.ttl)
    return form
