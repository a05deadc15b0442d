"""What users expect and developers forget: one test for each line of that list that no other file has."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from mailsim.trace.trace import Trace
from mailsim.views.tui.actions import ACTIONS, BY_NAME
from mailsim.views.tui.app import StepperApp
from mailsim.views.tui.chrome import KeyBar
from mailsim.views.tui.help import Help
from mailsim.views.tui.quiz import Quiz
from mailsim.views.tui.screen import MainScreen
from mailsim.views.tui.sheets import Why, WhyNot
from mailsim.views.tui.stepper import Stepper
from tests.views.tui.synthetic import failover


def main(app: StepperApp) -> MainScreen:
    assert isinstance(app.screen, MainScreen)
    return app.screen


def text(app: StepperApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def message(app: StepperApp) -> str:
    return app.screen.query_one(KeyBar).message


async def test_one_key_replays_from_the_end() -> None:
    app = StepperApp(failover())
    async with app.run_test() as pilot:
        await pilot.press("G")
        assert app.stepper.position == app.stepper.last
        main(app).action_do("play")
        assert (app.stepper.position, app.stepper.playing) == (0, True)
        main(app).action_do("play")
        assert not app.stepper.playing


async def test_speed_is_visible_while_it_plays() -> None:
    app = StepperApp(failover())
    async with app.run_test() as pilot:
        await pilot.press("plus")
        assert message(app) == "Speed 2x"
        main(app).action_do("play")
        assert "> play 2x" in text(app)
        await pilot.press("escape")
        assert not app.stepper.playing


async def test_escape_goes_back_one_level_at_a_time_and_then_says_how_to_leave() -> None:
    app = StepperApp(failover())
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n", "o", "z", "y", "slash", "a")
        assert main(app)._asking
        await pilot.press("escape")
        assert not main(app)._asking
        assert isinstance(main(app).sheet, Why)
        await pilot.press("escape")
        assert main(app).sheet is None
        await pilot.press("z", "escape")
        assert not main(app)._zoomed
        assert app.stepper.lens.message
        await pilot.press("escape")
        assert not app.stepper.lens.message
        await pilot.press("escape")
        assert message(app) == "To quit press q twice."


async def test_help_names_the_context_scrolls_and_closes_with_its_key() -> None:
    app = StepperApp(failover(), "cs")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, Help)
        assert "krokování Záložní MX" in text(app)
        before = text(app)
        await pilot.press("pagedown")
        await pilot.pause()
        assert text(app) != before
        await pilot.press("question_mark")
        assert isinstance(app.screen, MainScreen)


async def test_sizes_themes_languages_and_panes_keep_step_bookmarks_and_zoom() -> None:
    app = StepperApp(failover())
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n", "n", "b", "n", "v")
        expected = (app.stepper.position, set(app.stepper.bookmarks), app.stepper.level)
        for key in ("T", "L", "e", "d", "h", "z", "z", "T", "L"):
            await pilot.press(key)
        for size in ((60, 18), (300, 90), (40, 10), (120, 36)):
            await pilot.resize_terminal(*size)
        assert (app.stepper.position, set(app.stepper.bookmarks), app.stepper.level) == expected


# --- the question spoils nothing ----------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 55)])
async def test_a_question_spoils_nothing(size: tuple[int, int]) -> None:
    """Even with the future shown, nothing of the later steps is on any pane, nor are the names of later stages."""
    app = StepperApp(failover())
    async with app.run_test(size=size) as pilot:
        await pilot.press("f", "colon", *"35", "enter", "w", "x")
        await pilot.pause()
        sheet = main(app).sheet
        assert isinstance(sheet, Quiz)
        shown = text(app).replace("\n".join(sheet.answers), "")
        for secret in ("9A77B", "421 4.3.2", "77AC1", "Read", "handed over"):
            assert secret not in shown.replace("4F1C2: handed over", ""), secret
        assert "[?] What happens next?" in shown
        assert app.stepper.position == 35


async def test_answers_by_digit_by_czech_key_and_by_enter() -> None:
    app = StepperApp(failover())
    async with app.run_test(size=(120, 36)) as pilot:
        for key in ("1", "plus", "2", "ě", "3", "š", "4", "č", "enter"):
            here = app.stepper.position
            await pilot.press("x", key)
            assert main(app).sheet is None, key
            assert app.stepper.position == here + 1
        assert app.stepper.answers == 9
        assert app.stepper.speed == 1.0


async def test_the_right_answer_is_counted_and_a_wrong_one_shows_what_happens() -> None:
    app = StepperApp(failover())
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("x")
        sheet = main(app).sheet
        assert isinstance(sheet, Quiz)
        await pilot.press(str(sheet.right + 1))
        assert message(app) == "Right. 1 of 1."
        await pilot.press("x")
        sheet = main(app).sheet
        assert isinstance(sheet, Quiz)
        await pilot.press(str((sheet.right + 1) % 4 + 1))
        assert message(app) == "No, this is what happens. 1 of 2."
        await pilot.press("4")
        assert message(app) == "x asks a question."


async def test_n_skips_a_question() -> None:
    app = StepperApp(failover())
    async with app.run_test() as pilot:
        await pilot.press("x", "n")
        assert (app.stepper.position, app.stepper.answers, main(app).sheet) == (1, 0, None)


# --- keys of the map that no other file presses -------------------------------------------------


async def test_why_not_opens_chooses_and_jumps() -> None:
    app = StepperApp(failover())
    async with app.run_test(size=(120, 36)) as pilot:
        app.stepper.go_to("queue.defer")
        await pilot.press("Y")
        assert isinstance(main(app).sheet, WhyNot)
        await pilot.press("down", "up", "enter")
        event = app.stepper.event
        assert event is not None
        assert event.kind == "route.failover"
        await pilot.press("g", "Y")
        assert message(app) == "No decision about the way led here."


async def test_cards_open_turn_and_close() -> None:
    app = StepperApp(failover(), "cs")
    async with app.run_test(size=(120, 36)) as pilot:
        app.stepper.go_to("smtp.reply")
        await pilot.press("t")
        assert "1/" in text(app)
        await pilot.press("down")
        assert "KÓD ODPOVĚDI" in text(app)
        await pilot.press("t")
        assert main(app).sheet is None


async def test_a_click_on_a_source_or_a_header_field_shows_its_card() -> None:
    app = StepperApp(failover())
    async with app.run_test(size=(120, 36)) as pilot:
        app.stepper.go_to("smtp.data")
        await pilot.press("e")
        await pilot.pause()
        rows = text(app).split("\n")
        y = next(i for i, row in enumerate(rows) if "Subject:" in row)
        await pilot.click(offset=(rows[y].index("Subject:"), y))
        await pilot.pause()
        assert "HEADER  Subject:" in text(app)
        await pilot.press("escape")
        await pilot.pause()
        rows = text(app).split("\n")
        y = next(i for i, row in enumerate(rows) if "RFC 5321 §" in row)
        await pilot.click(offset=(rows[y].index("RFC 5321") + 5, y))
        await pilot.pause()
        assert " RFC  5321" in text(app)


async def test_bookmarks_are_set_found_and_removed() -> None:
    app = StepperApp(failover())
    async with app.run_test() as pilot:
        await pilot.press("B")
        assert message(app).startswith("No bookmark yet")
        await pilot.press("n", "n", "b", "G", "B")
        assert app.stepper.position == 2
        await pilot.press("b")
        assert app.stepper.bookmarks == set()


async def test_follow_and_everything() -> None:
    app = StepperApp(failover(1, "story"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("v")
        hidden = app.stepper.last
        await pilot.press("A")
        assert app.stepper.last > hidden
        await pilot.press("A", "o")
        assert "Only message 1 of 1: Uvidíme se v pátek?" in message(app)
        await pilot.press("o")
        assert message(app) == "All messages again."


async def test_the_mouse_is_never_needed() -> None:
    """Every action that a click reaches has a key, and no key needs AltGr or a function key that consoles take."""
    assert all(action.keys for action in ACTIONS)
    assert BY_NAME["mailboxes"].keys == ("i",)


async def test_keys_before_the_first_and_after_the_last_step_of_an_empty_run() -> None:
    trace = failover()
    app = StepperApp(Trace(trace.world, [], 0))
    async with app.run_test() as pilot:
        await _press_all(pilot)
        assert app.stepper.position == 0


async def _press_all(pilot: Pilot[None]) -> None:
    for action in ACTIONS:
        if action.name not in ("palette", "quit", "help"):
            await pilot.press(action.keys[0], "escape")


def test_a_closer_look_is_chosen_when_a_jump_needs_it() -> None:
    from mailsim.trace.levels import Level
    from mailsim.views.tui.score import Score

    stepper = Stepper(Score(failover(1, "story")), "en")
    segment = next(e.seq for e in stepper.score.trace.events if e.kind == "net.segment")
    stepper.to_event(segment)
    assert (stepper.seq, stepper.level, stepper.lens.everything) == (segment, Level.PACKET, True)
