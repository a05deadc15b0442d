"""Facts about the network: connections, TLS, lost packets, faults, changed zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mailsim.trace.facts.base import Fact


@dataclass(frozen=True, slots=True)
class TcpFact(Fact):
    """What the facts about one TCP connection share; src and dst are IP addresses, ipv is 4 or 6."""

    conn: str
    src: str
    dst: str
    port: int
    ipv: int
    peer: str


@dataclass(frozen=True, slots=True)
class TcpConnectStarted(TcpFact):
    """A client sent its first SYN."""

    kind: ClassVar[str] = "tcp.connect"


@dataclass(frozen=True, slots=True)
class TcpEstablished(TcpFact):
    """The client has the SYN,ACK: the connection is open."""

    kind: ClassVar[str] = "tcp.established"


@dataclass(frozen=True, slots=True)
class TcpRefused(TcpFact):
    """The host answered SYN with RST."""

    kind: ClassVar[str] = "tcp.refused"


@dataclass(frozen=True, slots=True)
class TcpTimedOut(TcpFact):
    """Nobody answered the SYNs within the connect timeout."""

    kind: ClassVar[str] = "tcp.timeout"
    waited_us: int


@dataclass(frozen=True, slots=True)
class TcpClosed(TcpFact):
    """This side closed the connection; how is `fin` (in order) or `rst` (thrown away)."""

    kind: ClassVar[str] = "tcp.close"
    how: str


@dataclass(frozen=True, slots=True)
class TcpLost(TcpFact):
    """The connection broke under this side: `rst` received, or `timeout` of retransmissions."""

    kind: ClassVar[str] = "tcp.lost"
    how: str


@dataclass(frozen=True, slots=True)
class TlsFact(TcpFact):
    """What the facts about TLS share; mode is `implicit` or `starttls`, side is `client` or `server`."""

    side: str
    mode: str


@dataclass(frozen=True, slots=True)
class TlsStarted(TlsFact):
    """A client sends its ClientHello."""

    kind: ClassVar[str] = "tls.start"
    server_name: str


@dataclass(frozen=True, slots=True)
class TlsEstablished(TlsFact):
    """This side has finished the handshake.

    `cert_ok` and `problem` are the client's verdict, whether it insists on it or not; a server has none.
    `discarded` counts octets of plaintext that came too early.
    """

    kind: ClassVar[str] = "tls.established"
    version: str
    cipher: str
    cert_ok: bool | None
    problem: str
    discarded: int


@dataclass(frozen=True, slots=True)
class TlsFailed(TlsFact):
    """TLS did not come to be, or broke; reason: of `TLS_FAILURES`, detail: in the words of OpenSSL or of the peer."""

    kind: ClassVar[str] = "tls.fail"
    reason: str
    detail: str


TLS_FAILURES = (
    *("expired", "not-yet-valid", "wrong-name", "self-signed", "unknown-ca"),
    *("no-certificate", "no-common-version", "not-tls", "alert", "closed", "broken", "not-offered", "refused"),
)
"""Why TLS fails. The certificate: the first row. Then: the server has none; no version in common; what came was no TLS;
the other side objects; it hung up; records are damaged; the client insists on TLS, and the server does not offer it,
or offers it and then refuses."""


@dataclass(frozen=True, slots=True)
class WaitTimedOut(Fact):
    """A program waited for bytes that did not come in time."""

    kind: ClassVar[str] = "net.timeout"
    conn: str
    waited_us: int


@dataclass(frozen=True, slots=True)
class PacketDropped(Fact):
    """A packet was thrown away: `loss`, `filtered`, `host-down`, `no-route`, `no-listener`."""

    kind: ClassVar[str] = "net.drop"
    reason: str
    packet: int
    src: str
    dst: str
    port: int


@dataclass(frozen=True, slots=True)
class PacketRewritten(Fact):
    """Somebody on a link has changed a packet: it arrives with `after` where `before` was.

    Attributes:
        packet: seq of the packet as it was sent. link: `a>b`, in the direction of the packet.
        src, dst, port: where from and where to. offset: of the change, in octets of the payload.
    """

    kind: ClassVar[str] = "net.rewrite"
    packet: int
    link: str
    src: str
    dst: str
    port: int
    offset: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FaultStarted(Fact):
    """A dated fault of the scenario begins.

    what: `filtered`, `refused`, `down`, ...; target: the host, or the link as `a>b`; detail: what else tells it from
    others, in the words of the scenario (`451 4.3.0 at RCPT`).
    """

    kind: ClassVar[str] = "fault.start"
    what: str
    target: str
    port: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FaultEnded(Fact):
    """A dated fault of the scenario is over."""

    kind: ClassVar[str] = "fault.end"
    what: str
    target: str
    port: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FaultHit(Fact):
    """A fault shows: because of it, a program does now what it would not do otherwise."""

    kind: ClassVar[str] = "fault.hit"
    what: str
    target: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ZoneChanged(Fact):
    """The operator of a name server put another version of a zone into it."""

    kind: ClassVar[str] = "zone.change"
    zone: str
    serial: int
