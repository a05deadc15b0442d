"""SMTP and LMTP without I/O: commands, replies, content, and an engine for each side (RFC 5321, RFC 2033).

Read `states` first: it is the protocol in one table. `commands` and `replies` are what goes over the wire,
`grammar` and `parsing` read it, `content` carries the message, `server` and `client` are the engines.

A name from here is loaded when it is first asked for (PEP 562): most of the simulator wants only `Reply`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailsim.protocols.smtp.client import SmtpClient
    from mailsim.protocols.smtp.commands import (
        Auth,
        AuthCancel,
        AuthResponse,
        Bdat,
        BdatLast,
        Command,
        Data,
        Ehlo,
        Expn,
        Helo,
        Help,
        Lhlo,
        Mail,
        Noop,
        Quit,
        Rcpt,
        Rset,
        StartTls,
        Vrfy,
    )
    from mailsim.protocols.smtp.config import SmtpServerConfig
    from mailsim.protocols.smtp.content import Content
    from mailsim.protocols.smtp.events import Answered, Asked, AuthDone, ContentReceived, Refused, ServerEvent
    from mailsim.protocols.smtp.parsing import BadCommand, parse_command
    from mailsim.protocols.smtp.replies import Challenge, Greeting, Reply
    from mailsim.protocols.smtp.server import SmtpServer
    from mailsim.protocols.smtp.states import NEXT, State

__all__ = [
    "NEXT",
    "Answered",
    "Asked",
    "Auth",
    "AuthCancel",
    "AuthDone",
    "AuthResponse",
    "BadCommand",
    "Bdat",
    "BdatLast",
    "Challenge",
    "Command",
    "Content",
    "ContentReceived",
    "Data",
    "Ehlo",
    "Expn",
    "Greeting",
    "Helo",
    "Help",
    "Lhlo",
    "Mail",
    "Noop",
    "Quit",
    "Rcpt",
    "Refused",
    "Reply",
    "Rset",
    "ServerEvent",
    "SmtpClient",
    "SmtpServer",
    "SmtpServerConfig",
    "StartTls",
    "State",
    "Vrfy",
    "parse_command",
]

_MODULES = ("replies", "config", "states", "commands", "events", "parsing", "content", "server", "client")
"""Where the names are; those that need the least are first."""


def __getattr__(name: str) -> object:
    for module in _MODULES if name in __all__ else ():
        found = vars(import_module(f"{__name__}.{module}"))
        if name in found:
            return globals().setdefault(name, found[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
