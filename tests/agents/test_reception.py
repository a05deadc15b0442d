"""How a server receives its clients: greeting, early talkers, names, patience, VRFY and EXPN, extensions left out."""

from __future__ import annotations

from typing import Any

import pytest

from mailsim.agents.operations import Close, Connect, Receive, Send, Sleep
from mailsim.agents.policy import MINUTE_US, SECOND_US, Reception
from mailsim.agents.stub import TryAgain
from mailsim.errors import ConnectionLost
from mailsim.protocols.pdu import Raw
from mailsim.trace.facts import PolicyVerdict
from tests.agents.site import MX1, Site
from tests.agents.stage import Stage


def site_of(**reception: Any) -> Site:
    aliases = {"info@skola.example": ("alena@skola.example", "dan@skola.example")}
    return Site(Stage(), aliases=aliases, reception=Reception(**reception))


def dialogue(site: Site, *lines: str, wait_us: int = 0) -> list[str]:
    """What the server says, line by line, to lines that are said one after the other, whatever it answers."""

    async def talk() -> bytes:
        connection = await Connect(site.address, 25, MINUTE_US)
        heard = b""
        await Sleep(wait_us)
        try:
            for line in lines:
                if wait_us or heard or not site.policy.reception.greeting_delay_us:
                    heard += await Receive(connection, MINUTE_US)
                await Send(connection, "smtp", [Raw(line.encode() + b"\r\n")])
            while data := await Receive(connection, SECOND_US):
                heard += data
        except ConnectionLost:
            pass
        await Close(connection)
        return heard

    heard: bytes = site.stage.play(MX1, talk(), site.stage.now_us + 10 * MINUTE_US)
    return heard.decode().splitlines()


def answer(site: Site, line: str) -> str:
    return dialogue(site, "EHLO mx1.firma.example", line)[-1]


def test_a_busy_server_says_so_and_closes() -> None:
    assert dialogue(site_of(greeting="busy")) == ["421 mail.skola.example Service not available, try later"]


def test_no_service_waits_for_quit() -> None:
    assert [line[:3] for line in dialogue(site_of(greeting="no_service"), "EHLO x", "QUIT")] == ["554", "503", "221"]


def test_who_talks_before_the_greeting() -> None:
    early = dialogue(site_of(greeting_delay_us=5 * SECOND_US), "EHLO mx1.firma.example")
    assert early == ["554 mail.skola.example Talked before the greeting: no service for you"]
    tolerated = site_of(greeting_delay_us=5 * SECOND_US, early_talkers="tolerate")
    assert [line[:3] for line in dialogue(tolerated, "EHLO mx1.firma.example")][:2] == ["220", "250"]
    patient = site_of(greeting_delay_us=5 * SECOND_US)
    assert dialogue(patient, "EHLO mx1.firma.example", wait_us=6 * SECOND_US)[0].startswith("220 ")
    assert patient.stage.now_us >= 5 * SECOND_US


@pytest.mark.parametrize(
    ("policy", "name", "code"),
    [
        ("any", "pc", "250"),
        ("qualified", "pc", "504"),
        ("qualified", "pc.skola.example", "250"),
        ("qualified", "[192.0.2.1]", "250"),
        ("known", "pc", "504"),
        ("known", "mx1.firma.example", "250"),
        ("known", "nikde.example", "550"),
        ("known", "pozdeji.example", "450"),
    ],
)
def test_which_names_a_server_believes(policy: str, name: str, code: str) -> None:
    site = site_of(hello_names=policy)
    site.dns.host("mx1.firma.example", MX1)
    for key in ("pozdeji.example A", "pozdeji.example MX"):
        site.dns.outcome(key, TryAgain("SERVFAIL"))
    assert dialogue(site, f"EHLO {name}")[-1][:3] == code
    assert [verdict.check for verdict in site.stage.facts(PolicyVerdict)] == ([] if code == "250" else ["helo"])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("dan@skola.example", "250 2.1.5 <dan@skola.example>"),
        ("DAN", "250 2.1.5 <dan@skola.example>"),
        ("Dan Malý <dan@skola.example> SMTPUTF8", "250 2.1.5 <dan@skola.example>"),
        ("nikdo", "550 5.1.1 No such user here"),
        ("info", "553 5.1.4 More than one user is meant"),
    ],
)
def test_vrfy_that_tells_the_truth(asked: str, said: str) -> None:
    assert answer(site_of(vrfy="answer"), f"VRFY {asked}") == said


def test_vrfy_that_tells_nothing() -> None:
    assert answer(site_of(), "VRFY nikdo")[:9] == "252 2.0.0"
    assert answer(site_of(vrfy="off"), "VRFY nikdo") == "502 5.5.1 Command not implemented"


def test_expn() -> None:
    site = site_of(expn="answer")
    assert dialogue(site, "EHLO x.example", "EXPN info")[-2:] == [
        "250-2.1.5 <alena@skola.example>",
        "250 2.1.5 <dan@skola.example>",
    ]
    assert answer(site_of(expn="answer"), "EXPN nikdo") == "550 5.1.1 No such list here"
    assert answer(site_of(), "EXPN info") == "502 5.5.1 Command not implemented"


def test_vrfy_does_not_say_in_utf8_what_was_not_asked_for() -> None:
    site = Site(Stage(), users=("jiří@skola.example",), reception=Reception(vrfy="answer"))
    assert answer(site, "VRFY jiří@skola.example")[:9] == "252 2.6.8"
    assert answer(site, "VRFY jiří@skola.example SMTPUTF8") == "250 2.1.5 <jiří@skola.example>"


@pytest.mark.parametrize(
    ("left_out", "keyword"),
    [
        ({"chunking": False}, "CHUNKING"),
        ({"dsn": False}, "DSN"),
        ({"smtputf8": False}, "SMTPUTF8"),
        ({"eight_bit_mime": False}, "SMTPUTF8"),
        ({"eight_bit_mime": False}, "8BITMIME"),
        ({"enhanced_status_codes": False}, "ENHANCEDSTATUSCODES"),
        ({"help": False}, "HELP"),
    ],
)
def test_extensions_may_be_left_out(left_out: dict[str, bool], keyword: str) -> None:
    def offered(site: Site) -> set[str]:
        return {line[4:].partition(" ")[0] for line in dialogue(site, "EHLO x.example")}

    assert keyword in offered(site_of())
    assert keyword not in offered(site_of(**left_out))


def test_patience() -> None:
    assert [line[:9] for line in dialogue(site_of(max_errors=2), "X", "X", "NOOP")][1:] == [
        "500 5.5.2",
        "500 5.5.2",
        "421 4.7.0",
    ]
    storm = dialogue(site_of(max_errors=2, max_idle_commands=3), *["NOOP"] * 7)
    assert [line[:3] for line in storm[1:]] == ["250"] * 5 + ["421"]
    assert len(dialogue(site_of(max_errors=0), *["X"] * 50)) == 51


def test_a_user_whose_name_has_needless_quotes() -> None:
    site = site_of()
    assert dialogue(site, "EHLO x.example", "MAIL FROM:<>", 'RCPT TO:<"da\\n"@SKOLA.example>')[-1][:3] == "250"
