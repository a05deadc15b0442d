"""The event: one entry of the trace, with its sequence number, time, node and causes.

There are few shapes of events and many kinds:

- `Said`     a program sent one protocol data unit (`smtp.cmd`, `smtp.reply`, `dns.query`, `imap.untagged`, ...);
- `Segment`  one TCP segment left a host (`net.segment`);
- `Datagram` one UDP datagram left a host (`net.datagram`);
- `Noted`    a fact that is not on the wire: a decision, a change of a store, a refused connection (see `facts`).

Causes point backwards: `event.causes` are sequence numbers smaller than `event.seq`, so the trace is a
directed acyclic graph, which is the happens-before order of the run. A script's event is caused by
the script's event before it, or by what woke the script: the segment or datagram that brought bytes, a
signal, or nothing (it started). A segment is caused by the things said in it.

These objects are made some hundred times a mail, so they are plain slotted classes, not frozen dataclasses
(design: frozen costs 1.6 times a tuple). Nobody changes them after the recorder has them, with one
exception: the network fills in `Segment.arrives_at` once it has computed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mailsim.protocols.pdu import Json, Pdu

if TYPE_CHECKING:
    from mailsim.trace.facts import Fact

LOST = -1
"""`arrives_at` of a packet that never arrived."""


class Event:
    """One entry of the trace.

    Attributes:
        seq: position in the trace, from 0.
        at: when, integer microseconds of simulated time since the scenario's start.
        node: name of the host where it happened (FQDN).
        causes: sequence numbers of the events that this one follows from, all smaller than `seq`.
    """

    __slots__ = ("at", "causes", "node", "seq")

    def __init__(self, seq: int, at: int, node: str, causes: tuple[int, ...]) -> None:
        self.seq, self.at, self.node, self.causes = seq, at, node, causes

    @property
    def kind(self) -> str:
        """The name in the vocabulary, e.g. `smtp.cmd` or `queue.defer`."""
        raise NotImplementedError

    def fields(self) -> Mapping[str, Json]:
        """What this kind tells beyond `seq`, `at`, `node` and `causes`."""
        raise NotImplementedError

    def __str__(self) -> str:
        """One line, in protocol words only: what a person would quote."""
        raise NotImplementedError

    def record(self) -> dict[str, Json]:
        """The event as one JSON object, as `--events` exports it."""
        return {
            "seq": self.seq,
            "at": self.at,
            "node": self.node,
            "kind": self.kind,
            "causes": list(self.causes),
            **self.fields(),
        }


class Said(Event):
    """A program handed one protocol data unit to its transport.

    Attributes:
        conn: id of the TCP connection (`c1`, `c2`, ...) or of the UDP socket (`u1`, ...).
        peer: name of the host at the other end.
        protocol: `smtp`, `lmtp`, `pop`, `imap`, `dns` or `http`.
        port: the server's port, which tells submission (587) from relay (25).
        from_client: whether the side that opened the connection (or asked) said it.
        tls: whether it went encrypted.
    """

    __slots__ = ("conn", "from_client", "pdu", "peer", "port", "protocol", "tls")

    def __init__(
        self,
        seq: int,
        at: int,
        node: str,
        causes: tuple[int, ...],
        conn: str,
        peer: str,
        protocol: str,
        port: int,
        from_client: bool,
        tls: bool,
        pdu: Pdu,
    ) -> None:
        self.seq, self.at, self.node, self.causes = seq, at, node, causes
        self.conn, self.peer, self.protocol, self.port = conn, peer, protocol, port
        self.from_client, self.tls, self.pdu = from_client, tls, pdu

    @property
    def kind(self) -> str:
        return f"{self.protocol}.{self.pdu.role}"

    def fields(self) -> Mapping[str, Json]:
        place: dict[str, Json] = {"conn": self.conn, "peer": self.peer, "port": self.port, "tls": self.tls}
        return {**place, **self.pdu.fields()}

    def __str__(self) -> str:
        return str(self.pdu)


class Path:
    """The two ends of a conversation as one side sees them: what all packets that it sends have in common.

    Attributes:
        conn: id of the connection or socket pair it belongs to.
        source, source_port, destination, destination_port: IP addresses as text (RFC 5952) and ports.
        peer: name of the host that has the destination address ("" if none has).
        key: how the host at the far end knows the conversation.
    """

    __slots__ = ("conn", "destination", "destination_port", "key", "peer", "source", "source_port")

    def __init__(
        self, conn: str, source: str, source_port: int, destination: str, destination_port: int, peer: str
    ) -> None:
        self.conn, self.peer = conn, peer
        self.source, self.source_port = source, source_port
        self.destination, self.destination_port = destination, destination_port
        self.key = (source, source_port, destination_port)


class Packet(Event):
    """What TCP segments and UDP datagrams have in common.

    Attributes:
        path: where from and where to; `conn`, `source`, ... are those of the path.
        payload: the bytes above TCP or UDP.
        arrives_at: microseconds of simulated time, or `LOST`.
    """

    __slots__ = ("arrives_at", "path", "payload")

    path: Path
    payload: bytes
    arrives_at: int

    @property
    def conn(self) -> str:
        return self.path.conn

    @property
    def source(self) -> str:
        return self.path.source

    @property
    def source_port(self) -> int:
        return self.path.source_port

    @property
    def destination(self) -> str:
        return self.path.destination

    @property
    def destination_port(self) -> int:
        return self.path.destination_port

    @property
    def peer(self) -> str:
        return self.path.peer

    def _packet_fields(self) -> dict[str, Json]:
        return {
            "conn": self.conn,
            "src": self.source,
            "sport": self.source_port,
            "dst": self.destination,
            "dport": self.destination_port,
            "peer": self.peer,
            "bytes": len(self.payload),
            "arrives_at": None if self.arrives_at == LOST else self.arrives_at,
        }


class Datagram(Packet):
    """One UDP datagram left a host."""

    __slots__ = ()

    @property
    def kind(self) -> str:
        return "net.datagram"

    def fields(self) -> Mapping[str, Json]:
        return self._packet_fields()

    def __str__(self) -> str:
        return f"UDP {self.source_port} > {self.destination_port} len {len(self.payload)}"


class Segment(Packet):
    """One TCP segment left a host (RFC 9293).

    Attributes:
        flags: set bits of FIN 0x01, SYN 0x02, RST 0x04, PSH 0x08, ACK 0x10.
        sequence, acknowledgment: absolute 32-bit numbers as on the wire.
        window: bytes offered, unscaled.
        mss: the MSS option of a SYN, else 0.
        retransmission: whether these bytes had been sent before.
    """

    __slots__ = ("acknowledgment", "flags", "mss", "retransmission", "sequence", "window")

    flags: int
    sequence: int
    acknowledgment: int
    window: int
    mss: int
    retransmission: bool

    @property
    def kind(self) -> str:
        return "net.segment"

    def fields(self) -> Mapping[str, Json]:
        return {
            **self._packet_fields(),
            "flags": flag_names(self.flags),
            "sequence": self.sequence,
            "acknowledgment": self.acknowledgment,
            "retransmission": self.retransmission,
        }

    def __str__(self) -> str:
        again = " retransmission" if self.retransmission else ""
        return (
            f"TCP {self.source_port} > {self.destination_port} [{flag_names(self.flags)}]"
            f" len {len(self.payload)}{again}"
        )


FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
_FLAG_NAMES = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (ACK, "ACK"))


def flag_names(flags: int) -> str:
    """The set TCP flags as text, e.g. `SYN,ACK`."""
    return ",".join(name for bit, name in _FLAG_NAMES if flags & bit)


class Noted(Event):
    """A fact that is not on the wire; `event.fact` says which (see `mailsim.trace.facts`)."""

    __slots__ = ("fact",)

    def __init__(self, seq: int, at: int, node: str, causes: tuple[int, ...], fact: Fact) -> None:
        self.seq, self.at, self.node, self.causes, self.fact = seq, at, node, causes, fact

    @property
    def kind(self) -> str:
        return self.fact.kind

    def fields(self) -> Mapping[str, Json]:
        return self.fact.fields()

    def __str__(self) -> str:
        return str(self.fact)
