"""tshark as the judge of our captures: protocols, checksums, nothing malformed, nothing suspicious."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailsim.scenario.build import build
from mailsim.scenario.loader import open_scenario, read, shipped
from mailsim.scenario.source import Source
from mailsim.trace.events import LOST, Packet, Said, Segment
from mailsim.trace.trace import Trace
from mailsim.views.pcapng import to_pcapng
from tests.trace.scribe import MSA, MX1, Scribe, failover_trace

TSHARK = shutil.which("tshark")
pytestmark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")

WARNING = 0x600000  # tshark's severities: comment, chat, note, warning, error
GOOD = "1"  # status of a checksum: 0 bad, 1 good, 2 unverified
OPTIONS = (
    *("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"),
    *("-o", "smtp.decryption:TRUE"),  # look into the base64 of AUTH
    *("-d", "tcp.port==24,smtp"),
    *("-N", "n"),  # names from the capture's own name block
)
FIELDS = (
    *("frame.number", "frame.protocols", "frame.comment", "frame.time_epoch", "_ws.malformed"),
    *("ip.checksum.status", "tcp.checksum.status", "udp.checksum.status", "_ws.expert.severity", "_ws.expert.message"),
    *("ip.src_host", "ipv6.src_host"),
)


@dataclass(frozen=True)
class Frame:
    """What tshark says about one packet."""

    fields: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields[name]

    @property
    def worst(self) -> int:
        """The highest severity among tshark's remarks."""
        return max((int(value) & 0xF00000 for value in self["_ws.expert.severity"].split(",") if value), default=0)


def dissected(trace: Trace, folder: Path) -> list[Frame]:
    """The capture of a trace as tshark sees it."""
    file = folder / "run.pcapng"
    file.write_bytes(to_pcapng(trace))
    assert TSHARK is not None
    command = [TSHARK, "-r", str(file), *OPTIONS, "-T", "fields", "-E", "separator=/t"]
    for name in FIELDS:
        command += ["-e", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [Frame(dict(zip(FIELDS, line.split("\t"), strict=True))) for line in done.stdout.splitlines()]


def check(trace: Trace, frames: Sequence[Frame], protocols: set[str]) -> None:
    """What holds for the capture of every run."""
    packets = [event for event in trace.events if isinstance(event, Packet)]
    frames = [frame for frame in frames if " changed: " not in frame["frame.comment"]]
    assert len(frames) == len(packets)
    seen = {name for frame in frames for name in frame["frame.protocols"].split(":")}
    assert protocols <= seen
    for frame, packet in zip(frames, packets, strict=True):
        assert frame["frame.comment"].split(" ")[:2] == ["seq", str(packet.seq)]
        assert not frame["_ws.malformed"], frame
        statuses = [frame[f"{layer}.checksum.status"] for layer in ("ip", "tcp", "udp")]
        assert {status for status in statuses if status} == {GOOD}, frame
        if frame.worst >= WARNING:
            assert has_reason(trace, packet), frame


def has_reason(trace: Trace, packet: Packet) -> bool:
    """Whether the run itself explains a warning: a connection that was reset, or packets that got lost."""
    if not isinstance(packet, Segment):
        return False
    same = [event for event in trace.events if isinstance(event, Segment) and event.conn == packet.conn]
    return any(event.arrives_at == LOST or event.retransmission or event.flags & 0x04 for event in same)


def test_a_run_by_hand(tmp_path: Path) -> None:
    trace = failover_trace()
    frames = dissected(trace, tmp_path)
    check(trace, frames, {"smtp", "imf", "dns"})
    assert {frame["ip.src_host"] for frame in frames} >= {MSA, MX1}
    first = float(frames[0]["frame.time_epoch"])
    assert first == (trace.world.start_us + 1_000_000) / 1_000_000


def test_ipv6(tmp_path: Path) -> None:
    scribe = Scribe()
    scribe.handshake("c1", MSA, MX1, 25, v6=True)
    frames = dissected(scribe.trace(), tmp_path)
    check(scribe.trace(), frames, {"ipv6", "tcp"})
    assert [frame["ipv6.src_host"] for frame in frames] == [MSA, MX1, MSA]


@pytest.mark.parametrize("scenario", shipped())
def test_a_shipped_scenario(scenario: str, tmp_path: Path) -> None:
    """Without any setting of TLS: the capture carries the keys."""
    trace = build(open_scenario(scenario)).run()
    check(trace, dissected(trace, tmp_path), inside(trace))


@pytest.mark.parametrize("versions", ["['1.2']", "['1.3']"])
@pytest.mark.parametrize(
    ("access", "tls"), [("imap", "required"), ("imap", "implicit"), ("pop3", "required"), ("pop3", "implicit")]
)
def test_every_protocol_inside_tls(access: str, tls: str, versions: str, tmp_path: Path) -> None:
    text = f"""\
id: inside
domains:
  skola.example:
    users:
      alena: {{client: {{submission_tls: {tls}, access: {access}, access_tls: {tls}, tls_versions: {versions}}}}}
steps:
  - {{at: 1s, user: alena@skola.example, send: {{to: alena@skola.example, subject: Ahoj, text: Ahoj}}}}
  - {{at: 20s, user: alena@skola.example, read: {access}}}
"""
    scenario, mistakes = read(Source("inside.yaml", text))
    assert scenario is not None
    assert not mistakes
    trace = build(scenario).run()
    frames = dissected(trace, tmp_path)
    check(trace, frames, inside(trace))
    secret = {frame["frame.protocols"] for frame in frames if "tls:" in frame["frame.protocols"]}
    assert {"smtp", access.removesuffix("3")} <= {name for protocols in secret for name in protocols.split(":")}


def inside(trace: Trace) -> set[str]:
    """What tshark must find: the protocols of everything that was said."""
    said = [event for event in trace.events if isinstance(event, Said)]
    protocols = {event.protocol for event in said} - {"lmtp"}
    return protocols | ({"tls"} if any(event.tls for event in said) else set())


def test_what_an_attacker_changed_is_in_order_on_the_wire(tmp_path: Path) -> None:
    """Both frames, the one that was sent and the one that arrived: the same numbers, good checksums, another word."""
    text = """\
id: stripped
domains:
  skola.example: {users: [alena]}
  firma.example: {users: [borek]}
faults:
  - {at: 0s, kind: starttls_stripped, link: [internet, gw.firma.example]}
steps:
  - {at: 1s, user: alena@skola.example, send: {to: borek@firma.example, subject: Ahoj, text: Ahoj}}
"""
    scenario, _ = read(Source("stripped.yaml", text))
    assert scenario is not None
    trace = build(scenario).run()
    check(trace, dissected(trace, tmp_path), inside(trace))
    command = [str(TSHARK), "-r", str(tmp_path / "run.pcapng"), *OPTIONS, "-T", "fields", "-E", "separator=/t"]
    for name in (
        "tcp.seq_raw",
        "tcp.len",
        "tcp.checksum.status",
        "tcp.checksum",
        "frame.interface_name",
        "tcp.payload",
    ):
        command += ["-e", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    changed = next(number for number, row in enumerate(rows) if b"XXXXXXXA".hex() in row[5])
    sent, arrived = rows[changed - 1], rows[changed]
    assert sent[:3] == [*arrived[:2], GOOD]
    assert arrived[2] == GOOD
    assert sent[3] != arrived[3]
    assert [row[4] for row in (sent, arrived)] == ["mailsim", "behind gw.firma.example>internet"]
    assert bytes.fromhex(arrived[5]) == bytes.fromhex(sent[5]).replace(b"STARTTLS", b"XXXXXXXA")


def test_the_judge_finds_a_wrong_checksum(tmp_path: Path) -> None:
    """The check could fail: one bit changed in a payload, and tshark says so."""
    trace = failover_trace()
    capture = to_pcapng(trace).replace(b"MAIL FROM:<alena@", b"MAIL FROM:<elena@", 1)
    (tmp_path / "broken.pcapng").write_bytes(capture)
    assert TSHARK is not None
    command = [TSHARK, "-r", str(tmp_path / "broken.pcapng"), *OPTIONS, "-Y", "tcp.checksum.status == 0"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert len(done.stdout.splitlines()) == 1
