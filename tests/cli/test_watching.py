"""The commands `run`, `why` and `pcap`, as somebody would call them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailsim.cli import application

SCENARIO = """\
id: two-domains
domains:
  skola.example: {users: [alena]}
  firma.example: {users: [borek]}
steps:
  - {at: 1s, user: alena@skola.example, send: {to: borek@firma.example, subject: Ahoj, text: Ahoj}}
  - {at: 20s, user: borek@firma.example, read: imap}
"""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("scenarios") / "two-domains.yaml"
    file.write_text(SCENARIO, "utf-8")
    return str(file)


def mailsim(*arguments: str, lang: str = "en") -> Result:
    return CliRunner(env={"COLUMNS": "100", "LANG": lang, "LC_ALL": ""}).invoke(application(), arguments)


class TestRun:
    def test_it_tells_the_story_to_its_end(self, scenario: str) -> None:
        done = mailsim("run", scenario)
        assert done.exit_code == 0
        assert "Ahoj to borek@firma.example: delivered" in done.stdout
        assert "Nothing got lost: 2 accepted = 1 relayed + 1 delivered" in done.stdout
        assert "\x1b" not in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 100

    def test_detail(self, scenario: str) -> None:
        story, dialogue, packet = (
            mailsim("run", scenario, "--detail", detail).stdout for detail in ("story", "dialogue", "packet")
        )
        assert len(story) < len(dialogue) < len(packet)
        assert "C: EHLO mail.skola.example" in dialogue
        assert "[SYN]" in packet

    def test_language_of_the_system_and_of_the_option(self, scenario: str) -> None:
        assert "Nic se neztratilo" in mailsim("run", scenario, lang="cs_CZ.UTF-8").stdout
        assert "Nothing got lost" in mailsim("run", scenario, "--lang", "en", lang="cs_CZ.UTF-8").stdout
        assert "Nothing got lost" in mailsim("run", scenario, lang="de_DE.UTF-8").stdout

    def test_events_as_json_lines(self, scenario: str, tmp_path: Path) -> None:
        file = tmp_path / "events.jsonl"
        assert mailsim("run", scenario, "--events", str(file)).exit_code == 0
        records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        assert [record["seq"] for record in records] == list(range(len(records)))
        assert {"user.action", "smtp.data", "mda.deliver", "mua.show"} <= {record["kind"] for record in records}
        assert mailsim("run", scenario, "--events", "-").stdout_bytes == file.read_bytes()

    def test_another_seed_is_another_run(self, scenario: str) -> None:
        runs = [mailsim("run", scenario, "--events", "-", "--seed", seed).stdout for seed in ("1", "1", "2")]
        assert runs[0] == runs[1] != runs[2]

    @pytest.mark.parametrize(
        "arguments",
        [("run", "no-such-scenario"), ("run", "{}", "--detail", "novel"), ("run", "{}", "--seed", "-1"), ("run",)],
    )
    def test_what_cannot_be_run_is_said_with_status_2(self, arguments: tuple[str, ...], scenario: str) -> None:
        done = mailsim(*(argument.format(scenario) for argument in arguments))
        assert done.exit_code == 2
        assert done.stderr
        assert "Traceback" not in done.stderr

    def test_a_mistake_in_the_file_is_shown_with_its_line(self, tmp_path: Path) -> None:
        file = tmp_path / "wrong.yaml"
        file.write_text(SCENARIO.replace("steps:", "stepz:"), "utf-8")
        done = mailsim("run", str(file), "--lang", "cs")
        assert done.exit_code == 2
        assert f"{file}:5:1: chyba:" in done.stderr
        assert "    stepz:\n    ^\n    rada: nemělo tam být `steps`?" in done.stderr

    def test_a_file_that_cannot_be_written(self, scenario: str, tmp_path: Path) -> None:
        done = mailsim("run", scenario, "--events", str(tmp_path / "no" / "such" / "folder.jsonl"))
        assert done.exit_code == 2
        assert "folder.jsonl" in done.stderr


class TestWhy:
    def test_the_root_of_a_delivery_is_the_one_who_sent(self, scenario: str) -> None:
        told = mailsim("run", scenario).stdout
        match = re.search(r"^ *(\d+)  \S+  mail.* writes the mail into the mailbox", told, re.MULTILINE)
        assert match is not None
        done = mailsim("why", scenario, match[1])
        assert done.exit_code == 0
        lines = done.stdout.splitlines()
        assert lines[0] == f"Why did event {match[1]} happen?"
        assert "presses Send" in lines[2]
        assert "by the MX records" in done.stdout
        assert "this is what was asked about" in lines[-1]

    def test_more_detail_tells_more_causes(self, scenario: str) -> None:
        story = mailsim("why", scenario, "100").stdout
        packets = mailsim("why", scenario, "100", "--detail", "packet").stdout
        assert len(story) < len(packets)

    @pytest.mark.parametrize("number", ["100000", "x"])
    def test_no_such_event(self, scenario: str, number: str) -> None:
        done = mailsim("why", scenario, number)
        assert done.exit_code == 2
        assert done.stderr


class TestPcap:
    def test_a_capture_in_a_file_or_a_pipe(self, scenario: str, tmp_path: Path) -> None:
        file = tmp_path / "run.pcapng"
        done = mailsim("pcap", scenario, "-o", str(file))
        assert done.exit_code == 0
        assert re.fullmatch(rf"\d+ packets written to {re.escape(str(file))}\n", done.stdout)
        assert file.read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"
        piped = mailsim("pcap", scenario, "-o", "-").stdout_bytes
        assert (len(piped), piped[:4]) == (file.stat().st_size, b"\x0a\x0d\x0d\x0a")  # keys differ from run to run


def test_a_reader_that_has_enough_is_no_error(scenario: str) -> None:
    code = "from mailsim.cli import main; main()"
    command = [sys.executable, "-c", code, "run", scenario, "--detail", "packet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        program.stdout.close()
        assert b"Traceback" not in program.stderr.read()
