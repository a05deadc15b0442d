"""Mistakes in a scenario file: where, what, and what to do; collected, so that one run reports them all."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from mailsim.errors import MailsimError, ScenarioError
from mailsim.lessons.errors import DID_YOU_MEAN, EXPECTED, MISTAKES

SHOWN_LIMIT = 60
"""Longer values are cut in messages."""


class Mistake(ScenarioError):
    """One mistake; `code` is stable, and `said(language)` gives the sentences.

    Attributes:
        code: key of `mailsim.lessons.errors.MISTAKES`. details: what fills the sentences.
        suggestion: what the author probably meant, "" when nothing is close.
    """

    def __init__(
        self,
        code: str,
        details: dict[str, str] | None = None,
        *,
        suggestion: str = "",
        file: str = "",
        line: int = 0,
        column: int = 0,
        source: str = "",
    ) -> None:
        self.code, self.details, self.suggestion = code, details or {}, suggestion
        message, hint = self.said("en")
        super().__init__(message, file, line, column, hint, source)

    def said(self, language: str) -> tuple[str, str]:
        """What is wrong and what to do, in `en` or `cs`."""
        sentences = MISTAKES[self.code][language]
        details = dict(self.details)
        if "expected" in details:
            for name in ("expected", "found"):
                details[name] = EXPECTED.get(details[name], {}).get(language, details[name])
        hint = DID_YOU_MEAN[language].format(suggestion=self.suggestion) if self.suggestion else sentences.hint
        return sentences.message.format(**details), hint if self.suggestion else hint.format(**details)


class ScenarioErrors(MailsimError):
    """A file has mistakes: all of them, in the order of the file."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__(mistakes)
        self.mistakes = tuple(mistakes)

    def __str__(self) -> str:
        return "\n".join(str(mistake) for mistake in self.mistakes)


def closest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like this one, "" when none is."""
    name = name[:SHOWN_LIMIT]
    least = 0.8 if "." in name else 0.6  # a common domain alone makes no likeness
    return next(iter(difflib.get_close_matches(name, sorted(known), 1, least)), "")


def shown(value: object, limit: int = SHOWN_LIMIT) -> str:
    """A value as a message quotes it: one line, not too long."""
    text = "".join(character if character.isprintable() else "�" for character in str(value)[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"
