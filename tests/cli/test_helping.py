"""The help of the command line in Czech."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from typer.main import get_command

from mailsim import cli
from mailsim.cli.helping import _parts, language_asked
from mailsim.lessons.command_line import table


def sentences() -> Iterator[str]:
    """Everything that the help says, paragraph by paragraph."""
    for part, panel in _parts(get_command(cli.application())):
        yield panel
        for text in filter(None, (getattr(part, "help", ""), getattr(part, "short_help", ""))):
            yield from (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def test_every_sentence_of_the_help_is_there_in_czech_and_no_other() -> None:
    assert set(sentences()) == set(table("cs"))


@pytest.mark.parametrize(
    ("words", "language"),
    [
        (["--lang", "cs", "--help"], "cs"),
        (["step", "--help", "--lang=cs"], "cs"),
        (["step", "--help"], "en"),
        (["step", "x", "--lang"], "en"),
        (["step", "--lang", "tlh"], "en"),
    ],
)
def test_the_language_is_that_of_the_option_or_the_system(
    words: list[str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILSIM_LANG", "en")
    assert language_asked(words) == language
    monkeypatch.setenv("MAILSIM_LANG", "cs_CZ.UTF-8")
    assert language_asked(["step", "--help"]) == "cs"


def test_help_in_czech(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["mailsim", *words])
        with pytest.raises(SystemExit):
            cli.main()
        return " ".join(capsys.readouterr().out.replace("│", " ").split())

    monkeypatch.setenv("COLUMNS", "100")
    czech = told("dig", "--lang", "cs", "--help")
    for text in ("Položit ve světě scénáře dotaz DNS", "Volby", "Přepínače: +tcp", "Jazyk výpisu."):
        assert text in czech
    assert "Vypsat tuto nápovědu a skončit." in czech
    assert "Show this message and exit." in told("dig", "--lang", "en", "--help")
