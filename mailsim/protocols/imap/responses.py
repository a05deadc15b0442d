"""What a server says, as values: greeting, tagged and untagged responses, continuation (RFC 9051 section 7).

Data that describes a mailbox or a message is always *untagged*: it may come as the answer to a command
or on its own. Names of mailboxes are text here and modified UTF-7 on the wire. A response code is
kept as its text (`UIDNEXT 4392`); `code_of` and the functions at the end make and read the common ones.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from mailsim.protocols.imap import _encode
from mailsim.protocols.imap.mailbox_names import encode_mailbox
from mailsim.protocols.imap.sequence import SequenceSet
from mailsim.protocols.pdu import Json, printable


class Response:
    """What all responses can do."""

    __slots__ = ()
    role: ClassVar[str] = "untagged"

    def to_bytes(self) -> bytes:
        raise NotImplementedError

    def __str__(self) -> str:
        return printable(self.to_bytes().removesuffix(b"\r\n"))

    def fields(self) -> Mapping[str, Json]:
        raise NotImplementedError


def _status(status: str, text: str, code: str) -> bytes:
    return f"{status} [{code}] {text}\r\n".encode() if code else f"{status} {text}\r\n".encode()


@dataclass(frozen=True, slots=True)
class Greeting(Response):
    """The first line: OK, PREAUTH (no login needed) or BYE (go away)."""

    status: str
    text: str
    code: str = ""
    role = "greet"

    def to_bytes(self) -> bytes:
        return b"* " + _status(self.status, self.text, self.code)

    def fields(self) -> Mapping[str, Json]:
        return {"status": self.status, "code": self.code, "text": self.text}


@dataclass(frozen=True, slots=True)
class Tagged(Response):
    """How a command ended: OK, NO (it could not be done) or BAD (it was not understood)."""

    tag: str
    status: str
    text: str
    code: str = ""
    role = "tagged"

    def to_bytes(self) -> bytes:
        return self.tag.encode("ascii") + b" " + _status(self.status, self.text, self.code)

    def fields(self) -> Mapping[str, Json]:
        return {"tag": self.tag, "status": self.status, "code": self.code, "text": self.text}


@dataclass(frozen=True, slots=True)
class Continuation(Response):
    """`+`: go on with your literal, your IDLE, or your SASL exchange (then the text is base64)."""

    text: str = ""
    role = "cont"

    @classmethod
    def of_challenge(cls, challenge: bytes) -> Continuation:
        """A SASL challenge."""
        return cls(binascii.b2a_base64(challenge, newline=False).decode("ascii"))

    @property
    def challenge(self) -> bytes | None:
        """The SASL challenge, None when the text is not base64."""
        try:
            return binascii.a2b_base64(self.text, strict_mode=True)
        except ValueError:
            return None

    def to_bytes(self) -> bytes:
        return f"+ {self.text}\r\n".encode()

    def fields(self) -> Mapping[str, Json]:
        return {"text": self.text}


@dataclass(frozen=True, slots=True)
class Condition(Response):
    """An untagged OK, NO, BAD or BYE: news about the mailbox or the server, often a response code."""

    status: str
    text: str
    code: str = ""

    def to_bytes(self) -> bytes:
        return b"* " + _status(self.status, self.text, self.code)

    def fields(self) -> Mapping[str, Json]:
        return {"item": self.status, "code": self.code, "text": self.text}


@dataclass(frozen=True, slots=True)
class CapabilityData(Response):
    """`* CAPABILITY IMAP4rev1 ...`."""

    names: tuple[str, ...]

    def to_bytes(self) -> bytes:
        return f"* CAPABILITY {' '.join(self.names)}\r\n".encode("ascii")

    def fields(self) -> Mapping[str, Json]:
        return {"item": "CAPABILITY", "text": " ".join(self.names)}


@dataclass(frozen=True, slots=True)
class Enabled(Response):
    """`* ENABLED ...` (RFC 5161)."""

    names: tuple[str, ...]

    def to_bytes(self) -> bytes:
        return f"* {' '.join(('ENABLED', *self.names))}\r\n".encode("ascii")

    def fields(self) -> Mapping[str, Json]:
        return {"item": "ENABLED", "text": " ".join(self.names)}


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
class FlagsData(Response):
    """`* FLAGS (...)`: the flags that this mailbox knows."""

    flags: tuple[str, ...]

    def to_bytes(self) -> bytes:
        return b"* FLAGS " + _encode.flag_list(self.flags) + b"\r\n"

    def fields(self) -> Mapping[str, Json]:
        return {"item": "FLAGS", "flags": list(self.flags), "text": f"FLAGS ({' '.join(self.flags)})"}


@dataclass(frozen=True, slots=True)
class ListData(Response):
    """`* LIST (\\HasNoChildren) "/" Sent`; with `verb="LSUB"` the answer to LSUB."""

    attributes: tuple[str, ...]
    delimiter: str | None
    mailbox: str
    verb: str = "LIST"

    def to_bytes(self) -> bytes:
        name = _encode.inline(_encode.mailbox(self.mailbox) if self.mailbox else b'""')
        head = f"* {self.verb} ({' '.join(self.attributes)}) ".encode("ascii")
        return head + _encode.server_string(self.delimiter) + b" " + name + b"\r\n"

    def fields(self) -> Mapping[str, Json]:
        return {"item": self.verb, "mailbox": self.mailbox, "text": str(self)[2:]}


@dataclass(frozen=True, slots=True)
class StatusData(Response):
    """`* STATUS Sent (MESSAGES 231 UIDNEXT 44292)`."""

    mailbox: str
    items: tuple[tuple[str, int], ...]

    def to_bytes(self) -> bytes:
        numbers = " ".join(f"{name} {value}" for name, value in self.items)
        name = _encode.inline(_encode.mailbox(self.mailbox))
        return b"* STATUS " + name + f" ({numbers})\r\n".encode("ascii")

    def fields(self) -> Mapping[str, Json]:
        return {"item": "STATUS", "mailbox": self.mailbox, **dict(self.items), "text": str(self)[2:]}


@dataclass(frozen=True, slots=True)
class SearchData(Response):
    """`* SEARCH 2 84 882`: the messages found, by number or by UID."""

    numbers: tuple[int, ...]

    def to_bytes(self) -> bytes:
        return f"* {' '.join(('SEARCH', *map(str, self.numbers)))}\r\n".encode("ascii")

    def fields(self) -> Mapping[str, Json]:
        return {"item": "SEARCH", "numbers": list(self.numbers), "text": str(self)[2:]}


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
class OtherData(Response):
    """An untagged response that this client does not know; it must be accepted (RFC 9051 section 2.2.2)."""

    data: bytes

    def to_bytes(self) -> bytes:
        return b"* " + self.data + b"\r\n"

    def fields(self) -> Mapping[str, Json]:
        return {"item": printable(self.data.partition(b" ")[0]).upper(), "text": printable(self.data)}


# --- response codes ---------------------------------------------------------------------------


def code_of(name: str, *arguments: object) -> str:
    """`code_of("UIDNEXT", 5)` is `UIDNEXT 5`; a tuple or list of flags is put in parentheses."""
    words = (f"({' '.join(a)})" if isinstance(a, tuple | list) else str(a) for a in arguments)
    return " ".join([name, *words])


def append_uid(uid_validity: int, uid: int) -> str:
    """APPENDUID: where the appended message is (RFC 4315 section 3)."""
    return f"APPENDUID {uid_validity} {uid}"


def copy_uid(uid_validity: int, pairs: Iterable[tuple[int, int]]) -> str:
    """COPYUID: old and new UIDs, in the same order (RFC 4315 section 3); "" when nothing was copied."""
    old, new = [], []
    for source, target in pairs:
        old.append(source)
        new.append(target)
    if not old:
        return ""
    return f"COPYUID {uid_validity} {SequenceSet.from_numbers(old)} {SequenceSet.from_numbers(new)}"


def code_argument(code: str, name: str) -> str | None:
    """What follows the name of a response code; None when it is another code."""
    found, _, argument = code.partition(" ")
    return argument if found.upper() == name else None


def read_copy_uid(code: str) -> tuple[int, tuple[tuple[int, int], ...]] | None:
    """UIDVALIDITY and the pairs of a COPYUID code; None when it is no (or a broken) one."""
    words = (code_argument(code, "COPYUID") or "").split(" ")
    if len(words) != 3 or not words[0].isdigit():
        return None
    try:
        old, new = SequenceSet.parse(words[1]), SequenceSet.parse(words[2])
    except ValueError:
        return None
    if _count(old) != _count(new) or _count(old) > 1_000_000:
        return None
    return int(words[0]), tuple(zip(old.numbers(), new.numbers(), strict=True))


def _count(sequence: SequenceSet) -> int:
    return sum(abs(high - low) + 1 for low, high in sequence.ranges)


def selected(
    *,
    exists: int,
    recent: int,
    flags: tuple[str, ...],
    permanent: tuple[str, ...],
    uid_validity: int,
    uid_next: int,
    first_unseen: int | None,
) -> list[Response]:
    """The untagged responses to SELECT and EXAMINE (RFC 3501 section 6.3.1); `first_unseen` is a number."""
    unseen = [Condition("OK", "First unseen message", code_of("UNSEEN", first_unseen))] if first_unseen else []
    return [
        FlagsData(flags),
        Condition("OK", "Flags that can be changed", code_of("PERMANENTFLAGS", permanent)),
        Exists(exists),
        Recent(recent),
        *unseen,
        Condition("OK", "UIDs valid", code_of("UIDVALIDITY", uid_validity)),
        Condition("OK", "Predicted next UID", code_of("UIDNEXT", uid_next)),
    ]
