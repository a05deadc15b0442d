"""Our SMTP scripts on real sockets: client at Postfix, aiosmtpd, smtp-sink; server for smtp-source, nodemailer."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope as TheirEnvelope

from mailsim.agents.calendar import Calendar
from mailsim.agents.directory import Directory, User
from mailsim.agents.host import Host
from mailsim.agents.mta import MtaSession, mta_service
from mailsim.agents.operations import Connection, Script
from mailsim.agents.policy import MtaPolicy, SmtpTimeouts, Transfer
from mailsim.agents.queue import Queue
from mailsim.agents.smtp_client import SmtpClient
from mailsim.mail.envelope import Envelope, Wish
from mailsim.protocols.smtp import Reply
from mailsim.trace.facts import QueueAdded
from tests.interop.daemons import HOST, executable, free_port
from tests.interop.postfix import is_root, postfix, wait_for_port
from tests.interop.socket_world import Server, World, serving

TEXT = b"Subject: tecky\r\n\r\n.\r\n..\r\nx.\r\n" + b"y" * 998 + b"\r\n"
CZECH = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPříliš žluťoučký kůň\r\n".encode()
DAN, EVA, NOBODY = "dan@firma.example", "eva@firma.example", "nobody@firma.example"


class Visit:
    """Our client hands mails over to whoever listens on a port, all on one connection."""

    def __init__(self, port: int, *mails: tuple[Envelope, bytes], lmtp: bool = False, **policy: Any) -> None:
        self.replies: list[dict[str, Reply]] = []
        self.offers: dict[str, str] = {}
        self.world = World(port)

        async def visit() -> None:
            smtp = await SmtpClient.connect(HOST, port, SmtpTimeouts(), protocol="lmtp" if lmtp else "smtp")
            await smtp.greet()
            await smtp.hello("mail.skola.example")
            self.offers = smtp.engine.extensions
            for envelope, content in mails:
                replies: dict[str, Reply] = {}
                await smtp.transact(envelope, content, replies, Transfer(**policy))
                self.replies.append(replies)
            await smtp.quit()

        self.world.run(visit())

    @property
    def codes(self) -> list[dict[str, int]]:
        return [{name: reply.code for name, reply in replies.items()} for replies in self.replies]


def to(*recipients: str, **more: Any) -> Envelope:
    return Envelope("alena@skola.example", recipients, **more)


# --- our client at Postfix ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def postfix_port() -> Iterator[int]:
    with postfix("smtpd_recipient_limit = 3") as port:
        yield port


@pytest.mark.parametrize("chunking", [False, True])
def test_postfix_takes_what_we_hand_over(postfix_port: int, chunking: bool) -> None:
    wishes = {DAN: Wish(frozenset({"SUCCESS"}), "rfc822;Dan@firma.example"), EVA: Wish(frozenset())}
    visit = Visit(
        postfix_port,
        (to(DAN, NOBODY, EVA), TEXT),
        (to(DAN, EVA, wishes=wishes, ret="HDRS", envid="a+2Bb"), CZECH),
        (to("jiří@firma.example", smtputf8=True), "Subject: ž\r\n\r\nx\r\n".encode()),
        (to(NOBODY), TEXT),
        (to(DAN), b"x" * 100 + b"\r\n"),
        chunking=chunking,
        chunk_size=500,
    )
    assert visit.codes == [
        {DAN: 250, NOBODY: 550, EVA: 250},
        {DAN: 250, EVA: 250},
        {"jiří@firma.example": 250},
        {NOBODY: 550},
        {DAN: 250},
    ]
    assert any(line.startswith("BDAT") for line in visit.world.said) == chunking


def test_postfix_has_a_limit_of_recipients(postfix_port: int) -> None:
    visit = Visit(postfix_port, (to(DAN, EVA, "postmaster@firma.example", "jiří@firma.example"), TEXT))
    assert set(visit.codes[0].values()) == {250}
    assert visit.world.said.count("DATA") == 2


def test_postfix_tells_its_limit_of_size(postfix_port: int) -> None:
    big = b"x" * 900 + b"\r\n"
    visit = Visit(postfix_port, (to(DAN), big * 12_000), (to(DAN), TEXT))
    assert visit.codes == [{DAN: 552}, {DAN: 250}]
    assert str(visit.replies[0][DAN]) == "552 5.3.4 The next server does not take mail of this size"


# --- our client at aiosmtpd and smtp-sink -------------------------------------------------------


class Keeper:
    """What aiosmtpd calls a handler."""

    def __init__(self) -> None:
        self.mails: list[TheirEnvelope] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: TheirEnvelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        return "250 2.0.0 kept"


@pytest.mark.parametrize("enable_utf8", [True, False])
def test_aiosmtpd_has_what_we_sent(enable_utf8: bool) -> None:
    keeper = Keeper()
    controller = Controller(keeper, HOST, free_port(), enable_SMTPUTF8=enable_utf8)
    controller.start()
    try:
        envelope = Envelope("jiří@skola.example", (DAN,), smtputf8=True)
        visit = Visit(controller.port, (to(DAN, EVA), TEXT), (to(DAN), CZECH), (envelope, TEXT))
    finally:
        controller.stop()
    assert [mail.content for mail in keeper.mails][:2] == [TEXT, CZECH]
    assert keeper.mails[0].rcpt_tos == [DAN, EVA]
    if enable_utf8:
        assert keeper.mails[2].mail_from == "jiří@skola.example"
    else:
        assert visit.codes[2] == {DAN: 550}


@contextlib.contextmanager
def smtp_sink(folder: Path, *options: str) -> Iterator[int]:
    """Postfix's server for tests, which keeps each mail in a file; gives its port."""
    port = free_port()
    command = [executable("smtp-sink"), "-d", f"{folder}/%H%M%S.", *options, f"{HOST}:{port}", "10"]
    if is_root():
        command[1:1] = ["-u", "root"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            wait_for_port(port)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def test_smtp_sink_keeps_what_we_sent(tmp_path: Path) -> None:
    with smtp_sink(tmp_path) as port:
        visit = Visit(port, (to(DAN, EVA), TEXT), (to(DAN), TEXT))
    assert visit.codes == [{DAN: 250, EVA: 250}, {DAN: 250}]
    kept = [file.read_bytes() for file in tmp_path.iterdir()]
    assert len(kept) == 2
    assert all(mail.replace(b"\n", b"\r\n").rstrip().endswith(TEXT.rstrip()) for mail in kept)


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        (["-8"], {DAN: 250}),  # no 8BITMIME
        (["-e"], {DAN: 250}),  # no ESMTP
        (["-p"], {DAN: 250}),  # no PIPELINING
        (["-r", "RCPT"], {DAN: 450}),
        (["-r", "MAIL"], {DAN: 450}),
        (["-f", "RCPT"], {DAN: 500}),
        (["-f", "DATA"], {DAN: 500}),
        (["-r", "."], {DAN: 450}),
        (["-f", "."], {DAN: 500}),
        (["-f", "EHLO"], {DAN: 250}),
        (["-a"], {DAN: 250}),
    ],
    ids=" ".join,
)
def test_smtp_sink_in_moods(tmp_path: Path, options: list[str], codes: dict[str, int]) -> None:
    with smtp_sink(tmp_path, *options) as port:
        visit = Visit(port, (to(DAN), CZECH))
    (got,) = visit.codes
    assert {name: code // 100 for name, code in got.items()} == {name: code // 100 for name, code in codes.items()}


def test_smtp_sink_speaks_lmtp(tmp_path: Path) -> None:
    with smtp_sink(tmp_path, "-L") as port:
        visit = Visit(port, (to(DAN, EVA), TEXT), lmtp=True)
    assert visit.codes == [{DAN: 250, EVA: 250}]


# --- strangers at our server --------------------------------------------------------------------


@contextlib.contextmanager
def our_mta(**policy: Any) -> Iterator[Server]:
    directory = Directory([User(DAN, "x"), User(EVA, "x")])
    host = Host("mx.firma.example", ("192.0.2.25",), Calendar(1_756_720_800_000_000, 120), directory=directory)
    settings = MtaPolicy(local_domains=("firma.example",), **policy)
    queue = Queue(host, settings)

    service = mta_service(host, settings)

    def session(connection: Connection) -> Script:
        return MtaSession(service, settings, queue, connection).run()

    with serving(session) as server:
        yield server


@pytest.mark.parametrize("options", [[], ["-d"], ["-r", "5"], ["-l", "50000"], ["-N"]], ids=" ".join)
def test_smtp_source_delivers(options: list[str]) -> None:
    command = [executable("smtp-source"), "-m", "20", "-s", "4", "-f", "a@b.example", *options]
    recipient = ["-t", "@firma.example"] if "-N" in options else ["-t", DAN]
    if "-r" in options or "-N" in options:
        recipient = ["-t", DAN]
    with our_mta(check_recipients=False) as server:
        done = subprocess.run(
            [*command, *recipient, f"{HOST}:{server.port}"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    added = server.facts(QueueAdded)
    assert len(added) == 20 * (5 if "-r" in options else 1)


NODE_MODULES = Path(os.environ.get("MAILSIM_NODE_MODULES", Path.home() / ".cache" / "mailsim-tests" / "node_modules"))
SCRIPT = """
const nodemailer = require("nodemailer");
const transport = nodemailer.createTransport({
  host: "127.0.0.1", port: Number(process.argv[2]), secure: false, ignoreTLS: true, pool: true, maxConnections: 1,
  name: "pc.skola.example",
});
(async () => {
  const answers = [];
  for (const mail of JSON.parse(process.argv[3])) {
    try {
      const info = await transport.sendMail(mail);
      answers.push({accepted: info.accepted, rejected: info.rejected});
    } catch (error) {
      answers.push({code: error.responseCode});
    }
  }
  transport.close();
  console.log(JSON.stringify(answers));
})();
"""


def test_nodemailer_sends() -> None:
    node = shutil.which("node")
    if node is None or not (NODE_MODULES / "nodemailer").is_dir():
        pytest.skip(f"no node, or no nodemailer in {NODE_MODULES}")
    mails: list[dict[str, Any]] = [
        {"from": "a@b.example", "to": [DAN, EVA], "subject": "Ahoj", "text": "Příliš žluťoučký kůň\n.\n..\n"},
        {
            "from": "a@b.example",
            "to": DAN,
            "dsn": {"id": "QQ+1", "return": "headers", "notify": ["success", "failure"], "recipient": DAN},
            "text": "x",
            "attachments": [{"filename": "žluť.bin", "content": "AAEC" * 3000, "encoding": "base64"}],
        },
        {"from": "a@b.example", "to": [DAN, NOBODY], "text": "x"},
        {"from": "a@b.example", "to": NOBODY, "text": "x"},
        {"from": "jiří@žluť.example", "to": DAN, "text": "x"},
    ]
    with our_mta() as server:
        done = subprocess.run(
            [node, "-e", SCRIPT, "x", str(server.port), json.dumps(mails)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "NODE_PATH": str(NODE_MODULES)},
        )
        assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert answers == [
        {"accepted": [DAN, EVA], "rejected": []},
        {"accepted": [DAN], "rejected": []},
        {"accepted": [DAN], "rejected": [NOBODY]},
        {"code": 550},
        {"accepted": [DAN], "rejected": []},
    ]
    assert len(server.facts(QueueAdded)) == 5
