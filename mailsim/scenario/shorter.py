"""Ways to write less in a scenario file: a word for a list of one, a list of names for a mapping."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mailsim.scenario.fields import found_kind, wrong

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT, "uniqueItems": True}
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
    """`[alena, dan]` as `{alena: {}, dan: {}}`, and a key without a value as one with nothing in it.

    What is no name in a list becomes a key that is its number: no key may be one, so it is refused there.
    """
    if isinstance(value, list):
        names = [item for item in value if isinstance(item, str)]
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is not None:
            wrong("duplicate-item", twice)
        return {item if isinstance(item, str) else number: {} for number, item in enumerate(value)}
    if isinstance(value, dict):
        return {key: {} if item is None else item for key, item in value.items()}
    if value is not None:
        wrong("wrong-type", value, expected="names-or-mapping", found=found_kind(value))
    return {}


def text_as(key: str, value: object) -> object:
    """A plain text as `{key: text}`; a mapping as it is; nothing else may stand here."""
    if isinstance(value, str):
        return {key: value}
    if not isinstance(value, dict):
        wrong("wrong-type", value, expected="text-or-mapping", found=found_kind(value))
    return value
