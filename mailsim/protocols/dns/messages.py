"""The two DNS messages that cross the network, a query and its answer (RFC 1035 section 4).

Both are their wire bytes; text and fields are decoded when somebody looks. A server turns what arrived
into something to work on with `arrival.read_query`, and answers with `Query.reply`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

import dns.rcode
import dns.rdata
import dns.rdatatype
from dns.name import Name
from dns.rcode import Rcode
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from mailsim.errors import RemoteProtocolError
from mailsim.protocols.dns.values import Question, RRset
from mailsim.protocols.dns.wire import AA, CD, HEADER_BYTES, QR, RA, RD, TC, Content, decode, encode, question_end
from mailsim.protocols.pdu import Json

NOTHING = b"\x00" * 6
"""The counts of the three sections behind the question, when all of them are empty."""
PLAIN_UDP_BYTES = 512
"""The largest answer over UDP to a query without EDNS (RFC 1035 section 4.2.1)."""
EDNS_UDP_BYTES = 1232
"""What we offer and accept with EDNS: it fits into one packet nearly everywhere."""
TRANSFERS = frozenset((RdataType.AXFR, RdataType.IXFR))
"""Questions for a whole zone (RFC 5936, RFC 1995): refused, since every server here has its own file."""
NO_QUESTIONS = frozenset((RdataType.OPT, RdataType.TKEY, RdataType.TSIG, RdataType.MAILA, RdataType.MAILB))
"""Types that stand for no record of any name, so nobody can be asked for them."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question on its way to a server.

    Attributes:
        wire: the message, without the length that goes before it on TCP.
        server: whom it is meant for, a name or an address; only the trace shows it.
        framed: whether it travels over TCP, with two bytes of length in front (RFC 1035 section 4.2.2).
    """

    wire: bytes
    server: str = field(default="", compare=False)
    framed: bool = field(default=False, compare=False)
    role: ClassVar[str] = "query"

    @staticmethod
    def ask(
        question: Question,
        query_id: int,
        *,
        recursion_desired: bool = True,
        edns_size: int | None = None,
        server: str = "",
        framed: bool = False,
    ) -> Query:
        """The query for a question; `query_id` is 16 bits that the asker chose at random."""
        counts, options = _around_question(recursion_desired, edns_size)
        return Query(query_id.to_bytes(2, "big") + counts + question.wire + options, server, framed)

    @property
    def id(self) -> int:
        return int.from_bytes(self.wire[:2], "big")

    @property
    def recursion_desired(self) -> bool:
        return bool(flags_of(self.wire) & RD)

    @property
    def content(self) -> Content:
        """The decoded message. Raises: RemoteProtocolError."""
        return decode(self.wire)

    @property
    def question(self) -> Question:
        """The only question. Raises: RemoteProtocolError when there is none, or several, or not class IN."""
        question = self.content.question
        if question is None:
            raise RemoteProtocolError("a query asks exactly one question")
        return question

    def reply(
        self,
        rcode: Rcode = Rcode.NOERROR,
        answer: Iterable[RRset] = (),
        authority: Iterable[RRset] = (),
        additional: Iterable[RRset] = (),
        *,
        authoritative: bool = False,
        recursion_available: bool = False,
        server: str = "",
        cache: bool = False,
    ) -> Answer:
        """The answer to this query, no longer than the asker takes; TC says that something is missing."""
        content = self.content
        flags = QR | (RD if self.recursion_desired else 0)
        flags |= AA if authoritative else 0
        flags |= RA | flags_of(self.wire) & CD if recursion_available else 0
        wire = encode(
            content.question,
            flags=flags,
            rcode=rcode,
            answer=answer,
            authority=authority,
            additional=additional,
            edns_size=None if content.edns_size is None else EDNS_UDP_BYTES,
            dnssec_ok=content.dnssec_ok,
            max_size=self.answer_limit(content.edns_size),
        )
        return Answer(self.wire[:2] + wire[2:], server, cache, self.framed)

    def answer_limit(self, edns_size: int | None) -> int:
        """How long an answer may be, in bytes (RFC 6891 section 6.2.5)."""
        if self.framed:
            return 65535
        if edns_size is None:
            return PLAIN_UDP_BYTES
        return min(max(edns_size, PLAIN_UDP_BYTES), EDNS_UDP_BYTES)

    def to_bytes(self) -> bytes:
        return _framed(self.wire) if self.framed else self.wire

    def __str__(self) -> str:
        question = _question_or_none(self.wire)
        return "malformed query" if question is None else f"{question} ?"

    def fields(self) -> Mapping[str, Json]:
        return {
            **_question_fields(self.wire),
            "server": self.server,
            "rd": bool(flags_of(self.wire) & RD),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to a query.

    Attributes:
        wire: the message, without the length that goes before it on TCP.
        server: name of who answers, and `cache`: whether out of its cache; only the trace shows them.
        framed: whether it travels over TCP.
    """

    wire: bytes
    server: str = field(default="", compare=False)
    cache: bool = field(default=False, compare=False)
    framed: bool = field(default=False, compare=False)
    role: ClassVar[str] = "answer"

    @property
    def id(self) -> int:
        return int.from_bytes(self.wire[:2], "big")

    @property
    def authoritative(self) -> bool:
        return bool(flags_of(self.wire) & AA)

    @property
    def rcode(self) -> int:
        """The rcode in the header; the bits that EDNS adds are in `content.rcode`."""
        return self.wire[3] & 0x0F

    @property
    def truncated(self) -> bool:
        return bool(self.wire[2] & TC >> 8)

    @property
    def content(self) -> Content:
        """The decoded message. Raises: RemoteProtocolError."""
        return decode(self.wire)

    def answers(self, query: Query) -> bool:
        """Whether this is the answer to that query: same id, same question (RFC 5452 section 9.1).

        A refusal of the whole message may leave the question out.
        """
        ours, theirs = query.wire, self.wire
        if theirs[:2] != ours[:2] or len(theirs) < HEADER_BYTES or not theirs[2] & QR >> 8:
            return False
        if theirs[4:6] != ours[4:6]:
            return theirs[4:6] == b"\x00\x00" and theirs[3] & 0x0F not in (Rcode.NOERROR, Rcode.NXDOMAIN)
        end = len(ours) if ours[6:HEADER_BYTES] == NOTHING else question_end(ours)
        asked, repeated = ours[HEADER_BYTES:end], theirs[HEADER_BYTES:end]
        return repeated == asked or (repeated[:-4].lower() == asked[:-4].lower() and repeated[-4:] == asked[-4:])

    def to_bytes(self) -> bytes:
        return _framed(self.wire) if self.framed else self.wire

    def __str__(self) -> str:
        try:
            content = self.content
        except RemoteProtocolError:
            return "malformed answer"
        texts = [text for rrset in content.answer for text in rrset.texts()]
        if self.truncated:
            return ", ".join(["TRUNCATED", *texts])
        if content.rcode != Rcode.NOERROR:
            return ", ".join([*texts, dns.rcode.to_text(content.rcode)])
        referral = _referral(content)
        if not texts and referral is not None:
            return f"REFERRAL {referral}"
        return ", ".join(texts) or "NODATA"

    def fields(self) -> Mapping[str, Json]:
        flags = flags_of(self.wire)
        known: dict[str, Json] = {
            **_question_fields(self.wire),
            "server": self.server,
            "cache": self.cache,
            "aa": bool(flags & AA),
            "tc": bool(flags & TC),
            "rd": bool(flags & RD),
            "ra": bool(flags & RA),
        }
        try:
            content = self.content
        except RemoteProtocolError:
            return {**known, "rcode": "", "rrset": [], "authority": [], "ttl": None}
        return {
            **known,
            "rcode": dns.rcode.to_text(content.rcode),
            "rrset": [text for rrset in content.answer for text in rrset.texts()],
            "authority": [str(rrset) for rrset in content.authority],
            "ttl": min((rrset.ttl for rrset in content.answer or content.authority), default=None),
        }


def polite_any(name: Name) -> tuple[RRset, ...]:
    """What stands for "all records" (RFC 8482 section 4.2): nobody has to give all that he has."""
    text = dns.rdata.from_text(IN, RdataType.HINFO, '"RFC8482" ""')
    return (RRset(name, RdataType.HINFO, 3600, (text,)),)


@lru_cache(maxsize=64)
def _around_question(recursion_desired: bool, edns_size: int | None) -> tuple[bytes, bytes]:
    """What stands around the question in a query without its id: flags and counts, and an OPT record with EDNS."""
    options = b"" if edns_size is None else struct.pack("!BHHIH", 0, RdataType.OPT, edns_size, 0, 0)
    flags = RD if recursion_desired else 0
    return struct.pack("!5H", flags, 1, 0, 0, 1 if options else 0), options


def flags_of(wire: bytes) -> int:
    """The second word of the header: QR, opcode, AA, TC, RD, RA, Z, rcode."""
    return int.from_bytes(wire[2:4], "big")


def _framed(wire: bytes) -> bytes:
    return len(wire).to_bytes(2, "big") + wire


def _question_or_none(wire: bytes) -> Question | None:
    try:
        return decode(wire).question
    except RemoteProtocolError:
        return None


def _question_fields(wire: bytes) -> dict[str, Json]:
    question = _question_or_none(wire)
    return {
        "qname": "" if question is None else question.name.to_text(),
        "qtype": "" if question is None else dns.rdatatype.to_text(question.type),
        "id": int.from_bytes(wire[:2], "big"),
    }


def _referral(content: Content) -> RRset | None:
    """The NS records of an answer that only says whom to ask instead."""
    kinds = {rrset.type: rrset for rrset in content.authority}
    return None if RdataType.SOA in kinds else kinds.get(RdataType.NS)
