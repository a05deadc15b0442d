"""The command `dig`: the answer as dig prints it, every question that it took, and clear words when it cannot be."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner, Result

from mailsim.cli import application
from mailsim.lessons.telling import say
from mailsim.scenario.digging import DigError, ask, read_request
from mailsim.scenario.loader import open_scenario
from mailsim.scenario.schema import Scenario

LONG = "x" * 250
SCENARIO = f"""\
id: names
domains:
  skola.example: {{users: [alena]}}
  firma.example: {{users: [borek]}}
  zaloha.example:
zones:
  firma.example: |
    www IN A 198.51.100.81
    posta IN CNAME mail
    venku IN CNAME ns1.zaloha.example.
    dlouhy IN TXT "{LONG}" "{LONG}" "{LONG}" "{LONG}" "{LONG}"
hosts:
  v4.skola.example: {{addresses: 192.0.2.77, resolvers: []}}
faults:
  - {{at: 10m, for: 10m, kind: down, host: ns1.firma.example}}
steps:
  - {{at: 1s, user: alena@skola.example, send: {{to: borek@firma.example, subject: Ahoj, text: Ahoj}}}}
"""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("scenarios") / "names.yaml"
    file.write_text(SCENARIO, "utf-8")
    return str(file)


@pytest.fixture(scope="module")
def world(scenario: str) -> Scenario:
    return open_scenario(scenario)


def dig(*arguments: str, lang: str = "en") -> Result:
    return CliRunner(env={"COLUMNS": "200", "LANG": lang, "LC_ALL": ""}).invoke(application(), ["dig", *arguments])


def test_the_answer_looks_as_dig_prints_it(scenario):
    printed = dig(scenario, "www.firma.example", "A").stdout
    assert re.search(r"^;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: \d+$", printed, re.MULTILINE)
    assert ";; flags: qr rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1\n" in printed
    assert "; EDNS: version: 0, flags:; udp: 1232\n" in printed
    assert re.search(r"^;; QUESTION SECTION:\n;www\.firma\.example\.\s+IN\s+A$", printed, re.MULTILINE)
    assert re.search(
        r"^;; ANSWER SECTION:\nwww\.firma\.example\.\s+3600\s+IN\s+A\s+198\.51\.100\.81$", printed, re.MULTILINE
    )
    assert ";; SERVER: 192.0.2.54#53(dns.skola.example) (UDP)\n" in printed
    assert ";; WHEN: 2026-11-23 10:00:00+01:00" in printed
    assert re.search(r"^;; Query time: \d+ msec$", printed, re.MULTILINE)


def test_every_question_is_told_as_a_tree(scenario):
    lines = dig(scenario, "www.firma.example").stdout.split("Who asked whom\n")[1].splitlines()
    assert [re.sub(r"  \[.*\]", "", line) for line in lines[:4]] == [
        "alena-pc.skola.example asks dns.skola.example 192.0.2.54: www.firma.example. A  A 198.51.100.81",
        "├─ dns.skola.example asks root.dns.test 203.0.113.253: www.firma.example. A  "
        "REFERRAL example. NS tld.dns.test.",
        "├─ dns.skola.example asks tld.dns.test 203.0.113.254: www.firma.example. A  "
        "REFERRAL firma.example. NS ns1.firma.example.",
        "└─ dns.skola.example asks ns1.firma.example 198.51.100.53: www.firma.example. A  A 198.51.100.81",
    ]
    assert lines[-1] == "4 questions, 4 of them answered."


def test_czech(scenario):
    printed = dig(scenario, "www.firma.example", lang="cs_CZ.UTF-8").stdout
    assert "Kdo se koho ptal\nalena-pc.skola.example se ptá (dns.skola.example 192.0.2.54)" in printed
    assert printed.endswith("4 dotazy, z toho zodpovězeno: 4.\n")


def found(*arguments: str) -> dict:
    done = dig(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_json_has_the_message_and_the_tree(scenario):
    answer = found(scenario, "venku.firma.example", "A", "+norecurse", "@ns1.firma.example")
    assert answer["answer"]["answer"] == [
        {"name": "venku.firma.example.", "ttl": 3600, "type": "CNAME", "data": "ns1.zaloha.example."}
    ]
    assert (answer["answer"]["aa"], answer["answer"]["rd"], answer["answer"]["rcode"]) == (True, False, "NOERROR")
    (query,) = answer["queries"]
    assert (query["asker"], query["server"], query["address"]) == (
        "alena-pc.skola.example",
        "ns1.firma.example",
        "198.51.100.53",
    )
    assert 0 < query["took_us"] < 100_000


def test_an_alias_into_another_domain_costs_more_questions(scenario):
    answer = found(scenario, "venku.firma.example")
    servers = [query["server"] for query in answer["queries"][0]["caused"]]
    assert servers == ["root.dns.test", "tld.dns.test", "ns1.firma.example", "tld.dns.test", "ns1.zaloha.example"]
    assert [record["type"] for record in answer["answer"]["answer"]] == ["CNAME", "A"]


def test_at_a_later_moment_the_cache_knows_and_ttls_are_lower(scenario):
    answer = found(scenario, "firma.example", "MX", "--at", "5m")
    (query,) = answer["queries"]
    assert query["answer"]["cache"] is True
    assert query["caused"] == []
    assert 3295 <= answer["answer"]["answer"][0]["ttl"] <= 3301  # asked for after one second
    assert found(scenario, "firma.example", "MX", "--at", "10:05")["asked_at"] == 300_000_000


def test_a_server_that_is_down_at_that_moment(scenario):
    answer = found(scenario, "www.firma.example", "--at", "11m")
    assert answer["answer"]["rcode"] == "SERVFAIL"
    lost = answer["queries"][0]["caused"]
    assert [(query["address"], query["answer"]) for query in lost[:1]] == [("198.51.100.53", None)]
    assert lost[0]["took_us"] == 500_000
    printed = dig(scenario, "www.firma.example", "@ns1.firma.example", "--at", "11m").stdout
    assert ";; no answer from" in printed
    assert printed.endswith("6 questions, 0 of them answered.\n")


def test_what_is_too_long_for_udp_is_asked_for_over_tcp(scenario):
    answer = found(scenario, "dlouhy.firma.example", "TXT", "@ns1.firma.example")
    assert [query["over"] for query in answer["queries"]] == ["udp", "tcp"]
    assert answer["queries"][0]["answer"]["tc"] is True
    assert answer["answer"]["size"] > 1232
    ignored = found(scenario, "dlouhy.firma.example", "TXT", "@ns1.firma.example", "+ignore")
    assert ignored["answer"]["tc"] is True


def test_flags(scenario):
    assert found(scenario, "www.firma.example", "+tcp")["queries"][0]["over"] == "tcp"
    assert found(scenario, "www.firma.example", "+noedns")["answer"]["edns_size"] is None
    assert found(scenario, "www.firma.example", "+norec")["answer"]["rcode"] == "REFUSED"
    assert dig(scenario, "posta.firma.example", "+short").stdout == "mail.firma.example.\n198.51.100.25\n"
    assert dig(scenario, "-x", "198.51.100.25", "+short").stdout == "mail.firma.example.\n"
    assert dig(scenario, "-x", "2001:db8:f::25", "+short").stdout == "mail.firma.example.\n"
    assert found(scenario, "MX", "firma.example")["qtype"] == "MX"


def test_recursion_that_is_not_offered_is_told(scenario):
    assert "recursion was asked for" in dig(scenario, "www.firma.example", "@ns1.firma.example").stdout


def test_who_asks_and_whom(scenario):
    answer = found(scenario, "www.firma.example", "--from", "mail.firma.example", "@192.0.2.54")
    assert (answer["host"], answer["server"]) == ("mail.firma.example", "dns.skola.example")


@pytest.mark.parametrize(
    ("words", "options", "message"),
    [
        (["frima..example"], {}, "`frima..example` is no domain name"),
        (["x" * 64 + ".example"], {}, "is no domain name"),
        (["firma.example", "MXX"], {}, "`MXX` is no record type"),
        (["firma.example", "MX", "more"], {}, "is no question"),
        ([], {}, "is no question"),
        (["firma.example", "@192.0.2.99"], {}, "No host of this scenario has the address 192.0.2.99"),
        (["firma.example"], {"host": "nowhere"}, "There is no host `nowhere`"),
        (["firma.example"], {"at": "soon"}, "`soon` is no moment"),
        (["firma.example"], {"at": "09:00"}, "before the scenario starts (10:00:00)"),
        (["firma.example", "+trace"], {}, "`+trace` is no flag"),
        (["firma.example", "+bufsize=many"], {}, "is no flag"),
        (["firma.example", "@2001:db8:f::53"], {"host": "v4"}, "no kind of IP address in common"),
    ],
)
def test_what_cannot_be_asked_is_told(world, words, options, message):
    with pytest.raises(DigError) as problem:
        ask(world, read_request(words), **options)
    error = problem.value
    assert message in say(error.key, "en", **error.details)
    assert message not in say(error.key, "cs", **error.details)


def test_words_for_mistakes_and_no_traceback(scenario):
    done = dig(scenario, "firma.example", "@mail.frima.example")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "There is no host `mail.frima.example` in this scenario.\nDid you mean mail.firma.example?\n"
    )
    assert "`192.0.2` není adresa IP" in dig(scenario, "-x", "192.0.2", lang="cs").stderr


def test_an_unknown_scenario():
    assert "first-mail" in dig("first-mial", "skola.example").output
