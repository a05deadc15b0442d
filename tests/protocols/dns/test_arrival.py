"""What is refused, how, and what is passed over (RFC 1035 section 4.1.1, RFC 6891)."""

from __future__ import annotations

import struct

import dns.flags
import dns.message
import pytest
from dns.rcode import Rcode

from mailsim.protocols.dns import Answer, Query, read_query

from .zones import FIRMA, asked, server_of

SERVER = server_of(FIRMA)
MX = asked("firma.example", "MX")
QUESTION = MX.wire[12:]


def message(flags: int, *parts: bytes, questions: int = 1, additional: int = 0) -> bytes:
    return struct.pack("!6H", 0x1234, flags, questions, 0, 0, additional) + b"".join(parts)


def opt(ttl: int = 0, options: bytes = b"") -> bytes:
    return struct.pack("!BHHIH", 0, 41, 1232, ttl, len(options)) + options


def refused(wire: bytes) -> dns.message.Message:
    answer = read_query(wire)
    assert isinstance(answer, Answer)
    return dns.message.from_wire(answer.wire)


def test_answers_and_scraps_are_met_with_silence():
    for wire in (b"", b"\x12", MX.wire[:11], message(0x8100, QUESTION), SERVER.answer(MX).wire):
        assert read_query(wire) is None


@pytest.mark.parametrize("opcode", [1, 2, 3, 4, 5, 6, 15])
def test_other_opcodes_are_not_implemented(opcode):
    answer = refused(message(0x0100 | opcode << 11, QUESTION))
    assert answer.rcode() == Rcode.NOTIMP
    assert answer.opcode() == opcode
    assert answer.flags & dns.flags.RD
    assert refused(message(opcode << 11, b"\xff")).rcode() == Rcode.NOTIMP


@pytest.mark.parametrize(
    "wire",
    [
        message(0x0100),
        message(0x0100, questions=0),
        message(0x0100, QUESTION, QUESTION, questions=2),
        message(0x0100, QUESTION[:-1]),
        message(0x0100, QUESTION, b"x"),
        message(0x0100, QUESTION, additional=1),
        message(0x0100, QUESTION, opt(), opt(), additional=2),
        message(0x0100, QUESTION, opt(options=b"\xff\xff\x00\x09abc"), additional=1),
        message(0x0100, b"\xc0\x0c\x00\x01\x00\x01"),
        message(0x0100, b"\xc0\x00\x00\x01\x00\x01"),
        message(0x0100, b"\x01a\xc0\x04\x00\x01\x00\x03"),
        message(0x0100, b"\x40" + b"a" * 64 + b"\x00\x00\x01\x00\x01"),
    ],
)
def test_what_cannot_be_read_is_a_format_error(wire):
    answer = refused(wire)
    assert answer.rcode() == Rcode.FORMERR
    assert answer.id == 0x1234
    assert answer.flags & dns.flags.RD


def test_a_refusal_has_an_opt_record_when_the_query_had_one():
    assert refused(message(0, opt(), questions=0, additional=1)).edns == 0
    assert refused(message(2 << 11, QUESTION, opt(0x8000), additional=1)).ednsflags == dns.flags.DO
    assert refused(message(0, questions=0)).edns == -1


def test_a_newer_edns_is_told_our_version():
    answer = refused(message(0x0100, QUESTION, opt(0x00078000), additional=1))
    assert (answer.rcode(), answer.edns, answer.ednsflags & 0xFFFF) == (Rcode.BADVERS, 0, dns.flags.DO)
    assert answer.question[0].to_text() == "firma.example. IN MX"


@pytest.mark.parametrize("rdclass", [0, 3, 4, 254, 255])
def test_other_classes_are_refused_with_their_question(rdclass):
    wire = message(0x0100, QUESTION[:-2], rdclass.to_bytes(2, "big"))
    answer = read_query(wire)
    assert isinstance(answer, Answer)
    assert (answer.rcode, answer.wire[4:6], answer.wire[12:]) == (Rcode.REFUSED, b"\0\1", wire[12:])


@pytest.mark.parametrize(
    "options",
    [
        b"\xfd\xe9\x00\x03abc",  # a code that nobody knows
        b"\x00\x0a\x00\x03abc",  # a cookie that is too short
        b"\x00\x08\x00\x04\x00\x09\x18\x00",  # client subnet of an unknown family
        b"\x00\x0c\x00\x00" * 3,
    ],
)
def test_options_are_passed_over(options):
    query = read_query(message(0x0100, QUESTION, opt(options=options), additional=1))
    assert isinstance(query, Query)
    assert query.wire == message(0x0100, QUESTION, opt(), additional=1)
    answer = SERVER.answer(query)
    assert str(answer) == str(SERVER.answer(MX))
    assert dns.message.from_wire(answer.wire).options == ()


def test_other_records_in_a_query_are_passed_over():
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes(4)
    for counts in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        query = read_query(b"\x12\x34\x01\x00" + struct.pack("!4H", 1, *counts) + QUESTION + record)
        assert isinstance(query, Query)
        assert str(SERVER.answer(query)) == str(SERVER.answer(MX))


def test_the_bit_do_is_repeated_and_nothing_else_of_the_flags():
    query = read_query(message(0x0130, QUESTION, opt(0x0000FFFF), additional=1))
    assert isinstance(query, Query)
    answer = dns.message.from_wire(SERVER.answer(query).wire)
    assert answer.ednsflags == dns.flags.DO
    assert answer.flags == dns.flags.QR | dns.flags.AA | dns.flags.RD
