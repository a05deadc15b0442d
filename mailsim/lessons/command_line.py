"""The help of the command line in another language than English: paragraph by paragraph, looked up in a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from mailsim.lessons.explanations import read_toml

_GAP = re.compile(r"\n\s*\n")


def translated(text: str, language: str) -> str:
    """A text of the help in a language; a paragraph that nobody has translated stays as it is."""
    if language == "en":
        return text
    sentences = table(language)
    paragraphs = (" ".join(paragraph.split()) for paragraph in _GAP.split(text))
    return "\n\n".join(sentences.get(paragraph, paragraph) for paragraph in paragraphs)


@cache
def table(language: str) -> Mapping[str, str]:
    """English paragraph -> the same in that language."""
    return read_toml(language, "command_line.toml")
