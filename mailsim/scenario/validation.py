"""A tree as a `Scenario`, with every mistake against the schema reported, not only the first.

What is wrong is reported and cut out of the tree, and the rest is looked at again; so a file with a wrong
duration on line 3 and an unknown host on line 30 hears about both in one run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mailsim.lessons.errors import MISTAKES
from mailsim.scenario.late import Late
from mailsim.scenario.mistakes import closest, shown
from mailsim.scenario.source import Mark, Source
from mailsim.scenario.tree import Entry, ListNode, MapNode, Node, Path, Scalar, find, kind_of, number_in, plain

M = TypeVar("M", bound=BaseModel)
ROUNDS = 40
"""Cutting out one mistake may bring another to light; this many times."""

_FOLLOWING = ("missing", "one-action", "no-recipient", "fault-lacks", "fault-place")
"""What is no mistake of the author, when it appears after something was cut out."""

_EXPECTED: Mapping[str, str] = {
    "string_type": "text",
    "invalid_key": "text",
    "int_type": "integer",
    "int_from_float": "integer",
    "float_type": "number",
    "bool_type": "boolean",
    "dict_type": "mapping",
    "model_type": "mapping",
    "model_attributes_type": "mapping",
    "list_type": "list",
    "tuple_type": "list",
}
_LIMITS: Mapping[str, tuple[str, str]] = {
    "greater_than_equal": ("ge", ">="),
    "greater_than": ("gt", ">"),
    "less_than_equal": ("le", "<="),
    "less_than": ("lt", "<"),
}


class Reading:
    """One file being turned into a model; knows what had to be cut out.

    Attributes:
        source: where mistakes go. root: the tree, of which wrong parts are cut out.
        lost: every word that stood in what was cut out: a name among them is not unknown, only unreadable.
    """

    def __init__(self, source: Source, root: MapNode) -> None:
        self.source, self.root = source, root
        self.lost: set[str] = set()

    def model(self, model: type[M]) -> M | None:
        """The model, of what is right in the file; None when nothing could be saved."""
        for round_ in range(ROUNDS):
            try:
                return model.model_validate(plain(self.root))
            except ValidationError as problems:
                errors = problems.errors(include_url=False, include_context=True)
            for error in errors:
                if not (round_ and error["type"] in _FOLLOWING):
                    self._report(model, error)
            if not self._cut([error["loc"] for error in errors]):
                break
        return None

    def place(self, *path: str | int) -> Mark:
        """Where the key (or the list's item) on this path stands; of its nearest ancestor if it is not in the file."""
        return find(self.root, path)[1]

    def node(self, *path: str | int) -> Node:
        """The deepest node on a path."""
        return find(self.root, path)[0]

    def _report(self, model: type[BaseModel], error: Any) -> None:
        kind, path = error["type"], tuple(step for step in error["loc"] if step != "[key]")
        node, mark = find(self.root, path)
        is_key = "[key]" in error["loc"]
        if not is_key and isinstance(node, Scalar):
            mark = node.mark
        value = path[-1] if is_key else node.text if isinstance(node, Scalar) else ""
        details = {name: str(detail) for name, detail in error.get("ctx", {}).items()}
        match kind:
            case "missing":
                where = self._container_mark(path)
                self.source.report("missing-key", where, name=str(path[-1]))
            case "extra_forbidden":
                known = known_keys(model, path[:-1])
                place = self.place(*path)
                name = shown(path[-1])
                self.source.report(
                    "unknown-key", place, suggestion=closest(name, known), name=name, choices=", ".join(known)
                )
            case "literal_error":
                choices = [choice.strip("'") for choice in details["expected"].replace(" or ", ", ").split(", ")]
                self.source.report(
                    "bad-choice",
                    mark,
                    suggestion=closest(str(value), choices),
                    value=shown(value),
                    choices=", ".join(choices),
                )
            case _ if kind in _EXPECTED:
                self.source.report("wrong-type", mark, expected=_EXPECTED[kind], found=kind_of(node))
            case _ if kind in _LIMITS:
                limit, sign = _LIMITS[kind]
                self.source.report("out-of-range", mark, value=shown(value), limit=f"{sign} {details[limit]}")
            case "wrong-type":
                self.source.report(kind, mark, expected=details["expected"], found=kind_of(node))
            case _ if kind in MISTAKES:
                self.source.report(kind, mark, **details)
            case _:
                self.source.report("bad-value", mark, value=shown(value))

    def _container_mark(self, path: Path) -> Mark:
        """The place of the mapping that lacks a key: of its own key, or of itself in a list."""
        return find(self.root, path[:-1])[1] if len(path) > 1 else Mark(1, 1)

    def _cut(self, paths: list[tuple[int | str, ...]]) -> bool:
        """Take out what the errors are about; False when that would be everything."""
        doomed: dict[tuple[int, str | int], Node] = {}
        for path in paths:
            container, step = self._doomed(path)
            if container is None or step is None:
                return False
            doomed[id(container), step] = container
        for (_, step), container in sorted(doomed.items(), key=lambda item: str(item[0][1]).zfill(9), reverse=True):
            self._take_out(container, step)
        return True

    def _doomed(self, path: tuple[int | str, ...]) -> tuple[Node | None, str | int | None]:
        node: Node = self.root
        found: tuple[Node | None, str | int | None] = (None, None)
        for step in path:
            if isinstance(node, MapNode) and str(step) in node.entries:
                found = node, str(step)
                node = node.entries[str(step)].node
            elif isinstance(node, ListNode) and (number := number_in(node, step)) is not None:
                found = node, number
                node = node.items[number]
        if found[0] is None and path == ("id",):
            self.root.entries["id"] = _STAND_IN
            return MapNode(Mark()), "id"
        return found

    def _take_out(self, container: Node, step: str | int) -> None:
        if isinstance(container, MapNode) and str(step) in container.entries:
            self.lost.update(words(container.entries.pop(str(step)).node), (str(step),))
        elif isinstance(container, ListNode) and isinstance(step, int):
            self.lost.update(words(container.items.pop(step)))
        if step == "id" and container is self.root:
            self.root.entries["id"] = _STAND_IN


_STAND_IN = Entry(Mark(1, 1), Scalar("nameless", Mark(1, 1), "nameless"))
"""The id of a file whose own cannot be read, so that the rest can be."""


def words(node: Node) -> Iterator[str]:
    """All keys and values of a tree, as text."""
    match node:
        case MapNode(entries=entries):
            for key, entry in entries.items():
                yield key
                yield from words(entry.node)
        case ListNode(items=items):
            for item in items:
                yield from words(item)
        case Scalar(text=text):
            yield text


def known_keys(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that may stand at a path of a model's data."""
    kind: Any = model
    for step in path:
        kind = _inside(kind, step)
    found = _model_of(kind)
    return [field.alias or name for name, field in found.model_fields.items()] if found else []


def _inside(kind: Any, step: str | int) -> Any:
    model = _model_of(kind)
    if model is not None:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        return fields[str(step)].annotation if str(step) in fields else None
    kind = _bare(kind)
    arguments = get_args(kind)
    return arguments[-1] if get_origin(kind) is dict else arguments[0] if arguments else None


def _bare(kind: Any) -> Any:
    """A type without Annotated and without None."""
    while True:
        if get_origin(kind) is Annotated:
            late = next((extra for extra in kind.__metadata__ if isinstance(extra, Late)), None)
            kind = late.model if late else get_args(kind)[0]
        elif get_origin(kind) in (Union, UnionType):
            kind = next(option for option in get_args(kind) if option is not type(None))
        else:
            return kind


def _model_of(kind: Any) -> type[BaseModel] | None:
    kind = _bare(kind)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
