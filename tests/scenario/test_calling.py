"""Typing to the servers of a scenario: where one can connect, and where the session stands after each line."""

from __future__ import annotations

import pytest

from mailsim.live.talk import Talk
from mailsim.scenario.calling import Place, accounts, connect, hosts_named, place_at, places
from mailsim.scenario.loader import open_scenario
from mailsim.trace.events import Noted, Said
from mailsim.trace.facts import TlsEstablished
from mailsim.trace.standing import Standing, standing_of

FIRST = open_scenario("first-mail")
MAIL = "mail.skola.example"


class Session:
    """Somebody at the keyboard, who watches where the session stands."""

    def __init__(self, port: int, begin_us: int = 0) -> None:
        self.place = place_at(FIRST, MAIL, port)
        self.talk: Talk
        self.talk, self.simulation = connect(FIRST, self.place, begin_us)
        self.standing: Standing = standing_of(self.place.protocol)
        self.replies: list[str] = []
        self._follow()

    def type(self, *lines: str) -> str:
        """Type lines; gives the state afterwards, and what the server waits for."""
        for line in lines:
            self.talk.say(line.encode())
            self._follow()
        return f"{self.standing.state} {self.standing.awaits}".strip()

    def _follow(self) -> None:
        for event in self.talk.news():
            self.standing.take(event)
            if isinstance(event, Said) and not event.from_client:
                self.replies.append(str(event.pdu))


def test_the_places_of_a_world() -> None:
    mine = [place for place in places(FIRST) if place.host == MAIL]
    assert [(place.port, place.protocol, place.security) for place in mine] == [
        (25, "smtp", "optional"),
        (110, "pop", "starttls"),
        (143, "imap", "starttls"),
        (465, "smtp", "tls"),
        (587, "smtp", "starttls"),
        (993, "imap", "tls"),
        (995, "pop", "tls"),
        (24, "lmtp", "none"),
    ]
    assert place_at(FIRST, MAIL, 4000) == Place(MAIL, 4000, "smtp")
    assert place_at(FIRST, MAIL, 143, is_tls=True).security == "tls"
    assert hosts_named(FIRST, "mail") == hosts_named(FIRST, "192.0.2.25") == hosts_named(FIRST, f"{MAIL}.") == [MAIL]
    assert "secret-dan" in accounts(FIRST, MAIL).values()


def test_smtp_through_its_states() -> None:
    smtp = Session(25)
    assert smtp.standing.state == "GREETED"
    assert smtp.standing.legal[:2] == ("EHLO", "HELO")
    assert smtp.type("RCPT TO:<dan@skola.example>") == "GREETED"
    assert smtp.type("EHLO me.example") == "READY"
    assert smtp.standing.legal[0] == "STARTTLS"
    assert "BDAT" not in smtp.standing.legal
    assert smtp.type("STARTTLS") == "GREETED"
    assert smtp.standing.is_secure
    assert smtp.type("EHLO me.example") == "READY"
    assert "STARTTLS" not in smtp.standing.legal
    assert smtp.type("MAIL FROM:<a@jinde.example>") == "HAS_SENDER"
    assert smtp.standing.legal[0] == "RCPT"
    assert smtp.type("RCPT TO:<nobody@skola.example>") == "HAS_SENDER"
    assert smtp.type("RCPT TO:<dan@skola.example>") == "HAS_RECIPIENT"
    assert {"DATA", "BDAT"} <= set(smtp.standing.legal)
    assert smtp.type("DATA") == "READING_CONTENT content"
    assert smtp.standing.legal == ()
    assert smtp.type("Subject: x", "", "..", ".") == "READY"
    assert smtp.type("nonsense", "QUIT") == "CLOSED"


def test_a_login_that_goes_wrong_and_one_that_does_not() -> None:
    smtp = Session(465)
    assert smtp.type("EHLO me.example", "AUTH PLAIN") == "AUTHENTICATING sasl"
    assert smtp.type("this is no base64") == "READY"
    assert smtp.type("AUTH PLAIN", "*") == "READY"
    assert not smtp.standing.is_authenticated
    assert smtp.type("AUTH PLAIN AGRhbgBzZWNyZXQtZGFu") == "READY"
    assert smtp.standing.is_authenticated
    assert "AUTH" not in smtp.standing.legal


def test_chunks_have_no_reply_of_their_own() -> None:
    smtp = Session(25)
    smtp.type("EHLO me.example", "MAIL FROM:<a@jinde.example>", "RCPT TO:<dan@skola.example>")
    assert smtp.type("BDAT 3") == "HAS_RECIPIENT"
    assert smtp.talk.talker.octets_due == 3
    assert smtp.type("x") == "HAS_CHUNKS"
    assert smtp.type("BDAT 0 LAST") == "READY"


def test_lmtp_says_lhlo() -> None:
    lmtp = Session(24)
    assert "EHLO" not in lmtp.standing.legal
    assert lmtp.type("LHLO me.example") == "READY"


def test_pop3_through_its_states() -> None:
    pop = Session(110)
    assert pop.standing.state == "AUTHORIZATION"
    assert "STLS" in pop.standing.legal
    assert pop.type("CAPA", "STLS", "USER dan") == "NAMED"
    assert "STLS" not in pop.standing.legal
    assert pop.standing.offers == {}
    assert pop.type("PASS wrong") == "AUTHORIZATION"
    assert pop.type("AUTH PLAIN") == "EXCHANGE sasl"
    assert pop.type("AGRhbgBzZWNyZXQtZGFu") == "TRANSACTION"
    assert pop.type("STAT", "RETR 1", "CAPA") == "TRANSACTION"
    assert "TOP" in pop.standing.offers
    assert pop.type("QUIT") == "UPDATE"


def test_imap_through_its_states_with_literals() -> None:
    imap = Session(143)
    assert imap.standing.state == "NOT_AUTHENTICATED"
    assert "STARTTLS" in imap.standing.legal
    assert "LOGIN" not in imap.standing.legal
    assert imap.type("a STARTTLS", "b NOOP") == "NOT_AUTHENTICATED"
    assert imap.type("b CAPABILITY") == "NOT_AUTHENTICATED"
    assert "LOGIN" in imap.standing.legal
    assert imap.type("b LOGIN {3}") == "NOT_AUTHENTICATED literal"
    assert imap.talk.talker.octets_due == 3
    assert imap.type("dan {10}", "secret-dan") == "AUTHENTICATED"
    assert imap.type("c SELECT INBOX") == "SELECTED"
    assert imap.standing.legal[0] in ("CHECK", "FETCH", "SEARCH")
    assert imap.type("d IDLE") == "SELECTED done"
    assert imap.type("DONE") == "SELECTED"
    assert imap.type("e SELECT Nowhere") == "AUTHENTICATED"
    assert imap.type("f APPEND INBOX {5}") == "AUTHENTICATED literal"
    assert imap.type("abc") == "AUTHENTICATED literal"
    assert imap.talk.talker.octets_due == 0
    assert imap.type("", "g AUTHENTICATE PLAIN") == "AUTHENTICATED"
    assert imap.type("h LOGOUT") == "LOGOUT"


def test_what_has_happened_has_happened() -> None:
    assert "* 1 EXISTS" in _inbox(20_000_000)
    assert "* 0 EXISTS" in _inbox(0)


def _inbox(begin_us: int) -> list[str]:
    imap = Session(993, begin_us)
    imap.type("a LOGIN dan secret-dan", "b SELECT INBOX")
    return imap.replies


def test_a_port_where_nobody_listens() -> None:
    nobody = Session(4000)
    assert nobody.talk.talker.is_over
    assert nobody.standing.state == "CONNECTED"


@pytest.mark.parametrize("name", ["cross-domain", "pop3-two-devices"])
def test_the_sessions_of_a_run_come_to_their_ends(name: str) -> None:
    """What agents say is followed as well as what a person types; nothing is ever lost track of."""
    from mailsim.scenario.build import build

    sessions: dict[str, Standing] = {}
    for event in build(open_scenario(name)).run().events:
        if isinstance(event, Said) and event.protocol != "dns":
            sessions.setdefault(event.conn, standing_of(event.protocol, event.tls)).take(event)
        elif isinstance(event, Noted) and isinstance(event.fact, TlsEstablished) and event.fact.conn in sessions:
            sessions[event.fact.conn].take(event)
    assert {standing.state for standing in sessions.values()} <= {"CLOSED", "LOGOUT", "UPDATE"}
    assert len(sessions) > 1
