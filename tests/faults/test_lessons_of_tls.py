"""Scenario E20: what the curriculum asks about STARTTLS and its stripping, answered from the traces."""

from __future__ import annotations

from collections.abc import Iterator

from mailsim.mail import header
from mailsim.mail.trace_fields import Received, received_lines
from mailsim.trace.events import Said, Segment
from mailsim.trace.facts import AuthSucceeded, DsnMade, MdaDelivered, PacketRewritten, PolicyVerdict, TlsEstablished
from tests.faults.test_lessons_of_failure import MINUTE, MX1, SKOLA, Lesson, lesson

E20 = "starttls-stripping"
ALENA, DAN, PETRA = (f"{name}-pc.skola.example" for name in ("alena", "dan", "petra"))


def sayings(run: Lesson, node: str, peer: str) -> Iterator[Said]:
    events = (event for event in run.trace.events if isinstance(event, Said) and event.protocol == "smtp")
    return (event for event in events if (event.node, event.peer) == (node, peer))


def on_the_wire(run: Lesson, node: str, words: bytes) -> bool:
    """Can whoever sits on the line beside this host read these words?"""
    segments = (event for event in run.trace.events if isinstance(event, Segment) and event.node == node)
    return any(words in bytes(segment.payload) for segment in segments if segment.peer != node)


def stamps(run: Lesson) -> dict[str, tuple[Received, ...]]:
    """Subject -> the trace of the mail, the last server first."""
    mails = run.inbox("borek@firma.example")
    return {header.text(content, "Subject") or "": received_lines(content) for content in mails}


def test_what_each_client_says_in_the_clear() -> None:
    """Q1: before protection; the port with TLS from the first byte has nothing at all."""
    run = lesson(E20)
    clear = {
        node: sum(len(said.pdu.to_bytes()) for said in sayings(run, node, SKOLA) if not said.tls)
        for node in (DAN, PETRA)
    }
    assert clear[DAN] > 0
    assert clear[PETRA] == 0
    first = [str(said).split(" ")[0] for said in sayings(run, DAN, SKOLA) if not said.tls]
    assert first == ["EHLO", "QUIT", "EHLO", "STARTTLS"]


def test_whose_password_the_attacker_has_seen() -> None:
    """Q2: that of the client which takes what it gets."""
    run = lesson(E20)
    assert {fact.user for fact in run.facts(AuthSucceeded) if not fact.tls} == {"alena@skola.example"}
    assert [node for node in (ALENA, DAN, PETRA) if on_the_wire(run, node, b"AUTH PLAIN")] == [ALENA]
    assert {fact.port for fact in run.facts(TlsEstablished, PETRA)} == {465}


def test_ehlo_is_said_twice_where_starttls_succeeds() -> None:
    """Q3."""
    run = lesson(E20)
    (conn,) = {said.conn for said in sayings(run, ALENA, SKOLA) if str(said) == "STARTTLS"}
    assert [str(said).split(" ")[0] for said in sayings(run, ALENA, SKOLA) if said.conn == conn].count("EHLO") == 2


def test_where_the_mail_can_be_read() -> None:
    """Q4: on the first hop of one mail, on the second hop of all."""
    run = lesson(E20)
    assert [node for node in (ALENA, DAN, PETRA, SKOLA) if on_the_wire(run, node, b"Ahoj Bo")] == [ALENA, SKOLA]


def test_which_of_the_three_goes_out_and_what_each_hop_writes() -> None:
    """The prediction, and Q6."""
    words = {subject: [line.with_protocol for line in lines] for subject, lines in stamps(lesson(E20)).items()}
    assert words == {
        "Alena před útokem": ["ESMTP", "ESMTPSA"],
        "Alena při útoku": ["ESMTP", "ESMTPA"],
        "Petra při útoku": ["ESMTP", "ESMTPSA"],
        "Dan po útoku": ["ESMTP", "ESMTPSA"],
    }
    told = [(node, fact.detail) for _, node, fact in lesson(E20).noted(PolicyVerdict) if fact.result == "failed"]
    assert told == [(DAN, "554 5.7.5 TLS failed: not-offered")]


def test_a_server_that_insists_keeps_the_mail_and_tells() -> None:
    """Q5."""
    run = lesson(f"{E20}@b")
    assert run.fates() == {"borek@firma.example": "queued"}
    assert not on_the_wire(run, SKOLA, b"Ahoj Bo")
    assert [(fact.action, fact.to) for fact in run.facts(DsnMade)] == [("delayed", "petra@skola.example")]


def test_people_mind_an_expired_certificate_and_servers_do_not() -> None:
    run = lesson(f"{E20}@c")
    assert set(stamps(run)) == {"Alena včas", "Petra s novým certifikátem"}
    assert all(lines[0].with_protocol == "ESMTPS" for lines in stamps(run).values())
    relayed = [(fact.cert_ok, fact.problem) for fact in run.facts(TlsEstablished, SKOLA) if fact.side == "client"]
    assert relayed == [(False, "expired"), (False, "expired")]
    told = [(node, at // MINUTE) for at, node, fact in run.noted(PolicyVerdict) if fact.detail.endswith("expired")]
    assert told == [(ALENA, 12), (PETRA, 14)]


def test_nothing_leaks_and_everything_arrives_once_it_is_repaired() -> None:
    run = lesson(f"{E20}@d")
    assert run.facts(PacketRewritten) == []
    assert len(run.facts(MdaDelivered, MX1)) == 5
    assert all(fact.tls for fact in run.facts(AuthSucceeded))
    assert {line.with_protocol for lines in stamps(run).values() for line in lines} == {"ESMTPS", "ESMTPSA"}
