"""What an MSA may do to a message that a user's program left unfinished (RFC 6409 sections 4.2 and 8).

It may, because it is the first server and knows whose message it is. A server that only passes mail on changes
nothing but the trace fields on top (RFC 5321 section 6.4).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import getaddresses
from functools import lru_cache

from mailsim.agents.policy import MsaPolicy
from mailsim.mail import header
from mailsim.mail.dates import rfc5322_date
from mailsim.mail.domains import same_domain

ADDRESS_FIELDS = frozenset({b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc"})
_FIELD = re.compile(rb"^([!-9;-~]+)([ \t]*:)([^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n)", re.MULTILINE)
_PERHAPS_SHORT = re.compile(rb"@[A-Za-z0-9-]+(?=[>,;\s)]|$)")
_SHORT_DOMAIN = re.compile(rb'"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)|@([A-Za-z0-9-]+)(?=[>,;\s)]|$)', re.DOTALL)


def is_complete(domain: str) -> bool:
    """Has the domain more than one label, or is it an address literal?"""
    return "." in domain or domain.startswith("[")


def completed(address: str, local_domains: Sequence[str]) -> str:
    """`dan@skola` as `dan@skola.example`: the local domain that begins so, or a host of the first local one."""
    local_part, at, domain = address.rpartition("@")
    return f"{local_part}@{_completed_domain(domain, local_domains)}" if at else address


def _completed_domain(domain: str, local_domains: Sequence[str]) -> str:
    if is_complete(domain) or not domain or not local_domains:
        return domain
    own = (known for known in local_domains if same_domain(known.partition(".")[0], domain))
    return next(own, f"{domain}.{local_domains[0]}")


def complete_header(content: bytes, local_domains: Sequence[str]) -> bytes:
    """The same completion for the addresses in the header; comments and quoted strings stay as they are."""
    end = header.header_end(content)
    if not _PERHAPS_SHORT.search(content, 0, end):
        return content

    def whole(match: re.Match[bytes]) -> bytes:
        if match[1] is None:
            return match[0]
        return b"@" + _completed_domain(match[1].decode(), local_domains).encode()

    def field(match: re.Match[bytes]) -> bytes:
        if match[1].lower() not in ADDRESS_FIELDS:
            return match[0]
        return match[1] + match[2] + _SHORT_DOMAIN.sub(whole, match[3])

    return _FIELD.sub(field, content[:end]) + content[end:]


def missing_fields(
    content: bytes, policy: MsaPolicy, *, user: str, message_id: str, date_us: int, utc_offset_minutes: int
) -> list[bytes]:
    """The fields that the message lacks and policy adds: Date, Message-ID, Sender (RFC 6409 sections 8.1 to 8.3)."""
    fields: list[bytes] = []
    if policy.add_date and header.field(content, "Date") is None:
        fields.append(f"Date: {rfc5322_date(date_us, utc_offset_minutes)}\r\n".encode())
    if policy.add_message_id and header.field(content, "Message-ID") is None:
        fields.append(f"Message-ID: {message_id}\r\n".encode())
    if policy.add_sender and user and _is_in_another_name(content, user):
        fields.append(f"Sender: {user}\r\n".encode())
    return fields


def _is_in_another_name(content: bytes, user: str) -> bool:
    """Does neither Sender nor From name whoever has logged in?"""
    if header.field(content, "Sender") is not None:
        return False
    named = header.text(content, "From") or ""
    return user.lower() not in (_remembered(named) if len(named) <= REMEMBERED_LENGTH else _addresses(named))


def _addresses(value: str) -> frozenset[str]:
    return frozenset(address.lower() for _, address in getaddresses([value]))


REMEMBERED_LENGTH = 512
_remembered = lru_cache(maxsize=1024)(_addresses)  # people write more than one mail
