"""The sending half of TCP: segments, the window, and sending again what nobody acknowledges (RFC 9293 section 3.8).

Bytes wait in `_unsent` until the window has room for them, and their segments in `_in_flight` until the other side
has acknowledged them. One of these at a time is timed, unless something had to be sent again (Karn's algorithm): how
long it takes to be acknowledged is the round-trip time, from which follows how long to wait for others (RFC 6298).
Since hardly any segment is lost, that is worked out only when the timer is looked at.

Sequence numbers are those of the wire, 32 bits: they run over, so only their differences say what comes first.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mailsim.agents.operations import Connection
from mailsim.net.clock import NEVER, Alarm
from mailsim.net.packets import TCP, TCP_MSS_OPTION, WINDOW, FlyingSegment
from mailsim.net.states import SYN_RECEIVED, SYN_SENT, State
from mailsim.trace.events import ACK, FIN, PSH, SYN, Path, Segment

if TYPE_CHECKING:
    from mailsim.net.host import HostNode
    from mailsim.net.way import Way

MINIMUM_RTO_US = 1_000_000  # also the first one, when nothing is measured
MAXIMUM_RTO_US = 60_000_000
MAXIMUM_RETRANSMISSIONS = 9
NUMBERS = 0xFFFFFFFF
"""Sequence numbers have 32 bits (RFC 9293 section 3.4)."""
PUSH = ACK | PSH


def mss_for(address: str) -> int:
    """Largest payload of a segment: 1500 octets of Ethernet less the IP and TCP headers."""
    return 1440 if ":" in address else 1460


def length_of(segment: Segment) -> int:
    """How many sequence numbers a segment takes: one for each octet, and one for SYN or FIN."""
    return len(segment.payload) + (1 if segment.flags & (SYN | FIN) else 0)


class Sender(Connection):
    """What one side of a connection has sent, or will send.

    Attributes:
        send_next: number of the next octet to be sent. send_unacknowledged: of the oldest that is not acknowledged.
        receive_next: number of the next octet to come, which every segment acknowledges.
        owed_segments: how many segments with data have come since we last sent an acknowledgment.
    """

    __slots__ = (
        "_clock",
        "_has_sent_fin",
        "_in_flight",
        "_path",
        "_recorder",
        "_retries",
        "_round_trips_us",
        "_rtt_us",
        "_rtt_variation_us",
        "_timed",
        "_timer_from",
        "_timers",
        "_unsent",
        "_way",
        "host",
        "mss",
        "owed_segments",
        "receive_next",
        "send_next",
        "send_unacknowledged",
        "state",
    )

    def __init__(self, host: HostNode, way: Way, path: Path, is_client: bool) -> None:
        network = host.network
        self.host, self._way, self._path = host, way, path
        self.id, self.is_client, self.tls = path.conn, is_client, False
        self.local_address, self.local_port = path.source, path.source_port
        self.peer_name, self.peer_address, self.peer_port = path.peer, path.destination, path.destination_port
        self._clock, self._recorder = network.clock, network.recorder
        self.state: State = SYN_SENT if is_client else SYN_RECEIVED
        self.mss = mss_for(self.local_address)
        self.send_next = self.send_unacknowledged = network.initial_sequence()
        self.receive_next = self.owed_segments = 0
        self._unsent: deque[tuple[bytes | memoryview, int, tuple[int, ...]]] = deque()
        self._in_flight: deque[FlyingSegment] = deque()
        self._timers = Alarm(self._clock, self._look_at_timers)
        self._timed: FlyingSegment | None = None
        self._timer_from = 0
        self._round_trips_us: list[int] = []
        self._has_sent_fin = False
        self._retries = self._rtt_us = self._rtt_variation_us = 0

    # --- sending --------------------------------------------------------------------------------

    def write(self, data: bytes, causes: tuple[int, ...]) -> None:
        """Put bytes into the stream; they go out as far as the window allows."""
        if 0 < len(data) <= self.mss and not (self._in_flight or self._unsent):
            self._transmit(PUSH, data, causes)
        elif data:
            self._unsent.append((data, 0, causes))
            self._push()

    def _write_fin(self, causes: tuple[int, ...]) -> None:
        """Let a FIN go out after everything that was written."""
        if self._unsent:
            self._unsent.append((b"", FIN, causes))
        else:
            self._send_fin(causes)

    def _send_fin(self, causes: tuple[int, ...]) -> None:
        self._transmit(FIN | ACK, b"", causes)
        self.send_next = (self.send_next + 1) & NUMBERS
        self._has_sent_fin = True

    def _push(self) -> None:
        """Send what the window allows, in segments of at most one MSS."""
        unsent = self._unsent
        while unsent:
            data, flag, causes = unsent[0]
            size = min(len(data), self.mss)
            if size > WINDOW - self._octets_in_flight:
                return
            if size < len(data):
                piece = self._cut(size)
            else:
                unsent.popleft()
                piece = bytes(data)
            if flag:
                self._send_fin(causes)
            else:
                is_last = not unsent or unsent[0][1]
                self._transmit(PUSH if is_last else ACK, piece, causes)

    def _cut(self, size: int) -> bytes:
        """Take `size` bytes off the first write, which is kept as a view so that big mails stay linear."""
        data, flag, causes = self._unsent[0]
        view = memoryview(data)
        self._unsent[0] = (view[size:], flag, causes)
        return bytes(view[:size])

    @property
    def _octets_in_flight(self) -> int:
        return (self.send_next - self.send_unacknowledged) & NUMBERS

    def _transmit(self, flags: int, payload: bytes, causes: tuple[int, ...]) -> None:
        """Send a segment, and watch for its acknowledgment; it acknowledges what has come."""
        segment = FlyingSegment(self._path, payload, flags, self.send_next, self.receive_next)
        size = len(payload)
        self.send_next = (self.send_next + size) & NUMBERS
        self.owed_segments = 0
        self._way.send(segment, causes, TCP + size)
        self._in_flight.append(segment)
        if self._timed is None:
            self._timed = segment
        if self._timers.wakes_at == NEVER:
            self._watch()

    def _acknowledge(self, cause: int) -> None:
        """Say what has come, and nothing else."""
        self.owed_segments = 0
        self._way.send(FlyingSegment(self._path, b"", ACK, self.send_next, self.receive_next), (cause,), TCP)

    def _emit(
        self, flags: int, sequence: int, payload: bytes, causes: tuple[int, ...], again: bool = False
    ) -> FlyingSegment:
        """Send any other segment once, and do not watch for its acknowledgment."""
        acknowledgment = mss = 0
        octets = TCP + len(payload)
        if flags & ACK:
            self.owed_segments = 0
            acknowledgment = self.receive_next
        if flags & SYN:
            mss = self.mss
            octets += TCP_MSS_OPTION
        segment = FlyingSegment(self._path, payload, flags, sequence, acknowledgment, WINDOW, mss, again)
        self._way.send(segment, causes, octets)
        return segment

    def _synchronize(self, flags: int, causes: tuple[int, ...]) -> None:
        """Send the SYN, which takes one number, and watch for its acknowledgment."""
        self._timed = self._emit(flags, self.send_next, b"", causes)
        self._in_flight.append(self._timed)
        self.send_next = (self.send_next + 1) & NUMBERS
        self._watch()

    # --- what is acknowledged -------------------------------------------------------------------

    def _acknowledged(self, number: int) -> None:
        """Everything in flight before `number` has arrived: learn the round-trip time, send what waited for room."""
        if number == self.send_next:
            self._in_flight.clear()
            timed, self._timed = self._timed, None
        else:
            ahead = (number - self.send_unacknowledged) & NUMBERS
            if not 0 < ahead <= self._octets_in_flight:
                return
            timed = self._drop(ahead)
            self._timer_from = self._clock.now_us
        self.send_unacknowledged = number
        if timed is not None:
            self._round_trips_us.append(self._clock.now_us - timed.at)
        self._retries = 0
        if self._unsent:
            self._push()

    def _drop(self, octets: int) -> FlyingSegment | None:
        """Forget the oldest segments in flight, of so many octets; gives the one that is timed, if it is among them."""
        timed = None
        in_flight = self._in_flight
        while in_flight and length_of(in_flight[0]) <= octets:
            segment = in_flight.popleft()
            octets -= length_of(segment)
            if segment is self._timed:
                timed, self._timed = segment, None
        return timed

    def _timeout_us(self) -> int:
        """How long to wait for an acknowledgment: longer each time in vain (RFC 6298 section 2)."""
        smoothed, variation = self._rtt_us, self._rtt_variation_us
        for sample in self._round_trips_us:
            if smoothed:
                variation += (abs(smoothed - sample) - variation) // 4
                smoothed += (sample - smoothed) // 8
            else:
                smoothed, variation = sample, sample // 2
        self._rtt_us, self._rtt_variation_us = smoothed, variation
        self._round_trips_us.clear()
        return min(max(MINIMUM_RTO_US, smoothed + 4 * variation) << self._retries, MAXIMUM_RTO_US)

    # --- what is not acknowledged ---------------------------------------------------------------

    def _watch(self) -> None:
        """Look at the timer when it may have run out: it never does sooner than the least RTO after it was started."""
        self._timers.wake_by(self._clock.now_us + MINIMUM_RTO_US)

    def _look_at_timers(self) -> None:
        """Something may be due, or not yet."""
        raise NotImplementedError

    def _look_at_oldest(self) -> None:
        """Something may have been in flight for too long.

        Time counts from when the oldest segment was sent, or from the last acknowledgment or retransmission since.
        """
        now, timeout_us = self._clock.now_us, self._timeout_us()
        if not self._in_flight:
            return
        due_us = max(self._in_flight[0].at, self._timer_from) + timeout_us
        if due_us <= now:
            self._retransmit(self._in_flight[0])
        else:
            self._timers.wake_by(min(due_us, now + MINIMUM_RTO_US))

    def _retransmit(self, oldest: FlyingSegment) -> None:
        """Send the oldest segment again, and be twice as patient."""
        self._retries += 1
        if self._retries > MAXIMUM_RETRANSMISSIONS and self.state is not SYN_SENT:
            self._give_up(oldest)
            return
        self._timer_from, self._timed = self._clock.now_us, None
        self._emit(oldest.flags, oldest.sequence, oldest.payload, (oldest.seq,), again=True)
        self._watch()

    def _give_up(self, oldest: FlyingSegment) -> None:
        """Nobody acknowledges this segment, however often it is sent."""
        raise NotImplementedError
