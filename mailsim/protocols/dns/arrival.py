"""What arrived at a server: a query to work on, something to refuse, or something to say nothing to.

A refusal repeats the question when there is one that can be read (RFC 1035 section 4.1.1), and has an OPT record
when the query had one (RFC 6891 section 6.1.1).
"""

from __future__ import annotations

import struct
from functools import lru_cache

from dns.rcode import Rcode
from dns.rdatatype import RdataType

from mailsim.errors import RemoteProtocolError
from mailsim.protocols.dns.messages import EDNS_UDP_BYTES, Answer, Query, flags_of
from mailsim.protocols.dns.wire import HEADER_BYTES, QR, RA, RD, decode, question_end

OPCODE = 0x7800
DNSSEC_OK = 0x8000
POINTER = 0xC0
OPT_BYTES = 11


def read_query(
    wire: bytes, *, framed: bool = False, server: str = "", recursion_available: bool = False
) -> Query | Answer | None:
    """What arrived at a server: a query to work on, or the refusal to send, or None for silence.

    Silence is for what has no header, and for answers: answering an answer could go on for ever.
    A resolver says RA in everything that it sends (RFC 1035 section 4.1.1).
    """
    if len(wire) < HEADER_BYTES or flags_of(wire) & QR:
        return None
    refusal = _refusal(wire[2:])
    if refusal is None:
        return Query(_without_options(wire), "", framed)
    if recursion_available:
        refusal = refusal[:1] + bytes([refusal[1] | RA]) + refusal[2:]
    return Answer(wire[:2] + refusal, server, False, framed)


@lru_cache(maxsize=4096)
def _refusal(body: bytes) -> bytes | None:
    """What to say to a query that is not to be answered; None when it is. Both without their id."""
    wire = b"\x00\x00" + body
    try:
        content = decode(wire)
    except RemoteProtocolError:
        return _refuse(wire, Rcode.NOTIMP if flags_of(wire) & OPCODE else Rcode.FORMERR)
    edns = None if content.edns_size is None else content.dnssec_ok
    if flags_of(wire) & OPCODE:
        return _refuse(wire, Rcode.NOTIMP, edns=edns)
    if body[2:4] != b"\x00\x01" or _is_compressed(wire):
        return _refuse(wire, Rcode.FORMERR, edns=edns)
    question = wire[HEADER_BYTES : question_end(wire)]
    if content.edns_version:
        return _refuse(wire, Rcode.BADVERS, question, edns)
    return _refuse(wire, Rcode.REFUSED, question, edns) if content.question is None else None


def _without_options(wire: bytes) -> bytes:
    """The query without EDNS options, which say nothing to us: a cookie in each would make all of them different."""
    if wire[6:12] != b"\x00\x00\x00\x00\x00\x01":
        return wire
    start = question_end(wire)
    if wire[start : start + 3] != b"\x00\x00\x29":  # no OPT record
        return wire
    return wire[: start + OPT_BYTES - 2] + b"\x00\x00"


def _is_compressed(wire: bytes) -> bool:
    """Whether the name in the question has a pointer: there is nothing yet that it could point to."""
    position = HEADER_BYTES
    while 0 < wire[position] < POINTER:
        position += wire[position] + 1
    return wire[position] >= POINTER


def _refuse(wire: bytes, rcode: Rcode, question: bytes = b"", edns: bool | None = None) -> bytes:
    """A header with the opcode and RD of the query; `edns` is None without an OPT record, else its bit DO."""
    flags = QR | flags_of(wire) & (OPCODE | RD) | rcode & 0x0F
    options = b""
    if edns is not None:
        extended = (rcode >> 4) << 24 | (DNSSEC_OK if edns else 0)
        options = struct.pack("!BHHIH", 0, RdataType.OPT, EDNS_UDP_BYTES, extended, 0)
    return struct.pack("!5H", flags, bool(question), 0, 0, bool(options)) + question + options
