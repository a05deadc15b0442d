"""What a topic means: a title, one or two sentences, and where the rule stands."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from mailsim.lessons.languages import language_of

OVERRIDE = "explain."
"""What the key of a scenario's own explanation begins with: `explain.tcp.timeout`."""


@dataclass(frozen=True, slots=True, order=True)
class Citation:
    """A section of an RFC, or the whole RFC when `section` is ""."""

    rfc: int
    section: str = ""

    def __str__(self) -> str:
        return f"RFC {self.rfc}, {self.section}" if self.section else f"RFC {self.rfc}"

    @property
    def url(self) -> str:
        """Where the RFC Editor shows it."""
        place = f"#section-{self.section}" if self.section else ""
        return f"https://www.rfc-editor.org/rfc/rfc{self.rfc}.html{place}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One topic in one language."""

    title: str
    text: str
    citations: tuple[Citation, ...] = ()


def explain(topic: str, lang: str, world_texts: Mapping[str, str] | None = None) -> Explanation:
    """The explanation of a topic; a scenario's own text, if it has one, stands in for the general one.

    Args:
        topic: one of `mailsim.trace.topic_list.ALL_TOPICS`.
        world_texts: texts of the scenario in this language (`World.texts[lang]`).
    Raises: KeyError for a topic that nobody wrote about.
    """
    general = explanations(lang)[topic]
    own = (world_texts or {}).get(OVERRIDE + topic, "")
    return Explanation(general.title, own, general.citations) if own else general


def explanations(lang: str) -> Mapping[str, Explanation]:
    """All explanations of a language, by topic."""
    return _explanations(language_of(lang))


@cache
def _explanations(language: str) -> Mapping[str, Explanation]:
    cited = citations()
    return {
        topic: Explanation(entry["title"], entry["text"], cited.get(topic, ()))
        for topic, entry in read_toml(language, "topics.toml").items()
    }


@cache
def citations() -> Mapping[str, tuple[Citation, ...]]:
    """Where the rule behind each topic stands, the most important place first."""
    return {topic: tuple(map(_citation, places)) for topic, places in read_toml("citations.toml").items()}


def _citation(place: str) -> Citation:
    rfc, _, section = place.partition(" ")
    return Citation(int(rfc), section)


def read_toml(*path: str) -> dict[str, Any]:
    """A data file of this package."""
    return tomllib.loads(files("mailsim.lessons").joinpath(*path).read_text(encoding="utf-8"))
