"""Lets somebody type into the simulated world: its time passes only until the answer is there.

No socket and no wall clock: after a line the world runs until both sides of the connection rest, which is when the
server has said all that it has to say and waits for more. So the same lines always get the same answers.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailsim.agents.talker import Talker
from mailsim.net.endpoint import Endpoint
from mailsim.net.network import Network
from mailsim.trace.events import Event, Noted, Said

LONGEST_WAIT_US = 15 * 60 * 1_000_000
"""For an answer that never comes."""
SHOWN = ("tls.established", "tls.fail", "tcp.refused", "tcp.timeout", "tcp.lost")


class Talk:
    """A conversation with a simulated server.

    Args: network: the world, which has the host `node`, from which the talker speaks.
    """

    def __init__(self, network: Network, node: str, talker: Talker) -> None:
        self.network, self.node, self.talker = network, node, talker
        self._seen = 0
        network.start_task(network.hosts[node], "talk", talker.run(), ())

    def say(self, line: bytes) -> None:
        """Type a line, and wait for what it leads to."""
        self.talker.type(line)
        self._go_on()

    def hang_up(self) -> None:
        """Close the connection."""
        self.talker.hang_up()
        self._go_on()

    def settle(self) -> None:
        """Let time pass until nothing more is to be expected."""
        clock = self.network.clock
        give_up_us = clock.now_us + LONGEST_WAIT_US
        while not self._rests():
            due_us = clock.next_due_us
            if due_us is None or due_us > give_up_us:
                return
            clock.step()

    def pause(self, duration_us: int) -> None:
        """Let time pass."""
        self.network.clock.advance(self.network.clock.now_us + duration_us)

    def news(self) -> Iterator[Event]:
        """What has happened on the connection since this was asked last, in order."""
        events = self.network.recorder.events
        start, self._seen = self._seen, len(events)
        yield from filter(self._is_shown, events[start:])

    def _go_on(self) -> None:
        self.network.raise_signal(self.talker.typed)
        self.settle()

    def _is_shown(self, event: Event) -> bool:
        if isinstance(event, Noted):
            return event.node == self.node and event.kind in SHOWN
        connection = self.talker.connection
        return isinstance(event, Said) and connection is not None and connection.id == event.conn

    def _rests(self) -> bool:
        """Whether everybody waits for somebody else to say something."""
        if self.talker.is_over:
            return True
        ours = self.talker.connection
        if not isinstance(ours, Endpoint):
            return False
        other = ours.other
        return ours.is_resting and other is not None and other.is_resting
