"""The texts beside the scenarios: the same in both languages, about topics that exist, without computed figures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from mailsim.lessons.languages import LANGUAGES
from mailsim.trace.topic_list import ALL_TOPICS

from .prose import czech_faults, has_czech_letters, words

SCENARIOS = Path(__file__).parents[2] / "scenarios"
TOLD = sorted(path.parent.name for path in SCENARIOS.glob("*/en.yaml"))

every = pytest.mark.parametrize("scenario", TOLD)


def texts(scenario: str, lang: str) -> dict:
    return YAML(typ="safe").load((SCENARIOS / scenario / f"{lang}.yaml").read_text(encoding="utf-8"))


def prose(told: dict) -> dict[str, str]:
    explained = {f"explain.{topic}": text for topic, text in told["explain"].items()}
    variants = {
        f"variants.{name}.{key}": text
        for name, texts in told.get("variants", {}).items()
        for key, text in texts.items()
    }
    return {key: told[key] for key in ("title", "objective", "story")} | explained | variants


def test_the_first_three_are_told():
    assert {"first-mail", "cross-domain", "mx-failover"} <= set(TOLD)


@every
def test_both_languages_tell_the_same_things(scenario):
    english, czech = (texts(scenario, lang) for lang in LANGUAGES)
    assert list(english) == list(czech)
    assert [key for key in english if key != "variants"] == ["title", "objective", "story", "explain"]
    assert list(english.get("variants", {})) == list(czech.get("variants", {}))
    assert list(english["explain"]) == list(czech["explain"])
    assert set(english["explain"]) <= set(ALL_TOPICS)


@every
@pytest.mark.parametrize("lang", LANGUAGES)
def test_texts_have_a_readable_length(scenario, lang):
    told = texts(scenario, lang)
    assert words(told["title"]) <= 10
    assert 10 <= words(told["objective"]) <= 45
    assert 3 <= len(re.findall(r"[.?!](?: |$)", told["story"])) <= 7
    assert all(12 <= words(text) <= 60 for text in told["explain"].values())
    for variant in told.get("variants", {}).values():
        assert words(variant["title"]) <= 10
        assert 2 <= len(re.findall(r"[.?!](?: |$)", variant["story"])) <= 6


@every
def test_czech_is_czech(scenario):
    english, czech = (prose(texts(scenario, lang)) for lang in LANGUAGES)
    for key in english:
        assert czech[key] != english[key]
        assert has_czech_letters([czech[key]])
        assert not czech_faults(czech[key])


@every
@pytest.mark.parametrize("lang", LANGUAGES)
def test_prose_names_no_figure_that_the_run_computes(scenario, lang):
    """Times, addresses and counts come from the trace: a change of the scenario must not make its texts wrong."""
    figure = re.compile(r"\d+:\d\d|\d+\.\d+\.\d+|\b\d+ ?(?:s|ms|min|minutes?|seconds?|sekund|minut|hodin)\b")
    for key, text in prose(texts(scenario, lang)).items():
        assert not figure.search(text), key


@every
def test_both_languages_name_the_same_hosts(scenario):
    host = re.compile(r"\b[a-z0-9.]+\.example\b|\bmx\d\b")
    english, czech = (prose(texts(scenario, lang)) for lang in LANGUAGES)
    for key in english:
        assert set(host.findall(english[key])) == set(host.findall(czech[key])), key
