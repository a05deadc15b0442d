"""Commands about the connection and the user: CAPABILITY, LOGIN, ENABLE, IDLE, ... (RFC 9051 sections 6.1 to 6.3)."""

from __future__ import annotations

import binascii
from dataclasses import dataclass

from mailsim.protocols.imap import _encode
from mailsim.protocols.imap._encode import Piece
from mailsim.protocols.imap.command import Command


@dataclass(frozen=True, slots=True)
class Capability(Command):
    """What can you do?"""

    verb = "CAPABILITY"


@dataclass(frozen=True, slots=True)
class Noop(Command):
    """Nothing; a chance for the server to report news."""

    verb = "NOOP"


@dataclass(frozen=True, slots=True)
class Logout(Command):
    """Good bye."""

    verb = "LOGOUT"


@dataclass(frozen=True, slots=True)
class Id(Command):
    """Who I am, who are you (RFC 2971)? None for NIL; a value may be None."""

    verb = "ID"
    parameters: tuple[tuple[str, str | None], ...] | None = None

    def arguments(self) -> tuple[Piece, ...]:
        return (b" ", *_encode.id_parameters(self.parameters))


@dataclass(frozen=True, slots=True)
class StartTls(Command):
    """Begin TLS on this connection (RFC 9051 section 6.2.1)."""

    verb = "STARTTLS"


@dataclass(frozen=True, slots=True)
class Authenticate(Command):
    """SASL, with the first response if there is one (RFC 4959)."""

    verb = "AUTHENTICATE"
    mechanism: str
    initial: bytes | None = None

    def arguments(self) -> tuple[Piece, ...]:
        words = b" " + self.mechanism.encode("ascii")
        if self.initial is None:
            return (words,)
        return (words, b" " + (binascii.b2a_base64(self.initial, newline=False) or b"="))


@dataclass(frozen=True, slots=True)
class Login(Command):
    """User name and password as they are."""

    verb = "LOGIN"
    user: str
    password: str

    def arguments(self) -> tuple[Piece, ...]:
        return (b" ", _encode.astring(self.user), b" ", _encode.astring(self.password))


@dataclass(frozen=True, slots=True)
class Enable(Command):
    """Switch extensions on (RFC 5161)."""

    verb = "ENABLE"
    capabilities: tuple[str, ...]

    def arguments(self) -> tuple[Piece, ...]:
        return (f" {' '.join(self.capabilities)}".encode("ascii"),)


@dataclass(frozen=True, slots=True)
class Idle(Command):
    """Tell me when something happens, until DONE (RFC 2177)."""

    verb = "IDLE"


@dataclass(frozen=True, slots=True)
class Namespace(Command):
    """Where do mailboxes live (RFC 2342)?"""

    verb = "NAMESPACE"
