"""The ENVELOPE of a mail as IMAP shows it: ten header fields, addresses taken apart (RFC 9051 section 7.5.2).

Not the SMTP envelope: this is computed from the header alone. The text stays raw: encoded words are
the client's to decode. The address grammar is RFC 5322 section 3.4 with what old and broken mails
have: routes, comments instead of names, groups, addresses without a domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailsim.mail.mime_headers import Header, header_at

_TOKEN = re.compile(r'\s+|"(?:[^"\\]|\\.)*"?|\[[^\]]*\]?|[<>@,:;.()]|[^\s"\[<>@,:;.()]+', re.DOTALL)
_WORD = r'[^\s"\\()<>@,:;\[\]]++'
_ONE_ADDRESS = re.compile(rf'\s*+(?:([^"\\()<>@,:;\[\]]*+)<({_WORD})@({_WORD})>|({_WORD})@({_WORD}))\s*+')
_HARD = re.compile(r'["\\()\[\]:;]')
_COMMENT_EDGE = re.compile(r"\\.|[()]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox; a group begins with (None, None, name, None) and ends with four times None."""

    name: str | None
    route: str | None
    mailbox: str | None
    host: str | None

    def __str__(self) -> str:
        return f"{self.mailbox or ''}@{self.host}" if self.host else self.mailbox or ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The ten fields, in the order of the protocol; an address field that is absent or empty is ()."""

    date: str | None
    subject: str | None
    sender_from: tuple[Address, ...]
    sender: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    in_reply_to: str | None
    message_id: str | None


def envelope(content: bytes) -> Envelope:
    """The ENVELOPE of a whole mail; reads its header only."""
    return envelope_of(header_at(content))


def envelope_of(header: Header) -> Envelope:
    """The ENVELOPE of a header block: Sender and Reply-To default to From (RFC 9051 section 7.5.2)."""
    seen: dict[str, list[str]] = {}
    for field in header.fields:
        if field.name in _WANTED:
            seen.setdefault(field.name, []).append(header.value(field))

    def first(name: str) -> str | None:
        return seen[name][0] if name in seen else None

    addresses = {name: parse_addresses(", ".join(seen[name])) if name in seen else () for name in _ADDRESS_FIELDS}
    author = addresses["from"]
    return Envelope(
        first("date"),
        first("subject"),
        author,
        addresses["sender"] or author,
        addresses["reply-to"] or author,
        addresses["to"],
        addresses["cc"],
        addresses["bcc"],
        first("in-reply-to"),
        first("message-id"),
    )


_ADDRESS_FIELDS = ("from", "sender", "reply-to", "to", "cc", "bcc")
_WANTED = frozenset({*_ADDRESS_FIELDS, "date", "subject", "in-reply-to", "message-id"})
_GROUP_END = Address(None, None, None, None)


def parse_addresses(value: str) -> tuple[Address, ...]:
    """The addresses of an unfolded address list; never fails, a broken one gives what is readable."""
    if not value:
        return ()
    if _HARD.search(value) is None:
        plain = [_ONE_ADDRESS.fullmatch(piece) for piece in value.split(",")]
        if None not in plain:
            return tuple(_plain_address(match) for match in plain if match)
    return _address_list(value)


def _plain_address(match: re.Match[str]) -> Address:
    """By far the most are `name <local@domain>` or `local@domain`, and need no tokens."""
    name, local, host, bare_local, bare_host = match.groups()
    return Address(" ".join(name.split()) or None if name else None, None, local or bare_local, host or bare_host)


def _address_list(value: str) -> tuple[Address, ...]:
    found: list[Address] = []
    in_group = False
    piece: list[str] = []
    for token in _tokens(value):
        if token == "<" and "<" in piece:
            continue
        inside = "<" in piece and ">" not in piece
        if token == ":" and not inside:
            found.append(Address(None, None, _phrase(piece), None))
            in_group, piece = True, []
        elif token in {",", ";"} and (not inside or token == ";"):
            found.extend(_address(piece))
            piece = []
            if token == ";" and in_group:
                found.append(_GROUP_END)
                in_group = False
        else:
            piece.append(token)
    found.extend(_address(piece))
    if in_group:
        found.append(_GROUP_END)
    return tuple(found)


def _tokens(value: str) -> Iterator[str]:
    """Words, specials, quoted strings, white space, and whole comments as one token each."""
    position = 0
    while position < len(value):
        match = _TOKEN.match(value, position)
        end = match.end() if match else position + 1
        if value[position] == "(":
            end = _comment_end(value, position)
        yield value[position:end]
        position = end


def _comment_end(value: str, start: int) -> int:
    depth = 0
    for match in _COMMENT_EDGE.finditer(value, start):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return len(value)


def _address(piece: list[str]) -> Iterator[Address]:
    if not any(map(str.strip, piece)):
        return
    route = name = None
    if "<" in piece:
        name = _phrase(piece[: piece.index("<")]) or _comment(piece)
        piece = piece[piece.index("<") + 1 :]
        piece = piece[: piece.index(">")] if ">" in piece else piece
        if ":" in piece:
            colon = len(piece) - 1 - piece[::-1].index(":")
            route, piece = _glue(piece[:colon]) or None, piece[colon + 1 :]
    else:
        name = _comment(piece)
    at = len(piece) - 1 - piece[::-1].index("@") if "@" in piece else len(piece)
    mailbox, host = _glue(piece[:at]), _glue(piece[at + 1 :])
    if mailbox or host or name:
        yield Address(name or None, route, mailbox, host)


def _is_comment(token: str) -> bool:
    return token.startswith("(")


def _unquoted(token: str) -> str:
    if not token.startswith('"'):
        return token
    inner = token[1:-1] if len(token) > 1 and token.endswith('"') else token[1:]
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)


def _glue(piece: list[str]) -> str:
    """A local part, domain or route: no white space, no comments, no quotes."""
    return "".join(_unquoted(token) for token in piece if token.strip() and not _is_comment(token))


def _phrase(piece: list[str]) -> str:
    """A display name: words as they stand, runs of white space as one space."""
    words = (" " if not token.strip() else _unquoted(token) for token in piece if not _is_comment(token))
    return "".join(words).strip()


def _comment(piece: list[str]) -> str | None:
    """The last comment: a name that stands behind the address, as mails had it before RFC 822."""
    for token in reversed(piece):
        if _is_comment(token):
            return re.sub(r"\\(.)", r"\1", token[1:].removesuffix(")")).strip() or None
    return None
