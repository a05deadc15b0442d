"""What is remembered from one time to the next: language, theme, and for each scenario how far the reader came.

A file that is damaged, unreadable, from another version or somebody's joke is as good as none: everything that does
not look right is left out. What cannot be saved is not saved, and nothing else happens.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mailsim.lessons.languages import LANGUAGES

VERSION = 1
MAX_BYTES = 1_000_000
MAX_PLACES = 1000
MAX_BOOKMARKS = 500


@dataclass(frozen=True, slots=True)
class Place:
    """How far somebody came in a scenario.

    Attributes:
        position: the step of the level at which it was left; level: `story`, `dialogue` or `packet`.
        furthest: the largest position as a part of all steps, 0 to 1; steps: how many there are at that level.
        bookmarks: sequence numbers of marked events.
    """

    position: int
    level: str
    furthest: float
    steps: int
    bookmarks: tuple[int, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether the end was reached."""
        return self.furthest >= 1


@dataclass(slots=True)
class Memory:
    """The settings of a person; `path` is their file, None for none.

    `language` and `theme` are "" and `folder` is "" when nothing was chosen yet; `lengths` are numbers of steps,
    `versions` those of the scenarios that have been counted.
    """

    path: Path | None = None
    language: str = ""
    theme: str = ""
    folder: str = ""
    places: dict[str, Place] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def load(path: Path) -> Memory:
        """What the file says, as far as it makes sense."""
        memory = Memory(path)
        try:
            if path.stat().st_size <= MAX_BYTES:
                memory._read(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError):
            pass
        return memory

    def save(self) -> None:
        """Write the file, whole or not at all."""
        if self.path is None:
            return
        kept = dict(list(self.places.items())[-MAX_PLACES:])
        data = {
            "version": VERSION,
            "language": self.language,
            "theme": self.theme,
            "folder": self.folder,
            "places": {key: asdict(place) for key, place in kept.items()},
            "lengths": self.lengths,
            "versions": self.versions,
        }
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft = self.path.with_suffix(f".{os.getpid()}.tmp")
            draft.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
            draft.replace(self.path)

    def forget(self) -> None:
        """Begin anew."""
        self.language = self.theme = self.folder = ""
        self.places, self.lengths, self.versions = {}, {}, {}
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)

    def keep(self, key: str, place: Place) -> None:
        """Remember a place; what was reached before stays reached."""
        before = self.places.pop(key, None)
        furthest = max(place.furthest, before.furthest if before is not None else 0.0)
        self.places[key] = Place(place.position, place.level, furthest, place.steps, place.bookmarks[:MAX_BOOKMARKS])

    def _read(self, data: object) -> None:
        if not isinstance(data, dict) or data.get("version") != VERSION:
            return
        language, theme, folder = data.get("language"), data.get("theme"), data.get("folder")
        self.language = language if language in LANGUAGES else ""
        self.theme = theme if isinstance(theme, str) and theme.isprintable() and len(theme) < 40 else ""
        self.folder = folder if isinstance(folder, str) and "\0" not in folder else ""
        for key, value in _items(data.get("places")):
            place = _place(value)
            if place is not None:
                self.places[key] = place
        self.lengths = {key: int(str(value)) for key, value in _items(data.get("lengths")) if _is_count(value)}
        self.versions = {key: value for key, value in _items(data.get("versions")) if isinstance(value, str)}


def _items(value: object) -> list[tuple[str, object]]:
    items: Mapping[object, object] = value if isinstance(value, dict) else {}
    return [(key, item) for key, item in list(items.items())[:MAX_PLACES] if isinstance(key, str)]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40


def _place(value: object) -> Place | None:
    if not isinstance(value, dict):
        return None
    position, steps, level = value.get("position"), value.get("steps"), value.get("level")
    furthest, marks = value.get("furthest"), value.get("bookmarks")
    if not (_is_count(position) and _is_count(steps) and level in ("story", "dialogue", "packet")):
        return None
    if not isinstance(furthest, int | float) or not 0 <= furthest <= 1 or not isinstance(marks, list):
        return None
    bookmarks = tuple(mark for mark in marks[:MAX_BOOKMARKS] if isinstance(mark, int) and -1 <= mark < 1 << 40)
    return Place(int(str(position)), str(level), float(furthest), int(str(steps)), bookmarks)
