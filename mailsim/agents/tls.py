"""What a client wants of TLS, and what both sides do to get it: the same for SMTP, IMAP and POP3 (RFC 8314)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

from mailsim.agents.operations import Connection, Note, Secured, StartTls
from mailsim.agents.policy import TlsMode, TlsVersion
from mailsim.errors import TlsFailed
from mailsim.trace import facts

Start: TypeAlias = Literal["implicit", "starttls"]

NOBODY_VOUCHES = frozenset(("expired", "not-yet-valid", "wrong-name", "self-signed", "unknown-ca"))
FOR_THE_USER = NOBODY_VOUCHES | {"not-offered", "refused", "no-common-version"}
"""Reasons of `TlsFailed` that another try does not mend: a mail client tells its user, who has to decide, and does
not go on by itself (RFC 8314 section 5)."""


@dataclass(frozen=True, slots=True)
class ClientTls:
    """How a client protects its connection to one server.

    Attributes:
        mode: `opportunistic` takes STARTTLS if it is offered, `required` does nothing without it.
        server_name: whom the client wants to talk to: the name that the certificate must have.
        check: whether a bad certificate ends the connection.
    """

    mode: TlsMode = "none"
    server_name: str = ""
    check: bool = True
    versions: tuple[TlsVersion, ...] = ("1.2", "1.3")

    @property
    def is_implicit(self) -> bool:
        """TLS from the first octet on?"""
        return self.mode == "implicit"

    @property
    def wants_starttls(self) -> bool:
        """Does it look for STARTTLS?"""
        return self.mode in ("opportunistic", "required")

    async def start(self, connection: Connection, mode: Start, timeout_us: int) -> Secured:
        """The client's handshake. Raises: TlsFailed, ConnectionLost."""
        return await StartTls(connection, mode, timeout_us, self.server_name, self.check, self.versions)

    async def give_up(self, connection: Connection, *, is_offered: bool) -> NoReturn:
        """The client insists on TLS and does not get it. Raises: TlsFailed."""
        reason = "refused" if is_offered else "not-offered"
        about = (
            connection.id,
            connection.local_address,
            connection.peer_address,
            connection.peer_port,
            6 if ":" in connection.local_address else 4,
            connection.peer_name,
        )
        await Note(facts.TlsFailed(*about, "client", "starttls", reason, ""))
        raise TlsFailed("the server offers no TLS", reason)


NO_TLS = ClientTls()


async def serve_tls(
    connection: Connection, mode: Start, timeout_us: int, versions: tuple[TlsVersion, ...] = ("1.2", "1.3")
) -> Secured:
    """The server's handshake. Raises: TlsFailed, ConnectionLost."""
    return await StartTls(connection, mode, timeout_us, versions=versions)


async def note_discarded(octets: int) -> None:
    """Note that plaintext came behind STARTTLS: nobody vouches for it, so it was thrown away (RFC 3207 section 4.2)."""
    if octets:
        await Note(facts.PolicyVerdict("starttls", "discard", f"{octets} octets of plaintext"))
