"""What an SMTP client says, one class for each verb (RFC 5321 section 4.1.1).

A new verb is a class here, its grammar in `parsing` and its rows in `states`. `content` has the two ways in
which a message itself travels: after DATA, and in the chunks of BDAT.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, TypeAlias

from mailsim.protocols import sasl
from mailsim.protocols.pdu import Json
from mailsim.protocols.smtp import grammar
from mailsim.protocols.smtp.grammar import Parameters


@dataclass(frozen=True, slots=True)
class Command:
    """What a client sends: a verb with an argument, a line of a SASL exchange, or the content.

    `is_sound` is set by the engine of a client that has found nothing wrong with its form.
    """

    _wire: bytes = field(default=b"", init=False, repr=False, compare=False)
    is_sound: bool = field(default=False, init=False, repr=False, compare=False)
    verb: ClassVar[str] = ""
    role: ClassVar[str] = "cmd"

    @property
    def argument(self) -> str:
        """All that follows the verb and a space."""
        return ""

    def to_bytes(self) -> bytes:
        """The wire form, made once."""
        return self._wire or self._encode()

    def _encode(self) -> bytes:
        wire = f"{self}\r\n".encode("utf-8", "backslashreplace")
        object.__setattr__(self, "_wire", wire)
        return wire

    def __str__(self) -> str:
        argument = self.argument
        return f"{self.verb} {argument}" if argument else self.verb

    def fields(self) -> Mapping[str, Json]:
        return {"verb": self.verb, "arg": self.argument}


@dataclass(frozen=True, slots=True)
class Ehlo(Command):
    """Who the client is, and: which extensions do you have? (RFC 5321 section 4.1.1.1)"""

    domain: str
    verb: ClassVar[str] = "EHLO"

    @property
    def argument(self) -> str:
        return self.domain


@dataclass(frozen=True, slots=True)
class Helo(Command):
    """Who the client is; no extensions (RFC 5321 section 4.1.1.1)."""

    domain: str
    verb: ClassVar[str] = "HELO"

    @property
    def argument(self) -> str:
        return self.domain


@dataclass(frozen=True, slots=True)
class Lhlo(Command):
    """EHLO of LMTP (RFC 2033 section 4.1)."""

    domain: str
    verb: ClassVar[str] = "LHLO"

    @property
    def argument(self) -> str:
        return self.domain


@dataclass(frozen=True, slots=True)
class _WithPath(Command):
    """`path` is a mailbox without angle brackets; parameters keep their order, their keys are capitals."""

    path: str
    parameters: Parameters = ()
    keyword: ClassVar[str] = ""

    @property
    def argument(self) -> str:
        path = f"{self.keyword}:<{self.path}>"
        return path + grammar.format_parameters(self.parameters) if self.parameters else path

    def parameter(self, key: str) -> str | None:
        """The value of a parameter; None when it is not there or has none."""
        return dict(self.parameters).get(key)


@dataclass(frozen=True, slots=True)
class Mail(_WithPath):
    """Begin a transaction; `path` is where reports go, "" for nowhere (RFC 5321 section 4.1.1.2)."""

    verb: ClassVar[str] = "MAIL"
    keyword: ClassVar[str] = "FROM"

    @property
    def size(self) -> int | None:
        """The declared message size (RFC 1870 section 6), None when not declared."""
        value = self.parameter("SIZE")
        return None if value is None else int(value)

    @property
    def body(self) -> str:
        """The declared kind of body, 7BIT when not declared (RFC 6152)."""
        return (self.parameter("BODY") or "7BIT").upper()

    @property
    def smtputf8(self) -> bool:
        """Whether the transaction may have addresses and header fields in UTF-8 (RFC 6531 section 3.4)."""
        return ("SMTPUTF8", None) in self.parameters


@dataclass(frozen=True, slots=True)
class Rcpt(_WithPath):
    """Add a recipient; `path` may be a bare `postmaster` (RFC 5321 section 4.1.1.3)."""

    verb: ClassVar[str] = "RCPT"
    keyword: ClassVar[str] = "TO"


@dataclass(frozen=True, slots=True)
class Data(Command):
    """The content follows, if you agree (RFC 5321 section 4.1.1.4)."""

    verb: ClassVar[str] = "DATA"


@dataclass(frozen=True, slots=True)
class Rset(Command):
    """Forget the transaction (RFC 5321 section 4.1.1.5)."""

    verb: ClassVar[str] = "RSET"


@dataclass(frozen=True, slots=True)
class Noop(Command):
    """Say ok; the text means nothing (RFC 5321 section 4.1.1.9)."""

    text: str = ""
    verb: ClassVar[str] = "NOOP"

    @property
    def argument(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Vrfy(Command):
    """Is this a user of yours? (RFC 5321 section 4.1.1.6)

    `smtputf8`: the reply may have UTF-8 in it (RFC 6531 section 3.7.4.2).
    """

    text: str
    smtputf8: bool = False
    verb: ClassVar[str] = "VRFY"

    @property
    def argument(self) -> str:
        return f"{self.text} SMTPUTF8" if self.smtputf8 else self.text


@dataclass(frozen=True, slots=True)
class Expn(Command):
    """Who is in this mailing list? (RFC 5321 section 4.1.1.7)

    `smtputf8`: the reply may have UTF-8 in it (RFC 6531 section 3.7.4.2).
    """

    text: str
    smtputf8: bool = False
    verb: ClassVar[str] = "EXPN"

    @property
    def argument(self) -> str:
        return f"{self.text} SMTPUTF8" if self.smtputf8 else self.text


@dataclass(frozen=True, slots=True)
class Help(Command):
    """Which commands are there? (RFC 5321 section 4.1.1.8)"""

    text: str = ""
    verb: ClassVar[str] = "HELP"

    @property
    def argument(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Quit(Command):
    """Say goodbye and close (RFC 5321 section 4.1.1.10)."""

    verb: ClassVar[str] = "QUIT"


@dataclass(frozen=True, slots=True)
class StartTls(Command):
    """The next byte that I send begins a TLS handshake (RFC 3207 section 4)."""

    verb: ClassVar[str] = "STARTTLS"


@dataclass(frozen=True, slots=True)
class Auth(Command):
    """Begin a SASL exchange; `initial` is the initial response, decoded, or None (RFC 4954 section 4)."""

    mechanism: str
    initial: bytes | None = None
    verb: ClassVar[str] = "AUTH"

    @property
    def argument(self) -> str:
        if self.initial is None:
            return self.mechanism
        return f"{self.mechanism} {sasl.encode(self.initial) or '='}"


@dataclass(frozen=True, slots=True)
class AuthResponse(Command):
    """The client's turn in a SASL exchange: a line of base64 and no verb (RFC 4954 section 4)."""

    data: bytes

    @property
    def argument(self) -> str:
        return sasl.encode(self.data)

    def __str__(self) -> str:
        return self.argument


@dataclass(frozen=True, slots=True)
class AuthCancel(Command):
    """The client gives up a SASL exchange: a line with an asterisk (RFC 4954 section 4)."""

    @property
    def argument(self) -> str:
        return "*"

    def __str__(self) -> str:
        return "*"


@dataclass(frozen=True, slots=True)
class Bdat(Command):
    """A chunk of the message, with more to come: `size` octets behind the line (RFC 3030 section 2).

    `data` are those octets, b"" when only the line is known.
    """

    size: int
    data: bytes = field(default=b"", repr=False, compare=False)
    verb: ClassVar[str] = "BDAT"

    @property
    def argument(self) -> str:
        return str(self.size)

    def _encode(self) -> bytes:
        wire = f"{self.verb} {self.argument}\r\n".encode() + self.data
        object.__setattr__(self, "_wire", wire)
        return wire


@dataclass(frozen=True, slots=True)
class BdatLast(Bdat):
    """The last chunk; the reply to it is the reply to the message.

    `message_id` and `message_size` (octets of all chunks) are for the trace and do not go over the wire.
    """

    message_id: str = field(default="", compare=False)
    message_size: int = field(default=0, compare=False)
    role: ClassVar[str] = "data"

    @property
    def argument(self) -> str:
        return f"{self.size} LAST"

    def fields(self) -> Mapping[str, Json]:
        size = self.message_size or len(self.data)
        return {"msg": self.message_id, "bytes_wire": len(self.to_bytes()), "bytes_content": size, "chunk": self.size}


DATA, RSET, QUIT = Data(), Rset(), Quit()

# A client says these again and again, in the same words.
lhlo = lru_cache(maxsize=1024)(Lhlo)
ehlo = lru_cache(maxsize=1024)(Ehlo)
mail = lru_cache(maxsize=4096)(Mail)
rcpt = lru_cache(maxsize=4096)(Rcpt)

Hello: TypeAlias = Ehlo | Helo | Lhlo
Verb: TypeAlias = Hello | Mail | Rcpt | Data | Bdat | Rset | Noop | Vrfy | Expn | Help | Quit | StartTls | Auth
"""A command that begins with its verb: all but the lines of a SASL exchange and the content."""
