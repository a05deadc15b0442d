"""The exceptions of mailsim; a reply that refuses something is a value, never one of these.

MailsimError
+-- ProtocolError           somebody broke a protocol
|   +-- LocalProtocolError  our side tried to send what is not legal now
|   +-- RemoteProtocolError the other side sent what no grammar allows
+-- ConnectionLost          the transport under a dialogue is gone
|   +-- ConnectionRefused   the host answered SYN with RST
|   +-- ConnectionTimedOut  nobody answered in time
|   +-- ConnectionReset     RST in the middle of a connection
|   +-- ServiceEnds         the server is being shut down
|   +-- HostUnreachable     there is no route or no such address
|   +-- Unwelcome           the server said no instead of a greeting
|   +-- TlsFailed           TLS could not be set up, or was broken
+-- ScenarioError           a file of the user is wrong (file, line, column, hint)
"""

from __future__ import annotations


class MailsimError(Exception):
    """Root of every exception that mailsim raises on purpose."""


class ProtocolError(MailsimError):
    """A protocol was broken."""


class LocalProtocolError(ProtocolError):
    """Our own side tried to send something that is not legal in this state."""


class RemoteProtocolError(ProtocolError):
    """The other side sent something that the grammar does not allow."""


class ConnectionLost(MailsimError):
    """The transport under a dialogue is gone or never came to be."""


class ConnectionRefused(ConnectionLost):
    """The host answered our SYN with RST: it is up, and nothing listens there."""


class ConnectionTimedOut(ConnectionLost):
    """Nobody answered within the time allowed."""


class ConnectionReset(ConnectionLost):
    """The other side sent RST in the middle of the connection."""


class ServiceEnds(ConnectionLost):
    """The operator shuts the server down; the connection still stands, for a last word."""


class HostUnreachable(ConnectionLost):
    """There is no route to the address, or no host has it."""


class Unwelcome(ConnectionLost):
    """The server answered the connection with a refusal; the message is what it said."""


class TlsFailed(ConnectionLost):
    """TLS could not be set up, or what came was not what TLS allows.

    Args: message, and reason: the slug of the fact `tls.fail`, e.g. `expired`.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message, reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.args[0])


class ScenarioError(MailsimError):
    """A file of the user is wrong.

    Args: message (what is wrong), file, line and column (1-based, 0 when the whole file is
    meant), hint (what to do), source (the offending line, without its line end).
    """

    def __init__(
        self,
        message: str,
        file: str = "",
        line: int = 0,
        column: int = 0,
        hint: str = "",
        source: str = "",
    ) -> None:
        super().__init__(message, file, line, column, hint, source)
        self.message, self.file, self.line, self.column = message, file, line, column
        self.hint, self.source = hint, source

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"
