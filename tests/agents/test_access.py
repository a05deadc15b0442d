"""IMAP and POP3 servers over one store, on the simulated network: what each client sees of the other's doings."""

from __future__ import annotations

from collections.abc import Coroutine
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
from mailsim.agents.policy import AccessPolicy, Mechanism
from mailsim.agents.pop3_client import Pop3Client
from mailsim.agents.store_notes import publish
from mailsim.mail.store import Store
from mailsim.net.network import Network
from mailsim.protocols import imap
from mailsim.protocols.pdu import Raw
from mailsim.trace.events import Said
from mailsim.trace.recorder import Recorder

SERVER, PC, PHONE = "mail.firma.example", "borek-pc.firma.example", "borek-phone.firma.example"
BOREK = "borek@firma.example"
MAIL = b"From: alena@skola.example\r\nMessage-ID: <1@skola.example>\r\nSubject: Ahoj\r\n\r\nText\r\n"
ADDRESS = "198.51.100.25"


def identity(password: str = "heslo", *mechanisms: Mechanism) -> Identity:
    return Identity("borek", password, mechanisms, Random(1))


class World:
    """A server with three mails in one mailbox, and two machines of its user."""

    def __init__(self, policy: AccessPolicy | None = None) -> None:
        self.network = Network(Recorder(), 1)
        for name, address in ((SERVER, ADDRESS), (PC, "198.51.100.101"), (PHONE, "198.51.100.102")):
            self.network.add_host(name, [address])
            if name != SERVER:
                self.network.add_link(SERVER, name, 5_000, 100_000_000)
        store = Store()
        self.account = store.create_account(BOREK)
        for number in range(3):
            self.account.append("INBOX", MAIL.replace(b"<1@", b"<%d@" % number), 0)
        directory = Directory([User(BOREK, "heslo")])
        self.host = Host(SERVER, (ADDRESS,), Calendar(0, 60), store=store, directory=directory)
        policy = policy or AccessPolicy()
        self.network.start(SERVER, "imap", servers.imap(self.host, policy))
        self.network.start(SERVER, "pop3", servers.pop3(self.host, policy))

    def run(self, **scripts: Coroutine[Any, Any, Any]) -> dict[str, Any]:
        """Run scripts on the PC (and the phone, and the server) to their ends; gives what they returned."""
        results: dict[str, Any] = {}

        async def keep(name: str, script: Coroutine[Any, Any, Any]) -> None:
            results[name] = await script

        for name, script in scripts.items():
            host = {"phone": PHONE, "mda": SERVER}.get(name, PC)
            self.network.start(host, name, keep(name, script), at_us=self.network.clock.now_us)
        self.network.run(self.network.clock.now_us + 3_600_000_000)
        assert set(results) == set(scripts)
        return results

    def said(self, kind: str, node: str = SERVER, peer: str = "") -> list[str]:
        events = (event for event in self.network.recorder.events if isinstance(event, Said))
        return [str(e) for e in events if e.kind == kind and e.node == node and peer in e.peer]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.network.recorder.events]


async def imap_session() -> ImapClient:
    client = await ImapClient.connect(ADDRESS, 143, 30_000_000)
    assert (await client.login(identity())).status == "OK"
    assert (await client.select("INBOX")).status == "OK"
    return client


def test_imap_reads_what_is_in_the_store() -> None:
    world = World()

    async def pc() -> tuple[Any, ...]:
        client = await imap_session()
        unseen = await client.search(imap.keys.LacksFlag("\\Seen"))
        [peeked] = await client.fetch([2], [imap.ENVELOPE, imap.FLAGS])
        [whole] = await client.fetch([2], [imap.Body(imap.Section())])
        left = await client.search(imap.keys.LacksFlag("\\Seen"))
        await client.logout()
        return client.exists, unseen, peeked.flags, whole.get("BODY[]"), left

    exists, unseen, flags, content, left = world.run(pc=pc())["pc"]
    assert (exists, unseen, left) == (3, (1, 2, 3), (1, 3))
    assert flags == ("\\Recent",)
    assert content == MAIL
    assert "store.flag" in world.kinds()
    assert "auth.ok" in world.kinds()
    assert not world.network.hosts[SERVER].tcp.connections


def test_a_wrong_password_is_refused_slowly() -> None:
    world = World()

    async def pc() -> tuple[str, str, int]:
        client = await ImapClient.connect(ADDRESS, 143, 30_000_000)
        answer = await client.login(identity("spatne"))
        await client.logout()
        return answer.status, answer.code, await ops.Now()

    status, code, at = world.run(pc=pc())["pc"]
    assert (status, code) == ("NO", "AUTHENTICATIONFAILED")
    assert at > 2_000_000
    assert "auth.fail" in world.kinds()


def test_two_imap_clients_see_each_other() -> None:
    world = World()

    async def phone() -> list[Any]:
        client = await imap_session()
        await ops.Sleep(10_000_000)
        return (await client.ask(imap.Noop()))[1]

    async def pc() -> None:
        await ops.Sleep(1_000_000)
        client = await imap_session()
        await client.add_flags([1, 3], "\\Deleted")
        await client.ask(imap.Expunge())
        await client.append("INBOX", MAIL, ("\\Seen",))
        await client.logout()

    news = world.run(phone=phone(), pc=pc())["phone"]
    assert [str(item) for item in news] == ["* 1 EXPUNGE", "* 2 EXPUNGE", "* 2 EXISTS", "* 1 RECENT"]
    assert world.account.inbox.uids() == [2, 4]


def test_idle_tells_of_new_mail_at_once() -> None:
    world = World()

    async def phone() -> tuple[bytes, int]:
        client = await imap_session()
        await ops.Send(client.connection, "imap", [Raw(b"x1 IDLE\r\n")])
        await ops.Receive(client.connection)
        news = await ops.Receive(client.connection)
        at = await ops.Now()
        await ops.Send(client.connection, "imap", [Raw(b"DONE\r\n")])
        await ops.Receive(client.connection)
        await ops.Abort(client.connection)
        return news, at

    async def mda() -> None:
        await ops.Sleep(60_000_000)
        added = world.account.append("INBOX", MAIL, 0)
        await publish(world.host, [added], "1@skola.example")  # type: ignore[list-item]

    news, at = world.run(phone=phone(), mda=mda())["phone"]
    assert news.startswith(b"* 4 EXISTS\r\n")
    assert 60_005_000 <= at < 60_006_000


def test_pop3_deletes_at_quit_and_not_before() -> None:
    world = World()

    async def pc() -> tuple[Any, ...]:
        client = await Pop3Client.connect(ADDRESS, 110, 30_000_000)
        assert (await client.login(identity())).ok
        uidl = await client.unique_ids()
        content = await client.retrieve(2)
        await client.delete(2)
        before = len(world.account.inbox)
        await client.quit()
        return uidl, content, before

    uidl, content, before = world.run(pc=pc())["pc"]
    assert list(uidl) == [1, 2, 3]
    assert content == MAIL
    assert (before, world.account.inbox.uids()) == (3, [1, 3])
    assert "store.expunge" in world.kinds()


def test_a_pop3_client_that_vanishes_deletes_nothing_and_frees_the_lock() -> None:
    world = World()

    async def pc() -> bool:
        client = await Pop3Client.connect(ADDRESS, 110, 30_000_000)
        await client.login(identity())
        await client.delete(1)
        await ops.Abort(client.connection)
        await ops.Sleep(1_000_000)
        second = await Pop3Client.connect(ADDRESS, 110, 30_000_000)
        answer = await second.login(identity())
        await second.quit()
        return answer.ok

    assert world.run(pc=pc())["pc"]
    assert len(world.account.inbox) == 3


def test_the_maildrop_is_locked_for_a_second_session() -> None:
    world = World()

    async def login(wait_us: int) -> str:
        await ops.Sleep(wait_us)
        client = await Pop3Client.connect(ADDRESS, 110, 30_000_000)
        answer = await client.login(identity())
        await ops.Sleep(5_000_000)
        await client.quit()
        return answer.response_code or answer.text

    results = world.run(pc=login(0), phone=login(1_000_000))
    assert results["phone"] == "IN-USE"
    assert world.said("pop.reply", peer=PHONE)[1].startswith("-ERR [IN-USE]")


def test_belief_m28_retr_deletes() -> None:
    world = World(AccessPolicy(pop3_delete_on_retr=True))

    async def pc() -> None:
        client = await Pop3Client.connect(ADDRESS, 110, 30_000_000)
        await client.login(identity())
        await client.retrieve(1)
        await client.quit()

    world.run(pc=pc())
    assert world.account.inbox.uids() == [2, 3]


@pytest.mark.parametrize("port", [143, 110])
def test_garbage_gets_answers_and_ends_with_the_connection(port: int) -> None:
    world = World()

    async def pc() -> str:
        connection = await ops.Connect(ADDRESS, port, 30_000_000)
        await ops.Receive(connection)
        await ops.Send(connection, "imap", [Raw(b"\x00\xff{9999999999}\r\n" * 200)])
        await ops.Receive(connection)
        await ops.Close(connection)
        return "done"

    assert world.run(pc=pc()) == {"pc": "done"}
    assert not world.network.hosts[SERVER].tcp.connections


def test_autologout() -> None:
    world = World(AccessPolicy(imap_timeout_us=1_800_000_000))

    async def pc() -> tuple[bytes, int]:
        connection = await ops.Connect(ADDRESS, 143, 30_000_000)
        await ops.Receive(connection)
        said = await ops.Receive(connection)
        at = await ops.Now()
        await ops.Close(connection)
        return said, at

    said, at = world.run(pc=pc())["pc"]
    assert said.startswith(b"* BYE")
    assert 1_800_000_000 < at < 1_801_000_000
