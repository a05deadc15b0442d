"""What the README shows is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from mailsim.scenario.build import build
from mailsim.scenario.loader import open_scenario, read
from mailsim.scenario.source import Source
from mailsim.trace.conservation import conservation
from mailsim.trace.levels import Level
from mailsim.views.text.run import run_lines

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def block(language: str) -> str:
    """The only code block of a language."""
    [text] = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return str(text)


def test_the_transcript_is_real() -> None:
    trace = build(open_scenario("cross-domain")).run()
    told = {line.text.rstrip() for line in run_lines(trace, Level.DIALOGUE, "en", 100)}
    assert [line for line in block("text").splitlines() if line.rstrip() not in told] == []


def test_the_first_scenario_of_a_reader_works() -> None:
    text = block("yaml")
    assert len(text.splitlines()) == 10
    scenario, mistakes = read(Source("mine.yaml", text))
    assert mistakes == []
    assert scenario is not None
    trace = build(scenario).run()
    kinds = [event.kind for event in trace.events]
    assert kinds.count("tcp.refused") >= 1
    assert kinds.count("mda.deliver") == kinds.count("mua.show") == 1
    assert list(conservation(trace)) == []


def test_the_pictures_are_there() -> None:
    for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (ROOT / path).is_file()


def test_every_command_of_the_table_exists() -> None:
    from typer.main import get_command

    from mailsim.cli import application

    named = set(re.findall(r"^\| `mailsim (\w+)", README, re.MULTILINE))
    assert named == set(get_command(application()).commands)  # type: ignore[attr-defined]
