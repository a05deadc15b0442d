"""Sessions of IMAP as plain text, and how they are played against a server.

    ### UID EXPUNGE removes only what is named
    mails: 3
    A: SELECT INBOX
    A: STORE 1:2 +FLAGS.SILENT (\\Deleted)
    A: UID EXPUNGE 2
    B: STATUS INBOX (MESSAGES)

`mails:` puts so many plain mails into the INBOX, or the named ones of the corpus. `A:` is a command of the client A,
which gets a tag and is logged in (unless the session has `login: no`); `A.` is a line without a tag, sent as it is.
`{{name}}` is a mail of the corpus as a literal that needs no invitation, `{{=text}}` one with this text.
`differs: reason` says that the servers answer the command before differently, and why that is right; `ignored: reason`
that they may do so or not.
"""

from __future__ import annotations

import base64
import contextlib
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.interop.imap_reading import Answer, Listener

FOLDER = Path(__file__).parent / "imap_sessions"
_LITERAL = re.compile(rb"\{\d+(\+?)\}\r\n")


@dataclass
class Step:
    """A line of one client."""

    client: str
    line: str
    is_command: bool
    differs: str = ""
    ignored: str = ""


@dataclass
class Session:
    """A session as it stands in a file."""

    file: str
    name: str
    mails: tuple[str, ...] = ()
    login: bool = True
    steps: list[Step] = field(default_factory=list)


def sessions() -> list[Session]:
    """All sessions of all files."""
    found: list[Session] = []
    for path in sorted(FOLDER.glob("*.txt")):
        for line in filter(str.strip, path.read_text("utf-8").splitlines()):
            _read(path.stem, line, found)
    return found


def _read(file: str, line: str, found: list[Session]) -> None:
    head, _, rest = line.partition(" ")
    match head:
        case "###":
            found.append(Session(file, rest.strip()))
        case "mails:":
            names = tuple(rest.split())
            found[-1].mails = ("plain",) * int(rest) if rest.strip().isdigit() else names
        case "login:":
            found[-1].login = rest.strip() != "no"
        case "differs:":
            found[-1].steps[-1].differs = rest
        case "ignored:":
            found[-1].steps[-1].ignored = rest
        case "#":
            pass
        case _ if re.fullmatch("[A-Z][:.]", head):
            found[-1].steps.append(Step(head[0], rest, head[1] == ":"))
        case _:
            raise ValueError(f"{file}: {line}")


class Link(Protocol):
    """A connection to a server."""

    def send(self, data: bytes) -> None: ...

    def receive(self) -> bytes:
        """What has come, b"" at the end of the connection."""

    def close(self) -> None: ...


class SocketLink:
    """A connection to a real server."""

    def __init__(self, port: int) -> None:
        self.link = socket.create_connection(("127.0.0.1", port), 10)

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # it has hung up: reading will tell
            self.link.sendall(data)

    def receive(self) -> bytes:
        try:
            return self.link.recv(1 << 20)
        except ConnectionError:
            return b""
        except TimeoutError:
            return b""

    def close(self) -> None:
        self.link.close()


class Client:
    """One client of a session."""

    def __init__(self, letter: str, link: Link) -> None:
        self.letter, self.link = letter, link
        self.listener = Listener()
        self.count = 0
        self.tag = ""
        self.pending = b""
        self._until(lambda data: data.endswith(b"\r\n"))

    def command(self, line: bytes) -> Answer:
        """A command with a tag; waits for its answer, or for an invitation that is not of a literal."""
        self.count += 1
        self.tag = f"{self.letter.lower()}{self.count}"
        raw = b""
        pieces = _pieces(f"{self.tag} ".encode() + line + b"\r\n")
        for index, piece in enumerate(pieces):
            self.link.send(piece)
            if index == len(pieces) - 1 or not piece.endswith(b"+}\r\n"):
                raw += self._until(self._is_answered)
                if not _last_line(raw).startswith(b"+"):
                    break
        return self.listener.meaning(raw, self.tag)

    def line(self, line: bytes) -> Answer:
        """A line as it is; with a probe behind it, or until the pending command (IDLE) is answered."""
        self.link.send(line + b"\r\n")
        if line.upper() == b"DONE":
            return self.listener.meaning(self._until(self._is_answered), self.tag)
        self.count += 1
        self.tag = f"{self.letter.lower()}{self.count}"
        self.link.send(f"{self.tag} NOOP\r\n".encode())
        return self.listener.meaning(self._until(self._is_tagged), self.tag)

    def _is_answered(self, data: bytes) -> bool:
        return _last_line(data).startswith((self.tag.encode() + b" ", b"+")) and data.endswith(b"\r\n")

    def _is_tagged(self, data: bytes) -> bool:
        return _last_line(data).startswith(self.tag.encode() + b" ") and data.endswith(b"\r\n")

    def _until(self, is_enough: Callable[[bytes], bool]) -> bytes:
        data, self.pending = self.pending, b""
        while not data or not is_enough(data):
            more = self.link.receive()
            if not more:
                return data + b"* BYE [HUNG-UP] \r\n"
            data += more
        return data


def _last_line(data: bytes) -> bytes:
    return data[data.rfind(b"\r\n", 0, -2) + 2 :] if b"\r\n" in data[:-2] else data


def _pieces(data: bytes) -> list[bytes]:
    """Cut behind each literal's announcement that waits for an invitation."""
    cuts = [match.end() for match in _LITERAL.finditer(data) if not match[1]]
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if data[a:b]]


def literal(octets: bytes) -> bytes:
    """Octets behind their count, without waiting for an invitation."""
    return b"{%d+}\r\n%b" % (len(octets), octets)


def expanded(line: str, corpus: dict[str, bytes]) -> bytes:
    """A line with its mails put in."""

    def put_in(match: re.Match[bytes]) -> bytes:
        name = match[2]
        octets = corpus[name.decode()] if name[:1] != b"=" else name[1:]
        for written, meant in ((b"\\r", b"\r"), (b"\\n", b"\n"), (b"\\0", b"\0")) if name[:1] == b"=" else ():
            octets = octets.replace(written, meant)
        return match[1] + literal(octets)

    return re.sub(rb"(~?)\{\{(.+?)\}\}", put_in, line.encode())


def play(session: Session, dial: Callable[[], Link], user: str, corpus: dict[str, bytes]) -> list[Answer]:
    """Play a session; gives what was answered to each step."""
    clients: dict[str, Client] = {}
    if session.mails:
        filler = Client("Z", dial())
        filler.command(f"LOGIN {user} heslo".encode())
        for name in session.mails:
            filler.command(b'APPEND INBOX () "05-Jan-2026 08:00:00 +0000" ' + literal(corpus[name]))
        filler.command(b"LOGOUT")
        filler.link.close()
    answers = []
    for step in session.steps:
        if step.client not in clients:
            clients[step.client] = Client(step.client, dial())
            if session.login:
                clients[step.client].command(f"LOGIN {user} heslo".encode())
        client = clients[step.client]
        line = expanded(step.line.replace("$USER", user).replace("$PLAIN", sasl_plain(user)), corpus)
        answers.append(client.command(line) if step.is_command else client.line(line))
    for client in clients.values():
        client.link.close()
    return answers


def sasl_plain(user: str) -> str:
    """The initial response of AUTHENTICATE PLAIN."""
    return base64.b64encode(f"\0{user}\0heslo".encode()).decode()
