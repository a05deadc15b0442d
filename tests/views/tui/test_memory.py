"""What is remembered, and that no file can harm anybody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.trace.levels import Level
from mailsim.views.tui.memory import Memory, Place
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import Stepper
from tests.views.tui.synthetic import failover


def test_what_was_saved_is_there_the_next_time(tmp_path: Path) -> None:
    memory = Memory.load(tmp_path / "deep" / "settings.json")
    memory.language, memory.theme = "cs", "light"
    memory.keep("first-mail", Place(7, "story", 0.5, 14, (3, 9)))
    memory.lengths["first-mail"] = 14
    memory.versions["first-mail"] = "0.1.0 7 7"
    memory.save()
    again = Memory.load(tmp_path / "deep" / "settings.json")
    assert again == memory
    again.forget()
    assert Memory.load(tmp_path / "deep" / "settings.json") == Memory(tmp_path / "deep" / "settings.json")


def test_what_was_reached_stays_reached() -> None:
    memory = Memory()
    memory.keep("a", Place(10, "story", 1.0, 10))
    memory.keep("a", Place(2, "story", 0.2, 10))
    assert memory.places["a"].is_done
    assert memory.places["a"].position == 2


WRONG = [
    b"",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'{"version": 2, "language": "cs"}',
    b'{"version": 1, "language": 5, "theme": [], "places": 3, "lengths": "x"}',
    b'{"version": 1, "places": {"a": null, "b": [], "c": {"position": -1}, "d": {"position": true}}}',
    b'{"version": 1, "places": {"a": {"position": 1e400, "steps": 1, "level": "story", "furthest": 1}}}',
    b"[" * 100_000,
    b'{"version": 1, "language": "cs"',
    b"x" * 2_000_000,
]


@pytest.mark.parametrize("data", WRONG, ids=range(len(WRONG)))
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(data)
    assert Memory.load(path) == Memory(path)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_keys = st.sampled_from(["version", "language", "theme", "folder", "places", "lengths", "versions"])


@settings(derandomize=True, deadline=None, max_examples=80)
@given(st.dictionaries(_keys, _json | st.just(1), max_size=6))
def test_no_json_harms(data: dict[str, object]) -> None:
    memory = Memory()
    memory._read({"version": 1, **data})
    assert memory.language in ("", "en", "cs")
    json.dumps([memory.theme, memory.folder, memory.lengths])
    stepper = Stepper(Score(failover()), "en")
    for place in memory.places.values():
        stepper.restore(place)
        assert 0 <= stepper.position <= stepper.last


def test_a_folder_that_cannot_be_written_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    Memory(tmp_path / "file" / "settings.json").save()
    Memory(None).save()


def test_a_stepper_comes_back_where_it_was() -> None:
    first = Stepper(Score(failover()), "en", Level.DIALOGUE)
    first.move_to(30)
    first.toggle_bookmark()
    first.move_to(20)
    place = first.place()
    assert (place.position, place.level, round(place.furthest, 3)) == (20, "dialogue", round(30 / 77, 3))
    second = Stepper(Score(failover()), "en")
    second.restore(place)
    assert (second.position, second.level, second.bookmarks) == (20, Level.DIALOGUE, first.bookmarks)


def test_who_has_seen_the_end_begins_anew() -> None:
    stepper = Stepper(Score(failover()), "en", Level.DIALOGUE)
    stepper.move_to(stepper.last)
    again = Stepper(Score(failover()), "en")
    again.restore(stepper.place())
    assert again.position == 0
