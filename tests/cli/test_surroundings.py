"""The command line where the terminal or its encoding is not the usual one."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mailsim.scenario.loader import load, open_scenario
from mailsim.scenario.source import Source


def mailsim(*arguments: str, **environment: str) -> bytes:
    command = [sys.executable, "-m", "mailsim", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.parametrize("encoding", ["cp1250", "cp437", "ascii"])
def test_what_programs_read_is_utf_8_in_every_terminal(encoding: str, tmp_path) -> None:
    rows = json.loads(mailsim("list", "--json", "--lang", "cs", PYTHONIOENCODING=encoding))
    assert rows[0]["title"] == "První e-mail v téže doméně"
    assert [row["id"] for row in rows[:2]] == ["first-mail", "first-mail@b"]
    file = tmp_path / "full.yaml"
    file.write_bytes(mailsim("expand", "first-mail", PYTHONIOENCODING=encoding))
    assert load(file).title == open_scenario("first-mail").title
    assert Source.read(file).text.startswith("# yaml-language-server")


def test_the_stepper_draws_no_screen_into_a_file() -> None:
    command = [sys.executable, "-m", "mailsim", "step", "first-mail", "--lang", "en"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--plain" in done.stderr


def test_a_terminal_without_a_width_is_told_the_whole_run() -> None:
    assert b"Nothing got lost" in mailsim("run", "first-mail", "--lang", "en", COLUMNS="0")
