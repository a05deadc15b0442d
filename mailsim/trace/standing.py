"""Where a session of SMTP, LMTP, IMAP or POP3 stands: a fold over what was said on its connection.

It follows both sides from outside, by the tables of states of the protocols, and judges nothing: a line that is no
command changes nothing. What the server has offered is known too, so that one can tell what may come next.

    standing = standing_of("smtp")
    for event in said:
        standing.take(event)
    standing.state                             # "HAS_SENDER"
    standing.legal                             # ("RCPT", "EHLO", "RSET", "NOOP", ..., "QUIT")
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from mailsim.errors import RemoteProtocolError
from mailsim.protocols import imap, pop3, smtp
from mailsim.protocols.pdu import Raw
from mailsim.trace.events import Event, Noted, Said
from mailsim.trace.facts import TlsEstablished

UNKNOWN = "UNKNOWN"
"""The state when a server has said what no grammar allows."""
_CAPABILITIES = re.compile(r"\bCAPABILITY ([^\]\r\n]*)", re.IGNORECASE)


class Standing(ABC):
    """Where one session stands.

    Attributes:
        offers: what the server said that it can do, in capitals, with parameters. is_secure: whether TLS is up.
        is_authenticated: whether the server knows who the client is.
    """

    def __init__(self, is_secure: bool = False) -> None:
        self.offers: Mapping[str, str] = {}
        self.is_secure, self.is_authenticated = is_secure, False

    def take(self, event: Event) -> None:
        """Follow the next event of the connection."""
        match event:
            case Said(from_client=True):
                self._client(event)
            case Said():
                self._server(event)
            case Noted(fact=TlsEstablished()) if not self.is_secure:
                self._secured()

    @property
    @abstractmethod
    def state(self) -> str:
        """The name of the state, in capitals: `HAS_SENDER`, `TRANSACTION`, `SELECTED`."""

    @property
    @abstractmethod
    def legal(self) -> tuple[str, ...]:
        """The verbs that may come now, what leads on first; none while the server waits for the rest of something."""

    @property
    def awaits(self) -> str:
        """What the client has to go on with: `content`, `sasl`, `literal`, `done`; "" when a command may come."""
        return ""

    @abstractmethod
    def _client(self, event: Said) -> None: ...

    @abstractmethod
    def _server(self, event: Said) -> None: ...

    def _secured(self) -> None:
        """TLS is up: what was offered in the clear is forgotten."""
        self.is_secure, self.offers = True, {}


def standing_of(protocol: str, is_secure: bool = False) -> Standing:
    """A session at its beginning; `protocol` as the trace calls it. Raises: KeyError for DNS and the like."""
    kinds: Mapping[str, Callable[[bool], Standing]] = {"smtp": _Smtp, "lmtp": _Lmtp, "pop": _Pop3, "imap": _Imap}
    return kinds[protocol](is_secure)


class _Smtp(Standing):
    """SMTP (RFC 5321): a client's engine follows."""

    is_lmtp = False

    def __init__(self, is_secure: bool = False) -> None:
        super().__init__(is_secure)
        self._engine = smtp.SmtpClient(is_lmtp=self.is_lmtp, tls_active=is_secure)
        self._is_broken = False

    @property
    def state(self) -> str:
        return UNKNOWN if self._is_broken else self._engine.state.name

    @property
    def legal(self) -> tuple[str, ...]:
        if self._is_broken or self.awaits:
            return ()
        state = self._engine.state
        kinds = (kind for place, kind, _ in smtp.NEXT if place is state)
        return tuple(dict.fromkeys(kind.verb for kind in kinds if kind.verb and self._makes_sense(kind)))

    @property
    def awaits(self) -> str:
        return {smtp.State.READING_CONTENT: "content", smtp.State.AUTHENTICATING: "sasl"}.get(self._engine.state, "")

    def _makes_sense(self, kind: type[smtp.Command]) -> bool:
        if kind in (smtp.Ehlo, smtp.Helo):
            return not self.is_lmtp
        if kind is smtp.Lhlo:
            return self.is_lmtp
        if kind is smtp.StartTls:
            return "STARTTLS" in self.offers and not self.is_secure
        if kind is smtp.Auth:
            return "AUTH" in self.offers and not self.is_authenticated
        return kind not in (smtp.Bdat, smtp.BdatLast) or "CHUNKING" in self.offers

    def _client(self, event: Said) -> None:
        wire, is_content = event.pdu.to_bytes(), self._engine.state is smtp.State.READING_CONTENT
        if event.pdu.role != "data" or is_content or wire[:5].upper() == b"BDAT ":  # octets of a chunk get no reply
            self._engine.send_anyway(Raw(wire))

    def _server(self, event: Said) -> None:
        self._engine.receive(event.pdu.to_bytes())
        try:
            while self._engine.next_event() is not None:
                pass
        except RemoteProtocolError:
            self._is_broken = True
        self.offers, self.is_authenticated = self._engine.extensions, self._engine.is_authenticated

    def _secured(self) -> None:
        super()._secured()
        if self._engine.state is smtp.State.STARTING_TLS:
            self._engine.reset_after_tls()


class _Lmtp(_Smtp):
    """LMTP (RFC 2033)."""

    is_lmtp = True


class _Pop3(Standing):
    """POP3 (RFC 1939): replies come in the order of the commands."""

    def __init__(self, is_secure: bool = False) -> None:
        super().__init__(is_secure)
        self._state = pop3.State.CONNECTED
        self._asked: deque[pop3.Command | None] = deque()

    @property
    def state(self) -> str:
        return self._state.name

    @property
    def awaits(self) -> str:
        return "sasl" if self._state is pop3.State.EXCHANGE else ""

    @property
    def legal(self) -> tuple[str, ...]:
        return tuple(kind.verb for state, kind in pop3.NEXT if state is self._state and self._makes_sense(kind))

    def _makes_sense(self, kind: type[pop3.Command]) -> bool:
        if kind is pop3.Stls:
            return not self.is_secure and (not self.offers or "STLS" in self.offers)
        return bool(kind.verb)

    def _client(self, event: Said) -> None:
        if self._state is pop3.State.EXCHANGE:
            self._asked.append(pop3.AuthResponse(str(event.pdu)))
            return
        command = pop3.parse_command(event.pdu.to_bytes())
        self._asked.append(None if isinstance(command, pop3.Mistake) else command)

    def _server(self, event: Said) -> None:
        reply = event.pdu.to_bytes().partition(b"\r\n")[0].decode("utf-8", "replace")
        ok = reply.startswith("+OK")
        if event.pdu.role == "greet":
            self._state = pop3.State.AUTHORIZATION if ok else pop3.State.ENDED
            return
        asked = self._asked.popleft() if self._asked else None
        if reply == "+" or reply.startswith("+ "):
            self._state = pop3.State.EXCHANGE
        elif asked is not None:
            self._state = pop3.after(self._state, asked, ok)
            self.is_authenticated = self._state is pop3.State.TRANSACTION
            if isinstance(asked, pop3.Capa) and ok:
                self.offers = _offers(event.pdu.to_bytes().decode("utf-8", "replace").split("\r\n")[1:-2])


class _Imap(Standing):
    """IMAP (RFC 3501, RFC 9051): tags tell what a response answers."""

    def __init__(self, is_secure: bool = False) -> None:
        super().__init__(is_secure)
        self._state = imap.State.GREETING
        self._pending: dict[str, type[imap.Command]] = {}
        self._last = ""
        self._invited = False

    @property
    def state(self) -> str:
        return self._state.name

    @property
    def awaits(self) -> str:
        if not self._invited:
            return ""
        kind = self._pending.get(self._last)
        return "sasl" if kind is imap.Authenticate else "done" if kind is imap.Idle else "literal"

    @property
    def legal(self) -> tuple[str, ...]:
        """What is legal in the fewest states first: it is what this state is for."""
        kinds = [kind for state, kind in imap.NEXT if state is self._state and self._makes_sense(kind)]
        return () if self._invited else tuple(kind.verb for kind in sorted(kinds, key=_how_common))

    def _makes_sense(self, kind: type[imap.Command]) -> bool:
        if kind is imap.StartTls:
            return "STARTTLS" in self.offers and not self.is_secure
        return kind is not imap.Login or "LOGINDISABLED" not in self.offers

    def _client(self, event: Said) -> None:
        self._invited = False
        fields = event.pdu.fields()
        tag, verb = str(fields.get("tag", "")), str(fields.get("verb", "")).removeprefix("UID ")
        if event.pdu.role == "cmd" and tag and verb in _IMAP_KINDS:
            self._pending[tag], self._last = _IMAP_KINDS[verb], tag

    def _server(self, event: Said) -> None:
        text = str(event.pdu)
        match event.pdu.role:
            case "greet":
                states = {"OK": imap.State.NOT_AUTHENTICATED, "PREAUTH": imap.State.AUTHENTICATED}
                self._state = states.get(_word(text), imap.State.LOGOUT)
            case "cont":
                self._invited = True
            case "tagged":
                self._finished(text)
            case "untagged" if _word(text) == "BYE":
                self._state = imap.State.LOGOUT
        found = _CAPABILITIES.search(text)
        if found is not None:
            self.offers = _offers(found[1].split())

    def _finished(self, text: str) -> None:
        tag = text.partition(" ")[0]
        kind = self._pending.pop(tag, None)
        self._invited = self._invited and tag != self._last
        if kind is None or self._state is imap.State.LOGOUT:
            return
        table = {"OK": imap.NEXT, "NO": imap.AFTER_NO}.get(_word(text), {})
        self._state = table.get((self._state, kind), self._state)
        self.is_authenticated = self._state in (imap.State.AUTHENTICATED, imap.State.SELECTED)


def _word(text: str) -> str:
    """The second word of a response, which is its status: `* OK ...`, `a1 NO ...`."""
    return [*text.split(" "), "", ""][1].upper()


def _offers(lines: Iterable[str]) -> dict[str, str]:
    """`SIZE 1000` -> {"SIZE": "1000"}; `AUTH=PLAIN` stays as it is."""
    words = (line.partition(" ") for line in lines if line)
    return {keyword.upper(): parameters for keyword, _, parameters in words}


_IMAP_KINDS: Mapping[str, type[imap.Command]] = {kind.verb: kind for _, kind in imap.NEXT}
_IMAP_STATES = {kind: sum(known is kind for _, known in imap.NEXT) for kind in _IMAP_KINDS.values()}


def _how_common(kind: type[imap.Command]) -> tuple[bool, int]:
    return kind is imap.Logout, _IMAP_STATES[kind]
