"""POP3 without I/O: both sides of a connection (RFC 1939, RFC 2449, RFC 2595, RFC 5034)."""

from mailsim.protocols.pop3.apop import apop_digest, apop_matches
from mailsim.protocols.pop3.client import Pop3Client
from mailsim.protocols.pop3.commands import (
    Apop,
    Auth,
    AuthResponse,
    Capa,
    Command,
    Dele,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    Stls,
    Top,
    Uidl,
    User,
    Utf8,
)
from mailsim.protocols.pop3.config import Pop3Config
from mailsim.protocols.pop3.events import (
    Announced,
    Answered,
    ApopLogin,
    Event,
    Login,
    Refused,
    Retrieve,
    StartTls,
    Update,
)
from mailsim.protocols.pop3.listings import (
    DropListing,
    capabilities,
    drop_listing,
    scan_listings,
    unique_ids,
)
from mailsim.protocols.pop3.maildrop import Drop
from mailsim.protocols.pop3.parsing import Mistake, parse_command
from mailsim.protocols.pop3.replies import Challenge, Greeting, Reply
from mailsim.protocols.pop3.server import Pop3Server
from mailsim.protocols.pop3.states import AFTER_REFUSAL, NEXT, State, after
from mailsim.protocols.pop3.stuffing import message_size

__all__ = [
    "AFTER_REFUSAL",
    "NEXT",
    "Announced",
    "Answered",
    "Apop",
    "ApopLogin",
    "Auth",
    "AuthResponse",
    "Capa",
    "Challenge",
    "Command",
    "Dele",
    "Drop",
    "DropListing",
    "Event",
    "Greeting",
    "List",
    "Login",
    "Mistake",
    "Noop",
    "Pass",
    "Pop3Client",
    "Pop3Config",
    "Pop3Server",
    "Quit",
    "Refused",
    "Reply",
    "Retr",
    "Retrieve",
    "Rset",
    "StartTls",
    "Stat",
    "State",
    "Stls",
    "Top",
    "Uidl",
    "Update",
    "User",
    "Utf8",
    "after",
    "apop_digest",
    "apop_matches",
    "capabilities",
    "drop_listing",
    "message_size",
    "parse_command",
    "scan_listings",
    "unique_ids",
]
