"""May this be sent? What a client checks before it says something, so that it never breaks the protocol itself.

Our own grammar must read back what we are going to say, within the limits of length, and the server must have offered
the extension that it needs. Whether it is its turn is judged in `client`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mailsim.errors import LocalProtocolError
from mailsim.protocols.smtp import grammar
from mailsim.protocols.smtp.commands import (
    Auth,
    AuthCancel,
    AuthResponse,
    Bdat,
    BdatLast,
    Command,
    Lhlo,
    Mail,
    Rcpt,
    StartTls,
)
from mailsim.protocols.smtp.content import Content, has_bare_line_end, has_long_line
from mailsim.protocols.smtp.parameters import EXTENSION_OF
from mailsim.protocols.smtp.parsing import read_line

if TYPE_CHECKING:
    from mailsim.protocols.smtp.client import SmtpClient

MAX_COMMAND_LINE, MAX_AUTH_LINE, MAX_TEXT_LINE = 512, 12288, 1000


# --- is it well formed? -------------------------------------------------------------------------


def check_form(command: Command) -> None:
    """Raises LocalProtocolError for what must not be sent to anybody; else the command is known to be sound."""
    _FORMS.get(type(command), _check_line)(command)
    object.__setattr__(command, "is_sound", True)


def _check_line(command: Command, limit: int = MAX_COMMAND_LINE) -> None:
    wire = command.to_bytes()
    _, meaning = read_line(wire, is_lmtp=isinstance(command, Lhlo))
    if meaning != command:
        raise LocalProtocolError(f"{wire!r} is not {command!r}: {meaning}")
    _check_length(command, limit)


def _check_length(command: Command, limit: int = MAX_AUTH_LINE) -> None:
    length = len(command.to_bytes())
    if length > limit:
        raise LocalProtocolError(f"a command line of {length} octets")


def _check_auth_line(command: Auth) -> None:
    _check_line(command, MAX_AUTH_LINE)


def _check_path_line(command: Mail | Rcpt) -> None:
    """Each extension adds its parameters to the limit of length."""
    _check_line(command, MAX_COMMAND_LINE + len(grammar.format_parameters(command.parameters)))


def _check_content(content: Content) -> None:
    data = content.data
    if data and not data.endswith(b"\r\n"):
        data += b"\r\n"  # as it will go over the wire
    if has_bare_line_end(data):
        raise LocalProtocolError("the message holds a CR or LF that stands alone")
    if has_long_line(data, MAX_TEXT_LINE):
        raise LocalProtocolError("the message has a line that is too long")


def _check_chunk(chunk: Bdat) -> None:
    if chunk.size != len(chunk.data):
        raise LocalProtocolError(f"a chunk of {chunk.size} octets that has {len(chunk.data)}")


_FORMS: dict[type[Command], Callable[[Any], None]] = {
    Mail: _check_path_line,
    Rcpt: _check_path_line,
    Auth: _check_auth_line,
    AuthResponse: _check_length,
    AuthCancel: _check_length,
    Content: _check_content,
    Bdat: _check_chunk,
    BdatLast: _check_chunk,
}
"""What is checked of the form of commands that are more than a line within the usual limit."""


# --- does the server take it? -------------------------------------------------------------------


def _is_auth_offered(client: SmtpClient, command: Auth) -> None:
    if command.mechanism not in client.extensions.get("AUTH", "").upper().split():
        raise LocalProtocolError(f"the server does not offer AUTH {command.mechanism}")


def _is_starttls_offered(client: SmtpClient, _: StartTls) -> None:
    if client.tls_active or "STARTTLS" not in client.extensions:
        raise LocalProtocolError("the server does not offer STARTTLS")


def _are_parameters_offered(client: SmtpClient, command: Mail | Rcpt) -> None:
    if not command.path.isascii():
        mail = command if isinstance(command, Mail) else client.mail_sent()
        if mail is None or not mail.smtputf8:
            raise LocalProtocolError("an address beyond ASCII needs MAIL with SMTPUTF8 (RFC 6531 section 3.4)")
    for key, _ in command.parameters:
        if EXTENSION_OF.get((type(command), key)) not in client.extensions:
            raise LocalProtocolError(f"the server does not offer what {key} needs")


def _is_chunking_offered(client: SmtpClient, chunk: Bdat) -> None:
    if "CHUNKING" not in client.extensions:
        raise LocalProtocolError("the server does not offer CHUNKING")
    _are_eight_bits_announced(client, chunk)


def _are_eight_bits_announced(client: SmtpClient, content: Content | Bdat) -> None:
    if content.data.isascii():
        return
    mail = client.mail_sent()
    if mail is None or mail.body == "7BIT":
        raise LocalProtocolError("eight bits need MAIL with BODY=8BITMIME")


OFFERS: dict[type[Command], Callable[[SmtpClient, Any], None]] = {
    Mail: _are_parameters_offered,
    Rcpt: _are_parameters_offered,
    Auth: _is_auth_offered,
    StartTls: _is_starttls_offered,
    Content: _are_eight_bits_announced,
    Bdat: _is_chunking_offered,
    BdatLast: _is_chunking_offered,
}
"""Checks that a server has offered what a command needs; they raise LocalProtocolError."""
