"""How the simulation knows at every hop that a message is the same one."""

from __future__ import annotations

import hashlib
import re

from mailsim.mail import header
from mailsim.mail.trace_fields import received_lines

_MESSAGE_ID = re.compile(rb"<[^<>\s]+>")
_TRACE_FIELDS = frozenset({"received", "return-path"})
HASH_LENGTH = 12


def message_key(content: bytes) -> str:
    """A name for the message that stays while servers put trace fields on top of it.

    The Message-ID with its brackets, if there is one (RFC 5322 section 3.6.4). Else the id that the first
    server gave it, which is in the lowest Received line. Else a short hash of all but the trace fields.
    """
    match = _MESSAGE_ID.search(header.field(content, "Message-ID") or b"")
    if match:
        return match[0].decode("utf-8", "replace")
    lines = received_lines(content)
    if lines and lines[-1].id:
        return lines[-1].id
    return _hash(content)


def _hash(content: bytes) -> str:
    digest = hashlib.sha256()
    for name, value in header.fields(content):
        if name.lower() not in _TRACE_FIELDS:
            digest.update(name.lower().encode() + b":" + value + b"\n")
    digest.update(memoryview(content)[header.header_end(content) :])
    return digest.hexdigest()[:HASH_LENGTH]
