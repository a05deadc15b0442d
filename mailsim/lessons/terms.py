"""The glossary: eighty words of e-mail, each with its meaning; English and Czech side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mailsim.lessons.explanations import read_toml
from mailsim.lessons.languages import language_of


@dataclass(frozen=True, slots=True)
class Term:
    """A word and what it means. `key` is the English word, the same in every language."""

    key: str
    name: str
    definition: str


def glossary(lang: str) -> Mapping[str, Term]:
    """The terms of a language by their keys, in the order of the English alphabet."""
    return _glossary(language_of(lang))


@cache
def _glossary(language: str) -> Mapping[str, Term]:
    entries = read_toml("glossary.toml")
    return {key: Term(key, *entry[language]) for key, entry in entries.items()}
