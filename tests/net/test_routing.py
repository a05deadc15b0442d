"""Ways through a network: the only one there is, the fastest of several, or none."""

from __future__ import annotations

from random import Random

import pytest

from mailsim.net.routing import Topology

TREE = [("a", "r", 1), ("b", "r", 5), ("r", "s", 2), ("c", "s", 1), ("x", "y", 1)]


def topology(links: list[tuple[str, str, int]]) -> Topology:
    made = Topology()
    for name in ("a", "b", "c", "lonely"):
        made.add_node(name)
    for one, other, latency_us in links:
        made.add_link(one, other, latency_us, 1_000_000, 0.0, Random(1))
    return made


def way(links: list[tuple[str, str, int]], source: str, target: str) -> list[str] | None:
    route = topology(links).route(source, target)
    return None if route is None else [direction.name for direction in route]


@pytest.mark.parametrize("more", [[], [("r", "t", 9), ("t", "s", 9)]], ids=["tree", "with-a-detour"])
def test_the_fastest_way(more: list[tuple[str, str, int]]) -> None:
    links = TREE + more
    assert way(links, "a", "c") == ["a>r", "r>s", "s>c"]
    assert way(links, "c", "b") == ["c>s", "s>r", "r>b"]
    assert way(links, "a", "a") == []
    assert way(links, "a", "lonely") is None
    assert way(links, "a", "x") is None


def test_a_faster_detour_is_taken() -> None:
    assert way([*TREE, ("a", "c", 3)], "a", "c") == ["a>c"]
    assert way([*TREE, ("a", "c", 5)], "a", "c") == ["a>r", "r>s", "s>c"]
    assert way([*TREE, ("a", "c", 3)], "b", "c") == ["b>r", "r>s", "s>c"]
