"""TLS under a connection: a pump between the byte stream of TCP and what scripts say and read (RFC 8446, RFC 5246).

`ssl` does the cryptography on two memory buffers; nothing here opens a socket. The endpoint hands over what has come
whenever somebody waits for it, and sends what `ssl` leaves in the other buffer. A handshake, a record that is cut in
two by segments, a Finished and a command in one segment: all of them are the same step, "take in what has come, see
whether that is enough to go on".

A client whose policy is to check has the chain and the name checked by OpenSSL, so that it refuses with an alert as
real clients do. The dates are those of the scenario's calendar, which OpenSSL cannot know: it refuses what has expired
because `TlsContexts` sees to it, and what is not valid yet as soon as the handshake is over, before anything is said.
"""

from __future__ import annotations

import re
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mailsim.agents.operations import Secured, StartTls
from mailsim.errors import TlsFailed
from mailsim.net.driver import Task
from mailsim.trace import facts

if TYPE_CHECKING:
    from mailsim.net.endpoint import Endpoint
    from mailsim.net.tls_contexts import TlsContexts

PIECE = 65536
BAD_DATES = ("expired", "not-yet-valid")
VERIFY_REASONS = {
    10: "expired",
    12: "expired",
    9: "not-yet-valid",
    18: "self-signed",
    62: "wrong-name",
    64: "wrong-name",
}
"""Of X509_V_ERR_*; every other one means that the chain leads to nobody whom the client knows."""


class Refusal(Exception):
    """What a handshake ends with when it fails: the reason of `facts.TLS_FAILURES`, and a detail."""


class TlsLayer:
    """One side's TLS.

    Attributes:
        is_up: whether the handshake is done. is_over: whether the other side has said that nothing more comes.
        wish: what the script asked for. discarded: octets of plaintext that were thrown away before.
    """

    __slots__ = ("_incoming", "_object", "_outgoing", "discarded", "has_failed", "is_over", "is_up", "wish")

    def __init__(self, wish: StartTls, discarded: int, context: ssl.SSLContext, is_client: bool) -> None:
        self.wish, self.discarded = wish, discarded
        self.is_up = self.is_over = self.has_failed = False
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = wish.server_name or None if is_client else None
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=not is_client, server_hostname=name)

    # --- bytes ----------------------------------------------------------------------------------

    def encrypt(self, data: bytes) -> bytes:
        """The records for something to be said. Raises: TlsFailed after TLS has failed."""
        if self.has_failed or not self.is_up:
            raise TlsFailed("TLS is not up")
        if data:
            self._object.write(data)
        return self._outgoing.read()

    @property
    def has_more(self) -> bool:
        """Whether records have come that nobody has looked at: there may be some right behind a handshake."""
        return self.is_up and not self.has_failed and self._incoming.pending > 0

    def decrypt(self, data: bytes) -> bytes:
        """What is said in the records that are complete by now. Raises: ssl.SSLError when one is damaged."""
        self._incoming.write(data)
        pieces: list[bytes] = []
        try:
            while piece := self._object.read(PIECE):
                pieces.append(piece)
                if not self._incoming.pending:  # to ask `ssl` in vain costs an exception
                    break
            else:
                self.is_over = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.is_over = True
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def farewell(self) -> bytes:
        """close_notify, which has to be said before FIN (RFC 8446 section 6.1)."""
        if self.has_failed or not self.is_up:
            return b""
        with suppress(ssl.SSLError):  # the answer of the other side is not waited for
            self._object.unwrap()
        return self._outgoing.read()

    def unsent(self) -> bytes:
        """What TLS itself has to say: the handshake, alerts, new keys."""
        return self._outgoing.read() if self._outgoing.pending else b""

    # --- handshake ------------------------------------------------------------------------------

    def shake(self, data: bytes) -> bool:
        """Go on with the handshake; gives whether it is done. Raises: Refusal."""
        self._incoming.write(data)
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            raise Refusal(*_reason(error)) from None
        return True

    def outcome(self, contexts: TlsContexts, at_us: int) -> Secured:
        """What was agreed, and what the client thinks of the certificate. Raises: Refusal when it insists."""
        problem = ""
        if self.wish.server_name:
            problem = contexts.problem(self._object.getpeercert(binary_form=True), self.wish.server_name, at_us)
        if problem and self.wish.check:
            raise Refusal(problem, "")
        cipher = self._object.cipher()
        name = registered(cipher[0]) if cipher else ""
        return Secured(self._object.version() or "", name, problem, self.discarded)


_GCM = re.compile(r"(?:(EC)?DHE-(ECDSA|RSA)-)?AES(128|256)-GCM-(SHA256|SHA384)")


def registered(cipher: str) -> str:
    """The name of a cipher suite of TLS 1.2 as IANA has it, from that of OpenSSL; those of TLS 1.3 are the same."""
    head, poly, _ = cipher.partition("-CHACHA20-POLY1305")
    if poly:
        return f"TLS_{head.replace('-', '_')}_WITH_CHACHA20_POLY1305_SHA256"
    if (match := _GCM.fullmatch(cipher)) is None:
        return cipher
    exchange = cipher.partition("-AES")[0].replace("-", "_") if match[2] else "RSA"
    return f"TLS_{exchange}_WITH_AES_{match[3]}_GCM_{match[4]}"


def _reason(error: ssl.SSLError) -> tuple[str, str]:
    """Which of `facts.TLS_FAILURES` an error of OpenSSL is, and what OpenSSL says."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return VERIFY_REASONS.get(error.verify_code, "unknown-ca"), ""  # its words differ from version to version
    words = error.reason or type(error).__name__
    detail = words.rpartition("ALERT_")[2].replace("_", " ").lower()
    if "ALERT" in words:
        return ("no-common-version" if "PROTOCOL_VERSION" in words else "alert"), detail
    if words in ("UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "VERSION_TOO_LOW"):
        return "no-common-version", detail
    return "not-tls" if words in (
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "PACKET_LENGTH_TOO_LONG",
    ) else "broken", detail


# --- what the endpoint calls --------------------------------------------------------------------


def start(endpoint: Endpoint, task: Task, wish: StartTls, discarded: int) -> Any:
    """Begin a handshake; the task is resumed when it is over."""
    contexts = endpoint.host.network.tls
    context = None
    if contexts is not None:
        versions = tuple(wish.versions)
        context = (
            contexts.client(
                versions, check=wish.check, host=endpoint.peer_name, at_us=endpoint.host.network.clock.now_us
            )
            if endpoint.is_client
            else contexts.server(endpoint.host.name, versions)
        )
    if endpoint.is_client:
        task.note(facts.TlsStarted(*_about(endpoint, wish), wish.server_name))
    if context is None:
        task.note(facts.TlsFailed(*_about(endpoint, wish), "no-certificate", ""))
        raise TlsFailed(f"{endpoint.host.name} has no certificate", "no-certificate")
    endpoint.layer = TlsLayer(wish, discarded, context, endpoint.is_client)
    blocked = endpoint.wait(task, wish.timeout_us)
    if endpoint.is_client:
        _go_on(endpoint, endpoint.layer, b"", task.causes)
    return blocked


def arrived(endpoint: Endpoint, layer: TlsLayer, data: bytes, cause: int, *, is_end: bool) -> None:
    """Bytes have come (or the end of the stream) while a task waits for them."""
    if not layer.is_up:
        _go_on(endpoint, layer, data, (cause,), is_end=is_end)
        return
    try:
        said = layer.decrypt(data) if data else b""
    except ssl.SSLError as error:
        _fail(endpoint, layer, (cause,), *_reason(error))
        return
    _send_own(endpoint, layer, (cause,))
    if said and endpoint.ear is not None:
        cause = endpoint.ear.hear_decrypted(said, cause)
    if said or layer.is_over or is_end:
        endpoint.stop_waiting().woken(cause, said)


def read(endpoint: Endpoint, layer: TlsLayer, task: Task, data: bytes) -> bytes:
    """What is said in bytes that had come before anybody asked. Raises: TlsFailed."""
    try:
        said = layer.decrypt(data)
    except ssl.SSLError as error:
        reason, detail = _reason(error)
        layer.has_failed = True
        _send_own(endpoint, layer, task.causes)
        task.note(facts.TlsFailed(*_about(endpoint, layer.wish), reason, detail))
        raise TlsFailed(detail, reason) from None
    _send_own(endpoint, layer, task.causes)
    return said


def _go_on(endpoint: Endpoint, layer: TlsLayer, data: bytes, causes: tuple[int, ...], *, is_end: bool = False) -> None:
    try:
        is_done = layer.shake(data)
        if is_done:
            network = endpoint.host.network
            assert network.tls is not None
            secured = layer.outcome(network.tls, network.clock.now_us)
    except Refusal as refusal:
        layer.is_up = refusal.args[0] in BAD_DATES
        _fail(endpoint, layer, _causes(endpoint, causes, refusal.args[0]), *refusal.args)
        return
    _send_own(endpoint, layer, causes)
    if is_done:
        layer.is_up = endpoint.tls = True
        _established(endpoint, layer, _causes(endpoint, causes, secured.problem), secured)
    elif is_end:
        _fail(endpoint, layer, causes, "closed", "")


def _causes(endpoint: Endpoint, causes: tuple[int, ...], problem: str) -> tuple[int, ...]:
    """With the faults because of which the server's certificate is out of date, if that is the problem."""
    contexts = endpoint.host.network.tls
    if problem != "expired" or contexts is None or not endpoint.is_client:
        return causes
    return tuple(sorted({*causes, *contexts.expired.get(endpoint.peer_name, ())}))


def _established(endpoint: Endpoint, layer: TlsLayer, causes: tuple[int, ...], secured: Secured) -> None:
    task = endpoint.stop_waiting()
    task.causes = causes
    verdict = not secured.problem if endpoint.is_client else None
    agreed = (secured.version, secured.cipher, verdict, secured.problem, secured.discarded)
    task.note(facts.TlsEstablished(*_about(endpoint, layer.wish), *agreed))
    task.resume(secured)


def _fail(endpoint: Endpoint, layer: TlsLayer, causes: tuple[int, ...], reason: str, detail: str) -> None:
    """Send the alert, if there is one, and let the script know."""
    _send_own(endpoint, layer, causes)
    farewell = layer.farewell()
    if farewell:
        endpoint.write(farewell, causes)
    layer.has_failed = True
    task = endpoint.stop_waiting()
    task.causes = causes
    task.note(facts.TlsFailed(*_about(endpoint, layer.wish), reason, detail))
    task.resume(error=TlsFailed(detail or reason, reason))


def _send_own(endpoint: Endpoint, layer: TlsLayer, causes: tuple[int, ...]) -> None:
    data = layer.unsent()
    if data:
        endpoint.write(data, causes)


def _about(endpoint: Endpoint, wish: StartTls) -> tuple[str, str, str, int, int, str, str, str]:
    return (*endpoint.about(), "client" if endpoint.is_client else "server", wish.mode)
