"""YAML as a tree that remembers where every key and value stands.

Only plain data comes out: mappings, lists, text, numbers, true, false and nothing (the core schema of
YAML 1.2), so `10:05` is text and `no` is a word. No tag can make an object. The tree is built from
the parser's events, one by one, so a file that is too deep or too large is left at that very place; an
alias counts as much as what it stands for, so that a few lines cannot blow up into millions of values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

import ruamel.yaml
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from mailsim.scenario.mistakes import ScenarioErrors, shown
from mailsim.scenario.source import Mark, Source

DEEPEST = 24
MOST_NODES = 20_000
LONGEST_PROBLEM = 160
"""The library first says what it was doing, and only then what is wrong."""
STRING_TAG = "tag:yaml.org,2002:str"

Plain: TypeAlias = Any
"""What a tree stands for, without places: dict, list, str, int, float, bool or None."""


@dataclass(slots=True)
class Scalar:
    """A single value; `text` as it was written, `style` is `|` or `>` for a block."""

    value: str | int | float | bool | None
    mark: Mark
    text: str = ""
    style: str = ""
    size: int = 1


@dataclass(slots=True)
class ListNode:
    """A list."""

    mark: Mark
    items: list[Node] = field(default_factory=list)
    size: int = 1


@dataclass(slots=True)
class Entry:
    """A value of a mapping and the place of its key."""

    key_mark: Mark
    node: Node


@dataclass(slots=True)
class MapNode:
    """Keys with values, in the order of the file."""

    mark: Mark
    entries: dict[str, Entry] = field(default_factory=dict)
    size: int = 1


Node: TypeAlias = Scalar | ListNode | MapNode
Path: TypeAlias = Sequence[str | int]


def parse(source: Source) -> MapNode:
    """The tree of a file.

    Duplicate keys and the like are reported to `source` and reading goes on.
    Raises: ScenarioErrors when the file cannot be read on.
    """
    root = _Builder(source).build()
    if root is None or (isinstance(root, Scalar) and root.value is None):
        source.stop("empty")
    if not isinstance(root, MapNode):
        source.stop("wrong-type", root.mark if root else Mark(), expected="mapping", found=kind_of(root))
    return root


class _Builder:
    """Builds the tree from the parser's events."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.anchors: dict[str, Node] = {}
        self.nodes = 0

    def build(self) -> Node | None:
        root: Node | None = None
        try:
            events = self._events()
            for event in events:
                if isinstance(event, DocumentStartEvent):
                    if root is not None:
                        self.source.stop("many-documents", _mark(event.start_mark))
                    root = self._node(next(events), events, 0)
        except ScenarioErrors:
            raise
        except YAMLError as problem:
            self._syntax(problem)
        except Exception as problem:
            # Mad input makes the library itself stumble: that is still a mistake in the file.
            self.source.stop("yaml-syntax", problem=shown(f"{type(problem).__name__} {problem}"))
        return root

    def _events(self) -> Iterator[Any]:
        return iter(ruamel.yaml.YAML(typ="safe", pure=True).parse(self.source.text))

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        mark = _mark(event.start_mark)
        if isinstance(event, AliasEvent):
            return self._alias(event.anchor, mark)
        self._count(1, mark)
        if depth > DEEPEST:
            self.source.stop("too-deep", mark, limit=str(DEEPEST))
        if event.tag is not None and str(event.tag) not in (STRING_TAG, "!"):
            self.source.report("yaml-tag", mark, tag=shown(event.tag))
        node: Node
        match event:
            case SequenceStartEvent():
                node = self._sequence(mark, events, depth)
            case MappingStartEvent():
                node = self._mapping(mark, events, depth)
            case _:
                node = _scalar(event, mark)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _sequence(self, mark: Mark, events: Iterator[Any], depth: int) -> ListNode:
        node = ListNode(mark)
        while not isinstance(event := next(events), SequenceEndEvent):
            item = self._node(event, events, depth + 1)
            node.items.append(item)
            node.size += item.size
        return node

    def _mapping(self, mark: Mark, events: Iterator[Any], depth: int) -> MapNode:
        node = MapNode(mark)
        while not isinstance(event := next(events), MappingEndEvent):
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if isinstance(value, Scalar) and not value.text:  # the parser puts what is not there on a later line
                value.mark = key.mark
            node.size += key.size + value.size
            if not isinstance(key, Scalar):
                self.source.report("yaml-key", key.mark)
            elif key.text in node.entries:
                first = node.entries[key.text].key_mark.line
                self.source.report("duplicate-key", key.mark, name=shown(key.text), first=str(first))
            else:
                node.entries[key.text] = Entry(key.mark, value)
        return node

    def _alias(self, name: str, mark: Mark) -> Node:
        node = self.anchors.get(name)
        if node is None:
            self.source.report("yaml-alias", mark, name=shown(name))
            return Scalar(None, mark)
        self._count(node.size, mark)
        return node

    def _count(self, nodes: int, mark: Mark) -> None:
        self.nodes += nodes
        if self.nodes > MOST_NODES:
            self.source.stop("too-many", mark, limit=str(MOST_NODES))

    def _syntax(self, problem: YAMLError) -> NoReturn:
        place = Mark()
        said = str(getattr(problem, "reason", "") or problem)
        if isinstance(problem, MarkedYAMLError):
            mark = problem.problem_mark or problem.context_mark
            if mark and problem.context_mark and not self.source.line(mark.line + 1):
                mark = problem.context_mark  # the end of the file says nothing: where what never ended began
            place = _mark(mark) if mark else place
            said = ", ".join(part for part in (problem.context, problem.problem) if part)
        elif hasattr(problem, "position"):
            before = self.source.text[: problem.position]
            place = Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
            self.source.stop("yaml-character", place, character=f"U+{ord(self.source.text[problem.position]):04X}")
        self.source.stop("yaml-syntax", place, problem=shown(" ".join(said.split()), LONGEST_PROBLEM))


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_LONG_INTEGER = re.compile(r"[-+]?[0-9]{19,}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def _scalar(event: ScalarEvent, mark: Mark) -> Scalar:
    text: str = event.value
    style: str = event.style or ""
    plain = not style and event.tag is None
    return Scalar(_resolve(text) if plain else text, mark, text, style)


def _resolve(text: str) -> str | int | float | bool | None:
    """What a word without quotes means (YAML 1.2.2 section 10.3.2), without octal, hexadecimal and infinity."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if len(text) < 40 and _FLOAT.fullmatch(text):
        return float(text)
    return text


def kind_of(node: Node | None) -> str:
    """The kind of a node, as `mailsim.lessons.errors.EXPECTED` names it."""
    match node:
        case Scalar(value=str(text), style="") if _LONG_INTEGER.fullmatch(text):
            return "long-number"
        case MapNode():
            return "mapping"
        case ListNode():
            return "list"
        case Scalar(value=bool()):
            return "boolean"
        case Scalar(value=int()):
            return "integer"
        case Scalar(value=float()):
            return "number"
        case Scalar(value=str()):
            return "text"
        case _:
            return "nothing"


def plain(node: Node) -> Plain:
    """What the tree stands for."""
    match node:
        case MapNode(entries=entries):
            return {key: plain(entry.node) for key, entry in entries.items()}
        case ListNode(items=items):
            return [plain(item) for item in items]
        case Scalar(value=value):
            return value


def overlay(base: Node, override: Node) -> Node:
    """The base with the override's keys laid over it; mappings join key by key, all else is replaced.

    A key that the override sets to nothing (`~`) is taken away.
    """
    if not isinstance(base, MapNode) or not isinstance(override, MapNode):
        return override
    entries = dict(base.entries)
    for key, entry in override.entries.items():
        if isinstance(entry.node, Scalar) and entry.node.value is None:
            entries.pop(key, None)
        elif key in entries:
            entries[key] = Entry(entry.key_mark, overlay(entries[key].node, entry.node))
        else:
            entries[key] = entry
    return MapNode(base.mark, entries, base.size + override.size)


def find(root: Node, path: Path) -> tuple[Node, Mark]:
    """The deepest node on a path and the place of its key; steps that the file does not have are passed over."""
    node, mark = root, root.mark
    for step in path:
        if isinstance(node, MapNode) and str(step) in node.entries:
            entry = node.entries[str(step)]
            node, mark = entry.node, entry.key_mark
        elif isinstance(node, ListNode) and (number := number_in(node, step)) is not None:
            node = node.items[number]
            mark = node.mark
    return node, mark


def number_in(node: ListNode, step: str | int) -> int | None:
    """Which item of a list a step of a path is: its number, or, of names that stand for a mapping, the name."""
    if isinstance(step, int):
        return step if 0 <= step < len(node.items) else None
    named = (number for number, item in enumerate(node.items) if isinstance(item, Scalar) and item.text == step)
    return next(named, None)


def line_in_block(scalar: Scalar, line: int, source: Source) -> Mark:
    """The place in the file of a line (from 1) of a block scalar; of any other, where it begins."""
    if scalar.style != "|" or line < 1:
        return scalar.mark
    number = scalar.mark.line + line
    text = source.line(number)
    return Mark(number, len(text) - len(text.lstrip()) + 1)
