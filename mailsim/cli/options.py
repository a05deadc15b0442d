"""Arguments and options that several commands have, and the user's language."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated, TypeAlias

import typer

from mailsim.lessons.languages import language_of


class Lang(StrEnum):
    """A language of what is printed."""

    CS = "cs"
    EN = "en"


class Detail(StrEnum):
    """How closely to look."""

    STORY = "story"
    DIALOGUE = "dialogue"
    PACKET = "packet"


def default_language() -> Lang:
    """The language of the user's system: MAILSIM_LANG, LC_ALL, LC_MESSAGES or LANG, whichever says something first."""
    names = ("MAILSIM_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    return Lang(language_of(next((value for name in names if (value := os.environ.get(name))), "en")))


ScenarioName: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="SCENARIO", help="Id of a scenario (see `mailsim list`), a file, a folder, or a recording."),
]
Seed: TypeAlias = Annotated[int | None, typer.Option(min=0, help="Another seed than the scenario's own.")]
Language: TypeAlias = Annotated[
    Lang,
    typer.Option("--lang", default_factory=default_language, show_default=False, help="Language of what is printed."),
]
