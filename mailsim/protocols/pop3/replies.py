"""What a POP3 server says: greeting, replies of one line or many, SASL challenges (RFC 1939 section 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

from mailsim.errors import LocalProtocolError, RemoteProtocolError
from mailsim.protocols.pdu import Json
from mailsim.protocols.pop3.stuffing import LINE_LIMIT, stuff

_STATUS = {"+OK": True, "-ERR": False}
_TIMESTAMP = re.compile(r"<[^<>\s]+@[^<>\s]+>")


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command.

    `body` is the content of a multi-line reply without byte-stuffing, its lines ending in CRLF; None for
    a reply of one line. A response code such as `[IN-USE]` is the beginning of `text` (RFC 2449 section 8).
    """

    ok: bool
    text: str = ""
    body: bytes | None = field(default=None, repr=False)
    role: ClassVar[str] = "reply"

    @property
    def status(self) -> str:
        """`+OK` or `-ERR`."""
        return "+OK" if self.ok else "-ERR"

    @property
    def response_code(self) -> str:
        """The extended response code in upper case without brackets, e.g. `IN-USE`; "" if there is none."""
        if not self.text.startswith("["):
            return ""
        return self.text[1:].partition("]")[0].upper()

    def to_bytes(self) -> bytes:
        head = _status_line(self.ok, self.text)
        return head if self.body is None else head + stuff(self.body)

    def __str__(self) -> str:
        return f"{self.status} {self.text}" if self.text else self.status

    def fields(self) -> Mapping[str, Json]:
        return {
            "status": self.status,
            "text": self.text,
            "code": self.response_code,
            "bytes": len(self.body or b""),
        }


@dataclass(frozen=True, slots=True)
class Greeting:
    """The server's first line. A positive one may hold a timestamp for APOP."""

    ok: bool
    text: str = ""
    role: ClassVar[str] = "greet"

    @property
    def status(self) -> str:
        """`+OK` or `-ERR`."""
        return "+OK" if self.ok else "-ERR"

    @property
    def timestamp(self) -> str:
        """What APOP wants digested, with its brackets; "" when the server does not speak APOP."""
        match = _TIMESTAMP.search(self.text)
        return match[0] if match else ""

    def to_bytes(self) -> bytes:
        return f"{self}\r\n".encode()

    def __str__(self) -> str:
        return f"{self.status} {self.text}" if self.text else self.status

    def fields(self) -> Mapping[str, Json]:
        return {"status": self.status, "text": self.text, "bytes": 0}


@dataclass(frozen=True, slots=True)
class Challenge:
    """`+ ` and a SASL challenge in base64 (RFC 5034 section 4)."""

    text: str = ""
    role: ClassVar[str] = "reply"

    def to_bytes(self) -> bytes:
        return f"+ {self.text}\r\n".encode()

    def __str__(self) -> str:
        return f"+ {self.text}"

    def fields(self) -> Mapping[str, Json]:
        return {"status": "+", "text": self.text, "code": "", "bytes": 0}


@lru_cache(maxsize=4096)
def _status_line(ok: bool, text: str) -> bytes:
    return f"{Reply(ok, text)}\r\n".encode()


@lru_cache(maxsize=4096)  # servers say the same again and again
def first_line(line: bytes) -> Reply | Challenge:
    """What the first line of a reply says. Raises: RemoteProtocolError for what no POP3 server may say."""
    text = decode(line)
    return Challenge(text[2:]) if text == "+" or text.startswith("+ ") else Reply(*status(text))


def decode(line: bytes) -> str:
    """The text of a line. Raises: RemoteProtocolError."""
    if not line.endswith(b"\r\n"):
        raise RemoteProtocolError("a line ends in CR LF")
    return line[:-2].decode("utf-8", "backslashreplace")


def status(text: str) -> tuple[bool, str]:
    """Is it positive, and the text behind the indicator. Raises: RemoteProtocolError."""
    indicator, _, rest = text.partition(" ")
    if indicator not in _STATUS:
        raise RemoteProtocolError("a reply begins with +OK or -ERR")
    return _STATUS[indicator], rest


def positive(text: str = "", body: bytes | None = None) -> Reply:
    """`+OK`; raises LocalProtocolError for a text that cannot be sent."""
    return _one_line(True, text) if body is None else Reply(True, checked(text), body)


def negative(text: str, code: str = "") -> Reply:
    """`-ERR`, with an extended response code in front if there is one."""
    return _one_line(False, f"[{code}] {text}" if code else text)


@lru_cache(maxsize=4096)
def _one_line(ok: bool, text: str) -> Reply:
    return Reply(ok, checked(text))


def checked(text: str) -> str:
    """A text that fits on the first line of a reply; raises LocalProtocolError otherwise."""
    if not (text.isascii() and text.isprintable()):
        raise LocalProtocolError("the text of a reply is printable ASCII")
    if len(text) > LINE_LIMIT - len("-ERR \r\n"):
        raise LocalProtocolError("the text of a reply is too long")
    return text
