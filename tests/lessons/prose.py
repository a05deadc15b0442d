"""What every sentence of the lessons has to keep to, whoever wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from string import Formatter

_PLACEHOLDER = Formatter()


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in _PLACEHOLDER.parse(text) if name}


def words(text: str) -> int:
    """How many words a text has."""
    return len(text.split())


def czech_faults(text: str) -> list[str]:
    """Slips of Czech typography and terminology that a program can see."""
    patterns = {
        "English quotation marks": r"[\"“][^\"“”„]*[\"”]",
        "a pair of „…“ is not closed": r"„[^“]*$",
        "email instead of e-mail": r"(?i)\bemail",
        "a decimal point": r"(?<![\d.])\d+\.\d+ ",
        "odesilatel instead of odesílatel": r"(?i)odesilatel",
        "two spaces": r"  ",
        "a space before punctuation": r" [,.;:!?](\s|$)",
    }
    return [name for name, pattern in patterns.items() if re.search(pattern, text)]


def has_czech_letters(texts: Iterable[str]) -> bool:
    """Whether somewhere in the texts a letter stands that English does not have."""
    return any(letter in text for text in texts for letter in "áčďéěíňóřšťúůýž")
