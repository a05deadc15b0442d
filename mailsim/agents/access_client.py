"""How a client of IMAP or POP3 begins: connection, greeting, and TLS as far as it is wanted (RFC 8314).

After that each protocol has a dialogue of its own: `ImapClient` and `Pop3Client`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

from mailsim.agents.operations import Close, Connect, Connection
from mailsim.agents.tls import NO_TLS, ClientTls, note_discarded
from mailsim.errors import ConnectionLost, RemoteProtocolError

REPLY_TIMEOUT_US = 300_000_000


class AccessClient(ABC):
    """An open connection to an access server."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @classmethod
    async def connect(cls, address: str, port: int, timeout_us: int, tls: ClientTls = NO_TLS) -> Self:
        """Open a connection, wait for the greeting, and get TLS as far as it is wanted.

        Raises: ConnectionLost, TlsFailed, Unwelcome, RemoteProtocolError; then the connection is closed.
        """
        client = cls(await Connect(address, port, timeout_us))
        try:
            if tls.is_implicit:
                await tls.start(client.connection, "implicit", REPLY_TIMEOUT_US)
            await client.wait_for_greeting()
            if tls.wants_starttls:
                await client._get_tls(tls)
        except (ConnectionLost, RemoteProtocolError):
            await Close(client.connection)
            raise
        return client

    async def _get_tls(self, tls: ClientTls) -> None:
        """TLS if it is offered; what is offered inside is asked anew (RFC 9051 section 6.2.1, RFC 2595 section 4)."""
        is_offered = await self.offers_tls()
        if is_offered and await self.asks_for_tls():
            await tls.start(self.connection, "starttls", REPLY_TIMEOUT_US)
            await note_discarded(self.forget_plaintext())
            await self.ask_what_is_offered()
        elif tls.mode == "required":
            await tls.give_up(self.connection, is_offered=is_offered)

    # --- what each protocol says in its own words ----------------------------------------------------

    @abstractmethod
    async def wait_for_greeting(self) -> None:
        """Hear the server's first words. Raises: Unwelcome."""

    @abstractmethod
    async def ask_what_is_offered(self) -> None:
        """CAPABILITY or CAPA."""

    @abstractmethod
    async def offers_tls(self) -> bool:
        """Does the server say that TLS can begin here?"""

    @abstractmethod
    async def asks_for_tls(self) -> bool:
        """STARTTLS or STLS; gives whether the server agrees."""

    @abstractmethod
    def forget_plaintext(self) -> int:
        """TLS is up: nobody vouches for what came before; gives how many octets were thrown away."""
