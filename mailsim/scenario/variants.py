"""The variants of a scenario file: its tree with their keys laid over it, and what each of them changes, in a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mailsim.scenario.tree import Entry, ListNode, MapNode, Node, Plain, Scalar, overlay, plain

NOT_ITS_WORLD = frozenset({"title", "objective", "story", "explain", "allow"})
"""Keys that say something about a scenario, and change nothing in it."""
LESS_TELLING = ("at", "for", "text")
"""Keys of a step or a fault that say least about it: they come last."""
LONGEST = 60
CONTEXT = 2
"""So many keys of a path are written: `imap.expunge_order`."""


def with_variant(root: MapNode, variant: str, change: str = "") -> MapNode:
    """The tree as a variant has it, without the key `variants`; as it is when it has no such variant.

    Args: change: stands behind the title, unless the variant has one of its own.
    """
    override = override_of(root, variant)
    base = MapNode(root.mark, {key: entry for key, entry in root.entries.items() if key != "variants"}, root.size)
    laid = overlay(base, override)
    assert isinstance(laid, MapNode)
    if change and "title" in root.entries and "title" not in override.entries:
        title = root.entries["title"]
        laid.entries["title"] = Entry(title.key_mark, _with_change(title.node, change))
    return laid


def override_of(root: MapNode, variant: str) -> MapNode:
    """The keys of a variant; none when there is no such variant."""
    variants = root.entries.get("variants")
    if variants is not None and isinstance(variants.node, MapNode) and variant in variants.node.entries:
        override = variants.node.entries[variant].node
        if isinstance(override, MapNode):
            return override
    return MapNode(root.mark)


def change_of(root: MapNode, variant: str) -> str:
    """The first thing that a variant has and the scenario has not: `imap.expunge_order = descending`; "" for none."""
    override = {key: entry for key, entry in override_of(root, variant).entries.items() if key not in NOT_ITS_WORLD}
    found = next(_changes(root, MapNode(root.mark, override), ()), "")
    return found if len(found) <= LONGEST else f"{found[: LONGEST - 1]}…"


def _changes(base: Node | None, override: Node, path: tuple[str, ...]) -> Iterator[str]:
    name = ".".join(path[-CONTEXT:])
    match override:
        case MapNode(entries=entries):
            known: Mapping[str, Entry] = base.entries if isinstance(base, MapNode) else {}
            for key, entry in entries.items():
                yield from _changes(known[key].node if key in known else None, entry.node, (*path, key))
        case ListNode():
            before = plain(base) if isinstance(base, ListNode) else []
            now = plain(override)
            new = [item for item in now if item not in before]
            if new:
                yield f"{path[-1]}: {_in_words(new[0])}"
            elif now != before:
                yield f"{path[-1]}: {len(before)} > {len(now)}"
        case Scalar():
            before = set(_lines(base)) if isinstance(base, Scalar) else set()
            new = [line for line in _lines(override) if line not in before]
            if new:
                yield f"{name} = {new[0]}"


def _lines(scalar: Scalar) -> list[str]:
    """What was written, line by line; of a zone, each record is one."""
    return [" ".join(line.split()) for line in (scalar.text or "~").splitlines()]


def _in_words(item: Plain) -> str:
    """A step or a fault in a few words: `refused mail.skola.example 993 0s 60s`."""
    if isinstance(item, dict):
        keys = sorted(item, key=lambda key: LESS_TELLING.index(key) + 1 if key in LESS_TELLING else 0)
        return " ".join(_in_words(item[key]) for key in keys)
    if isinstance(item, list):
        return ", ".join(map(_in_words, item))
    return " ".join(str(item).split())


def _with_change(title: Node, change: str) -> Node:
    """A title, in one language or in each, with the change behind it."""
    match title:
        case MapNode(mark=mark, entries=entries, size=size):
            told = {key: Entry(entry.key_mark, _with_change(entry.node, change)) for key, entry in entries.items()}
            return MapNode(mark, told, size)
        case Scalar(value=str(value), mark=mark):
            return Scalar(f"{value} – {change}", mark)
        case _:
            return title
