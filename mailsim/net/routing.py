"""Which links a packet takes: shortest paths by latency.

Most networks are trees, where there is one way only. networkx, which takes longer to load than such a network to run,
is asked where a choice is to be made.
"""

from __future__ import annotations

import itertools
from random import Random

from mailsim.net.link import Direction


class Topology:
    """Nodes and links. Routes are computed once for each pair and kept."""

    def __init__(self) -> None:
        self._neighbours: dict[str, dict[str, None]] = {}
        self._directions: dict[tuple[str, str], Direction] = {}
        self._routes: dict[tuple[str, str], tuple[Direction, ...] | None] = {}

    def add_node(self, name: str) -> None:
        """Add a host or a router."""
        self._neighbours.setdefault(name, {})

    def add_link(self, a: str, b: str, latency_us: int, bandwidth_bps: int, loss: float, random: Random) -> None:
        """Join two nodes by a full-duplex link."""
        for source, target in ((a, b), (b, a)):
            self._neighbours.setdefault(source, {})[target] = None
            name = f"{source}>{target}"
            self._directions[source, target] = Direction(name, latency_us, bandwidth_bps, loss, random)
        self._routes.clear()

    def direction(self, source: str, target: str) -> Direction:
        """One direction of the link between two neighbours. Raises: KeyError when there is none."""
        return self._directions[source, target]

    def neighbours(self, node: str) -> list[str]:
        """The nodes to which a link leads from here."""
        return list(self._neighbours[node])

    def has_link(self, source: str, target: str) -> bool:
        """Whether a link joins two nodes."""
        return (source, target) in self._directions

    def route(self, source: str, target: str) -> tuple[Direction, ...] | None:
        """The links from one host to another, none to itself; None when there is no way."""
        key = (source, target)
        if key not in self._routes:
            self._routes[key] = self._find(source, target)
        return self._routes[key]

    def _find(self, source: str, target: str) -> tuple[Direction, ...] | None:
        before = self._tree(source)
        path = self._shortest(source, target) if before is None else _back(before, target)
        return None if path is None else tuple(self._directions[step] for step in itertools.pairwise(path))

    def _tree(self, source: str) -> dict[str, str] | None:
        """The node before each that can be reached; None when there is more than one way to one of them."""
        before = {source: ""}
        waiting = [source]
        while waiting:
            node = waiting.pop()
            for neighbour in self._neighbours[node]:
                if neighbour == before[node]:
                    continue
                if neighbour in before:
                    return None
                before[neighbour] = node
                waiting.append(neighbour)
        return before

    def _shortest(self, source: str, target: str) -> list[str] | None:
        import networkx as nx

        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(self._neighbours)
        for (one, other), direction in self._directions.items():
            graph.add_edge(one, other, latency_us=direction.latency_us)
        try:
            return list(nx.shortest_path(graph, source, target, weight="latency_us"))
        except nx.NetworkXNoPath:
            return None


def _back(before: dict[str, str], target: str) -> list[str] | None:
    """The way to the target, found from its end; None when there is none."""
    if target not in before:
        return None
    path = [target]
    while before[path[-1]]:
        path.append(before[path[-1]])
    return path[::-1]
