"""The scenarios about reading mail (E28 to E30): what the curriculum asks, computed from the traces."""

from __future__ import annotations

import hashlib
import re
from functools import cache

import pytest

from mailsim.scenario.build import build
from mailsim.scenario.loader import open_scenario
from mailsim.trace.conservation import conservation
from mailsim.trace.events import Event, Noted, Said
from mailsim.trace.facts import ListedMail, MailsListed
from mailsim.trace.lists import change
from mailsim.trace.trace import Trace

POP3 = tuple(f"pop3-two-devices{variant}" for variant in ("", "@b", "@c", "@d", "@e"))
IMAP = tuple(f"imap-two-clients{variant}" for variant in ("", "@b", "@c", "@d"))
PC, PHONE, TABLET = (f"borek-{device}.firma.example" for device in ("pc", "phone", "tablet"))
MAIL = "mail.firma.example"
BANDWIDTH = 64_000
"""Bits per second of the slow link."""


@cache
def run(name: str) -> Trace:
    return build(open_scenario(name)).run()


def of_kind(name: str, kind: str, **fields: object) -> list[Event]:
    found = (event for event in run(name).events if event.kind == kind)
    return [event for event in found if all(event.record().get(key) == value for key, value in fields.items())]


def said_to(name: str, node: str, after_us: int = 0) -> list[str]:
    """What the server said to a device."""
    said = (event for event in run(name).events if isinstance(event, Said) and event.at >= after_us)
    return [str(event.pdu) for event in said if event.node == MAIL and event.peer == node]


def said_by(name: str, node: str, after_us: int = 0) -> list[str]:
    """What a device said to the server."""
    said = (event for event in run(name).events if isinstance(event, Said) and event.at >= after_us)
    return [str(event.pdu) for event in said if event.node == node and event.peer == MAIL]


def retrieved(name: str, node: str, after_us: int = 0) -> list[int]:
    return [int(line.split()[1]) for line in said_by(name, node, after_us) if line.startswith("RETR")]


def listed(name: str, node: str) -> list[tuple[str, ...]]:
    """The subjects in the list of a device after each of its changes."""
    mails: list[ListedMail] = []
    seen = []
    for event in run(name).events:
        if isinstance(event, Noted) and isinstance(event.fact, MailsListed) and event.node == node:
            change(mails, event.fact)
            seen.append(tuple(mail.subject for mail in mails))
    return seen


@pytest.mark.parametrize("name", [*POP3, *IMAP])
def test_the_runs_repeat_themselves_and_lose_nothing(name: str) -> None:
    def digest(trace: Trace) -> str:
        shown = "\n".join(f"{e.at} {e.node} {e.kind} {e}" for e in trace.events if e.kind != "net.segment")
        return hashlib.sha256(shown.encode()).hexdigest()

    assert list(conservation(run(name))) == []
    assert digest(run(name)) == digest(build(open_scenario(name)).run())


@pytest.mark.parametrize("name", ["slow-link", "slow-link@b"])
def test_a_slow_and_a_broken_link_lose_nothing(name: str) -> None:
    """No mail travels here: what the mailbox had at first is all still there, and every device saw it."""
    assert list(conservation(run(name))) == []
    assert of_kind(name, "store.expunge") == []
    [mail] = of_kind(name, "store.add")
    assert mail.at == 0
    shown = {(event.node, event.fields()["msg"]) for event in of_kind(name, "mua.show")}
    assert shown >= {(device, mail.fields()["msg"]) for device in (PC, PHONE)}


# --- E28 ----------------------------------------------------------------------------------------------


def test_q1_the_phone_sees_nothing_after_the_quit_of_the_pc() -> None:
    assert retrieved("pop3-two-devices", PHONE) == [1, 2, 3]
    said = (event for event in run("pop3-two-devices").events if isinstance(event, Said) and event.node == PC)
    [quit_at] = [event.at for event in said if str(event.pdu) == "QUIT"]
    assert "+OK 0 0" in said_to("pop3-two-devices", PHONE, quit_at)
    assert [event.at > quit_at for event in of_kind("pop3-two-devices", "store.expunge")] == [True] * 3


def test_q2_without_quit_nothing_is_deleted() -> None:
    pc = [line for line in said_by("pop3-two-devices@b", PC) if line.startswith(("DELE", "QUIT"))]
    assert pc[:3] == ["DELE 1", "DELE 2", "DELE 3"]  # the third one never arrives
    at_20_minutes = said_to("pop3-two-devices@b", PHONE, 20 * 60_000_000)
    assert any(line.startswith("+OK 3 ") for line in at_20_minutes)
    assert {event.at > 25 * 60_000_000 for event in of_kind("pop3-two-devices@b", "store.expunge")} == {True}


def test_m28_who_believes_that_retr_deletes_finds_the_mails_gone() -> None:
    scenario = open_scenario("pop3-two-devices")
    host = scenario.hosts[MAIL]
    pop3 = host.roles.pop3.model_copy(update={"delete_on_retr": True})
    roles = host.roles.model_copy(update={"pop3": pop3})
    believed = scenario.model_copy(update={"hosts": {**scenario.hosts, MAIL: host.model_copy(update={"roles": roles})}})
    trace = build(believed).run()
    gone = [event.at for event in trace.events if event.kind == "store.expunge"]
    assert len(gone) == 3
    assert max(gone) < 120_000_000  # the phone, which never says DELE, has emptied the mailbox


def test_q3_the_second_login_is_refused_while_the_first_goes_on() -> None:
    [refused] = [line for line in said_to("pop3-two-devices@c", PHONE) if line.startswith("-ERR")]
    assert refused.startswith("-ERR [IN-USE] ")
    assert retrieved("pop3-two-devices@c", PHONE) == []


def test_q4_unique_ids_spare_the_second_download() -> None:
    assert retrieved("pop3-two-devices@b", PHONE, 20 * 60_000_000) == []
    assert "UIDL" in said_by("pop3-two-devices@b", PHONE, 20 * 60_000_000)
    assert retrieved("pop3-two-devices@e", PHONE, 120_000_000) == [1, 2, 3]
    assert "UIDL" not in said_by("pop3-two-devices@e", PHONE)


@pytest.mark.parametrize("name", POP3)
def test_q5_no_flag_tells_the_other_device_what_was_read(name: str) -> None:
    assert of_kind(name, "mua.show")
    assert not of_kind(name, "store.flag")


def test_d_the_mda_delivers_while_the_pop3_server_is_off() -> None:
    [delivered] = of_kind("pop3-two-devices@d", "mda.deliver")
    refused = of_kind("pop3-two-devices@d", "tcp.refused")
    assert [event.at > delivered.at for event in refused] == [True, True]
    assert retrieved("pop3-two-devices@d", PC) == [1, 2, 3, 4]


# --- E29 ----------------------------------------------------------------------------------------------


def untagged_to_phone(name: str) -> list[str]:
    """What the phone was told without having asked: between `+ idling` and the end of IDLE."""
    told, idles = [], False
    for line in said_to(name, PHONE):
        if line.startswith("+ "):
            idles = True
        elif re.match(r"a\d+ ", line):
            idles = False
        elif idles:
            told.append(line)
    return told


def test_q1_the_phone_is_told_in_order() -> None:
    told = [line for line in untagged_to_phone("imap-two-clients") if "RECENT" not in line]
    assert told[0].startswith("* 3 FETCH (")
    assert "FLAGS (\\Seen" in told[0]
    assert [line for line in told if line.endswith(("EXPUNGE", "EXISTS"))] == ["* 5 EXPUNGE"] * 5 + ["* 5 EXISTS"]


def test_q2_body_sets_seen_and_peek_does_not() -> None:
    assert (3, ["\\Seen"]) in [
        (e.fields()["uid"], e.fields()["flags"]) for e in of_kind("imap-two-clients", "store.flag")
    ]
    scenario = open_scenario("imap-two-clients")
    user = scenario.users["borek@firma.example"]
    peeking = user.model_copy(update={"client": user.client.model_copy(update={"mark_seen": False})})
    trace = build(scenario.model_copy(update={"users": {**scenario.users, "borek@firma.example": peeking}})).run()
    seen = [event.fields()["uid"] for event in trace.events if event.kind == "store.flag" and event.at > 50_000_000]
    assert 3 not in seen


def test_q3_numbers_of_five_expunged_mails_up_and_down() -> None:
    def numbers(name: str) -> list[str]:
        return [line.split()[1] for line in untagged_to_phone(name) if line.endswith("EXPUNGE")][:5]

    assert numbers("imap-two-clients") == ["5", "5", "5", "5", "5"]
    assert numbers("imap-two-clients@d") == ["9", "8", "7", "6", "5"]


def test_q4_who_trusts_numbers_opens_the_wrong_mail() -> None:
    [shown] = of_kind("imap-two-clients@c", "mua.show", node=PHONE)
    assert shown.fields()["subject"] == "Nabídka papíru"  # and the user wanted the invoice
    assert "a3 FETCH 3 BODY[]" in said_by("imap-two-clients@c", PHONE)


def test_q5_what_the_phone_deletes_is_gone_from_the_computer() -> None:
    assert listed("imap-two-clients", PC)[-1] == listed("imap-two-clients", PHONE)[-1]
    assert "Nabídka papíru" not in listed("imap-two-clients", PC)[-1]
    assert of_kind("imap-two-clients", "store.expunge", uid=4)


def test_q6_the_copy_in_sent_is_a_second_upload() -> None:
    [added] = of_kind("imap-two-clients", "store.add", folder="Sent")
    [appended] = [line for line in said_by("imap-two-clients", PC) if " APPEND " in line]
    assert appended.split()[2] == "Sent"
    assert f"{{{added.fields()['bytes']}" in appended
    submitted = [e for e in of_kind("imap-two-clients", "smtp.data") if e.node == PC]
    assert [e.fields()["bytes_content"] for e in submitted] == [added.fields()["bytes"]]


def test_b_other_uidvalidity_and_the_phone_forgets_everything() -> None:
    [verdict] = of_kind("imap-two-clients@b", "policy.verdict", check="uidvalidity")
    assert verdict.node == PHONE
    after = said_by("imap-two-clients@b", PHONE, 600_000_000)
    assert any("FETCH 1:8 (UID FLAGS" in line for line in after)
    shown = of_kind("imap-two-clients@b", "mua.show", node=PHONE)
    assert shown[-1].fields()["subject"] == "Faktura 2026-114"


# --- E30 ----------------------------------------------------------------------------------------------


def first_shown(name: str, node: str) -> int:
    """From opening the mailbox to the text on the screen, without the name server and logging in: microseconds."""
    events = run(name).events
    asked = ("RETR", "TOP", "FETCH")
    begin = next(e.at for e in events if isinstance(e, Said) and e.node == node and any(a in str(e.pdu) for a in asked))
    return next(e.at for e in events if e.kind == "mua.show" and e.node == node) - begin


def test_q1_seconds_until_the_text_can_be_read() -> None:
    [mail] = of_kind("slow-link", "store.add")
    by_hand = int(str(mail.fields()["bytes"])) * 8 / BANDWIDTH
    assert by_hand == pytest.approx(513, abs=2)
    assert by_hand < first_shown("slow-link", PC) / 1e6 < by_hand * 1.06  # headers of TCP, IP and TLS come on top
    assert first_shown("slow-link", TABLET) < 1_500_000
    assert first_shown("slow-link", PHONE) < 1_000_000


def test_q3_and_q5_the_attachment_is_part_2_and_goes_on_by_the_next_octet() -> None:
    asked = [line for line in said_by("slow-link", PHONE) if "BODY[2]" in line]
    assert asked[0].endswith("BODY[2]<0.65536>")
    assert asked[1].endswith("BODY[2]<65536.65536>")


def test_q4_what_a_broken_link_costs() -> None:
    pc = [line for line in said_by("slow-link@b", PC) if line.startswith("RETR")]
    assert pc == ["RETR 1", "RETR 1"]  # all of it again
    offsets = [
        int(re.findall(r"BODY\[2\]<(\d+)\.", line)[0]) for line in said_by("slow-link@b", PHONE) if "BODY[2]<" in line
    ]
    again = [offset for offset in offsets if offsets.count(offset) > 1]
    assert len(set(again)) == 1  # one chunk of 65536 octets, and everything before it is kept
    assert offsets == sorted(offsets)
    assert of_kind("slow-link@b", "mua.show", node=PHONE)[-1].at > 900_000_000
    assert [e.node for e in of_kind("slow-link@b", "mua.show")].count(PC) == 1
