"""SASL mechanisms without I/O, both sides; SMTP, POP3 and IMAP share them.

SASL (RFC 4422) is a dialogue of opaque byte strings inside another protocol: the server sends
*challenges*, the client *responses*, and the protocol around them only carries the strings (base64 in
all three mail protocols). Who speaks first depends on the mechanism; a client-first mechanism can save
a round trip by an *initial response*.

A server mechanism never decides who is let in. It ends with `Credentials`: a `Password`, which whoever keeps the
passwords has to compare, or a `Proof`, which says whether the client has shown that it knows it.
"""

from mailsim.protocols.sasl.cram_md5 import CramMd5Client, CramMd5Server
from mailsim.protocols.sasl.exchange import (
    Accounts,
    ClientMechanism,
    Credentials,
    Password,
    Proof,
    SaslError,
    ServerMechanism,
    Step,
    decode,
    encode,
)
from mailsim.protocols.sasl.mechanisms import (
    MECHANISMS,
    ServerMechanisms,
    choose,
    client_mechanism,
    server_mechanisms,
)
from mailsim.protocols.sasl.plain import LoginClient, LoginServer, PlainClient, PlainServer

__all__ = [
    "MECHANISMS",
    "Accounts",
    "ClientMechanism",
    "CramMd5Client",
    "CramMd5Server",
    "Credentials",
    "LoginClient",
    "LoginServer",
    "Password",
    "PlainClient",
    "PlainServer",
    "Proof",
    "SaslError",
    "ServerMechanism",
    "ServerMechanisms",
    "Step",
    "choose",
    "client_mechanism",
    "decode",
    "encode",
    "server_mechanisms",
]
