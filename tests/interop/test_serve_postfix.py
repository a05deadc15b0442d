"""A real Postfix relays mail into the simulation: clear, and by TLS with the simulated CA's certificate checked."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

import pytest

from .postfix import postfix
from .served import BOREK, DAN, PATIENCE_S, Served, fresh, letter, needs, serve

SETTINGS = """
mynetworks = 127.0.0.0/8
virtual_mailbox_domains =
virtual_mailbox_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_host_lookup = native
smtp_dns_support_level = disabled
smtp_tls_security_level = none
smtp_tls_CAfile = {ca_file}
transport_maps = inline:{{ skola.example=checked:[localhost]:{checked}, firma.example=smtp:[127.0.0.1]:{clear} }}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("served"), domains=("skola.example", "firma.example")) as running:
        yield running


@pytest.fixture(scope="module")
def relay(served: Served) -> Iterator[int]:
    """A Postfix that sends everything into the simulation; gives its port."""
    checked, clear = served.port("smtp"), served.port("smtp", "firma.example")
    with postfix(SETTINGS.format(ca_file=served.ca_file, checked=checked, clear=clear)) as port:
        yield port


@needs("postfix")
@pytest.mark.parametrize(("user", "protocol"), [(BOREK, b"with ESMTP id"), (DAN, b"with ESMTPS id")])
def test_postfix_relays_into_the_simulation(served: Served, relay: int, user: str, protocol: bytes) -> None:
    subject = fresh("postfix")
    with smtplib.SMTP("127.0.0.1", relay, timeout=PATIENCE_S) as smtp:
        smtp.send_message(letter(user, subject, sender="somebody@jinde.example"))
    text = b" ".join(served.wait_for(user, subject).split())
    assert b"from mx.firma.example" in text
    assert protocol in text
    assert text.count(b"Received: ") >= 2
