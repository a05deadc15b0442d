"""Writes traces by hand: what the network would record of a run, in a few lines."""

from __future__ import annotations

from mailsim.net.packets import FlyingDatagram, FlyingSegment
from mailsim.protocols.dns import Query, Question
from mailsim.protocols.pdu import Pdu
from mailsim.protocols.smtp import Content, Ehlo, Greeting, Mail, Rcpt, Reply
from mailsim.protocols.smtp.commands import Data, Quit
from mailsim.trace.events import ACK, PSH, SYN, Event, Noted, Path, Said
from mailsim.trace.facts import (
    Candidate,
    Fact,
    FaultEnded,
    FaultStarted,
    MdaDelivered,
    MessageShown,
    QueueAdded,
    QueueDeferred,
    QueueDone,
    QueueTried,
    RouteDecided,
    RouteFailed,
    StoreAdded,
    StoreFlagged,
    TcpClosed,
    TcpConnectStarted,
    TcpEstablished,
    TcpRefused,
    TcpTimedOut,
    UserActed,
)
from mailsim.trace.trace import Link, Node, Trace, World

PC, MSA, MX1, MX2, DNS = (
    "pc.skola.example",
    "mail.skola.example",
    "mx1.firma.example",
    "mx2.zaloha.example",
    "dns.skola.example",
)
ALENA, BOREK = "alena@skola.example", "borek@firma.example"
MSG = "<1@skola.example>"
CONTENT = b"From: Alena <alena@skola.example>\r\nSubject: =?utf-8?q?Objedn=C3=A1vka?=\r\n\r\nAhoj\r\n"
ADDRESSES = {
    PC: ("192.0.2.10", "2001:db8::10"),
    MSA: ("192.0.2.25", "2001:db8::25"),
    MX1: ("198.51.100.25", "2001:db8:f::25"),
    MX2: ("203.0.113.25",),
    DNS: ("192.0.2.53",),
}
ROLES = {PC: ("mua",), MSA: ("msa", "mta"), MX1: ("mta", "mda", "store", "imap"), MX2: ("mta",), DNS: ("resolver",)}
WORLD = World(
    "by-hand",
    7,
    1_795_424_400_000_000,
    60,
    tuple(Node(name, name.partition(".")[0], "", ROLES[name], ADDRESSES[name]) for name in ADDRESSES),
    (Link(PC, MSA, 1000, 100_000_000, 0.0), Link(MSA, MX1, 1000, 100_000_000, 0.0)),
    users={ALENA: "Alena", BOREK: "Bořek"},
    texts={"en": {"title": "By hand"}, "cs": {"title": "Ručně"}},
    simplifications=("tcp.fixed-window",),
)


class Scribe:
    """A trace under the pen. Each event is caused by the one before it at the same host unless said otherwise."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.now = 0
        self._last: dict[str, int] = {}
        self._sent: dict[tuple[str, bool], int] = {}

    def trace(self) -> Trace:
        """All that was written."""
        return Trace(WORLD, tuple(self.events), self.now)

    def wait(self, microseconds: int) -> None:
        """Let time pass."""
        self.now += microseconds

    def note(self, node: str, fact: Fact) -> int:
        """A fact."""
        return self._add(Noted(len(self.events), self.now, node, self._causes(node), fact))

    def say(
        self, conn: str, node: str, peer: str, port: int, pdu: Pdu, protocol: str = "smtp", client: bool = True
    ) -> int:
        """A saying and the segment that carries it; the peer goes on when it has arrived, a millisecond later."""
        said = Said(
            len(self.events), self.now, node, self._causes(node), conn, peer, protocol, port, client, False, pdu
        )
        seq = self._add(said)
        packet = self.packet(conn, node, peer, port, pdu.to_bytes(), client, protocol == "dns")
        packet.causes = (seq,)
        packet.arrives_at = self.now + 1000
        self._add(packet)
        self.wait(1000)
        self._last[peer] = packet.seq
        return seq

    def packet(
        self,
        conn: str,
        node: str,
        peer: str,
        port: int,
        payload: bytes,
        client: bool,
        udp: bool = False,
        v6: bool = False,
    ) -> FlyingSegment | FlyingDatagram:
        """A packet that is not in the trace yet."""
        ephemeral = 49152 + int(conn[1:])
        ports = (ephemeral, port) if client else (port, ephemeral)
        path = Path(conn, ADDRESSES[node][v6], ports[0], ADDRESSES[peer][v6], ports[1], peer)
        packet: FlyingSegment | FlyingDatagram
        if udp:
            packet = FlyingDatagram(path, payload)
        else:
            sent, seen = self._sent.get((conn, client), 0), self._sent.get((conn, not client), 0)
            packet = FlyingSegment(path, payload, ACK | PSH, 1001 + sent, 1001 + seen, 65535, 0, False)
            self._sent[conn, client] = sent + len(payload)
        packet.seq, packet.at, packet.node, packet.causes = len(self.events), self.now, node, ()
        packet.arrives_at = self.now + 1000
        return packet

    def handshake(self, conn: str, node: str, peer: str, port: int, v6: bool = False) -> None:
        """SYN, SYN+ACK, ACK."""
        for number, (client, flags) in enumerate(((True, SYN), (False, SYN | ACK), (True, ACK))):
            here, there = (node, peer) if client else (peer, node)
            segment = self.packet(conn, here, there, port, b"", client, v6=v6)
            assert isinstance(segment, FlyingSegment)
            segment.flags, segment.mss = flags, 1440 if flags & SYN else 0
            segment.sequence = 1000 + number // 2
            segment.acknowledgment = 1001 if flags & ACK else 0
            self._add(segment)
            self.wait(1000)

    def open(self, conn: str, node: str, peer: str, port: int) -> None:
        """A connection that succeeds."""
        about = (conn, ADDRESSES[node][0], ADDRESSES[peer][0], port, 4, peer)
        self.note(node, TcpConnectStarted(*about))
        self.handshake(conn, node, peer, port)
        self.note(node, TcpEstablished(*about))

    def close(self, conn: str, node: str, peer: str, port: int) -> None:
        """Both sides close."""
        self.note(node, TcpClosed(conn, "", "", port, 4, peer, "fin"))
        self.note(peer, TcpClosed(conn, "", "", port, 4, node, "fin"))

    def smtp(
        self, conn: str, node: str, peer: str, port: int, *, msg: str = MSG, rcpt: str = BOREK, queue: bool = True
    ) -> None:
        """A whole transaction that succeeds; the server takes the mail into its queue."""
        self.open(conn, node, peer, port)
        self.say(conn, peer, node, port, Greeting.of(220, "", peer), client=False)
        for command, reply in (
            (Ehlo(node), Reply.of(250, "", peer, "PIPELINING")),
            (Mail(ALENA), Reply.of(250, "2.1.0", "Ok")),
            (Rcpt(rcpt), Reply.of(250, "2.1.5", "Ok")),
            (Data(), Reply.of(354, "", "Go on")),
            (Content(CONTENT, msg), Reply.of(250, "2.0.0", "Ok")),
            (Quit(), Reply.of(221, "2.0.0", "Bye")),
        ):
            self.say(conn, node, peer, port, command)
            if isinstance(command, Content) and queue:
                self.note(peer, QueueAdded(msg, rcpt, f"q-{peer}", ALENA, len(CONTENT)))
            self.say(conn, peer, node, port, reply, client=False)
        self.close(conn, node, peer, port)

    def _causes(self, node: str) -> tuple[int, ...]:
        last = self._last.get(node)
        return () if last is None else (last,)

    def _add(self, event: Event) -> int:
        event.seq = len(self.events)
        self.events.append(event)
        self._last[event.node] = event.seq
        return event.seq


def failover_trace() -> Trace:
    """E08 in short: MX 10 is filtered, the backup takes the mail and delivers it half an hour later."""
    scribe = Scribe()
    scribe.note(MX1, FaultStarted("filtered", MX1, 25))
    scribe.wait(1_000_000)
    scribe.note(PC, UserActed(ALENA, "send", MSG, "Objednávka"))
    scribe.smtp("c1", PC, MSA, 587)
    qid = f"q-{MSA}"
    scribe.note(MSA, QueueTried(MSG, BOREK, qid, 1))
    query = Query.ask(Question.of("firma.example", "MX"), 4711)
    scribe.say("u1", MSA, DNS, 53, query, "dns")
    scribe.say("u1", DNS, MSA, 53, query.reply(), "dns", client=False)
    best = Candidate("mx1.firma.example.", 10, ADDRESSES[MX1], True, "best")
    second = Candidate("mx2.zaloha.example.", 20, ADDRESSES[MX2], False, "less-preferred")
    scribe.note(MSA, RouteDecided(MSG, BOREK, "mx", (best, second)))
    about = ("c2", ADDRESSES[MSA][0], ADDRESSES[MX1][0], 25, 4, MX1)
    scribe.note(MSA, TcpConnectStarted(*about))
    scribe.wait(30_000_000)
    scribe.note(MSA, TcpTimedOut(*about, 30_000_000))
    scribe.note(MSA, RouteFailed(MSG, "mx1.firma.example.", ADDRESSES[MX1][0], "timeout", "next_address"))
    scribe.smtp("c3", MSA, MX2, 25)
    scribe.note(MSA, QueueDone(MSG, BOREK, qid, 1, "relayed", "mx2.zaloha.example."))
    backup = f"q-{MX2}"
    scribe.note(MX2, QueueTried(MSG, BOREK, backup, 1))
    again = scribe.now + 1_800_000_000
    scribe.note(MX2, TcpConnectStarted("c4", ADDRESSES[MX2][0], ADDRESSES[MX1][0], 25, 4, MX1))
    scribe.note(MX2, TcpRefused("c4", ADDRESSES[MX2][0], ADDRESSES[MX1][0], 25, 4, MX1))
    scribe.note(MX2, QueueDeferred(MSG, BOREK, backup, 1, again, "connection refused"))
    scribe.wait(1_800_000_000)
    scribe.note(MX1, FaultEnded("filtered", MX1, 25))
    scribe.note(MX2, QueueTried(MSG, BOREK, backup, 2))
    scribe.smtp("c5", MX2, MX1, 25)
    scribe.note(MX2, QueueDone(MSG, BOREK, backup, 2, "relayed", "mx1.firma.example."))
    scribe.note(MX1, QueueTried(MSG, BOREK, f"q-{MX1}", 1))
    scribe.note(MX1, MdaDelivered(MSG, BOREK, BOREK, "INBOX"))
    scribe.note(MX1, StoreAdded(BOREK, "INBOX", 1, len(CONTENT), MSG))
    scribe.note(MX1, QueueDone(MSG, BOREK, f"q-{MX1}", 1, "delivered"))
    scribe.wait(60_000_000)
    scribe.note(PC, UserActed(BOREK, "read"))
    scribe.note(MX1, StoreFlagged(BOREK, "INBOX", 1, ("\\Seen",)))
    scribe.note(PC, MessageShown(BOREK, MSG, BOREK, ALENA, "Objednávka"))
    return scribe.trace()
