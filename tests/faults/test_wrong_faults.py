"""Mistakes in faults: each with its line, a message and a hint in both languages."""

from __future__ import annotations

import pytest

from mailsim.scenario.loader import read
from mailsim.scenario.source import Source
from tests.faults.world import BASE, MX1

WRONG = {
    "at: 0s, kind: reply, host: mx1.firma.example, command: RCPT, reply: 250 Yes": "bad-reply",
    "at: 0s, kind: reply, host: mx1.firma.example, command: RCPT, reply: 451 5.1.1 Both": "bad-reply",
    "at: 0s, kind: reply, host: mx1.firma.example, command: RCPT": "fault-lacks",
    "at: 0s, kind: reply, host: mx1.firma.example, command: RCTP, reply: 451 No": "bad-choice",
    "at: 0s, kind: reply, host: mx1.firma.example, service: imap, command: RCPT, reply: 451 No": "fault-command",
    "at: 0s, kind: reply, host: mx1.firma.example, service: resolver, command: RCPT, reply: 451 No": "fault-service",
    "at: 0s, kind: disk_full, host: mx1.firma.example, service: pop3": "fault-service",
    "at: 0s, kind: reply, host: mx1.firma.example, command: FETCH, reply: 451 No": "fault-reply",
    "at: 0s, kind: reply, host: mx1.firma.example, command: RCPT, reply: -ERR No": "fault-reply",
    "at: 0s, kind: reply, host: mx1.firma.example, service: imap, command: CONNECT, reply: NO Not now": "fault-reply",
    "at: 0s, kind: reply, host: mx1.firma.example, command: FETCH, reply: OK Fine": "bad-reply",
    "at: 0s, kind: certificate_expired, host: ns1.firma.example": "fault-certificate",
    "at: 0s, kind: starttls_stripped": "fault-place",
    "at: 0s, kind: starttls_stripped, host: mx1.firma.example, direction: in": "fault-key",
    "at: 0s, kind: certificate_expired": "fault-lacks",
    "at: 0s, kind: closed, host: ns1.firma.example, command: FETCH": "missing-role",
    "at: 0s, kind: down, host: mx1.firma.example, port: 25": "fault-key",
    "at: 0s, kind: down": "fault-lacks",
    "at: 0s, kind: cut, host: mx1.firma.example, link: [internet, gw.firma.example]": "fault-place",
    "at: 0s, kind: cut, link: [internet, mx1.firma.example]": "fault-link",
    "at: 0s, kind: cut, link: [internet, gw.frima.example]": "unknown-host",
    "at: 0s, kind: cut, link: [internet]": "two-ends",
    "at: 0s, kind: slow, link: [internet, gw.firma.example]": "fault-lacks",
    "at: 0s, kind: lossy, link: [internet, gw.firma.example], loss: 1.5": "out-of-range",
    "at: 0s, kind: filtered, host: mx1.firma.example, network: 300.0.0.0/8": "bad-network",
    "at: 0s, kind: stopped, host: mx1.firma.example, service: resolver": "missing-role",
    "at: 0s, kind: dns_silent, host: mx1.firma.example": "missing-role",
    "at: 0s, kind: over_quota, mailbox: bork@firma.example": "unknown-user",
    "at: 0s, kind: down, host: mx1.firma.example, every: 1h": "fault-every",
    "at: 0s, for: 2h, kind: down, host: mx1.firma.example, every: 1h": "fault-every",
    "at: 0s, for: 1m, kind: down, host: mx1.firma.example, repeat: 3": "fault-lacks",
    "at: 0s, kind: down, host: mx1.firma.example, probability: 1.5": "out-of-range",
    "at: 0s, kind: explode, host: mx1.firma.example": "bad-choice",
    "at: 5h, kind: down, host: mx1.firma.example": "after-until",
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_fault_is_told_on_its_line(fault: str) -> None:
    text = BASE % {"domain": "", "more": f"faults:\n  - {{{fault}}}\n", "to": "borek@firma.example", "until": "1h"}
    _, mistakes = read(Source("file.yaml", text))
    line = next(number for number, said in enumerate(text.splitlines(), 1) if fault in said)
    assert [(mistake.code, mistake.line) for mistake in mistakes] == [(WRONG[fault], line)]
    for language in ("en", "cs"):
        message, hint = mistakes[0].said(language)
        assert message
        assert hint or not WRONG[fault].startswith(("fault", "bad"))


def test_a_change_of_a_zone_is_checked_too() -> None:
    change = (
        "changes:\n  - at: 1m\n    zone: firma.example\n    records: |\n      @ IN MX 10 mx1\n      mx1 IN A 1.2.3\n"
    )
    text = BASE % {"domain": "", "more": change, "to": "borek@firma.example", "until": "1h"}
    _, mistakes = read(Source("file.yaml", text))
    assert [mistake.code for mistake in mistakes] == ["zone-syntax"]
    _, mistakes = read(Source("file.yaml", text.replace("zone: firma", "zone: frima")))
    assert [mistake.code for mistake in mistakes] == ["unknown-zone"]
    assert MX1
