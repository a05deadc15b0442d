"""How much the gateway lets real programs do before it hangs up."""

from __future__ import annotations

import sys
from dataclasses import dataclass

FILES_FOR_OTHERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of a gateway.

    Attributes:
        connections: open at one time; who comes after is hung up on.
        octets: in both directions of one connection.
        idle_s: seconds of real time in which neither side says anything. RFC 9051 section 5.4 lets a client of IMAP be
            silent for 30 minutes.
        unsent: octets of one connection that wait for a real program too slow to read.
        backlog: octets from a real program that may be on their way in the simulation before it is made to wait.
        asking: questions over UDP that wait for an answer.
        events, recorded: events, and octets from and to real programs, after which nothing more is recorded.
    """

    connections: int = 4096
    octets: int = 4 * 1024**3
    idle_s: float = 35 * 60
    unsent: int = 256 * 1024**2
    backlog: int = 512 * 1024
    asking: int = 1024
    events: int = 1_000_000
    recorded: int = 256 * 1024**2


def allow_many_files(wanted: int) -> int:
    """Ask the system for as many open files as `wanted` connections need; gives how many connections it allows."""
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + FILES_FOR_OTHERS
    if soft != resource.RLIM_INFINITY and soft < needed:
        allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        except (OSError, ValueError):
            allowed = soft
        return min(wanted, max(allowed - FILES_FOR_OTHERS, 1))
    return wanted
