"""What a SEARCH has found: the plain list of IMAP4rev1, and ESEARCH (RFC 9051 section 7.3.4, RFC 4731)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailsim.protocols.imap.response import Response
from mailsim.protocols.imap.sequence import SequenceSet
from mailsim.protocols.pdu import Json


@dataclass(frozen=True, slots=True)
class SearchData(Response):
    """`* SEARCH 2 84 882`: the messages found, by number or by UID; with the highest mod-sequence if that was asked."""

    numbers: tuple[int, ...]
    modseq: int | None = None

    def to_bytes(self) -> bytes:
        tail = () if self.modseq is None else (f"(MODSEQ {self.modseq})",)
        return f"* {' '.join(('SEARCH', *map(str, self.numbers), *tail))}\r\n".encode("ascii")

    def fields(self) -> Mapping[str, Json]:
        return {"item": "SEARCH", "numbers": list(self.numbers), "text": str(self)[2:]}


@dataclass(frozen=True, slots=True)
class EsearchData(Response):
    """`* ESEARCH (TAG "a1") UID COUNT 2 ALL 5,7`: only what was asked for; None for all else."""

    tag: str
    by_uid: bool = False
    minimum: int | None = None
    maximum: int | None = None
    found: SequenceSet | None = None
    count: int | None = None
    modseq: int | None = None

    def to_bytes(self) -> bytes:
        pairs = (
            ("MIN", self.minimum),
            ("MAX", self.maximum),
            ("ALL", self.found),
            ("COUNT", self.count),
            ("MODSEQ", self.modseq),
        )
        words = [f'(TAG "{self.tag}")', *(["UID"] if self.by_uid else [])]
        words += [f"{name} {value}" for name, value in pairs if value is not None]
        return f"* ESEARCH {' '.join(words)}\r\n".encode("ascii")

    def fields(self) -> Mapping[str, Json]:
        return {"item": "ESEARCH", "text": str(self)[2:]}
