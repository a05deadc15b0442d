"""TCP as far as mail needs it (RFC 9293): a byte stream that does not keep boundaries.

What is real: the three-way handshake, MSS, cumulative and delayed acknowledgments (RFC 1122 section
4.2.3.2), the retransmission timeout with its estimate and backoff (RFC 6298), FIN in both directions, RST,
a host that refuses against one that stays silent. What is left out is listed in `network.SIMPLIFICATIONS`.

Three things bite:
- A script waits *inside* the arrival of a segment, so what it sends goes out before `arrived` returns: the ACK
  of what came rides on the answer. Only when no answer was sent is an ACK owed.
- Numbers are 32 bits on the wire and plain integers here; only `_segment` cuts them.
- An endpoint must be let go when both sides have closed: the host's table is its only owner.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from mailsim.agents.operations import Connection, StartTls
from mailsim.errors import (
    ConnectionRefused,
    ConnectionReset,
    ConnectionTimedOut,
)
from mailsim.net import tls
from mailsim.net.clock import OFF, Alarm
from mailsim.net.driver import BLOCKED, Task
from mailsim.net.packets import TCP, TCP_MSS_OPTION, WINDOW, FlyingSegment
from mailsim.protocols.pdu import Pdu
from mailsim.trace.events import ACK, FIN, PSH, RST, SYN, Path, Said, Segment
from mailsim.trace.facts import TcpClosed, TcpEstablished, TcpFact, TcpLost, TcpRefused, TcpTimedOut

if TYPE_CHECKING:
    from mailsim.net.host import HostNode
    from mailsim.net.way import Way

INITIAL_RTO_US = 1_000_000
MINIMUM_RTO_US = 1_000_000
MAXIMUM_RTO_US = 60_000_000
DELAYED_ACK_US = 40_000
MAXIMUM_RETRANSMISSIONS = 9
NOT_TIMED = -1
NUMBERS = 0xFFFFFFFF
"""Sequence numbers have 32 bits on the wire (RFC 9293 section 3.4)."""


class State(Enum):
    """The states of RFC 9293 section 3.3.2 that this TCP knows; TIME-WAIT is not modelled."""

    __hash__ = object.__hash__  # members are single; Enum's own hash is a call in Python, on the hot path

    SYN_SENT = "SYN-SENT"
    SYN_RECEIVED = "SYN-RECEIVED"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT = "FIN-WAIT"
    CLOSE_WAIT = "CLOSE-WAIT"
    LAST_ACK = "LAST-ACK"
    CLOSED = "CLOSED"


SYN_RECEIVED, ESTABLISHED = State.SYN_RECEIVED, State.ESTABLISHED
SILENT = frozenset((State.CLOSED, State.FIN_WAIT, State.LAST_ACK))
"""States in which we have said that nothing more will come from us."""


def mss_for(address: str) -> int:
    """Largest payload of a segment: 1500 octets of Ethernet less the IP and TCP headers."""
    return 1440 if ":" in address else 1460


class Eavesdropper(Protocol):
    """Who has to know what is said inside TLS by a program that is no script."""

    def hear_decrypted(self, data: bytes, cause: int) -> int:
        """The other side says this; gives the cause of what follows."""

    def hear_server(self, data: bytes) -> None:
        """This side says that."""


class Endpoint(Connection):
    """One side of a connection: the state, what was sent and not acknowledged, what came and was not read."""

    __slots__ = (
        "_ack_alarm",
        "_backoff",
        "_clock",
        "_fin_sequence",
        "_inbox",
        "_inbox_cause",
        "_listens_on",
        "_out_of_order",
        "_path",
        "_peer_fin",
        "_reader",
        "_recorder",
        "_retransmit_alarm",
        "_retries",
        "_rto_us",
        "_rtt_us",
        "_rtt_variation_us",
        "_timed_at",
        "_timed_sequence",
        "_unacknowledged",
        "_unsent",
        "_way",
        "ear",
        "host",
        "layer",
        "mss",
        "owed_segments",
        "receive_next",
        "send_next",
        "send_unacknowledged",
        "service",
        "state",
    )

    def __init__(
        self, host: HostNode, way: Way, conn: str, local: tuple[str, int], peer_port: int, is_client: bool
    ) -> None:
        self.host, self._way, self.id = host, way, conn
        self.local_address, self.local_port = local
        self.peer_name, self.peer_address, self.peer_port = way.peer, way.destination, peer_port
        self.is_client, self.tls, self.service = is_client, False, ""
        self._path = Path(conn, *local, way.destination, peer_port, way.peer)
        self.layer: tls.TlsLayer | None = None
        self.ear: Eavesdropper | None = None
        self.state = State.SYN_SENT if is_client else State.SYN_RECEIVED
        self.mss = mss_for(self.local_address)
        self.send_next = self.send_unacknowledged = host.network.initial_sequence()
        self.receive_next = 0
        self.owed_segments = 0
        self._inbox: list[bytes] = []
        self._inbox_cause = -1
        self._reader: Task | None = None
        self._out_of_order: dict[int, Segment] = {}
        self._peer_fin = False
        self._listens_on = False
        self._fin_sequence = -1
        self._unsent: deque[tuple[bytes | memoryview, int, tuple[int, ...]]] = deque()
        self._unacknowledged: deque[tuple[int, int, Segment]] = deque()
        self._timed_sequence = NOT_TIMED
        self._timed_at = 0
        self._rtt_us = self._rtt_variation_us = 0
        self._rto_us = INITIAL_RTO_US
        self._backoff = self._retries = 0
        self._recorder = host.network.recorder
        clock = self._clock = host.network.clock
        self._retransmit_alarm = Alarm(clock, self._retransmit)
        self._ack_alarm = Alarm(clock, self._send_owed_ack)

    # --- what scripts do ------------------------------------------------------------------------

    def say(self, task: Task, protocol: str, pdus: Sequence[Pdu]) -> int:
        """Send PDUs in one write: an event for each, and segments caused by them."""
        layer = self.layer
        if (self.state is not ESTABLISHED and self.state in SILENT) or (layer is not None and layer.has_failed):
            raise ConnectionReset(f"{self.id} is closed")
        recorder = self._recorder
        first = recorder.next_seq
        if len(pdus) == 1:
            data = pdus[0].to_bytes()
            said: tuple[int, ...] = (first,)
        else:
            data = b"".join([pdu.to_bytes() for pdu in pdus])
            said = tuple(range(first, first + len(pdus)))
        if recorder.keep:
            self._record(task.causes, protocol, pdus)
        else:
            recorder.next_seq = first + len(pdus)
        task.causes = last = said[-1:]
        if self.ear is not None and layer is not None:
            self.ear.hear_server(data)
        self.write(data if layer is None else layer.encrypt(data), said)
        return last[0] if last else -1

    def _record(self, causes: tuple[int, ...], protocol: str, pdus: Sequence[Pdu]) -> None:
        """An event for each PDU; each follows from the one before it."""
        recorder, at, node = self._recorder, self._clock.now_us, self.host.name
        port = self.peer_port if self.is_client else self.local_port
        for pdu in pdus:
            seq = recorder.take_seq()
            recorder.add(
                Said(seq, at, node, causes, self.id, self.peer_name, protocol, port, self.is_client, self.tls, pdu)
            )
            causes = (seq,)

    @property
    def other(self) -> Endpoint | None:
        """The other side's endpoint; None when it is gone."""
        host = self.host.network.hosts.get(self.peer_name)
        key = (self.local_address, self.local_port, self.peer_port)
        return host.tcp.connections.get(key) if host is not None else None

    @property
    def is_open(self) -> bool:
        """Whether this side may still send."""
        return self.state in (State.ESTABLISHED, State.SYN_RECEIVED, State.CLOSE_WAIT)

    @property
    def is_resting(self) -> bool:
        """Whether a script waits for more, and all that it said has arrived."""
        return self._reader is not None and not (self._inbox or self._unsent or self._unacknowledged)

    def write(self, data: bytes, causes: tuple[int, ...]) -> None:
        """Put bytes into the stream; they go out as far as the window allows."""
        size = len(data)
        if not self._unsent and 0 < size <= self.mss and size <= WINDOW - self.send_next + self.send_unacknowledged:
            self._transmit(ACK | PSH, data, causes, size)
        elif data:
            self._unsent.append((data, 0, causes))
            self._push()

    def read(self, task: Task, timeout_us: int | None) -> Any:
        """All bytes that have come, b"" at the end of the stream; else wait."""
        layer = self.layer
        if self._inbox or (layer is not None and layer.has_more):
            data = self._take() if layer is None else tls.read(self, layer, task, self._take())
            if data:
                if self.ear is not None and layer is not None:
                    self._inbox_cause = self.ear.hear_decrypted(data, self._inbox_cause)
                task.also_because_of(self._inbox_cause)
                return data
        if self.state is State.CLOSED and not self._peer_fin:
            raise ConnectionReset(f"{self.id} was reset")
        if self._peer_fin or (layer is not None and layer.is_over):
            task.also_because_of(self._inbox_cause)
            return b""
        self._reader = task
        if timeout_us is not None:
            task.patience(timeout_us, self._stop_waiting)
        return BLOCKED

    def start_tls(self, task: Task, wish: StartTls) -> Any:
        """Throw away what came in the clear, and put TLS under the connection."""
        if self.state is State.CLOSED:
            raise ConnectionReset(f"{self.id} was reset")
        return tls.start(self, task, wish, len(self._take()))

    def wait(self, task: Task, timeout_us: int | None) -> None:
        """Let a task wait for what comes next."""
        self._reader = task
        if timeout_us is not None:
            task.patience(timeout_us, self._stop_waiting)

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

    def _stop_waiting(self) -> None:
        task, self._reader = self._reader, None
        if task is not None:
            task.give_up(self.id)

    def finish(self, task: Task) -> None:
        """Close our direction alone: FIN after everything that was sent, and go on reading."""
        self._listens_on = self.state is State.ESTABLISHED
        unread = list(self._inbox)
        self.close(task)
        self._inbox += unread

    def close(self, task: Task) -> None:
        """Close in order: FIN after everything that was sent."""
        layer = self.layer
        if self.state in (State.ESTABLISHED, State.SYN_RECEIVED):
            self.state = State.FIN_WAIT
        elif self.state is State.CLOSE_WAIT:
            self.state = State.LAST_ACK
        else:
            return
        self._note(task, TcpClosed, "fin")
        self._inbox.clear()
        if layer is not None:
            self.write(layer.farewell(), task.causes)
        self._unsent.append((b"", FIN, task.causes))
        self._push()

    def abort(self, task: Task) -> None:
        """Throw the connection away: RST."""
        if self.state is State.CLOSED:
            return
        self._note(task, TcpClosed, "rst")
        self._emit(RST | ACK, self.send_next, b"", task.causes)
        self._release()

    def abandon(self, seq: int) -> None:
        """The program that had it is dead (event `seq`); the operating system closes, with RST if bytes lie unread."""
        self._reader = None
        if self.state not in (State.ESTABLISHED, State.CLOSE_WAIT) or self._inbox:
            if self.state not in (State.CLOSED, State.SYN_SENT):
                self._emit(RST | ACK, self.send_next, b"", (seq,))
            self._release()
            return
        self.state = State.FIN_WAIT if self.state is State.ESTABLISHED else State.LAST_ACK
        closed = self.host.network.note(self.host.name, TcpClosed(*self.about(), "fin"), (seq,))
        self._unsent.append((b"", FIN, (closed,)))
        self._push()

    def vanish(self) -> None:
        """Forget everything and say nothing: the host has lost its power."""
        self._reader = None
        self._release()

    # --- sending --------------------------------------------------------------------------------

    def _push(self) -> None:
        """Send what the window allows, in segments of at most one MSS."""
        unsent = self._unsent
        while unsent:
            data, flag, causes = unsent[0]
            if flag:
                unsent.popleft()
                self._fin_sequence = self.send_next + 1
                self._transmit(FIN | ACK, b"", causes, 1)
                continue
            room = WINDOW - (self.send_next - self.send_unacknowledged)
            size = min(len(data), self.mss)
            if size > room:
                return
            if size == len(data):
                unsent.popleft()
                piece = bytes(data)
            else:
                piece = self._cut(size)
            last = not unsent or unsent[0][1] != 0
            self._transmit(ACK | PSH if last else ACK, piece, causes, size)

    def _cut(self, size: int) -> bytes:
        """Take `size` bytes off the first write, which is kept as a view so that big mails stay linear."""
        data, flag, causes = self._unsent[0]
        view = memoryview(data)
        self._unsent[0] = (view[size:], flag, causes)
        return bytes(view[:size])

    def _transmit(self, flags: int, payload: bytes, causes: tuple[int, ...], length: int) -> None:
        """Send a segment that takes sequence space, and watch for its acknowledgment."""
        sequence = self.send_next
        end = self.send_next = sequence + length
        now = self._clock.now_us
        if self._timed_sequence < 0:
            self._timed_sequence, self._timed_at = end, now
        if flags & SYN:
            segment = self._emit(flags, sequence, payload, causes)
        else:
            self.owed_segments = 0
            self._ack_alarm.at = OFF
            segment = FlyingSegment(self._path, payload, flags, sequence & NUMBERS, self.receive_next & NUMBERS)
            self._way.send(segment, causes, TCP + len(payload))
        self._unacknowledged.append((sequence, end, segment))
        alarm = self._retransmit_alarm
        if alarm.at < 0:
            alarm.set(now + self._rto_us)

    def _emit(
        self, flags: int, sequence: int, payload: bytes, causes: tuple[int, ...], again: bool = False
    ) -> FlyingSegment:
        """Build a segment and hand it to the network; whatever was owed an ACK has it now."""
        acknowledgment = mss = 0
        octets = TCP + len(payload)
        if flags & ACK:
            self.owed_segments = 0
            self._ack_alarm.at = OFF
            acknowledgment = self.receive_next & NUMBERS
        if flags & SYN:
            mss = self.mss
            octets += TCP_MSS_OPTION
        segment = FlyingSegment(self._path, payload, flags, sequence & NUMBERS, acknowledgment, WINDOW, mss, again)
        self._way.send(segment, causes, octets)
        return segment

    def start(self, causes: tuple[int, ...], task: Task | None = None) -> None:
        """Send the SYN (client; `task` waits for the connection) or the SYN,ACK (server)."""
        self._reader = task
        self._transmit(SYN if self.is_client else SYN | ACK, b"", causes, 1)

    def _retransmit(self) -> None:
        """The retransmission timer expired: send the oldest segment again, twice as patiently."""
        if not self._unacknowledged:
            return
        if self.state is not State.SYN_SENT:
            self._retries += 1
        if self._retries > MAXIMUM_RETRANSMISSIONS:
            self._lost("timeout", self._unacknowledged[0][2].seq, ConnectionTimedOut(f"{self.id}: no acknowledgment"))
            return
        sequence, _, segment = self._unacknowledged[0]
        self._timed_sequence = NOT_TIMED
        self._backoff += 1
        self._emit(segment.flags, sequence, segment.payload, (segment.seq,), again=True)
        wait = min(self._rto_us << self._backoff, MAXIMUM_RTO_US)
        self._retransmit_alarm.set(self._clock.now_us + wait)

    # --- receiving ------------------------------------------------------------------------------

    def arrived(self, segment: Segment) -> None:
        """A segment for this connection has come."""
        if (
            self.state is ESTABLISHED
            and segment.flags & ~PSH == ACK
            and segment.sequence == self.receive_next & NUMBERS
            and not (self._inbox or self._out_of_order)
        ):
            self._acknowledged(segment)
            if segment.payload:
                self._arrived_in_order(segment)
        else:
            self._arrived_otherwise(segment)

    def _arrived_in_order(self, segment: Segment) -> None:
        """The usual case: data in order, nothing out of order waits, nothing unread lies before it."""
        payload = segment.payload
        self.receive_next += len(payload)
        self.owed_segments += 1
        self._inbox_cause = cause = segment.seq
        reader = self._reader
        if reader is None:
            self._inbox.append(payload)
        elif self.layer is not None:
            self._inbox.append(payload)
            self._wake_reader(cause)
        else:
            self._reader = None
            reader.causes = (cause,)
            reader.resume(payload)
        if self.owed_segments:
            self._owe_ack(segment)

    def _arrived_otherwise(self, segment: Segment) -> None:
        flags = segment.flags
        if flags & RST:
            self._reset_by(segment)
            return
        if self.state is State.SYN_SENT:
            self._synchronized(segment)
            return
        if flags & ACK:
            self._acknowledged(segment)
            if self.state is State.CLOSED:
                return
        length = len(segment.payload) + (1 if flags & (FIN | SYN) else 0)
        if not length:
            return
        if self._distance(segment.sequence) == 0:
            self._accept_in_order(segment)
        else:
            self._accept_out_of_order(segment)

    def _distance(self, sequence: int) -> int:
        """How far a 32-bit number lies after what we expect next (negative: before)."""
        return ((sequence - self.receive_next + 0x80000000) & NUMBERS) - 0x80000000

    def _synchronized(self, segment: Segment) -> None:
        if segment.flags & (SYN | ACK) != SYN | ACK:
            return
        self.receive_next = segment.sequence + 1
        self.mss = min(self.mss, segment.mss or 536)
        self._acknowledged(segment)
        self.state = State.ESTABLISHED
        task, self._reader = self._reader, None
        self._emit(ACK, self.send_next, b"", (segment.seq,))
        if task is not None:
            task.causes = (segment.seq,)
            self._note(task, TcpEstablished)
            task.resume(self)

    def _accept_in_order(self, segment: Segment) -> None:
        self._take_in(segment)
        while self._out_of_order:
            waiting = self._out_of_order.pop(self.receive_next & NUMBERS, None)
            if waiting is None:
                break
            self._take_in(waiting)
        self.owed_segments += 1
        self._wake_reader(segment.seq)
        if self.owed_segments:
            self._owe_ack(segment)

    def _take_in(self, segment: Segment) -> None:
        if segment.payload and (self._listens_on or self.state in (State.ESTABLISHED, State.CLOSE_WAIT)):
            self._inbox.append(segment.payload)
            self._inbox_cause = segment.seq
        self.receive_next += len(segment.payload)
        if segment.flags & FIN:
            self.receive_next += 1
            self._peer_fin = True
            self._inbox_cause = segment.seq
            if self.state is State.ESTABLISHED:
                self.state = State.CLOSE_WAIT

    def _accept_out_of_order(self, segment: Segment) -> None:
        if self._distance(segment.sequence) > 0:
            self._out_of_order[segment.sequence] = segment
        self._emit(ACK, self.send_next, b"", (segment.seq,))

    def _owe_ack(self, segment: Segment) -> None:
        """ACK every second segment and a FIN at once, anything else within 40 ms."""
        if self.state is State.CLOSED:
            return
        if self.owed_segments >= 2 or self._peer_fin:
            self._emit(ACK, self.send_next, b"", (segment.seq,))
            self._release_if_done()
        elif self._ack_alarm.at < 0:
            self._ack_alarm.set(self._clock.now_us + DELAYED_ACK_US)

    def _send_owed_ack(self) -> None:
        if self.owed_segments:
            self._emit(ACK, self.send_next, b"", (self._inbox_cause,) if self._inbox_cause >= 0 else ())

    def _wake_reader(self, cause: int) -> None:
        reader = self._reader
        if reader is None or not (self._inbox or self._peer_fin):
            return
        if self.layer is not None:
            tls.arrived(self, self.layer, self._take(), cause, is_end=self._peer_fin)
            return
        self._reader = None
        reader.woken(cause, self._take())

    def _take(self) -> bytes:
        inbox = self._inbox
        data = inbox[0] if len(inbox) == 1 else b"".join(inbox)
        inbox.clear()
        return data

    def _acknowledged(self, segment: Segment) -> None:
        """Drop what the other side has, learn the round-trip time, send what waited for room."""
        before = self.send_unacknowledged
        ahead = (segment.acknowledgment - before) & NUMBERS
        if not ahead or ahead > self.send_next - before:
            return
        if self.state is SYN_RECEIVED and ahead == 1:
            self._established_by(segment)
        upto = self.send_unacknowledged = before + ahead
        if upto >= self._timed_sequence >= 0:
            self._timed_sequence = NOT_TIMED
            self._measure(self._clock.now_us - self._timed_at)
        self._backoff = self._retries = 0
        pending = self._unacknowledged
        if upto == self.send_next:
            pending.clear()
        else:
            while pending and pending[0][1] <= upto:
                pending.popleft()
        if pending:
            self._retransmit_alarm.set(self._clock.now_us + self._rto_us)
        else:
            self._retransmit_alarm.at = OFF
        if self._unsent:
            self._push()
        if self._peer_fin:
            self._release_if_done()

    def _measure(self, sample_us: int) -> None:
        """Smooth the round-trip time and its variation (RFC 6298 section 2)."""
        smoothed, variation = self._rtt_us, self._rtt_variation_us
        if smoothed:
            variation += (abs(smoothed - sample_us) - variation) // 4
            smoothed += (sample_us - smoothed) // 8
        else:
            smoothed, variation = sample_us, sample_us // 2
        self._rtt_us, self._rtt_variation_us = smoothed, variation
        self._rto_us = max(MINIMUM_RTO_US, smoothed + 4 * variation)

    def _established_by(self, segment: Segment) -> None:
        self.state = State.ESTABLISHED
        self.host.tcp.offer(self, segment.seq)

    # --- the end --------------------------------------------------------------------------------

    def refused(self, segment: Segment) -> None:
        """RST in answer to our SYN."""
        task, self._reader = self._reader, None
        self._release()
        if task is not None:
            task.causes = (segment.seq,)
            self._note(task, TcpRefused)
            task.resume(error=ConnectionRefused(f"{self.peer_address} port {self.peer_port}"))

    def connect_timed_out(self) -> None:
        """Nobody answered our SYNs for as long as the script would wait."""
        task, self._reader = self._reader, None
        self._release()
        if task is None:
            return
        waited = self._clock.now_us - task.waits_since
        task.also_because_of(self.host.network.silenced.pop(self.id, -1))
        self._note(task, TcpTimedOut, waited)
        task.resume(error=ConnectionTimedOut(f"{self.peer_address} port {self.peer_port}"))

    def _reset_by(self, segment: Segment) -> None:
        if self.state is State.SYN_SENT:
            self.refused(segment)
        else:
            self._lost("rst", segment.seq, ConnectionReset(f"{self.id} was reset"))

    def _lost(self, how: str, cause: int, error: Exception) -> None:
        reader, self._reader = self._reader, None
        state = self.state
        self._release()
        if state in (State.FIN_WAIT, State.LAST_ACK, State.SYN_RECEIVED) and not self._listens_on:
            return
        why = self.host.network.silenced.pop(self.id, cause)
        seq = self.host.network.note(self.host.name, TcpLost(*self.about(), how), tuple(sorted({cause, why})))
        self._inbox_cause = seq
        if reader is not None:
            reader.woken(seq, error=error)

    def _release_if_done(self) -> None:
        if self._peer_fin and self.state in (State.FIN_WAIT, State.LAST_ACK) and self._fin_acknowledged():
            self._release()

    def _fin_acknowledged(self) -> bool:
        return 0 <= self._fin_sequence <= self.send_unacknowledged

    def _release(self) -> None:
        self.state = State.CLOSED
        self._retransmit_alarm.drop()
        self._ack_alarm.drop()
        self._unacknowledged.clear()
        self._unsent.clear()
        self.host.tcp.forget(self)

    def _note(self, task: Task, kind: Callable[..., TcpFact], *more: str | int) -> None:
        """Note something about this connection; when nobody keeps the trace, it is not even put together."""
        if self._recorder.keep:
            task.note(kind(*self.about(), *more))
        else:
            task.causes = (self._recorder.take_seq(),)

    def about(self) -> tuple[str, str, str, int, int, str]:
        """What every fact about this connection begins with (see `facts.TcpFact`)."""
        return (
            self.id,
            self.local_address,
            self.peer_address,
            self.peer_port if self.is_client else self.local_port,
            6 if ":" in self.local_address else 4,
            self.peer_name,
        )
