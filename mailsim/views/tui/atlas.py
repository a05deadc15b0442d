"""Who talks to whom: the graph under the map, and the order of the nodes in it.

An edge is a pair of hosts of which one said something to the other or tried to connect to it. Columns
count hops from the first person who acts, so that mail flows to the right. Name servers and resolvers
stand beside: they get a column near those who ask them, after the mail nodes have theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import networkx as nx

from mailsim.trace.events import Event, Noted, Said
from mailsim.trace.facts import FaultEnded, FaultHit, FaultStarted, RouteDecided, TcpFact, UserActed, ZoneChanged
from mailsim.trace.trace import Node, Trace
from mailsim.views.tui.text import cut

NEVER = 1 << 62
"""A sequence number that no event has."""


class Importance(IntEnum):
    """What leaves the map first when there is no room: the largest."""

    MAIL = 0
    RESOLVER = 1
    NAME_SERVER = 2
    SILENT = 3


@dataclass(slots=True)
class Atlas:
    """The graph of a trace.

    Attributes:
        nodes: name -> node, without routers (they are in every path and in no dialogue).
        graph: edges between names.
        first_seen: name, or sorted pair of names -> the first event in which it takes part.
        preferences: host -> (event that tells it, MX preference).
        start: the host of the first person who acts, "" if nobody does.
        columns: name -> hops from where the mail starts; `order`: the nodes from left to right.
    """

    nodes: dict[str, Node]
    graph: nx.Graph[str] = field(default_factory=nx.Graph)
    first_seen: dict[str | tuple[str, str], int] = field(default_factory=dict)
    preferences: dict[str, tuple[int, int]] = field(default_factory=dict)
    start: str = ""
    columns: dict[str, int] = field(default_factory=dict)
    order: tuple[str, ...] = ()

    @staticmethod
    def of(trace: Trace) -> Atlas:
        """Read the whole trace once."""
        atlas = Atlas({node.name: node for node in trace.world.nodes if node.roles != ("router",)})
        atlas.graph.add_nodes_from(atlas.nodes)
        mail: nx.Graph[str] = nx.Graph()
        for event in trace.events:
            atlas._read(event, mail)
        atlas.columns = atlas._columns(mail)
        atlas.order = tuple(sorted(atlas.nodes, key=atlas._place))
        return atlas

    def importance(self, name: str) -> Importance:
        """How much the map would miss the node."""
        if name not in self.first_seen:
            return Importance.SILENT
        roles = set(self.nodes[name].roles)
        if roles == {"nameserver"}:
            return Importance.NAME_SERVER
        return Importance.RESOLVER if self._is_name_server(name) else Importance.MAIL

    def label(self, name: str) -> str:
        """The short name of a node."""
        node = self.nodes.get(name)
        return node.label if node else name

    def preference(self, name: str, seq: int) -> int | None:
        """The MX preference of a host, once event `seq` or one before it has told it."""
        told, preference = self.preferences.get(name, (NEVER, 0))
        return preference if told <= seq and told != NEVER else None

    def _read(self, event: Event, mail: nx.Graph[str]) -> None:
        match event:
            case Said(peer=peer):
                self._link(event, peer)
                if event.protocol != "dns":
                    mail.add_edge(event.node, peer)
            case Noted(fact=TcpFact(peer=peer)):
                self._link(event, peer)
                if event.kind == "tcp.connect" and not self._is_name_server(peer):
                    mail.add_edge(event.node, peer)
            case Noted(fact=RouteDecided(how="mx", candidates=candidates)):
                for candidate in candidates:
                    host = candidate.host.rstrip(".")
                    self.preferences.setdefault(host, (event.seq, candidate.preference))
            case Noted(fact=FaultStarted() | FaultEnded() | FaultHit() | ZoneChanged()):
                return  # what happens to a host is nothing that it does
            case Noted(fact=UserActed()) if not self.start and event.node in self.nodes:
                self.start = event.node
        if isinstance(event, Noted) and event.node in self.nodes:
            self.first_seen.setdefault(event.node, event.seq)

    def _is_name_server(self, name: str) -> bool:
        node = self.nodes.get(name)
        return node is not None and bool(node.roles) and set(node.roles) <= {"nameserver", "resolver"}

    def _link(self, event: Event, peer: str) -> None:
        if event.node == peer or event.node not in self.nodes or peer not in self.nodes:
            return
        for key in (event.node, peer, pair(event.node, peer)):
            self.first_seen.setdefault(key, event.seq)
        self.graph.add_edge(event.node, peer)

    def _columns(self, mail: nx.Graph[str]) -> dict[str, int]:
        seen = [name for name in self.nodes if self.importance(name) is Importance.MAIL]
        start = self.start or min(seen, key=lambda name: self.first_seen[name], default=None)
        mail.add_nodes_from(seen)
        columns = {} if start is None else dict(nx.single_source_shortest_path_length(mail, start))
        for name in sorted(set(self.nodes) - columns.keys(), key=self._importance_and_first):
            known = [columns[other] for other in self.graph.neighbors(name) if other in columns]
            columns[name] = _beside(known, self.importance(name))
        return columns

    def _importance_and_first(self, name: str) -> tuple[int, int, str]:
        return self.importance(name), self.first_seen.get(name, NEVER), name

    def _place(self, name: str) -> tuple[int, int, int, str]:
        return (self.columns[name], *self._importance_and_first(name))


def _beside(columns: list[int], importance: Importance) -> int:
    """The column of a helper: above who asks it; what it asks itself stands one further."""
    if not columns:
        return 0
    middle = sorted(columns)[len(columns) // 2]
    return middle + 1 if importance is Importance.NAME_SERVER else middle


def pair(one: str, other: str) -> tuple[str, str]:
    """The key of an edge, whoever spoke first."""
    return (one, other) if one < other else (other, one)


ROLE_TITLES: Mapping[str, str] = {
    "mua": "MUA",
    "msa": "MSA",
    "mta": "MTA",
    "mda": "MDA",
    "imap": "IMAP",
    "pop3": "POP3",
    "resolver": "resolver",
    "nameserver": "DNS",
    "web": "web",
}
"""Role -> how a box says it; a store is no program, so it has no title."""


def title(node: Node, preference: int | None) -> str:
    """What the frame of a node says: its roles, or what the MX records made of it."""
    if preference is not None:
        return f"MX {preference}"
    return "+".join(ROLE_TITLES[role] for role in ROLE_TITLES if role in node.roles)


def shortened(roles: str, room: int) -> str:
    """A title in so many cells: whole roles, the first ones, and how many more there are: `MSA+MTA+3`."""
    names = roles.split("+")
    some = ("+".join((*names[:n], str(len(names) - n))) for n in range(len(names) - 1, 0, -1))
    return next((text for text in (roles, *some) if len(text) <= room), cut(roles, room))
