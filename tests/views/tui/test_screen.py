"""The stepper under a pilot: keys, clicks, sizes, languages; and that going back shows the same screen again."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Input

from mailsim.trace.levels import Level
from mailsim.trace.trace import Trace
from mailsim.views.tui.actions import ACTIONS
from mailsim.views.tui.app import StepperApp
from mailsim.views.tui.chrome import KeyBar
from mailsim.views.tui.help import Help
from mailsim.views.tui.ladder import Ladder
from mailsim.views.tui.map_pane import Map
from mailsim.views.tui.screen import MainScreen
from mailsim.views.tui.sheets import Why
from mailsim.views.tui.timeline import Timeline
from mailsim.views.tui.wire import Wire
from mailsim.views.tui.worn import SETTLED_S
from tests.views.tui.synthetic import TEXTS, failover, world

Play = Callable[[Pilot[None], StepperApp], Awaitable[None]]


async def play(steps: Play, size: tuple[int, int] = (80, 24), app: StepperApp | None = None) -> None:
    """Run some steps of a user."""
    shown = app or StepperApp(failover())
    async with shown.run_test(size=size) as pilot:
        await pilot.pause()
        await steps(pilot, shown)


def picture(app: StepperApp) -> list[str]:
    """The rows of the screen as text."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def main_screen(app: StepperApp) -> MainScreen:
    assert isinstance(app.screen, MainScreen)
    return app.screen


def go(app: StepperApp, position: int) -> None:
    """Go to a step as a click does."""
    app.stepper.move_to(position)
    main_screen(app).show_step()


def message(app: StepperApp) -> str:
    return app.screen.query_one(KeyBar).message


# --- there and back -----------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "keys"), [((80, 24), "l"), ((120, 36), "e"), ((80, 24), "k"), ((80, 24), "i")])
async def test_stepping_back_shows_every_screen_again(size: tuple[int, int], keys: str) -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press(keys)
        await pilot.pause()
        screen = main_screen(app)
        app.stepper.move_to(app.stepper.last // 2)
        screen.show_step()
        forwards = [picture(app)]
        for _ in range(app.stepper.last // 2, app.stepper.last):
            screen.action_do("next")
            forwards.append(picture(app))
        assert len({tuple(rows) for rows in forwards}) == len(forwards)
        for expected in reversed(forwards[:-1]):
            screen.action_do("back")
            assert picture(app) == expected

    await play(steps, size)


async def test_a_jump_shows_what_stepping_shows() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        screen = main_screen(app)
        for _ in range(30):
            screen.action_do("next")
        stepped = picture(app)
        screen.action_do("end")
        await pilot.press("colon", "3", "0", "enter")
        await pilot.pause()
        assert picture(app) == stepped

    await play(steps, (120, 36))


async def test_both_ends_stop_with_a_message() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("p")
        assert message(app) == "This is the start. n goes on."
        await pilot.press("G")
        assert (app.stepper.position, message(app)) == (app.stepper.last, "")
        for key in ("n", "N", "G", "right", "pagedown"):
            await pilot.press(key)
            assert app.stepper.position == app.stepper.last
            assert message(app)
        await pilot.press("g", "P")
        assert app.stepper.position == 0
        assert app.is_running

    await play(steps)


# --- every key ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "position"),
    [
        (["n", "right", "full_stop"], 3),
        (["n", "n", "n", "p"], 2),
        (["n", "n", "n", "left", "comma"], 1),
        (["N", "home"], 0),
        (["end"], 77),
    ],
)
async def test_keys_that_step(keys: list[str], position: int) -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press(*keys)
        assert app.stepper.position == position

    await play(steps)


@pytest.mark.parametrize("place", ["start", "end"])
async def test_every_action_can_be_done_anywhere(place: str, tmp_path: Path) -> None:
    async def steps(_: Pilot[None], app: StepperApp) -> None:
        screen = main_screen(app)
        for action in ACTIONS:
            if action.name in ("palette", "help"):  # other screens: their tests are below
                continue
            screen.action_do(place)
            screen.action_do(action.name)
            screen.action_do("escape")
            assert app.screen is screen

    await play(steps, (120, 36), StepperApp(failover(), folder=tmp_path))


def test_every_key_of_the_registry_is_bound() -> None:
    bound = {key for binding in MainScreen.BINDINGS if isinstance(binding, Binding) for key in binding.key.split(",")}
    assert bound == {key for action in ACTIONS for key in action.keys if action.name != "palette"}


async def test_the_command_palette_speaks_the_language() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"konec")
        await pilot.pause(0.2)
        assert "na konec" in "\n".join(picture(app))
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)

    await play(steps, app=StepperApp(failover(), "cs"))


async def test_panes_are_chosen_by_their_keys() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        for key, name in {
            "m": "map",
            "l": "ladder",
            "w": "wire",
            "e": "mail",
            "d": "dns",
            "u": "queues",
            "h": "bytes",
        }.items():
            await pilot.press(key)
            await pilot.pause()
            shown = {
                n
                for n in ("map", "ladder", "wire", "mail", "dns", "queues", "bytes")
                if app.screen.query_one(f"#{n}").display
            }
            assert shown == {name}

    await play(steps)


async def test_zoom_of_a_pane_and_escape_back() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        before = app.screen.query_one(Map).region
        await pilot.press("m", "z")
        await pilot.pause()
        assert app.screen.query_one(Map).region.area > 2 * before.area
        assert not app.screen.query_one("#ladder").display
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.query_one(Map).region == before

    await play(steps, (120, 36))


async def test_quit_needs_two_q_in_a_row() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("q")
        assert message(app) == "Press q once more to quit."
        await pilot.press("n", "q", "x", "q")
        assert app.is_running
        await pilot.press("ctrl+c")
        assert message(app) == "To quit press q twice."
        assert app.is_running
        await pilot.press("q", "q")
        assert app._exit

    await play(steps)


async def test_play_runs_to_the_end_and_stops() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        app.stepper.move_to(app.stepper.last - 2)
        await pilot.press("plus", "plus", "plus", "plus", "plus")
        assert app.stepper.speed == 16
        main_screen(app).action_do("play")
        assert app.stepper.playing
        for _ in range(500):
            if not app.stepper.playing:
                break
            await pilot.pause(0.02)
        assert app.stepper.position == app.stepper.last
        assert not app.stepper.playing
        assert message(app)

    await play(steps)


async def test_space_pauses() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("minus", "space")
        assert "> play 0.5x" in picture(app)[0]
        await pilot.press("space")
        assert not app.stepper.playing
        assert "|| pause" in picture(app)[0]

    await play(steps)


async def test_why_shows_the_causes_and_jumps() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        go(app, 20)
        await pilot.press("y")
        sheet = main_screen(app).sheet
        assert isinstance(sheet, Why)
        chain = list(sheet.chain)
        assert chain[-1] == app.stepper.seq
        assert app.stepper.score.trace.events[chain[0]].causes == ()
        await pilot.press("up", "up", "enter")
        assert app.stepper.seq == chain[-4]
        assert main_screen(app).sheet is None
        await pilot.press("y", "escape")
        assert main_screen(app).sheet is None
        assert app.stepper.seq == chain[-4]

    await play(steps, (120, 36))


async def test_find_and_its_next_matches() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("r")
        assert message(app) == "Find something first: /"
        await pilot.press("slash", *"RCPT", "enter")
        first = app.stepper.position
        assert app.stepper.telling(first).text.startswith("RCPT TO")
        await pilot.press("r")
        assert app.stepper.position > first
        await pilot.press("R")
        assert app.stepper.position == first
        await pilot.press("slash", *"nowhere", "enter")
        assert message(app) == "Nothing found: nowhere"
        assert app.stepper.position == first
        await pilot.press("slash", "n", "escape")
        assert app.stepper.position == first
        assert app.focused is None

    await play(steps)


async def test_letters_in_the_prompt_are_text() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("colon", *"n q.L")
        assert app.screen.query_one("#prompt", Input).value == "n q.L"
        assert app.stepper.position == 0
        await pilot.press("enter")
        assert message(app) == "There is no such place: n q.L"

    await play(steps)


async def test_the_future_is_hidden_until_asked_for() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("n", "n", "w")
        await pilot.pause()
        assert not any("220 mail.skola.example" in row for row in picture(app))
        await pilot.press("f")
        await pilot.pause()
        assert any("220 mail.skola.example" in row for row in picture(app))

    await play(steps)


async def test_copy_gives_the_lines_of_the_step() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("c")
        assert message(app) == "There is nothing to copy at this step."
        await pilot.press("n", "n", "c")
        assert app.clipboard == "mail.skola.example. IN A ?"
        assert message(app) == "Copied: 1 line"

    await play(steps)


async def test_a_screenshot_that_cannot_be_saved_is_a_message(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("s", "enter")
        assert message(app).startswith("Not saved:")

    await play(steps, app=StepperApp(failover(), folder=tmp_path / "missing"))


# --- the mouse ----------------------------------------------------------------------------------


async def test_clicks_on_ladder_wire_timeline_tabs_and_keys() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("G")
        await pilot.pause()
        ladder = app.screen.query_one(Ladder)
        await pilot.click(Ladder, offset=(20, 2))
        expected = ladder.position_of(2 + round(ladder.scroll_offset.y))
        assert expected is not None
        await pilot.press("G")
        await pilot.pause()
        await pilot.click(Timeline, offset=(app.screen.query_one(Timeline).column(40, 120), 1))
        assert abs(app.stepper.position - 40) <= 1
        await pilot.click(Wire, offset=(5, 0))
        assert 0 < app.stepper.position <= 40
        await pilot.click("#tabs", offset=(10, 0))
        await pilot.pause()
        assert app.screen.query_one("#mail").display
        here = app.stepper.position
        await pilot.click("#keys", offset=(4, 0))
        assert app.stepper.position == here + 1

    await play(steps, (120, 36))


async def test_a_click_on_a_box_shows_the_card_of_the_host() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        shown = app.screen.query_one(Map)
        box = shown.layout_now.boxes["mail.skola.example"]
        await pilot.click(Map, offset=(box.x + 3 + 1, box.y + 1 + 1))
        shown = "\n".join(picture(app))
        assert "HOST  mail.skola.example" in shown
        assert "MSA+MTA+MDA+IMAP  192.0.2.25" in shown

    await play(steps, (120, 36))


async def test_the_future_cannot_be_clicked() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("n")
        await pilot.click(Ladder, offset=(20, 6))
        assert app.stepper.position == 1

    await play(steps)


# --- sizes, languages, themes -------------------------------------------------------------------


async def test_a_storm_of_sizes_keeps_the_step() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        go(app, 30)
        await pilot.pause()
        before = picture(app)
        for width, height in [
            (40, 10),
            (300, 90),
            (60, 18),
            (59, 18),
            (120, 36),
            (1, 1),
            (200, 50),
            (80, 10),
            (80, 24),
        ]:
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            assert len(picture(app)) == height
        assert app.stepper.position == 30
        assert picture(app) == before

    await play(steps)


async def test_a_size_is_not_lost_when_its_timer_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        monkeypatch.setattr(app, "_check_resize", lambda: None)
        await pilot.resize_terminal(120, 36)
        await pilot.pause(2 * SETTLED_S)
        assert main_screen(app).outer_size == (120, 36)
        assert len(picture(app)) == 36

    await play(steps)


async def test_a_small_terminal_says_what_it_needs() -> None:
    async def steps(_: Pilot[None], app: StepperApp) -> None:
        text = "\n".join(picture(app))
        assert "Please make the terminal larger" in text
        assert "50 x 12, needed: 60 x 18" in text

    await play(steps, (50, 12))


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (180, 50)])
async def test_the_language_changes_at_any_moment(size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        go(app, 25)
        await pilot.press("w")
        await pilot.pause()
        offset = app.screen.query_one(Wire).scroll_offset
        english = picture(app)
        await pilot.press("L")
        await pilot.pause()
        czech = "\n".join(picture(app))
        assert "Záložní MX" in czech
        assert "krok 25/77" in czech
        assert "step 25/77" not in czech
        assert app.screen.query_one(Wire).scroll_offset == offset
        await pilot.press("L", "g", "n")
        go(app, 25)
        await pilot.pause()
        assert picture(app) == english

    await play(steps, size)


async def test_themes_change_and_keep_the_step() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("n", "n")
        seen = []
        for _ in range(3):
            await pilot.press("T")
            await pilot.pause()
            seen.append(app.theme)
            strip = app.screen._compositor.render_strips()[5]
            assert app.stepper.position == 2
            assert strip.cell_length == 80
        assert sorted(set(seen)) == ["mailsim-contrast", "mailsim-dark", "mailsim-light"]

    await play(steps)


async def test_help_lists_every_key_and_closes_with_its_own() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, Help)
        text = "\n".join(picture(app))
        for action in ACTIONS:
            assert app.stepper.words(f"do.{action.name}") in text, action.name
        await pilot.press("question_mark")
        assert isinstance(app.screen, MainScreen)

    await play(steps, (120, 80))


async def test_the_key_bar_shows_only_what_works_now() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        assert " back " not in picture(app)[-1]
        await pilot.press("n")
        assert " back " in picture(app)[-1]
        await pilot.press("G")
        assert " next " not in picture(app)[-1]
        assert " quit " in picture(app)[-1]

    await play(steps)


async def test_the_story_and_the_objective_open_the_run() -> None:
    async def steps(_: Pilot[None], app: StepperApp) -> None:
        text = " ".join(" ".join(picture(app)).split())
        assert TEXTS["en"]["objective"].split()[0] in text
        assert "Backup MX" in text

    await play(steps, (120, 36))


async def test_level_one_shows_the_story_first() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        assert app.stepper.level is Level.STORY
        await pilot.press("v")
        assert app.stepper.level is Level.DIALOGUE

    await play(steps, app=StepperApp(failover(1, "story")))


async def test_a_run_without_events_can_be_looked_at() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("n", "p", "N", "P", "g", "G", "space", "y", "v", "slash", "a", "enter", "b", "B", *"mlweduh")
        assert app.stepper.position == 0

    await play(steps, app=StepperApp(Trace(world(), [], 0)))


async def test_no_color_is_legible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def steps(_: Pilot[None], app: StepperApp) -> None:
        go(app, 12)
        assert app.no_color
        assert not app.native_ansi_color
        assert "[C]" in picture(app)[1] or "[S]" in picture(app)[1]

    await play(steps)


async def test_no_motion_means_no_motion() -> None:
    async def steps(_: Pilot[None], app: StepperApp) -> None:
        assert app.animation_level == "none"

    await play(steps, app=StepperApp(failover(), motion=False))


# --- a mistake of ours --------------------------------------------------------------------------


async def test_a_crash_is_one_sentence_and_a_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    app = StepperApp(failover())
    secret = "value of a variable"

    def fail() -> None:
        if secret:
            raise ValueError("we made a mistake")

    monkeypatch.setattr(app._main, "do_next", fail)
    app.stepper.move_to(3)
    with pytest.raises(ValueError, match="we made a mistake"):
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("n")
    (report,) = tmp_path.glob("mailsim-crash-*.txt")
    assert "we made a mistake" in report.read_text(encoding="utf-8")
    assert secret not in report.read_text(encoding="utf-8")
    printed = capsys.readouterr().err.split("\n")
    assert printed[:2] == [
        "mailsim has made a mistake and had to stop. Please start it again.",
        "You were at step 3: a colon and its number lead back there.",
    ]
    assert "".join(printed[2:]).replace(" ", "") == f"Whathappenedisin{report};pleasesendittous."
