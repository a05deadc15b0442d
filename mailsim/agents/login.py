"""How the servers of a host find out who is there: the same for submission, IMAP and POP3."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from mailsim.agents.directory import User
from mailsim.agents.host import Host
from mailsim.agents.operations import Connection, Note, Sleep
from mailsim.protocols import sasl
from mailsim.trace.facts import AuthFailed, AuthSucceeded


class HostAccounts:
    """The users of a host, as SASL mechanisms ask for them."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @property
    def hostname(self) -> str:
        return self._host.name

    def password(self, username: str) -> str | None:
        user = self._host.directory.find(username)
        return user.password if user else None

    def nonce(self) -> str:
        return f"{self._host.random('sasl').getrandbits(96):024x}"

    def salt(self, username: str) -> bytes:
        secret = f"{self._host.seed} {self._host.name} {username}"
        return hashlib.sha256(secret.encode()).digest()[:16]


def mechanisms(host: Host) -> sasl.ServerMechanisms:
    """The server's half of every mechanism, for the users of a host."""
    return sasl.server_mechanisms(HostAccounts(host))


@dataclass(slots=True)
class Guard:
    """Watches over the logins of one connection.

    Attributes:
        delay_us: what a wrong password costs, so that guessing is slow.
        limit: after how many wrong ones the connection ends; 0 for never. failures: how many there were.
        has_had_enough: whether there were too many.
    """

    host: Host
    connection: Connection
    delay_us: int
    limit: int
    failures: int = 0
    has_had_enough: bool = False

    async def admit(self, credentials: sasl.Credentials, mechanism: str) -> User | None:
        """Who it is; None when the credentials are wrong, or when somebody wants to act for somebody else."""
        user = self.host.directory.accept(credentials)
        fact = AuthSucceeded if user else AuthFailed
        name = user.address if user else credentials.username.encode("utf-8", "replace").decode()
        await Note(fact(self.connection.id, mechanism, name, self.connection.tls))
        if user is None:
            self.failures += 1
            self.has_had_enough = 0 < self.limit <= self.failures
            await Sleep(self.delay_us)
        return user
