"""Response codes: what a program reads in `[...]` before the text for people (RFC 9051 section 7.1)."""

from __future__ import annotations

from collections.abc import Iterable

from mailsim.protocols.imap.sequence import SequenceSet


def code_of(name: str, *arguments: object) -> str:
    """`code_of("UIDNEXT", 5)` is `UIDNEXT 5`; a tuple or list of flags is put in parentheses."""
    words = (f"({' '.join(a)})" if isinstance(a, tuple | list) else str(a) for a in arguments)
    return " ".join([name, *words])


def append_uid(uid_validity: int, *uids: int) -> str:
    """APPENDUID: where the appended messages are (RFC 4315 section 3)."""
    return f"APPENDUID {uid_validity} {SequenceSet.from_numbers(uids)}"


def copy_uid(uid_validity: int, pairs: Iterable[tuple[int, int]]) -> str:
    """COPYUID: old and new UIDs, in the same order (RFC 4315 section 3); "" when nothing was copied."""
    old, new = [], []
    for source, target in pairs:
        old.append(source)
        new.append(target)
    if not old:
        return ""
    return f"COPYUID {uid_validity} {SequenceSet.from_numbers(old)} {SequenceSet.from_numbers(new)}"


def code_argument(code: str, name: str) -> str | None:
    """What follows the name of a response code; None when it is another code."""
    found, _, argument = code.partition(" ")
    return argument if found.upper() == name else None


def read_copy_uid(code: str) -> tuple[int, tuple[tuple[int, int], ...]] | None:
    """UIDVALIDITY and the pairs of a COPYUID code; None when it is no (or a broken) one."""
    words = (code_argument(code, "COPYUID") or "").split(" ")
    if len(words) != 3 or not words[0].isdigit():
        return None
    try:
        old, new = SequenceSet.parse(words[1]), SequenceSet.parse(words[2])
    except ValueError:
        return None
    if _count(old) != _count(new) or _count(old) > 1_000_000:
        return None
    return int(words[0]), tuple(zip(old.numbers(), new.numbers(), strict=True))


def _count(sequence: SequenceSet) -> int:
    return sum(abs(high - low) + 1 for low, high in sequence.ranges)
