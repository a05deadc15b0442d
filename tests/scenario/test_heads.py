"""What a list says of scenarios is what their whole files say; a file that is not so simple is left to others."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsim.scenario.heads import head_of
from mailsim.scenario.loader import load, variants
from mailsim.scenario.shipped import shipped
from mailsim.scenario.source import Source

EN = "title: One\nobjective: >-\n  To see\n  one.\nstory: |\n  No: of\n\n  course\nvariants: {b: {title: Two}}\n"
CS = "title: Jedna\nvariants:\n  b: {title: Dvě}\n"


@pytest.mark.parametrize("name", shipped())
def test_a_head_says_what_the_whole_file_says(name: str) -> None:
    head = head_of(shipped()[name])
    assert head is not None
    scenario = load(shipped()[name])
    assert (head.id, head.level, head.lesson or None) == (scenario.id, scenario.level, scenario.lesson)
    assert list(head.texts) == ["", *variants(Source.read(shipped()[name]))]
    for variant, texts in head.texts.items():
        whole = load(shipped()[name], variant).texts
        assert texts == {lang: {key: whole[lang].get(key, "") for key in ("title", "objective")} for lang in whole}


def folder_with(folder: Path, scenario: str, en: str = EN, cs: str = CS) -> Path:
    for name, text in {"scenario": scenario, "en": en, "cs": cs}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_only_the_lines_of_the_head_are_read(tmp_path: Path) -> None:
    head = head_of(folder_with(tmp_path, "# level: 9\nid: one\nsteps: [never\n# end\nvariants:\n  b: {seed: 1}\n"))
    assert head is not None
    assert (head.id, head.level, head.lesson) == ("one", 1, "")
    assert head.texts[""]["en"] == {"title": "One", "objective": "To see one."}
    assert [head.texts["b"][language]["title"] for language in ("en", "cs")] == ["Two", "Dvě"]


def test_a_variant_without_a_title_has_what_it_changes(tmp_path: Path) -> None:
    head = head_of(folder_with(tmp_path, "id: one\nvariants:\n  b: {seed: 1}\n", en="title: One\n"))
    assert head is not None
    assert [head.texts["b"][language]["title"] for language in ("en", "cs")] == ["One – seed = 1", "Dvě"]


@pytest.mark.parametrize(
    ("scenario", "en"),
    [
        ("level: 1\n", EN),
        ("id: one\nlevel: high\n", EN),
        ("id: one\nid: two\n", EN),
        ("id: [one\n", EN),
        ("{id: one}\n", EN),
        ("id: one\nvariants: [b]\n", "objective: no title\n"),
        ("id: one\n", "title: [1, 2]\n"),
        ("id: one\n", ""),
        ("id: one\n", 'title: "\\e[2J"\n'),
        ("id: one\ntitle: Here too\n", EN),
    ],
)
def test_what_is_not_plain_is_left_to_the_reader_of_whole_files(tmp_path: Path, scenario: str, en: str) -> None:
    assert head_of(folder_with(tmp_path, scenario, en)) is None
    assert head_of(tmp_path / "gone") is None


@pytest.mark.parametrize("title", ["One", "{en: One, cs: Jedna}"])
def test_a_file_with_its_own_texts_has_a_head_too(tmp_path: Path, title: str) -> None:
    file = tmp_path / "one.yaml"
    whole = f"id: one\ntitle: {title}\ndomains: {{a.example: {{users: [eva]}}}}\nvariants: {{b: {{seed: 8}}}}\n"
    file.write_text(whole, "utf-8")
    head = head_of(file)
    assert head is not None
    for name in ("", "b"):
        texts = load(file, name).texts
        assert {lang: head.texts[name][lang]["title"] for lang in texts} == {
            lang: texts[lang]["title"] for lang in texts
        }
