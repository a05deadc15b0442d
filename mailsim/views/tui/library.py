"""The scenarios that one can choose from, as the list of them sees it. Whoever has files makes a `Library`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mailsim.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a scenario file; `message` and `hint` by language, `source` is the line itself."""

    file: str
    line: int
    column: int
    message: Mapping[str, str]
    hint: Mapping[str, str]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A scenario, or a file that is none.

    Attributes:
        key: what `Library.open` wants, and what is remembered about. level: 1 to 5, 0 when it cannot be read.
        titles, objectives: by language. own: whether it is from the reader's own folder.
        order: sorts those of one level. problems: why it cannot be run; () when it can.
        version: is another one when the scenario has changed. is_checked: whether all of it was read.
    """

    key: str
    level: int
    titles: Mapping[str, str]
    objectives: Mapping[str, str] = field(default_factory=dict)
    own: bool = False
    problems: tuple[Problem, ...] = ()
    order: str = ""
    version: str = ""
    is_checked: bool = True

    def title(self, language: str) -> str:
        """In this language, or in any that there is."""
        return self.titles.get(language) or next(iter(self.titles.values()), "") or self.key

    def objective(self, language: str) -> str:
        """What one learns, "" when nobody says."""
        return " ".join((self.objectives.get(language) or next(iter(self.objectives.values()), "")).split())


class Unrunnable(Exception):
    """A scenario cannot be run (any more): its file has changed since it was listed."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(*(problem.message.get("en", "") for problem in problems[:1]))
        self.problems = problems


class Library(Protocol):
    """Where scenarios come from."""

    def entries(self) -> Iterator[Entry]:
        """All of them, one after the other; may take its time."""

    def check(self, key: str) -> tuple[Problem, ...]:
        """Read all of a scenario for its mistakes; may take a moment."""

    def open(self, key: str) -> Trace:
        """Run a scenario. Raises: Unrunnable."""
