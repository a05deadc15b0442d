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


def check_form(client: SmtpClient, command: Command) -> None:
    """Raises LocalProtocolError for what must not be sent, whatever the state."""
    check = _CHECKS.get(type(command))
    if check is None:
        _check_line(client, command, MAX_COMMAND_LINE)
    else:
        check(client, command)


def _check_line(client: SmtpClient, command: Command, limit: int) -> None:
    wire = command.to_bytes()
    _, meaning = read_line(wire, client.is_lmtp)
    if meaning != command:
        raise LocalProtocolError(f"{wire!r} is not {command!r}: {meaning}")
    if len(wire) > limit:
        raise LocalProtocolError(f"a command line of {len(wire)} octets")


def _check_sasl_line(_: SmtpClient, command: AuthResponse | AuthCancel) -> None:
    if len(command.to_bytes()) > MAX_AUTH_LINE:
        raise LocalProtocolError(f"a command line of {len(command.to_bytes())} octets")


def _check_auth(client: SmtpClient, command: Auth) -> None:
    _check_line(client, command, MAX_AUTH_LINE)
    if command.mechanism not in client.extensions.get("AUTH", "").upper().split():
        raise LocalProtocolError(f"the server does not offer AUTH {command.mechanism}")


def _check_starttls(client: SmtpClient, command: StartTls) -> None:
    _check_line(client, command, MAX_COMMAND_LINE)
    if client.tls_active or "STARTTLS" not in client.extensions:
        raise LocalProtocolError("the server does not offer STARTTLS")


def _check_path(client: SmtpClient, command: Mail | Rcpt) -> None:
    """Each extension adds its parameters to the limit of length."""
    parameters = command.parameters
    room = len(grammar.format_parameters(parameters)) if parameters else 0
    _check_line(client, command, MAX_COMMAND_LINE + room)
    if not command.path.isascii():
        mail = command if isinstance(command, Mail) else client.mail_sent()
        if mail is None or not mail.smtputf8:
            raise LocalProtocolError("an address beyond ASCII needs MAIL with SMTPUTF8 (RFC 6531 section 3.4)")
    for key, _ in parameters:
        if EXTENSION_OF.get((type(command), key)) not in client.extensions:
            raise LocalProtocolError(f"the server does not offer what {key} needs")


def _check_content(client: SmtpClient, content: Content) -> None:
    data = content.data
    if data and not data.endswith(b"\r\n"):
        data += b"\r\n"  # as it will go over the wire
    if has_bare_line_end(data):
        raise LocalProtocolError("the message holds a CR or LF that stands alone")
    if has_long_line(data, MAX_TEXT_LINE):
        raise LocalProtocolError("the message has a line that is too long")
    _check_eight_bits(client, data)


def _check_chunk(client: SmtpClient, chunk: Bdat) -> None:
    if "CHUNKING" not in client.extensions:
        raise LocalProtocolError("the server does not offer CHUNKING")
    if chunk.size != len(chunk.data):
        raise LocalProtocolError(f"a chunk of {chunk.size} octets that has {len(chunk.data)}")
    _check_eight_bits(client, chunk.data)


def _check_eight_bits(client: SmtpClient, data: bytes) -> None:
    if data.isascii():
        return
    mail = client.mail_sent()
    if mail is None or mail.body == "7BIT":
        raise LocalProtocolError("eight bits need MAIL with BODY=8BITMIME")


_CHECKS: dict[type[Command], Callable[[SmtpClient, Any], None]] = {
    Mail: _check_path,
    Rcpt: _check_path,
    Auth: _check_auth,
    AuthResponse: _check_sasl_line,
    AuthCancel: _check_sasl_line,
    StartTls: _check_starttls,
    Content: _check_content,
    Bdat: _check_chunk,
    BdatLast: _check_chunk,
}
"""What is checked of the commands that are more than a line within the usual limit."""
