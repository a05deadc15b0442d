"""What a list says of a scenario, read without looking at the rest of its files.

Reading and checking a whole scenario takes longer than a list may take for all of them. A list wants a few keys at the
top of its files, so only the lines of these keys go to the YAML parser. Whether the rest is right, `load` tells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mailsim.scenario.mistakes import ScenarioErrors
from mailsim.scenario.source import FILE_NAME, Source
from mailsim.scenario.tree import MapNode, parse, plain
from mailsim.scenario.variants import change_of, override_of, with_variant

LANGUAGES = ("en", "cs")
TOLD = ("title", "objective")
HEAD_KEYS = frozenset({"id", "level", "lesson", "variants", *TOLD})
TEXT_KEYS = frozenset({"variants", *TOLD})


@dataclass(frozen=True, slots=True)
class Head:
    """What a list says of a scenario.

    Attributes:
        texts: variant ("" is the scenario itself) -> language -> `title` and `objective`.
    """

    id: str
    level: int
    lesson: str
    texts: Mapping[str, Mapping[str, Mapping[str, str]]]


def head_of(path: Path) -> Head | None:
    """The head of a scenario file or folder; None when only the whole can tell, or what is wrong with it."""
    file = path / FILE_NAME if path.is_dir() else path
    try:
        root = _top(file, HEAD_KEYS)
        head = plain(root)
        roots = _roots_of_texts(path, root)
        names = ("", *(head.get("variants") or {}))
        changes = _changes(file, roots.values(), names)
        texts = {
            name: {language: _texts(roots[language], language, name, changes[name]) for language in LANGUAGES}
            for name in names
        }
        return Head(str(head["id"]), int(head.get("level", 1)), str(head.get("lesson") or ""), texts)
    except (ScenarioErrors, LookupError, TypeError, ValueError, AttributeError):
        return None


def _roots_of_texts(path: Path, root: MapNode) -> Mapping[str, MapNode]:
    """Where the texts of each language are: in files beside a folder's `scenario.yaml`, or in that itself.

    Raises: ScenarioErrors; LookupError when they are in both.
    """
    files = {language: path / f"{language}.yaml" for language in LANGUAGES}
    if not path.is_dir() or not any(file.is_file() for file in files.values()):
        return dict.fromkeys(LANGUAGES, root)
    if root.entries.keys() & set(TOLD):
        raise LookupError(path)
    return {language: _top(file, TEXT_KEYS) for language, file in files.items()}


def _top(file: Path, keys: Collection[str]) -> MapNode:
    """The tree of these keys at the top of a file. Raises: ScenarioErrors."""
    whole = Source.read(file)
    source = Source(whole.file, "\n".join(_lines_of(whole.text, keys)))
    root = parse(source)
    source.raise_mistakes()
    return root


def _lines_of(text: str, keys: Collection[str]) -> Iterator[str]:
    """The lines of these keys: from a key that is not indented to the next."""
    wanted = False
    for line in text.split("\n"):
        if line[:1] not in ("", " ", "#"):
            wanted = line.partition(":")[0] in keys
        if wanted:
            yield line


def _changes(file: Path, roots: Collection[MapNode], names: Collection[str]) -> dict[str, str]:
    """What the variants change, by name: only if some have no title, for that takes the whole file.

    Raises: ScenarioErrors.
    """
    named = (override_of(root, name).entries for root in roots for name in names if name)
    if all("title" in entries for entries in named):
        return dict.fromkeys(names, "")
    whole = parse(Source.read(file))
    return {name: change_of(whole, name) for name in names}


def _texts(root: MapNode, language: str, variant: str, change: str) -> dict[str, str]:
    """Title and objective as the variant has them. Raises: LookupError, ValueError."""
    laid = plain(with_variant(root, variant, change))
    found = {"title": laid["title"], "objective": laid.get("objective", "")}
    found = {name: text[language] if isinstance(text, dict) else text for name, text in found.items()}
    if not all(isinstance(text, str) and " ".join(text.split()).isprintable() for text in found.values()):
        raise ValueError(found)
    return found
