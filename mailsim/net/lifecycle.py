"""How a TCP connection opens, closes and breaks (RFC 9293 section 3.3.2).

An endpoint must be let go when both sides have closed, or nobody answers any more: the host's table is its only owner.
"""

from __future__ import annotations

from collections.abc import Callable

from mailsim.errors import ConnectionRefused, ConnectionReset, ConnectionTimedOut
from mailsim.net.driver import Task
from mailsim.net.receiving import Receiver
from mailsim.net.sending import NUMBERS
from mailsim.net.states import (
    CLOSE_WAIT,
    CLOSED,
    ENDING,
    ESTABLISHED,
    FIN_WAIT,
    LAST_ACK,
    SYN_RECEIVED,
    SYN_SENT,
)
from mailsim.trace.events import ACK, FIN, RST, SYN, Segment
from mailsim.trace.facts import TcpClosed, TcpConnectStarted, TcpEstablished, TcpFact, TcpLost, TcpRefused, TcpTimedOut


class Lifecycle(Receiver):
    """The states of a connection, and what leads from one to another.

    Attributes:
        service: the service of its host that it belongs to.
    """

    __slots__ = ("service",)

    service: str

    # --- opening --------------------------------------------------------------------------------

    def open(self, task: Task, timeout_us: int) -> None:
        """Send the SYN; the task waits for the connection."""
        self._note(task, TcpConnectStarted)
        self._reader = task
        task.patience(timeout_us, self._connect_timed_out)
        self._synchronize(SYN, task.causes)

    def welcome(self, syn: Segment) -> None:
        """Answer a SYN."""
        self._learn(syn)
        self._synchronize(SYN | ACK, (syn.seq,))

    def _learn(self, syn: Segment) -> None:
        self.receive_next = (syn.sequence + 1) & NUMBERS
        self.mss = min(self.mss, syn.mss or 536)

    def _synchronized(self, segment: Segment) -> None:
        """The SYN,ACK is here, if it is one."""
        if segment.flags & (SYN | ACK) != SYN | ACK:
            return
        self._learn(segment)
        self._acknowledged(segment.acknowledgment)
        self.state = ESTABLISHED
        task, self._reader = self._reader, None
        self._acknowledge(segment.seq)
        if task is not None:
            task.causes = (segment.seq,)
            self._note(task, TcpEstablished)
            task.resume(self)

    # --- segments -------------------------------------------------------------------------------

    def _arrived_otherwise(self, segment: Segment) -> None:
        flags = segment.flags
        if flags & RST:
            self._reset_by(segment)
            return
        if self.state is SYN_SENT:
            self._synchronized(segment)
            return
        if flags & ACK and self._in_flight:
            self._acknowledged(segment.acknowledgment)
            if self.state is SYN_RECEIVED and not self._in_flight:
                self.state = ESTABLISHED
                self.host.tcp.offer(self, segment.seq)
                if self.state is CLOSED:
                    return
        if segment.payload or flags & (FIN | SYN):
            self._accept(segment)
        if self._peer_fin and self._has_sent_fin and not self._in_flight and self.state in ENDING:
            self._release()

    # --- closing --------------------------------------------------------------------------------

    def finish(self, task: Task) -> None:
        """Close our direction alone: FIN after everything that was sent, and go on reading."""
        self._is_half_closed = self.state is ESTABLISHED
        unread = list(self._inbox)
        self.close(task)
        self._inbox += unread

    def close(self, task: Task) -> None:
        """Close in order: FIN after everything that was sent."""
        if self.state is ESTABLISHED or self.state is SYN_RECEIVED:
            self.state = FIN_WAIT
        elif self.state is CLOSE_WAIT:
            self.state = LAST_ACK
        else:
            return
        self._note(task, TcpClosed, "fin")
        self._inbox.clear()
        if self.layer is not None:
            self.write(self.layer.farewell(), task.causes)
        self._write_fin(task.causes)

    def abort(self, task: Task) -> None:
        """Throw the connection away: RST."""
        if self.state is CLOSED:
            return
        self._note(task, TcpClosed, "rst")
        self._emit(RST | ACK, self.send_next, b"", task.causes)
        self._release()

    def abandon(self, seq: int) -> None:
        """The program that had it is dead (event `seq`); the operating system closes, with RST if bytes lie unread."""
        self._reader = None
        if self.state not in (ESTABLISHED, CLOSE_WAIT) or self._inbox:
            if self.state not in (CLOSED, SYN_SENT):
                self._emit(RST | ACK, self.send_next, b"", (seq,))
            self._release()
            return
        self.state = FIN_WAIT if self.state is ESTABLISHED else LAST_ACK
        closed = self.host.network.note(self.host.name, TcpClosed(*self.about(), "fin"), (seq,))
        self._write_fin((closed,))

    def vanish(self) -> None:
        """Forget everything and say nothing: the host has lost its power."""
        self._reader = None
        self._release()

    def _release(self) -> None:
        self.state = CLOSED
        self._timers.drop()
        self._in_flight.clear()
        self._unsent.clear()
        self.host.tcp.forget(self)

    # --- breaking -------------------------------------------------------------------------------

    def _connect_timed_out(self) -> None:
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
        if self.state is SYN_SENT:
            self._refused_by(segment)
        else:
            self._lost("rst", segment.seq, ConnectionReset(f"{self.id} was reset"))

    def _refused_by(self, segment: Segment) -> None:
        task, self._reader = self._reader, None
        self._release()
        if task is not None:
            task.causes = (segment.seq,)
            self._note(task, TcpRefused)
            task.resume(error=ConnectionRefused(f"{self.peer_address} port {self.peer_port}"))

    def _give_up(self, oldest: Segment) -> None:
        self._lost("timeout", oldest.seq, ConnectionTimedOut(f"{self.id}: no acknowledgment"))

    def _lost(self, how: str, cause: int, error: Exception) -> None:
        reader, self._reader = self._reader, None
        state = self.state
        self._release()
        if state in (*ENDING, SYN_RECEIVED) and not self._is_half_closed:
            return
        why = self.host.network.silenced.pop(self.id, cause)
        seq = self.host.network.note(self.host.name, TcpLost(*self.about(), how), tuple(sorted({cause, why})))
        self._inbox_cause = seq
        if reader is not None:
            reader.woken(seq, error=error)

    # --- the trace ------------------------------------------------------------------------------

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
            self.server_port,
            6 if ":" in self.local_address else 4,
            self.peer_name,
        )

    @property
    def server_port(self) -> int:
        """The port that tells what is spoken here."""
        return self.peer_port if self.is_client else self.local_port
