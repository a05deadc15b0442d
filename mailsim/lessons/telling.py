"""The words with which a run is told, in English and Czech: sentences with values and plural forms filled in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from mailsim.lessons.explanations import read_toml
from mailsim.lessons.languages import language_of, number, plural


def say(key: str, lang: str, **values: object) -> str:
    """The sentence `key`, with its values; the value `n` chooses among plural forms. Raises: KeyError."""
    message = sentences(lang)[key]
    count = values.get("n")
    if isinstance(count, int | float):
        message = plural(lang, message, count)
    return message.format_map(values)


def knows(key: str) -> bool:
    """Whether somebody wrote such a sentence."""
    return key in sentences("en")


def sentences(lang: str) -> Mapping[str, str]:
    """All sentences of a language, by key."""
    return _sentences(language_of(lang))


@cache
def _sentences(language: str) -> Mapping[str, str]:
    return {key: message[language] for key, message in read_toml("telling.toml").items()}


def duration(lang: str, microseconds: int) -> str:
    """A span of simulated time: `0.404 s`, `12 min 3 s`, `2 h 5 min`, `5 d 1 h`; a comma for a point in Czech."""
    if microseconds < 60_000_000:
        return f"{number(lang, microseconds // 1000 / 1000, 3)} s"
    seconds = microseconds // 1_000_000
    for size, unit, rest_size, rest_unit in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            rest = seconds % size // rest_size
            return f"{seconds // size} {unit}" + (f" {rest} {rest_unit}" if rest else "")
    raise AssertionError(seconds)
