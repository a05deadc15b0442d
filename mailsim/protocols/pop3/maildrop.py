"""The maildrop as one session sees it: numbered once, at login, with marks that count only at QUIT (RFC 1939)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mailsim.errors import LocalProtocolError


@dataclass(frozen=True, slots=True)
class Drop:
    """A message in the maildrop.

    `uid` is its unique id, 1 to 70 characters of printable ASCII without space, the same in every session
    (RFC 1939 section 7); `size` the octets that RETR will give (see `stuffing.message_size`).
    """

    uid: str
    size: int


class Maildrop:
    """Messages numbered from 1, and which of them are marked as deleted.

    Raises LocalProtocolError for a unique id that the RFC does not allow.
    """

    def __init__(self, drops: Iterable[Drop]) -> None:
        self._drops = tuple(drops)
        self._marked: set[int] = set()
        for drop in self._drops:
            if not is_unique_id(drop.uid):
                raise LocalProtocolError(f"not a unique-id: {drop.uid!r}")
        self.size = sum(drop.size for drop in self._drops)

    def __len__(self) -> int:
        return len(self._drops) - len(self._marked)

    def get(self, number: int) -> Drop | None:
        """The message with this number, unless it is marked."""
        if 1 <= number <= len(self._drops) and number not in self._marked:
            return self._drops[number - 1]
        return None

    def why_not(self, number: int) -> str:
        """Words for a reply about a number that `get` knows nothing of."""
        if number in self._marked:
            return f"message {number} already deleted"
        return f"no such message, only {len(self._drops)} messages in maildrop"

    def mark(self, number: int) -> None:
        """Mark a message that `get` gives."""
        self._marked.add(number)
        self.size -= self._drops[number - 1].size

    def unmark_all(self) -> None:
        """RSET."""
        self.size += sum(self._drops[number - 1].size for number in self._marked)
        self._marked.clear()

    def marked_uids(self) -> tuple[str, ...]:
        """What the UPDATE state shall remove, in order of the numbers."""
        return tuple(self._drops[number - 1].uid for number in sorted(self._marked))

    def totals(self) -> str:
        """`2 messages (320 octets)`."""
        return f"{len(self)} message{'' if len(self) == 1 else 's'} ({self.size} octets)"

    def sizes(self) -> bytes:
        """A scan listing for each message that is not marked."""
        return self._lines(lambda drop: str(drop.size))

    def unique_ids(self) -> bytes:
        """A unique-id listing for each message that is not marked."""
        return self._lines(lambda drop: drop.uid)

    def _lines(self, tell: Callable[[Drop], str]) -> bytes:
        numbered = enumerate(self._drops, 1)
        return "".join(f"{n} {tell(drop)}\r\n" for n, drop in numbered if n not in self._marked).encode()


def is_unique_id(text: str) -> bool:
    """May this be a message's unique id?"""
    return 1 <= len(text) <= 70 and text.isascii() and text.isprintable() and " " not in text
