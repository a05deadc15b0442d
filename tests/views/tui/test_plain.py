"""The plain mode, as a screen reader or a pipe meets it."""

from __future__ import annotations

import io

from mailsim.trace.levels import Level
from mailsim.views.tui.plain import run_plain
from tests.views.tui.synthetic import failover


def read(*commands: str, language: str = "en", level: Level | None = None) -> list[str]:
    """The paragraphs that these commands lead to."""
    out = io.StringIO()
    run_plain(failover(), [f"{command}\n" for command in commands], out, language, level)
    return out.getvalue().rstrip("\n").split("\n\n")


def test_the_beginning_says_what_this_is_and_how_to_go_on() -> None:
    (hello,) = read()
    assert hello.startswith("Backup MX. 77 steps. Enter: next. b: back. q: quit.")
    assert "You will learn: See who holds a mail" in hello


def test_enter_goes_on_and_b_goes_back() -> None:
    _, one, two, back = read("", "", "b")
    assert one.splitlines()[:2] == ["Stage 1: Submit.", "Step 1 of 77, 0.001 s."]
    assert "Step 2 of 77" in two
    assert "mail.skola.example. IN A ?" in two
    assert one.splitlines()[1:3] == back.splitlines()[:2]


def test_the_whole_run_can_be_read_forwards_and_back() -> None:
    forwards = read(*[""] * 77)[1:]
    assert len(forwards) == 77
    both = read(*[""] * 77, *["b"] * 76)
    said = [[line for line in p.splitlines() if line.startswith("Step")] for p in both[1:]]
    assert said[:77] == said[76:][::-1]


def test_the_ends_say_so() -> None:
    assert read("b")[-1] == "This is the start. n goes on."
    assert read("g 77", "")[-1] == "This is the end. g goes to the start, p back."


def test_q_ends_and_later_commands_are_not_read() -> None:
    assert len(read("", "q", "", "")) == 2


def test_what_is_not_understood_gets_the_keys() -> None:
    assert read("fly")[-1] == "Enter: next. b: back. q: quit."


def test_who_is_responsible_is_said_when_it_changes() -> None:
    paragraphs = read(*[""] * 77)
    changes = [line for p in paragraphs for line in p.splitlines() if line.startswith("Responsible")]
    assert changes[0] == "Responsible: pc."
    assert "Responsible: mx2." in changes
    assert len(changes) == len(set(changes)) or changes.count("Responsible: pc.") == 1


def test_czech_and_zoom() -> None:
    paragraphs = read("", "v", language="cs", level=Level.DIALOGUE)
    assert paragraphs[0].startswith("Záložní MX. 77 kroků.")
    assert "Přiblížení: pakety" in paragraphs[2]


def test_a_long_thing_said_is_quoted_and_cut_with_a_count() -> None:
    content = next(p for p in read(*[""] * 60) if "    From: Alena" in p)
    assert "    ..tečka na začátku řádku" in content
