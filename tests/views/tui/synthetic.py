"""A made-up trace for the screens: the mail server of firma.example is filtered, its backup takes the mail.

The dialogue is written by hand with real protocol data units, so the screens can be tested without the
engine, and stay the same when the engine's timing changes.
"""

from __future__ import annotations

import dns.rdata
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from mailsim.protocols.dns.messages import Query
from mailsim.protocols.dns.values import Question, RRset, name_of
from mailsim.protocols.pdu import Pdu, Raw
from mailsim.protocols.smtp.commands import Auth, Command, Data, Ehlo, Lhlo, Mail, Quit, Rcpt
from mailsim.protocols.smtp.content import Content
from mailsim.protocols.smtp.replies import Greeting, Reply
from mailsim.trace import facts
from mailsim.trace.events import ACK, PSH, Event, Noted, Path, Said, Segment
from mailsim.trace.trace import Node, Trace, World

PC, MAIL = "pc.skola.example", "mail.skola.example"
RESOLVER, ROOT, NS = "dns.skola.example", "a.root.example", "ns.firma.example"
MX1, MX2, PHONE = "mx1.firma.example", "mx2.zaloha.example", "phone.firma.example"
WEB, GATEWAY = "www.firma.example", "gw.skola.example"
ADDRESS = {
    PC: "192.0.2.10",
    MAIL: "192.0.2.25",
    RESOLVER: "192.0.2.53",
    ROOT: "198.51.100.1",
    NS: "198.51.100.53",
    MX1: "198.51.100.25",
    MX2: "203.0.113.25",
    PHONE: "198.51.100.77",
    WEB: "198.51.100.80",
    GATEWAY: "192.0.2.1",
}
ROLES = {
    PC: ("mua",),
    MAIL: ("msa", "mta", "mda", "store", "imap"),
    RESOLVER: ("resolver",),
    ROOT: ("nameserver",),
    NS: ("nameserver",),
    MX1: ("mta", "mda", "store", "imap"),
    MX2: ("mta",),
    PHONE: ("mua",),
    WEB: ("web",),
    GATEWAY: ("router",),
}
MESSAGE = "<1@pc.skola.example>"
CONTENT = (
    "From: Alena =?utf-8?q?Nov=C3=A1kov=C3=A1?= <alena@skola.example>\r\n"
    "To: =?utf-8?b?Qm/FmWVr?= <borek@firma.example>\r\n"
    "Subject: =?utf-8?b?VXZpZMOtbWUgc2UgdiBww6F0ZWs/?=\r\n"
    "Date: Mon, 23 Nov 2026 10:05:00 +0100\r\n"
    f"Message-ID: {MESSAGE}\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "\r\n"
    "Ahoj Bořku, uvidíme se v pátek?\r\n"
    ".tečka na začátku řádku\r\n"
).encode()
TEXTS = {
    "en": {
        "title": "Backup MX",
        "objective": "See who holds a mail while the main server of the recipient is down.",
        "story": "Alena writes to Bořek. His own server cannot be reached.\n\nWho has the mail meanwhile?",
    },
    "cs": {
        "title": "Záložní MX",
        "objective": "Kdo má dopis, když hlavní server příjemce neběží.",
        "story": "Alena píše Bořkovi. Jeho vlastní server je nedostupný.\n\nKdo má dopis mezitím?",
    },
}


def world(level: int = 2, detail: str = "dialogue") -> World:
    """The hosts of the made-up Internet."""
    nodes = tuple(Node(name, name.partition(".")[0], "", ROLES[name], (ADDRESS[name],)) for name in ADDRESS)
    return World(
        scenario="mx-failover",
        seed=7,
        start_us=1_795_424_700_000_000,
        utc_offset_minutes=60,
        nodes=nodes,
        links=(),
        level=level,
        detail=detail,
        users={"alena@skola.example": "Alena Nováková", "borek@firma.example": "Bořek"},
        texts=TEXTS,
        simplifications=(),
    )


class Tape:
    """Writes events one after the other; each is caused by the one before it on the same host."""

    def __init__(self, packets: bool = True) -> None:
        self.events: list[Event] = []
        self.at = 0
        self._packets = packets
        self._last: dict[str, int] = {}
        self._connections = 0

    def wait(self, microseconds: int) -> None:
        """Let time pass."""
        self.at += microseconds

    def note(self, node: str, fact: facts.Fact, after: int = 1_000) -> None:
        """A fact at a host."""
        self.at += after
        self._add(Noted(len(self.events), self.at, node, self._causes(node), fact))

    def say(self, node: str, peer: str, protocol: str, port: int, from_client: bool, pdu: Pdu) -> None:
        """Something said, and the segment that carries it."""
        self.at += 7_000
        conn = f"c{self._connections}"
        said = Said(
            len(self.events), self.at, node, self._causes(node), conn, peer, protocol, port, from_client, False, pdu
        )
        self._add(said)
        if self._packets:
            self._add(self._segment(said))
        self._last[peer] = len(self.events) - 1

    def connect(self, node: str, peer: str, port: int) -> None:
        """A connection that comes about."""
        self._connections += 1
        self.note(node, facts.TcpConnectStarted(f"c{self._connections}", ADDRESS[node], ADDRESS[peer], port, 4, peer))
        self._last[peer] = len(self.events) - 1
        self.note(node, facts.TcpEstablished(f"c{self._connections}", ADDRESS[node], ADDRESS[peer], port, 4, peer))

    def ask(self, node: str, server: str, name: str, kind: str, *records: str) -> None:
        """A question and its answer."""
        self._connections += 1
        query = Query.ask(Question.of(name, kind), len(self.events) % 65536)
        self.say(node, server, "dns", 53, True, query)
        data = tuple(dns.rdata.from_text(IN, RdataType[kind], text) for text in records)
        answer = (RRset(name_of(name), RdataType[kind], 3600, data),) if data else ()
        self.say(server, node, "dns", 53, False, query.reply(answer=answer))

    def smtp(self, client: str, server: str, port: int, *dialogue: tuple[Command | None, Reply]) -> None:
        """A dialogue; the greeting has no command."""
        protocol = "lmtp" if port == 24 else "smtp"
        for command, reply in dialogue:
            if command is not None:
                self.say(client, server, protocol, port, True, command)
            self.say(server, client, protocol, port, False, reply)

    def _segment(self, said: Said) -> Segment:
        segment = Segment.__new__(Segment)
        segment.seq, segment.at, segment.node, segment.causes = len(self.events), self.at, said.node, (said.seq,)
        client, server = 49152, said.port
        source, destination = (client, server) if said.from_client else (server, client)
        segment.path = Path(said.conn, ADDRESS[said.node], source, ADDRESS[said.peer], destination, said.peer)
        segment.payload, segment.arrives_at = said.pdu.to_bytes(), self.at + 3_000
        segment.flags, segment.sequence, segment.acknowledgment = PSH | ACK, 1, 1
        segment.window, segment.mss, segment.retransmission = 65535, 0, False
        return segment

    def _causes(self, node: str) -> tuple[int, ...]:
        return (self._last[node],) if node in self._last else ()

    def _add(self, event: Event) -> None:
        self._last[event.node] = event.seq
        self.events.append(event)


OK = Reply.of(250, "2.0.0", "Ok")
EHLO_REPLY = Reply.of(250, "", "mail.skola.example", "SIZE 52428800", "8BITMIME", "PIPELINING", "AUTH PLAIN LOGIN")


def _envelope() -> tuple[tuple[Command, Reply], ...]:
    return (
        (Mail("alena@skola.example"), OK),
        (Rcpt("borek@firma.example"), Reply.of(250, "2.1.5", "Ok")),
        (Data(), Reply.of(354, "", "End data with <CR><LF>.<CR><LF>")),
    )


def failover(level: int = 2, detail: str = "dialogue", packets: bool = True) -> Trace:
    """Submission, a main server that does not answer, the backup, a retry, delivery, reading."""
    tape = Tape(packets)
    tape.note(PC, facts.UserActed("alena@skola.example", "send", MESSAGE))
    tape.ask(PC, RESOLVER, "mail.skola.example.", "A", "192.0.2.25")
    tape.connect(PC, MAIL, 587)
    tape.smtp(
        PC,
        MAIL,
        587,
        (None, Greeting.of(220, "", "mail.skola.example ESMTP")),
        (Ehlo("pc.skola.example"), EHLO_REPLY),
        (Auth("PLAIN", b"\0alena\0heslo"), Reply.of(235, "2.7.0", "Authentication successful")),
        *_envelope(),
        (Content(CONTENT, MESSAGE), Reply.of(250, "2.0.0", "Ok: queued as 4F1C2")),
    )
    rcpt = "borek@firma.example"
    tape.note(MAIL, facts.QueueAdded(MESSAGE, rcpt, "4F1C2", "alena@skola.example", len(CONTENT)))
    tape.smtp(PC, MAIL, 587, (Quit(), Reply.of(221, "2.0.0", "Bye")))
    tape.note(MAIL, facts.QueueTried(MESSAGE, rcpt, "4F1C2", 1))
    tape.ask(MAIL, RESOLVER, "firma.example.", "MX", "10 mx1.firma.example.", "20 mx2.zaloha.example.")
    tape.ask(RESOLVER, ROOT, "firma.example.", "MX")
    tape.ask(RESOLVER, NS, "firma.example.", "MX", "10 mx1.firma.example.", "20 mx2.zaloha.example.")
    candidates = (
        facts.Candidate(MX1, 10, (ADDRESS[MX1],), True, "best"),
        facts.Candidate(MX2, 20, (ADDRESS[MX2],), False, "less-preferred"),
    )
    tape.note(MAIL, facts.RouteDecided(MESSAGE, rcpt, "mx", candidates))
    tape.ask(MAIL, RESOLVER, "mx1.firma.example.", "A", ADDRESS[MX1])
    tape.note(MX1, facts.FaultStarted("filtered", MX1, 25))
    tape.note(MAIL, facts.TcpConnectStarted("c90", ADDRESS[MAIL], ADDRESS[MX1], 25, 4, MX1))
    tape.wait(30_000_000)
    tape.note(MAIL, facts.TcpTimedOut("c90", ADDRESS[MAIL], ADDRESS[MX1], 25, 4, MX1, 30_000_000))
    tape.note(MAIL, facts.RouteFailed(MESSAGE, MX1, ADDRESS[MX1], "timeout", "next_mx"))
    tape.connect(MAIL, MX2, 25)
    tape.smtp(
        MAIL,
        MX2,
        25,
        (None, Greeting.of(220, "", "mx2.zaloha.example ESMTP")),
        (Ehlo("mail.skola.example"), EHLO_REPLY),
        *_envelope(),
        (Content(b"Received: from pc.skola.example\r\n" + CONTENT, MESSAGE), Reply.of(250, "2.0.0", "Ok: 9A77B")),
    )
    tape.note(MX2, facts.QueueAdded(MESSAGE, rcpt, "9A77B", "alena@skola.example", len(CONTENT) + 33))
    tape.note(MAIL, facts.QueueDone(MESSAGE, rcpt, "4F1C2", 1, "relayed", MX2))
    tape.note(MX2, facts.QueueDeferred(MESSAGE, rcpt, "9A77B", 1, tape.at + 1_800_000_000, "timeout"))
    tape.wait(1_800_000_000)
    tape.note(MX1, facts.FaultEnded("filtered", MX1, 25))
    tape.connect(MX2, MX1, 25)
    tape.smtp(
        MX2,
        MX1,
        25,
        (None, Greeting.of(421, "4.3.2", "Service shutting down")),
        (Ehlo("mx2.zaloha.example"), EHLO_REPLY),
        *_envelope(),
        (Content(b"Received: from mail.skola.example\r\n" + CONTENT, MESSAGE), Reply.of(250, "2.0.0", "Ok: 77AC1")),
    )
    tape.note(MX1, facts.QueueAdded(MESSAGE, rcpt, "77AC1", "alena@skola.example", len(CONTENT) + 70))
    tape.note(MX2, facts.QueueDone(MESSAGE, rcpt, "9A77B", 2, "relayed", MX1))
    tape.smtp(MX1, MX1, 24, (Lhlo("mx1.firma.example"), OK))
    tape.note(MX1, facts.MdaDelivered(MESSAGE, rcpt, rcpt, "INBOX"))
    tape.note(MX1, facts.StoreAdded(rcpt, "INBOX", 1, len(CONTENT) + 90, MESSAGE))
    tape.note(MX1, facts.QueueDone(MESSAGE, rcpt, "77AC1", 1, "delivered"))
    tape.wait(60_000_000)
    tape.note(PHONE, facts.UserActed(rcpt, "read"))
    tape.connect(PHONE, MX1, 143)
    tape.say(PHONE, MX1, "imap", 143, True, Raw(b"A1 SELECT INBOX\r\n"))
    tape.note(PHONE, facts.MessageShown(rcpt, MESSAGE, rcpt, "Alena Nováková", "Uvidíme se v pátek?"))
    return Trace(world(level, detail), tape.events, tape.at)
