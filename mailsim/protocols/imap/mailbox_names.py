"""Names of mailboxes: modified UTF-7, INBOX, and which of them LIST shows (RFC 3501 sections 5.1.3, 6.3.8)."""

from __future__ import annotations

import binascii
import re

INBOX = "INBOX"
_NEEDS_SHIFT = re.compile(r"&|[^ -~]+")
_WILDCARDS = re.compile(r"[*%]{2,}")
_SHIFTED = re.compile(r"&([^-]*)-")


def encode_mailbox(name: str) -> str:
    """A name in modified UTF-7: printable ASCII as it is, `&` as `&-`, the rest as `&...-`."""
    return _NEEDS_SHIFT.sub(lambda match: "&-" if match[0] == "&" else f"&{_base64(match[0])}-", name)


def decode_mailbox(wire: str) -> str:
    """The name behind modified UTF-7; ValueError when it is not the one form that the RFC allows.

    One name has one form only (no superfluous shifts, no printable ASCII in base64), so it is enough
    to see whether encoding gives the same again.
    """
    if "&" not in wire and wire.isascii() and wire.isprintable():
        return wire
    name = _SHIFTED.sub(lambda match: _unbase64(match[1]) if match[1] else "&", wire)
    if encode_mailbox(name) != wire:
        raise ValueError("not modified UTF-7")
    return name


def _base64(text: str) -> str:
    raw = binascii.b2a_base64(text.encode("utf-16-be", "surrogatepass"), newline=False)
    return raw.decode("ascii").rstrip("=").replace("/", ",")


def _unbase64(text: str) -> str:
    try:
        raw = binascii.a2b_base64(text.replace(",", "/").encode("ascii") + b"=" * (-len(text) % 4))
        return raw.decode("utf-16-be")
    except (binascii.Error, UnicodeError) as error:
        raise ValueError("not modified UTF-7") from error


def canonical_mailbox(name: str) -> str:
    """INBOX in any case is INBOX, also as the first level of a longer name's comparison; others stay."""
    return INBOX if name.upper() == INBOX else name


def matches_pattern(name: str, pattern: str, delimiter: str) -> bool:
    """Does LIST's pattern match: `*` is anything, `%` anything but the delimiter?

    Works on the set of places in the pattern that are still possible, so a pattern of a hundred stars
    costs no more than its length times the name's.
    """
    pattern = _WILDCARDS.sub(lambda run: "*" if "*" in run[0] else "%", pattern)
    if len(pattern) > 2 * len(name) + 1:  # more letters than the name has
        return False
    return any(place == len(pattern) for place in _places(name, pattern, delimiter))


def _places(name: str, pattern: str, delimiter: str) -> set[int]:
    places = _skip_wildcards({0}, pattern)
    for character in name:
        following = set()
        for place in places:
            sign = pattern[place] if place < len(pattern) else ""
            if sign == "*" or (sign == "%" and character != delimiter):
                following.add(place)
            elif sign == character and sign not in {"*", "%"}:
                following.add(place + 1)
        places = _skip_wildcards(following, pattern)
    return places


def _skip_wildcards(places: set[int], pattern: str) -> set[int]:
    """A wildcard also matches nothing."""
    reached = set(places)
    for place in places:
        while place < len(pattern) and pattern[place] in "*%":
            place += 1
            reached.add(place)
    return reached


def canonical_pattern(pattern: str, delimiter: str = "/") -> str:
    """A pattern whose first level is `inbox` in any case means INBOX."""
    first, found, rest = pattern.partition(delimiter)
    return INBOX + found + rest if first.upper() == INBOX else pattern


def root_of(reference: str, delimiter: str = "/") -> str:
    """The answer to LIST with an empty pattern: the root of the reference's name, if it has one."""
    return delimiter if reference.startswith(delimiter) else ""
