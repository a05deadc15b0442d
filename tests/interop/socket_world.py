"""A third world for scripts: real sockets of 127.0.0.1, for one script at a time, so that strangers can talk to it.

    run(visit(), port)                       # a client: Connect goes to the port of 127.0.0.1 whatever it names
    with serving(lambda c: MtaSession(service, policy, queue, c).run()) as server:
        subprocess.run(["smtp-source", ..., f"127.0.0.1:{server.port}"])

Simulated time stands still but for Sleep; a spawned script is dropped, and what was noted is kept.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mailsim.agents import operations as ops
from mailsim.errors import ConnectionLost, ConnectionRefused, ConnectionReset, ConnectionTimedOut
from mailsim.trace.facts import Fact
from tests.interop.daemons import HOST

PATIENCE_S = 20.0


class Link(ops.Connection):
    """One side of a connection, over a real socket."""

    def __init__(self, link: socket.socket, *, is_client: bool) -> None:
        link.settimeout(PATIENCE_S)
        self.socket, self.is_client, self.tls, self.id = link, is_client, False, "c1"
        self.local_address, self.local_port = link.getsockname()[:2]
        self.peer_address, self.peer_port = link.getpeername()[:2]
        self.peer_name = self.peer_address


@dataclass
class World:
    """Performs the operations; `said` are the PDUs that were sent, `facts` what was noted."""

    port: int = 0
    now_us: int = 0
    facts: list[Fact] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def run(self, script: ops.Script) -> Any:
        """Drive a script to its end, and give what it returned."""
        answer: Any = None
        error: ConnectionLost | None = None
        try:
            while True:
                operation = script.throw(error) if error else script.send(answer)
                answer, error = None, None
                try:
                    answer = self._perform(operation)
                except TimeoutError:
                    error = ConnectionTimedOut("a real socket")
                except ConnectionRefusedError:
                    error = ConnectionRefused("a real socket")
                except OSError as lost:
                    error = ConnectionReset(str(lost))
        except StopIteration as end:
            return end.value

    def _perform(self, operation: Any) -> Any:
        match operation:
            case ops.Connect():
                return Link(socket.create_connection((HOST, self.port), PATIENCE_S), is_client=True)
            case ops.Send(connection, _, pdus):
                self.said += map(str, pdus)
                connection.socket.sendall(b"".join(pdu.to_bytes() for pdu in pdus))
            case ops.Receive(connection):
                return connection.socket.recv(65536)
            case ops.Close(connection) | ops.Abort(connection):
                connection.socket.close()
            case ops.Note(fact):
                self.facts.append(fact)
                return len(self.facts)
            case ops.Now():
                return self.now_us
            case ops.Sleep(delay_us):
                self.now_us += delay_us
            case ops.Spawn(_, script):
                script.close()
            case _:
                raise AssertionError(f"{operation} is not played here")
        return None


@dataclass
class Server:
    """Where the scripts listen; `worlds` has one for each visit, `errors` what has gone wrong."""

    port: int
    worlds: list[World] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def facts(self, kind: type[Any]) -> list[Any]:
        return [fact for world in self.worlds for fact in world.facts if isinstance(fact, kind)]


@contextlib.contextmanager
def serving(session: Callable[[ops.Connection], ops.Script], address: str = HOST, port: int = 0) -> Iterator[Server]:
    """Answer every connection with a script of its own, in a thread; by default on any free port."""
    with socket.create_server((address, port)) as listener:
        server = Server(listener.getsockname()[1])
        threads: list[threading.Thread] = []

        def visit(link: socket.socket) -> None:
            world = World()
            server.worlds.append(world)
            try:
                world.run(session(Link(link, is_client=False)))
            except BaseException as error:
                server.errors.append(error)
            finally:
                link.close()

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    link, _ = listener.accept()
                    threads.append(threading.Thread(target=visit, args=[link], daemon=True))
                    threads[-1].start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR) if hasattr(socket, "AF_UNIX") else None
            listener.close()
            for thread in (accepting, *threads):
                thread.join(PATIENCE_S)
    assert not server.errors, server.errors
