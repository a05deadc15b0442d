"""Clients that we did not write talk to the SMTP and LMTP servers: smtplib, curl, a raw socket."""

from __future__ import annotations

import shutil
import smtplib
import socket
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from mailsim.protocols.smtp import Content, Data, Ehlo, Mail, Quit, Rcpt, SmtpClient
from tests.interop import loopback
from tests.protocols.smtp.small_world import SmallWorld

TRICKY = (
    b"Subject: tecky\r\nFrom: alena@skola.example\r\n\r\n"
    b".\r\n..\r\n...\r\n.profile\r\n\r\n .\r\ntext.\r\n\r\n.\r\n" + b"x" * 998 + b"\r\n"
)
EIGHT_BIT = "Subject: x\r\n\r\nPříliš žluťoučký kůň\r\n".encode()
CURL = shutil.which("curl")
needs_curl = pytest.mark.skipif(CURL is None, reason="curl is not installed")
STRICT: dict[str, Any] = {"auth_mechanisms": ("PLAIN", "LOGIN"), "require_auth": True}


def serve(chunk: int = 65536, **settings: Any) -> AbstractContextManager[loopback.Server]:
    return loopback.serve(lambda: SmallWorld(**settings), chunk)


def world_of(server: loopback.Server, index: int = 0) -> SmallWorld:
    world = server.sessions[index]
    assert isinstance(world, SmallWorld)
    return world


@pytest.fixture(params=[65536, 1, 7], ids=["whole", "byte by byte", "by seven"])
def chunk(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def client_of(server: loopback.Server) -> smtplib.SMTP:
    return smtplib.SMTP(server.host, server.port, local_hostname="pc.skola.example", timeout=20)


def test_smtplib_sends_and_the_content_is_the_same(chunk: int) -> None:
    with serve(chunk) as server, client_of(server) as client:
        refused = client.sendmail(
            "alena@skola.example", ["dan@firma.example", "nobody@firma.example", "eva@firma.example"], TRICKY
        )
        assert set(refused) == {"nobody@firma.example"}
        assert refused["nobody@firma.example"] == (550, b"5.1.1 No such user")
        assert client.has_extn("pipelining")
        assert client.esmtp_features["size"] == "10240000"
        client.sendmail("", "dan@firma.example", EIGHT_BIT, mail_options=["BODY=8BITMIME"])
    world = world_of(server)
    assert world.mails == [
        ("alena@skola.example", ["dan@firma.example", "eva@firma.example"], TRICKY),
        ("", ["dan@firma.example"], EIGHT_BIT),
    ]
    assert world.closed, "QUIT was understood"


@pytest.mark.parametrize("mechanisms", [("PLAIN",), ("LOGIN",), ("LOGIN", "PLAIN")], ids=" ".join)
@pytest.mark.parametrize("initial", [True, False])
def test_smtplib_authenticates(mechanisms: tuple[str, ...], initial: bool) -> None:
    with serve(auth_mechanisms=mechanisms, require_auth=True) as server, client_of(server) as client:
        client.ehlo()
        assert client.mail("alena@skola.example")[0] == 530
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.login("alena", "spatne", initial_response_ok=initial)
        assert refused.value.smtp_code == 535
        code, _ = client.login("alena", "tajne heslo", initial_response_ok=initial)
        assert code == 235
        client.sendmail("alena@skola.example", "dan@firma.example", b"x\r\n")
        assert client.docmd("AUTH", "PLAIN")[0] == 503


def test_smtplib_and_size() -> None:
    with serve(size_limit=1000) as server, client_of(server) as client:
        with pytest.raises(smtplib.SMTPSenderRefused) as declared:
            client.sendmail("a@skola.example", "b@firma.example", b"x" * 500 + b"\r\n" + b"y" * 600)
        assert declared.value.smtp_code == 552
        client.mail("a@skola.example")
        client.rcpt("b@firma.example")
        assert client.data(b"x" * 500 + b"\r\n" + b"y" * 600)[0] == 552
        client.sendmail("a@skola.example", "b@firma.example", b"small")
    assert [mail[2] for mail in world_of(server).mails] == [b"small\r\n"]


def test_smtplib_the_smaller_commands() -> None:
    with serve() as server, client_of(server) as client:
        assert client.helo()[0] == 250
        assert client.noop()[0] == 250
        assert client.rset()[0] == 250
        assert client.verify("dan")[0] == 252
        assert client.expn("list")[0] == 502
        assert b"MAIL RCPT DATA BDAT" in client.help()
        assert client.docmd("BDAT", "0 LAST")[0] == 503
        assert client.docmd("DATA", "now")[0] == 503


def test_smtplib_speaks_lmtp(chunk: int) -> None:
    with (
        serve(chunk, is_lmtp=True) as server,
        smtplib.LMTP(server.host, server.port, local_hostname="mx.firma.example") as client,
    ):
        people = ["dan@firma.example", "full@firma.example"]
        assert client.sendmail("alena@skola.example", people, TRICKY) == {}
        # smtplib reads the reply for the first recipient only; the second is still to come.
        assert client.getreply() == (452, b"4.2.2 Mailbox full")
        assert client.noop()[0] == 250
    assert world_of(server).mails == [("alena@skola.example", ["dan@firma.example", "full@firma.example"], TRICKY)]


def conversation(server: loopback.Server, data: bytes) -> bytes:
    """Send everything at once and read until the server hangs up."""
    with loopback.dial(server) as link:
        link.sendall(data)
        return b"".join(iter(lambda: link.recv(65536), b""))


def test_raw_pipelining_in_one_segment(chunk: int) -> None:
    mail = b"MAIL FROM:<a@skola.example>\r\nRCPT TO:<nobody@firma.example>\r\nRCPT TO:<b@firma.example>\r\nDATA\r\n"
    with serve(chunk) as server:
        heard = conversation(server, b"EHLO x\r\n" + (mail + Content(TRICKY).to_bytes()) * 3 + b"QUIT\r\n")
    codes = [line[:3] for line in heard.split(b"\r\n") if line[3:4] == b" "]
    assert codes == [b"220", b"250", *[b"250", b"550", b"250", b"354", b"250"] * 3, b"221"]
    assert [mail[2] for mail in world_of(server).mails] == [TRICKY] * 3


def test_raw_smuggling_brings_one_refused_message() -> None:
    inner = b"MAIL FROM:<ceo@bank.example>\r\nRCPT TO:<b@firma.example>\r\nDATA\r\nforged\r\n"
    outer = b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@firma.example>\r\nDATA\r\n"
    for false_end in (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r"):
        with serve() as server:
            heard = conversation(server, outer + b"x" + false_end + inner + b".\r\nQUIT\r\n")
        assert heard.split(b"\r\n")[-3].startswith(b"550 5.6.0"), false_end
        assert world_of(server).mails == []


def curl(server: loopback.Server, tmp_path: Path, content: bytes, *options: str) -> subprocess.CompletedProcess[str]:
    """Run curl as a mail client; the path of the URL is the name for EHLO."""
    message = tmp_path / "message.eml"
    message.write_bytes(content)
    assert CURL is not None
    return subprocess.run(
        [CURL, "-sSv", f"smtp://{server.host}:{server.port}/pc.skola.example", "--max-time", "20",
         "--mail-from", "alena@skola.example", "--mail-rcpt", "dan@firma.example", "-T", str(message), *options],
        check=False, capture_output=True, text=True, encoding="utf-8", errors="replace",
    )  # fmt: skip


@needs_curl
def test_curl_sends_and_the_content_is_the_same(tmp_path: Path, chunk: int) -> None:
    with serve(chunk) as server:
        done = curl(server, tmp_path, TRICKY, "--mail-rcpt", "eva@firma.example")
    assert done.returncode == 0, done.stderr
    world = world_of(server)
    assert world.mails == [("alena@skola.example", ["dan@firma.example", "eva@firma.example"], TRICKY)]
    assert world.server.client_name == "pc.skola.example"


@needs_curl
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("options", [[], ["--sasl-ir"]], ids=["challenge", "initial response"])
def test_curl_authenticates(tmp_path: Path, mechanism: str, options: list[str]) -> None:
    options = [*options, "--login-options", f"AUTH={mechanism}"]
    with serve(**STRICT) as server:
        done = curl(server, tmp_path, EIGHT_BIT, "--user", "alena:tajne heslo", *options)
        assert done.returncode == 0, done.stderr
        assert f"AUTH {mechanism}" in done.stderr
        wrong = curl(server, tmp_path, EIGHT_BIT, "--user", "alena:spatne", *options)
        assert wrong.returncode == 67, wrong.stderr
        assert "535 5.7.8" in wrong.stderr
        without = curl(server, tmp_path, EIGHT_BIT)
        assert without.returncode == 55, without.stderr
        assert "530 5.7.0" in without.stderr
    assert [len(world_of(server, index).mails) for index in range(3)] == [1, 0, 0]


@needs_curl
def test_curl_and_size(tmp_path: Path) -> None:
    with serve(size_limit=100) as server:
        done = curl(server, tmp_path, TRICKY)
    assert done.returncode != 0
    assert "552 5.3.4" in done.stderr


@pytest.fixture
def link_and_server() -> Iterator[tuple[socket.socket, loopback.Server]]:
    with serve() as server, loopback.dial(server) as link:
        yield link, server


def test_our_client_over_a_real_socket(link_and_server: tuple[socket.socket, loopback.Server]) -> None:
    link, server = link_and_server
    client = SmtpClient()

    def wait() -> int:
        while (event := client.next_event()) is None:
            client.receive(link.recv(3))
        return event.reply.code

    assert wait() == 220
    link.sendall(client.send(Ehlo("pc.skola.example")).to_bytes())
    assert wait() == 250
    parameters = client.mail_parameters(TRICKY)
    group = [Mail("alena@skola.example", parameters), Rcpt("dan@firma.example"), Data()]
    link.sendall(b"".join(client.send(command).to_bytes() for command in group))
    assert [wait(), wait(), wait()] == [250, 250, 354]
    link.sendall(client.send(Content(TRICKY)).to_bytes() + client.send(Quit()).to_bytes())
    assert [wait(), wait()] == [250, 221]
    assert world_of(server).mails[0][2] == TRICKY
