"""Words of protocols in faults: which service knows which command, and what its servers can be made to say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from mailsim.agents.troubles import Words
from mailsim.protocols.smtp import Reply

Service: TypeAlias = Literal["mta", "msa", "mda", "imap", "pop3", "resolver", "nameserver"]
SmtpCommand: TypeAlias = Literal[
    "CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "CONTENT", "RSET", "NOOP", "VRFY", "EXPN", "QUIT"
]
ImapCommand: TypeAlias = Literal[
    "CONNECT", "CAPABILITY", "NOOP", "ID", "LOGOUT", "STARTTLS", "LOGIN", "AUTHENTICATE", "ENABLE", "SELECT", "EXAMINE",
    "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "LIST", "LSUB", "NAMESPACE", "STATUS", "APPEND", "IDLE",
    "GETQUOTA", "GETQUOTAROOT", "SETQUOTA", "CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "SEARCH", "FETCH", "STORE", "COPY",
    "MOVE",
]  # fmt: skip
Pop3Command: TypeAlias = Literal[
    "CONNECT", "CAPA", "STLS", "UTF8", "USER", "PASS", "APOP", "AUTH", "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE",
    "NOOP", "RSET", "QUIT",
]  # fmt: skip
Command: TypeAlias = Literal[SmtpCommand, ImapCommand, Pop3Command]

SMTP, IMAP, POP3 = get_args(SmtpCommand), get_args(ImapCommand), get_args(Pop3Command)
COMMANDS: Mapping[str, tuple[str, ...]] = {"mta": SMTP, "msa": SMTP, "mda": SMTP, "imap": IMAP, "pop3": POP3}
"""Service -> its commands. CONNECT is the greeting, CONTENT what follows DATA; a UID command has no other name."""
WRITING = ("APPEND", "COPY")
"""Commands of IMAP that need room."""

_SMTP_REPLY = re.compile(r"^([45]\d\d)(?: ([45]\.\d{1,3}\.\d{1,3}))?(?: ([\x20-\x7e]+))?$")
_ACCESS_REPLY = re.compile(r"^(NO|BAD|BYE|-ERR)(?: \[([A-Z][A-Z0-9/-]*(?: [!-Z^-~ ]+)?)\])?(?: ([!-Z^-~][ -~]*))?$")
USUAL_TEXT = "A fault of the scenario"


def parse_reply(text: str) -> Reply | Words:
    """What a server says: `451 4.3.0 Try again later`, `NO [UNAVAILABLE] Not now`, `-ERR [SYS/TEMP] Not now`.

    Raises: ValueError unless it is a 4yz or 5yz reply of SMTP or LMTP, NO, BAD or BYE of IMAP, or -ERR of POP3.
    """
    if (refusal := _ACCESS_REPLY.match(text)) is not None:
        return Words(refusal[1], refusal[3] or USUAL_TEXT, refusal[2] or "")
    match = _SMTP_REPLY.match(text)
    if not match or (match[2] and match[2][0] != text[0]):
        raise ValueError(text)
    return Reply.of(int(match[1]), match[2] or "", match[3] or USUAL_TEXT)


def speakers(text: str, command: str) -> tuple[str, ...]:
    """The services that can say this in answer to a command. Raises: ValueError for what is no such reply."""
    said = parse_reply(text)
    if isinstance(said, Reply):
        return ("mta", "msa", "mda")
    if said.status == "-ERR":
        return ("pop3",)
    return ("imap",) if command != "CONNECT" or said.status == "BYE" else ()  # RFC 9051 section 7.1: no other greeting
