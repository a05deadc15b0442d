"""The boxes and lines of the map: the atlas, with all name servers in one box when they are many.

A resolver asks the root, the top-level domain and the domain's own servers, and there may be a resolver at
each site: drawn one by one that would be most of the map and none of the story. The box that they share
shows the name of the one that is asked now.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

from mailsim.views.tui.atlas import NEVER, Atlas, Importance, pair

SERVERS = "*servers"
"""The box of all name servers."""
FEW = 2
"""So many name servers still have a box each."""


@dataclass(frozen=True, slots=True)
class MapGraph:
    """What the map draws.

    Attributes:
        members: box -> the hosts in it; box_of: host -> its box.
        order: boxes from left to right; columns, importance: as in the atlas.
        graph: edges between boxes; first_seen: box, or pair of boxes -> the first event in which it takes part.
    """

    members: dict[str, tuple[str, ...]]
    box_of: dict[str, str]
    order: tuple[str, ...]
    columns: dict[str, int]
    importance: dict[str, Importance]
    graph: nx.Graph[str]
    first_seen: dict[str | tuple[str, str], int]

    @staticmethod
    def of(atlas: Atlas) -> MapGraph:
        """The boxes for an atlas."""
        servers = tuple(name for name in atlas.order if atlas.importance(name) is Importance.NAME_SERVER)
        shared = servers if len(servers) > FEW else ()
        box_of = {name: SERVERS if name in shared else name for name in atlas.order}
        order = tuple(dict.fromkeys(box_of[name] for name in atlas.order))
        members = {box: tuple(name for name in atlas.order if box_of[name] == box) for box in order}
        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(order)
        first_seen: dict[str | tuple[str, str], int] = {}
        for key, seq in atlas.first_seen.items():
            boxes = box_of[key] if isinstance(key, str) else pair(box_of[key[0]], box_of[key[1]])
            first_seen[boxes] = min(seq, first_seen.get(boxes, NEVER))
        graph.add_edges_from((box_of[a], box_of[b]) for a, b in atlas.graph.edges if box_of[a] != box_of[b])
        columns = {box: atlas.columns[names[0]] for box, names in members.items()}
        importance = {box: atlas.importance(names[0]) for box, names in members.items()}
        return MapGraph(members, box_of, order, columns, importance, graph, first_seen)
