"""Prose in English and Czech: everything that a person reads, and no logic."""

from mailsim.lessons.explanations import Citation, Explanation, explain
from mailsim.lessons.languages import LANGUAGES, language_of
from mailsim.lessons.short_texts import simplification, stage_name
from mailsim.lessons.terms import Term, glossary

__all__ = [
    "LANGUAGES",
    "Citation",
    "Explanation",
    "Term",
    "explain",
    "glossary",
    "language_of",
    "simplification",
    "stage_name",
]
