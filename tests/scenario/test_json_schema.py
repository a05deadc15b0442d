"""The JSON Schema that editors use: the committed file is the one that the program prints, and scenarios fit it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from mailsim.cli import application
from mailsim.scenario.emit import to_yaml
from mailsim.scenario.loader import open_scenario, shipped, shipped_folder

FILE = shipped_folder() / "scenario.schema.json"


def test_the_committed_schema_is_the_one_that_is_printed() -> None:
    printed = CliRunner().invoke(application(), ["schema"]).output
    assert json.loads(printed) == json.loads(FILE.read_text("utf-8"))


@pytest.mark.parametrize("folder", list(shipped().values()), ids=lambda folder: folder.name)
def test_scenarios_fit_the_schema_and_name_it_first(folder: Path) -> None:
    text = (folder / "scenario.yaml").read_text("utf-8")
    first = text.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (folder / first.partition("=")[2]).resolve() == FILE.resolve()
    schema = json.loads(FILE.read_text("utf-8"))
    for form in (text, to_yaml(open_scenario(folder.name))):
        data = json.loads(json.dumps(YAML(typ="safe", pure=True).load(form), default=str))
        jsonschema.Draft202012Validator(schema).validate(data)
