"""The commands of POP3, as typed values and as lines (RFC 1939 section 9, RFC 2449, RFC 2595, RFC 5034)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from mailsim.protocols.pdu import Json


@dataclass(frozen=True, slots=True)
class Command:
    """What a client says; each kind has its own class, and `verb` is the keyword on the wire.

    `is_multiline` tells whether a positive reply has lines after its first.
    """

    role: ClassVar[str] = "cmd"
    verb: ClassVar[str] = ""

    @property
    def argument(self) -> str:
        """What follows the keyword, "" for nothing."""
        return ""

    @property
    def is_multiline(self) -> bool:
        return False

    def to_bytes(self) -> bytes:
        return f"{self}\r\n".encode()

    def __str__(self) -> str:
        argument = self.argument
        return f"{self.verb} {argument}" if argument else self.verb

    def fields(self) -> Mapping[str, Json]:
        return {"verb": self.verb, "arg": self.argument}


@dataclass(frozen=True, slots=True)
class User(Command):
    """Whose maildrop? PASS must follow."""

    verb: ClassVar[str] = "USER"
    name: str

    @property
    def argument(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Pass(Command):
    """The password, in the clear. Everything after the first space belongs to it."""

    verb: ClassVar[str] = "PASS"
    password: str

    @property
    def argument(self) -> str:
        return self.password


@dataclass(frozen=True, slots=True)
class Apop(Command):
    """Name and a digest of the greeting's timestamp and the password (see `apop`)."""

    verb: ClassVar[str] = "APOP"
    name: str
    digest: str

    @property
    def argument(self) -> str:
        return f"{self.name} {self.digest}"


@dataclass(frozen=True, slots=True)
class Auth(Command):
    """Begin a SASL exchange; `initial` is the initial response in base64, None if there is none."""

    verb: ClassVar[str] = "AUTH"
    mechanism: str
    initial: str | None = None

    @property
    def argument(self) -> str:
        return self.mechanism if self.initial is None else f"{self.mechanism} {self.initial}"


@dataclass(frozen=True, slots=True)
class AuthResponse(Command):
    """One line of a SASL exchange, base64, or `*` to give up. It has no keyword."""

    text: str

    @property
    def argument(self) -> str:
        return self.text

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Stat(Command):
    """How many messages, how many octets?"""

    verb: ClassVar[str] = "STAT"


@dataclass(frozen=True, slots=True)
class List(Command):
    """The size of one message, or of all."""

    verb: ClassVar[str] = "LIST"
    number: int | None = None

    @property
    def argument(self) -> str:
        return "" if self.number is None else str(self.number)

    @property
    def is_multiline(self) -> bool:
        return self.number is None


@dataclass(frozen=True, slots=True)
class Uidl(Command):
    """The unique id of one message, or of all: the same in every session."""

    verb: ClassVar[str] = "UIDL"
    number: int | None = None

    @property
    def argument(self) -> str:
        return "" if self.number is None else str(self.number)

    @property
    def is_multiline(self) -> bool:
        return self.number is None


@dataclass(frozen=True, slots=True)
class Retr(Command):
    """Give me this message. It stays where it is."""

    verb: ClassVar[str] = "RETR"
    number: int

    @property
    def argument(self) -> str:
        return str(self.number)

    @property
    def is_multiline(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Top(Command):
    """The header of this message and that many lines of its body."""

    verb: ClassVar[str] = "TOP"
    number: int
    lines: int

    @property
    def argument(self) -> str:
        return f"{self.number} {self.lines}"

    @property
    def is_multiline(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Dele(Command):
    """Mark this message; QUIT will remove it, and nothing else will."""

    verb: ClassVar[str] = "DELE"
    number: int

    @property
    def argument(self) -> str:
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Rset(Command):
    """Take all marks away."""

    verb: ClassVar[str] = "RSET"


@dataclass(frozen=True, slots=True)
class Noop(Command):
    """Are you there?"""

    verb: ClassVar[str] = "NOOP"


@dataclass(frozen=True, slots=True)
class Capa(Command):
    """What can you do?"""

    verb: ClassVar[str] = "CAPA"

    @property
    def is_multiline(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Utf8(Command):
    """From now on, octets beyond ASCII are UTF-8 (RFC 6856 section 2)."""

    verb: ClassVar[str] = "UTF8"


@dataclass(frozen=True, slots=True)
class Stls(Command):
    """Begin TLS."""

    verb: ClassVar[str] = "STLS"


@dataclass(frozen=True, slots=True)
class Quit(Command):
    """Remove what is marked, and goodbye."""

    verb: ClassVar[str] = "QUIT"
