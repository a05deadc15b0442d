"""Mail addresses, with and without a person's name (RFC 5321 section 4.1.2, RFC 5322 section 3.4)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

ATOM_SYMBOLS = "!#$%&'*+-/=?^_`{|}~"
LOCAL_PART_LIMIT = 64
DOMAIN_LIMIT = 255


@dataclass(frozen=True, slots=True, eq=False)
class Address:
    """A mailbox on the Internet: `local_part` (without quotes) at `domain` (or an address literal).

    Only the receiving host may say what a local part means, so its case counts; the case of a
    domain never does (RFC 5321 section 2.4). Names that are not ASCII stay as they were written.
    """

    local_part: str
    domain: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """Reads `local@domain` or `"any text"@[192.0.2.1]`; raises ValueError."""
        local, domain = _split(text)
        if len(local.encode()) > LOCAL_PART_LIMIT:
            raise ValueError("the local part is longer than 64 octets")
        if not _is_domain(domain) and not _is_literal(domain):
            raise ValueError("after @ there must be a domain or an address literal")
        return cls(local, domain)

    @property
    def is_literal(self) -> bool:
        """Is the domain an address in brackets (RFC 5321 section 4.1.3)?"""
        return self.domain.startswith("[")

    def is_in(self, domain: str) -> bool:
        """Is this a mailbox of `domain`, in any case of letters?"""
        return self.domain.lower() == domain.lower()

    def __str__(self) -> str:
        if is_dot_string(self.local_part):
            return f"{self.local_part}@{self.domain}"
        return f"{quoted(self.local_part)}@{self.domain}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Address):
            return NotImplemented
        return self.local_part == other.local_part and self.is_in(other.domain)

    def __hash__(self) -> int:
        return hash((self.local_part, self.domain.lower()))


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A person in a header: a display `name` (may be empty) and an `address` such as `dan@skola.example`."""

    name: str
    address: str


def is_dot_string(text: str) -> bool:
    """Can this local part stand without quotes (Dot-string of RFC 5321, letters of any script by RFC 6531)?"""
    return all(part and all(map(is_atom_character, part)) for part in text.split("."))


def is_atom_character(character: str) -> bool:
    """`atext` of RFC 5322 section 3.2.3, or anything beyond ASCII that can be printed."""
    if character.isascii():
        return character.isalnum() or character in ATOM_SYMBOLS
    return character.isprintable()


def quoted(text: str) -> str:
    """A quoted-string with the least quoting that it needs."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _split(text: str) -> tuple[str, str]:
    if not text.startswith('"'):
        local, at, domain = text.partition("@")
        if not at or not is_dot_string(local):
            raise ValueError("an address is local-part@domain")
        return local, domain
    local, rest = _unquote(text)
    if not rest.startswith("@"):
        raise ValueError("after a quoted local part there must be @")
    return local, rest[1:]


def _unquote(text: str) -> tuple[str, str]:
    """The content of the quoted-string that `text` starts with, and what follows it."""
    characters: list[str] = []
    position = 1
    while position < len(text):
        character = text[position]
        if character == '"':
            return "".join(characters), text[position + 1 :]
        if character == "\\":
            position += 1
            character = text[position : position + 1]
        if not character or not (character == " " or character.isprintable()):
            break
        characters.append(character)
        position += 1
    raise ValueError("the quoted local part does not end")


def _is_domain(text: str) -> bool:
    return len(text) <= DOMAIN_LIMIT and all(map(_is_label, text.split(".")))


def _is_label(label: str) -> bool:
    if not label or len(label) > 63 or label.startswith("-") or label.endswith("-"):
        return False
    return all(c.isalnum() or c == "-" or (not c.isascii() and c.isprintable()) for c in label)


def _is_literal(text: str) -> bool:
    if not (text.startswith("[") and text.endswith("]")):
        return False
    inside = text[1:-1]
    try:
        if inside[:5].lower() == "ipv6:":
            return bool(ipaddress.IPv6Address(inside[5:])) and "%" not in inside
        return bool(ipaddress.IPv4Address(inside))
    except ValueError:
        return False
