"""What a server says about commands and about itself, as values (RFC 9051 sections 7.1, 7.2, 7.6).

A response code is kept as its text (`UIDNEXT 4392`); `codes` makes and reads the common ones.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from mailsim.protocols.imap import _encode
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
class IdData(Response):
    """`* ID ("name" "mailsim")`: who the server is (RFC 2971)."""

    parameters: tuple[tuple[str, str | None], ...] | None

    def to_bytes(self) -> bytes:
        return b"* ID " + b"".join(map(_encode.inline, _encode.id_parameters(self.parameters))) + b"\r\n"

    def fields(self) -> Mapping[str, Json]:
        return {"item": "ID", "text": str(self)[2:]}


@dataclass(frozen=True, slots=True)
class OtherData(Response):
    """An untagged response that this client does not know; it must be accepted (RFC 9051 section 2.2.2)."""

    data: bytes

    def to_bytes(self) -> bytes:
        return b"* " + self.data + b"\r\n"

    def fields(self) -> Mapping[str, Json]:
        return {"item": printable(self.data.partition(b" ")[0]).upper(), "text": printable(self.data)}
