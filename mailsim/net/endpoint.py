"""A TCP connection as the programs of a host have it: what they say and read, with TLS or without.

What is real of TCP: the three-way handshake, MSS, cumulative and delayed acknowledgments, the retransmission timeout
with its estimate and backoff, FIN in both directions, RST, a host that refuses against one that stays silent. What is
left out is listed in `network.SIMPLIFICATIONS`. An endpoint is made of four layers, each of which stands on the others:

    sending     segments, the window, retransmission
    receiving   bytes in order, acknowledgments
    lifecycle   how a connection opens, closes and breaks
    endpoint    what scripts say and read
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from mailsim.agents.operations import StartTls
from mailsim.errors import ConnectionReset, ServiceEnds
from mailsim.net import tls
from mailsim.net.driver import Task
from mailsim.net.lifecycle import Lifecycle
from mailsim.net.states import CLOSE_WAIT, CLOSED, ESTABLISHED, SILENT, SYN_RECEIVED
from mailsim.protocols.pdu import Pdu
from mailsim.trace.events import Path, Said

if TYPE_CHECKING:
    from mailsim.net.host import HostNode
    from mailsim.net.way import Way


class Eavesdropper(Protocol):
    """Who has to know what is said inside TLS by a program that is no script."""

    def hear_decrypted(self, data: bytes, cause: int) -> int:
        """The other side says this; gives the cause of what follows."""

    def hear_server(self, data: bytes) -> None:
        """This side says that."""


class Endpoint(Lifecycle):
    """One side of a connection.

    Attributes:
        ear: who listens to what is said here inside TLS.
    """

    __slots__ = ("ear",)

    def __init__(self, host: HostNode, way: Way, path: Path, is_client: bool, service: str) -> None:
        super().__init__(host, way, path, is_client)
        self.service = service
        self.ear: Eavesdropper | None = None

    def say(self, task: Task, protocol: str, pdus: Sequence[Pdu]) -> int:
        """Send PDUs in one write: an event for each, and segments caused by them."""
        layer = self.layer
        if (self.state is not ESTABLISHED and self.state in SILENT) or (layer is not None and layer.has_failed):
            raise ConnectionReset(f"{self.id} is closed")
        recorder = self._recorder
        first = recorder.next_seq
        if recorder.keep:
            self._record(task.causes, protocol, pdus)
        else:
            recorder.next_seq = first + len(pdus)
        if len(pdus) == 1:
            data = pdus[0].to_bytes()
            said: tuple[int, ...] = (first,)
            task.causes = said
        else:
            data = b"".join([pdu.to_bytes() for pdu in pdus])
            said = tuple(range(first, recorder.next_seq))
            task.causes = said[-1:]
        self.write(data if layer is None else self._encrypted(layer, data), said)
        return recorder.next_seq - 1

    def _record(self, causes: tuple[int, ...], protocol: str, pdus: Sequence[Pdu]) -> None:
        """An event for each PDU; each follows from the one before it."""
        recorder, at, node, port = self._recorder, self._clock.now_us, self.host.name, self.server_port
        for pdu in pdus:
            seq = recorder.take_seq()
            recorder.add(
                Said(seq, at, node, causes, self.id, self.peer_name, protocol, port, self.is_client, self.tls, pdu)
            )
            causes = (seq,)

    def _encrypted(self, layer: tls.TlsLayer, data: bytes) -> bytes:
        if self.ear is not None:
            self.ear.hear_server(data)
        return layer.encrypt(data)

    def read(self, task: Task, timeout_us: int | None) -> Any:
        """All bytes that have come, b"" at the end of the stream; else wait."""
        if self.state is not ESTABLISHED or self._inbox or self.layer is not None:
            data = self._what_is_there(task)
            if data is not None:
                return data
        return self.wait(task, timeout_us)

    def _what_is_there(self, task: Task) -> bytes | None:
        layer = self.layer
        if self._inbox or (layer is not None and layer.has_more):
            data = self._take() if layer is None else self._decrypted(layer, task)
            if data:
                task.also_because_of(self._inbox_cause)
                return data
        if self.state is CLOSED and not self._peer_fin:
            raise ConnectionReset(f"{self.id} was reset")
        if self._peer_fin or (layer is not None and layer.is_over):
            task.also_because_of(self._inbox_cause)
            return b""
        return None

    def _decrypted(self, layer: tls.TlsLayer, task: Task) -> bytes:
        data = tls.read(self, layer, task, self._take())
        if data and self.ear is not None:
            self._inbox_cause = self.ear.hear_decrypted(data, self._inbox_cause)
        return data

    def _arrived_encrypted(self, layer: tls.TlsLayer, cause: int) -> None:
        tls.arrived(self, layer, self._take(), cause, is_end=self._peer_fin)

    def start_tls(self, task: Task, wish: StartTls) -> Any:
        """Throw away what came in the clear, and put TLS under the connection."""
        if self.state is CLOSED:
            raise ConnectionReset(f"{self.id} was reset")
        return tls.start(self, task, wish, len(self._take()))

    def end_service(self) -> None:
        """Let a server that waits for its client wait no longer; in the middle of a handshake it has nothing to say."""
        if self._reader is None or (self.layer is not None and not self.layer.is_up):
            return
        self.stop_waiting().resume(error=ServiceEnds(f"the service behind {self.id} ends"))

    # --- how it stands --------------------------------------------------------------------------

    @property
    def other(self) -> Endpoint | None:
        """The other side's endpoint; None when it is gone."""
        host = self.host.network.hosts.get(self.peer_name)
        return host.tcp.connections.get(self._path.key) if host is not None else None

    @property
    def is_open(self) -> bool:
        """Whether this side may still send."""
        return self.state in (ESTABLISHED, SYN_RECEIVED, CLOSE_WAIT)

    @property
    def is_resting(self) -> bool:
        """Whether a script waits for more, and all that it said has arrived."""
        return self._reader is not None and not (self._inbox or self._unsent or self._in_flight)
