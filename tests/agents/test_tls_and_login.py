"""TLS and logging in, on the simulated network: policies of clients and servers against each other."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

import pytest

from mailsim.agents import operations as ops
from mailsim.agents import servers
from mailsim.agents.calendar import Calendar
from mailsim.agents.directory import Directory, User
from mailsim.agents.host import Host
from mailsim.agents.identity import Identity
from mailsim.agents.imap_client import ImapClient
from mailsim.agents.policy import MECHANISMS, AccessPolicy, MdaPolicy, Mechanism, MsaPolicy, MtaPolicy, SmtpTimeouts
from mailsim.agents.pop3_client import Pop3Client
from mailsim.agents.queue import Queue
from mailsim.agents.smtp_client import SmtpClient
from mailsim.agents.tls import NO_TLS, ClientTls
from mailsim.errors import TlsFailed
from mailsim.mail.store import Store
from mailsim.net.certificates import Authority
from mailsim.net.network import Network
from mailsim.net.tls_contexts import TlsContexts
from mailsim.protocols.pdu import Raw
from mailsim.protocols.pop3 import Capa
from mailsim.trace.events import Said
from mailsim.trace.facts import AuthFailed, AuthSucceeded, PolicyVerdict
from mailsim.trace.facts import TlsFailed as TlsFailedFact
from mailsim.trace.recorder import Recorder

SERVER, PC, ADDRESS, BOREK = "mail.firma.example", "pc.firma.example", "198.51.100.25", "borek@firma.example"
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
WAIT_US = 30_000_000
MAIL = b"From: borek@firma.example\r\nSubject: Ahoj\r\n\r\nText\r\n"


@cache
def contexts() -> TlsContexts:
    """Keys and contexts cost milliseconds, so all tests share them."""
    authority = Authority(START)
    made = TlsContexts(authority, round(START.timestamp()) * 1_000_000)
    made.install(SERVER, authority.issue([SERVER]))
    return made


class World:
    """A server with everything, and a computer of its user."""

    def __init__(
        self, msa_policy: MsaPolicy | None = None, access: AccessPolicy | None = None, *, has_tls: bool = True
    ) -> None:
        network = self.network = Network(Recorder(), 1)
        network.add_host(SERVER, [ADDRESS])
        network.add_host(PC, ["198.51.100.101"])
        network.add_link(SERVER, PC, 5_000, 100_000_000)
        network.tls = contexts() if has_tls else None
        store = Store()
        self.account = store.create_account(BOREK)
        self.account.append("INBOX", MAIL, 0)
        host = self.host = Host(
            SERVER,
            (ADDRESS,),
            Calendar(round(START.timestamp()) * 1_000_000, 60),
            store=store,
            directory=Directory([User(BOREK, "heslo")]),
            has_certificate=has_tls,
        )
        policy = MtaPolicy(local_domains=("firma.example",))
        queue = host.queue = Queue(host, policy)
        access = access or AccessPolicy()
        for name, script in (
            ("mda", servers.mda(host, MdaPolicy())),
            ("mta", servers.mta(host, policy, queue)),
            ("msa", servers.msa(host, msa_policy or MsaPolicy(), queue)),
            ("imap", servers.imap(host, access)),
            ("pop3", servers.pop3(host, access)),
        ):
            network.start(SERVER, name, script)

    def run(self, script: Coroutine[Any, Any, Any]) -> Any:
        results: list[Any] = []

        async def keep() -> None:
            results.append(await script)

        self.network.start(PC, "client", keep(), at_us=1)
        self.network.run(3_600_000_000)
        assert all(not host.tcp.connections for host in self.network.hosts.values())
        [result] = results
        return result

    def facts(self, kind: type[Any]) -> list[Any]:
        return [event.fact for event in self.network.recorder.events if isinstance(getattr(event, "fact", None), kind)]

    def said(self, by: str) -> list[str]:
        """What one side said, with `*` before what went encrypted."""
        events = (event for event in self.network.recorder.events if isinstance(event, Said))
        return [f"{'*' if e.tls else ''}{e.pdu}" for e in events if e.node == by and e.protocol != "lmtp"]


def identity(*mechanisms: Mechanism, password: str = "heslo") -> Identity:
    return Identity(BOREK, password, mechanisms or ("PLAIN",), Random(1))


def wish(mode: Any, name: str = SERVER) -> ClientTls:
    return ClientTls(mode, name)


async def submit(tls: ClientTls, who: Identity, port: int = 587) -> list[str]:
    """Log in and send a mail; gives the replies."""
    smtp = await SmtpClient.connect(ADDRESS, port, SmtpTimeouts(), tls=tls)
    replies = [await smtp.greet(), await smtp.hello(PC)]
    replies.append(await smtp.authenticate(who))
    await smtp.quit()
    return [str(reply) for reply in replies]


# --- TLS: what the servers offer, and what they refuse without it -----------------------------------


def test_submission_by_starttls_is_greeted_twice_and_offers_auth_only_then() -> None:
    world = World()
    replies = world.run(submit(wish("required"), identity()))
    assert replies[-1] == "235 2.7.0 Authentication successful"
    assert [line.split(" ")[0] for line in world.said(PC)] == ["EHLO", "STARTTLS", "*EHLO", "*AUTH", "*QUIT"]
    hellos = [e.pdu.to_bytes() for e in world.network.recorder.events if isinstance(e, Said) and "greets" in str(e.pdu)]
    assert [(b"AUTH" in hello, b"STARTTLS" in hello) for hello in hellos] == [(False, True), (True, False)]
    assert [fact.tls for fact in world.facts(AuthSucceeded)] == [True]


def test_submission_with_tls_from_the_beginning() -> None:
    world = World()
    assert world.run(submit(wish("implicit"), identity(), 465))[-1].startswith("235")
    assert [line.split(" ")[0] for line in world.said(PC)] == ["*EHLO", "*AUTH", "*QUIT"]


async def talk(port: int, *lines: bytes, first: bool = True) -> list[str]:
    """Say lines in the clear, each after an answer to the one before; gives the last line of each answer."""
    connection = await ops.Connect(ADDRESS, port, WAIT_US)
    said = [(await ops.Receive(connection)).decode().splitlines()[-1]]
    for line in lines:
        await ops.Send(connection, "smtp", [Raw(line + b"\r\n")])
        said.append((await ops.Receive(connection)).decode().splitlines()[-1])
    await ops.Close(connection)
    return said[1:] if first else said


PLAIN = b"AGJvcmVrAGhlc2xv"


@pytest.mark.parametrize(
    ("port", "lines", "answers"),
    [
        (587, [b"EHLO a.example", b"AUTH PLAIN " + PLAIN], ["538 5.7.11"]),
        (587, [b"EHLO a.example", b"MAIL FROM:<borek@firma.example>"], ["530 5.7.0"]),
        (143, [b"a LOGIN borek heslo"], ["a NO [PRIVACYREQUIRED]"]),
        (143, [b"a AUTHENTICATE PLAIN " + PLAIN], ["a NO [PRIVACYREQUIRED]"]),
        (110, [b"USER borek", b"AUTH PLAIN " + PLAIN], ["-ERR", "-ERR"]),
        (110, [b"APOP borek c4c9334bac560ecc979e58001b3e22fb"], ["-ERR"]),
    ],
)
def test_nobody_logs_in_in_the_clear_where_tls_is_offered(port: int, lines: list[bytes], answers: list[str]) -> None:
    world = World()
    said = world.run(talk(port, *lines))
    assert all(line.startswith(answer) for line, answer in zip(said[-len(answers) :], answers, strict=True)), said
    assert world.facts(AuthSucceeded) == []


def test_capabilities_in_the_clear_and_under_tls() -> None:
    async def imap(mode: Any, port: int) -> tuple[str, ...]:
        client = await ImapClient.connect(ADDRESS, port, WAIT_US, wish(mode))
        capabilities = client.engine.capabilities
        await client.logout()
        return capabilities

    async def pop3(mode: Any, port: int) -> Any:
        client = await Pop3Client.connect(ADDRESS, port, WAIT_US, wish(mode))
        if mode != "required":
            await client.ask(Capa())
        capabilities = client.engine.capabilities
        await client.quit()
        return capabilities

    clear = World().run(imap("none", 143))
    assert {"STARTTLS", "LOGINDISABLED"} <= set(clear)
    assert not any(name.startswith("AUTH=") for name in clear)
    for mode, port in (("required", 143), ("implicit", 993)):
        secure = World().run(imap(mode, port))
        assert not {"STARTTLS", "LOGINDISABLED"} & set(secure)
        assert "AUTH=PLAIN" in secure
    clear = World().run(pop3("none", 110))
    assert "STLS" in clear
    assert not {"USER", "SASL"} & set(clear)
    for mode, port in (("required", 110), ("implicit", 995)):
        secure = World().run(pop3(mode, port))
        assert "STLS" not in secure
        assert "USER" in secure
        assert set(secure["SASL"]) == set(MECHANISMS)


def test_a_server_may_want_tls_before_anything_else() -> None:
    world = World(MsaPolicy(require_tls=True))
    said = world.run(talk(587, b"EHLO a.example", b"AUTH PLAIN " + PLAIN, b"NOOP", b"MAIL FROM:<a@a.example>"))
    assert [line[:3] for line in said[1:]] == ["530", "250", "530"]


def test_policies_may_let_one_log_in_in_the_clear() -> None:
    world = World(MsaPolicy(auth_requires_tls=False), AccessPolicy(plaintext_login=True))
    assert world.run(talk(587, b"EHLO a.example", b"AUTH PLAIN " + PLAIN))[-1].startswith("235")
    world = World(access=AccessPolicy(plaintext_login=True))
    assert world.run(talk(143, b"a LOGIN borek heslo"))[-1].startswith("a OK")
    world = World(access=AccessPolicy(plaintext_login=True))
    assert [line[:3] for line in world.run(talk(110, b"USER borek", b"PASS heslo"))] == ["+OK", "+OK"]


# --- TLS: what the clients want ---------------------------------------------------------------------


def test_a_client_that_insists_goes_away_and_one_that_does_not_leaks_its_password() -> None:
    async def insist_and_leave() -> str:
        smtp = await SmtpClient.connect(ADDRESS, 587, SmtpTimeouts(), tls=wish("required"))
        await smtp.greet()
        with pytest.raises(TlsFailed) as failed:
            await smtp.hello(PC)
        await smtp.quit()
        return failed.value.reason

    world = World(has_tls=False)
    assert world.run(insist_and_leave()) == "not-offered"
    assert [fact.reason for fact in world.facts(TlsFailedFact)] == ["not-offered"]
    assert world.said(PC) == ["EHLO pc.firma.example", "QUIT"]
    world = World(has_tls=False)
    assert world.run(submit(wish("opportunistic"), identity()))[-1].startswith("235")
    assert [fact.tls for fact in world.facts(AuthSucceeded)] == [False]


@pytest.mark.parametrize("protocol", [ImapClient, Pop3Client])
def test_readers_that_insist(protocol: Any) -> None:
    port = 143 if protocol is ImapClient else 110

    async def insist() -> str:
        with pytest.raises(TlsFailed) as failed:
            await protocol.connect(ADDRESS, port, WAIT_US, wish("required"))
        return failed.value.reason

    async def do_not() -> Any:
        client = await protocol.connect(ADDRESS, port, WAIT_US, wish("opportunistic"))
        answer = await client.login(identity())
        await (client.logout() if protocol is ImapClient else client.quit())
        return answer

    assert World(has_tls=False).run(insist()) == "not-offered"
    assert str(World(has_tls=False).run(do_not())).partition(" ")[0] in ("a2", "a1", "+OK")


@pytest.mark.parametrize("mode", ["required", "opportunistic", "implicit"])
def test_a_wrong_name_stops_every_client_that_checks(mode: Any) -> None:
    async def visit() -> list[str]:
        reasons = []
        for client, port, implicit_port in ((ImapClient, 143, 993), (Pop3Client, 110, 995)):
            with pytest.raises(TlsFailed) as failed:
                await client.connect(  # type: ignore[attr-defined]
                    ADDRESS, implicit_port if mode == "implicit" else port, WAIT_US, wish(mode, "imap.firma.example")
                )
            reasons.append(failed.value.reason)
        return reasons

    assert World().run(visit()) == ["wrong-name", "wrong-name"]


def test_a_client_does_not_even_try_where_login_is_disabled() -> None:
    async def read() -> str:
        client = await ImapClient.connect(ADDRESS, 143, WAIT_US)
        answer = await client.login(identity())
        await client.logout()
        return f"{answer.status} {answer.text}"

    world = World()
    assert world.run(read()) == "NO Logging in needs TLS here"
    assert not any("LOGIN" in line for line in world.said(PC))


# --- injection --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("port", "hello", "start", "injected"),
    [
        (587, [b"EHLO a.example"], b"STARTTLS", b"RSET\r\nNOOP"),
        (25, [b"EHLO a.example"], b"STARTTLS", b"MAIL FROM:<evil@a.example>"),
        (143, [], b"a STARTTLS", b"b LOGIN evil evil"),
        (110, [], b"STLS", b"USER evil"),
    ],
)
def test_what_is_said_behind_starttls_in_the_clear_is_thrown_away(
    port: int, hello: list[bytes], start: bytes, injected: bytes
) -> None:
    async def attack() -> bytes:
        connection = await ops.Connect(ADDRESS, port, WAIT_US)
        await ops.Receive(connection)
        for line in hello:
            await ops.Send(connection, "smtp", [Raw(line + b"\r\n")])
            await ops.Receive(connection)
        await ops.Send(connection, "smtp", [Raw(start + b"\r\n" + injected + b"\r\n")])
        answer = await ops.Receive(connection)
        assert answer.count(b"\r\n") == 1
        await ops.StartTls(connection, "starttls", server_name=SERVER, check=True)
        await ops.Send(connection, "smtp", [Raw(b"QUIT\r\n" if port != 143 else b"c NOOP\r\n")])
        answer = await ops.Receive(connection)
        await ops.Close(connection)
        return answer

    world = World()
    answer = world.run(attack())
    assert answer.count(b"\r\n") == 1
    assert answer.startswith((b"221", b"+OK", b"c OK"))
    [verdict] = [fact for fact in world.facts(PolicyVerdict) if fact.check == "starttls"]
    assert verdict.detail == f"{len(injected) + 2} octets of plaintext"


# --- logging in ---------------------------------------------------------------------------------------


async def imap_login(who: Identity) -> str:
    client = await ImapClient.connect(ADDRESS, 993, WAIT_US, wish("implicit"))
    answer = await client.authenticate(who)
    await client.logout()
    return answer.status


async def pop3_login(who: Identity) -> str:
    client = await Pop3Client.connect(ADDRESS, 995, WAIT_US, wish("implicit"))
    answer = await client.authenticate(who)
    await client.quit()
    return "OK" if answer.ok else "NO"


async def smtp_login(who: Identity) -> str:
    return "OK" if (await submit(wish("implicit"), who, 465))[-1].startswith("235") else "NO"


@pytest.mark.parametrize("log_in", [smtp_login, imap_login, pop3_login])
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_in_every_protocol(log_in: Any, mechanism: Mechanism) -> None:
    world = World()
    assert world.run(log_in(identity(mechanism))) == "OK"
    [fact] = world.facts(AuthSucceeded)
    assert (fact.mech, fact.user) == (mechanism, BOREK)
    world = World()
    assert world.run(log_in(identity(mechanism, password="spatne"))) == "NO"
    assert [fact.mech for fact in world.facts(AuthFailed)] == [mechanism]
    assert world.facts(AuthSucceeded) == []


def test_the_password_does_not_travel_where_it_need_not() -> None:
    for mechanism in ("CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"):
        world = World(has_tls=False)
        assert world.run(submit(NO_TLS, identity(mechanism)))[-1].startswith("235")  # type: ignore[arg-type]
        assert not any("aGVzbG8" in line or "heslo" in line for line in world.said(PC))


def test_apop() -> None:
    async def read(password: str) -> str:
        client = await Pop3Client.connect(ADDRESS, 110, WAIT_US)
        answer = await client.apop(identity(password=password))
        await client.quit()
        return str(answer)

    world = World(has_tls=False)
    assert world.run(read("heslo")).startswith("+OK")
    assert [fact.mech for fact in world.facts(AuthSucceeded)] == ["APOP"]
    assert World(has_tls=False).run(read("spatne")).startswith("-ERR [AUTH]")
    assert World(access=AccessPolicy(apop=False), has_tls=False).run(read("heslo")) == (
        "-ERR the server does not offer APOP"
    )


def test_no_two_greetings_of_pop3_are_the_same() -> None:
    async def greetings() -> set[str]:
        found = set()
        for _ in range(3):
            client = await Pop3Client.connect(ADDRESS, 110, WAIT_US)
            found.add(client.greeting.timestamp)
            await client.quit()
        return found

    assert len(World(has_tls=False).run(greetings())) == 3


def test_no_mechanism_in_common() -> None:
    policy = MsaPolicy(auth_mechanisms=("PLAIN",))
    assert World(policy).run(submit(wish("required"), identity("CRAM-MD5")))[-1].startswith("504")
    access = AccessPolicy(auth_mechanisms=("PLAIN",))
    assert World(access=access).run(imap_login(identity("CRAM-MD5"))) == "NO"
    assert World(access=access).run(pop3_login(identity("CRAM-MD5"))) == "NO"


def test_wrong_passwords_cost_time_and_three_of_them_the_connection() -> None:
    wrong = b"AUTH PLAIN AGJvcmVrAHNwYXRuZQ=="

    async def guess(port: int, *lines: bytes) -> tuple[list[str], int]:
        connection = await ops.Connect(ADDRESS, port, WAIT_US)
        said = b""
        for line in (b"", *lines):
            if line:
                await ops.Send(connection, "smtp", [Raw(line + b"\r\n")])
            said += await ops.Receive(connection)
        while data := await ops.Receive(connection):
            said += data
        await ops.Close(connection)
        return said.decode().splitlines(), await ops.Now()

    said, at_us = World(has_tls=False).run(guess(587, b"EHLO a.example", wrong, wrong, wrong))
    assert [line[:3] for line in said[-4:]] == ["535", "535", "535", "421"]
    assert at_us > 6_000_000
    said, at_us = World(has_tls=False).run(guess(143, b"a LOGIN borek x", b"b LOGIN borek x", b"c LOGIN borek x"))
    assert [line[:4] for line in said[1:]] == ["a NO", "b NO", "c NO", "* BY"]
    assert said[-1].startswith("* BYE")
    assert at_us > 6_000_000
    said, at_us = World(has_tls=False).run(guess(110, *[b"USER borek", b"PASS x"] * 3))
    assert [line[:4] for line in said[-2:]] == ["+OK ", "-ERR"]
    assert at_us > 6_000_000


@pytest.mark.parametrize(
    ("port", "hello", "lines", "answers"),
    [
        (587, b"EHLO a.example", [b"AUTH LOGIN", b"*"], ["334", "501 5.7.0"]),
        (587, b"EHLO a.example", [b"AUTH LOGIN", b"%%%"], ["334", "501 5.5.2"]),
        (587, b"EHLO a.example", [b"AUTH SCRAM-SHA-1 bixhPWRhbixuPWJvcmVrLHI9YQ=="], ["501"]),
        (587, b"EHLO a.example", [b"AUTH CRAM-MD5", b"*", b"AUTH PLAIN " + PLAIN], ["334", "501", "235"]),
        (587, b"EHLO a.example", [b"AUTH GSSAPI"], ["504"]),
        (143, b"x NOOP", [b"a AUTHENTICATE CRAM-MD5", b"*"], ["+ ", "a BAD"]),
        (143, b"x NOOP", [b"a AUTHENTICATE CRAM-MD5", b"%%%"], ["+ ", "a BAD"]),
        (143, b"x NOOP", [b"a AUTHENTICATE GSSAPI"], ["a NO"]),
        (110, b"CAPA", [b"AUTH CRAM-MD5", b"*"], ["+ ", "-ERR"]),
        (110, b"CAPA", [b"AUTH CRAM-MD5", b"%%%"], ["+ ", "-ERR"]),
        (110, b"CAPA", [b"AUTH GSSAPI"], ["-ERR"]),
    ],
)
def test_cancelled_and_broken_exchanges(port: int, hello: bytes, lines: list[bytes], answers: list[str]) -> None:
    said = World(has_tls=False).run(talk(port, hello, *lines))[1:]
    assert all(line.startswith(answer) for line, answer in zip(said, answers, strict=True)), said


def test_nobody_acts_for_somebody_else() -> None:
    async def act(port: int, *lines: bytes) -> str:
        return (await talk(port, *lines))[-1]

    other = b"ZGFuAGJvcmVrAGhlc2xv"  # dan NUL borek NUL heslo
    assert World(has_tls=False).run(act(587, b"EHLO a.example", b"AUTH PLAIN " + other)).startswith("535")
    assert World(has_tls=False).run(act(143, b"a AUTHENTICATE PLAIN " + other)).startswith("a NO")
    assert World(has_tls=False).run(act(110, b"AUTH PLAIN " + other)).startswith("-ERR")
    own = b"Ym9yZWsAYm9yZWsAaGVzbG8="
    assert World(has_tls=False).run(act(587, b"EHLO a.example", b"AUTH PLAIN " + own)).startswith("235")


# --- what stands in Received (RFC 3848) -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("tls", "port", "logs_in", "word"),
    [
        (NO_TLS, 25, False, "ESMTP"),
        (wish("required"), 25, False, "ESMTPS"),
        (NO_TLS, 587, True, "ESMTPA"),
        (wish("required"), 587, True, "ESMTPSA"),
        (wish("implicit"), 465, True, "ESMTPSA"),
    ],
)
def test_received_tells_how_the_mail_came(tls: ClientTls, port: int, logs_in: bool, word: str) -> None:
    async def send() -> None:
        connection = await SmtpClient.connect(ADDRESS, port, SmtpTimeouts(), tls=tls)
        await connection.greet()
        await connection.hello(PC)
        if logs_in:
            assert (await connection.authenticate(identity())).is_positive
        connection.engine.extensions.pop("PIPELINING", None)
        for command in (b"MAIL FROM:<borek@firma.example>\r\n", b"RCPT TO:<borek@firma.example>\r\n", b"DATA\r\n"):
            await ops.Send(connection.connection, "smtp", [connection.engine.send_anyway(Raw(command))])
            assert (await connection.answer(WAIT_US)).code in (250, 354)
        await ops.Send(connection.connection, "smtp", [connection.engine.send_anyway(Raw(MAIL + b".\r\n"))])
        assert (await connection.answer(WAIT_US)).code == 250
        await connection.quit()

    world = World(MsaPolicy(auth_requires_tls=False))
    world.run(send())
    content = list(world.account.inbox)[-1].content
    assert f" with {word} id ".encode() in content.replace(b"\r\n", b" ").replace(b"\t", b" ").replace(b"  ", b" ")
