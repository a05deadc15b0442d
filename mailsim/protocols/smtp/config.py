"""How an SMTP or LMTP server is set up: its name, extensions and limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from mailsim.errors import LocalProtocolError
from mailsim.protocols.sasl import MECHANISMS
from mailsim.protocols.smtp.commands import Auth, Bdat, BdatLast, Command, Expn, Help, StartTls, Vrfy
from mailsim.protocols.smtp.grammar import check_domain

SIZE_PARAMETER, BODY_PARAMETER, AUTH_PARAMETER, UTF8_PARAMETER, DSN_PARAMETERS = 26, 17, 500, 10, 117
"""Octets by which MAIL may grow: RFC 1870 section 3 (5), RFC 6152, RFC 4954 section 3, RFC 6531 section 3.1, and
ENVID of 100 octets with RET (RFC 3461 section 5.4)."""
RCPT_DSN_PARAMETERS = 542
"""The same for RCPT: NOTIFY of 28 octets and ORCPT of 500."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmtpServerConfig:
    """A server's settings. Limits are octets, with the CRLF, as RFC 5321 section 4.5.3.1 counts.

    A server makes its settings once; two that were made apart are not compared.
    """

    hostname: str
    is_lmtp: bool = False
    pipelining: bool = True
    eight_bit_mime: bool = True
    enhanced_status_codes: bool = True
    size: bool = True
    size_limit: int = 10_240_000
    """The biggest message, 0 for no fixed limit; it holds even when SIZE is not offered."""
    starttls: bool = False
    require_tls: bool = False
    """Nearly everything is 530 until TLS is active (RFC 3207 section 4)."""
    auth_mechanisms: tuple[str, ...] = ()
    require_auth: bool = False
    """Nearly everything is 530 until the client has authenticated (RFC 4954 section 6)."""
    auth_requires_tls: bool = False
    """AUTH is not offered, and 538 when tried, until TLS is active."""
    chunking: bool = True
    """BDAT (RFC 3030)."""
    dsn: bool = True
    """RET, ENVID, NOTIFY and ORCPT (RFC 3461)."""
    smtputf8: bool = True
    """Addresses and header fields in UTF-8 (RFC 6531); needs `eight_bit_mime`."""
    help: bool = True
    vrfy: bool = True
    expn: bool = False
    max_recipients: int = 100
    command_line_limit: int = 512
    text_line_limit: int = 1000
    auth_line_limit: int = 12288

    mail_line_limit: int = field(init=False, repr=False)
    """How long a MAIL command may be with the parameters of the extensions that are offered."""
    rcpt_line_limit: int = field(init=False, repr=False)
    """The same for RCPT."""
    longest_line_limit: int = field(init=False, repr=False)
    """No line of any kind may be longer than this."""
    not_offered: frozenset[type[Command]] = field(init=False, repr=False)
    """Verbs that the server knows and does not do: 502 (RFC 5321 section 4.2.4)."""

    extensions: frozenset[str] = field(init=False, repr=False)
    """The EHLO keywords of all that is offered, before and after TLS."""

    _ehlo_lines: tuple[tuple[str, ...], tuple[str, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_domain(self.hostname)
        if unknown := set(self.auth_mechanisms) - set(MECHANISMS):
            raise LocalProtocolError(f"no such mechanism: {', '.join(sorted(unknown))}")
        if self.smtputf8 and not self.eight_bit_mime:
            raise LocalProtocolError("SMTPUTF8 needs 8BITMIME (RFC 6531 section 3.1)")
        mail_line_limit = (
            self.command_line_limit
            + (SIZE_PARAMETER if self.size else 0)
            + (BODY_PARAMETER if self.eight_bit_mime else 0)
            + (AUTH_PARAMETER if self.auth_mechanisms else 0)
            + (UTF8_PARAMETER if self.smtputf8 else 0)
            + (DSN_PARAMETERS if self.dsn else 0)
        )
        rcpt_line_limit = self.command_line_limit + (RCPT_DSN_PARAMETERS if self.dsn else 0)
        longest = max(mail_line_limit, rcpt_line_limit, self.auth_line_limit * bool(self.auth_mechanisms))
        optional: dict[type[Command], bool] = {
            StartTls: self.starttls,
            Auth: bool(self.auth_mechanisms),
            Bdat: self.chunking,
            BdatLast: self.chunking,
            Vrfy: self.vrfy,
            Expn: self.expn,
            Help: self.help,
        }
        set_once = partial(object.__setattr__, self)
        set_once("mail_line_limit", mail_line_limit)
        set_once("rcpt_line_limit", rcpt_line_limit)
        set_once("longest_line_limit", longest)
        set_once("_ehlo_lines", (self._list_extensions(False), self._list_extensions(True)))
        set_once("extensions", frozenset(line.partition(" ")[0] for lines in self._ehlo_lines for line in lines))
        set_once("not_offered", frozenset(kind for kind, offered in optional.items() if not offered))

    @property
    def protocol(self) -> str:
        """What the greeting calls the protocol."""
        return "LMTP" if self.is_lmtp else "ESMTP"

    def ehlo_lines(self, tls_active: bool) -> tuple[str, ...]:
        """The extensions, one a line, as EHLO lists them (RFC 5321 section 4.1.1.1)."""
        return self._ehlo_lines[tls_active]

    def _list_extensions(self, tls_active: bool) -> tuple[str, ...]:
        offers_auth = self.auth_mechanisms and (tls_active or not self.auth_requires_tls)
        lines = (
            "PIPELINING" if self.pipelining else "",
            f"SIZE {self.size_limit}" if self.size else "",
            "STARTTLS" if self.starttls and not tls_active else "",
            f"AUTH {' '.join(self.auth_mechanisms)}" if offers_auth else "",
            "ENHANCEDSTATUSCODES" if self.enhanced_status_codes else "",
            "8BITMIME" if self.eight_bit_mime else "",
            "DSN" if self.dsn else "",
            "SMTPUTF8" if self.smtputf8 else "",
            "CHUNKING" if self.chunking else "",
            "EXPN" if self.expn else "",
            "HELP" if self.help else "",
        )
        return tuple(line for line in lines if line)
