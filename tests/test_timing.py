"""The timing model of the lessons, derived from traces: a mail costs so many round trips, and so many octets.

A round trip is what the handshake of the same connection took; the links have so much bandwidth that the length of
packets hardly counts. Round trips are counted from the first SYN to the arrival of the reply.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator

import pytest

from mailsim.mail.body import base64_lines
from mailsim.scenario.build import build
from mailsim.scenario.loader import read
from mailsim.scenario.source import Source
from mailsim.trace.events import Packet, Said
from mailsim.trace.trace import Trace

SCENARIO = """\
id: timing
ipv6: false
domains:
  skola.example: {{users: {{alena: {{client: {{pipelining: {pipelining}, submission_tls: {tls}}}}}}}}}
  firma.example: {{users: [u1, u2, u3, u4], mail: mail}}
hosts:
  mail.skola.example:
    roles:
      mta: {{pipelining: {pipelining}, relay_tls: {relay_tls}}}
      msa: {{auth_mechanisms: [{mechanism}], auth_requires_tls: false}}
  mail.firma.example: {{roles: {{mta: {{pipelining: {pipelining}}}}}}}
links:
  - {{between: [gw.skola.example, internet], latency: 100ms, bandwidth: 1Gbit/s}}
  - {{between: [alena-pc.skola.example, gw.skola.example], latency: 100ms, bandwidth: 1Gbit/s}}
steps:
  - {{at: 1s, user: alena@skola.example, send: {{to: [{to}], subject: Hi, text: Hi}}}}
"""


def run(
    *,
    pipelining: bool = False,
    recipients: int = 1,
    mechanism: str = "PLAIN",
    tls: str = "none",
    relay_tls: str = "none",
) -> Trace:
    to = ", ".join(f"u{n}@firma.example" for n in range(1, recipients + 1))
    text = SCENARIO.format(pipelining=str(pipelining).lower(), to=to, mechanism=mechanism, tls=tls, relay_tls=relay_tls)
    scenario, mistakes = read(Source("timing.yaml", text))
    assert mistakes == []
    assert scenario is not None
    return build(scenario).run()


def round_trips(trace: Trace, port: int) -> dict[str, int]:
    """When each reply reached the client of the first connection to a port, in whole round trips.

    The keys are the codes with their numbers: the first 250 is `250`, the second `250.2`.
    """
    connect = next(e for e in trace.events if e.kind == "tcp.connect" and e.fields()["port"] == port)
    conn = connect.fields()["conn"]
    opened = next(e for e in trace.events if e.kind == "tcp.established" and e.fields()["conn"] == conn)
    one_us = opened.at - connect.at
    found: dict[str, int] = {}
    for reply in _replies(trace, conn):
        arrival = next(e for e in trace.events[reply.seq :] if isinstance(e, Packet) and reply.seq in e.causes)
        trips = (arrival.arrives_at - connect.at) / one_us
        assert abs(trips - round(trips)) < 0.02
        code = str(reply.pdu)[:3]
        number = sum(key.startswith(code) for key in found) + 1
        found[code if number == 1 else f"{code}.{number}"] = round(trips)
    return found


def _replies(trace: Trace, conn: str) -> Iterator[Said]:
    for event in trace.events:
        if isinstance(event, Said) and event.conn == conn and not event.from_client:
            yield event


@pytest.mark.parametrize("recipients", [1, 2, 3, 4])
def test_without_pipelining_a_mail_is_accepted_after_six_round_trips_and_one_a_recipient(recipients):
    seen = round_trips(run(recipients=recipients), 25)
    accepted = f"250.{recipients + 3}"  # EHLO, MAIL, each RCPT, the dot
    assert (seen["220"], seen["250"], seen["250.2"]) == (2, 3, 4)
    assert seen["354"] == 5 + recipients
    assert seen[accepted] == 6 + recipients
    assert seen["221"] == seen[accepted] + 1


@pytest.mark.parametrize("recipients", [1, 4])
def test_with_pipelining_it_is_accepted_after_five(recipients):
    seen = round_trips(run(pipelining=True, recipients=recipients), 25)
    assert (seen["220"], seen["250"], seen["354"]) == (2, 3, 4)
    assert seen[f"250.{recipients + 3}"] == 5


@pytest.mark.parametrize(("mechanism", "more"), [("PLAIN", 1), ("LOGIN", 3)])
def test_logging_in_costs_one_round_trip_or_three(mechanism, more):
    """PLAIN comes with an initial response (RFC 4954 section 4); LOGIN asks for the name and then the password."""
    seen = round_trips(run(mechanism=mechanism), 587)
    assert seen["235"] == 3 + more
    assert seen["250.4"] == 7 + more


def test_starttls_costs_three_round_trips():
    """STARTTLS itself, the handshake of TLS 1.3, and the second EHLO (RFC 3207 section 4.2)."""
    seen = round_trips(run(relay_tls="opportunistic"), 25)
    assert (seen["220"], seen["250"], seen["220.2"], seen["250.2"]) == (2, 3, 4, 6)
    assert seen["250.5"] == 7 + 3
    assert round_trips(run(relay_tls="opportunistic", pipelining=True), 25)["250.5"] == 5 + 3


def test_tls_from_the_beginning_costs_one_round_trip():
    seen = round_trips(run(tls="implicit"), 465)
    assert (seen["220"], seen["250"], seen["235"]) == (3, 4, 5)
    assert seen["250.4"] == 7 + 1 + 1  # TLS, and logging in


@pytest.mark.parametrize("size", [0, 1, 2, 3, 56, 57, 58, 114, 1_000, 1_000_000])
def test_base64_needs_four_octets_for_three_and_two_a_line(size):
    encoded = base64_lines(bytes(size))
    letters = 4 * math.ceil(size / 3)
    assert len(encoded) == letters + 2 * math.ceil(letters / 76)
    assert base64.b64decode(encoded) == bytes(size)
