"""The full form as a YAML file that a person can read and change."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import LiteralScalarString

from mailsim.scenario.schema import Scenario

SCHEMA_LINE = "# yaml-language-server: $schema=../scenario.schema.json\n"
OMITTED_WHEN_EMPTY = (
    *(
        "aliases",
        "allow",
        "allow_real_names",
        "bcc",
        "cc",
        "domains",
        "changes",
        "explain",
        "faults",
        "links",
        "resolvers",
    ),
    *("routes", "routers", "sites", "steps", "subject", "syllabus", "text", "users", "variants", "without", "zones"),
)
"""Keys whose empty value says nothing."""
ON_ONE_LINE = 150
"""Characters of a mapping, quotes included, that still fit."""


def to_yaml(scenario: Scenario) -> str:
    """The scenario as text; reading it gives the same scenario."""
    data = scenario.model_dump(mode="json", by_alias=True, exclude_none=True)
    yaml = YAML()
    yaml.width = 4096
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(_dressed(data), stream)
    return SCHEMA_LINE + stream.getvalue()


def _dressed(value: Any) -> Any:
    """The data with long texts as blocks and short mappings on one line."""
    match value:
        case dict():
            kept = {key: item for key, item in value.items() if item or key not in OMITTED_WHEN_EMPTY}
            mapping = CommentedMap((key, _dressed(item)) for key, item in kept.items())
            if _fits(kept):
                mapping.fa.set_flow_style()
            return mapping
        case list():
            sequence = CommentedSeq(_dressed(item) for item in value)
            if all(not isinstance(item, dict) for item in value):
                sequence.fa.set_flow_style()
            return sequence
        case str() if "\n" in value and "\t" not in value and not value.startswith((" ", "\n")):
            return LiteralScalarString(value)
        case _:
            return value


def _fits(mapping: dict[str, Any]) -> bool:
    """Is it short and flat enough for one line?"""
    return len(str(mapping)) <= ON_ONE_LINE and "\\n" not in str(mapping)
