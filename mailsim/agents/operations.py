"""The handful of operations through which a script meets the world.

A script is an `async def` that awaits these and nothing else. Awaiting an operation hands it to
whoever drives the script: `mailsim.net` performs it on the simulated clock, a test performs it from a
list. The script cannot tell the difference, and needs no clock, no socket and no SimPy:

    connection = await Connect(address, 25, timeout_us=30_000_000)
    await Send(connection, "smtp", [command])
    data = await Receive(connection, timeout_us=300_000_000)

This module has the only `yield` outside `net`: it is the trap by which an operation leaves the script.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar

from mailsim.protocols.pdu import Pdu
from mailsim.trace.facts import Fact

T = TypeVar("T")
Call: TypeAlias = Coroutine["Operation[Any]", Any, T]
"""What calling an `async def` gives; who only hands a question on may return it as it is, to be awaited further up."""
Script: TypeAlias = Coroutine["Operation[Any]", Any, Any]
"""A running script: the coroutine of an `async def` that awaits operations."""


class Operation(Generic[T]):
    """Something that only the world can do; awaiting it gives a `T` or raises."""

    __slots__ = ()

    def __await__(self) -> Generator[Operation[T], T, T]:
        return (yield self)


class Connection:
    """One side of an open TCP connection, as a script sees it.

    Attributes:
        id: name in the trace (`c1`, `c2`, ...), the same on both sides.
        local_address, local_port, peer_address, peer_port: IP addresses as text, and ports.
        peer_name: name of the host at the other end.
        is_client: whether this side opened the connection.
        tls: whether TLS is up.
    """

    __slots__ = (
        "id",
        "is_client",
        "local_address",
        "local_port",
        "peer_address",
        "peer_name",
        "peer_port",
        "tls",
    )

    id: str
    local_address: str
    local_port: int
    peer_address: str
    peer_port: int
    peer_name: str
    is_client: bool
    tls: bool


class Listener:
    """A port on which a host accepts connections."""

    __slots__ = ("port",)

    port: int


class Socket:
    """A UDP port of a host; `id` is its name in the trace (`u1`, ...)."""

    __slots__ = ("id", "port")

    id: str
    port: int


class Signal:
    """Something that scripts of one host wait for: new mail in a queue or a folder.

    `waiting` belongs to the driver. A signal has no memory: raising it wakes who waits now.
    """

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting: list[Any] = []


@dataclass(frozen=True, slots=True)
class Secured:
    """What TLS has agreed on.

    Attributes:
        version: as OpenSSL calls it, e.g. `TLSv1.3`. cipher: the registered name, e.g. `TLS_AES_256_GCM_SHA384`.
        problem: what is wrong with the server's certificate, e.g. `expired`; "" when nothing is, and for servers.
        discarded: octets of plaintext that had come too early and were thrown away.
    """

    version: str
    cipher: str
    problem: str = ""
    discarded: int = 0


class Arrived(NamedTuple):
    """A datagram that has come in, and where an answer to it goes."""

    data: bytes
    address: str
    port: int


@dataclass(slots=True)
class Connect(Operation[Connection]):
    """Open a TCP connection to an IP address.

    Raises: ConnectionRefused, ConnectionTimedOut (after `timeout_us`), HostUnreachable.
    """

    address: str
    port: int
    timeout_us: int


@dataclass(slots=True)
class Listen(Operation[Listener]):
    """Start to listen on a TCP port of the script's host, IPv4 and IPv6."""

    port: int


@dataclass(slots=True)
class Accept(Operation[Connection]):
    """Wait for the next connection."""

    listener: Listener


@dataclass(slots=True)
class Send(Operation[int]):
    """Send PDUs in one write; each becomes an event (`<protocol>.<role>`). Gives the seq of the last.

    Raises: ConnectionReset when the connection is already gone.
    """

    connection: Connection
    protocol: str
    pdus: Sequence[Pdu]


@dataclass(slots=True)
class Receive(Operation[bytes]):
    """Wait for bytes; gives all that have arrived, b"" once the other side has closed.

    Raises: ConnectionTimedOut after `timeout_us` (None: never), ConnectionReset, ServiceEnds.
    """

    connection: Connection
    timeout_us: int | None = None


@dataclass(slots=True)
class ReceiveOrSignal(Operation["bytes | None"]):
    """Like `Receive`, and gives None when the signal is raised first (IMAP IDLE needs it)."""

    connection: Connection
    signal: Signal
    timeout_us: int | None = None


@dataclass(slots=True)
class StartTls(Operation[Secured]):
    """Put TLS under the connection: everything that follows is encrypted (RFC 8446, RFC 5246).

    What came in the clear and was not read is thrown away first (RFC 3207 section 4.2); what a protocol engine holds
    back, the script must throw away. A script whose `TlsFailed` says so can do nothing more than close.

    Attributes:
        mode: `implicit` from the beginning of the connection, or `starttls`.
        server_name: of a client, whom it wants to talk to: SNI, and the name in the certificate.
        check: of a client, whether a bad certificate ends the connection.
        versions: of TLS that are allowed, of `1.2` and `1.3`.

    Raises: TlsFailed, ConnectionTimedOut after `timeout_us`, ConnectionReset.
    """

    connection: Connection
    mode: Literal["implicit", "starttls"]
    timeout_us: int | None = None
    server_name: str = ""
    check: bool = False
    versions: tuple[str, ...] = ("1.2", "1.3")


@dataclass(slots=True)
class Close(Operation[None]):
    """Close in order: what was sent still arrives, then FIN. Closing twice is harmless."""

    connection: Connection


@dataclass(slots=True)
class Abort(Operation[None]):
    """Throw the connection away with RST."""

    connection: Connection


@dataclass(slots=True)
class OpenSocket(Operation[Socket]):
    """Open a UDP port; 0 chooses a free one."""

    port: int = 0


@dataclass(slots=True)
class SendDatagram(Operation[int]):
    """Send one PDU as one datagram; gives the seq of its event (`<protocol>.<role>`)."""

    socket: Socket
    address: str
    port: int
    protocol: str
    pdu: Pdu


@dataclass(slots=True)
class ReceiveDatagram(Operation[Arrived]):
    """Wait for a datagram. Raises: ConnectionTimedOut after `timeout_us` (None: never)."""

    socket: Socket
    timeout_us: int | None = None


@dataclass(slots=True)
class CloseSocket(Operation[None]):
    """Give the UDP port back."""

    socket: Socket


@dataclass(slots=True)
class Sleep(Operation[None]):
    """Let simulated time pass."""

    delay_us: int


@dataclass(slots=True)
class Wait(Operation[bool]):
    """Wait for a signal; gives False when `timeout_us` passed first (None: never)."""

    signal: Signal
    timeout_us: int | None = None


@dataclass(slots=True)
class Raise(Operation[None]):
    """Wake every script that waits for the signal; they run after this one lets go."""

    signal: Signal


@dataclass(slots=True)
class Spawn(Operation[None]):
    """Start another script on the same host; what it does is caused by what this one did last.

    It belongs to the service of the script that started it, unless it names another: whoever stops that service
    stops it too.
    """

    name: str
    script: Script
    service: str = ""


@dataclass(slots=True)
class Note(Operation[int]):
    """Write a decision or a change into the trace; gives its seq. `because`: the seq of one more cause."""

    fact: Fact
    because: int = -1


class Now(Operation[int]):
    """The simulated time, microseconds since the scenario's start."""

    __slots__ = ()
