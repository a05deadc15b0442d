"""What a run leaves out, said honestly: one sentence a slug, with what a real system does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from mailsim.lessons.explanations import read_toml
from mailsim.lessons.languages import language_of


def simplification(slug: str, lang: str) -> str:
    """The sentence about one simplification (`World.simplifications` has the slugs). Raises: KeyError."""
    return simplifications(lang)[slug]


def simplifications(lang: str) -> Mapping[str, str]:
    """All sentences of a language, by slug."""
    return _simplifications(language_of(lang))


@cache
def _simplifications(language: str) -> Mapping[str, str]:
    return {slug: sentences[language] for slug, sentences in read_toml("simplifications.toml").items()}
