"""The scenarios that come with mailsim, and what a list says of them, read without looking at the rest of the files.

Reading and checking a whole scenario takes longer than a list may take for all of them. A list wants a few keys at the
top of three files, so only the lines of these keys go to the YAML parser. Tests and `lint` check the files themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import mailsim
from mailsim.scenario.mistakes import ScenarioErrors
from mailsim.scenario.source import FILE_NAME, Source
from mailsim.scenario.tree import MapNode, parse, plain
from mailsim.scenario.variants import change_of, override_of, with_variant

LANGUAGES = ("en", "cs")
HEAD_KEYS = frozenset({"id", "level", "lesson", "variants"})
TEXT_KEYS = frozenset({"title", "objective", "variants"})


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


@cache
def shipped() -> dict[str, Path]:
    """The folders of the scenarios that come with mailsim, by id (which is the folder's name)."""
    return {file.parent.name: file.parent for file in sorted(shipped_folder().glob(f"*/{FILE_NAME}"))}


def shipped_folder() -> Path:
    """Inside the package when it is installed, beside it in a checkout."""
    package = Path(mailsim.__file__).resolve().parent
    installed = package / "_scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def head_of(folder: Path) -> Head | None:
    """The head of the scenario in a folder; None when only its whole file can tell, or what is wrong with it."""
    try:
        head = plain(_top(folder / FILE_NAME, HEAD_KEYS))
        texts = {language: _top(folder / f"{language}.yaml", TEXT_KEYS) for language in LANGUAGES}
        names = ("", *(head.get("variants") or {}))
        changes = _changes(folder / FILE_NAME, texts, names)
        by_name = {
            name: {language: _texts(root, name, changes[name]) for language, root in texts.items()} for name in names
        }
        return Head(str(head["id"]), int(head.get("level", 1)), str(head.get("lesson") or ""), by_name)
    except (ScenarioErrors, LookupError, TypeError, ValueError, AttributeError):
        return None


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


def _changes(file: Path, texts: Mapping[str, MapNode], names: Collection[str]) -> dict[str, str]:
    """What the variants change, by name: only if some have no title, for that takes the whole file.

    Raises: ScenarioErrors.
    """
    named = (override_of(root, name).entries for root in texts.values() for name in names if name)
    if all("title" in entries for entries in named):
        return dict.fromkeys(names, "")
    whole = parse(Source.read(file))
    return {name: change_of(whole, name) for name in names}


def _texts(root: MapNode, variant: str, change: str) -> dict[str, str]:
    """Title and objective as the variant has them. Raises: LookupError, ValueError."""
    laid = plain(with_variant(root, variant, change))
    found = {"title": laid["title"], "objective": laid.get("objective", "")}
    if not all(isinstance(text, str) for text in found.values()):
        raise ValueError(found)
    return found
