"""What a server says about mailboxes, always untagged: names, numbers, flags, quota (RFC 9051 sections 7.3, 7.4).

Data that describes a mailbox may come as the answer to a command or on its own. Names are text here; on the wire
they are modified UTF-7, or UTF-8 when `utf8` says that the client has enabled IMAP4rev2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from mailsim.protocols.imap import _encode
from mailsim.protocols.imap.mailbox_names import encode_mailbox
from mailsim.protocols.imap.response import Response
from mailsim.protocols.imap.sequence import SequenceSet
from mailsim.protocols.pdu import Json


@dataclass(frozen=True, slots=True)
class Exists(Response):
    """`* 172 EXISTS`: how many messages there are."""

    count: int

    def to_bytes(self) -> bytes:
        return b"* %d EXISTS\r\n" % self.count

    def fields(self) -> Mapping[str, Json]:
        return {"item": "EXISTS", "number": self.count, "text": f"{self.count} EXISTS"}


@dataclass(frozen=True, slots=True)
class Recent(Response):
    """`* 1 RECENT`: how many messages this session is the first to be told of; gone in IMAP4rev2."""

    count: int

    def to_bytes(self) -> bytes:
        return b"* %d RECENT\r\n" % self.count

    def fields(self) -> Mapping[str, Json]:
        return {"item": "RECENT", "number": self.count, "text": f"{self.count} RECENT"}


@dataclass(frozen=True, slots=True)
class Expunged(Response):
    """`* 44 EXPUNGE`: this number is gone, and all higher ones are one less from now on."""

    number: int

    def to_bytes(self) -> bytes:
        return b"* %d EXPUNGE\r\n" % self.number

    def fields(self) -> Mapping[str, Json]:
        return {"item": "EXPUNGE", "number": self.number, "text": f"{self.number} EXPUNGE"}


@dataclass(frozen=True, slots=True)
class Vanished(Response):
    """`* VANISHED 405,407`: UIDs that are gone, for who has enabled QRESYNC (RFC 7162 section 3.2.10).

    `earlier`: they went before this session looked, so no message number changes.
    """

    uids: SequenceSet
    earlier: bool = False

    def to_bytes(self) -> bytes:
        return f"* VANISHED {'(EARLIER) ' if self.earlier else ''}{self.uids}\r\n".encode("ascii")

    def fields(self) -> Mapping[str, Json]:
        return {"item": "VANISHED", "text": str(self)[2:]}


@dataclass(frozen=True, slots=True)
class FlagsData(Response):
    """`* FLAGS (...)`: the flags that this mailbox knows."""

    flags: tuple[str, ...]

    def to_bytes(self) -> bytes:
        return b"* FLAGS " + _encode.flag_list(self.flags) + b"\r\n"

    def fields(self) -> Mapping[str, Json]:
        return {"item": "FLAGS", "flags": list(self.flags), "text": f"FLAGS ({' '.join(self.flags)})"}


@dataclass(frozen=True, slots=True)
class ListData(Response):
    """`* LIST (\\HasNoChildren) "/" Sent`; with `verb="LSUB"` the answer to LSUB.

    `child_info`: selection options that something below matches (CHILDINFO, RFC 9051 section 6.3.9.6).
    """

    attributes: tuple[str, ...]
    delimiter: str | None
    mailbox: str
    verb: str = "LIST"
    child_info: tuple[str, ...] = ()
    utf8: bool = False

    def to_bytes(self) -> bytes:
        name = _encode.inline(_encode.mailbox(self.mailbox, self.utf8) if self.mailbox else b'""')
        head = f"* {self.verb} ({' '.join(self.attributes)}) ".encode("ascii")
        info = " ".join(f'"{option}"' for option in self.child_info)
        tail = f' ("CHILDINFO" ({info}))'.encode("ascii") if info else b""
        return head + _encode.server_string(self.delimiter) + b" " + name + tail + b"\r\n"

    def fields(self) -> Mapping[str, Json]:
        return {"item": self.verb, "mailbox": self.mailbox, "text": str(self)[2:]}


@dataclass(frozen=True, slots=True)
class StatusData(Response):
    """`* STATUS Sent (MESSAGES 231 UIDNEXT 44292)`."""

    mailbox: str
    items: tuple[tuple[str, int], ...]
    utf8: bool = False

    def to_bytes(self) -> bytes:
        numbers = " ".join(f"{name} {value}" for name, value in self.items)
        name = _encode.inline(_encode.mailbox(self.mailbox, self.utf8))
        return b"* STATUS " + name + f" ({numbers})\r\n".encode("ascii")

    def fields(self) -> Mapping[str, Json]:
        return {"item": "STATUS", "mailbox": self.mailbox, **dict(self.items), "text": str(self)[2:]}


Places: TypeAlias = tuple[tuple[str, str | None], ...]
"""Prefixes and their hierarchy delimiters."""


@dataclass(frozen=True, slots=True)
class NamespaceData(Response):
    """`* NAMESPACE (("" "/")) NIL NIL`: own, other users' and shared mailboxes (RFC 2342)."""

    personal: Places = (("", "/"),)
    others: Places = ()
    shared: Places = ()

    def to_bytes(self) -> bytes:
        return b"* NAMESPACE %b %b %b\r\n" % tuple(map(_places, (self.personal, self.others, self.shared)))

    def fields(self) -> Mapping[str, Json]:
        return {"item": "NAMESPACE", "text": str(self)[2:]}


def _places(places: Places) -> bytes:
    if not places:
        return b"NIL"
    described = (
        b"(%b %b)" % (_encode.server_string(encode_mailbox(prefix)), _encode.server_string(delimiter))
        for prefix, delimiter in places
    )
    return b"(%b)" % b"".join(described)


@dataclass(frozen=True, slots=True)
class QuotaData(Response):
    """`* QUOTA "" (STORAGE 10 512)`: of each resource what is used and what may be (RFC 9208 section 5.1)."""

    root: str
    resources: tuple[tuple[str, int, int], ...]

    def to_bytes(self) -> bytes:
        resources = " ".join(f"{name} {used} {limit}" for name, used, limit in self.resources)
        return b"* QUOTA %b (%b)\r\n" % (_encode.server_string(self.root), resources.encode("ascii"))

    def fields(self) -> Mapping[str, Json]:
        return {"item": "QUOTA", "text": str(self)[2:]}


@dataclass(frozen=True, slots=True)
class QuotaRootData(Response):
    """`* QUOTAROOT INBOX ""`: the roots that a mailbox counts for (RFC 9208 section 5.2)."""

    mailbox: str
    roots: tuple[str, ...]
    utf8: bool = False

    def to_bytes(self) -> bytes:
        name = _encode.inline(_encode.mailbox(self.mailbox, self.utf8))
        return b"* QUOTAROOT %b\r\n" % b" ".join((name, *map(_encode.server_string, self.roots)))

    def fields(self) -> Mapping[str, Json]:
        return {"item": "QUOTAROOT", "mailbox": self.mailbox, "text": str(self)[2:]}
