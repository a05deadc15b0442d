"""Counting and writing numbers in English and Czech."""

from __future__ import annotations

import pytest

from mailsim.lessons.languages import LANGUAGES, language_of, number, plural, plural_form
from mailsim.lessons.ui import LANGUAGE_NAMES, Words


@pytest.mark.parametrize(
    ("n", "said"),
    [(0, "0 pokusů"), (1, "1 pokus"), (2, "2 pokusy"), (4, "4 pokusy"), (5, "5 pokusů"), (21, "21 pokusů")],
)
def test_czech_counts_one_few_more(n, said):
    assert plural("cs", "{n} pokus|{n} pokusy|{n} pokusů", n).format(n=n) == said


@pytest.mark.parametrize(("n", "said"), [(0, "0 attempts"), (1, "1 attempt"), (2, "2 attempts"), (21, "21 attempts")])
def test_english_counts_one_other(n, said):
    assert plural("en", "{n} attempt|{n} attempts", n).format(n=n) == said


def test_a_message_with_one_form_is_for_every_number():
    assert [plural("cs", "krok {n}", n) for n in (1, 3, 9)] == ["krok {n}"] * 3


def test_a_broken_number_takes_the_last_form():
    assert plural_form("cs", 1.5) == 2
    assert plural_form("en", 1.5) == 1


def test_decimal_mark():
    assert number("en", 0.404, 3) == "0.404"
    assert number("cs", 0.404, 3) == "0,404"
    assert number("cs", 1234) == "1234"


def test_language_of():
    assert [language_of(wanted) for wanted in ("cs", "cs_CZ.UTF-8", "CS-cz", "en_GB", "sk", "", "C")] == [
        "cs", "cs", "cs", "en", "en", "en", "en",
    ]  # fmt: skip
    assert set(LANGUAGE_NAMES) == set(LANGUAGES)


def test_words_of_the_screen_use_the_same_rules():
    czech, english = Words("cs"), Words("en")
    assert [czech("bytes.count", n=n) for n in (1, 3, 8)] == ["1 bajt", "3 bajty", "8 bajtů"]
    assert [english("bytes.count", n=n) for n in (1, 3)] == ["1 byte", "3 bytes"]
    assert czech.number(1.37, 2) == "1,37"
    assert czech.duration(1_234_567) == "1,234 s"
    assert english.duration(61_500_000) == "0:01:01.500"
