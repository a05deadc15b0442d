"""Finds scenario files, reads them, and gives the expanded, checked scenario or all of its mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mailsim.scenario.checks import check
from mailsim.scenario.domains import nearest
from mailsim.scenario.expand import Problem, expand
from mailsim.scenario.mistakes import Mistake, ScenarioErrors, closest, shown
from mailsim.scenario.schema import LANGUAGES, TEXT_KEYS, Scenario, Texts
from mailsim.scenario.shipped import shipped as shipped
from mailsim.scenario.shipped import shipped_folder as shipped_folder
from mailsim.scenario.source import FILE_NAME, Mark, Source
from mailsim.scenario.tree import MapNode, Node, Scalar, find, line_in_block, parse
from mailsim.scenario.validation import Reading
from mailsim.scenario.variants import change_of, with_variant

CONSEQUENCES = ("unknown-host", "unknown-site", "unknown-user", "unknown-zone", "user-in-no-domain", "mx-without-host")
"""What may only follow from something that could not be read."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scenario is: the file or folder, and the variant that was asked for ("" for none)."""

    path: Path
    variant: str = ""


def load(path: Path | str, variant: str = "") -> Scenario:
    """Read, expand and check a scenario file, or the `scenario.yaml` of a folder.

    Raises: ScenarioErrors with every mistake.
    """
    scenario, mistakes = read(Source.read(Path(path)), Path(path), variant)
    if mistakes or scenario is None:
        raise ScenarioErrors(mistakes)
    return scenario


def open_scenario(name: str) -> Scenario:
    """The scenario with this id or file name, e.g. `first-mail`, `first-mail@b` or `my.yaml`.

    Raises: ScenarioErrors.
    """
    place = locate(name)
    return load(place.path, place.variant)


def lint(path: Path | str) -> tuple[Mistake, ...]:
    """All mistakes of a file and of its variants; () when there are none."""
    try:
        source = Source.read(Path(path))
        _, mistakes = read(source, Path(path))
        found = {_key(mistake): mistake for mistake in mistakes}
        for variant in variants(source):
            _, mistakes = read(Source(source.file, source.text), Path(path), variant)
            found |= {_key(mistake): mistake for mistake in mistakes if _key(mistake) not in found}
    except ScenarioErrors as errors:
        return errors.mistakes
    return tuple(sorted(found.values(), key=lambda mistake: (mistake.file, mistake.line, mistake.column)))


def variants(source: Source) -> tuple[str, ...]:
    """The names of a file's variants. Raises: ScenarioErrors when it is not YAML."""
    return tuple(_keys(parse(Source(source.file, source.text)), "variants"))


def read(source: Source, path: Path | None = None, variant: str = "") -> tuple[Scenario | None, list[Mistake]]:
    """The expanded scenario of a source, as far as it can be read, and all mistakes.

    Args: path: the file or folder, beside which the texts are; None when there is none.
    Raises: ScenarioErrors when the file is not even YAML.
    """
    root = parse(source)
    change = ""
    if variant:
        change = change_of(root, _known_variant(source, root, variant))
        root = with_variant(root, variant, change)
    reading = Reading(source, root)
    scenario = reading.model(Scenario)
    mistakes: list[Mistake] = []
    if scenario is not None:
        if variant:
            scenario = scenario.model_copy(update={"id": f"{scenario.id}@{variant}"})
        if path is not None:
            scenario, mistakes = _with_texts(scenario, path, variant, change)
        problems: list[Problem] = []
        scenario = expand(scenario, problems)
        unread = {problem.path for problem in problems if problem.code == "zone-syntax"}
        problems += (problem for problem in check(scenario) if problem.path not in unread)
        for problem in problems:
            _report(problem, reading, scenario)
    return scenario, [*source.in_order(), *mistakes]


def locate(name: str) -> Place:
    """The place of a scenario by its id (from any folder) or its path. Raises: ScenarioErrors when there is none."""
    if Path(name).exists():
        return Place(Path(name))
    base, _, variant = name.partition("@")
    if base and variant and Path(base).exists():
        return Place(Path(base), variant)
    if "/" in name or "\\" in name or base.endswith((".yaml", ".yml")):
        return Place(Path(name))
    known = shipped()
    if base in known:
        return Place(known[base], variant)
    source = Source(shown(name))
    source.report("unknown-scenario", suggestion=closest(base, known), name=shown(base))
    raise ScenarioErrors(source.mistakes)


# --- variants and texts -------------------------------------------------------------------------


def _known_variant(source: Source, root: MapNode, variant: str) -> str:
    """The variant. Raises: ScenarioErrors when there is none of this name."""
    known = _keys(root, "variants")
    if variant not in known:
        source.report("unknown-variant", suggestion=closest(variant, known), name=shown(variant))
        raise ScenarioErrors(source.mistakes)
    return variant


def _with_texts(scenario: Scenario, path: Path, variant: str, change: str) -> tuple[Scenario, list[Mistake]]:
    """The scenario with the texts of `en.yaml` and `cs.yaml` beside it; what stands in the file itself wins."""
    folder = path if path.is_dir() else path.parent
    files = {language: folder / f"{language}.yaml" for language in LANGUAGES}
    is_folder = path.is_dir() or path.name == FILE_NAME
    if not is_folder or not (any(file.is_file() for file in files.values()) or _is_shipped(folder)):
        return scenario, []
    mistakes: list[Mistake] = []
    texts: dict[str, Texts] = {}
    for language, file in files.items():
        text, wrong = _texts(file, language, variant, change)
        mistakes += wrong
        if text is not None:
            texts[language] = text
    if len(texts) < len(LANGUAGES):
        return scenario, mistakes
    topics = [topic for topic in texts["en"].explain if topic in texts["cs"].explain]
    said = {name: {language: getattr(texts[language], name) for language in LANGUAGES} for name in TEXT_KEYS}
    explain = {topic: {language: texts[language].explain[topic] for language in LANGUAGES} for topic in topics}
    for missing, other in (("cs", "en"), ("en", "cs")):
        for topic in texts[other].explain:
            if topic not in texts[missing].explain:
                mistakes.append(_missing_language(files[missing], missing, f"explain: {topic}"))
    said = {name: text for name, text in said.items() if getattr(scenario, name) is None and any(text.values())}
    dumped = {"id": scenario.id, **said, "explain": {**explain, **_dump_explain(scenario)}}
    update = Scenario.model_validate(dumped)
    changed = {name: getattr(update, name) for name in (*said, "explain")}
    return scenario.model_copy(update=changed), mistakes


def _dump_explain(scenario: Scenario) -> dict[str, dict[str, str]]:
    return {topic: {"en": text.en, "cs": text.cs} for topic, text in scenario.explain.items()}


def _texts(file: Path, language: str, variant: str, change: str) -> tuple[Texts | None, Sequence[Mistake]]:
    if not file.is_file():
        return None, [_missing_language(file, language, file.name)]
    try:
        source = Source.read(file)
        root = parse(source)
    except ScenarioErrors as errors:
        return None, errors.mistakes
    if variant:
        root = with_variant(root, variant, change)
    texts = Reading(source, root).model(Texts)
    return texts, source.in_order()


def _missing_language(file: Path, language: str, what: str) -> Mistake:
    return Mistake("missing-language", {"language": language, "file": what}, file=str(file))


def _is_shipped(folder: Path) -> bool:
    return folder.resolve().parent == shipped_folder()


# --- where a problem is -------------------------------------------------------------------------


def _report(problem: Problem, reading: Reading, scenario: Scenario) -> None:
    name = problem.details.get("name", "")
    if problem.code in CONSEQUENCES and {name, name.partition("@")[0], name.partition(".")[0]} & reading.lost:
        return
    path = _written_path(problem, reading)
    node, mark = find(reading.root, path)
    if isinstance(node, Scalar):
        mark = node.mark
    if problem.line and path[0] == "zones" and isinstance(node, Scalar):
        mark = _zone_mark(node, str(path[1]), problem, reading.source, scenario)
    reading.source.report(problem.code, mark, suggestion=problem.suggestion, **problem.details)


def _written_path(problem: Problem, reading: Reading) -> Sequence[str | int]:
    """The path of what the author wrote: for something made from a domain, the domain."""
    path = problem.path
    if _is_there(reading.root, path[:2]) or len(path) < 2:
        return path
    match path[0], path[1]:
        case "users", str(address):
            local_part, _, domain = address.rpartition("@")
            return ("domains", domain, "users", local_part, *path[2:])
        case "zones", str(zone):
            return ("domains", zone, "mx")
        case "hosts", str(host):
            return ("domains", nearest(host, _keys(reading.root, "domains")))
        case _:
            return path


def _zone_mark(node: Scalar, zone: str, problem: Problem, source: Source, scenario: Scenario) -> Mark:
    """The line of the file that a line of the (perhaps completed) zone came from."""
    whole = scenario.zones.get(zone, "")
    start = whole.find(node.text.rstrip("\n"))
    before = whole.count("\n", 0, start) if start > 0 and problem.code != "zone-syntax" else 0
    line = problem.line - before
    return line_in_block(node, line, source) if 1 <= line <= node.text.count("\n") + 1 else node.mark


def _is_there(root: MapNode, path: Sequence[str | int]) -> bool:
    node: Node = root
    for step in path:
        if not isinstance(node, MapNode) or str(step) not in node.entries:
            return False
        node = node.entries[str(step)].node
    return True


def _keys(root: MapNode, name: str) -> list[str]:
    node = root.entries[name].node if name in root.entries else None
    return list(node.entries) if isinstance(node, MapNode) else []


def _key(mistake: Mistake) -> tuple[str, int, int, str, str]:
    return mistake.file, mistake.line, mistake.column, mistake.code, mistake.message
