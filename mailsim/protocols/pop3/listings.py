"""Reads what STAT, LIST, UIDL and CAPA answered (RFC 1939 sections 5 and 7, RFC 2449 section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailsim.errors import RemoteProtocolError
from mailsim.protocols.pop3.replies import Reply


@dataclass(frozen=True, slots=True)
class DropListing:
    """How much is in the maildrop; what is marked as deleted is not counted."""

    messages: int
    octets: int


def drop_listing(reply: Reply) -> DropListing:
    """The answer to STAT; raises RemoteProtocolError when it is none."""
    words = reply.text.split(" ")
    if not reply.ok or len(words) < 2:
        raise RemoteProtocolError(f"not a drop listing: {reply}")
    return DropListing(_number(words[0]), _number(words[1]))


def scan_listings(reply: Reply) -> dict[int, int]:
    """The answer to LIST, with or without a number: message number -> octets; raises RemoteProtocolError."""
    return {number: _number(size) for number, size in _numbered(reply)}


def unique_ids(reply: Reply) -> dict[int, str]:
    """The answer to UIDL, with or without a number: message number -> unique id; raises RemoteProtocolError."""
    return dict(_numbered(reply))


def capabilities(reply: Reply) -> dict[str, tuple[str, ...]]:
    """The answer to CAPA: tag in upper case -> parameters."""
    lines = (line.split() for line in _lines(reply))
    return {words[0].upper(): tuple(words[1:]) for words in lines if words}


def _lines(reply: Reply) -> list[str]:
    return (reply.body or b"").decode("utf-8", "backslashreplace").split("\r\n")[:-1]


def _numbered(reply: Reply) -> Iterator[tuple[int, str]]:
    if not reply.ok:
        raise RemoteProtocolError(f"not a listing: {reply}")
    for line in [reply.text] if reply.body is None else _lines(reply):
        words = line.split(" ")
        if len(words) < 2:
            raise RemoteProtocolError(f"not a listing: {line}")
        yield _number(words[0]), words[1]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise RemoteProtocolError(f"not a number: {text[:40]}")
    return int(text)
