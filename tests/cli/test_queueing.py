"""`mailsim queue`: what waits where, at any moment, for people in two languages and for programs."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from mailsim.cli import application


def queue(*words: str) -> str:
    done = CliRunner().invoke(application(), ["queue", "mx-failover", *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_backup_has_the_mail_while_the_primary_is_away() -> None:
    output = queue("--at", "10:20", "--lang", "en")
    assert "mail.skola.example: the queue is empty" in output
    assert "mx2.zaloha.example: 1 mail" in output
    assert "1 attempt so far, the next at 10:36:00" in output
    assert "(451 4.4.1 Connection timed out)" in output


def test_czech() -> None:
    output = queue("--at", "20m", "--lang", "cs")
    assert "mx2.zaloha.example: 1 zpráva" in output
    assert "zatím 1 pokus, další v 10:36:00" in output


def test_at_the_end_all_queues_are_empty() -> None:
    assert queue("--lang", "en").count("the queue is empty") == 3


def test_json() -> None:
    found = json.loads(queue("--at", "10:20", "--host", "mx2.zaloha.example", "--json"))
    (only,) = found["queues"]
    (mail,) = only["mails"]
    assert (mail["sender"], mail["arrived"]) == ("alena@skola.example", mail["arrived"])
    assert mail["bytes"] > 500
    assert [(r["rcpt"], r["state"], r["tries"]) for r in mail["recipients"]] == [("borek@firma.example", "deferred", 1)]


def test_wrong_moments_and_hosts_are_told() -> None:
    for words in (["--at", "9q"], ["--at", "09:00"], ["--host", "nobody.example"]):
        done = CliRunner().invoke(application(), ["queue", "mx-failover", "--lang", "cs", *words])
        assert done.exit_code == 2
        assert "Traceback" not in done.output
