"""What an SMTP server says: a three-digit code, text for people, and an enhanced code (RFC 5321 section 4.2).

The first digit tells the client what to do next: 2 done, 3 go on, 4 not now, 5 not ever. The other two
are finer. An enhanced status code (RFC 3463, RFC 2034) says the same more exactly and stands in front
of the text of each line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

from mailsim.errors import LocalProtocolError
from mailsim.protocols import sasl
from mailsim.protocols.pdu import Json

MAX_REPLY_LINE = 512  # octets with CRLF, RFC 5321 section 4.5.3.1.5

_is_enhanced = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}").fullmatch


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, of one line or more; `enhanced` is "" or like "5.1.1"."""

    code: int
    lines: tuple[str, ...] = ("",)
    enhanced: str = ""
    is_positive: bool = field(init=False, repr=False, compare=False)
    """2yz: done."""
    is_intermediate: bool = field(init=False, repr=False, compare=False)
    """3yz: so far so good, send the rest."""
    is_negative: bool = field(init=False, repr=False, compare=False)
    """4yz or 5yz."""
    _wire: bytes = field(default=b"", init=False, repr=False, compare=False)

    role: ClassVar[str] = "reply"
    max_line: ClassVar[int] = MAX_REPLY_LINE

    def __post_init__(self) -> None:
        digit = self.code // 100
        object.__setattr__(self, "is_positive", digit == 2)
        object.__setattr__(self, "is_intermediate", digit == 3)
        object.__setattr__(self, "is_negative", digit in (4, 5))

    @classmethod
    def of(cls, code: int, enhanced: str, *lines: str) -> Self:
        """A reply in the order in which it is read: `Reply.of(550, "5.1.1", "No such user")`."""
        return cls(code, lines or ("",), enhanced)

    @property
    def is_transient(self) -> bool:
        """4yz: not done, the same may succeed later."""
        return 400 <= self.code < 500

    @property
    def is_permanent(self) -> bool:
        """5yz: not done, do not try the same again."""
        return 500 <= self.code < 600

    @property
    def text(self) -> str:
        """The text of all lines, without codes."""
        return "\n".join(self.lines)

    def to_bytes(self) -> bytes:
        """The wire form; raises LocalProtocolError for a text that would break the line or its limit."""
        return self._wire or self._encode()

    def _encode(self) -> bytes:
        texts = [f"{self.enhanced} {line}" for line in self.lines] if self.enhanced else self.lines
        last = len(texts) - 1
        wire = b""
        for index, text in enumerate(texts):
            line = f"{self.code}{' ' if index == last else '-'}{text}"
            if not line.isprintable() and not line.replace("\t", " ").isprintable():
                raise LocalProtocolError(f"a control character in the reply {line!r}")
            encoded = line.encode() + b"\r\n"
            if len(encoded) > self.max_line:
                raise LocalProtocolError(f"a reply line of {len(encoded)} octets")
            wire += encoded
        object.__setattr__(self, "_wire", wire)
        return wire

    def __str__(self) -> str:
        text = " / ".join(self.lines).replace("\t", " ")
        return " ".join(part for part in (str(self.code), self.enhanced, text) if part)

    def fields(self) -> Mapping[str, Json]:
        return {"code": self.code, "enh": self.enhanced, "text": self.text}


class Greeting(Reply):
    """The first reply of a connection, before any command: 220, or 554 when there is no service."""

    __slots__ = ()
    role: ClassVar[str] = "greet"


class Challenge(Reply):
    """334: the server's turn in a SASL exchange, in base64 (RFC 4954 section 4)."""

    __slots__ = ()
    max_line: ClassVar[int] = 12288

    @classmethod
    def from_data(cls, data: bytes) -> Challenge:
        """The challenge that carries `data`."""
        return cls(334, (sasl.encode(data),))

    @property
    def data(self) -> bytes:
        """What the challenge carries; raises SaslError when it is not base64."""
        return sasl.decode(self.lines[0])


def split_enhanced(code: int, lines: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Take the enhanced code off the text of each line, if all have the same and it fits `code`."""
    enhanced = lines[0].partition(" ")[0]
    if not _is_enhanced(enhanced) or int(enhanced[0]) != code // 100:
        return "", lines
    prefix = enhanced + " "
    texts = tuple(line[len(prefix) :] for line in lines if line.startswith(prefix) or line == enhanced)
    return (enhanced, texts) if len(texts) == len(lines) else ("", lines)


HELLO_FIRST = Reply.of(503, "5.5.1", "Send EHLO first")
MAIL_FIRST = Reply.of(503, "5.5.1", "Send MAIL first")
RCPT_FIRST = Reply.of(503, "5.5.1", "Send RCPT first")
BAD_SEQUENCE = Reply.of(503, "5.5.1", "Bad sequence of commands")
NESTED_MAIL = Reply.of(503, "5.5.1", "A mail transaction is already open")
CHUNKS_BEGUN = Reply.of(503, "5.5.1", "A chunk has come: only BDAT or RSET may follow")
NO_RECIPIENTS = Reply.of(554, "5.5.1", "No valid recipients")
UNRECOGNIZED = Reply.of(500, "5.5.2", "Command unrecognized")
NOT_IMPLEMENTED = Reply.of(502, "5.5.1", "Command not implemented")
LINE_TOO_LONG = Reply.of(500, "5.5.2", "Line too long")
AUTH_LINE_TOO_LONG = Reply.of(500, "5.5.6", "Authentication exchange line is too long")
BARE_LINE_END = Reply.of(500, "5.5.2", "Lines end with CR LF, and neither may stand alone")
NOT_ASCII = Reply.of(501, "5.5.2", "Only ASCII is allowed in commands")
NOT_UTF8 = Reply.of(501, "5.5.2", "The command is neither ASCII nor UTF-8")
SENDER_NOT_ASCII = Reply.of(550, "5.6.7", "A sender address beyond ASCII needs MAIL with SMTPUTF8")
RECIPIENT_NOT_ASCII = Reply.of(553, "5.6.7", "A recipient address beyond ASCII needs MAIL with SMTPUTF8")
HEADER_NOT_ASCII = Reply.of(554, "5.6.9", "A header beyond ASCII needs MAIL with SMTPUTF8")
VERIFY_NOT_ASCII = Reply.of(252, "2.6.8", "The reply would need UTF-8, and was not asked for with SMTPUTF8")
NO_ARGUMENT_ALLOWED = Reply.of(501, "5.5.4", "No argument is allowed here")
BAD_CHUNK_SIZE = Reply.of(501, "5.5.4", "Write BDAT octets, or BDAT octets LAST")
UNKNOWN_PARAMETER = Reply.of(555, "5.5.4", "Parameter not recognized or not implemented")
TOO_BIG = Reply.of(552, "5.3.4", "Message size exceeds fixed maximum message size")
TOO_MANY_RECIPIENTS = Reply.of(452, "4.5.3", "Too many recipients")
BARE_IN_CONTENT = Reply.of(550, "5.6.0", "The message holds a CR or LF that stands alone")
LONG_TEXT_LINE = Reply.of(554, "5.6.0", "The message has a line that is too long")
TLS_FIRST = Reply.of(530, "5.7.0", "Must issue a STARTTLS command first")
TLS_ALREADY = Reply.of(503, "5.5.1", "TLS is already active")
AUTH_FIRST = Reply.of(530, "5.7.0", "Authentication required")
AUTH_ALREADY = Reply.of(503, "5.5.1", "Already authenticated")
AUTH_NEEDS_TLS = Reply.of(538, "5.7.11", "Encryption required for requested authentication mechanism")
AUTH_UNKNOWN = Reply.of(504, "5.5.4", "Unrecognized authentication type")
AUTH_CANCELLED = Reply.of(501, "5.7.0", "Authentication cancelled")
AUTH_BAD_RESPONSE = Reply.of(501, "5.5.2", "Cannot decode the response")
AUTH_OK = Reply.of(235, "2.7.0", "Authentication successful")
AUTH_INVALID = Reply.of(535, "5.7.8", "Authentication credentials invalid")
SENDER_OK = Reply.of(250, "2.1.0", "Sender ok")
RECIPIENT_OK = Reply.of(250, "2.1.5", "Recipient ok")
START_INPUT = Reply.of(354, "", "Start mail input; end with <CRLF>.<CRLF>")
CONTENT_OK = Reply.of(250, "2.0.0", "Message accepted")
RESET_OK = Reply.of(250, "2.0.0", "Reset ok")
NOOP_OK = Reply.of(250, "2.0.0", "Ok")
CANNOT_VERIFY = Reply.of(252, "2.0.0", "Cannot verify the user, but will accept the message and try")
START_TLS = Reply.of(220, "2.0.0", "Ready to start TLS")
