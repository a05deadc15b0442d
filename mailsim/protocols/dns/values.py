"""What DNS talks about: a question, and the set of records that answers it (RFC 1034 section 3.6).

Names, types and single records (`Name`, `RdataType`, `Rdata`) are dnspython's. Names compare without
regard to case, as RFC 4343 wants, and keep the case in which they were written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import dns.exception
import dns.name
import dns.rdatatype
from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from mailsim.errors import LocalProtocolError

SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """One name and one record type, class IN.

    Hashing and comparing names is slow, and every query does both, so a question is known by its
    canonical bytes; `wire` keeps the spelling of who asked, because the answer must repeat it.
    """

    name: Name = field(compare=False)
    type: RdataType = field(compare=False)
    wire: bytes = field(init=False, compare=False, repr=False)
    key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tail = int(self.type).to_bytes(2, "big") + b"\x00\x01"
        object.__setattr__(self, "wire", _wire(self.name) + tail)
        object.__setattr__(self, "key", _wire(self.name.canonicalize()) + tail)

    @staticmethod
    def of(name: str, rdtype: str) -> Question:
        """The question from text: `Question.of("firma.example", "MX")`; a final dot may be left out.

        Raises: LocalProtocolError for text that is no name or no type.
        """
        return _question(name, rdtype)

    def __str__(self) -> str:
        return f"{self.name.to_text()} IN {dns.rdatatype.to_text(self.type)}"


@dataclass(frozen=True, slots=True)
class RRset:
    """All records of one name and type; they share one TTL, in seconds (RFC 2181 section 5)."""

    name: Name
    type: RdataType
    ttl: int
    data: tuple[Rdata, ...]

    def with_ttl(self, ttl: int) -> RRset:
        """The same records for another time to live."""
        return RRset(self.name, self.type, ttl, self.data)

    def with_name(self, name: Name) -> RRset:
        """The same records under another name: what a wildcard does (RFC 4592)."""
        return RRset(name, self.type, self.ttl, self.data)

    def turned(self, count: int) -> RRset:
        """The same records, beginning with another."""
        count %= len(self.data)
        return RRset(self.name, self.type, self.ttl, self.data[count:] + self.data[:count])

    def texts(self) -> list[str]:
        """Each record without its owner: `MX 10 mx1.firma.example.`."""
        kind = dns.rdatatype.to_text(self.type)
        return [f"{kind} {rdata.to_text()}" for rdata in self.data]

    def __str__(self) -> str:
        return f"{self.name.to_text()} {', '.join(self.texts())}"


def name_of(text: str) -> Name:
    """A name from text, always absolute; non-ASCII becomes `xn--` labels.

    Raises: LocalProtocolError (empty label, label over 63 or name over 255 bytes, RFC 1035 section 3.1).
    """
    try:
        return dns.name.from_text(text)
    except (dns.exception.DNSException, UnicodeError) as problem:
        raise LocalProtocolError(f"no domain name: {text!r}") from problem


def _wire(name: Name) -> bytes:
    return b"".join(len(label).to_bytes(1, "big") + label for label in name.labels)


@lru_cache(maxsize=4096)
def _question(name: str, rdtype: str) -> Question:
    try:
        kind = dns.rdatatype.from_text(rdtype)
    except (dns.exception.DNSException, ValueError) as problem:
        raise LocalProtocolError(f"no record type: {rdtype!r}") from problem
    return Question(name_of(name), kind)
