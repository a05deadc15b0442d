"""The help of the commands in the language of whoever asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import typer

from mailsim.cli.options import default_language
from mailsim.lessons.languages import language_of


def language_asked(words: Sequence[str]) -> str:
    """The language that the words of the command line ask for, else that of the user's system."""
    for word, following in zip(words, (*words[1:], ""), strict=True):
        option, _, value = word.partition("=")
        if option == "--lang":
            return language_of(value or following)
    return default_language()


def translate(command: Any, language: str) -> None:
    """Put the texts of a command, its options and its commands into a language."""
    from mailsim.lessons.command_line import translated

    for part, panel in _parts(command):
        for name in ("help", "short_help"):
            if getattr(part, name, None):
                setattr(part, name, translated(getattr(part, name), language))
        part.rich_help_panel = translated(panel, language)


def _parts(command: Any, panel: str = "Commands") -> Iterator[tuple[Any, str]]:
    """Everything that has a text: what it is, and under which heading it stands."""
    yield command, panel
    help_option = command.get_help_option(typer.Context(command))
    for parameter in (*command.params, *([help_option] if help_option else [])):
        yield parameter, "Arguments" if parameter.param_type_name == "argument" else "Options"
    for further in getattr(command, "commands", {}).values():
        yield from _parts(further)
