"""What a client puts on the wire: commands with their tags, literals in their turn, SASL responses, DONE.

A command is cut where a literal must be invited: `Request` is the first piece, `MoreOfRequest` each other.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from mailsim.protocols.imap.commands import Command
from mailsim.protocols.pdu import Json, printable


@dataclass(frozen=True, slots=True)
class Request:
    """The PDU of a command: all of it, or what goes before the first literal that needs an invitation."""

    tag: str
    command: Command
    data: bytes
    role: ClassVar[str] = "cmd"

    def to_bytes(self) -> bytes:
        return self.data

    def __str__(self) -> str:
        return printable(self.data.partition(b"\r\n")[0])

    def fields(self) -> Mapping[str, Json]:
        line = str(self).removeprefix(f"{self.tag} ").removeprefix(self.command.name)
        return {"tag": self.tag, "verb": self.command.name, "arg": line.lstrip(" ")}


@dataclass(frozen=True, slots=True)
class MoreOfRequest:
    """An invited literal and what stands behind it, to the end or to the next literal."""

    tag: str
    data: bytes
    role: ClassVar[str] = "data"

    def to_bytes(self) -> bytes:
        return self.data

    def __str__(self) -> str:
        return f"({len(self.data)} octets)"

    def fields(self) -> Mapping[str, Json]:
        return {"tag": self.tag, "bytes": len(self.data)}


@dataclass(frozen=True, slots=True)
class SaslResponse:
    """A client's line inside AUTHENTICATE; None cancels the exchange (`*`)."""

    data: bytes | None
    role: ClassVar[str] = "cmd"

    def to_bytes(self) -> bytes:
        if self.data is None:
            return b"*\r\n"
        return binascii.b2a_base64(self.data, newline=False) + b"\r\n"

    def __str__(self) -> str:
        return self.to_bytes().decode("ascii").rstrip("\r\n")

    def fields(self) -> Mapping[str, Json]:
        return {"tag": "", "verb": "", "arg": str(self)}


@dataclass(frozen=True, slots=True)
class Done:
    """The end of IDLE."""

    role: ClassVar[str] = "cmd"

    def to_bytes(self) -> bytes:
        return b"DONE\r\n"

    def __str__(self) -> str:
        return "DONE"

    def fields(self) -> Mapping[str, Json]:
        return {"tag": "", "verb": "DONE", "arg": ""}


def encode_command(tag: str, command: Command, waits_above: int) -> list[bytes]:
    """The octets of a command, cut where the client must wait for an invitation.

    `waits_above`: literals longer than this are synchronizing; -1 waits before each, the octets
    allowed with LITERAL- are 4096 (RFC 7888).
    """
    parts = [f"{tag} {command.name}".encode("ascii")]
    for piece in command.arguments():
        if isinstance(piece, bytes):
            parts[-1] += piece
        elif len(piece.octets) <= waits_above:
            parts[-1] += b"{%d+}\r\n%b" % (len(piece.octets), piece.octets)
        else:
            parts[-1] += b"{%d}\r\n" % len(piece.octets)
            parts.append(piece.octets)
    parts[-1] += b"\r\n"
    return parts
