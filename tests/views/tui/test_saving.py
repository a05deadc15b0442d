"""A step as text and as a picture; a range of steps to print."""

from __future__ import annotations

import struct
import xml.dom.minidom
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mailsim.trace.levels import Level
from mailsim.views.tui.app import StepperApp
from mailsim.views.tui.ascii import plain
from mailsim.views.tui.chrome import KeyBar
from mailsim.views.tui.handout import handout
from mailsim.views.tui.pages import PAGES, Pages
from mailsim.views.tui.picture import CELL_HEIGHT, CELL_WIDTH
from mailsim.views.tui.saving import parse_range, step_text
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import Stepper
from tests.views.tui.synthetic import failover


def stepper_at(position: int, language: str = "en") -> Stepper:
    stepper = Stepper(Score(failover()), language, Level.DIALOGUE)
    stepper.move_to(position)
    return stepper


def test_a_step_as_text_has_every_page() -> None:
    stepper = stepper_at(40, "cs")
    text = step_text(stepper, Pages(stepper.score))
    assert "Krok 40 z 77" in text
    assert all(f"== {stepper.words(f'pane.{page}')} ==" in text for page in PAGES)


@pytest.mark.parametrize(
    ("text", "steps"), [("3-20", range(3, 21)), ("7", range(7, 8)), ("70-999", range(70, 78)), (" 0-2 ", range(1, 3))]
)
def test_ranges(text: str, steps: range) -> None:
    assert parse_range(text, 77) == steps


@pytest.mark.parametrize("text", ["", "x", "9-3", "-3", "1-2-3", "99", "1-9999999999999"])
def test_what_is_no_range(text: str) -> None:
    assert parse_range(text, 77) is None


class Tags(HTMLParser):
    """Counts what is opened and not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", ["en", "cs"])
def test_a_handout_is_whole_html_with_nothing_from_elsewhere(language: str) -> None:
    stepper = stepper_at(5, language)
    page = handout(stepper, Pages(stepper.score), range(1, 41), True)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert stepper.position == 5
    assert "MAIL FROM:<alena@skola.example>" in tags.text
    assert page.count("<section") == 40
    assert "src=" not in page
    assert "href=" not in page
    assert "421 4.3.2" not in page, "a later step"


def test_a_handout_as_text() -> None:
    stepper = stepper_at(5)
    text = handout(stepper, Pages(stepper.score), range(10, 13), False)
    assert [line for line in text.splitlines() if line.startswith("Step ")] == [
        line for i in (10, 11, 12) for line in text.splitlines() if line.startswith(f"Step {i} of")
    ]


async def test_s_saves_pictures_and_text_and_capital_s_a_handout(tmp_path: Path) -> None:
    app = StepperApp(failover(), folder=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n", "s")
        await pilot.press("enter")
        bar = app.screen.query_one(KeyBar)
        assert bar.message.startswith("Saved: ")
        for name in ("a.png", "b.txt"):
            await pilot.press("s", "ctrl+u", *name, "enter")
        await pilot.press("S", "ctrl+u", *"2-4 h.html", "enter")
        await pilot.press("S", "ctrl+u", *"nonsense", "enter")
        assert bar.message.startswith("Write steps and a file")
    assert {path.name for path in tmp_path.iterdir()} == {"mailsim-mx-failover-1.svg", "a.png", "b.txt", "h.html"}
    xml.dom.minidom.parse(str(tmp_path / "mailsim-mx-failover-1.svg"))
    png = (tmp_path / "a.png").read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack("!II", png[16:24]) == (80 * CELL_WIDTH, 24 * CELL_HEIGHT)
    assert "Step 1 of 77" in (tmp_path / "b.txt").read_text(encoding="utf-8")


def test_ascii_keeps_the_cells() -> None:
    from rich.cells import cell_len

    for text in ("─━═╌│┃►◄▲▼●…§", "Příliš žluťoučký kůň úpěl", "漢字", "╭╮╰╯┏┓┼╋", "„uvozovky“"):
        assert plain(text).isascii()
        assert len(plain(text)) == cell_len(text)
    assert plain("Příliš") == "Prilis"
