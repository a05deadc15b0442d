"""Every topic is explained in both languages, briefly, with its place in the RFCs."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from mailsim.lessons.explanations import Citation, citations, explain, explanations
from mailsim.lessons.languages import LANGUAGES
from mailsim.trace.topic_list import ALL_TOPICS

from .prose import czech_faults, has_czech_letters, words

both = pytest.mark.parametrize("lang", LANGUAGES)


@both
def test_topics_and_texts_match_one_to_one(lang):
    assert tuple(explanations(lang)) == ALL_TOPICS


def test_topics_and_citations_match_one_to_one():
    assert tuple(citations()) == ALL_TOPICS


@both
@pytest.mark.parametrize("topic", ALL_TOPICS)
def test_a_text_is_one_or_two_plain_sentences(topic, lang):
    lesson = explain(topic, lang)
    shortest = {"en": 15, "cs": 13}[lang]
    assert shortest <= words(lesson.text) <= 45
    assert lesson.text.endswith((".", ":."))
    assert 1 <= len(re.findall(r"[.!?](?= [A-ZÁČĎÉÍŇÓŘŠŤÚŽ\\]|$)", lesson.text)) <= 5
    assert 0 < len(lesson.title) <= 45
    assert not lesson.title.endswith(".")
    assert "\n" not in lesson.text + lesson.title


@pytest.mark.parametrize("topic", ALL_TOPICS)
def test_czech_is_czech(topic):
    english, czech = explain(topic, "en"), explain(topic, "cs")
    assert czech.text != english.text
    assert czech.title != english.title
    assert has_czech_letters([czech.text])
    assert not has_czech_letters([english.text, english.title])
    assert not czech_faults(czech.text + "\n" + czech.title)


@pytest.mark.parametrize("topic", ALL_TOPICS)
def test_both_languages_use_the_same_protocol_words(topic):
    """Commands, codes and flags stay as the RFC writes them: what one language shows, the other shows too."""
    token = re.compile(r"\\[A-Z]\w+|\b(?:[A-Z]{4,}\d?|\d{3})\b")
    english, czech = (set(token.findall(explain(topic, lang).text)) for lang in LANGUAGES)
    assert english == czech


def test_each_topic_but_the_last_resort_cites_a_section():
    without = [topic for topic, places in citations().items() if not places]
    assert without == ["other"]


def test_citations_are_well_formed():
    for places in citations().values():
        assert len(set(places)) == len(places)
        for place in places:
            assert 700 < place.rfc < 10_000
            assert re.fullmatch(r"(\d+(\.\d+)*)?", place.section)


def test_a_citation_as_text_and_as_a_link():
    assert str(Citation(5321, "4.2.1")) == "RFC 5321, 4.2.1"
    assert str(Citation(768)) == "RFC 768"
    assert Citation(5321, "4.2.1").url == "https://www.rfc-editor.org/rfc/rfc5321.html#section-4.2.1"
    assert Citation(768).url == "https://www.rfc-editor.org/rfc/rfc768.html"


def test_citations_do_not_depend_on_the_language():
    for topic in ALL_TOPICS:
        assert explain(topic, "en").citations == explain(topic, "cs").citations


def test_a_scenario_may_explain_an_event_in_its_own_words():
    texts = {"title": "T", "explain.tcp.timeout": "The firewall is silent."}
    own = explain("tcp.timeout", "en", texts)
    general = explain("tcp.timeout", "en")
    assert own.text == "The firewall is silent."
    assert (own.title, own.citations) == (general.title, general.citations)
    assert explain("tcp.refused", "en", texts) == explain("tcp.refused", "en")


def test_an_unknown_topic_is_an_error():
    with pytest.raises(KeyError):
        explain("smtp.nonsense", "en")


def test_an_unknown_language_is_english():
    assert explain("smtp.mail", "de_AT.UTF-8") == explain("smtp.mail", "en")
    assert explain("smtp.mail", "cs_CZ.UTF-8") == explain("smtp.mail", "cs")


def test_explaining_loads_nothing_heavy():
    code = (
        "import sys; from mailsim.lessons.explanations import explain; from mailsim.lessons.terms import glossary;"
        "explain('smtp.mail', 'cs'); glossary('cs');"
        "heavy = ('ruamel.yaml', 'babel', 'textual', 'simpy', 'pydantic', 'dns');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
