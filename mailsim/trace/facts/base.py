"""The base of all facts: an event of the trace that is no packet and no line of a protocol."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from mailsim.protocols.pdu import Json


@dataclass(frozen=True, slots=True)
class Fact:
    """Base of all facts; `kind` is the name in the trace's vocabulary."""

    kind: ClassVar[str]

    def fields(self) -> Mapping[str, Json]:
        """Every attribute under its own name (a trailing `_` that dodges a keyword is cut)."""
        return {f.name.rstrip("_"): _json(getattr(self, f.name)) for f in dataclasses.fields(self)}

    def __str__(self) -> str:
        shown = (f"{name}={value}" for name, value in self.fields().items() if value not in (None, "", []))
        return f"{self.kind} " + " ".join(shown)


def _json(value: object) -> Json:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case tuple() | list():
            return [_json(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            return {f.name: _json(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _:
            return str(value)
