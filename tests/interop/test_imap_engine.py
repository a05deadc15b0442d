"""The IMAP server engine against clients that we did not write: imaplib, IMAPClient and curl."""

from __future__ import annotations

import contextlib
import datetime
import imaplib
import shutil
import socket
import subprocess
from collections.abc import Iterator

import pytest

from mailsim.mail.store import Folder, Message
from tests.agents.imap_wire import SCHOOL, ImapWorld
from tests.interop import loopback
from tests.mail.test_mime import CORPUS

MAIL = CORPUS["attachments"]


class World:
    """A server on loopback, and what is behind it."""

    def __init__(self, server: loopback.Server, behind: ImapWorld) -> None:
        self.server, self.behind = server, behind
        self.host, self.port = server.host, server.port

    def only_mail(self, folder: str) -> Message:
        (mail,) = self.folder(folder)
        return mail

    def folder(self, name: str) -> Folder:
        found = self.behind.account.folder(name)
        assert found
        return found


@pytest.fixture(params=[65536, 1], ids=["whole", "byte by byte"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    behind = ImapWorld.of(CORPUS.values())
    with loopback.serve(behind.unconnected, chunk=request.param) as server:
        yield World(server, behind)


# --- imaplib -----------------------------------------------------------------------------------------


@pytest.fixture
def session(world: World) -> Iterator[imaplib.IMAP4]:
    client = imaplib.IMAP4(world.host, world.port, timeout=20)
    client.login("dan", "heslo")
    yield client
    with contextlib.suppress(imaplib.IMAP4.error, OSError):
        client.logout()


def test_imaplib_logs_in_and_out(world: World):
    with imaplib.IMAP4(world.host, world.port, timeout=20) as client:
        assert "AUTH=PLAIN" in client.capabilities
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.login("dan", "wrong")
        assert client.authenticate("PLAIN", lambda _: b"\0dan\0heslo")[0] == "OK"
        assert client.namespace() == ("OK", [b'(("" "/")) NIL NIL'])
    assert all(one.closed for one in world.server.sessions)


def test_imaplib_lists_and_selects(session: imaplib.IMAP4):
    names = session.list()[1]
    assert b'(\\HasNoChildren) "/" INBOX' in names
    assert b'(\\HasNoChildren) "/" Pr&AOE-ce/&AWA-kola' in names
    assert b'(\\HasNoChildren \\Sent) "/" Sent' in names
    assert session.lsub()[1][:2] == [b'() "/" INBOX', b'() "/" Drafts']
    assert session.status("INBOX", "(MESSAGES UNSEEN)")[1] == [b"INBOX (MESSAGES 7 UNSEEN 7)"]
    assert session.select("INBOX") == ("OK", [b"7"])
    assert session.response("UIDVALIDITY") == ("UIDVALIDITY", [b"1"])
    assert session.select("INBOX", readonly=True)[0] == "OK"
    assert session.select("missing")[0] == "NO"


@pytest.mark.parametrize(
    "items",
    ["FLAGS", "UID", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY", "BODYSTRUCTURE", "ALL", "FAST", "FULL"],
)
def test_imaplib_fetches_every_attribute(session: imaplib.IMAP4, items: str):
    session.select()
    status, data = session.fetch("1:*", items)
    assert status == "OK"
    assert len(data) >= 7


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("RFC822", MAIL),
        ("BODY[]", MAIL),
        ("BODY.PEEK[]", MAIL),
        ("RFC822.HEADER", MAIL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"),
        ("BODY[HEADER]", MAIL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"),
        ("RFC822.TEXT", MAIL.partition(b"\r\n\r\n")[2]),
        ("BODY[TEXT]", MAIL.partition(b"\r\n\r\n")[2]),
        ("BODY[]<10.20>", MAIL[10:30]),
        ("BODY[HEADER.FIELDS (Message-ID)]", b"Message-ID: <1@skola.example>\r\n\r\n"),
        ("BODY[1.1]", "Příliš žluťoučký kůň\r\n.\r\nřádek\r\n".encode()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_imaplib_fetches_every_section(session: imaplib.IMAP4, item: str, expected: bytes):
    session.select()
    _, data = session.fetch("3", f"({item})")
    assert isinstance(data[0], tuple)
    assert data[0][1] == expected


def test_imaplib_stores_searches_and_expunges(session: imaplib.IMAP4):
    session.select()
    assert session.store("2", "+FLAGS", "\\Deleted")[1] == [b"2 (FLAGS (\\Deleted \\Recent))"]
    assert session.search(None, "DELETED")[1] == [b"2"]
    assert session.search(None, "FROM", '"alena"', "UNDELETED")[1] == [b"1 3 4"]
    session.literal = "ŽLUŤOUČKÝ".encode()  # type: ignore[attr-defined]
    assert session.uid("SEARCH", "CHARSET", "UTF-8", "BODY")[1] == [b"1 2 3 4 5"]
    assert session.expunge() == ("OK", [b"2"])
    assert session.uid("FETCH", "3", "(UID)")[1] == [b"2 (UID 3)"]
    with pytest.raises(imaplib.IMAP4.error, match="BAD"):
        session.fetch("99", "(UID)")


def test_imaplib_appends_and_copies(session: imaplib.IMAP4, world: World):
    moment = datetime.datetime(2026, 1, 5, 8, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
    assert session.append("Sent", "(\\Seen $Junk)", moment, MAIL)[0] == "OK"
    assert session.append("missing", None, None, MAIL)[0] == "NO"
    sent = world.only_mail("Sent")
    assert (sent.content, sent.flags) == (MAIL, {"\\Seen", "$Junk"})
    assert sent.internal_date_us == moment.timestamp() * 1_000_000
    session.select()
    assert session.copy("1:2", "Sent")[0] == "OK"
    assert session.uid("MOVE", "3", "Sent")[0] == "OK"
    assert len(world.folder("Sent")) == 4
    assert session.close()[0] == "OK"
    assert session.create("Archive")[0] == "OK"
    assert session.rename("Archive", "Stare")[0] == "OK"
    assert session.subscribe("Stare")[0] == "OK"
    assert session.unsubscribe("Stare")[0] == "OK"
    assert session.delete("Stare")[0] == "OK"


# --- IMAPClient --------------------------------------------------------------------------------------


def test_imapclient_walks_through_a_mailbox(world: World):
    imapclient = pytest.importorskip("imapclient", reason="IMAPClient is not installed")
    with imapclient.IMAPClient(world.host, world.port, ssl=False, timeout=20) as client:
        client.login("dan", "heslo")
        assert client.has_capability("UIDPLUS")
        listed = [name for _, _, name in client.list_folders()]
        assert listed == ["INBOX", "Drafts", "Junk", "Práce", SCHOOL, "Sent", "Trash"]
        assert client.namespace().personal == (("", "/"),)
        assert client.folder_status("INBOX", ["MESSAGES"]) == {b"MESSAGES": 7}
        selected = client.select_folder("INBOX")
        assert (selected[b"EXISTS"], selected[b"UIDNEXT"]) == (7, 8)
        found = client.search(["SUBJECT", "kůň"], charset="UTF-8")
        assert found == [1, 2, 3, 4]
        data = client.fetch(found, ["ENVELOPE", "BODYSTRUCTURE", "INTERNALDATE", "BODY[]", "FLAGS"])
        assert data[3][b"BODY[]"] == MAIL
        assert data[3][b"FLAGS"] == (b"\\Seen", b"\\Recent")
        assert data[1][b"ENVELOPE"].from_[0].host == b"skola.example"
        assert data[1][b"ENVELOPE"].date is not None
        assert data[3][b"BODYSTRUCTURE"].is_multipart
        parts, subtype = data[3][b"BODYSTRUCTURE"][:2]
        assert subtype == b"MIXED"
        assert [part[0] if isinstance(part[0], bytes) else part[1] for part in parts] == [
            b"ALTERNATIVE",
            b"APPLICATION",
            b"APPLICATION",
        ]
        assert client.add_flags(1, [b"\\Flagged"])[1] == (b"\\Flagged", b"\\Seen", b"\\Recent")
        assert b"APPENDUID 7 1" in client.append("Práce/Škola", MAIL, flags=[b"\\Seen"])
        client.copy([1, 2], "Sent")
        client.move([2], "Sent")
        client.delete_messages([1])
        client.uid_expunge([1])
        assert client.search() == [3, 4, 5, 6, 7]
        client.unselect_folder()
        client.create_folder("Měsíčník & co")
        assert client.folder_exists("Měsíčník & co")


def test_imapclient_idles_while_another_delivers(world: World):
    imapclient = pytest.importorskip("imapclient", reason="IMAPClient is not installed")
    with imapclient.IMAPClient(world.host, world.port, ssl=False, timeout=20) as client:
        client.login("dan", "heslo")
        client.select_folder("INBOX")
        client.idle()
        world.behind.deliver(MAIL)  # the loopback server sends when the client has spoken
        text, news = client.idle_done()
        assert text == b"IDLE terminated"
        assert (8, b"EXISTS") in news


# --- curl ----------------------------------------------------------------------------------------------

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def curl(world: World, path: str, *options: str) -> bytes:
    command = ["curl", "-sS", "--max-time", "20", "--user", "dan:heslo", *options]
    done = subprocess.run([*command, f"imap://{world.host}:{world.port}/{path}"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_curl
def test_curl_lists_fetches_and_searches(world: World):
    assert b'* LIST (\\HasNoChildren) "/" INBOX\r\n' in curl(world, "")
    assert curl(world, "INBOX;UID=3") == MAIL
    assert curl(world, "INBOX;MAILINDEX=6") == CORPUS["no mime"]
    assert curl(world, "INBOX;UID=3;SECTION=HEADER.FIELDS%20(Message-ID)") == b"Message-ID: <1@skola.example>\r\n\r\n"
    assert curl(world, "INBOX?SUBJECT%20hi") == b"* SEARCH 6\r\n"
    assert b"EXISTS" in curl(world, "", "-X", "EXAMINE INBOX")


@needs_curl
def test_curl_uploads(world: World, tmp_path):
    file = tmp_path / "mail.eml"
    file.write_bytes(MAIL)
    curl(world, "Sent", "--upload-file", str(file))
    sent = world.only_mail("Sent")
    assert sent.content == MAIL


# --- by hand -------------------------------------------------------------------------------------------


def test_a_rude_client_does_no_harm(world: World):
    with loopback.dial(world.server) as link:
        link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + b"\xff" * 100_000 + b"\r\na1 LOGOUT\r\n")
        got = b""
        with contextlib.suppress(socket.timeout):
            while piece := link.recv(65536):
                got += piece
    assert got.endswith(b"a1 OK LOGOUT completed\r\n")
    assert b"* BAD Command line too long\r\n" in got
