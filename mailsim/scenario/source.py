"""A scenario file as text, and the mistakes found in it: every one knows its line and column."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from mailsim.scenario.mistakes import Mistake, ScenarioErrors, shown
from mailsim.scenario.units import format_size

LARGEST_FILE = 2_000_000
MOST_MISTAKES = 200
"""More than this nobody reads."""
FILE_NAME = "scenario.yaml"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file: line and column from 1; line 0 is the file as a whole."""

    line: int = 0
    column: int = 0


@dataclass(slots=True)
class Source:
    """One file that is being read: its name, text and the mistakes found so far."""

    file: str
    text: str = ""
    mistakes: list[Mistake] = field(default_factory=list)
    _lines: list[str] | None = None
    _seen: set[object] = field(default_factory=set)

    @classmethod
    def read(cls, path: Path, name: str = "") -> Source:
        """Read a file, or the `scenario.yaml` of a folder.

        Raises: ScenarioErrors (no such file, a folder without a scenario, too large, not UTF-8, ...).
        """
        source = cls(name or str(path))
        try:
            if path.is_dir():
                path /= FILE_NAME
                if not path.is_file():
                    source.stop("folder")
                source.file = name or str(path)
            with path.open("rb") as file:
                octets = file.read(LARGEST_FILE + 1)
            if len(octets) > LARGEST_FILE:
                size = max(path.stat().st_size, len(octets))
                source.stop("too-large", size=f"{size} B", limit=format_size(LARGEST_FILE))
        except FileNotFoundError:
            source.stop("missing-file")
        except (OSError, ValueError) as problem:
            source.stop("unreadable", reason=shown(getattr(problem, "strerror", None) or problem))
        source._decode(octets)
        return source

    @classmethod
    def of_bytes(cls, octets: bytes, name: str) -> Source:
        """The same for what is in memory. Raises: ScenarioErrors."""
        source = cls(name)
        if len(octets) > LARGEST_FILE:
            source.stop("too-large", size=f"{len(octets)} B", limit=format_size(LARGEST_FILE))
        source._decode(octets)
        return source

    def _decode(self, octets: bytes) -> None:
        try:
            self.text = octets.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            readable = octets.decode("utf-8-sig", "replace")
            before = octets[: problem.start].decode("utf-8-sig", "replace")
            self.text = readable
            line = before.count("\n") + 1
            self.stop("encoding", Mark(line, len(before) - (before.rfind("\n") + 1) + 1))
        self.text = self.text.replace("\r\n", "\n").replace("\r", "\n")

    def line(self, number: int) -> str:
        """The text of a line (from 1), "" when there is none."""
        if self._lines is None:
            self._lines = self.text.split("\n")
        return self._lines[number - 1].rstrip("\r") if 0 < number <= len(self._lines) else ""

    def report(self, code: str, mark: Mark = Mark(), *, suggestion: str = "", **details: str) -> None:
        """Remember a mistake; the same one at the same place is told once."""
        place = (code, mark.line, mark.column, *(() if mark.line else details.values()))
        if {place, mark} & self._seen or len(self.mistakes) >= MOST_MISTAKES:
            return
        if code.startswith("yaml-"):
            self._seen.add(mark)  # what is not even YAML has no type that could be wrong
        self._seen.add(place)
        self.mistakes.append(
            Mistake(
                code,
                details,
                suggestion=suggestion,
                file=self.file,
                line=mark.line,
                column=mark.column,
                source=self.line(mark.line),
            )
        )

    def stop(self, code: str, mark: Mark = Mark(), **details: str) -> NoReturn:
        """Report a mistake after which nothing more can be read. Raises: ScenarioErrors."""
        self.report(code, mark, **details)
        raise ScenarioErrors(self.in_order())

    def raise_mistakes(self) -> None:
        """Raise all mistakes, in the order of the file, if there are any."""
        if self.mistakes:
            raise ScenarioErrors(self.in_order())

    def in_order(self) -> list[Mistake]:
        """All mistakes, in the order of the file."""
        return sorted(self.mistakes, key=lambda mistake: (mistake.line, mistake.column))
