"""CRAM-MD5 (RFC 2195): the server asks something new each time, and only who knows the password can answer.

The password does not travel, but the server has to keep it as it is, and MD5 has had its day.
"""

from __future__ import annotations

import hmac
from typing import ClassVar

from mailsim.protocols.sasl.exchange import Accounts, Proof, SaslError, Step, text


def digest(password: str, challenge: bytes) -> str:
    """The answer to a challenge: HMAC-MD5 with the password as key, in lower-case hexadecimal (RFC 2195 section 2)."""
    return hmac.new(password.encode(), challenge, "md5").hexdigest()


class CramMd5Server:
    """The challenge looks like a message identifier, so that it is never the same twice."""

    name: ClassVar[str] = "CRAM-MD5"

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._challenge = b""

    def step(self, response: bytes | None) -> Step:
        if not self._challenge:
            if response:
                raise SaslError("in CRAM-MD5 the server speaks first")
            self._challenge = f"<{self._accounts.nonce()}@{self._accounts.hostname}>".encode()
            return self._challenge
        username, _, answer = text(response or b"").rpartition(" ")
        if not username:
            raise SaslError("a CRAM-MD5 response is a user name and a digest")
        password = self._accounts.password(username)
        right = digest(password or "", self._challenge)
        is_right = hmac.compare_digest(right.encode(), answer.lower().encode())
        return Proof(username, is_right and password is not None)


class CramMd5Client:
    """The client's half."""

    name: ClassVar[str] = "CRAM-MD5"

    def __init__(self, username: str, password: str) -> None:
        self._username, self._password = username, password
        self.is_done = False

    def initial(self) -> bytes | None:
        return None

    def respond(self, challenge: bytes) -> bytes:
        if self.is_done:
            raise SaslError("CRAM-MD5 has one challenge")
        self.is_done = True
        return f"{self._username} {digest(self._password, challenge)}".encode()
