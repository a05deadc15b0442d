"""How an attacker on the wire takes STARTTLS away: by overwriting the word, so that no length changes.

    overwrite(b"250-mail.skola.example\\r\\n250-STARTTLS\\r\\n250 SIZE\\r\\n")    # STARTTLS becomes XXXXXXXA

Known from firewalls that want to read the mail (`250-XXXXXXXA`) and from providers of access: TCP keeps its numbers,
the client sees a server without TLS (RFC 3207 section 6), and one that asks for TLS all the same is told that there is
no such command. Only what is said before TLS can be changed, and each packet is looked at by itself: a word that is
divided between two of them slips through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Overwritten:
    """What was changed in some bytes, and where: `before` and `after` have the same length."""

    offset: int
    before: bytes
    after: bytes

    def apply(self, data: bytes) -> bytes:
        """The bytes with the change."""
        return data[: self.offset] + self.after + data[self.offset + len(self.before) :]


_LISTS = (
    # the whole of what was said, and the word in it
    (re.compile(rb"(?:250[ -][^\r\n]*\r\n)+\Z"), re.compile(rb"^250[ -](STARTTLS)\r$", re.MULTILINE | re.IGNORECASE)),
    (
        re.compile(rb"(?:\* CAPABILITY |\S+ (?:OK|PREAUTH|NO|BAD) \[CAPABILITY )", re.IGNORECASE),
        re.compile(rb"\A[^\r\n]* (STARTTLS)(?=[ \]\r])", re.IGNORECASE),
    ),
    (
        re.compile(rb"\+OK[^\r\n]*\r\n(?:[^\r\n]+\r\n)+\Z"),  # a mail has an empty line
        re.compile(rb"^(STLS)\r$", re.MULTILINE | re.IGNORECASE),
    ),
)
"""Where servers of SMTP, IMAP and POP3 say what they offer."""
_COMMAND = re.compile(rb"(?:[^\s{}()]+ )?(STARTTLS|STLS)[ \t]*\r?\n\Z", re.IGNORECASE)
"""What a client says, and nothing with it."""
_FIREWALL = b"XXXXXXXA"


def overwrite(data: bytes) -> Overwritten | None:
    """What the attacker changes in one packet; None when there is nothing about TLS in it."""
    for whole, word in _LISTS:
        if whole.match(data) and (found := word.search(data)):
            start, end = found.span(1)
            return Overwritten(start, data[start:end], _FIREWALL if data.startswith(b"250") else b"X" * (end - start))
    if found := _COMMAND.match(data):
        start, end = found.span(1)
        return Overwritten(start, data[start:end], b"X" * (end - start))
    return None
