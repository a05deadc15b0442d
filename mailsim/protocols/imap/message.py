"""The little that FETCH and SEARCH want to know of a message, whatever store it lies in."""

from __future__ import annotations

from typing import Protocol


class MessageLike(Protocol):
    """A message at rest; `mail.store.Message` is one. The content has CRLF line ends."""

    @property
    def uid(self) -> int:
        """Its UID."""

    @property
    def flags(self) -> frozenset[str]:
        """Its flags, without `\\Recent`."""

    @property
    def internal_date_us(self) -> int:
        """When it came into the store, in microseconds since the Unix epoch."""

    @property
    def zone_minutes(self) -> int | None:
        """The zone, minutes east, in which APPEND gave that moment (RFC 9051 section 6.3.12); None: the server's."""

    @property
    def content(self) -> bytes:
        """Every octet of it."""

    @property
    def modseq(self) -> int:
        """The mod-sequence of its last change (RFC 7162)."""

    @property
    def size(self) -> int:
        """Octets of the content."""
