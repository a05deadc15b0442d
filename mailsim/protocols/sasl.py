"""SASL mechanisms without I/O, both sides: PLAIN (RFC 4616) and LOGIN; SMTP, POP3 and IMAP share them.

SASL (RFC 4422) is a dialogue of opaque byte strings inside another protocol: the server sends
*challenges*, the client *responses*, and the protocol around them only carries the strings (base64 in
all three mail protocols). Who speaks first depends on the mechanism; a client-first mechanism can save
a round trip by an *initial response*.

A server mechanism never decides whether a password is right. It ends with `Credentials`, and whoever
keeps the passwords decides. A mechanism that proves knowledge of the password without sending it
(CRAM-MD5, SCRAM) will end with credentials of another kind; `Credentials` is the place for it.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias

from mailsim.errors import RemoteProtocolError


class SaslError(RemoteProtocolError):
    """The other side sent a SASL message that the mechanism does not allow."""


@dataclass(frozen=True, slots=True)
class Password:
    """The client sent its password itself; `authorization_id` is who it wants to act as, "" for itself."""

    username: str
    password: str
    authorization_id: str = ""


Credentials: TypeAlias = Password
Step: TypeAlias = "bytes | Credentials"


class ServerMechanism(Protocol):
    """The server's half of one exchange."""

    name: ClassVar[str]

    def step(self, response: bytes | None) -> Step:
        """Take a response (None: the client sent no initial one); give a challenge, or the end.

        Raises SaslError when the response is not what the mechanism prescribes.
        """


class ClientMechanism(Protocol):
    """The client's half of one exchange."""

    name: ClassVar[str]

    def initial(self) -> bytes | None:
        """The initial response, or None when the server must speak first."""

    def respond(self, challenge: bytes) -> bytes:
        """The response to a challenge; raises SaslError when there is nothing left to say."""


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


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise SaslError("this is not UTF-8") from None


class PlainServer:
    """PLAIN: one message, `authorization NUL username NUL password` (RFC 4616 section 2)."""

    name: ClassVar[str] = "PLAIN"

    def step(self, response: bytes | None) -> Step:
        if response is None:
            return b""
        parts = _text(response).split("\0")
        if len(parts) != 3 or not parts[1] or not parts[2]:
            raise SaslError("a PLAIN message has three parts, and the last two are not empty")
        return Password(parts[1], parts[2], parts[0])


class LoginServer:
    """LOGIN: two prompts; never an RFC, yet everywhere. An initial response is the user name."""

    name: ClassVar[str] = "LOGIN"

    def __init__(self) -> None:
        self._username = ""

    def step(self, response: bytes | None) -> Step:
        if response is None:
            return b"Username:"
        if self._username:
            return Password(self._username, _text(response))
        self._username = _text(response)
        if not self._username:
            raise SaslError("an empty user name")
        return b"Password:"


class PlainClient:
    """The client's half of PLAIN."""

    name: ClassVar[str] = "PLAIN"

    def __init__(self, username: str, password: str, authorization_id: str = "") -> None:
        self._message: bytes | None = f"{authorization_id}\0{username}\0{password}".encode()

    def initial(self) -> bytes | None:
        message, self._message = self._message, None
        return message

    def respond(self, challenge: bytes) -> bytes:
        message = self.initial()
        if challenge or message is None:
            raise SaslError("PLAIN has one message and an empty challenge")
        return message


class LoginClient:
    """The client's half of LOGIN; it ignores what the prompts say, because servers word them freely."""

    name: ClassVar[str] = "LOGIN"

    def __init__(self, username: str, password: str) -> None:
        self._answers = [password.encode(), username.encode()]

    def initial(self) -> bytes | None:
        return None

    def respond(self, challenge: bytes) -> bytes:  # noqa: ARG002
        if not self._answers:
            raise SaslError("LOGIN has two prompts")
        return self._answers.pop()


SERVER_MECHANISMS: dict[str, Callable[[], ServerMechanism]] = {"PLAIN": PlainServer, "LOGIN": LoginServer}
"""Makes the server's half of a mechanism by its name."""

CLIENT_MECHANISMS: dict[str, Callable[[str, str], ClientMechanism]] = {
    "PLAIN": PlainClient,
    "LOGIN": LoginClient,
}
"""Makes the client's half from user name and password; the best mechanism first."""


def choose(offered: Iterable[str], username: str, password: str) -> ClientMechanism | None:
    """The best mechanism that the server offers and we know, or None."""
    names = {name.upper() for name in offered}
    for name, mechanism in CLIENT_MECHANISMS.items():
        if name in names:
            return mechanism(username, password)
    return None
