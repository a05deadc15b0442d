"""Which mechanisms there are, and the choice between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from mailsim.protocols.sasl.cram_md5 import CramMd5Client, CramMd5Server
from mailsim.protocols.sasl.exchange import Accounts, ClientMechanism, ServerMechanism
from mailsim.protocols.sasl.plain import LoginClient, LoginServer, PlainClient, PlainServer

ServerMechanisms: TypeAlias = Mapping[str, Callable[[], ServerMechanism]]

SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-1")
MECHANISMS = (*SCRAM, "CRAM-MD5", "PLAIN", "LOGIN")
"""All of them; a client that may choose freely takes the first that the server offers."""


WITH_PASSWORD: ServerMechanisms = {"PLAIN": PlainServer, "LOGIN": LoginServer}
"""Those that send the password itself, so that the server needs no accounts to ask."""


def server_mechanisms(accounts: Accounts | None = None) -> ServerMechanisms:
    """Makes the server's half of a mechanism by its name; without `accounts` only those that send the password."""
    if accounts is None:
        return WITH_PASSWORD
    return {
        **WITH_PASSWORD,
        "CRAM-MD5": lambda: CramMd5Server(accounts),
        "SCRAM-SHA-1": lambda: _scram_server("SCRAM-SHA-1", accounts),
        "SCRAM-SHA-256": lambda: _scram_server("SCRAM-SHA-256", accounts),
    }


def client_mechanism(name: str, username: str, password: str, nonce: str = "") -> ClientMechanism:
    """The client's half. Args: nonce: for SCRAM, letters and digits that were never used before ("": by chance)."""
    match name:
        case "PLAIN":
            return PlainClient(username, password)
        case "LOGIN":
            return LoginClient(username, password)
        case "CRAM-MD5":
            return CramMd5Client(username, password)
        case _:
            from mailsim.protocols.sasl.scram import ScramClientSide  # its library takes a while to load

            return ScramClientSide(name, username, password, nonce)


def choose(
    offered: Iterable[str], username: str, password: str, wanted: Iterable[str] = MECHANISMS, nonce: str = ""
) -> ClientMechanism | None:
    """The first of the mechanisms that the client wants and the server offers; None when there is none."""
    names = {name.upper() for name in offered}
    for name in wanted:
        if name in names:
            return client_mechanism(name, username, password, nonce)
    return None


def _scram_server(name: str, accounts: Accounts) -> ServerMechanism:
    from mailsim.protocols.sasl.scram import ScramServer  # its library takes a while to load

    return ScramServer(name, accounts)
