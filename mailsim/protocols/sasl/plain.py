"""PLAIN (RFC 4616) and LOGIN: the client sends its password, and only TLS keeps others from reading it."""

from __future__ import annotations

from typing import ClassVar

from mailsim.protocols.sasl.exchange import Password, SaslError, Step, text


class PlainServer:
    """PLAIN: one message, `authorization NUL username NUL password` (RFC 4616 section 2)."""

    name: ClassVar[str] = "PLAIN"

    def step(self, response: bytes | None) -> Step:
        if response is None:
            return b""
        parts = text(response).split("\0")
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
            return Password(self._username, text(response))
        self._username = text(response)
        if not self._username:
            raise SaslError("an empty user name")
        return b"Password:"


class PlainClient:
    """The client's half of PLAIN."""

    name: ClassVar[str] = "PLAIN"

    def __init__(self, username: str, password: str, authorization_id: str = "") -> None:
        self._message: bytes | None = f"{authorization_id}\0{username}\0{password}".encode()

    @property
    def is_done(self) -> bool:
        return self._message is None

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

    @property
    def is_done(self) -> bool:
        return not self._answers

    def initial(self) -> bytes | None:
        return None

    def respond(self, challenge: bytes) -> bytes:  # noqa: ARG002
        if not self._answers:
            raise SaslError("LOGIN has two prompts")
        return self._answers.pop()
