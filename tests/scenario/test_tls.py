"""TLS as a scenario says: certificates, policies of servers and clients, and what becomes of the mail."""

from __future__ import annotations

from typing import Any

import pytest

from mailsim.mail.trace_fields import Received, received_lines
from mailsim.scenario.build import Simulation, build
from mailsim.scenario.emit import to_yaml
from mailsim.scenario.loader import read
from mailsim.scenario.source import Source
from mailsim.trace.conservation import conservation
from mailsim.trace.events import Said
from mailsim.trace.trace import Trace

SCENARIO = """\
id: secure
title: Secure
domains:
  skola.example: {{users: [alena]{skola}}}
  firma.example: {{users: [borek]{firma}}}
hosts:
  mail.skola.example: {{{sender}}}
  mail.firma.example: {{{receiver}}}
steps:
  - {{at: 0s, user: alena@skola.example, send: {{to: borek@firma.example, subject: Ahoj, text: Ahoj}}}}
  - {{at: 20s, user: borek@firma.example, read: imap}}
until: 30s
"""
INSISTS = "roles: {mta: {relay_tls: required}}"
CHECKS = "roles: {mta: {relay_tls: required, check_certificate: true}}"


class Run:
    """One run of the scenario with some parts filled in."""

    def __init__(self, **parts: str) -> None:
        text = SCENARIO.format(**{"skola": "", "firma": "", "sender": "", "receiver": "", **parts})
        self.scenario, mistakes = read(Source("secure.yaml", text))
        assert mistakes == []
        assert self.scenario is not None
        self.simulation: Simulation = build(self.scenario)
        self.trace: Trace = self.simulation.run()
        assert list(conservation(self.trace)) == []

    def all(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = [event.record() for event in self.trace.events if event.kind == kind]
        return [record for record in records if all(record[name] == value for name, value in fields.items())]

    @property
    def hop(self) -> str:
        """How the mail came from server to server, by the word in Received (RFC 3848)."""
        return self.received[0].with_protocol

    @property
    def received(self) -> tuple[Received, ...]:
        """The trace of the mail, the last server first."""
        store = self.simulation.hosts["mail.firma.example"].store
        account = store.account("borek@firma.example") if store else None
        assert account is not None
        [message] = list(account.inbox)
        return received_lines(message.content)


@pytest.mark.parametrize(
    ("version", "cipher"),
    [("1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"), ("1.3", "TLS_AES_256_GCM_SHA384")],
)
def test_each_encrypted_hop_writes_down_its_cipher_suite(version: str, cipher: str) -> None:
    run = Run(receiver=f"roles: {{mta: {{tls_versions: ['{version}']}}}}")
    assert [line.tls for line in run.received] == [cipher, "TLS_AES_256_GCM_SHA384"]
    assert [line.tls for line in Run(receiver="certificate: none").received] == ["", "TLS_AES_256_GCM_SHA384"]


def test_everything_is_encrypted_where_nobody_says_otherwise() -> None:
    run = Run()
    assert run.hop == "ESMTPS"
    ports = {record["port"] for record in run.all("tls.established", side="client", cert_ok=True)}
    assert ports == {25, 587, 993}
    secret = [event for event in run.trace.events if isinstance(event, Said) and event.protocol in ("smtp", "imap")]
    assert {event.tls for event in secret if b"secret-" in event.pdu.to_bytes() or "AUTH PLAIN" in str(event.pdu)} == {
        True
    }


@pytest.mark.parametrize("kind", ["expired", "wrong-name", "self-signed"])
def test_servers_take_each_other_as_they_are_and_clients_do_not(kind: str) -> None:
    run = Run(receiver=f"certificate: {kind}")
    assert run.hop == "ESMTPS"
    [relay] = run.all("tls.established", side="client", port=25)
    assert (relay["cert_ok"], relay["problem"]) == (False, kind)
    [reader] = run.all("tls.fail", side="client", port=993)
    assert reader["reason"] == kind
    assert run.all("mua.show") == []
    assert not any("secret-borek" in str(event) for event in run.trace.events if isinstance(event, Said))


@pytest.mark.parametrize("kind", ["expired", "wrong-name", "self-signed"])
def test_a_server_that_checks_keeps_the_mail(kind: str) -> None:
    run = Run(receiver=f"certificate: {kind}", sender=CHECKS)
    assert run.all("mda.deliver") == []
    [failure] = run.all("route.failover")
    assert (failure["situation"], failure["detail"]) == ("tls", f"451 4.7.5 TLS failed: {kind}")
    assert len(run.all("queue.defer")) == 1


def test_a_server_that_insists_keeps_the_mail_where_there_is_no_tls() -> None:
    run = Run(receiver="certificate: none", sender=INSISTS)
    assert run.all("mda.deliver") == []
    assert [record["reason"] for record in run.all("tls.fail")] == ["not-offered"]
    assert [record["situation"] for record in run.all("route.failover")] == ["tls"]
    assert Run(receiver="certificate: none").hop == "ESMTP"


def test_a_handshake_that_fails_is_followed_by_the_mail_in_the_clear() -> None:
    sender = "roles: {mta: {tls_versions: ['1.2']}}"
    receiver = "roles: {mta: {tls_versions: ['1.3']}}"
    run = Run(sender=sender, receiver=receiver)
    assert run.hop == "ESMTP"
    assert {record["reason"] for record in run.all("tls.fail")} == {"no-common-version"}
    assert len(run.all("tcp.connect", port=25)) == 2
    assert run.all("route.failover") == []


def test_tls_1_2() -> None:
    run = Run(receiver="roles: {mta: {tls_versions: ['1.2']}, imap: {tls_versions: ['1.2']}}")
    versions = {record["port"]: record["version"] for record in run.all("tls.established")}
    assert versions == {587: "TLSv1.3", 25: "TLSv1.2", 993: "TLSv1.2"}


def test_a_domain_without_tls() -> None:
    run = Run(skola=", tls: false", firma=", tls: false")
    assert run.all("tls.start") == []
    assert run.hop == "ESMTP"
    assert len(run.all("mua.show")) == 1
    assert run.scenario is not None
    client = run.scenario.users["alena@skola.example"].client
    assert (client.submission_tls, client.access_tls) == ("none", "none")  # type: ignore[attr-defined]


def test_a_lesson_without_tls_on_one_service() -> None:
    run = Run(skola="", sender="roles: {msa: {tls: false}}")
    assert {record["port"] for record in run.all("tls.established")} == {25, 993}
    assert run.all("auth.ok", tls=False, mech="PLAIN")


def test_names_of_certificates() -> None:
    run = Run(receiver="certificate: {names: [localhost, 127.0.0.1, mx.firma.example]}")
    assert run.scenario is not None
    again, mistakes = read(Source("expanded.yaml", to_yaml(run.scenario)))
    assert mistakes == []
    assert again is not None
    certificate = again.hosts["mail.firma.example"].certificate
    assert certificate is not None
    assert (certificate.kind, certificate.names) == ("valid", ("localhost", "127.0.0.1", "mx.firma.example"))


@pytest.mark.parametrize(
    ("receiver", "word"),
    [
        ("certificate: outdated", "outdated"),
        ("certificate: {names: [a b]}", "a b"),
        ("cert: valid", "cert"),
    ],
)
def test_mistakes_have_their_place(receiver: str, word: str) -> None:
    text = SCENARIO.format(skola="", firma="", sender="", receiver=receiver)
    _, mistakes = read(Source("secure.yaml", text))
    [mistake] = mistakes
    assert mistake.line == 8
    assert text.splitlines()[7][mistake.column - 1 :].startswith(word)


@pytest.mark.parametrize(
    ("receiver", "code"),
    [
        ("roles: {msa: {tls_versions: []}}", "bad-value"),
        ("roles: {msa: {implicit_port: 993}}", "port-taken"),
        ("roles: {imap: {auth_mechanisms: [GSSAPI]}}", "bad-choice"),
    ],
)
def test_settings_that_cannot_be(receiver: str, code: str) -> None:
    text = SCENARIO.format(skola="", firma="", sender="", receiver=receiver)
    _, mistakes = read(Source("secure.yaml", text))
    assert [mistake.code for mistake in mistakes] == [code]
