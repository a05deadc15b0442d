"""STARTTLS stripped on a link: who speaks in the clear then, who refuses, and that the wire stays in order."""

from __future__ import annotations

import pytest

from mailsim.agents.operations import Close, Connect, Receive, Send
from mailsim.protocols.pdu import Raw
from mailsim.protocols.stripping import overwrite
from mailsim.trace.events import Said, Segment
from mailsim.trace.facts import AuthSucceeded, MdaDelivered, PacketRewritten, TlsFailed
from mailsim.trace.rewriting import as_it_arrived
from mailsim.trace.why import why
from mailsim.views.text.sentence import sentence
from tests.faults.test_readers import AGAIN, READ, SERVER, reading, said, told
from tests.faults.world import MX1, SKOLA, Run, run

M = 60_000_000
STRIPPED = "at: 0s, for: 20m, kind: starttls_stripped, link: [internet, gw.firma.example]"
HERE = f"at: 0s, for: 20m, kind: starttls_stripped, host: {SERVER}"
LENIENT = "roles: {imap: {plaintext_login: true}, pop3: {plaintext_login: true}, msa: {auth_requires_tls: false}}"


def spoken(world: Run, node: str, peer: str) -> list[str]:
    """What one server says to another, with a mark on what is encrypted."""
    events = [
        event for event in world.trace.events if isinstance(event, Said) and (event.node, event.peer) == (node, peer)
    ]
    return [("tls " if event.tls else "") + str(event) for event in events if event.protocol == "smtp"]


# --- from server to server ----------------------------------------------------------------------


def test_who_encrypts_when_it_is_offered_falls_back_to_the_clear() -> None:
    world = run(STRIPPED)
    lines = spoken(world, SKOLA, MX1)
    assert [line.split(" ")[0] for line in lines if "octets" not in line] == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
    (changed,) = world.facts(PacketRewritten)
    assert (changed.link, changed.before, changed.after) == ("gw.firma.example>internet", "STARTTLS", "XXXXXXXA")
    (started,) = world.events("fault.start")
    (delivered,) = world.events("mda.deliver")
    assert started.seq in world.causes_of(delivered)
    assert b"with ESMTP id" in world.inbox("borek@firma.example")[0]


def test_the_attacker_reads_the_mail_on_the_wire() -> None:
    def is_readable(world: Run) -> bool:
        wire = (event for event in world.trace.events if isinstance(event, Segment) and event.node == SKOLA)
        return any(b"Subject: Ahoj" in bytes(segment.payload) for segment in wire if segment.peer == MX1)

    assert is_readable(run(STRIPPED))
    assert not is_readable(run())


def test_who_insists_on_tls_keeps_the_mail() -> None:
    world = run(STRIPPED, mta="relay_tls: required")
    assert [line.split(" ")[0] for line in spoken(world, SKOLA, MX1)[:2]] == ["EHLO", "QUIT"]
    assert {fact.reason for fact in world.facts(TlsFailed)} == {"not-offered"}
    (started,) = world.events("fault.start")
    deferred = world.events("queue.defer")
    assert all(started.seq in world.causes_of(event) for event in deferred)
    assert "4.7.5 TLS failed: not-offered" in str(deferred[0].fields()["reason"])
    (delivered,) = world.events("mda.deliver")
    assert delivered.at > 20 * M
    assert b"with ESMTPS" in world.inbox("borek@firma.example")[0]


def test_what_was_sent_and_what_arrived_differ_in_one_word() -> None:
    world = run(STRIPPED)
    (event,) = world.events("net.rewrite")
    (fact,) = world.facts(PacketRewritten)
    sent = world.trace.events[fact.packet]
    assert isinstance(sent, Segment)
    arrived = as_it_arrived(world.trace.events, fact)
    assert b"250-STARTTLS\r\n" in bytes(sent.payload)
    assert bytes(arrived.payload) == bytes(sent.payload).replace(b"STARTTLS", b"XXXXXXXA")
    assert event.causes == (world.events("fault.start")[0].seq, sent.seq)
    answer = next(
        e for e in world.trace.events if isinstance(e, Said) and str(e).startswith("MAIL FROM") and e.peer == MX1
    )
    assert event.seq in answer.causes
    told_so = sentence(event, world.trace, "en")
    assert told_so.startswith(f"Somebody on the link gw.firma – internet changes packet {sent.seq} to 192.0.2.25")
    assert told_so.endswith("“STARTTLS” becomes “XXXXXXXA”.")


@pytest.mark.parametrize(
    ("more", "is_stripped"),
    [
        (", port: 25", True),
        (", port: 587", False),
        (", network: 192.0.2.0/24", True),
        (", network: 203.0.113.0/24", False),
    ],
)
def test_an_attacker_may_be_after_one_port_or_one_network(more: str, is_stripped: bool) -> None:
    assert bool(run(STRIPPED + more).facts(PacketRewritten)) is is_stripped


def test_the_same_packet_is_changed_again_when_it_is_sent_again() -> None:
    lossy = "at: 0s, kind: lossy, link: [gw.skola.example, internet], loss: 0.4"
    worlds = [run(STRIPPED.replace(" for: 20m,", ""), lossy, seed=seed) for seed in range(6)]
    assert all(len(world.facts(MdaDelivered)) == 1 for world in worlds)
    assert any(len(world.facts(PacketRewritten)) > 1 for world in worlds)
    assert not any(line.startswith("tls ") for world in worlds for line in spoken(world, SKOLA, MX1))


def test_why_it_went_in_the_clear() -> None:
    """The chain of causes begins with the attacker."""
    world = run(STRIPPED)
    said_in_clear = next(e for e in world.trace.events if str(e).startswith("MAIL FROM") and e.node == SKOLA)
    assert [event.kind for event in why(world.trace, said_in_clear.seq)][:2] == ["fault.start", "net.rewrite"]


# --- people -------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_reader_that_takes_what_it_gets_gives_its_password_away(protocol: str) -> None:
    client = "access_tls: opportunistic"
    world = reading(HERE, protocol=protocol, tls=True, host=LENIENT, client=client, steps=(READ, AGAIN))
    assert [fact.tls for fact in world.facts(AuthSucceeded)] == [False, True]
    (started,) = world.events("fault.start")
    assert started.seq in world.causes_of(world.events("auth.ok")[0])
    word = "STLS" if protocol == "pop3" else "STARTTLS"
    assert {(fact.before, fact.after) for fact in world.facts(PacketRewritten)} == {(word, "X" * len(word))}


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_reader_that_insists_tells_its_user(protocol: str) -> None:
    client = "access_tls: required, reconnect_tries: 3"
    world = reading(HERE, protocol=protocol, tls=True, host=LENIENT, client=client, steps=(READ, AGAIN))
    assert told(world) == ["TLS failed: not-offered"]
    assert [fact.tls for fact in world.facts(AuthSucceeded)] == [True]


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_tls_from_the_first_octet_leaves_nothing_to_strip(protocol: str) -> None:
    world = reading(HERE, protocol=protocol, tls=True)
    assert world.facts(PacketRewritten) == []
    assert [fact.tls for fact in world.facts(AuthSucceeded)] == [True]


def test_a_server_that_wants_tls_gets_no_password_and_no_mail() -> None:
    """LOGINDISABLED and the missing AUTH stay: a client that follows them says nothing secret."""
    send = "{at: 10s, user: borek@firma.example, send: {to: borek@firma.example, subject: Ja}}"
    clients = "access_tls: opportunistic, submission_tls: opportunistic"
    world = reading(HERE, tls=True, client=clients, steps=(READ, send))
    assert world.facts(AuthSucceeded) == []
    assert "NO Logging in needs TLS here" in told(world)
    assert any("504 5.5.4 No authentication mechanism" in line for line in told(world))
    assert not any("secret-borek" in line for line in said(world, "borek-pc.firma.example"))


# --- the bytes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        (b"250-a.example\r\n250-STARTTLS\r\n250 SIZE\r\n", b"250-a.example\r\n250-XXXXXXXA\r\n250 SIZE\r\n"),
        (b"250-a.example\r\n250 starttls\r\n", b"250-a.example\r\n250 XXXXXXXA\r\n"),
        (b"STARTTLS\r\n", b"XXXXXXXX\r\n"),
        (b"a1 starttls\r\n", b"a1 XXXXXXXX\r\n"),
        (b"STLS\r\n", b"XXXX\r\n"),
        (b"* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK\r\n", b"* CAPABILITY IMAP4rev1 XXXXXXXX\r\na1 OK\r\n"),
        (b"* OK [CAPABILITY STARTTLS ID] hi\r\n", b"* OK [CAPABILITY XXXXXXXX ID] hi\r\n"),
        (b"+OK list\r\nUIDL\r\nSTLS\r\nTOP\r\n.\r\n", b"+OK list\r\nUIDL\r\nXXXX\r\nTOP\r\n.\r\n"),
    ],
)
def test_what_is_overwritten(sent: bytes, arrives: bytes) -> None:
    change = overwrite(sent)
    assert change is not None
    assert change.apply(sent) == arrives
    assert overwrite(arrives) is None


@pytest.mark.parametrize(
    "sent",
    [
        b"EHLO starttls.example\r\n",
        b"250 2.1.0 STARTTLS is a fine subject\r\n",
        b"Subject: a\r\n\r\n250-STARTTLS\r\n.\r\n",
        b"+OK 40 octets\r\nSubject: POP3\r\n\r\nSTLS\r\n.\r\n",
        b"* 1 FETCH (BODY[] {30}\r\n* CAPABILITY STARTTLS\r\n)\r\n",
        b"220 starttls.example ESMTP\r\n",
        b"\x16\x03\x01STARTTLS\r\n",
        b"a1 LOGIN starttls {8}\r\n",
    ],
)
def test_what_is_left_alone(sent: bytes) -> None:
    assert overwrite(sent) is None


def test_who_asks_all_the_same_is_told_that_there_is_no_such_command() -> None:
    """The word of the client is overwritten too, and the server answers what it has heard."""
    answers: list[bytes] = []

    async def stubborn(address: str) -> None:
        connection = await Connect(address, 25, M)
        for line in (b"", b"EHLO stubborn.example\r\n", b"STARTTLS\r\n", b"QUIT\r\n"):
            if line:
                await Send(connection, "smtp", [Raw(line)])
            answers.append(await Receive(connection, M))
        await Close(connection)

    simulation = run.__wrapped__(STRIPPED, until="1s").simulation
    (address, *_) = simulation.hosts[MX1].addresses
    simulation.network.start(SKOLA, "stubborn", stubborn(address), at_us=simulation.network.clock.now_us)
    simulation.network.run(simulation.network.clock.now_us + M)
    assert [answer[:4] for answer in answers] == [b"220 ", b"250-", b"500 ", b"221 "]
    assert b"250-XXXXXXXA\r\n" in answers[1]
