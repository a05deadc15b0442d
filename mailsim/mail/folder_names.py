"""Names of folders: INBOX in any case, levels between separators, what a name may not have (RFC 9051 section 5.1)."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

INBOX = "INBOX"
NAME_LIMIT = 255
_NOT_IN_NAMES = frozenset("%*\u2028\u2029")


@lru_cache(maxsize=1024)
def canonical_name(name: str, delimiter: str) -> str:
    """A folder's name as it is kept: INBOX is the same in any case, and Unicode is in its composed form.

    `INBOX/x` has the INBOX above it, however the client spells that.
    """
    name = unicodedata.normalize("NFC", name)
    first, found, rest = name.partition(delimiter)
    return INBOX + found + rest if first.upper() == INBOX else name


def is_good_name(name: str, delimiter: str) -> bool:
    """May a folder be called so? No empty step, no wildcard, no control character (RFC 5198 section 2)."""
    return (
        len(name) <= NAME_LIMIT
        and all(name.split(delimiter))
        and not any(c in _NOT_IN_NAMES or unicodedata.category(c) in {"Cc", "Cs"} for c in name)
    )


def steps(name: str, delimiter: str) -> list[str]:
    """`a/b/c` gives `a`, `a/b`, `a/b/c`."""
    parts = name.split(delimiter)
    return [delimiter.join(parts[: i + 1]) for i in range(len(parts))]
