"""The list of scenarios under a pilot, with a library of its own and with real files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mailsim.cli.shelf import Shelf
from mailsim.trace.trace import Trace
from mailsim.views.tui.app import StepperApp
from mailsim.views.tui.library import Entry, Problem, Unrunnable
from mailsim.views.tui.memory import Memory, Place
from mailsim.views.tui.picker import LINGER_S, Picker
from mailsim.views.tui.screen import MainScreen
from tests.views.tui.synthetic import failover

Play = Callable[[Pilot[None], StepperApp], Awaitable[None]]
MISTAKE = Problem(
    "/own/bad.yaml",
    4,
    9,
    {"en": "no such key", "cs": "klíč neexistuje"},
    {"en": "look", "cs": "podívejte se"},
    "    x: 1",
)


class Books:
    """A library without files."""

    def __init__(self) -> None:
        self.broken = False
        self.wrong: set[str] = set()

    def entries(self) -> Iterator[Entry]:
        yield Entry(
            "mx-failover", 2, {"en": "Backup MX", "cs": "Záložní MX"}, {"en": "Who has it?", "cs": "Kdo to má?"}
        )
        yield Entry("first-mail", 1, {"en": "First mail", "cs": "První e-mail"}, order="E01")
        yield Entry("/own/mine.yaml", 1, {"en": "Mine", "cs": "Můj"}, own=True)
        yield Entry("/own/bad.yaml", 0, {"en": "bad.yaml", "cs": "bad.yaml"}, own=True, problems=(MISTAKE,))

    def check(self, key: str) -> tuple[Problem, ...]:
        return (MISTAKE,) if key in self.wrong else ()

    def open(self, key: str) -> Trace:
        if self.broken:
            raise Unrunnable((MISTAKE,))
        return failover() if key else failover(1, "story")


async def play(
    steps: Play, size: tuple[int, int] = (80, 24), memory: Memory | None = None, language: str = "en"
) -> None:
    app = StepperApp(None, language, library=Books(), memory=memory or Memory())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: not picker(app)._loading)
        await steps(pilot, app)


async def until(pilot: Pilot[None], done: Callable[[], bool]) -> None:
    for _ in range(3000):
        if done():
            break
        await pilot.pause(0.02)
    assert done()


def picker(app: StepperApp) -> Picker:
    assert app.picker is not None
    return app.picker


def text(app: StepperApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def test_scenarios_stand_by_level_then_own_then_broken() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.pause()
        rows = [row.heading or (row.entry.key if row.entry else "") for row in picker(app).rows]
        assert rows == [
            *("Level 1", "first-mail", "Level 2", "mx-failover", "Your folder", "/own/mine.yaml"),
            *("Cannot be read", "/own/bad.yaml"),
        ]
        await until(pilot, lambda: "77 steps" in text(app))
        assert "1 mistake" in text(app)

    await play(steps)


async def test_only_what_is_not_known_or_has_changed_is_run_to_learn_its_length() -> None:
    lengths = {"first-mail": 14, "mx-failover": 3, "/own/mine.yaml": 5}
    memory = Memory(lengths=dict(lengths), versions={"mx-failover": "before it was changed"})

    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await until(pilot, lambda: "77 steps" in text(app))
        await pilot.pause(0.1)
        assert memory.lengths == {**lengths, "mx-failover": 77}
        assert memory.versions["mx-failover"] == ""

    await play(steps, memory=memory)


def test_an_entry_of_a_file_that_has_changed_has_another_version(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    versions = set()
    for seed in (7, 10):
        file.write_text(f"id: mine\nseed: {seed}\ndomains: {{a.example: {{users: [eva]}}}}\n", "utf-8")
        versions |= {entry.version for entry in Shelf(tmp_path).entries() if entry.own}
    assert len(versions) == 2


async def test_typing_filters_and_escape_clears() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press(*"back")
        chosen = picker(app).chosen
        assert chosen is not None
        assert chosen.key == "mx-failover"
        assert "Who has it?" in text(app)
        await pilot.press(*"xyz")
        await pilot.pause()
        assert "Nothing fits: backxyz" in text(app)
        await pilot.press("backspace", "enter", "escape")
        assert len([row for row in picker(app).rows if row.entry]) == 4
        await pilot.press("escape")
        assert "Esc once more quits" in text(app)
        await pilot.press("down", "escape")
        assert app.is_running
        await pilot.press("escape")
        assert app._exit

    await play(steps)


async def test_a_broken_file_shows_its_mistake_and_is_not_run() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("end", "enter")
        await pilot.pause()
        shown = text(app)
        assert "/own/bad.yaml, line 4, column 9" in shown
        assert "no such key" in shown
        assert "hint: look" in shown
        assert isinstance(app.screen, Picker)
        await pilot.press("f2")
        await pilot.pause()
        assert "klíč neexistuje" in text(app)

    await play(steps, (120, 36))


async def test_enter_opens_escape_comes_back_and_the_place_is_remembered(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "settings.json")

    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await pilot.press("n", "n", "n", "b", "L", "escape")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.pause()
        assert "krok 3/77" in text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert app.stepper.position == 3
        assert len(app.stepper.bookmarks) == 1
        await pilot.press("T", "q", "q")

    await play(steps, memory=memory)
    again = Memory.load(tmp_path / "settings.json")
    assert again.places["mx-failover"] == Place(3, "dialogue", 3 / 77, 77, again.places["mx-failover"].bookmarks)
    assert (again.language, again.theme) == ("cs", "light")


async def test_a_file_that_broke_meanwhile_is_told_and_the_rest_works() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        library = picker(app)._library
        assert isinstance(library, Books)
        library.broken = True
        await pilot.press("enter")
        await until(pilot, lambda: "It did not run: no such key" in text(app))
        library.broken = False
        await pilot.press("home", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))

    await play(steps)


async def test_the_rest_of_a_scenario_is_read_when_the_cursor_rests_on_it() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        library = picker(app)._library
        assert isinstance(library, Books)
        library.wrong = {"first-mail", "/own/mine.yaml"}
        picker(app)._entries = [replace(entry, is_checked=not entry.own) for entry in library.entries()]
        await pilot.press("home", "end", "up", "end", "home")
        await pilot.pause(LINGER_S * 2)
        assert "no such key" not in text(app)
        await pilot.press("end", "up")
        await until(pilot, lambda: "no such key" in text(app))
        chosen = picker(app).chosen
        assert chosen is not None
        assert (chosen.key, chosen.is_checked) == ("/own/mine.yaml", True)

    await play(steps)


async def test_clicks_choose_open_and_press_keys() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.click("#entries", offset=(5, 3))
        chosen = picker(app).chosen
        assert chosen is not None
        assert chosen.key == "mx-failover"
        await pilot.click("#picker-keys", offset=(3, 0))
        await until(pilot, lambda: isinstance(app.screen, MainScreen))

    await play(steps)


@pytest.mark.parametrize("size", [(40, 10), (60, 18), (200, 55)])
async def test_any_size_will_do(size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.resize_terminal(size[1] * 3, size[0])
        await pilot.press("down", "down")
        await pilot.pause()
        assert "►" in text(app)

    await play(steps, size, language="cs")


# --- real files ---------------------------------------------------------------------------------


def test_a_folder_of_ones_own_with_good_and_broken_files(tmp_path: Path) -> None:
    good = "id: good\ntitle: Good\ndomains:\n  skola.example: {users: [alena]}\n"
    (tmp_path / "good.yaml").write_text(good, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(good.replace("title", "titl"), encoding="utf-8")
    (tmp_path / "not.yaml").write_bytes(b"\xff\xfe\x00: [")
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    (tmp_path / "late.yaml").write_text(good + "stepz: []\n", encoding="utf-8")
    shelf = Shelf(tmp_path)
    found = {Path(entry.key).name: entry for entry in shelf.entries() if entry.own}
    assert set(found) == {"good.yaml", "bad.yaml", "late.yaml", "not.yaml"}
    assert (found["good.yaml"].problems, shelf.check(found["good.yaml"].key)) == ((), ())
    (problem,) = found["bad.yaml"].problems
    assert (problem.line, problem.source) == (2, "titl: Good")
    assert problem.hint["en"]
    assert problem.message["cs"] != problem.message["en"]
    assert found["not.yaml"].problems
    assert (found["late.yaml"].title("en"), found["late.yaml"].problems) == ("Good", ())
    assert [problem.line for problem in shelf.check(found["late.yaml"].key)] == [5]
    assert shelf.open(found["good.yaml"].key).world.scenario == "good"
    with pytest.raises(Unrunnable):
        Shelf(tmp_path).open(found["bad.yaml"].key)


def test_ours_are_all_listed_with_both_languages() -> None:
    entries = [entry for entry in Shelf().entries() if not entry.own]
    assert {"first-mail", "cross-domain", "mx-failover"} <= {entry.key for entry in entries}
    for entry in entries:
        assert entry.problems == ()
        assert entry.title("en") != entry.title("cs")
        assert entry.objective("cs")


def test_a_folder_that_is_gone_is_empty(tmp_path: Path) -> None:
    assert not any(entry.own for entry in Shelf(tmp_path / "gone").entries())
