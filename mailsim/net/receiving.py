"""The receiving half of TCP: bytes in order for whoever reads, acknowledgments for the sender (RFC 9293 section 3.8).

A script waits *inside* the arrival of a segment, so what it says goes out before `arrived` returns, and the
acknowledgment of what came rides on the answer. Only when there was no answer an acknowledgment is owed: it goes
out with the second segment, or after 40 ms (RFC 1122 section 4.2.3.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailsim.net.driver import BLOCKED, Task
from mailsim.net.sending import NUMBERS, PUSH, Sender
from mailsim.net.states import CLOSE_WAIT, CLOSED, ESTABLISHED
from mailsim.trace.events import ACK, FIN, Path, Segment

if TYPE_CHECKING:
    from mailsim.net.host import HostNode
    from mailsim.net.tls import TlsLayer
    from mailsim.net.way import Way

DELAYED_ACK_US = 40_000
USUAL = frozenset((ACK, PUSH))
"""The flags of nearly every segment."""


class Receiver(Sender):
    """What has come to one side of a connection.

    Attributes:
        layer: the TLS under the connection.
    """

    __slots__ = (
        "_ack_due_at",
        "_inbox",
        "_inbox_cause",
        "_is_half_closed",
        "_out_of_order",
        "_owed_cause",
        "_peer_fin",
        "_reader",
        "layer",
    )

    def __init__(self, host: HostNode, way: Way, path: Path, is_client: bool) -> None:
        super().__init__(host, way, path, is_client)
        self.layer: TlsLayer | None = None
        self._inbox: list[bytes] = []
        self._inbox_cause = self._owed_cause = self._ack_due_at = -1
        self._reader: Task | None = None
        self._out_of_order: dict[int, Segment] = {}
        self._peer_fin = self._is_half_closed = False

    # --- arrival --------------------------------------------------------------------------------

    def arrived(self, segment: Segment) -> None:
        """A segment for this connection has come.

        It is nearly always the next one of an open connection, with data, an acknowledgment or both ("header
        prediction", Van Jacobson 1990); everything else may take its time.
        """
        if (
            segment.sequence != self.receive_next
            or segment.flags not in USUAL
            or self.state is not ESTABLISHED
            or self._out_of_order
        ):
            self._arrived_otherwise(segment)
            return
        if self._in_flight:
            self._acknowledged(segment.acknowledgment)
        payload = segment.payload
        if payload:
            self.receive_next = (self.receive_next + len(payload)) & NUMBERS
            self.owed_segments += 1
            reader = self._reader
            if reader is None or self.layer is not None:
                self._inbox.append(payload)
                self._inbox_cause = segment.seq
                self._wake_reader(segment.seq)
            else:
                self._reader = None
                reader.causes = (segment.seq,)
                reader.resume(payload)
            if self.owed_segments:
                self._owe(segment)

    def _arrived_otherwise(self, segment: Segment) -> None:
        """A segment that is not as usual."""
        raise NotImplementedError

    def _accept(self, segment: Segment) -> None:
        """Take in a segment with data or FIN, if it is the next one, and those that have waited for it."""
        distance = self._distance(segment.sequence)
        if distance:
            if distance > 0:
                self._out_of_order[segment.sequence] = segment
            self._acknowledge(segment.seq)
            return
        self._take_in(segment)
        while waiting := self._out_of_order.pop(self.receive_next, None):
            self._take_in(waiting)
        self.owed_segments += 1
        self._wake_reader(segment.seq)
        if self.owed_segments:
            self._owe(segment)

    def _distance(self, sequence: int) -> int:
        """How far a number lies after what we expect next (negative: before)."""
        return ((sequence - self.receive_next + 0x80000000) & NUMBERS) - 0x80000000

    def _take_in(self, segment: Segment) -> None:
        payload = segment.payload
        if payload:
            if self.state is ESTABLISHED or self.state is CLOSE_WAIT or self._is_half_closed:
                self._inbox.append(payload)
                self._inbox_cause = segment.seq
            self.receive_next = (self.receive_next + len(payload)) & NUMBERS
        if segment.flags & FIN:
            self.receive_next = (self.receive_next + 1) & NUMBERS
            self._peer_fin = True
            self._inbox_cause = segment.seq
            if self.state is ESTABLISHED:
                self.state = CLOSE_WAIT

    # --- acknowledgments ------------------------------------------------------------------------

    def _owe(self, segment: Segment) -> None:
        """Acknowledge every second segment and a FIN at once, anything else within 40 ms."""
        if self.state is CLOSED:
            return
        if self.owed_segments >= 2 or self._peer_fin:
            self._acknowledge(segment.seq)
        else:
            self._owed_cause = segment.seq
            self._ack_due_at = self._clock.now_us + DELAYED_ACK_US
            self._timers.wake_by(self._ack_due_at)

    def _look_at_timers(self) -> None:
        self._look_at_owed()
        self._look_at_oldest()

    def _look_at_owed(self) -> None:
        """Somebody may have waited for an acknowledgment for long enough."""
        if not self.owed_segments:
            return
        if self._ack_due_at > self._clock.now_us:
            self._timers.wake_by(self._ack_due_at)
        else:
            self._acknowledge(self._owed_cause)

    # --- reading --------------------------------------------------------------------------------

    def wait(self, task: Task, timeout_us: int | None) -> Any:
        """Let a task wait for what comes next."""
        self._reader = task
        if timeout_us is not None:
            task.patience(timeout_us, self._reader_gives_up)
        return BLOCKED

    def stop_waiting(self) -> Task:
        """The task that waits; it has what it waited for."""
        task, self._reader = self._reader, None
        assert task is not None
        return task

    def stop_reading(self, answer: bytes | None) -> None:
        """Resume the reader without bytes: a signal came first."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.resume(answer)

    def _reader_gives_up(self) -> None:
        task, self._reader = self._reader, None
        if task is not None:
            task.give_up(self.id)

    def _wake_reader(self, cause: int) -> None:
        reader = self._reader
        if reader is None or not (self._inbox or self._peer_fin):
            return
        if self.layer is not None:
            self._arrived_encrypted(self.layer, cause)
            return
        self._reader = None
        reader.woken(cause, self._take())

    def _arrived_encrypted(self, layer: TlsLayer, cause: int) -> None:
        """Somebody waits for what TLS makes of what has come."""
        raise NotImplementedError

    def _take(self) -> bytes:
        """Everything that has come and was not read."""
        inbox = self._inbox
        data = inbox[0] if len(inbox) == 1 else b"".join(inbox)
        inbox.clear()
        return data
