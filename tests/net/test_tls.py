"""TLS under a connection: handshakes, certificates, the round trips they cost, and what is thrown away before them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from mailsim.agents import operations as ops
from mailsim.errors import ConnectionReset, ConnectionTimedOut, TlsFailed
from mailsim.net.certificates import Authority, Kind
from mailsim.net.network import Network
from mailsim.net.tls import registered
from mailsim.net.tls_contexts import TlsContexts
from mailsim.protocols.pdu import Raw
from mailsim.trace.events import Segment
from mailsim.trace.facts import TlsEstablished
from mailsim.trace.facts import TlsFailed as TlsFailedFact
from tests.net.conftest import A, B
from tests.net.test_tcp import run

RTT_US = 20_000
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Pair = Callable[..., Network]


@pytest.fixture
def secure(pair: Pair) -> Pair:
    """A pair of hosts of which B has a certificate."""

    def make(kind: Kind = "valid", names: tuple[str, ...] = (B,), start: datetime = START, **network: Any) -> Network:
        made = pair(bandwidth_bps=10**12, **network)
        authority = Authority(start)
        made.tls = TlsContexts(authority, round(start.timestamp()) * 1_000_000)
        made.tls.install(B, authority.issue(names, kind))
        return made

    return make


async def greet(versions: tuple[str, ...] = ("1.2", "1.3")) -> None:
    """A server with TLS from the beginning that greets, and echoes one time."""
    connection = await ops.Accept(await ops.Listen(465))
    try:
        await ops.StartTls(connection, "implicit", versions=versions)
        await ops.Send(connection, "smtp", [Raw(b"220 hello\r\n")])
        if data := await ops.Receive(connection):
            await ops.Send(connection, "smtp", [Raw(data)])
    finally:
        await ops.Close(connection)


async def visit(**wish: Any) -> tuple[ops.Secured, bytes, bytes, list[int]]:
    connection = await ops.Connect("192.0.2.2", 465, 30_000_000)
    times = [await ops.Now()]
    wish = {"server_name": B, "check": True, **wish}
    try:
        secured = await ops.StartTls(connection, "implicit", 60_000_000, **wish)
        times.append(await ops.Now())
        greeting = await ops.Receive(connection)
        times.append(await ops.Now())
        await ops.Send(connection, "smtp", [Raw(b"EHLO a\r\n")])
        answer = await ops.Receive(connection)
        times.append(await ops.Now())
        return secured, greeting, answer, times
    finally:
        await ops.Close(connection)


def facts(network: Network, kind: type[Any]) -> list[Any]:
    return [event.fact for event in network.recorder.events if isinstance(getattr(event, "fact", None), kind)]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_implicit_tls(secure: Pair, version: str) -> None:
    network = secure()
    [(secured, greeting, answer, _)] = run(network, visit(versions=(version,)), greet())
    assert secured.version == f"TLSv{version}"
    assert secured.problem == ""
    assert (greeting, answer) == (b"220 hello\r\n", b"EHLO a\r\n")
    assert {fact.side: fact.cert_ok for fact in facts(network, TlsEstablished)} == {"client": True, "server": None}
    assert all(not host.tcp.connections for host in network.hosts.values())


def test_implicit_tls_costs_one_round_trip_with_1_3_and_two_with_1_2(secure: Pair) -> None:
    def round_trips(version: str) -> list[float]:
        [(_, _, _, times)] = run(secure(), visit(versions=(version,)), greet())
        return [round((at - 1) / RTT_US, 2) for at in times]

    assert round_trips("1.3") == [1.0, 2.0, 3.0, 4.0]  # without TLS: 1, 2, 3
    assert round_trips("1.2") == [1.0, 3.0, 3.0, 4.0]  # the server has the last word, and greets at once


def test_nothing_of_what_is_said_travels_in_the_clear(secure: Pair) -> None:
    network = secure()
    run(network, visit(), greet())
    wire = b"".join(e.payload for e in network.recorder.events if isinstance(e, Segment))
    assert b"hello" not in wire
    assert b"EHLO" not in wire
    said = [event for event in network.recorder.events if event.kind.startswith("smtp")]
    assert [event.tls for event in said] == [True, True, True]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "names", "reason"),
    [
        ("expired", (B,), "expired"),
        ("wrong-name", ("elsewhere.example",), "wrong-name"),
        ("self-signed", (B,), "self-signed"),
    ],
)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_bad_certificate_ends_the_connection_of_who_checks(
    secure: Pair, kind: Kind, names: tuple[str, ...], reason: str, version: str
) -> None:
    network = secure(kind, names)

    async def client() -> str:
        with pytest.raises(TlsFailed) as failed:
            await visit(versions=(version,))
        return failed.value.reason

    assert run(network, client(), greet()) == [reason]
    first = facts(network, TlsFailedFact)[0]
    assert (first.side, first.reason) == ("client", reason)
    assert not any(event.kind.startswith("smtp") and event.node == A for event in network.recorder.events)
    assert all(not host.tcp.connections for host in network.hosts.values())

    tolerant = secure(kind, names)
    [(secured, greeting, _, _)] = run(tolerant, visit(check=False), greet())
    assert (secured.problem, greeting) == (reason, b"220 hello\r\n")


def test_a_server_learns_from_the_alert_why_it_is_not_believed(secure: Pair) -> None:
    network = secure("self-signed")

    async def client() -> None:
        with pytest.raises(TlsFailed):
            await visit()

    run(network, client(), greet())
    [server] = [fact for fact in facts(network, TlsFailedFact) if fact.side == "server"]
    assert server.reason == "alert"
    assert "unknown ca" in server.detail


@pytest.mark.parametrize("start", [datetime(1990, 5, 1, tzinfo=UTC), START, datetime(2090, 5, 1, tzinfo=UTC)])
def test_dates_are_those_of_the_scenario(secure: Pair, start: datetime) -> None:
    [(secured, *_)] = run(secure(start=start), visit(), greet())
    assert secured.problem == ""
    [(expired, *_)] = run(secure("expired", start=start), visit(check=False), greet())
    assert expired.problem == "expired"


def test_further_names_and_addresses(secure: Pair) -> None:
    for name in (B, "localhost", "127.0.0.1", "192.0.2.2"):
        network = secure(names=(B, "localhost", "127.0.0.1", "192.0.2.2"))
        [(secured, *_)] = run(network, visit(server_name=name), greet())
        assert secured.problem == ""


def test_no_version_in_common(secure: Pair) -> None:
    network = secure()

    async def client() -> str:
        with pytest.raises(TlsFailed) as failed:
            await visit(versions=("1.3",))
        return failed.value.reason

    assert run(network, client(), greet(("1.2",))) == ["no-common-version"]
    assert {fact.reason for fact in facts(network, TlsFailedFact)} == {"no-common-version"}


def test_a_client_that_does_not_speak_tls(secure: Pair) -> None:
    network = secure()

    async def client() -> bytes:
        connection = await ops.Connect("192.0.2.2", 465, 30_000_000)
        await ops.Send(connection, "smtp", [Raw(b"EHLO a.example\r\n")])
        answer = await ops.Receive(connection)
        await ops.Close(connection)
        return answer

    run(network, client(), greet())
    assert [(fact.side, fact.reason) for fact in facts(network, TlsFailedFact)] == [("server", "not-tls")]
    assert all(not host.tcp.connections for host in network.hosts.values())


def test_a_server_that_does_not_answer(secure: Pair) -> None:
    async def silent() -> None:
        await ops.Accept(await ops.Listen(465))
        await ops.Sleep(90_000_000)

    async def client() -> int:
        with pytest.raises(ConnectionTimedOut):
            await visit()
        return await ops.Now()

    [at] = run(secure(), client(), silent())
    assert 60_000_000 < at < 61_000_000


def test_a_server_that_hangs_up_in_the_handshake(secure: Pair) -> None:
    network = secure()

    async def rude() -> None:
        connection = await ops.Accept(await ops.Listen(465))
        await ops.Receive(connection)
        await ops.Close(connection)

    async def client() -> str:
        with pytest.raises(TlsFailed) as failed:
            await visit()
        return failed.value.reason

    assert run(network, client(), rude()) == ["closed"]


def test_a_server_without_a_certificate(pair: Pair) -> None:
    async def client() -> str:
        connection = await ops.Connect("192.0.2.2", 465, 30_000_000)
        with pytest.raises(TlsFailed) as failed:
            await ops.StartTls(connection, "implicit")
        await ops.Close(connection)
        return failed.value.reason

    async def server() -> None:
        await ops.Close(await ops.Accept(await ops.Listen(465)))

    assert run(pair(), client(), server()) == ["no-certificate"]


# --- STARTTLS: what was in the clear does not count ------------------------------------------------


async def upgrade_server(heard: list[bytes], injected: bytes = b"") -> None:
    connection = await ops.Accept(await ops.Listen(25))
    heard.append(await ops.Receive(connection))
    await ops.Sleep(100_000)  # whatever else the client has sent is there by now
    await ops.Send(connection, "smtp", [Raw(b"220 go\r\n")])
    if injected:
        await ops.Send(connection, "smtp", [Raw(injected)])
    try:
        secured = await ops.StartTls(connection, "starttls")
        heard.append(b"discarded %d" % secured.discarded)
        while data := await ops.Receive(connection):
            heard.append(data)
            await ops.Send(connection, "smtp", [Raw(b"250 " + data)])
    except TlsFailed as error:
        heard.append(error.reason.encode())
    await ops.Close(connection)


async def upgrade_client(injected: bytes = b"", wait_us: int = 0) -> bytes:
    connection = await ops.Connect("192.0.2.2", 25, 30_000_000)
    await ops.Send(connection, "smtp", [Raw(b"STARTTLS\r\n")])
    if injected:
        await ops.Sleep(1_000)
        await ops.Send(connection, "smtp", [Raw(injected)])
    await ops.Receive(connection)
    if wait_us:
        await ops.Sleep(wait_us)
    try:
        await ops.StartTls(connection, "starttls", server_name=B, check=True)
        await ops.Send(connection, "smtp", [Raw(b"EHLO a\r\n")])
        return await ops.Receive(connection)
    except (TlsFailed, ConnectionReset) as error:
        return str(error).encode()
    finally:
        await ops.Close(connection)


def test_starttls_costs_three_round_trips(secure: Pair) -> None:
    times: list[int] = []

    async def server() -> None:
        connection = await ops.Accept(await ops.Listen(25))
        await ops.Receive(connection)
        await ops.Send(connection, "smtp", [Raw(b"220 go\r\n")])
        await ops.StartTls(connection, "starttls")
        await ops.Receive(connection)
        await ops.Send(connection, "smtp", [Raw(b"250 hello\r\n")])
        await ops.Close(connection)

    async def client() -> None:
        connection = await ops.Connect("192.0.2.2", 25, 30_000_000)
        times.append(await ops.Now())
        await ops.Send(connection, "smtp", [Raw(b"STARTTLS\r\n")])
        await ops.Receive(connection)
        await ops.StartTls(connection, "starttls", server_name=B)
        await ops.Send(connection, "smtp", [Raw(b"EHLO a\r\n")])
        await ops.Receive(connection)
        times.append(await ops.Now())
        await ops.Close(connection)

    run(secure(), client(), server())
    assert round((times[1] - times[0]) / RTT_US, 2) == 3.0


def test_commands_injected_before_tls_are_not_heard_by_the_server(secure: Pair) -> None:
    """The attack of CVE-2011-0411: plaintext behind STARTTLS that the server takes for protected."""
    heard: list[bytes] = []
    [answer] = run(secure(), upgrade_client(b"MAIL FROM:<evil@a.example>\r\n"), upgrade_server(heard))
    assert heard == [b"STARTTLS\r\n", b"discarded 28", b"EHLO a\r\n"]
    assert answer == b"250 EHLO a\r\n"


def test_replies_injected_before_tls_are_not_heard_by_the_client(secure: Pair) -> None:
    network = secure()
    [answer] = run(network, upgrade_client(wait_us=50_000), upgrade_server([], b"250 AUTH PLAIN\r\n"))
    assert answer == b"250 EHLO a\r\n"
    client = next(fact for fact in facts(network, TlsEstablished) if fact.side == "client")
    assert client.discarded == 16


def test_plaintext_in_the_middle_of_the_handshake_breaks_it(secure: Pair) -> None:
    heard: list[bytes] = []
    network = secure()
    [answer] = run(network, upgrade_client(), upgrade_server(heard, b"250 too late\r\n"))
    assert b"EHLO" not in answer
    assert b"EHLO a\r\n" not in heard
    assert all(not host.tcp.connections for host in network.hosts.values())


# --- the stream ------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [0.0, 0.05])
def test_a_large_transfer_arrives_whole(secure: Pair, loss: float) -> None:
    payload = bytes(range(256)) * 1200
    received: list[bytes] = []

    async def server() -> None:
        connection = await ops.Accept(await ops.Listen(465))
        await ops.StartTls(connection, "implicit")
        while data := await ops.Receive(connection):
            received.append(data)
        await ops.Close(connection)

    async def client() -> None:
        connection = await ops.Connect("192.0.2.2", 465, 60_000_000)
        await ops.StartTls(connection, "implicit", server_name=B)
        await ops.Send(connection, "smtp", [Raw(payload)])
        await ops.Close(connection)

    network = secure(loss=loss, seed=3)
    run(network, client(), server())
    assert b"".join(received) == payload
    assert all(not host.tcp.connections for host in network.hosts.values())


def test_a_damaged_record_ends_the_connection(secure: Pair) -> None:
    network = secure()

    async def client() -> str:
        connection = await ops.Connect("192.0.2.2", 465, 60_000_000)
        await ops.StartTls(connection, "implicit", server_name=B)
        await ops.Receive(connection)
        connection.write(b"\x17\x03\x03\x00\x20" + bytes(32), ())  # type: ignore[attr-defined]
        with pytest.raises(TlsFailed):
            await ops.Receive(connection)
        await ops.Close(connection)
        return "broken"

    assert run(network, client(), greet()) == ["broken"]
    assert ("server", "broken") in [(fact.side, fact.reason) for fact in facts(network, TlsFailedFact)]


def test_sizes_and_times_are_the_same_in_every_run(secure: Pair) -> None:
    def shape(version: str) -> list[Any]:
        network = secure()
        run(network, visit(versions=(version,)), greet())
        return [event.record() for event in network.recorder.events]

    for version in ("1.2", "1.3"):
        first = shape(version)
        assert all(shape(version) == first for _ in range(12))
    ciphertexts = set()
    for _ in range(2):
        network = secure()
        run(network, visit(), greet())
        ciphertexts.add(b"".join(e.payload for e in network.recorder.events if isinstance(e, Segment)))
    assert len(ciphertexts) == 2


def test_the_client_hello_has_the_size_that_padding_gives_it(secure: Pair) -> None:
    for name in (B, "a-much-longer-name-than-that.b.example"):
        network = secure(names=(name,))
        run(network, visit(server_name=name), greet())
        hello = next(e for e in network.recorder.events if isinstance(e, Segment) and e.payload)
        assert len(hello.payload) == 517


def test_the_secrets_of_every_connection_are_kept(secure: Pair) -> None:
    network = secure()
    run(network, visit(), greet())
    assert network.tls is not None
    labels = {line.split()[0] for line in network.tls.secrets().splitlines() if not line.startswith(b"#")}
    assert {b"CLIENT_HANDSHAKE_TRAFFIC_SECRET", b"SERVER_TRAFFIC_SECRET_0"} <= labels


@pytest.mark.parametrize(
    ("openssl", "iana"),
    [
        ("TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        ("DHE-RSA-AES128-GCM-SHA256", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
        ("AES256-GCM-SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384"),
        ("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
        ("AES128-SHA", "AES128-SHA"),
    ],
)
def test_cipher_suites_have_their_registered_names(openssl: str, iana: str) -> None:
    assert registered(openssl) == iana
