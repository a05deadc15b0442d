"""Words of the screens, tellings, mistakes in files, simplifications, chapters, glossary: whole in both languages."""

from __future__ import annotations

import pytest

from mailsim.lessons.errors import COUNTS, EXPECTED, MISTAKES, WORDS
from mailsim.lessons.languages import LANGUAGES
from mailsim.lessons.short_texts import simplification, simplifications, stage_name
from mailsim.lessons.telling import sentences
from mailsim.lessons.terms import glossary
from mailsim.lessons.ui import MESSAGES
from mailsim.net.network import SIMPLIFICATIONS
from mailsim.trace.stages import STAGES

from .prose import czech_faults, has_czech_letters, placeholders, words

FORMS = {"en": 2, "cs": 3}


# --- how a run is told ----------------------------------------------------------------------------


@pytest.mark.parametrize("key", sentences("en"))
def test_a_telling_says_the_same_in_both_languages(key):
    english, czech = (sentences(language)[key] for language in LANGUAGES)
    assert english
    assert czech
    assert placeholders(czech) == placeholders(english)
    assert not czech_faults(czech)
    if "|" in english + czech:
        assert {"en": len(english.split("|")), "cs": len(czech.split("|"))} == FORMS


# --- the words of the screens -------------------------------------------------------------------


@pytest.mark.parametrize("key", MESSAGES)
def test_a_message_says_the_same_in_both_languages(key):
    english, czech = MESSAGES[key]
    assert english
    assert czech
    for form in english.split("|") + czech.split("|"):
        assert placeholders(form) <= placeholders(english)
    assert not czech_faults(czech.replace("}  {", "} {"))


@pytest.mark.parametrize("key", [key for key, texts in MESSAGES.items() if "{n}" in texts[0] and "|" in texts[0]])
def test_a_message_that_counts_has_all_forms(key):
    for language, message in zip(LANGUAGES, MESSAGES[key], strict=True):
        assert len(message.split("|")) == FORMS[language]


# --- mistakes in scenario files -----------------------------------------------------------------


@pytest.mark.parametrize("code", MISTAKES)
def test_a_mistake_is_told_in_both_languages(code):
    english, czech = (MISTAKES[code][language] for language in LANGUAGES)
    assert english.message
    assert czech.message != english.message
    assert english.hint
    assert czech.hint
    assert placeholders(czech.message) == placeholders(english.message)
    assert placeholders(czech.hint) == placeholders(english.hint)
    assert not czech_faults(czech.message.replace("`", "") + "\n" + czech.hint)


def test_words_around_a_report():
    for texts in (*WORDS.values(), *EXPECTED.values()):
        assert set(texts) == set(LANGUAGES)
    assert {language: len(forms) for language, forms in COUNTS.items()} == FORMS


# --- simplifications, chapters ------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_simplification_has_a_sentence(lang):
    assert set(simplifications(lang)) == set(SIMPLIFICATIONS)
    for sentence in simplifications(lang).values():
        assert sentence.endswith(".")
        assert 10 <= words(sentence) <= 40


def test_simplifications_are_translated():
    for slug in simplifications("en"):
        assert simplification(slug, "cs") != simplification(slug, "en")
        assert has_czech_letters([simplification(slug, "cs")])
        assert not czech_faults(simplification(slug, "cs"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_chapter_has_a_short_name(lang):
    assert {key for key in sentences(lang) if key.startswith("stage.")} == {f"stage.{slug}" for slug in STAGES}
    assert all(0 < len(stage_name(slug, lang)) <= 20 for slug in STAGES)


# --- the glossary -------------------------------------------------------------------------------


def test_the_glossary_is_complete():
    english, czech = glossary("en"), glossary("cs")
    assert tuple(english) == tuple(czech)
    assert len(english) == 80
    for key in english:
        assert english[key].key == czech[key].key == english[key].name == key
        assert 4 <= words(english[key].definition) <= 30
        assert 4 <= words(czech[key].definition) <= 30
        assert english[key].definition != czech[key].definition
        assert has_czech_letters([czech[key].definition])
        assert not czech_faults(czech[key].definition)
