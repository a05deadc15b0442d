"""Dataclasses as plain JSON and back, by their type hints and nothing else: data never chooses a class or runs code."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from mailsim.protocols.pdu import Json

T = TypeVar("T")


def to_plain(value: object) -> Json:
    """A value as JSON; bytes are text with a letter for each octet (ISO 8859-1)."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return value.decode("latin-1")
        case Mapping():
            return {str(key): to_plain(item) for key, item in value.items()}
        case Sequence():
            return [to_plain(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _:
            raise TypeError(type(value))


def from_plain(kind: type[T], data: object, without: Sequence[str] = (), **more: object) -> T:
    """A dataclass from its JSON; fields that `data` lacks have their defaults, those it has too many are left.

    Args: without: fields that are not read from `data`; more: values of fields, instead of those in `data`.
    Raises: ValueError when something is missing or not of the type that it has to be.
    """
    if not isinstance(data, dict):
        raise ValueError(f"{kind.__name__} has to be an object")
    values = dict(more)
    for name, hint, is_needed in _fields(cast("Any", kind)):
        if name in data and name not in more and name not in without:
            values[name] = _typed(hint, data[name], name)
        elif is_needed and name not in more:
            raise ValueError(f"{kind.__name__} lacks {name}")
    return kind(**values)


@cache
def _fields(kind: Any) -> tuple[tuple[str, Any, bool], ...]:
    hints = get_type_hints(kind)
    missing = dataclasses.MISSING
    return tuple(
        (f.name, hints[f.name], f.default is missing and f.default_factory is missing) for f in dataclasses.fields(kind)
    )


def _typed(hint: Any, data: object, name: str) -> Any:
    """The value that a hint wants, from JSON."""
    if hint is bytes and isinstance(data, str):
        return octets(data)
    if hint is float and isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    if hint in (int, str, bool):
        if type(data) is hint:
            return data
    elif hint is type(None):
        if data is None:
            return None
    elif dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return from_plain(hint, data)
    else:
        return _composed(hint, data, name)
    raise ValueError(f"{name} has to be {getattr(hint, '__name__', hint)}, not {str(data)[:40]!r}")


def _composed(hint: Any, data: object, name: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is tuple and len(inner) == 2 and inner[1] is ... and isinstance(data, list):
        return tuple(_typed(inner[0], item, name) for item in data)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(data, dict):
        return {_typed(inner[0], key, name): _typed(inner[1], item, name) for key, item in data.items()}
    if origin in (Union, types.UnionType):
        for choice in inner:
            try:
                return _typed(choice, data, name)
            except ValueError:
                continue
    raise ValueError(f"{name} has a value of the wrong type")


def octets(text: str) -> bytes:
    """Bytes that were written as text. Raises: ValueError."""
    return text.encode("latin-1")
