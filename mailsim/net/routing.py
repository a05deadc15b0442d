"""Which links a packet takes: shortest paths by latency on the networkx graph of the network."""

from __future__ import annotations

import itertools
from random import Random

import networkx as nx

from mailsim.net.link import Direction, Route


class Topology:
    """Nodes and links. Routes are computed once for each pair and kept."""

    def __init__(self) -> None:
        self._graph: nx.Graph[str] = nx.Graph()
        self._directions: dict[tuple[str, str], Direction] = {}
        self._routes: dict[tuple[str, str], Route | None] = {}

    def add_node(self, name: str) -> None:
        """Add a host or a router."""
        self._graph.add_node(name)

    def add_link(self, a: str, b: str, latency_us: int, bandwidth_bps: int, loss: float, random: Random) -> None:
        """Join two nodes by a full-duplex link."""
        self._graph.add_edge(a, b, latency_us=latency_us)
        for source, target in ((a, b), (b, a)):
            name = f"{source}>{target}"
            self._directions[source, target] = Direction(name, latency_us, bandwidth_bps, loss, random)
        self._routes.clear()

    def direction(self, source: str, target: str) -> Direction:
        """One direction of the link between two neighbours. Raises: KeyError when there is none."""
        return self._directions[source, target]

    def neighbours(self, node: str) -> list[str]:
        """The nodes to which a link leads from here."""
        return list(self._graph[node])

    def has_link(self, source: str, target: str) -> bool:
        """Whether a link joins two nodes."""
        return (source, target) in self._directions

    def route(self, source: str, target: str) -> Route | None:
        """The way from one host to another; None when there is none."""
        key = (source, target)
        if key not in self._routes:
            self._routes[key] = self._find(source, target)
        return self._routes[key]

    def _find(self, source: str, target: str) -> Route | None:
        try:
            path = nx.shortest_path(self._graph, source, target, weight="latency_us")
        except nx.NetworkXNoPath:
            return None
        return Route([self._directions[step] for step in itertools.pairwise(path)])
