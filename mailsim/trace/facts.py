"""Facts: what agents and the network note in the trace beside the bytes, one frozen value a kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from mailsim.protocols.pdu import Json


@dataclass(frozen=True, slots=True)
class Fact:
    """Base of all facts; `kind` is the name in the trace's vocabulary."""

    kind: ClassVar[str]

    def fields(self) -> Mapping[str, Json]:
        """Every attribute under its own name (a trailing `_` that dodges a keyword is cut)."""
        return {f.name.rstrip("_"): _json(getattr(self, f.name)) for f in dataclasses.fields(self)}

    def __str__(self) -> str:
        shown = (f"{name}={value}" for name, value in self.fields().items() if value not in (None, "", []))
        return f"{self.kind} " + " ".join(shown)


def _json(value: object) -> Json:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case tuple() | list():
            return [_json(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            return {f.name: _json(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _:
            return str(value)


# --- people -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UserActed(Fact):
    """A person did something at a MUA: `send`, `read`, ..."""

    kind: ClassVar[str] = "user.action"
    user: str
    action: str
    msg: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MessageShown(Fact):
    """A MUA put a message before its user."""

    kind: ClassVar[str] = "mua.show"
    user: str
    msg: str
    mailbox: str
    from_: str
    subject: str


@dataclass(frozen=True, slots=True)
class ListedMail:
    """One mail in the list of a MUA.

    Attributes:
        number: its place in the list, from 1. id: its UID, or unique-id of POP3. flags: separated by spaces.
        has: octets of it that this client has got.
    """

    number: int
    id: str
    flags: str
    subject: str
    has: int


@dataclass(frozen=True, slots=True)
class MailsListed(Fact):
    """What a MUA shows of a folder has changed; `trace.lists` puts the whole list together.

    Attributes:
        count: how many mails the list has now. gone: which are there no more, by the numbers that they had.
        mails: those that are new or look different, in the order of the list.
    """

    kind: ClassVar[str] = "mua.list"
    user: str
    folder: str
    count: int
    gone: tuple[int, ...]
    mails: tuple[ListedMail, ...]


# --- the network --------------------------------------------------------------------------------


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


# --- security -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AuthSucceeded(Fact):
    """A server accepted who the client says it is (RFC 4954)."""

    kind: ClassVar[str] = "auth.ok"
    conn: str
    mech: str
    user: str
    tls: bool


@dataclass(frozen=True, slots=True)
class AuthFailed(Fact):
    """A server did not accept the credentials."""

    kind: ClassVar[str] = "auth.fail"
    conn: str
    mech: str
    user: str
    tls: bool


@dataclass(frozen=True, slots=True)
class PolicyVerdict(Fact):
    """A policy was asked and said something."""

    kind: ClassVar[str] = "policy.verdict"
    check: str
    result: str
    detail: str = ""
    msg: str = ""
    rcpt: str = ""


# --- routing and the queue ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """One host that a route could use, and the rule by which it was taken or passed over.

    `rule` is a slug: `best`, `less-preferred`, `equal`, `not-better-than-me`, `no-address`, `untried`, ...
    """

    host: str
    preference: int
    addresses: tuple[str, ...]
    chosen: bool
    rule: str


@dataclass(frozen=True, slots=True)
class RouteDecided(Fact):
    """An MTA decided where the mail for a recipient goes next (RFC 5321 section 5.1).

    how: `local`, `mx`, `implicit_mx`, `smarthost`, `static`, `literal` or `none` (no way; see `reason`).
    """

    kind: ClassVar[str] = "route.decide"
    msg: str
    rcpt: str
    how: str
    candidates: tuple[Candidate, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RouteFailed(Fact):
    """A candidate did not take the mail; the failover table said what to do (curriculum 2.0).

    situation: row of the table (`refused`, `timeout`, `no_address`, `greeting_4yz`, `greeting_5yz`, `dropped`,
    `reply_4yz`, `reply_5yz`); action: `next_address`, `next_mx`, `queue` or `bounce`.
    """

    kind: ClassVar[str] = "route.failover"
    msg: str
    host: str
    address: str
    situation: str
    action: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class QueueFact(Fact):
    """What the facts about one recipient's entry in a queue share; qid is the queue's own id."""

    msg: str
    rcpt: str
    qid: str


@dataclass(frozen=True, slots=True)
class QueueAdded(QueueFact):
    """The server took the mail for this recipient into its queue: from its 250 on it answers for it."""

    kind: ClassVar[str] = "queue.add"
    sender: str
    bytes: int


@dataclass(frozen=True, slots=True)
class QueueTried(QueueFact):
    """Delivery attempt number n (from 1) begins."""

    kind: ClassVar[str] = "queue.try"
    n: int


@dataclass(frozen=True, slots=True)
class QueueDeferred(QueueFact):
    """Attempt n failed for now; the next one is at `next`, microseconds of simulated time."""

    kind: ClassVar[str] = "queue.defer"
    n: int
    next: int
    reason: str


@dataclass(frozen=True, slots=True)
class QueueExpired(QueueFact):
    """The mail was in the queue for too long (RFC 5321 section 4.5.4.1)."""

    kind: ClassVar[str] = "queue.expire"
    n: int


@dataclass(frozen=True, slots=True)
class QueueDone(QueueFact):
    """The queue is rid of this recipient; fate is `relayed`, `delivered`, `bounced` or `discarded`."""

    kind: ClassVar[str] = "queue.done"
    n: int
    fate: str
    next_hop: str = ""


# --- delivery -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MdaDelivered(Fact):
    """Final delivery: the MDA wrote the mail into a mailbox."""

    kind: ClassVar[str] = "mda.deliver"
    msg: str
    rcpt: str
    mailbox: str
    folder: str


@dataclass(frozen=True, slots=True)
class MdaRejected(Fact):
    """The MDA could not deliver."""

    kind: ClassVar[str] = "mda.reject"
    msg: str
    rcpt: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class StoreAdded(Fact):
    """A message is new in a folder of a mailbox."""

    kind: ClassVar[str] = "store.add"
    mailbox: str
    folder: str
    uid: int
    bytes: int
    msg: str = ""


@dataclass(frozen=True, slots=True)
class StoreFlagged(Fact):
    """The flags of a message are now these."""

    kind: ClassVar[str] = "store.flag"
    mailbox: str
    folder: str
    uid: int
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoreFolderCreated(Fact):
    """A mailbox has a new folder."""

    kind: ClassVar[str] = "store.create"
    mailbox: str
    folder: str


@dataclass(frozen=True, slots=True)
class StoreFolderDeleted(Fact):
    """A folder is gone, with all that was in it."""

    kind: ClassVar[str] = "store.delete"
    mailbox: str
    folder: str


@dataclass(frozen=True, slots=True)
class StoreFolderRenamed(Fact):
    """A folder has another name."""

    kind: ClassVar[str] = "store.rename"
    mailbox: str
    folder: str
    to: str


@dataclass(frozen=True, slots=True)
class StoreExpunged(Fact):
    """A message is gone for good."""

    kind: ClassVar[str] = "store.expunge"
    mailbox: str
    folder: str
    uid: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DsnMade(Fact):
    """A server wrote a delivery status notification (RFC 3464); `for_` is the message it is about."""

    kind: ClassVar[str] = "dsn.make"
    for_: str
    rcpt: str
    action: str
    status: str
    msg: str
    to: str
