"""Two runs side by side: what is the same, what differs, and the keys."""

from __future__ import annotations

import io

import pytest

from mailsim.scenario.build import build
from mailsim.scenario.loader import open_scenario
from mailsim.trace.levels import Level
from mailsim.views.tui.compare import CompareScreen, align, write_comparison
from mailsim.views.tui.score import Score
from mailsim.views.tui.side_by_side import CompareApp
from mailsim.views.tui.stepper import Stepper
from tests.views.tui.synthetic import failover


def stepper(name: str, seed: int | None = None) -> Stepper:
    return Stepper(Score(build(open_scenario(name), seed).run()), "en", Level.STORY)


def test_a_run_beside_itself_differs_nowhere() -> None:
    pairs = align(stepper("first-mail"), stepper("first-mail"))
    assert {pair.sign for pair in pairs} == {"same"}
    assert [pair.left for pair in pairs] == [pair.right for pair in pairs] == list(range(1, len(pairs) + 1))


def test_another_seed_has_other_queue_ids_and_that_is_no_difference() -> None:
    pairs = align(stepper("first-mail", 1), stepper("first-mail", 2))
    assert {pair.sign for pair in pairs} == {"same"}


def test_every_step_of_both_runs_stands_on_exactly_one_row() -> None:
    left, right = stepper("first-mail"), stepper("cross-domain")
    pairs = align(left, right)
    assert [pair.left for pair in pairs if pair.left is not None] == list(range(1, left.last + 1))
    assert [pair.right for pair in pairs if pair.right is not None] == list(range(1, right.last + 1))
    assert {"left", "right"} <= {pair.sign for pair in pairs}


def test_the_comparison_as_lines() -> None:
    out = io.StringIO()
    write_comparison(stepper("first-mail"), stepper("cross-domain"), out)
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("< ")
    assert lines[1].startswith("> ")
    assert "differ" in lines[2]
    assert {line[0] for line in lines[3:]} <= {" ", "~", "<", ">"}


async def test_keys_of_the_comparison() -> None:
    left = Stepper(Score(failover()), "en", Level.DIALOGUE)
    app = CompareApp(left, stepper("mx-failover"))
    async with app.run_test(size=(120, 36)) as pilot:
        screen = app.screen
        assert isinstance(screen, CompareScreen)
        await pilot.press("N")
        assert screen.pairs[screen.chosen].sign != "same"
        await pilot.press("G", "n", "g", "p", "P", "v", "L", "T", "pagedown")
        assert 0 <= screen.chosen < len(screen.pairs)
        await pilot.pause()
        shown = "\n".join(strip.text for strip in screen._compositor.render_strips())
        assert "Záložní MX" in shown
        await pilot.press("q", "n", "q")
        assert app.is_running
        await pilot.press("q")
        assert app._exit


async def test_a_crash_is_told_here_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object) -> None:
        raise ValueError("we made a mistake")

    run = Stepper(Score(failover()), "cs", Level.STORY)
    app = CompareApp(run, run)
    monkeypatch.setattr(CompareScreen, "details", fail)
    monkeypatch.setattr(CompareScreen, "titles", fail)
    with pytest.raises(ValueError, match="we made a mistake"):
        async with app.run_test(size=(120, 36)):
            pass
    assert app.return_code == 1
    told, report, *rest = capsys.readouterr().err.split("\n")
    assert told == "V programu mailsim je chyba, a proto skončil. Spusťte ho prosím znovu."
    assert report.startswith("Co se stalo, je v souboru ")
    assert not any(rest)
