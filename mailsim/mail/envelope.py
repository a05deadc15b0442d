"""The envelope of a mail: who is told of failures and who shall get it (RFC 5321 section 2.3.1)."""

from __future__ import annotations

from dataclasses import dataclass

NULL_PATH = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What MAIL and RCPT said; the header of the message has no part in it.

    `reverse_path` is an address without brackets, or "" for the null reverse-path of notifications
    (RFC 5321 section 4.5.5); `recipients` are addresses in the order of the RCPT commands.
    """

    reverse_path: str
    recipients: tuple[str, ...]

    @property
    def is_notification(self) -> bool:
        """Has it the null reverse-path, so that its failure must not be reported to anybody?"""
        return self.reverse_path == NULL_PATH

    def to(self, *recipients: str) -> Envelope:
        """The same sender, other recipients: one copy takes its own way from here."""
        return Envelope(self.reverse_path, recipients)
