"""What a variant changes, in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailsim.scenario.loader import load
from mailsim.scenario.source import Source
from mailsim.scenario.tree import parse
from mailsim.scenario.variants import LONGEST, change_of

BASE = """\
title: Two servers
seed: 7
faults: [{at: 1s, kind: down, host: a.example}]
steps: [{at: 1s, user: eva@a.example, read: imap}]
zones:
  a.example: |
    @  3600 IN MX 10 mx1
hosts: {mx1.a.example: {roles: {mta: {retry_interval: 1h}}}}
variants:
  b:
"""


@pytest.mark.parametrize(
    ("variant", "change"),
    [
        ("hosts: {mx1.a.example: {roles: {mta: {retry_interval: 5m}}}}", "mta.retry_interval = 5m"),
        ("seed: 8", "seed = 8"),
        ("{seed: 7, until: 1d}", "until = 1d"),
        ("{title: Other, story: What?, allow: [mx-is-alias], ipv6: true}", "ipv6 = true"),
        ("seed: ~", "seed = ~"),
        ("faults: []", "faults: 1 > 0"),
        ("faults: [{at: 1s, kind: down, host: a.example}, {at: 2m, kind: cut, host: b}]", "faults: cut b 2m"),
        ("steps: [{at: 1s, user: eva@a.example, read: pop3}]", "steps: eva@a.example pop3 1s"),
        ('zones: {a.example: "@  3600 IN MX 10 mx1\\n@  30 IN MX 20   mx2\\n"}', "zones.a.example = @ 30 IN MX 20 mx2"),
        ("{seed: 7}", ""),
        ("{}", ""),
        ("x: {z: {z: " + "y" * 90 + "}}", "z.z = " + "y" * (LONGEST - 7) + "…"),
    ],
)
def test_the_first_change_is_told(variant: str, change: str) -> None:
    assert change_of(parse(Source("x.yaml", BASE + f"    {variant}\n")), "b") == change


@pytest.mark.parametrize(("title", "told"), [("Mine", ("Mine", "Mine")), ("{en: Mine, cs: Moje}", ("Mine", "Moje"))])
def test_it_stands_behind_the_title_unless_the_variant_has_one(
    tmp_path: Path, title: str, told: tuple[str, str]
) -> None:
    file = tmp_path / "mine.yaml"
    variants = "variants: {b: {seed: 8}, c: {seed: 9, title: Third}}"
    file.write_text(f"id: mine\ntitle: {title}\ndomains: {{a.example: {{users: [eva]}}}}\n{variants}\n", "utf-8")
    plain, changed, named = (load(file, name).texts for name in ("", "b", "c"))
    assert (plain["en"]["title"], plain["cs"]["title"]) == told
    assert (changed["en"]["title"], changed["cs"]["title"]) == tuple(f"{text} – seed = 8" for text in told)
    assert named["cs"]["title"] == "Third"
