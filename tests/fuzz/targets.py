"""What is fuzzed: for each parser a function of bytes that must come to its end, whatever the bytes are.

A server never raises, whatever arrives, and says the same however its input was cut. A client raises nothing but
RemoteProtocolError. What was read can be written again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Protocol

from mailsim.errors import RemoteProtocolError
from mailsim.mail.envelope import Envelope
from mailsim.protocols import dns, imap, pop3, smtp
from mailsim.protocols.dns.wire import decode
from mailsim.protocols.smtp.parameters import envelope_of
from mailsim.protocols.smtp.parsing import BadCommand, parse_command
from tests.agents.imap_wire import ImapWorld
from tests.protocols.pop3.session import DOTTED, SHORT, Session, host
from tests.protocols.smtp.small_world import SmallWorld

TLS_BEGINS = b"Ready to start TLS"


class Served(Protocol):
    """One connection of a server, as bytes."""

    def connect(self) -> bytes: ...

    def receive(self, data: bytes) -> bytes: ...


def _same_however_cut(make: Callable[[], Served], opening: bytes, data: bytes) -> None:
    """Feed a server with the data whole, and in pieces whose length is that of its first octet.

    What came together with STARTTLS is thrown away, what comes later is not: from there on the cuts may show.
    """
    size = max(1, data[0] if data else 1)
    heard = []
    for pieces in ([data], [data[start : start + size] for start in range(0, len(data), size)]):
        server = make()
        server.connect()
        server.receive(opening)
        heard.append(b"".join(map(server.receive, pieces)).partition(TLS_BEGINS)[0])
    assert heard[0] == heard[1], "the server's answer depends on how its input was cut"


def _read_all(client: Any, data: bytes) -> None:
    """Let a client hear the data, and read until it has enough."""
    try:
        client.receive(data)
        while client.next_event() is not None:
            pass
    except RemoteProtocolError:
        pass


# --- SMTP and LMTP ------------------------------------------------------------------------------

SMTP_OPENINGS = (
    b"",
    b"EHLO a.example\r\n",
    b"EHLO a.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<dan@firma.example>\r\n",
    b"EHLO a.example\r\nMAIL FROM:<a@b.example> SMTPUTF8\r\nRCPT TO:<dan@firma.example>\r\nDATA\r\n",
)


def fuzz_smtp(data: bytes) -> None:
    """Server of SMTP and LMTP, client, and a command line alone."""
    kind, data = (data[0], data[1:]) if data else (0, b"")
    is_lmtp = bool(kind & 4)
    opening = SMTP_OPENINGS[kind % 4].replace(b"EHLO", b"LHLO") if is_lmtp else SMTP_OPENINGS[kind % 4]
    settings: dict[str, Any] = {"is_lmtp": is_lmtp, "size_limit": 2000, "max_recipients": 3}
    if kind & 8:
        settings |= {"auth_mechanisms": ("PLAIN", "LOGIN"), "starttls": True}
    _same_however_cut(lambda: SmallWorld(**settings), opening, data)
    _smtp_client(data, is_lmtp)
    _smtp_line(data)


def _smtp_client(data: bytes, is_lmtp: bool) -> None:
    client = smtp.SmtpClient(is_lmtp=is_lmtp)
    hello = smtp.Lhlo("a.example") if is_lmtp else smtp.Ehlo("a.example")
    client.receive(b"220 mx\r\n")
    client.next_event()
    client.send(hello)
    client.receive(b"250-mx\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 ENHANCEDSTATUSCODES\r\n")
    client.next_event()
    for command in (smtp.Mail("a@b.example"), smtp.Rcpt("c@d.example"), smtp.Rcpt("e@d.example"), smtp.Data()):
        client.send(command)
    _read_all(client, data)


def _smtp_line(data: bytes) -> None:
    try:
        command = parse_command(data.partition(b"\r\n")[0] + b"\r\n")
    except BadCommand:
        return
    if isinstance(command, smtp.Bdat):
        return  # its octets are missing
    again = parse_command(command.to_bytes())
    assert again == command, f"{command!r} is read as {again!r}"
    if isinstance(command, smtp.Mail):
        assert isinstance(envelope_of(command, {}), Envelope)


# --- the others ---------------------------------------------------------------------------------

IMAP_OPENINGS = (b"", b"a LOGIN dan@skola.example heslo\r\n", b"a LOGIN dan@skola.example heslo\r\nb SELECT INBOX\r\n")


def fuzz_imap(data: bytes) -> None:
    """The IMAP server with a mailbox behind it, and the client."""
    kind, data = (data[0], data[1:]) if data else (0, b"")
    _same_however_cut(lambda: ImapWorld.of([SHORT, DOTTED]).unconnected(), IMAP_OPENINGS[kind % 3], data)
    client = imap.ImapClient()
    client.receive(b"* OK hello\r\n")
    client.next_event()
    client.send(imap.Noop())
    _read_all(client, data)


POP3_OPENINGS = (b"", b"USER borek\r\nPASS heslo\r\n")


def fuzz_pop3(data: bytes) -> None:
    """The POP3 server with a maildrop, and the client."""
    kind, data = (data[0], data[1:]) if data else (0, b"")
    _same_however_cut(lambda: Session(host(SHORT, DOTTED)), POP3_OPENINGS[kind % 2], data)
    client = pop3.Pop3Client()
    client.receive(b"+OK hello\r\n")
    client.next_event()
    client.send(pop3.Capa())
    _read_all(client, data)


def fuzz_dns(data: bytes) -> None:
    """A message as a server and as a client read it, and messages on TCP."""
    heard = dns.read_query(data)
    if heard is not None:
        heard.to_bytes()
        str(heard)
        heard.fields()
    with contextlib.suppress(RemoteProtocolError):
        decode(data)
    frames = dns.Frames()
    frames.receive(data)
    while (message := frames.next_message()) is not None:
        dns.read_query(message, framed=True)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "smtp": fuzz_smtp,
    "imap": fuzz_imap,
    "pop3": fuzz_pop3,
    "dns": fuzz_dns,
}
