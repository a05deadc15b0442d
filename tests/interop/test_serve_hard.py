"""A gateway under bad guests, and how it begins and ends. The full numbers: `python -m tests.interop.hard`."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailsim.cli import application
from mailsim.trace.conservation import conservation
from mailsim.trace.events import Noted, Said
from mailsim.trace.facts import MdaDelivered
from mailsim.trace.recording import read_recording

from . import hard
from .served import ALENA, BOREK, Security, Served, run, serve

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("served")) as running:
        yield running


def test_garbage_at_every_port(served: Served) -> None:
    hard.garbage(served, 40_000)
    hard.still_serves(served)


def test_a_crowd_with_half_a_command_each(served: Served) -> None:
    before = hard.memory_mb(served)
    assert hard.crowd(served, 200) == 200
    hard.still_serves(served)
    assert hard.memory_mb(served) - before < 60


def test_half_closed_connections_get_their_answers(served: Served) -> None:
    hard.halves(served, 10)


# --- the beginning and the end --------------------------------------------------------------------


def test_the_readme_and_sigterm_and_the_recording(tmp_path: Path) -> None:
    """What the README promises, to the letter but for the ports; SIGTERM saves, and the recording tells all.

    Nobody else writes meanwhile, or it would depend on who is faster which mail is the last one.
    """
    commands = next(
        block for block in re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL) if "printf" in block
    )
    scenario = (Path(__file__).parents[2] / "scenarios" / "cross-domain" / "scenario.yaml").read_text("utf-8")
    scenario = scenario.partition("steps:")[0]
    file = tmp_path / "lesson.mailsim"
    with serve(tmp_path, scenario, ("--save", str(file)), ("skola.example", "firma.example")) as served:
        ports = {"11465": served.port("submissions"), "12993": served.port("imaps", "firma.example")}
        for written, real in ports.items():
            commands = commands.replace(written, str(real))
        send, fetch = commands.rstrip().rsplit("\n", 1)
        assert run(["sh", "-c", send], folder=tmp_path) == ""
        fetched = ""
        for _ in range(100):
            done = subprocess.run(["sh", "-c", fetch], cwd=tmp_path, capture_output=True, text=True, check=False)
            if "Subject: Hi" in (fetched := done.stdout):
                break
            time.sleep(0.1)
        assert "Hi!" in fetched
        assert served.stop(signal.SIGTERM) == 0
    trace = read_recording(file)
    assert conservation(trace) == []
    delivered = [e for e in trace.events if isinstance(e, Noted) and isinstance(e.fact, MdaDelivered)]
    assert BOREK in [event.fact.rcpt for event in delivered if isinstance(event.fact, MdaDelivered)]
    said = [event for event in trace.events if isinstance(event, Said) and event.node == "gateway.skola.example"]
    assert [str(event).split(" ")[0] for event in said if event.pdu.role == "cmd"][:2] == ["EHLO", "AUTH"]
    assert all(event.tls for event in said)
    assert b"CLIENT_TRAFFIC_SECRET_0" in trace.tls_secrets
    guests = {event.seq for event in said}
    assert any(ancestors(trace.events, event.seq) & guests for event in delivered)


def test_guests_hear_that_the_service_ends(tmp_path: Path) -> None:
    """421 in SMTP (RFC 5321 section 3.8), BYE in IMAP, also inside TLS and in IDLE; POP3 has no word for it."""
    with serve(tmp_path) as served, ExitStack() as opened:
        smtp, imap, pop3, silent = (
            opened.enter_context(socket.create_connection(("127.0.0.1", served.port(name)), 20))
            for name in ("smtp", "imap", "pop3", "submissions")
        )
        secure = opened.enter_context(served.context.wrap_socket(smtp_over_tls(served), server_hostname="localhost"))
        idle = served.imap(ALENA)
        opened.callback(idle.shutdown)
        idle.select()
        idle.send(b"x1 IDLE\r\n")
        assert idle.readline().startswith(b"+ ")
        for connection in (smtp, imap, pop3, secure):
            assert connection.recv(1000)
        smtp.sendall(b"EHLO pc.example\r\nMAIL FROM:<a@b.example>\r\n")
        assert b"\r\n250 2.1.0" in heard(smtp, b"250 2.1.0")
        assert served.stop() == 0
        assert heard(smtp).startswith(b"421 4.3.2 ")
        assert heard(secure).startswith(b"421 4.3.2 ")
        assert heard(imap) == b"* BYE Server shutting down\r\n"
        assert idle.readline() == b"* BYE Server shutting down\r\n"
        assert heard(pop3) == heard(silent) == b""


def smtp_over_tls(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port("submission", security=Security.TLS)), 20)


def heard(connection: socket.socket, until: bytes = b"") -> bytes:
    """What comes until the end, or until this has come."""
    found = b""
    with suppress(ConnectionResetError):
        while (not until or until not in found) and (data := connection.recv(1000)):
            found += data
    return found


def ancestors(events: object, seq: int) -> set[int]:
    found, todo = {seq}, [seq]
    while todo:
        for cause in events[todo.pop()].causes:  # type: ignore[index]
            if cause not in found:
                found.add(cause)
                todo.append(cause)
    return found


def refused(*options: str) -> str:
    """What `serve` says to options that it does not take."""
    done = CliRunner().invoke(application(), ["serve", "first-mail", "--lang", "en", *options])
    assert done.exit_code == 2, done.output
    return done.stderr


def test_other_addresses_need_a_second_word(served: Served) -> None:
    assert "--let-others-in" in refused("--bind", "0.0.0.0")
    assert "not an IP address" in refused("--bind", "localhost")
    base = str(served.port("smtp") - 25)
    assert "cannot be opened" in refused("--port-base", base)
    assert "mail.skola.example" in refused("--domain", "firma.example")


def test_only_loopback_is_bound(served: Served) -> None:
    """No other address of this computer leads in."""
    for address in others():
        with pytest.raises(OSError, match=r"refused|unreachable|timed out|denied"):
            socket.create_connection((address, served.port("smtp")), 2).close()


def others() -> list[str]:
    found = {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            found.add(probe.getsockname()[0])
        except OSError:
            pass
    return [address for address in found if not address.startswith("127.") and ":" not in address]
