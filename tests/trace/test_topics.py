"""Every event has one topic out of the list, and every topic of the list has an event."""

from __future__ import annotations

from collections.abc import Mapping

import dns.name
import dns.rdata
import pytest
from dns.rcode import Rcode
from dns.rdataclass import IN
from dns.rdatatype import RdataType
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.lessons.explanations import explain
from mailsim.lessons.languages import LANGUAGES
from mailsim.net.packets import FlyingDatagram, FlyingSegment
from mailsim.protocols import smtp
from mailsim.protocols.dns import Query, Question
from mailsim.protocols.dns.values import RRset
from mailsim.protocols.pdu import Json, Pdu, Raw
from mailsim.protocols.smtp import Greeting, Reply, commands
from mailsim.trace import facts
from mailsim.trace.events import ACK, FIN, PSH, RST, SYN, Event, Noted, Path, Said
from mailsim.trace.topic_list import ALL_TOPICS
from mailsim.trace.topics import topic

NAME = dns.name.from_text("firma.example")
QUERY = Query.ask(Question.of("firma.example", "MX"), 1)


class Line:
    """A PDU that is only a line of text: enough for the topics of POP3 and IMAP."""

    def __init__(self, role: str, text: str) -> None:
        self.role, self.text = role, text

    def to_bytes(self) -> bytes:
        return f"{self.text}\r\n".encode()

    def __str__(self) -> str:
        return self.text

    def fields(self) -> Mapping[str, Json]:
        return {"verb": self.text.partition(" ")[0]}


def rrset(kind: str, text: str) -> RRset:
    rdtype = RdataType.make(kind)
    return RRset(NAME, rdtype, 60, (dns.rdata.from_text(IN, rdtype, text),))


def said(pdu: Pdu, protocol: str = "smtp", client: bool = False) -> Said:
    return Said(0, 0, "a.example", (), "c1", "b.example", protocol, 25, client, False, pdu)


def noted(fact: facts.Fact) -> Noted:
    return Noted(0, 0, "a.example", (), fact)


def segment(flags: int, payload: bytes = b"", again: bool = False) -> FlyingSegment:
    return FlyingSegment(Path("c1", "192.0.2.1", 1, "192.0.2.2", 25, ""), payload, flags, 1, 1, 65535, 0, again)


def asked(verb: str, protocol: str = "smtp") -> Said:
    return said(Line("cmd", verb) if verb else Line("data", ""), protocol, client=True)


TCP = ("c1", "192.0.2.1", "192.0.2.2", 25, 4, "b.example")
TLS = (*TCP, "client", "starttls")
Q = ("<1@a>", "b@b.example", "Q1")
_IMAP_COMMANDS = (
    *("login", "starttls", "capability", "list", "select", "examine", "status", "fetch"),
    *("store", "search", "expunge", "append", "noop", "logout"),
)
FAULTS = (
    *("down", "stopped", "refused", "filtered", "cut", "slow", "lossy", "delayed", "closed", "reply"),
    *("dns_silent", "dns_servfail", "reply_lost", "disk_full", "over_quota"),
    *("certificate_expired", "starttls_stripped"),
)
CASES: list[tuple[str, Event, Said | None]] = [
    ("user.send", noted(facts.UserActed("a", "send")), None),
    ("user.read", noted(facts.UserActed("a", "read")), None),
    *((f"user.{a}", noted(facts.UserActed("a", a)), None) for a in ("open", "flag", "move", "delete", "expunge")),
    ("other", noted(facts.UserActed("a", "dances")), None),
    ("mua.list", noted(facts.MailsListed("a", "INBOX", 1, (), (facts.ListedMail(1, "1", "", "s", 0),))), None),
    ("mua.trouble", noted(facts.PolicyVerdict("outbox", "failed", "554 5.7.5 TLS failed: expired")), None),
    ("mua.show", noted(facts.MessageShown("a", "m", "a", "b", "s")), None),
    ("tcp.connect", noted(facts.TcpConnectStarted(*TCP)), None),
    ("tcp.established", noted(facts.TcpEstablished(*TCP)), None),
    ("tcp.refused", noted(facts.TcpRefused(*TCP)), None),
    ("tcp.timeout", noted(facts.TcpTimedOut(*TCP, 1)), None),
    ("tcp.close", noted(facts.TcpClosed(*TCP, "fin")), None),
    ("tcp.lost", noted(facts.TcpLost(*TCP, "rst")), None),
    ("tls.start", noted(facts.TlsStarted(*TLS, "b.example")), None),
    ("tls.established", noted(facts.TlsEstablished(*TLS, "TLSv1.3", "x", True, "", 0)), None),
    *(
        (f"tls.fail.{slug}", noted(facts.TlsFailed(*TLS, reason, "")), None)
        for slug, reason in (
            *(("certificate", reason) for reason in facts.TLS_FAILURES[:5]),
            *(("handshake", reason) for reason in facts.TLS_FAILURES[5:11]),
            *(("not-offered", reason) for reason in facts.TLS_FAILURES[11:]),
        )
    ),
    ("net.timeout", noted(facts.WaitTimedOut("c1", 1)), None),
    ("net.rewrite", noted(facts.PacketRewritten(1, "a>b", "", "", 25, 0, "STARTTLS", "XXXXXXXA")), None),
    *(
        (slug, noted(facts.PacketDropped(reason, 1, "", "", 25)), None)
        for reason, slug in (
            ("loss", "net.drop.loss"),
            ("filtered", "net.drop.filtered"),
            ("cut", "net.drop.cut"),
            ("host-down", "net.drop.unreachable"),
            ("no-route", "net.drop.unreachable"),
            ("no-listener", "net.drop.unreachable"),
        )
    ),
    *((f"fault.{what.replace(chr(95), chr(45))}", noted(facts.FaultStarted(what, "a", None)), None) for what in FAULTS),
    ("fault.hit", noted(facts.FaultHit("down", "a")), None),
    ("zone.change", noted(facts.ZoneChanged("z", 2)), None),
    ("fault.end", noted(facts.FaultEnded("down", "a", None)), None),
    ("auth.ok", noted(facts.AuthSucceeded("c1", "PLAIN", "a", False)), None),
    ("auth.fail", noted(facts.AuthFailed("c1", "PLAIN", "a", False)), None),
    ("policy.verdict", noted(facts.PolicyVerdict("relay", "reject")), None),
    *(
        (f"route.{how.replace('_', '-')}", noted(facts.RouteDecided("m", "r", how, ())), None)
        for how in ("local", "mx", "implicit_mx", "smarthost", "static", "literal", "none")
    ),
    *(
        (f"failover.{what.replace('_', '-')}", noted(facts.RouteFailed("m", "h", "a", what, "queue")), None)
        for what in (
            "refused",
            "timeout",
            "unreachable",
            "tls",
            "no_address",
            "greeting_4yz",
            "greeting_5yz",
            "dropped",
        )
    ),
    ("failover.reply-4yz", noted(facts.RouteFailed("m", "h", "a", "reply_4yz", "next_mx")), None),
    ("failover.reply-5yz", noted(facts.RouteFailed("m", "h", "a", "reply_5yz", "bounce")), None),
    ("queue.add", noted(facts.QueueAdded(*Q, "s", 1)), None),
    ("queue.try", noted(facts.QueueTried(*Q, 1)), None),
    ("queue.defer", noted(facts.QueueDeferred(*Q, 1, 2, "r")), None),
    ("queue.expire", noted(facts.QueueExpired(*Q, 1)), None),
    *(
        (f"queue.done.{fate}", noted(facts.QueueDone(*Q, 1, fate)), None)
        for fate in ("relayed", "delivered", "bounced", "discarded")
    ),
    ("mda.deliver", noted(facts.MdaDelivered("m", "r", "b", "INBOX")), None),
    ("mda.reject", noted(facts.MdaRejected("m", "r", 550, "")), None),
    ("store.add", noted(facts.StoreAdded("b", "INBOX", 1, 2)), None),
    ("store.flag", noted(facts.StoreFlagged("b", "INBOX", 1, ())), None),
    ("store.expunge", noted(facts.StoreExpunged("b", "INBOX", 1, 2)), None),
    ("store.create", noted(facts.StoreFolderCreated("b", "work")), None),
    ("store.delete", noted(facts.StoreFolderDeleted("b", "work")), None),
    ("store.rename", noted(facts.StoreFolderRenamed("b", "work", "play")), None),
    ("dsn.make", noted(facts.DsnMade("m", "r", "failed", "5.1.1", "n", "s")), None),
    ("segment.syn", segment(SYN), None),
    ("segment.synack", segment(SYN | ACK), None),
    ("segment.ack", segment(ACK), None),
    ("segment.data", segment(ACK | PSH, b"x"), None),
    ("segment.fin", segment(ACK | FIN), None),
    ("segment.rst", segment(RST), None),
    ("segment.retransmission", segment(ACK, b"x", again=True), None),
    ("datagram", FlyingDatagram(Path("u1", "192.0.2.1", 1, "192.0.2.2", 53, ""), b""), None),
    # SMTP
    ("smtp.greet", said(Greeting.of(220, "", "hello")), None),
    ("smtp.greet.refused", said(Greeting.of(554, "", "no")), None),
    ("smtp.ehlo", said(commands.Ehlo("a"), client=True), None),
    ("smtp.helo", said(commands.Helo("a"), client=True), None),
    ("smtp.mail", said(commands.Mail("a@a.example"), client=True), None),
    ("smtp.mail.null", said(commands.Mail(""), client=True), None),
    ("smtp.rcpt", said(commands.Rcpt("a@a.example"), client=True), None),
    ("smtp.data", said(commands.Data(), client=True), None),
    ("smtp.content", said(smtp.Content(b"x"), client=True), None),
    ("smtp.auth", said(commands.Auth("PLAIN"), client=True), None),
    ("smtp.auth.response", said(commands.AuthResponse(b"x"), client=True), None),
    ("smtp.auth.response", said(commands.AuthCancel(), client=True), None),
    ("smtp.starttls", said(commands.StartTls(), client=True), None),
    ("smtp.rset", said(commands.Rset(), client=True), None),
    ("smtp.bdat", said(commands.Bdat(1, b"x"), client=True), None),
    ("smtp.bdat", said(commands.BdatLast(1, b"x"), client=True), None),
    ("smtp.other", said(commands.Noop(), client=True), None),
    ("smtp.other", said(Raw(b"CONTENT is no verb\r\n"), client=True), None),
    ("smtp.quit", said(commands.Quit(), client=True), None),
    ("smtp.reply.ehlo", said(Reply.of(250, "", "x")), asked("EHLO")),
    ("smtp.reply.2yz", said(Reply.of(250, "", "x")), asked("RCPT")),
    ("smtp.reply.2yz", said(Reply.of(250, "", "x")), None),
    ("smtp.reply.taken", said(Reply.of(250, "", "x")), said(smtp.Content(b"x"), client=True)),
    ("smtp.reply.authenticated", said(Reply.of(235, "", "x")), asked("AUTH")),
    ("smtp.reply.challenge", said(Reply.of(334, "", "x")), asked("AUTH")),
    ("smtp.reply.354", said(Reply.of(354, "", "x")), asked("DATA")),
    ("smtp.reply.221", said(Reply.of(221, "", "x")), asked("QUIT")),
    ("smtp.reply.4yz", said(Reply.of(451, "", "x")), asked("RCPT")),
    ("smtp.reply.421", said(Reply.of(421, "", "x")), None),
    ("smtp.reply.5yz", said(Reply.of(550, "", "x")), said(smtp.Content(b"x"), client=True)),
    ("lmtp.greet", said(Greeting.of(220, "", "x"), "lmtp"), None),
    ("lmtp.lhlo", said(commands.Lhlo("a"), "lmtp", True), None),
    ("lmtp.envelope", said(commands.Rcpt("a@a.example"), "lmtp", True), None),
    ("lmtp.content", said(smtp.Content(b"x"), "lmtp", True), None),
    ("lmtp.other", said(commands.Quit(), "lmtp", True), None),
    ("lmtp.reply.2yz", said(Reply.of(250, "", "x"), "lmtp"), asked("RCPT")),
    ("lmtp.reply.delivered", said(Reply.of(250, "", "x"), "lmtp"), said(smtp.Content(b"x"), "lmtp", True)),
    ("lmtp.reply.354", said(Reply.of(354, "", "x"), "lmtp"), asked("DATA")),
    ("lmtp.reply.4yz", said(Reply.of(452, "", "x"), "lmtp"), None),
    ("lmtp.reply.5yz", said(Reply.of(550, "", "x"), "lmtp"), None),
    # DNS
    *(
        (f"dns.query.{kind}", said(Query.ask(Question.of("a.example", kind.upper()), 1), "dns", True), None)
        for kind in ("mx", "a", "aaaa", "txt", "ptr")
    ),
    ("dns.query.other", said(Query.ask(Question.of("a.example", "SOA"), 1), "dns", True), None),
    ("dns.answer.mx", said(QUERY.reply(answer=[rrset("MX", "10 mx1.firma.example.")]), "dns"), None),
    ("dns.answer.address", said(QUERY.reply(answer=[rrset("A", "192.0.2.1")]), "dns"), None),
    (
        "dns.answer.address",
        said(QUERY.reply(answer=[rrset("CNAME", "b.example."), rrset("A", "192.0.2.1")]), "dns"),
        None,
    ),
    ("dns.answer.alias", said(QUERY.reply(answer=[rrset("CNAME", "b.example.")]), "dns"), None),
    ("dns.answer.other", said(QUERY.reply(answer=[rrset("TXT", '"x"')]), "dns"), None),
    ("dns.answer.cached", said(QUERY.reply(answer=[rrset("A", "192.0.2.1")], cache=True), "dns"), None),
    ("dns.answer.referral", said(QUERY.reply(authority=[rrset("NS", "ns.example.")]), "dns"), None),
    (
        "dns.answer.nodata",
        said(QUERY.reply(authority=[rrset("SOA", "a. b. 1 2 3 4 5")], authoritative=True), "dns"),
        None,
    ),
    ("dns.answer.nodata", said(QUERY.reply(), "dns"), None),
    ("dns.answer.nxdomain", said(QUERY.reply(Rcode.NXDOMAIN), "dns"), None),
    ("dns.answer.servfail", said(QUERY.reply(Rcode.SERVFAIL), "dns"), None),
    ("dns.answer.refused", said(QUERY.reply(Rcode.REFUSED), "dns"), None),
    ("dns.answer.refused", said(QUERY.reply(Rcode.FORMERR), "dns"), None),
    (
        "dns.answer.truncated",
        said(QUERY.reply(answer=[rrset("TXT", '"' + "x" * 250 + f'" "{i}"') for i in range(9)]), "dns"),
        None,
    ),
    # POP3
    ("pop.greet", said(Line("greet", "+OK hello"), "pop"), None),
    *(
        (f"pop.{verb}", said(Line("cmd", verb.upper()), "pop", True), None)
        for verb in [
            "user",
            "pass",
            "apop",
            "auth",
            "stls",
            "capa",
            "stat",
            "list",
            "uidl",
            "retr",
            "top",
            "dele",
            "rset",
            "quit",
        ]
    ),
    ("pop.other", said(Line("cmd", "NOOP"), "pop", True), None),
    ("pop.auth.response", said(Line("cmd", ""), "pop", True), None),
    ("pop.reply.challenge", said(Line("reply", "+ abcd"), "pop"), None),
    ("pop.reply.ok", said(Line("reply", "+OK"), "pop"), asked("STAT", "pop")),
    ("pop.reply.message", said(Line("reply", "+OK"), "pop"), asked("RETR", "pop")),
    ("pop.reply.err", said(Line("reply", "-ERR no"), "pop"), asked("RETR", "pop")),
    # IMAP
    ("imap.greet", said(Line("greet", "* OK hello"), "imap"), None),
    *((f"imap.{verb}", said(Line("cmd", verb.upper()), "imap", True), None) for verb in _IMAP_COMMANDS),
    ("imap.login", said(Line("cmd", "AUTHENTICATE"), "imap", True), None),
    ("imap.other", said(Line("cmd", "COPY"), "imap", True), None),
    ("imap.auth.response", said(Line("cmd", ""), "imap", True), None),
    ("imap.literal", said(Line("data", "xyz"), "imap", True), None),
    ("imap.continue", said(Line("cont", "+ go on"), "imap"), None),
    *(
        (f"imap.untagged.{item}", said(Line("untagged", f"* {item.upper()} x"), "imap"), None)
        for item in ["capability", "list", "flags", "search", "status", "ok", "bye"]
    ),
    *(
        (f"imap.untagged.{item}", said(Line("untagged", f"* 3 {item.upper()}"), "imap"), None)
        for item in ["exists", "fetch", "expunge"]
    ),
    ("imap.untagged.exists", said(Line("untagged", "* 1 RECENT"), "imap"), None),
    ("imap.untagged.other", said(Line("untagged", "* NAMESPACE x"), "imap"), None),
    *(
        (f"imap.tagged.{word}", said(Line("tagged", f"a1 {word.upper()} x"), "imap"), None)
        for word in ("ok", "no", "bad")
    ),
]


@pytest.mark.parametrize(("slug", "event", "to"), CASES, ids=[slug for slug, _, _ in CASES])
def test_topic(slug: str, event: Event, to: Said | None) -> None:
    assert topic(event, to) == slug


def test_the_list_has_no_topic_that_no_event_has() -> None:
    assert {slug for slug, _, _ in CASES} == set(ALL_TOPICS)
    assert len(ALL_TOPICS) == len(set(ALL_TOPICS))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_topic_is_explained(lang: str) -> None:
    for slug in ALL_TOPICS:
        told = explain(slug, lang)
        assert told.title
        assert told.text


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.binary(max_size=60), st.sampled_from(["smtp", "lmtp", "pop", "imap"]), st.booleans())
def test_whatever_somebody_types_has_a_topic(data: bytes, protocol: str, client: bool) -> None:
    assert topic(said(Raw(data), protocol, client)) in ALL_TOPICS
