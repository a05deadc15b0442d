"""The scenarios that the picker offers: ours, and those of a folder of the reader's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mailsim import __version__
from mailsim.views.tui.library import Entry, Problem, Unrunnable

if TYPE_CHECKING:
    from mailsim.scenario.mistakes import Mistake
    from mailsim.scenario.schema import Scenario
    from mailsim.trace.trace import Trace

LANGUAGES = ("en", "cs")
MAX_FILES = 500
"""More scenario files in one folder are nobody's exercises."""
FILE_NAME = "scenario.yaml"


class Shelf:
    """A library of files. `folder` is the reader's own, None for none."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def entries(self) -> Iterator[Entry]:
        """Ours in the order of the lessons, then the reader's own by name; each file as it is now."""
        from mailsim.scenario.shipped import shipped

        for name, path in shipped().items():
            yield from _entries(name, path)
        for path in _files(self._folder):
            yield from _entries(str(path), path, own=True)

    def check(self, key: str) -> tuple[Problem, ...]:
        """Read all of a scenario: its mistakes, () when it has none."""
        try:
            opened(key)
        except Unrunnable as unrunnable:
            return unrunnable.problems
        return ()

    def open(self, key: str) -> Trace:
        """Run the scenario, with the lines of the scripts recorded. Raises: Unrunnable."""
        from mailsim.scenario.build import build
        from mailsim.trace.recorder import Recorder

        return build(opened(key), recorder=Recorder(code=True)).run()


def opened(key: str) -> Scenario:
    """The scenario of a key. Raises: Unrunnable."""
    from mailsim.scenario.loader import open_scenario
    from mailsim.scenario.mistakes import ScenarioErrors

    try:
        return open_scenario(key)
    except ScenarioErrors as errors:
        raise Unrunnable(tuple(map(_problem, errors.mistakes))) from None
    except OSError as problem:
        raise Unrunnable((_said(key, problem.strerror or str(problem)),)) from None


def _files(folder: Path | None) -> list[Path]:
    """The scenario files of a folder, and of the folders in it that have one."""
    if folder is None:
        return []
    try:
        files = [path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path.is_file()]
        folders = [path.parent for path in folder.glob(f"*/{FILE_NAME}")]
    except OSError:
        return []
    return sorted([*files, *folders])[:MAX_FILES]


def _entries(key: str, path: Path, own: bool = False) -> Iterator[Entry]:
    """A scenario and its variants, by their heads: our tests have checked ours, those of others are checked later."""
    from mailsim.scenario.heads import head_of

    head = head_of(path)
    if head is None:
        yield from _read(key, path, own)
        return
    version = _version(path)
    for name, texts in head.texts.items():
        order = f"{head.lesson or '~'} {key} {name}"
        titles, objectives = _named(texts, name, head.id)
        named = f"{key}@{name}" if name else key
        yield Entry(named, head.level, titles, objectives, own, (), order, version, is_checked=not own)


def _read(key: str, path: Path, own: bool) -> Iterator[Entry]:
    from mailsim.scenario.loader import lint, load, variants
    from mailsim.scenario.mistakes import ScenarioErrors
    from mailsim.scenario.source import Source

    titles: Mapping[str, str] = dict.fromkeys(LANGUAGES, path.name)
    try:
        scenario = load(path)
        names = ("", *variants(Source.read(path)))
    except ScenarioErrors:
        yield Entry(key, 0, titles, own=own, problems=tuple(map(_problem, lint(path))))
        return
    except OSError as problem:
        yield Entry(key, 0, titles, own=own, problems=(_said(str(path), problem.strerror or str(problem)),))
        return
    for name in names:
        texts = scenario.texts
        if name:
            try:
                texts = load(path, name).texts
            except ScenarioErrors as errors:
                problems = tuple(map(_problem, errors.mistakes))
                yield Entry(f"{key}@{name}", 0, titles, own=own, problems=problems)
                continue
        order = f"{scenario.lesson or '~'} {key} {name}"
        titles, objectives = _named(texts, name, scenario.id)
        version = _version(path)
        yield Entry(f"{key}@{name}" if name else key, scenario.level, titles, objectives, own, (), order, version)


def _version(path: Path) -> str:
    """Another one when the file has changed, or mailsim; "" when the file is gone."""
    try:
        status = (path / FILE_NAME if path.is_dir() else path).stat()
    except OSError:
        return ""
    return f"{__version__} {status.st_mtime_ns} {status.st_size}"


def _named(
    texts: Mapping[str, Mapping[str, str]], variant: str, scenario: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Titles and objectives by language; a variant says which one it is."""
    suffix = f" ({variant})" if variant else ""
    titles = {lang: f"{texts.get(lang, {}).get('title') or scenario}{suffix}" for lang in LANGUAGES}
    return titles, {lang: texts.get(lang, {}).get("objective", "") for lang in LANGUAGES}


def _problem(mistake: Mistake) -> Problem:
    said = {language: mistake.said(language) for language in LANGUAGES}
    messages = {language: message for language, (message, _) in said.items()}
    hints = {language: hint or "" for language, (_, hint) in said.items()}
    return Problem(mistake.file, mistake.line, mistake.column, messages, hints, mistake.source or "")


def _said(file: str, message: str) -> Problem:
    return Problem(file, 0, 0, dict.fromkeys(LANGUAGES, message), dict.fromkeys(LANGUAGES, ""))
