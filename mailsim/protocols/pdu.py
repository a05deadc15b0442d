"""What every protocol data unit can tell of itself, whatever its protocol.

A *PDU* is one typed thing that goes over the wire: a command, a reply, the content of a mail, a DNS
query. An engine (`smtp`, `pop3`, `imap`, `dns`) turns bytes into PDUs and PDUs into bytes; the trace
keeps the PDU itself and asks it for text and fields only when somebody looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias

Json: TypeAlias = "str | int | float | bool | None | list[Json] | dict[str, Json]"


class Pdu(Protocol):
    """One protocol data unit. `role` joins the protocol's name to make an event kind: `smtp.cmd`."""

    @property
    def role(self) -> str:
        """`greet`, `cmd`, `reply`, `data`, `cont`, `untagged`, `tagged`, `query` or `answer`."""

    def to_bytes(self) -> bytes:
        """The exact bytes for the wire, CRLF included."""

    def __str__(self) -> str:
        """One line as a person would quote it: decoded, no CRLF, no control characters."""

    def fields(self) -> Mapping[str, Json]:
        """The fields of the trace's vocabulary, e.g. {"verb": "MAIL", "arg": "FROM:<a@b.example>"}."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes that somebody sends without asking the grammar: a hand client, a hostile or broken one."""

    data: bytes
    role: ClassVar[str] = "cmd"

    def to_bytes(self) -> bytes:
        return self.data

    def __str__(self) -> str:
        return printable(self.data.rstrip(b"\r\n"))

    def fields(self) -> Mapping[str, Json]:
        verb, _, argument = str(self).partition(" ")
        return {"verb": verb.upper(), "arg": argument}


@dataclass(frozen=True, slots=True)
class Plain:
    """A PDU without its class: what a recording has kept of one, or what was heard of a program that we did not write.

    Attributes:
        wire, text, values: what `to_bytes`, `str` and `fields` give.
        data: the content of a message without what only the wire knows, b"" for all that is no message.
        id: the number by which DNS finds the question of an answer, None for other protocols.
    """

    role: str
    wire: bytes
    text: str
    values: Mapping[str, Json]
    data: bytes = b""
    id: int | None = None

    def to_bytes(self) -> bytes:
        return self.wire

    def __str__(self) -> str:
        return self.text

    def fields(self) -> Mapping[str, Json]:
        return self.values


def printable(data: bytes) -> str:
    """Wire bytes as text for one line of a screen: UTF-8 where it is, escapes for all else."""
    text = data.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
