"""SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677): both sides prove that they know the password, none sends it.

    C: n,,n=user,r=NONCE
    S: r=NONCE+MORE,s=SALT,i=4096
    C: c=biws,r=NONCE+MORE,p=PROOF
    S: v=SIGNATURE

The server keeps no password but what follows from it and a salt. Here it is computed when it is needed, because a
scenario names passwords. `scramp` does the computing; the last message of the server is one more challenge in the
protocols around it, and the client's answer to that is empty.
"""

from __future__ import annotations

from functools import lru_cache

from scramp import ScramClient, ScramException, ScramMechanism

from mailsim.protocols.sasl.exchange import Accounts, Proof, SaslError, Step, text

ITERATIONS = 4096


@lru_cache(maxsize=4096)
def _stored(mechanism: str, password: str, salt: bytes) -> tuple[bytes, bytes, bytes, int]:
    """What a server keeps of a password: salt, stored key, server key, iterations."""
    salt, stored_key, server_key, iterations = ScramMechanism(mechanism).make_auth_info(password, ITERATIONS, salt)
    return bytes(salt), bytes(stored_key), bytes(server_key), int(iterations)


class ScramServer:
    """The server's half. A user who is not there gets questions like any other, and is always wrong."""

    def __init__(self, mechanism: str, accounts: Accounts) -> None:
        self.name = mechanism
        self._accounts = accounts
        self._username = ""
        self._server = ScramMechanism(mechanism).make_server(self._look_up, s_nonce=accounts.nonce())
        self._said = 0

    def _look_up(self, username: str) -> tuple[bytes, bytes, bytes, int]:
        self._username = username
        password = self._accounts.password(username)
        if not password:
            password = self._accounts.nonce()
        return _stored(self.name, password, self._accounts.salt(username))

    def step(self, response: bytes | None) -> Step:
        message = text(response or b"")
        if response is None:
            return b""
        if self._said == 2:
            if message:
                raise SaslError("nothing is left to say")
            return Proof(self._username, True)
        self._said += 1
        if self._said == 1:
            return self._first(message)
        return self._final(message)

    def _first(self, message: str) -> Step:
        try:
            self._server.set_client_first(message)
            return str(self._server.get_server_first()).encode()
        except ScramException as error:
            raise SaslError(f"not a first message of SCRAM: {error}") from None

    def _final(self, message: str) -> Step:
        try:
            self._server.set_client_final(message)
            return str(self._server.get_server_final()).encode()
        except ScramException as error:
            if getattr(error.server_error, "name", "") == "INVALID_PROOF":
                return Proof(self._username, False)
            raise SaslError(f"not a final message of SCRAM: {error}") from None


class ScramClientSide:
    """The client's half; it ends only when the server has shown that it knows the password too."""

    def __init__(self, mechanism: str, username: str, password: str, nonce: str) -> None:
        self.name = mechanism
        self.is_done = False
        self._client = ScramClient([mechanism], username, password, c_nonce=nonce or None)
        self._said = 0

    def initial(self) -> bytes | None:
        self._said = 1
        return str(self._client.get_client_first()).encode()

    def respond(self, challenge: bytes) -> bytes:
        message = text(challenge)
        self._said += 1
        try:
            match self._said:
                case 1 if not message:
                    return str(self._client.get_client_first()).encode()
                case 2:
                    self._client.set_server_first(message)
                    return str(self._client.get_client_final()).encode()
                case 3:
                    self._client.set_server_final(message)
                    self.is_done = True
                    return b""
        except ScramException as error:
            raise SaslError(f"the server's SCRAM is wrong: {error}") from None
        raise SaslError("SCRAM has two challenges")
