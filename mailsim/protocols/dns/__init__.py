"""DNS, sans-IO: messages, zones and their authoritative answers, cache, and iterative resolution."""

from mailsim.protocols.dns.arrival import read_query
from mailsim.protocols.dns.authoritative import ZoneSet
from mailsim.protocols.dns.cache import Cache, CacheLimits, Known, KnownFailure, KnownNot, ReplyCache, Trust
from mailsim.protocols.dns.delegation import ADDRESS_TYPES, Delegation, Server
from mailsim.protocols.dns.framing import Frames
from mailsim.protocols.dns.interpretation import interpret
from mailsim.protocols.dns.messages import EDNS_UDP_BYTES, NO_QUESTIONS, TRANSFERS, Answer, Query, polite_any
from mailsim.protocols.dns.recursion import Ask, AskTcp, Done, RecursionLimits, Resolution, Step
from mailsim.protocols.dns.servers import ServerBook
from mailsim.protocols.dns.values import Question, RRset, name_of
from mailsim.protocols.dns.wire import Content
from mailsim.protocols.dns.zone import Zone, ZoneSyntaxError

__all__ = [
    "ADDRESS_TYPES",
    "EDNS_UDP_BYTES",
    "NO_QUESTIONS",
    "TRANSFERS",
    "Answer",
    "Ask",
    "AskTcp",
    "Cache",
    "CacheLimits",
    "Content",
    "Delegation",
    "Done",
    "Frames",
    "Known",
    "KnownFailure",
    "KnownNot",
    "Query",
    "Question",
    "RRset",
    "RecursionLimits",
    "ReplyCache",
    "Resolution",
    "Server",
    "ServerBook",
    "Step",
    "Trust",
    "Zone",
    "ZoneSet",
    "ZoneSyntaxError",
    "interpret",
    "name_of",
    "polite_any",
    "read_query",
]
