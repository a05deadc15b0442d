"""Ways to write less in a scenario file: a word for a list of one, a list of names for a mapping."""

from __future__ import annotations

from typing import Any

from mailsim.scenario.fields import found_kind, wrong

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
NOTHING = {"type": "null"}


class Or:
    """Says in the JSON Schema what may stand instead; `or_nothing`: also instead of a mapping's values."""

    def __init__(self, *shorter: dict[str, Any], or_nothing: bool = False) -> None:
        self.shorter, self.or_nothing = shorter, or_nothing

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        whole: dict[str, Any] = handler(core_schema)
        if self.or_nothing:
            whole = {**whole, "additionalProperties": {"anyOf": [whole["additionalProperties"], NOTHING]}}
        return {"anyOf": [*self.shorter, whole]} if self.shorter else whole


def as_list(value: object) -> object:
    """A single text as a list of one."""
    return [value] if isinstance(value, str) else value


def as_mapping(value: object) -> object:
    """`[alena, dan]` as `{alena: {}, dan: {}}`, and a key without a value as one with nothing in it."""
    if isinstance(value, list):
        for item in value:
            if not isinstance(item, str):
                wrong("wrong-type", item, expected="text", found=found_kind(item))
        return {item: {} for item in value}
    if isinstance(value, dict):
        return {key: {} if item is None else item for key, item in value.items()}
    return {} if value is None else value
