"""Wrong files: every mistake with its file, line and column, a hint, exit status 2, and never a traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from typer.testing import CliRunner

from mailsim.cli import application
from mailsim.scenario.loader import lint, open_scenario, read, shipped
from mailsim.scenario.mistakes import ScenarioErrors
from mailsim.scenario.source import Source

GOOD = """\
id: good
title: Good
domains:
  skola.example: {users: [alena]}
  firma.example: {users: [borek]}
steps:
  - {at: 0s, user: alena@skola.example, send: {to: borek@firma.example, subject: Ahoj}}
  - {at: 30s, user: borek@firma.example, read: imap}
"""


def mistakes_in(text: str) -> list[tuple[str, int, int]]:
    try:
        _, mistakes = read(Source("file.yaml", text))
    except ScenarioErrors as errors:
        mistakes = list(errors.mistakes)
    return [(mistake.code, mistake.line, mistake.column) for mistake in mistakes]


def test_a_good_file_has_no_mistakes() -> None:
    assert mistakes_in(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("domains:", "domans:", 3),
        ("at: 0s", "at: 0q", 7),
        ("at: 0s", "at: [1]", 7),
        ("subject: Ahoj", "subjekt: Ahoj", 7),
        ("user: borek@firma.example", "user: bork@firma.example", 8),
        ("user: borek@firma.example", "user: borek@frima.example", 8),
        ("read: imap", "read: imp", 8),
        ("read: imap", "write: imap", 8),
        ("  firma.example: {users: [borek]}", "  firma.com: {users: [borek]}", 5),
        ("users: [borek]", "users: [borek], mx: [mx1.elsewhere.example]", 5),
        ("users: [alena]", "users: {alena: {client: {submission_host: nowhere.example}}}", 4),
        ("users: [alena]", "users: [alena", 4),
        ("title: Good", "title: Good\ntitle: Better", 3),
        ("title: Good", "title: Good\nseed: many", 3),
        (
            "title: Good",
            "title: Good\nhosts: {a.example: {addresses: [192.0.2.7]}, b.example: {addresses: [192.0.2.7]}}",
            3,
        ),
        ("title: Good", "title: Good\nhosts: {a.example: {addresses: [8.8.8.8]}}", 3),
        ("title: Good", "title: Good\nhosts: {a.example: {addresses: [300.1.1.1]}}", 3),
        ("title: Good", "title: Good\nfaults: [{at: 0s, kind: filtred, host: mail.skola.example}]", 3),
        ("title: Good", "title: Good\nfaults: [{at: 0s, kind: filtered, host: mial.skola.example}]", 3),
        ("title: Good", "title: Good\nfaults: [{at: '09:00', kind: filtered, host: mail.skola.example}]", 3),
    ],
)
def test_one_mistake_is_found_on_its_line(old: str, new: str, line: int) -> None:
    found = mistakes_in(GOOD.replace(old, new, 1))
    assert found
    assert all(column > 0 for _, _, column in found)
    assert line in [where for _, where, _ in found]


def test_a_mistake_in_a_zone_is_on_its_line_inside_the_yaml() -> None:
    text = GOOD + "zones:\n  firma.example: |\n    @ IN MX 10 mail\n    mail IN A 198.51.100.999\n"
    found = mistakes_in(text)
    assert [code for code, _, _ in found] == ["zone-syntax"]
    assert found[0][1] == 12


def test_a_record_outside_its_zone_is_told_with_its_line() -> None:
    zone = "    @ IN MX 10 mail\n    ; not here:\n    www.skola.example. IN A 192.0.2.9\n    mail 60 IN A 192.0.2.9\n"
    assert mistakes_in(GOOD + "zones:\n  firma.example: |\n" + zone) == [("outside-zone", 13, 5)]
    assert mistakes_in(GOOD + "allow: [outside-zone]\nzones:\n  firma.example: |\n" + zone) == []


def test_a_mail_exchanger_that_is_an_alias() -> None:
    text = GOOD + "zones:\n  firma.example: |\n    @ IN MX 10 posta\n    posta IN CNAME mail\n"
    assert mistakes_in(text) == [("mx-is-alias", 11, 5)]
    assert mistakes_in(text + "allow: [mx-is-alias]\n") == []


def test_two_dns_servers_on_one_host() -> None:
    text = GOOD + "hosts:\n  ns1.firma.example: {roles: {resolver: {}}}\n"
    assert [(code, line) for code, line, _ in mistakes_in(text)] == [("two-dns-servers", 10)]


def test_all_mistakes_are_told_in_one_run() -> None:
    text = GOOD.replace("at: 0s", "at: 0q").replace("read: imap", "read: imp").replace("title:", "titel:")
    assert [line for _, line, _ in mistakes_in(text)] == [2, 7, 8]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xff\xfe\x00",
        "id: žluťoučký".encode("cp1250"),
        b"[" * 100_000,
        b"- " * 60_000,
        b"[" * 10_000_000,
        b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c, *d]\n",
        b"\x00",
        b"%YAML 9.9\n---\n!!python/object/apply:os.system [ls]\n",
        b"just words",
        b"{" + b"a: {" * 5000,
    ],
)
def test_hostile_files_get_a_clear_answer(octets: bytes, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(octets)
    done = CliRunner().invoke(application(), ["lint", str(file)])
    assert done.exit_code == 2
    assert "bad.yaml" in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize("lang", ["en", "cs"])
def test_the_answer_has_place_line_caret_and_hint(lang: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(GOOD.replace("domains:", "domans:"), "utf-8")
    done = CliRunner().invoke(application(), ["lint", "--lang", lang, str(file)])
    assert done.exit_code == 2
    assert re.search(r"bad\.yaml:3:1: ", done.output)
    assert "    domans:\n    ^\n" in done.output
    assert "`domains`" in done.output


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("users: [alena]", "users: [alena, 1, ~]", [("wrong-type", 4, 34), ("wrong-type", 4, 37)]),
        ("users: [alena]", "users: [alena, aléna]", [("bad-local-part", 4, 34)]),
        ("users: [borek]", "users: [borek, cyril, borek]", [("duplicate-item", 5, 19)]),
        ("title: Good", "title: [Good]", [("wrong-type", 2, 1)]),
        ("title: Good", "seed:\ntitle: Good", [("wrong-type", 2, 1)]),
        ("title: Good", "seed: 99999999999999999999", [("wrong-type", 2, 7)]),
        ("title: Good", "title: &t [*t]", [("wrong-type", 2, 1), ("yaml-alias", 2, 12)]),
        ("title: Good", 'title: "Good', [("yaml-syntax", 2, 8)]),
        ("title: Good", "title: Go\x07od", [("yaml-character", 2, 10)]),
        ("to: borek@firma.example", "to: []", [("no-recipient", 7, 41)]),
    ],
)
def test_a_mistake_is_told_once_and_where_it_is(old: str, new: str, expected: list[tuple[str, int, int]]) -> None:
    assert mistakes_in(GOOD.replace(old, new, 1)) == expected


def test_every_wrong_line_of_a_zone_is_told() -> None:
    records = ("@ IN MX ten mail", "mail IN A 1.2.3", "www IN A 198.51.100.80", "foo IN BAR x")
    whole = ("@ IN SOA ns1 root (", "  1 2 3 4 5 )", "@ IN NS ns1", "ns1 IN A 198.51.100.53")
    for zone, first in ((records, 11), ((*whole, *records), 15)):
        found = mistakes_in(GOOD + "zones:\n  firma.example: |\n" + "".join(f"    {line}\n" for line in zone))
        assert [line for code, line, _ in found if code == "zone-syntax"] == [first, first + 1, first + 3]


def test_a_line_on_which_others_depend_ends_the_search_in_a_zone() -> None:
    text = GOOD + "zones:\n  firma.example: |\n    $TTL never\n    mail IN A 1.2.3\n"
    assert mistakes_in(text) == [("zone-syntax", 11, 5)]


def test_a_long_line_is_shown_around_the_mistake(tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    file.write_text(GOOD.replace("Ahoj", "你好" * 50_000 + ", subjekt: Ahoj"), "utf-8")
    done = CliRunner().invoke(application(), ["lint", str(file)])
    shown, caret = done.output.splitlines()[1:3]
    assert len(shown) < 200
    assert cell_len(shown[: shown.index("subjekt")]) == caret.index("^")


def test_folders_missing_files_and_unknown_names(tmp_path: Path) -> None:
    for name in (str(tmp_path), str(tmp_path / "no.yaml"), "first-mial", "first-mail@z"):
        done = CliRunner().invoke(application(), ["run", name])
        assert done.exit_code == 2
        assert "Traceback" not in done.output
    assert "first-mail" in CliRunner().invoke(application(), ["run", "first-mial"]).output


def test_bom_and_crlf_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "windows.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert lint(file) == ()


def test_the_shipped_scenarios_are_clean() -> None:
    for folder in shipped().values():
        assert lint(folder) == ()
        assert open_scenario(folder.name).texts.keys() == {"en", "cs"}


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_scenario_or_have_mistakes(octets: bytes) -> None:
    try:
        scenario, mistakes = read(Source.of_bytes(octets, "fuzz.yaml"))
    except ScenarioErrors as errors:
        scenario, mistakes = None, list(errors.mistakes)
    assert scenario is not None or mistakes


@settings(derandomize=True, deadline=None, max_examples=80)
@given(st.integers(0, len(GOOD) - 1), st.text("abc:{}[]-#&*!|>'\"%@ \n\t019.é\x00", max_size=4), st.integers(0, 12))
def test_a_damaged_file_never_crashes_the_reader(at: int, new: str, cut: int) -> None:
    mistakes_in(GOOD[:at] + new + GOOD[at + cut :])
