"""Cuts what a client sends into lines; one that is too long is told once, and the rest of it is thrown away."""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.protocols.lines import LineBuffer


@dataclass(frozen=True, slots=True)
class TooLong:
    """A line that is longer than a line may be: its beginning."""

    beginning: bytes


class CommandLines(LineBuffer):
    """Octets in, lines with their LF out."""

    __slots__ = ("_skipping",)

    def __init__(self) -> None:
        super().__init__()
        self._skipping = False

    def take_command(self, limit: int) -> bytes | TooLong | None:
        """The next line of at most `limit` octets, or None until one is complete."""
        while self._data and (line := self.take_line()) is not None:
            if self._skipping:
                self._skipping = False
            elif len(line) > limit:
                return TooLong(line[:limit])
            else:
                return line
        return self._drop_the_endless(limit) if self._data else None

    def _drop_the_endless(self, limit: int) -> TooLong | None:
        if self._skipping:
            self.clear()
        elif len(self) > limit:
            beginning = self.take_up_to(limit)
            self.clear()
            self._skipping = True
            return TooLong(beginning)
        return None
