"""Commands about scenario files: `list`, `schema`, `expand`, `lint`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailsim.cli.complaints import EXIT_STATUS, complaining, tell
from mailsim.cli.options import Language, ScenarioName

if TYPE_CHECKING:
    from mailsim.scenario.heads import Head

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", readable=False, help="Scenario files or folders.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("list")(list_scenarios)
    app.command()(schema)
    app.command()(expand)
    app.command()(lint)


def list_scenarios(lang: Language, as_json: AsJson = False) -> None:
    """List the scenarios that come with mailsim, and their variants."""
    import json

    with complaining(lang):
        rows = [
            {
                "id": f"{head.id}@{variant}" if variant else head.id,
                "level": head.level,
                **{key: texts[lang][key] for key in ("title", "objective")},
            }
            for head in _heads()
            for variant, texts in head.texts.items()
        ]
    if as_json:
        _put(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return
    width = max((len(str(row["id"])) for row in rows), default=0)
    for row in rows:
        typer.echo(f"{row['id']:<{width}}  L{row['level']}  {row['title']}")


def _heads() -> list[Head]:
    """The heads of our scenarios, in the order of the lessons. Raises: ScenarioErrors, when one cannot be read."""
    from mailsim.scenario.heads import head_of
    from mailsim.scenario.shipped import shipped

    heads = [head_of(folder) or _whole(folder) for folder in shipped().values()]
    return sorted(heads, key=lambda head: (head.lesson or "~", head.id))


def _whole(folder: Path) -> Head:
    from mailsim.scenario.heads import Head
    from mailsim.scenario.loader import load

    scenario = load(folder)
    return Head(scenario.id, scenario.level, scenario.lesson or "", {"": scenario.texts})


def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from mailsim.scenario.json_schema import json_schema

    _put(json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n")


def expand(name: ScenarioName, lang: Language) -> None:
    """Print the full form of a scenario: everything that the engine runs."""
    from mailsim.scenario.emit import to_yaml
    from mailsim.scenario.loader import open_scenario

    with complaining(lang):
        _put(to_yaml(open_scenario(name)))


def lint(files: Files, lang: Language) -> None:
    """Report every mistake in scenario files; exit status 2 when there is one."""
    from mailsim.scenario.loader import lint as mistakes_of

    found = [mistake for file in files for mistake in mistakes_of(file)]
    if found:
        tell(tuple(found), lang)
        raise typer.Exit(EXIT_STATUS)


def _put(text: str) -> None:
    """Print what programs read: in UTF-8, whatever the terminal's own encoding is, so that a file of it can be read."""
    typer.echo(text.encode(), nl=False)
