"""The options of the commands with a screen."""

from __future__ import annotations

import io
from dataclasses import fields
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from mailsim.cli import application, stepping
from mailsim.cli.screens import Colours, ScreenOptions
from mailsim.live import browser
from mailsim.views import tui
from mailsim.views.tui.memory import Memory
from mailsim.views.tui.side_by_side import CompareApp

NAMES = {field.name for field in fields(ScreenOptions)}


def test_every_command_with_a_screen_lets_one_choose_the_same_about_it() -> None:
    alone = typer.main.get_command(application())
    step, compare = (typer.main.get_command(application([name])).commands[name] for name in ("step", "compare"))  # type: ignore[attr-defined]
    for command in (alone, step, compare):
        assert {parameter.name for parameter in command.params} >= NAMES


def test_a_terminal_of_sixteen_colours_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ScreenOptions(colours=Colours.SIXTEEN).looks(Memory()).colours == 16
    assert ScreenOptions().looks(Memory()).colours == 0
    monkeypatch.setattr("mailsim.cli.screens._has_few_colours", lambda: True)
    assert ScreenOptions().looks(Memory()).colours == 16


def test_what_was_chosen_reaches_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[object, str, tui.Looks]] = []
    monkeypatch.setattr("mailsim.cli.stepping.has_a_screen", lambda: True)
    monkeypatch.setattr(tui, "run", lambda trace, language, looks, *_, **__: shown.append((trace, language, looks)))
    options = ["--lang", "cs", "--theme", "light", "--no-mouse", "--no-motion", "--ascii", "--colors", "16"]
    done = CliRunner(env={"MAILSIM_SETTINGS": "/dev/null"}).invoke(application(["step"]), ["step", "x", *options])
    assert done.exit_code == 0
    ((_, language, looks),) = shown
    assert (language, looks) == ("cs", tui.Looks("light", motion=False, ascii_only=True, colours=16, mouse=False))


class AtTerminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


def test_two_runs_are_shown_side_by_side_at_a_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown: list[tuple[str, bool]] = []
    monkeypatch.setattr(CompareApp, "run", lambda app, mouse: shown.append((app.theme, mouse)))
    monkeypatch.setattr("sys.stdout", AtTerminal())
    monkeypatch.setattr("mailsim.cli.screens._has_few_colours", lambda: False)
    monkeypatch.setenv("MAILSIM_SETTINGS", str(tmp_path / "none.json"))
    options = {field.name: field.default for field in fields(ScreenOptions)} | {"no_mouse": True}
    stepping.compare(left="first-mail", right="first-mail@b", **options)
    assert shown == [("mailsim-dark", False)]


def test_the_browser_is_not_opened_for_a_scenario_with_mistakes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    served: list[list[str]] = []
    monkeypatch.setattr(browser, "serve", lambda command, _: served.append(command))
    monkeypatch.setattr("mailsim.scenario.build.build", lambda *_: pytest.fail("the scenario is run"))
    (tmp_path / "wrong.yaml").write_text("id: wrong\ndomainz: {}\n", "utf-8")
    done = CliRunner().invoke(application(["web"]), ["web", str(tmp_path / "wrong.yaml"), "--lang", "en"])
    assert done.exit_code == 2
    assert "domainz" in done.stderr
    assert not served
    assert CliRunner().invoke(application(["web"]), ["web", "first-mail"]).exit_code == 0
    assert "first-mail" in served[0]
