"""Recordings: the same trace after reading; damaged, cut, hostile and too large files are told apart."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from mailsim.scenario.build import build
from mailsim.scenario.loader import open_scenario
from mailsim.trace import recording
from mailsim.trace.recording import MAGIC, RecordingError, is_recording, read_recording, write_recording
from mailsim.trace.trace import Trace
from mailsim.views.jsonl import lines
from mailsim.views.pcapng import to_pcapng
from mailsim.views.text.run import run_lines


@pytest.fixture(scope="module", params=["mx-failover", "first-mail@b"])
def trace(request: pytest.FixtureRequest) -> Trace:
    return build(open_scenario(request.param)).run()


@pytest.fixture
def file(trace: Trace, tmp_path: Path) -> Path:
    written = tmp_path / "run.mailsim"
    write_recording(trace, written)
    return written


def test_a_recording_is_the_same_trace(trace: Trace, file: Path) -> None:
    again = read_recording(file)
    assert is_recording(file)
    assert again.world == trace.world
    assert again.end_us == trace.end_us
    assert list(lines(again)) == list(lines(trace))


def test_every_view_shows_the_same(trace: Trace, file: Path) -> None:
    from mailsim.trace.levels import Level

    again = read_recording(file)
    assert to_pcapng(again) == to_pcapng(trace)
    for level in Level:
        assert list(run_lines(again, level, "cs", 90)) == list(run_lines(trace, level, "cs", 90))


def test_a_recording_can_be_recorded(file: Path, tmp_path: Path) -> None:
    write_recording(read_recording(file), tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == file.read_bytes()


def test_it_is_compact(trace: Trace, file: Path) -> None:
    assert file.stat().st_size < len(to_pcapng(trace))


def test_other_files_are_none(tmp_path: Path) -> None:
    other = tmp_path / "scenario.yaml"
    other.write_text("id: x\n")
    assert not is_recording(other)
    assert not is_recording(tmp_path / "missing")
    assert not is_recording(tmp_path)
    assert problem(other) == "not-one"


def test_any_cut_is_noticed(file: Path) -> None:
    whole = file.read_bytes()
    for size in [*range(len(MAGIC) + 2, 200, 7), *range(200, len(whole), 997), len(whole) - 1]:
        file.write_bytes(whole[:size])
        assert problem(file) == "cut", size


def test_any_changed_byte_is_noticed_or_harmless(file: Path) -> None:
    whole = file.read_bytes()
    expected = list(lines(read_recording(file)))
    for place in range(len(MAGIC), len(whole), 211):
        file.write_bytes(whole[:place] + bytes((whole[place] ^ 0x20,)) + whole[place + 1 :])
        found = problem_or_none(file)
        if found is None:
            assert list(lines(read_recording(file))) == expected
        assert found in (None, "damaged", "cut", "version", "wrong"), place


def test_another_version_is_refused(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(MAGIC + b"1\n", MAGIC + b"2\n", 1))
    assert problem(file) == "version"


def problem(file: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        read_recording(file)
    assert caught.value.file == str(file)
    return caught.value.problem


def problem_or_none(file: Path) -> str | None:
    try:
        read_recording(file)
    except RecordingError as error:
        return error.problem
    return None


# --- wrong content --------------------------------------------------------------------------------


def rewritten(file: Path, change: Callable[[list[object]], list[object]]) -> None:
    """Change the JSON lines of a recording, as somebody does who means no good."""
    packed = file.read_bytes().partition(b"\n")[2]
    values = [json.loads(line) for line in zlib.decompress(packed).splitlines()]
    text = b"".join(json.dumps(value).encode() + b"\n" for value in change(values))
    file.write_bytes(MAGIC + b"1\n" + zlib.compress(text))


def replaced(number: int, place: int, value: object) -> Callable[[list[object]], list[object]]:
    def change(values: list[object]) -> list[object]:
        line = values[number]
        assert isinstance(line, list)
        line[place] = value
        return values

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda values: values[1:], id="no world"),
        pytest.param(lambda values: [[], *values[1:]], id="world is a list"),
        pytest.param(lambda values: [values[0], 3, *values[2:]], id="event is a number"),
        pytest.param(lambda values: [values[0], [], *values[2:]], id="event is empty"),
        pytest.param(lambda values: [values[0], ["n"], *values[2:]], id="event is too short"),
        pytest.param(lambda values: [values[0], ["x", 0, "a", []], *values[2:]], id="unknown event"),
        pytest.param(lambda values: [values[0], ["n", 0, "a", [], "no.such", {}], *values[2:]], id="unknown fact"),
        pytest.param(lambda values: [{**values[0], "world": {"nodes": 3}}, *values[1:]], id="world without seed"),
        pytest.param(replaced(5, 1, "soon"), id="time is text"),
        pytest.param(replaced(5, 1, -1), id="time goes back"),
        pytest.param(replaced(5, 1, True), id="time is a boolean"),
        pytest.param(replaced(5, 2, None), id="no node"),
        pytest.param(replaced(5, 3, [99]), id="cause comes later"),
        pytest.param(replaced(5, 3, ["0"]), id="cause is text"),
        pytest.param(replaced(1, 5, {"user": 3, "action": "send"}), id="fact of wrong type"),
        pytest.param(replaced(1, 5, {}), id="fact without fields"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(file: Path, change: Callable[[list[object]], list[object]]) -> None:
    rewritten(file, change)
    assert problem(file) == "wrong"


def test_lines_too_few_are_a_cut(file: Path) -> None:
    rewritten(file, lambda values: [*values[:-2], values[-1]])
    assert problem(file) == "cut"


def test_a_bomb_is_not_unpacked(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LARGEST", 10_000_000)
    monkeypatch.setattr(recording, "LARGEST_LINE", 2_000_000)
    file.write_bytes(MAGIC + b"1\n" + zlib.compress(b" " * 50_000_000))
    assert problem(file) == "too-large"
    file.write_bytes(MAGIC + b"1\n" + zlib.compress(b"[]\n" * 20_000_000, 1))
    assert problem(file) in ("too-large", "wrong")


def test_deep_nesting_and_strange_numbers_are_refused(file: Path) -> None:
    for text in (b"[" * 100_000, b"NaN", b"[1e999]", b"\xff\xfe", b"[" + b"9" * 5000 + b"]"):
        file.write_bytes(MAGIC + b"1\n" + zlib.compress(b"{}\n" + text + b"\n"))
        assert problem(file) == "wrong"
