"""A finished trace: what the world looked like, and everything that happened in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mailsim.trace.code import Code
from mailsim.trace.events import Event


@dataclass(frozen=True, slots=True)
class Node:
    """A host, as a map shows it. `roles` are of: mua msa mta mda store imap pop3 resolver nameserver web router."""

    name: str
    label: str
    site: str
    roles: tuple[str, ...]
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A cable between two nodes; bandwidth in bits a second, loss as a probability."""

    a: str
    b: str
    latency_us: int
    bandwidth_bps: int
    loss: float


@dataclass(frozen=True, slots=True)
class World:
    """What was there before anything happened: the part of a scenario that a view needs.

    Attributes:
        scenario: id of the scenario; seed: the run's seed; level: 1 to 5.
        start_us: the scenario's start, microseconds since the Unix epoch; utc_offset_minutes: its time zone.
        users: address -> display name.
        zones: zone name -> zone file text.
        texts: language (`en`, `cs`) -> key (`title`, `objective`, `story`, `explain.<topic>`) -> text.
        simplifications: slugs of what this run leaves out (the lessons have the sentences).
    """

    scenario: str
    seed: int
    start_us: int
    utc_offset_minutes: int
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    level: int = 1
    detail: str = "story"
    users: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    simplifications: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """A world and its events, in order of `seq`; `at` never falls; `end_us` is when the run ended.

    `tls_secrets` let others read what went encrypted, in the format of NSS key logs; `code` tells which line of a
    script an event comes from, when that was recorded.
    """

    world: World
    events: Sequence[Event]
    end_us: int
    tls_secrets: bytes = b""
    code: Code = field(default_factory=Code)
