"""How mails of one queue share the way to a destination: a few connections at a time, each for several mails.

A mail enters a lane before it is tried. When all lanes are taken it waits, and finds, with luck, the connection that
the mail before it has left open: then it needs neither a handshake nor a greeting (RFC 5321 section 4.5.4.1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailsim.agents.operations import Raise, Signal, Wait
from mailsim.agents.policy import MtaPolicy

if TYPE_CHECKING:
    from mailsim.agents.smtp_client import SmtpClient


@dataclass(slots=True, eq=False)
class Line:
    """One lane and the connection in it, if one is open. `mails` counts what has gone over this connection."""

    destination: str
    lanes: Lanes
    smtp: SmtpClient | None = None
    address: str = ""
    mails: int = 0

    @property
    def is_wanted(self) -> bool:
        """Is somebody waiting who could use the connection, and may it be used again?"""
        return bool(self.lanes.waiting(self.destination)) and self.mails < self.lanes.policy.mails_per_connection

    async def take(self, address: str) -> SmtpClient | None:
        """The open connection to this address; one that leads elsewhere is closed."""
        smtp, self.smtp = self.smtp, None
        if smtp is not None and (self.address != address or self.mails >= self.lanes.policy.mails_per_connection):
            await smtp.quit()
            smtp = None
        return smtp

    async def put_back(self, smtp: SmtpClient, address: str) -> None:
        """Leave the connection to the next mail, or say goodbye."""
        if self.is_wanted and smtp.is_ready:
            self.smtp, self.address = smtp, address
        else:
            self.mails = 0
            await smtp.quit()


@dataclass(slots=True, eq=False)
class Lanes:
    """All lanes of a queue."""

    policy: MtaPolicy
    _busy: dict[str, int] = field(default_factory=dict)
    _queues: dict[str, list[Signal]] = field(default_factory=dict)
    _left: dict[str, list[Line]] = field(default_factory=dict)

    def waiting(self, destination: str) -> int:
        """How many mails wait for a lane."""
        return len(self._queues.get(destination, ()))

    async def enter(self, destination: str) -> Line:
        """Wait for a lane, in the order of coming."""
        if self._busy.get(destination, 0) >= self.policy.destination_concurrency:
            turn = Signal()
            self._queues.setdefault(destination, []).append(turn)
            await Wait(turn)
        else:
            self._busy[destination] = self._busy.get(destination, 0) + 1
        left = self._left.pop(destination, None)
        if not left:
            return Line(destination, self)
        line = left.pop(0)
        if left:
            self._left[destination] = left
        return line

    async def leave(self, line: Line) -> None:
        """Give the lane to whoever waits longest, or give it up."""
        queue = self._queues.get(line.destination)
        if queue:
            self._left.setdefault(line.destination, []).append(line)
            turn = queue.pop(0)
            if not queue:
                del self._queues[line.destination]
            await Raise(turn)
            return
        if line.smtp is not None:
            await line.smtp.quit()
        self._busy[line.destination] -= 1
        if not self._busy[line.destination]:
            del self._busy[line.destination]
