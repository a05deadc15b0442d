"""Says what a SEARCH has found in the words that were asked for, and what `$` means afterwards (RFC 4731, RFC 5182)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailsim.protocols.imap.commands import Search
from mailsim.protocols.imap.keys import asks_for_modseq
from mailsim.protocols.imap.responses import EsearchData, Response, SearchData
from mailsim.protocols.imap.sequence import SequenceSet


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found."""

    number: int
    uid: int
    modseq: int


def search_answer(command: Search, hits: Sequence[Hit], tag: str, is_rev2: bool) -> list[Response]:
    """SEARCH for IMAP4rev1, ESEARCH with RETURN or for IMAP4rev2; nothing when only SAVE was asked for."""
    numbers = [hit.uid if command.by_uid else hit.number for hit in hits]
    asks_modseq = asks_for_modseq(command.keys)
    if command.returns is None and not is_rev2:
        return [SearchData(tuple(numbers), _highest(hits) if asks_modseq else None)]
    wanted = frozenset({"ALL"}) if command.returns is None else command.returns - {"SAVE"}
    if not wanted:
        return []
    return [
        EsearchData(
            tag,
            command.by_uid,
            numbers[0] if "MIN" in wanted and numbers else None,
            numbers[-1] if "MAX" in wanted and numbers else None,
            SequenceSet.from_numbers(numbers) if "ALL" in wanted and numbers else None,
            len(numbers) if "COUNT" in wanted else None,
            _highest(told_of(hits, wanted)) if asks_modseq else None,
        )
    ]


def told_of(hits: Sequence[Hit], returns: frozenset[str]) -> Sequence[Hit]:
    """The hits that the result options speak of: all, or the first and the last (RFC 9051 section 6.4.4.1, table 4)."""
    ends = returns & {"MIN", "MAX"}
    if not ends or returns & {"ALL", "COUNT"} or not hits:
        return hits
    chosen = {"MIN": hits[0], "MAX": hits[-1]}
    return list({chosen[end].uid: chosen[end] for end in sorted(ends, reverse=True)}.values())


def _highest(hits: Iterable[Hit]) -> int | None:
    """The highest mod-sequence, None when nothing was found (RFC 7162 section 3.1.6)."""
    return max((hit.modseq for hit in hits), default=None)
