"""The program itself on a terminal: what is seen there after keys and resizes, and that the terminal is left clean."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("fcntl", reason="pseudo-terminals exist on Linux and macOS only")
import termios

import pyte

from tests.terminal import Terminal

PATIENCE_S = 60.0
LEAVES_ALTERNATE, SHOWS_CURSOR, MOUSE_OFF = b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l"
COLOURS = re.compile(rb"\x1b\[([0-9;]*)m")


class Watched:
    """A program on a terminal, and what a person would see there."""

    def __init__(self, folder: Path, arguments: list[str], columns: int, rows: int, **environment: str) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.raw = bytearray()
        self._stream = pyte.ByteStream(self.screen)
        settings = {"MAILSIM_SETTINGS": str(folder / "settings.json"), "TERM": "xterm-256color", "COLORTERM": ""}
        command = [sys.executable, "-m", "mailsim", *arguments]
        self.terminal = Terminal(command, settings | environment, columns, rows, self._hear)

    def _hear(self, data: bytes) -> None:
        self.raw += data
        self._stream.feed(data)

    @property
    def rows(self) -> list[str]:
        return [row.rstrip() for row in self.screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.rows)

    def until(self, seen: Callable[[str], object]) -> str:
        """Wait for a screen; gives it. Fails with what is there instead."""
        end = time.monotonic() + PATIENCE_S
        while not seen(self.text):
            assert time.monotonic() < end, self.text
            self.terminal.read(0.5)
        return self.text

    def press(self, keys: str) -> None:
        os.write(self.terminal.fd, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        self.terminal.resize(columns, rows)

    def colours(self) -> set[str]:
        """All that was ever said about colours."""
        return {match.group(1).decode() for match in COLOURS.finditer(bytes(self.raw))}


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    """Starts programs, and ends them."""
    started: list[Watched] = []

    def start(*arguments: str, columns: int = 120, rows: int = 36, **environment: str) -> Watched:
        started.append(Watched(tmp_path, list(arguments), columns, rows, **environment))
        return started[-1]

    yield start
    for watched in started:
        watched.terminal.end()


def test_a_lesson_at_a_terminal(watch: Callable[..., Watched]) -> None:
    seen = watch("step", "first-mail", "--lang", "en", COLUMNS="80", LINES="24")  # a shell may export these
    echo_and_lines = termios.tcgetattr(seen.terminal.fd)[3]
    seen.until(lambda text: "step 0/" in text and "n  next" in text)
    assert termios.tcgetattr(seen.terminal.fd)[3] != echo_and_lines
    assert seen.rows[0].startswith(" mailsim  First mail")
    assert "m Map" in seen.text
    assert "l Ladder" in seen.text

    seen.press("nnn")
    seen.until(lambda text: "step 3/" in text)
    seen.press("h")
    seen.until(lambda text: "0000  " in text)
    seen.press("p:7\r")  # typed at once: the prompt gets what is for it
    seen.until(lambda text: "step 7/" in text)

    seen.resize(80, 24)
    seen.until(lambda text: "step 7/" in text and "d DNS" in text and "m Map" in text and "q  quit" in text)
    assert len(seen.rows) == 24
    seen.press("l")
    seen.until(lambda text: re.search(r"►? +7 ", text))
    for columns, rows in ((60, 18), (200, 60), (40, 10), (79, 23), (170, 45), (61, 19), (300, 90)) * 3:
        seen.resize(columns, rows)
        time.sleep(0.01)
    seen.resize(120, 36)
    seen.until(lambda text: "step 7/" in text.split("\n")[0] and "q  quit" in text.split("\n")[35])

    seen.press("\x03")
    seen.until(lambda text: "press q twice" in text.split("\n")[-1])
    assert seen.terminal.process.poll() is None

    seen.press("qq")
    assert seen.terminal.process.wait(PATIENCE_S) == 0
    seen.terminal.read(0.2)
    assert termios.tcgetattr(seen.terminal.fd)[3] == echo_and_lines
    assert SHOWS_CURSOR in seen.raw.rpartition(LEAVES_ALTERNATE)[2] + seen.raw[-200:]
    assert seen.raw.rfind(LEAVES_ALTERNATE) > seen.raw.rfind(b"\x1b[?1049h") >= 0
    assert seen.raw.rfind(MOUSE_OFF) > seen.raw.rfind(b"\x1b[?1000h")
    assert b"Traceback" not in seen.raw


def test_a_small_terminal_without_colours(watch: Callable[..., Watched]) -> None:
    seen = watch("step", "first-mail", "--lang", "cs", columns=80, rows=24, NO_COLOR="1", COLORTERM="truecolor")
    seen.until(lambda text: "krok 0/" in text and "konec" in text)
    seen.press("nn")
    seen.until(lambda text: "krok 2/" in text)
    greys = [colour.split(";") for said in seen.colours() for colour in re.findall(r"[34]8;2;(\d+;\d+;\d+)", said)]
    assert greys
    assert all(red == green == blue for red, green, blue in greys)


@pytest.mark.parametrize("kind", ["xterm-16color", "ansi"])
def test_a_terminal_of_sixteen_colours(watch: Callable[..., Watched], kind: str) -> None:
    seen = watch("step", "first-mail", "--lang", "en", columns=80, rows=24, TERM=kind)
    seen.until(lambda text: "step 0/" in text and "q  quit" in text)
    seen.press("n")
    seen.until(lambda text: "step 1/" in text)
    assert not [said for said in seen.colours() if re.search(r"[34]8;[25];", said)]
