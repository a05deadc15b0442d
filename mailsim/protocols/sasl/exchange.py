"""What all mechanisms have in common: challenges, responses, and what an exchange ends with (RFC 4422)."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from mailsim.errors import RemoteProtocolError


class SaslError(RemoteProtocolError):
    """The other side sent a SASL message that the mechanism does not allow."""


@dataclass(frozen=True, slots=True)
class Password:
    """The client sent its password itself; `authorization_id` is who it wants to act as, "" for itself."""

    username: str
    password: str
    authorization_id: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """The client has shown that it knows the password, without sending it; or it has not (`is_right`)."""

    username: str
    is_right: bool
    authorization_id: str = ""


Credentials: TypeAlias = Password | Proof
Step: TypeAlias = "bytes | Credentials"


class ServerMechanism(Protocol):
    """The server's half of one exchange."""

    @property
    def name(self) -> str:
        """As IANA writes it, e.g. `SCRAM-SHA-256`."""

    def step(self, response: bytes | None) -> Step:
        """Take a response (None: the client sent no initial one); give a challenge, or the end.

        Raises SaslError when the response is not what the mechanism prescribes.
        """


class ClientMechanism(Protocol):
    """The client's half of one exchange."""

    @property
    def name(self) -> str:
        """As IANA writes it, e.g. `SCRAM-SHA-256`."""

    @property
    def is_done(self) -> bool:
        """Whether everything was said, and the server has shown what it had to show."""

    def initial(self) -> bytes | None:
        """The initial response, or None when the server must speak first."""

    def respond(self, challenge: bytes) -> bytes:
        """The response to a challenge; raises SaslError when there is nothing left to say."""


class Accounts(Protocol):
    """What a server knows, and needs for mechanisms that send no password."""

    @property
    def hostname(self) -> str:
        """The name of the server."""

    def password(self, username: str) -> str | None:
        """The password of a user; None when there is no such user."""

    def nonce(self) -> str:
        """Letters and digits that nobody can foresee, never the same twice."""

    def salt(self, username: str) -> bytes:
        """At least 12 octets: always the same for a user, whether there is one or not, and other ones for others."""


def encode(data: bytes) -> str:
    """Base64 in one line, as SMTP, POP3 and IMAP carry it."""
    return binascii.b2a_base64(data, newline=False).decode()


def decode(text: str) -> bytes:
    """The bytes behind one line of base64; raises SaslError for anything but strict base64."""
    try:
        # Pythons differ in how strict "strict" is about padding, so that is not left to them.
        if len(text) % 4 == 0 and not text.endswith("==="):
            return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:  # binascii.Error is one, and so is text that is not ASCII
        pass
    raise SaslError("this is not base64")


def text(data: bytes) -> str:
    """UTF-8 as text. Raises: SaslError."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise SaslError("this is not UTF-8") from None
