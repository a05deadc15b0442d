"""The two languages: which there are, how each counts things, and how it writes numbers (CLDR's rules, by Babel)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

LANGUAGES = ("en", "cs")
LANGUAGE_NAMES: Mapping[str, str] = {"en": "English", "cs": "česky"}

_FORMS: Mapping[str, tuple[str, ...]] = {"en": ("one", "other"), "cs": ("one", "few", "other")}
"""Forms of a word in the order in which a message writes them: `{n} pokus|{n} pokusy|{n} pokusů`."""


def language_of(wanted: str) -> str:
    """The language to speak to who wants `wanted` (`cs`, `cs_CZ.UTF-8`): English when it is none of ours."""
    language = wanted.replace("-", "_").partition("_")[0].lower()
    return language if language in LANGUAGES else "en"


def plural_form(language: str, n: float) -> int:
    """Which of the forms of a message goes with `n`: 0 for one; in Czech 1 for two to four, 2 for more.

    A broken number has a form of its own in Czech ("many", 1,5 pokusu), for which messages have no column: it
    takes the last one.
    """
    forms = _FORMS[language_of(language)]
    form = _locale(language_of(language)).plural_form(n)
    return forms.index(form) if form in forms else len(forms) - 1


def plural(language: str, message: str, n: float) -> str:
    """The form of `one|few|other` that goes with `n`; a message with a single form is for every number."""
    forms = message.split("|")
    return forms[min(plural_form(language, n), len(forms) - 1)]


def number(language: str, value: float, digits: int = 0) -> str:
    """A number with `digits` decimal places as the language writes it: `0.404`, `0,404`; no thousands separator."""
    text = f"{value:.{digits}f}"
    return text.replace(".", decimal_mark(language)) if digits else text


@cache
def decimal_mark(language: str) -> str:
    """What stands between whole and part: a point or a comma."""
    marks = _locale(language_of(language)).number_symbols
    return str((marks.get("latn") or marks)["decimal"])


@cache
def _locale(language: str) -> Locale:
    from babel import Locale

    return Locale.parse(language)
