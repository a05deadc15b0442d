"""What the screens for typing by hand need of the world. Whoever has an engine makes a `Switchboard`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mailsim.trace.events import Event
from mailsim.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Service:
    """Something that listens, or does not.

    Attributes:
        host, port, address: where. protocol: `smtp`, `lmtp`, `imap` or `pop`.
        security: `tls` from the first byte, `starttls` before a login, `optional` when the client likes, or `none`.
    """

    host: str
    port: int
    protocol: str
    security: str
    address: str = ""


class Call(Protocol):
    """A connection to a server; simulated time passes only as long as something is said or waited for.

    Attributes:
        service: who was called. me: the name of the computer that calls. accounts: address -> password of its users.
    """

    service: Service
    me: str
    accounts: Mapping[str, str]

    @property
    def now_us(self) -> int:
        """Simulated time, microseconds."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be said."""

    @property
    def is_lost(self) -> bool:
        """Whether it ended because something went wrong."""

    @property
    def unfinished(self) -> bytes:
        """What was typed of a mail, literal or chunk whose end has not come."""

    @property
    def octets_due(self) -> int:
        """How many octets of a literal or chunk are still to come."""

    @property
    def connection(self) -> str:
        """The id of the connection in the trace; "" when it never came to be."""

    def say(self, line: bytes) -> None:
        """Type a line, given without its end, and wait for what it leads to."""

    def wait(self, duration_us: int) -> None:
        """Let time pass."""

    def hang_up(self) -> None:
        """Close the connection."""

    def news(self) -> Iterator[Event]:
        """What has happened on the connection since this was asked last."""

    def so_far(self) -> Trace:
        """The whole run until now; it goes on growing."""


class Switchboard(Protocol):
    """Connects the reader to the servers of a scenario."""

    def services(self, key: str) -> Sequence[Service]:
        """All that one can talk to. Raises: Unrunnable."""

    def find(self, key: str, where: str) -> Service | None:
        """The service at `host:port`, or `host:port tls`; None when there is no such host. Raises: Unrunnable."""

    def call(self, key: str, service: Service, at_us: int) -> Call:
        """Run the scenario anew up to a time, and connect. May take its time. Raises: Unrunnable."""
