"""Short texts by slug: what a run leaves out, and the names of its chapters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from mailsim.lessons.explanations import read_toml
from mailsim.lessons.languages import language_of
from mailsim.lessons.telling import say


def simplification(slug: str, lang: str) -> str:
    """What a run leaves out and what a real system does (`World.simplifications` has slugs). Raises: KeyError."""
    return simplifications(lang)[slug]


def simplifications(lang: str) -> Mapping[str, str]:
    """All sentences about what is left out, by slug."""
    return _texts("simplifications.toml", language_of(lang))


def stage_name(slug: str, lang: str) -> str:
    """What a chapter of the run is called (`mailsim.trace.stages.STAGES`). Raises: KeyError."""
    return say(f"stage.{slug}", lang)


@cache
def _texts(file: str, language: str) -> Mapping[str, str]:
    return {slug: texts[language] for slug, texts in read_toml(file).items()}
