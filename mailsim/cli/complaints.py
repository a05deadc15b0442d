"""Problems of the user's own making: said in full on stderr, exit status 2, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from mailsim.errors import MailsimError

if TYPE_CHECKING:
    from mailsim.scenario.mistakes import Mistake
    from mailsim.trace.recording import RecordingError

EXIT_STATUS = 2
WIDEST_LINE = 160
"""Of a longer line only what stands around the mistake is shown."""
SHOWN_BEFORE = 100


@contextmanager
def complaining(lang: str) -> Iterator[None]:
    """Turn mistakes of a scenario, bad recordings, and files that cannot be written, into words."""
    try:
        yield
    except MailsimError as error:
        _complain(error, lang)
    except BrokenPipeError:
        raise
    except OSError as problem:
        refuse(f"{problem.filename}: {problem.strerror}" if problem.filename else problem.strerror or str(problem))


def _complain(error: MailsimError, lang: str) -> None:
    """Say what is the user's to mend; the rest is ours, and is raised again."""
    from mailsim.scenario.mistakes import ScenarioErrors
    from mailsim.trace.recording import RecordingError

    match error:
        case RecordingError():
            refuse(_about(error, lang))
        case ScenarioErrors():
            tell(error.mistakes, lang)
            raise typer.Exit(EXIT_STATUS) from None
        case _:
            raise error


def _about(error: RecordingError, lang: str) -> str:
    from mailsim.lessons.telling import say

    place = f"{error.file}:{error.line}: " if error.line else f"{error.file}: "
    detail = f" ({error.detail})" if error.detail else ""
    return place + say(f"recording.{error.problem}", lang) + detail


def refuse(message: str) -> None:
    """Say what is wrong and end the program. Raises: typer.Exit."""
    typer.echo(message, err=True)
    raise typer.Exit(EXIT_STATUS)


def tell(mistakes: tuple[Mistake, ...], lang: str) -> None:
    """Every mistake: where, what, the line itself, what to do; and how many there are."""
    from mailsim.lessons.errors import COUNTS, WORDS
    from mailsim.lessons.languages import plural_form

    for mistake in mistakes:
        message, hint = mistake.said(lang)
        place = f"{mistake.file}:{mistake.line}:{mistake.column}: " if mistake.line else f"{mistake.file}: "
        typer.echo(f"{place}{WORDS['error'][lang]}: {message}", err=True)
        if mistake.source:
            line, cells_before = excerpt(mistake.source, mistake.column)
            typer.echo(f"    {line}", err=True)
            typer.echo(f"    {' ' * cells_before}^", err=True)
        if hint:
            typer.echo(f"    {WORDS['hint'][lang]}: {hint}", err=True)
    count = COUNTS[lang][plural_form(lang, len(mistakes))]
    typer.echo(count.format(n=len(mistakes)), err=True)


def excerpt(line: str, column: int) -> tuple[str, int]:
    """What to print of a line, and how many cells of the terminal come before its column (from 1)."""
    from rich.cells import cell_len

    start = max(0, column - 1 - SHOWN_BEFORE) if len(line) > WIDEST_LINE else 0
    end = start + WIDEST_LINE
    left, right = ("…" if start else ""), ("…" if end < len(line) else "")
    shown = "".join(character if character.isprintable() else " " for character in line[start:end])
    return left + shown + right, cell_len(left + shown[: column - 1 - start])
